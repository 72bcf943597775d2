/** Whether each call's events arrive in their order when some of the first attempts fail. */
import { contenders } from "./contenders.ts";
import { type Seen, startJudge } from "./judge.ts";
import type { Machines } from "./machines.ts";
import { keys, runJob, table } from "./rounds.ts";

const count = 4_000;
const refusedPercent = 5;
/** graphile-worker with a queue for each call takes minutes for the whole. */
const countOf = (name: string) => (name === "graphile named" ? count / 4 : count);

export interface OrderOptions {
  readonly rounds: number;
  readonly seed: number;
}

export async function order(machines: Machines, { rounds, seed }: OrderOptions): Promise<string[]> {
  const judge = await startJudge();
  const head = ["", "events", "refused once", "out of order", "duplicates", "missing", "took s"];
  const rows: string[][] = [head];
  try {
    for (const { name } of contenders.filter(({ durability }) => !durability.startsWith("no"))) {
      const results: (Seen & { readonly tookMs: number })[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await judge.reset(refusedPercent, seed + round, keys);
        const said = { mode: "order", count: countOf(name) } as const;
        const { tookMs } = await runJob(machines, name, judge.url, said);
        results.push({ ...(await judge.seen()), tookMs });
      }
      const each = (figure: (result: (typeof results)[number]) => number) =>
        results.map((result) => String(figure(result))).join(" ");
      rows.push([
        name,
        String(countOf(name)),
        each(({ refused }) => refused),
        each(({ overtaken }) => overtaken),
        each(({ duplicates }) => duplicates),
        each(({ accepted }) => countOf(name) - accepted),
        each(({ tookMs }) => Math.round(tookMs / 100) / 10),
      ]);
    }
  } finally {
    judge.stop();
  }
  return [
    `${keys} calls, ${refusedPercent} % of first attempts answered 500, retry after 1 s (graphile: its own e^n s), seeds from ${seed}`,
    ...table(rows),
  ];
}
