/**
 * `offhook deliveries replay`: sends settled deliveries again. What a filter finds is counted first, and only
 * said twice (`--yes`) sent: a careless filter over months would flood a receiver.
 */
import { Command, InvalidArgumentError } from "commander";
import type { Config } from "../config/config.ts";
import { ANY_DELIVERY, type DeliveryFilter, type DeliveryRow, IDS_MAX } from "../outbox/lookup.ts";
import { looking, openReplaying } from "./backstage.ts";
import { type CliContext, CONFIG_OPTION, configured, print, table } from "./context.ts";
import { type FilterSaid, filterOf, withFilter } from "./deliveriesFilter.ts";
import { heedNames, newestId, walk } from "./deliveriesWalk.ts";

type Said = FilterSaid & {
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
};

export function replayCommand(context: CliContext): Command {
  const command = new Command("replay")
    .description("send deliveries again: these, or with --yes all that match")
    .argument("[ids...]", "as the list shows them", gatherIds)
    .option(...CONFIG_OPTION)
    .option("--dry-run", "only count")
    .option("--yes", "replay what matches")
    .option("--json", "the outcome as JSON");
  return withFilter(command)
    .addHelpText(
      "after",
      `
Without --state, what is dead or expired is meant. What is pending is sent anyway and left out.
Replayed webhooks keep their webhook-id and offhook-sequence and carry the header
offhook-replay: 1; their retries begin anew. They become due at REPLAY_PER_S a second.`,
    )
    .action((ids: readonly number[] | undefined, said: Said, command: Command) => {
      const isFiltered = Object.values(filterOf(said)).some((each) => each !== null);
      if (ids !== undefined && ids.length > 0 && isFiltered) {
        command.error("Expected ids or a filter, got both. Nothing was sent.", { exitCode: 2 });
      }
      return replay(context, ids ?? [], said, command);
    });
}

const idsShownMax = 10;

interface Found {
  readonly byEndpoint: ReadonlyMap<string, number>;
  readonly total: number;
  /** What is found but pending already: how many, and the first of them. */
  readonly pending: number;
  readonly pendingShown: readonly DeliveryRow[];
  readonly through: number;
}

async function replay(
  context: CliContext,
  ids: readonly number[],
  said: Said,
  command: Command,
): Promise<void> {
  const loaded = await configured(context, said.config, "aside");
  if (loaded === null) return;
  const { config } = loaded;
  const filter = meant(ids, said);
  const found = await count(config, filter);
  const { total, pending } = found;
  heedUnconfigured(config, found, command);
  if (pending > 0) process.stderr.write(`${pendingAlready(config, found)}\n`);
  const byEndpoint = Object.fromEntries(found.byEndpoint);
  if (!said.json) print(...table([...found.byEndpoint].map(([name, n]) => [name, String(n)])));
  if (total === 0 || said.dryRun || (ids.length === 0 && !said.yes)) {
    const nothing =
      ids.length > 0 || said.state ? "." : ": nothing that matches is dead or expired.";
    const left =
      total === 0 ? `Nothing to replay${nothing}` : `${total} to replay. Nothing was sent.`;
    const way = total > 0 && !said.dryRun ? " Add --yes to replay them." : "";
    print(
      said.json ? JSON.stringify({ found: total, pending, byEndpoint, replayed: 0 }) : left + way,
    );
    return;
  }
  const done = await replayAll(config, filter, found.through);
  const { replayed, until, serviceRuns } = done;
  if (said.json) {
    print(JSON.stringify({ found: total, pending, byEndpoint, replayed, until, serviceRuns }));
  } else {
    print(
      `${replayed} replayed, due until ${new Date(until).toISOString()}.`,
      ...(serviceRuns ? [] : ["No service runs: they go out at its next start."]),
    );
  }
}

/** Refuses what nobody would send: it would only change from dead to waiting. */
function heedUnconfigured(config: Config, { byEndpoint, total }: Found, command: Command): void {
  const known = config.endpoints.map(({ name }) => name);
  const lacking = [...byEndpoint].filter(([name]) => !known.includes(name));
  if (lacking.length === 0) return;
  const names = lacking.map(([name]) => name).join(", ");
  const count = lacking.reduce((sum, [, each]) => sum + each, 0);
  if (count === total) {
    const expected = `Expected deliveries of an endpoint of the configuration (${known.join(", ")})`;
    const way = "Nothing was sent. Put it back into the ini, then replay.";
    command.error(`${expected}, got those of ${names}. ${way}`, { exitCode: 2 });
  }
  const kept = `${count} of these can only be sent when the ini has it again`;
  process.stderr.write(`The configuration has no endpoint ${names}: ${kept}.\n`);
}

function pendingAlready({ endpoints }: Config, { pending, pendingShown }: Found): string {
  const shown = pendingShown.map(({ deliveryId, endpoint, dueAt }) => {
    const due = `due ${dueAt === 0 ? "at once" : new Date(dueAt).toISOString()}`;
    const isKnown = endpoints.some(({ name }) => name === endpoint);
    return `${deliveryId} (${endpoint}: ${isKnown ? due : "kept until the ini has it again"})`;
  });
  const more = pending > shown.length ? ` and ${pending - shown.length} more` : "";
  return `Pending already: ${shown.join(", ")}${more}. For how it stands: offhook endpoints.`;
}

function meant(ids: readonly number[], said: Said): DeliveryFilter {
  if (ids.length > 0) return { ...ANY_DELIVERY, ids };
  return { ...filterOf(said), states: said.state ?? ["dead", "expired"] };
}

function count(config: Config, filter: DeliveryFilter): Promise<Found> {
  return looking(config, (lookup) => {
    heedNames(lookup, config, filter);
    const through = newestId(lookup);
    const byEndpoint = new Map<string, number>();
    let total = 0;
    let pending = 0;
    const pendingShown: DeliveryRow[] = [];
    const missing = new Set(filter.ids);
    for (const row of walk(lookup, filter, "oldest")) {
      const { endpoint, state, deliveryId } = row;
      missing.delete(deliveryId);
      if (deliveryId > through) continue;
      if (state === "pending") {
        if (pending < idsShownMax) pendingShown.push(row);
        pending += 1;
        continue;
      }
      byEndpoint.set(endpoint, (byEndpoint.get(endpoint) ?? 0) + 1);
      total += 1;
    }
    if (missing.size > 0) {
      const which = [...missing].slice(0, idsShownMax).join(", ");
      throw new Error(
        `Expected all of these in the store, found no delivery ${which}. Nothing was sent. Retention may have removed it.`,
      );
    }
    return { byEndpoint, total, pending, pendingShown, through };
  });
}

async function replayAll(config: Config, filter: DeliveryFilter, through: number) {
  const replaying = await openReplaying(config);
  const { serviceRuns } = replaying;
  try {
    let replayed = 0;
    let until = Date.now();
    let after: number | null = null;
    do {
      const step = await replaying.step({ filter, through, after });
      replayed += step.replayed;
      until = step.until;
      after = step.next;
    } while (after !== null);
    return { replayed, until, serviceRuns };
  } finally {
    await replaying.close();
  }
}

function gatherIds(text: string, before: readonly number[] = []): readonly number[] {
  if (before.length >= IDS_MAX) throw new InvalidArgumentError(`Expected at most ${IDS_MAX} ids.`);
  return [...before, readId(text)];
}

function readId(text: string): number {
  const id = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (id > 0) return id;
  throw new InvalidArgumentError(
    "Expected the number of a delivery. For a webhook-id there is --webhook-id.",
  );
}
