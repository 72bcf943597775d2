/**
 * The thread that converts, one file after the other. It gives way to all others, so that webhooks keep their
 * latency. An encoder that has failed once is not used again.
 */
import { readFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { parentPort } from "node:worker_threads";
import { type Conversion, convertFile } from "./convertFile.ts";
import { createLame } from "./encode.ts";
import { restBetween, type Watched } from "./rest.ts";

export interface ToWorker {
  readonly from: string;
  readonly to: string;
}

export type FromWorker = Conversion;

/** On Linux 0 is the calling thread; elsewhere it would be all of the process. */
const OWN_THREAD = 0;
/** More than the service has, whatever that is: to be less nice again would need rights. */
const NICENESS = 10;
const NICENESS_MAX = 19;

const port = parentPort;
if (port === null) throw new Error("Expected to run as a worker thread of the converter.");
if (process.platform === "linux") giveWay();

const wasm = readFileSync(fileURLToPath(import.meta.resolve("wasm-media-encoders/wasm/mp3")));
let lame = createLame(wasm);

/** Nobody ever wakes it. */
const still = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const watched: Watched = {
  nowMs: () => performance.now(),
  usedMs() {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
  pause: (ms) => void Atomics.wait(still, 0, 0, ms),
};

function giveWay(): void {
  try {
    setPriority(OWN_THREAD, Math.min(NICENESS_MAX, getPriority(OWN_THREAD) + NICENESS));
  } catch {
    // A sandbox may forbid it; the recordings are wanted all the same.
  }
}

port.on("message", async ({ from, to }: ToWorker) => {
  const conversion = convertFile(await lame, from, to, restBetween(watched));
  if (conversion.kind === "failed") lame = createLame(wasm);
  port.postMessage(conversion satisfies FromWorker);
});
