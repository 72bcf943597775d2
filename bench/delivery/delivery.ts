/**
 * `npm run bench -- delivery [PART…] [--rounds N] [--count N] [--seed N] [--idle-s N]`: delivery against what one
 * would use instead. Parts: flow, drain, waiting, order, idle; by default all. Needs bench/setup.sh to have run.
 */
import { parseArgs } from "node:util";
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
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "5" },
      count: { type: "string", default: "3000" },
      seed: { type: "string", default: "1" },
      "idle-s": { type: "string", default: "60" },
    },
  });
  const said = {
    rounds: wholeOf("--rounds", values.rounds),
    count: wholeOf("--count", values.count),
    seed: wholeOf("--seed", values.seed),
    idleS: wholeOf("--idle-s", values["idle-s"]),
  };
  const unknown = positionals.find((name) => !parts.has(name));
  if (unknown !== undefined) {
    throw new Error(`Expected parts of ${[...parts.keys()].join(", ")}, got ${unknown}.`);
  }
  const machines = await startMachines();
  try {
    const lines = [machines.versions.join(", ")];
    if (positionals.length !== 1 || positionals[0] !== "idle") await warmUp(machines);
    for (const [name, part] of parts) {
      if (positionals.length > 0 && !positionals.includes(name)) continue;
      lines.push("", `${name}:`, ...(await part(machines, said)).map((line) => `  ${line}`));
    }
    return lines;
  } finally {
    await machines.stop();
  }
}

function wholeOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`Expected a whole number from 1 on for ${name}, got ${text}.`);
}
