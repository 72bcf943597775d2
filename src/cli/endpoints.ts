/** `offhook endpoints`: how each receiver stands and what it is owed; `resume` ends the pause after a 410. */
import { Command } from "commander";
import { noCounts } from "../admin.ts";
import type { Config } from "../config/config.ts";
import type { EndpointReport } from "../http/routes/api.ts";
import { askEndpoints, looking, resumeEndpoint } from "./backstage.ts";
import { type CliContext, CONFIG_OPTION, configured, print, table } from "./context.ts";

export function endpointsCommand(context: CliContext): Command {
  const command = new Command("endpoints")
    .description("how each endpoint stands, and what it is owed")
    .option(...CONFIG_OPTION)
    .option("--json", "as JSON")
    .action(async (said: { config?: string; json?: boolean }) => {
      const loaded = await configured(context, said.config, "aside");
      if (loaded === null) return;
      const asked = await askEndpoints(loaded.config);
      const isAsked = typeof asked !== "string";
      const reports = isAsked ? asked : await fromStore(loaded.config);
      if (!isAsked) process.stderr.write(`${asked} This is what the store knows.\n`);
      if (said.json) print(JSON.stringify(reports, null, 2));
      else print(...table([HEAD, ...reports.map(rowOf)]));
    });
  command
    .command("resume")
    .description("go on with an endpoint that is paused since its receiver answered 410")
    .argument("<name>", "as the list shows it")
    .option(...CONFIG_OPTION)
    .action(async (name: string, _said: object, resume: Command) => {
      const loaded = await configured(
        context,
        resume.optsWithGlobals<{ config?: string }>().config,
        "aside",
      );
      if (loaded === null) return;
      const asked = await askEndpoints(loaded.config);
      const reports = typeof asked === "string" ? null : asked;
      const before = reports?.find((each) => each.name === name);
      if (reports && (before === undefined || before.state === "unconfigured")) {
        const known = reports.filter(({ state }) => state !== "unconfigured");
        const names = known.map((each) => each.name).join(", ");
        const expected = `Expected an endpoint of the configuration (${names}), got "${name}"`;
        resume.error(`${expected}.${keptFor(before?.pending ?? 0)}`, { exitCode: 2 });
      }
      await resumeEndpoint(loaded.config, name);
      const wasPaused = before?.state === "paused";
      print(
        wasPaused
          ? `${name} is resumed.`
          : `${name} was not paused. What waits for it is tried again now.`,
      );
    });
  return command;
}

function keptFor(pending: number): string {
  if (pending === 0) return "";
  const what = pending === 1 ? "The delivery that waits" : `The ${pending} deliveries that wait`;
  return ` ${what} for it will be sent when the ini has it again.`;
}

/** Without the running service nobody knows how an endpoint is, but what it is owed is known. */
async function fromStore(config: Config): Promise<readonly EndpointReport[]> {
  const counts = await looking(config, (lookup) => lookup.endpointCounts());
  const byName = new Map(counts.map((each) => [each.endpoint, each]));
  const names = new Set([...config.endpoints.map(({ name }) => name), ...byName.keys()]);
  return [...names].sort().map((name) => {
    const { endpoint: _, ...numbers } = byName.get(name) ?? noCounts(name);
    return { name, state: "service not reached", detail: {}, ...numbers };
  });
}

const HEAD = [
  "ENDPOINT",
  "STATE",
  "PENDING",
  "OLDEST",
  "DELIVERED",
  "DEAD",
  "EXPIRED",
  "SINCE, WHY",
];

function rowOf(report: EndpointReport): string[] {
  const { name, state, detail, oldestPendingAt } = report;
  const { pending, delivered, dead, expired } = report;
  const counts = [delivered, dead, expired].map(String);
  const oldest = oldestPendingAt === null ? "" : timeOf(oldestPendingAt);
  return [name, state, String(pending), oldest, ...counts, whyOf(detail)];
}

function whyOf({
  part,
  since,
  reason,
  until,
  nextProbeAt,
  lastFailure,
}: EndpointReport["detail"]): string {
  const outcome = (lastFailure as { outcome?: string } | null | undefined)?.outcome;
  const parts = [
    ...(part === "recordings" ? ["only its recordings"] : []),
    ...(typeof since === "number" ? [timeOf(since)] : []),
    ...(typeof reason === "string"
      ? [reason]
      : typeof since === "number" && outcome
        ? [outcome]
        : []),
    ...(typeof until === "number" ? [`until ${timeOf(until)}`] : []),
    ...(typeof nextProbeAt === "number" ? [`next probe ${timeOf(nextProbeAt)}`] : []),
  ];
  return parts.join("; ");
}

const timeOf = (at: number): string => new Date(at).toISOString();
