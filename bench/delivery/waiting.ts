/** How long an event is on its way, from being handed over to being received, at a steady pace. */
import { type ContenderName, contenders } from "./contenders.ts";
import { startJudge } from "./judge.ts";
import type { Machines } from "./machines.ts";
import { keys, median, quantile, runJob, table } from "./rounds.ts";

const paces = [
  { perS: 50, seconds: 6 },
  { perS: 1_000, seconds: 2 },
] as const;
const target = { at50: { p50Ms: 2, p99Ms: 10 }, at1000: { addedP50Ms: 1.5 } };
/** The first few connect, compile and fill caches. */
const warmUpShare = 0.1;
/** One cannot keep the pace and would only show its backlog; the others wait as long as their like. */
const leftOut = new Set<ContenderName>(["graphile named", "pg-boss fifo", "raw dispatch"]);

interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export async function waiting(machines: Machines, rounds: number): Promise<string[]> {
  const judge = await startJudge();
  const lines: string[] = [];
  try {
    for (const { perS, seconds } of paces) {
      const rows: string[][] = [["", "p50 ms", "p99 ms", "max ms"]];
      const p50s = new Map<ContenderName, number>();
      for (const { name } of contenders.filter((contender) => !leftOut.has(contender.name))) {
        const each: Figures[] = [];
        for (let round = 0; round < rounds; round += 1) {
          await judge.reset(0, 0, keys);
          const said = { mode: "paced", count: perS * seconds, perS } as const;
          const { enqueuedAtMs } = await runJob(machines, name, judge.url, said);
          const { receivedAtMs } = await judge.seen();
          each.push(figuresOf(enqueuedAtMs, receivedAtMs));
        }
        const of = (figure: keyof Figures) => median(each.map((figures) => figures[figure]));
        p50s.set(name, of("p50"));
        rows.push([
          name,
          ...(["p50", "p99", "max"] as const).map((figure) => of(figure).toFixed(2)),
        ]);
      }
      const added = (p50s.get("ours") ?? Number.NaN) - (p50s.get("raw") ?? Number.NaN);
      const wished =
        perS === 50
          ? `target p50 ≤ ${target.at50.p50Ms}, p99 ≤ ${target.at50.p99Ms}`
          : `target: added p50 ≤ ${target.at1000.addedP50Ms}`;
      lines.push(
        `${perS} events/s for ${seconds} s, median of ${rounds} rounds`,
        ...table(rows),
        `ours adds ${added.toFixed(2)} ms to raw's p50 (${wished})`,
        "",
      );
    }
  } finally {
    judge.stop();
  }
  return lines;
}

function figuresOf(
  enqueuedAtMs: readonly number[],
  receivedAtMs: readonly (number | null)[],
): Figures {
  const took = enqueuedAtMs
    .map((at, n) => (receivedAtMs[n] ?? Number.POSITIVE_INFINITY) - at)
    .slice(Math.ceil(enqueuedAtMs.length * warmUpShare));
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99), max: quantile(took, 1) };
}
