/**
 * Converts recordings in threads of their own, the longest waiting first. Must hold: a promise always settles,
 * also when a thread dies, is stuck, or the work is called off; then nothing is left at the output.
 */
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Clock } from "../../util/clock.ts";
import { type Conversion, PARTIAL } from "./convertFile.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

export type { Conversion } from "./convertFile.ts";

export interface Converter {
  /** Makes an MP3 of a file; leaves nothing at `to` unless converted. Never rejects. */
  convert(from: string, to: string, signal?: AbortSignal): Promise<Conversion>;
  /** Conversions that wait for a thread. */
  readonly waiting: number;
  /** Calls off what is under way. */
  close(): Promise<void>;
}

export interface ConverterOptions {
  readonly clock: Clock;
  /** Default: all processors but one. */
  readonly threads?: number;
  /** A conversion that takes longer is given up. */
  readonly conversionMsMax?: number;
}

/** Twelve hours of sound at the slowest speed that was seen. */
const CONVERSION_MS_MAX = 30 * 60_000;
const HEAP_MB_MAX = 256;

interface Order extends ToWorker {
  readonly signal: AbortSignal | undefined;
  readonly settle: (conversion: Conversion) => void;
}

export function createConverter(options: ConverterOptions): Converter {
  const threads = options.threads ?? Math.max(1, availableParallelism() - 1);
  const orders: Order[] = [];
  const places = Array.from({ length: threads }, () => new Place(options));
  let isClosed = false;

  function next(): void {
    for (const place of places) {
      if (!place.isFree) continue;
      const order = orders.shift();
      if (!order) return;
      void place.run(order).then(next);
    }
  }

  return {
    get waiting() {
      return orders.length;
    },
    convert(from, to, signal) {
      if (isClosed || signal?.aborted) return Promise.resolve(CALLED_OFF);
      const { promise, resolve: settle } = Promise.withResolvers<Conversion>();
      const order = { from, to, signal, settle };
      orders.push(order);
      signal?.addEventListener("abort", () => withdraw(order), { once: true });
      next();
      return promise;
    },
    async close() {
      isClosed = true;
      for (const order of orders.splice(0)) order.settle(CALLED_OFF);
      await Promise.all(places.map((place) => place.close()));
    },
  };

  function withdraw(order: Order): void {
    const at = orders.indexOf(order);
    if (at < 0) return;
    orders.splice(at, 1);
    order.settle(CALLED_OFF);
  }
}

const CALLED_OFF: Conversion = { kind: "failed", reason: "The conversion was called off." };

/** A thread and what it is at; the thread is made when it is first needed, and anew after a failure. */
class Place {
  readonly #options: ConverterOptions;
  #worker: Worker | null = null;
  #giveUp: ((conversion: Conversion) => void) | null = null;

  constructor(options: ConverterOptions) {
    this.#options = options;
  }

  get isFree(): boolean {
    return this.#giveUp === null;
  }

  async run({ from, to, signal, settle }: Order): Promise<void> {
    const { clock, conversionMsMax = CONVERSION_MS_MAX } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Conversion | "gone">();
    let reason: Conversion | null = null;
    const giveUp = (conversion: Conversion) => {
      reason ??= conversion;
      resolve("gone");
    };
    this.#giveUp = giveUp;
    const worker = this.#thread();
    const died = (error: unknown) => giveUp(failed(`its thread ended: ${error}`));
    const done = (message: FromWorker) => resolve(message);
    const abort = () => giveUp(CALLED_OFF);
    const late = () => giveUp(failed(`it took longer than ${conversionMsMax} ms`));
    const cancel = clock.after(conversionMsMax, late);
    worker.on("message", done).on("error", died).on("exit", died);
    signal?.addEventListener("abort", abort, { once: true });
    worker.ref();
    worker.postMessage({ from, to } satisfies ToWorker);

    const outcome = await promise;
    cancel();
    signal?.removeEventListener("abort", abort);
    // One by one: the worker has listeners of its own.
    worker.off("message", done).off("error", died).off("exit", died).unref();
    if (outcome === "gone") await this.#discard(worker, to);
    this.#giveUp = null;
    settle(outcome === "gone" ? (reason ?? CALLED_OFF) : outcome);
  }

  async close(): Promise<void> {
    this.#giveUp?.(CALLED_OFF);
    await this.#worker?.terminate();
  }

  #thread(): Worker {
    if (this.#worker) return this.#worker;
    // The worker is beside this file: .ts when run from the sources, .js when built.
    const file = `./worker${extname(fileURLToPath(import.meta.url))}`;
    this.#worker = new Worker(new URL(file, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    return this.#worker;
  }

  /** It may have come to any point: also to the very end. */
  async #discard(worker: Worker, to: string): Promise<void> {
    this.#worker = null;
    worker.on("error", () => {});
    await worker.terminate();
    await Promise.all([to, `${to}${PARTIAL}`].map((path) => rm(path, { force: true })));
  }
}

function failed(found: string): Conversion {
  return { kind: "failed", reason: `Expected to convert a recording, but ${found}.` };
}
