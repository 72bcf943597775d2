/** Runs jobs, each in a process of its own, and what is common to the tables. */
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ContenderName } from "./contenders.ts";
import type { Done, Job } from "./job.ts";
import type { Machines } from "./machines.ts";

const entry = fileURLToPath(new URL("contender.ts", import.meta.url));
const jobMsMax = 600_000;

export type Said = Pick<Job, "mode" | "count"> & Partial<Job>;

/** Deliveries at a time, for everybody. */
export const concurrency = 64;
/** Calls at a time: lanes. */
export const keys = 200;

export async function runJob(
  machines: Machines,
  name: ContenderName,
  url: string,
  said: Said,
): Promise<Done> {
  const folder = await mkdtemp(join(machines.folder, "contender-"));
  const { redisAlways, redisEverysec, postgres } = machines;
  const places = { url, folder, redisAlways, redisEverysec, postgres };
  const usual = { keys, concurrency, unsettledMax: 512, perS: 0, uncounted: 0 };
  const job: Job = { name, places, ...usual, ...said };
  try {
    return await new Promise<Done>((resolve, reject) => {
      const child = fork(entry, [JSON.stringify(job)], {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      const killer = setTimeout(() => child.kill("SIGKILL"), jobMsMax);
      let answer: Done | null = null;
      child.once("message", (done: Done) => {
        answer = done;
      });
      child.once("exit", (code, signal) => {
        clearTimeout(killer);
        if (answer !== null) {
          // Progress, and something to go by if the whole is broken off.
          const perS = (answer.counted * 1000) / answer.tookMs;
          console.error(`${name}, ${job.mode}: ${Math.round(perS)}/s`);
          resolve(answer);
        } else
          reject(
            new Error(`Expected figures of ${name}, ${job.mode}: it ended with ${code ?? signal}.`),
          );
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [Math.floor, Math.ceil].map(
    (round) => sorted[round((sorted.length - 1) / 2)],
  );
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
};

const spaced = (value: number) => Math.round(value).toLocaleString("en");

/** `1,234 (1,100-1,300)` */
export function spread(values: readonly number[]): string {
  return `${spaced(median(values))} (${spaced(Math.min(...values))}-${spaced(Math.max(...values))})`;
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  "),
  );
}
