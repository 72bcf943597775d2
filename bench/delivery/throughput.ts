/**
 * How much is delivered in a second: each contender to the same sink, with the same bodies and the same number of
 * requests at a time; rounds are interleaved, so that what else the machine does strikes all of them alike.
 */
import { type Contender, contenders } from "./contenders.ts";
import type { Done, Job } from "./job.ts";
import type { Machines } from "./machines.ts";
import { concurrency, keys, median, runJob, spread, table } from "./rounds.ts";

const target = { ofRaw: 0.6, ofBestPeer: 2 };
/** Few, as one of them takes long; the rates do not depend on it. */
const slow = new Set(["graphile named"]);
const slowShare = 0.1;
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
  machines: Machines,
  { rounds, count }: ThroughputOptions,
): Promise<string[]> {
  const lines = [
    `${count} events, ${keys} calls, ${concurrency} requests at a time, ${rounds} interleaved rounds; events/s: median (lowest-highest)`,
  ];
  for (const mode of ["flow", "drain"] as const) {
    const found = new Map<Contender, Done[]>(contenders.map((contender) => [contender, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [contender, results] of found) {
        const of = slow.has(contender.name) ? Math.ceil(count * slowShare) : count;
        results.push(
          await runJob(machines, contender.name, `${machines.sink}/hook`, { mode, count: of }),
        );
      }
    }
    lines.push(
      "",
      `${mode}: ${modes[mode]}`,
      ...tableOf(found, mode, count),
      ...verdict(found, count),
    );
  }
  return lines;
}

const countOf = ({ name }: Contender, count: number) =>
  slow.has(name) ? Math.ceil(count * slowShare) : count;

function tableOf(
  found: ReadonlyMap<Contender, readonly Done[]>,
  mode: Mode,
  count: number,
): string[] {
  const head = [
    "",
    "delivered/s",
    ...(mode === "drain" ? ["enqueued/s"] : []),
    "CPU µs",
    "MB",
    "durability",
  ];
  const rows = [...found].map(([contender, results]) => {
    const of = countOf(contender, count);
    return [
      contender.name,
      spread(results.map(({ tookMs }) => (of * 1000) / tookMs)),
      ...(mode === "drain"
        ? [spread(results.map(({ enqueueMs }) => (of * 1000) / enqueueMs))]
        : []),
      median(results.map(({ cpuMs }) => (cpuMs * 1000) / of)).toFixed(0),
      median(results.map(({ rssMbMost }) => rssMbMost)).toFixed(0),
      contender.durability,
    ];
  });
  return table([head, ...rows]);
}

function verdict(found: ReadonlyMap<Contender, readonly Done[]>, count: number): string[] {
  const rates = new Map(
    [...found].map(([contender, results]) => [
      contender.name,
      median(results.map(({ tookMs }) => (countOf(contender, count) * 1000) / tookMs)),
    ]),
  );
  const ours = rates.get("ours") ?? Number.NaN;
  const ofRaw = ours / (rates.get("raw") ?? Number.NaN);
  const peers = [...found.keys()].filter(({ name, durable }) => durable && name !== "ours");
  const best = Math.max(...peers.map(({ name }) => rates.get(name) ?? 0));
  return [
    `ours: ${ofRaw.toFixed(2)} × raw (target ≥ ${target.ofRaw}), ` +
      `${(ours / best).toFixed(2)} × the best durable peer (target ≥ ${target.ofBestPeer})`,
  ];
}

/** Files and caches of every contender are touched once before anything counts. */
export async function warmUp(machines: Machines): Promise<void> {
  for (const { name } of contenders) {
    await runJob(machines, name, `${machines.sink}/hook`, { mode: "drain", count: warmUpCount });
  }
}
