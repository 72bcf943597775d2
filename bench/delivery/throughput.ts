/**
 * How much is delivered in a second: each contender to the same sink, with the same bodies and the same number of
 * requests at a time; rounds are interleaved, so that what else the machine does strikes all of them alike.
 */
import { type Contender, type ContenderName, contenders } from "./contenders.ts";
import type { Done, Job } from "./job.ts";
import type { Machines } from "./machines.ts";
import { concurrency, keys, median, runJob, spread, table } from "./rounds.ts";

const target = { ofRaw: 0.6, ofBestPeer: 2 };
/** Few, as one of them takes long; the rates do not depend on it. */
const slow = new Set(["graphile named"]);
const slowShare = 0.1;
/** Of what is counted, delivered before that. */
const uncountedShare = 0.5;
const warmUpCount = 500;

type Mode = Extract<Job["mode"], "drain" | "flow">;
const modes: Readonly<Record<Mode, string>> = {
  flow: "enqueued one by one while delivered (peers: what comes during an insertion goes in bulk with the next)",
  drain: "all enqueued before, in bulk; rate of the delivery alone",
};

export interface ThroughputOptions {
  readonly rounds: number;
  readonly count: number;
}

export async function throughput(
  mode: Mode,
  machines: Machines,
  { rounds, count }: ThroughputOptions,
): Promise<string[]> {
  const found = new Map<Contender, Done[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [contender, results] of found) {
      const of = slow.has(contender.name) ? Math.ceil(count * slowShare) : count;
      const uncounted = Math.ceil(of * uncountedShare);
      const said = { mode, count: of + uncounted, uncounted };
      results.push(await runJob(machines, contender.name, `${machines.sink}/hook`, said));
    }
  }
  return [
    modes[mode],
    `${count} events after ${Math.ceil(count * uncountedShare)} that do not count, ${keys} calls, ${concurrency} requests at a time, ${rounds} interleaved rounds; events/s: median (lowest-highest)`,
    ...tableOf(found, mode),
    ...verdict(found),
  ];
}

const perS = ({ counted, tookMs }: Done) => (counted * 1000) / tookMs;
const enqueuedPerS = ({ counted, enqueueMs }: Done) =>
  (counted * (1 + uncountedShare) * 1000) / enqueueMs;

function tableOf(found: ReadonlyMap<Contender, readonly Done[]>, mode: Mode): string[] {
  const head = [
    "",
    "delivered/s",
    ...(mode === "drain" ? ["enqueued/s"] : []),
    "CPU µs",
    "MB",
    "durability",
  ];
  const rows = [...found].map(([contender, results]) => [
    contender.name,
    spread(results.map(perS)),
    ...(mode === "drain" ? [spread(results.map(enqueuedPerS))] : []),
    median(results.map(({ cpuMs, counted }) => (cpuMs * 1000) / counted)).toFixed(0),
    median(results.map(({ rssMbMost }) => rssMbMost)).toFixed(0),
    contender.durability,
  ]);
  return table([head, ...rows]);
}

function verdict(found: ReadonlyMap<Contender, readonly Done[]>): string[] {
  const rates = new Map<ContenderName, number>();
  for (const [{ name }, results] of found) rates.set(name, median(results.map(perS)));
  const ours = rates.get("ours") ?? Number.NaN;
  const times = (names: readonly ContenderName[]) => {
    const best = Math.max(...names.map((name) => rates.get(name) ?? 0));
    return (ours / best).toFixed(2);
  };
  const peers = [...found.keys()].filter(({ name, durable }) => durable && name !== "ours");
  const durable = peers.map(({ name }) => name);
  return [
    `ours: ${times(["raw"])} × raw (target ≥ ${target.ofRaw}), ` +
      `${times(durable)} × the best durable peer (target ≥ ${target.ofBestPeer}), ` +
      `${times(["pg-boss fifo", "graphile named"])} × the best of those that promise order`,
  ];
}

/** Files and caches of every contender are touched once before anything counts. */
export async function warmUp(machines: Machines): Promise<void> {
  for (const { name } of contenders) {
    await runJob(machines, name, `${machines.sink}/hook`, { mode: "drain", count: warmUpCount });
  }
}
