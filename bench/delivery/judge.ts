/**
 * A receiver that remembers: when each event came, how often, and in which order each call's events were accepted.
 * In a process of its own. It is slower than nginx, so no throughput is measured with it.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { monotonicMs } from "./job.ts";
import { numberOf } from "./workload.ts";

export interface Seen {
  /** First acceptance of each event, by number, by the machine's monotonic clock. */
  readonly receivedAtMs: readonly (number | null)[];
  readonly accepted: number;
  /** Answered with 500. */
  readonly refused: number;
  /** Accepted when a later event of the same call had been accepted already. */
  readonly overtaken: number;
  readonly duplicates: number;
}

export interface Judge {
  readonly url: string;
  /** Forgets everything; from now on so many first attempts in a hundred are refused, chosen by the seed. */
  reset(refusedPercent: number, seed: number, keys: number): Promise<void>;
  seen(): Promise<Seen>;
  stop(): void;
}

type Asked =
  | {
      readonly ask: "reset";
      readonly refusedPercent: number;
      readonly seed: number;
      readonly keys: number;
    }
  | { readonly ask: "seen" };

export async function startJudge(): Promise<Judge> {
  const child = fork(fileURLToPath(import.meta.url), ["judge"]);
  const url = await answerOf<string>(child);
  const ask = <T>(asked: Asked): Promise<T> => {
    const answer = answerOf<T>(child);
    child.send(asked);
    return answer;
  };
  return {
    url,
    async reset(refusedPercent, seed, keys) {
      await ask({ ask: "reset", refusedPercent, seed, keys });
    },
    seen: () => ask<Seen>({ ask: "seen" }),
    stop: () => child.kill(),
  };
}

function answerOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const died = () => reject(new Error("Expected an answer of the judge, but it has ended."));
    child.once("exit", died);
    child.once("message", (answer: T) => {
      child.off("exit", died);
      resolve(answer);
    });
  });
}

/** Whether the first attempt for this event is refused. */
function isRefused(n: number, percent: number, seed: number): boolean {
  const hash = createHash("sha256").update(`${seed}:${n}`).digest();
  return hash.readUInt32BE() / 2 ** 32 < percent / 100;
}

class Memory {
  readonly #refusedPercent: number;
  readonly #seed: number;
  readonly #keys: number;
  readonly #receivedAtMs: (number | null)[] = [];
  readonly #latestOfKey = new Map<number, number>();
  readonly #tried = new Set<number>();
  #refused = 0;
  #accepted = 0;
  #overtaken = 0;
  #duplicates = 0;

  constructor(refusedPercent: number, seed: number, keys: number) {
    this.#refusedPercent = refusedPercent;
    this.#seed = seed;
    this.#keys = keys;
  }

  /** The status to answer with. */
  take(n: number, atMs: number): number {
    if (this.#refusedPercent > 0 && !this.#tried.has(n)) {
      this.#tried.add(n);
      if (isRefused(n, this.#refusedPercent, this.#seed)) {
        this.#refused += 1;
        return 500;
      }
    }
    if (typeof this.#receivedAtMs[n] === "number") {
      this.#duplicates += 1;
      return 204;
    }
    this.#receivedAtMs[n] = atMs;
    this.#accepted += 1;
    const key = n % this.#keys;
    const latest = this.#latestOfKey.get(key) ?? -1;
    if (n < latest) this.#overtaken += 1;
    this.#latestOfKey.set(key, Math.max(latest, n));
    return 204;
  }

  get seen(): Seen {
    return {
      receivedAtMs: Array.from(this.#receivedAtMs, (atMs) => atMs ?? null),
      accepted: this.#accepted,
      refused: this.#refused,
      overtaken: this.#overtaken,
      duplicates: this.#duplicates,
    };
  }
}

function judge(): void {
  let memory = new Memory(0, 0, 1);
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      const atMs = monotonicMs();
      response.writeHead(memory.take(numberOf(String(request.headers["webhook-id"])), atMs)).end();
    });
  });
  server.keepAliveTimeout = 600_000;
  server.listen(0, "127.0.0.1", () => {
    process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
  });
  process.on("message", (asked: Asked) => {
    if (asked.ask === "reset") memory = new Memory(asked.refusedPercent, asked.seed, asked.keys);
    process.send?.(asked.ask === "seen" ? memory.seen : null);
  });
}

if (process.argv[2] === "judge") judge();
