/**
 * Asks the reader thread (reader.ts), which is started at the first question. One that died is started anew
 * at the next one.
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Lookup } from "../lookup.ts";
import { OutboxError } from "../outbox.ts";
import type { Answers, FromReader, LookupName } from "./wire.ts";

/** Questions that wait; a caller that asks faster than it is answered is told so. */
const WAITING_MAX = 100;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: OutboxError) => void;
}

export class ReaderThread {
  readonly #dataDir: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #lastId = 0;
  #closed = false;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  ask<N extends LookupName>(ask: N, args: Parameters<Lookup[N]>): Promise<Answers[N]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closed());
      if (this.#waiting.size >= WAITING_MAX) {
        return reject(
          new OutboxError("failed", `${WAITING_MAX} questions to the store wait already.`),
        );
      }
      this.#lastId += 1;
      this.#waiting.set(this.#lastId, { resolve: resolve as Waiting["resolve"], reject });
      this.#worker ??= this.#start();
      this.#worker.postMessage({ id: this.#lastId, ask, args });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #start(): Worker {
    // The thread is beside this file: .ts when run from the sources, .js when built.
    const file = `./reader${extname(fileURLToPath(import.meta.url))}`;
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: { dataDir: this.#dataDir },
    });
    worker.on("message", (said: FromReader) => {
      const waiting = this.#waiting.get(said.id);
      this.#waiting.delete(said.id);
      if (said.ok) waiting?.resolve(said.answer);
      else waiting?.reject(new OutboxError("failed", `The store cannot be read: ${said.message}`));
    });
    let reason = "its thread has ended";
    worker.on("error", (error) => {
      reason = String(error);
    });
    worker.once("exit", () => {
      this.#worker = null;
      const ended = this.#closed
        ? closed()
        : new OutboxError("failed", `The store cannot be read: ${reason}.`);
      for (const { reject } of this.#waiting.values()) reject(ended);
      this.#waiting.clear();
    });
    return worker;
  }
}

function closed(): OutboxError {
  return new OutboxError("closed", "Expected an open store, but it was closed.");
}
