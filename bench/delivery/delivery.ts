/**
 * `npm run bench -- delivery [PART…] [--rounds N] [--count N] [--seed N] [--idle-s N]`: delivery against what one
 * would use instead. Parts: flow, drain, waiting, order, idle; by default all. Needs bench/setup.sh to have run.
 */
import { commandLine } from "../../test/support/commandLine.ts";
import { idle } from "./idle.ts";
import { type Machines, startMachines } from "./machines.ts";
import { order } from "./order.ts";
import { throughput, warmUp } from "./throughput.ts";
import { waiting } from "./waiting.ts";

interface Said {
  readonly rounds: number;
  readonly count: number;
  readonly seed: number;
  readonly idleS: number;
}

type Part = (machines: Machines, said: Said) => Promise<string[]>;

const parts = new Map<string, Part>([
  ["flow", (...args) => throughput("flow", ...args)],
  ["drain", (...args) => throughput("drain", ...args)],
  ["waiting", (machines, { rounds }) => waiting(machines, rounds)],
  ["order", order],
  ["idle", (_, { idleS }) => idle(idleS)],
]);

export async function delivery(args: readonly string[]): Promise<string[]> {
  const { words, numberOf, refuse } = commandLine(
    import.meta.url,
    { rounds: "5", count: "3000", seed: "1", "idle-s": "60" },
    { args, takesWords: true },
  );
  const said = {
    rounds: numberOf("rounds"),
    count: numberOf("count"),
    seed: numberOf("seed"),
    idleS: numberOf("idle-s"),
  };
  const unknown = words.find((name) => !parts.has(name));
  if (unknown !== undefined) {
    refuse(`Expected parts of ${[...parts.keys()].join(", ")}, got "${unknown}".`);
  }
  const machines = await startMachines();
  try {
    const lines = [machines.versions.join(", ")];
    if (words.length !== 1 || words[0] !== "idle") await warmUp(machines);
    for (const [name, part] of parts) {
      if (words.length > 0 && !words.includes(name)) continue;
      lines.push("", `${name}:`, ...(await part(machines, said)).map((line) => `  ${line}`));
    }
    return lines;
  } finally {
    await machines.stop();
  }
}
