/** `offhook send-test`: sends a sample of every event to the configured endpoints, past store and filters. */

import { Command } from "commander";
import type { Config, EndpointConfig } from "../config/config.ts";
import { readProxyEnv } from "../config/proxyEnv.ts";
import { takes } from "../delivery/endpoint.ts";
import { describe as describeOutcome, notMade } from "../delivery/outcome.ts";
import { createSender, type Sender } from "../delivery/sender.ts";
import type { OffhookEvent } from "../events/event.ts";
import { renderFields } from "../events/render.ts";
import { sampleEvents } from "../events/samples.ts";
import type { Delivery } from "../outbox/outbox.ts";
import { addressOf } from "../recordings/serve/address.ts";
import { recordingEvent } from "../recordings/telling.ts";
import { messageOf } from "../util/messageOf.ts";
import { proxyFor } from "../util/proxy.ts";
import { type CliContext, CONFIG_OPTION, configured, print, table } from "./context.ts";

interface Said {
  readonly config?: string;
  readonly endpoint?: string;
}

export function sendTestCommand(context: CliContext): Command {
  return new Command("send-test")
    .description("send a sample of every event to the configured endpoints")
    .option(...CONFIG_OPTION)
    .option("--endpoint <name>", "only to this one: default, second, monitor or a section's name")
    .addHelpText(
      "after",
      `
The samples are of invented calls (caller 420777000001, DID "Offhook test"); their
webhook-id begins with "test_". Filters and Users.csv are not heeded, each is sent once;
opt-in events (EXTRA_EVENTS) where the endpoint has asked for them, and a recording where
it has a URL for such, with an address at which there is nothing. What is sent of each is
shown below it: the body, or what is added to the URL's query.
An endpoint that cannot be reached gets no further samples.`,
    )
    .action((said: Said, command: Command) => sendTest(context, said, command));
}

async function sendTest(context: CliContext, said: Said, command: Command): Promise<void> {
  const loaded = await configured(context, said.config);
  if (loaded === null) return;
  const { config } = loaded;
  const endpoints = chosen(config, said, command);
  const proxyEnv = readProxyEnv(context.env);
  const sender = createSender({
    version: context.version,
    now: Date.now,
    proxyFor: (origin) => proxyFor(origin, proxyEnv)?.href ?? null,
  });
  try {
    let accepted = true;
    for (const endpoint of endpoints) {
      const allAccepted = await sendAll(config, endpoint, sender);
      accepted &&= allAccepted;
    }
    print("", accepted ? "All samples were accepted." : "Not all samples were accepted.");
    context.exitCode = accepted ? 0 : 1;
  } finally {
    await sender.close();
  }
}

function chosen(config: Config, { endpoint }: Said, command: Command): EndpointConfig[] {
  const found = config.endpoints.filter(({ name }) => name === (endpoint ?? name));
  if (found.length > 0) return found;
  const names = config.endpoints.map(({ name }) => name).join(", ") || "there is none";
  const got = endpoint === undefined ? "" : `, got "${endpoint}"`;
  return command.error(`Expected an endpoint of the configuration (${names})${got}.`, {
    exitCode: 2,
  });
}

/** Says whether all that were due were accepted. */
async function sendAll(config: Config, endpoint: EndpointConfig, sender: Sender): Promise<boolean> {
  const timezone = config.pbxs.find(({ name }) => name === endpoint.pbx)?.timezone ?? "UTC";
  const samples = withRecording(
    sampleEvents(endpoint.pbx, timezone, Date.now()),
    config.publicUrl,
  ).filter((event) => takes(endpoint, event));
  const rows: string[][] = [];
  const sent: string[] = [];
  let failures = 0;
  for (const [index, event] of samples.entries()) {
    const sequence = samples.slice(0, index + 1).filter(({ callId }) => callId === event.callId);
    const delivery = sampleDelivery(endpoint, event, index, sequence.length);
    const startedAt = performance.now();
    sent.push(shown(endpoint, delivery, sender));
    const outcome = await sender.send(endpoint, delivery, 1).catch(notMade);
    const tookMs = Math.round(performance.now() - startedAt);
    if (outcome.kind !== "accepted") failures += 1;
    const mark = outcome.kind === "accepted" ? "✓" : "✗";
    rows.push([`  ${mark}`, nameOf(event, endpoint), `${tookMs} ms`, describeOutcome(outcome)]);
    if (outcome.kind === "failed") break;
  }
  const left = samples.length - rows.length;
  if (left > 0) rows.push(["  -", `${left} more`, "", "not sent, as the endpoint is not reached"]);
  const lines = table(rows).flatMap((line, index) => [line, ...sent.slice(index, index + 1)]);
  print(`${endpoint.name} (${manner(endpoint)})`, ...lines);
  return failures === 0;
}

/** The recording comes last: its receiver may be another, and one that is not reached gets nothing further. */
function withRecording(events: readonly OffhookEvent[], publicUrl: string): OffhookEvent[] {
  const ended = events.find((event) => event.kind === "ended" && event.finish === "Ok");
  if (ended?.kind !== "ended") return [...events];
  // Not signed: what is not there should not look as if it could be fetched.
  const file = addressOf(publicUrl, { ...ended, n: 1 }, null, null);
  return [...events, recordingEvent(ended, ended.at, [file], true)];
}

function manner({ method, profile, encoding, template }: EndpointConfig): string {
  const usual = encoding === (method === "POST" ? "json" : "query");
  const body = template === null ? profile : "template";
  return [method, ...(usual ? [] : [encoding]), body].join(", ");
}

/** What tells the event, without the URL's own query, where keys stand. */
function shown(endpoint: EndpointConfig, delivery: Delivery, sender: Sender): string {
  try {
    const { payload } = sender.preview(endpoint, delivery, 1);
    return `      ${payload.replace(/\s*\n\s*/g, " ")}`;
  } catch (error) {
    return `      ${messageOf(error)}`;
  }
}

function nameOf(event: OffhookEvent, endpoint: EndpointConfig): string {
  const fields = new Map(renderFields(event, endpoint));
  const name = String(fields.get("event") ?? fields.get("Event") ?? event.kind);
  if (event.kind === "recording") return event.kind;
  return event.kind === "ended" ? `${name} ${event.finish}` : name;
}

function sampleDelivery(
  endpoint: EndpointConfig,
  event: OffhookEvent,
  index: number,
  sequence: number,
) {
  return {
    deliveryId: index + 1,
    endpoint: endpoint.name,
    position: index + 1,
    sequence,
    event,
    attempts: 0,
    spent: 0,
    firstAttemptAt: null,
    dueAt: event.at,
    replay: false,
  };
}
