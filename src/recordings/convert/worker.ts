/**
 * The thread that converts, one file after the other. It gives way to all others, so that webhooks keep their
 * latency. An encoder that has failed once is not used again.
 */
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { parentPort } from "node:worker_threads";
import { type Conversion, convertFile } from "./convertFile.ts";
import { createLame } from "./encode.ts";

export interface ToWorker {
  readonly from: string;
  readonly to: string;
}

export type FromWorker = Conversion;

/** On Linux 0 is the calling thread; elsewhere it would be all of the process. */
const OWN_THREAD = 0;
const NICENESS = 10;

const port = parentPort;
if (port === null) throw new Error("Expected to run as a worker thread of the converter.");
if (process.platform === "linux") setPriority(OWN_THREAD, NICENESS);

const wasm = readFileSync(fileURLToPath(import.meta.resolve("wasm-media-encoders/wasm/mp3")));
let lame = createLame(wasm);

port.on("message", async ({ from, to }: ToWorker) => {
  const conversion = convertFile(await lame, from, to);
  if (conversion.kind === "failed") lame = createLame(wasm);
  port.postMessage(conversion satisfies FromWorker);
});
