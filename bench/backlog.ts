/**
 * What a long backlog costs: 1,000,000 deliveries of four endpoints, in calls of five events, beside a store
 * that holds next to nothing. Time from the opening of the store to each endpoint's first delivery,
 * deliveries a second by HTTP to one sink in a process of its own, resident memory.
 */
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PROCESS = fileURLToPath(new URL("./backlogProcess.ts", import.meta.url));
/** As README's unit starts the service. */
const NODE_FLAGS = ["--max-semi-space-size=8"];
const ROWS = 1_000_000;
/** Enough for some seconds. */
const FEW_ROWS = 60_000;
const SECONDS = 10;
const ROUNDS = 5;

interface Drained {
  readonly firstMs: readonly number[];
  readonly perS: number;
  readonly rssMb: number;
}

const run = promisify(execFile);

async function inAProcess(...args: readonly (string | number)[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...NODE_FLAGS, PROCESS, ...args.map(String)]);
  return stdout;
}

export async function backlog(): Promise<string[]> {
  const parent = await mkdtemp(join(tmpdir(), "offhook-backlog-"));
  const sink = await startSink();
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
      const small: Drained = JSON.parse(await inAProcess("drain", few, SECONDS, sink.url));
      const large: Drained = JSON.parse(await inAProcess("drain", full, SECONDS, sink.url));
      rates.few.push(small.perS);
      rates.many.push(large.perS);
      lines.push(
        `${FEW_ROWS} in the store: ${told(small)}`,
        `${ROWS} in the store: ${told(large)} (to reach: first < 2000 ms, resident < 300 MB)`,
      );
    }
    const share = median(rates.many) / median(rates.few);
    return [...lines, `medians: ${share.toFixed(2)} of the rate without a backlog (to reach: 0.8)`];
  } finally {
    sink.stop();
    await rm(parent, { recursive: true });
  }
}

/** Takes everything. */
async function startSink(): Promise<{ readonly url: string; readonly stop: () => void }> {
  const sink = fork(PROCESS, ["sink"]);
  const [url] = await once(sink, "message");
  return { url: String(url), stop: () => sink.kill() };
}

function told({ firstMs, perS, rssMb }: Drained): string {
  return `first of each endpoint after ${firstMs.join(", ")} ms; ${perS} deliveries/s; ${rssMb} MB resident`;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
