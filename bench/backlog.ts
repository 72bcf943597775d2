/**
 * What a long backlog costs: 1,000,000 deliveries of four endpoints, in calls of five events, against a
 * store that holds little and all of it in memory. Time from the opening of the store to each endpoint's
 * first delivery, deliveries a second, resident memory.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PROCESS = fileURLToPath(new URL("./backlogProcess.ts", import.meta.url));
const ROWS = 1_000_000;
/** Enough for some seconds, and in memory at once, as a store without a backlog has it. */
const FEW_ROWS = 60_000;
const SECONDS = 10;
const ROUNDS = 3;

interface Drained {
  readonly firstMs: readonly number[];
  readonly perS: number;
  readonly rssMb: number;
}

const run = promisify(execFile);

async function inAProcess(...args: readonly (string | number)[]): Promise<string> {
  const { stdout } = await run(process.execPath, [PROCESS, ...args.map(String)]);
  return stdout;
}

export async function backlog(): Promise<string[]> {
  const parent = await mkdtemp(join(tmpdir(), "offhook-backlog-"));
  try {
    const full = join(parent, "full");
    const filledFrom = performance.now();
    await inAProcess("fill", full, ROWS);
    const filledMs = performance.now() - filledFrom;
    const lines = [`filled at ${Math.round((1000 * ROWS) / filledMs)} deliveries/s`];
    const rates = { few: [] as number[], many: [] as number[] };
    for (let round = 1; round <= ROUNDS; round += 1) {
      const few = join(parent, `few-${round}`);
      await inAProcess("fill", few, FEW_ROWS);
      const small: Drained = JSON.parse(await inAProcess("drain", few, SECONDS, FEW_ROWS));
      const large: Drained = JSON.parse(await inAProcess("drain", full, SECONDS, 0));
      rates.few.push(small.perS);
      rates.many.push(large.perS);
      lines.push(
        `${FEW_ROWS} in memory: ${told(small)}`,
        `${ROWS} in the store: ${told(large)} (to reach: first < 2000 ms, resident < 300 MB)`,
      );
    }
    const share = median(rates.many) / median(rates.few);
    return [...lines, `medians: ${share.toFixed(2)} of the rate without a backlog (to reach: 0.8)`];
  } finally {
    await rm(parent, { recursive: true });
  }
}

function told({ firstMs, perS, rssMb }: Drained): string {
  return `first of each endpoint after ${firstMs.join(", ")} ms; ${perS} deliveries/s; ${rssMb} MB resident`;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
