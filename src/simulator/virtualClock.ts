/** A clock that stands still until told: time belongs to the test, hours pass in milliseconds. */
import type { Clock } from "../util/clock.ts";

/** Rounds of promise callbacks let run after each timer, so that scripts can go on. */
const SETTLE_ROUNDS = 20;

export class VirtualClock implements Clock {
  #now: number;
  #last = 0;
  readonly #timers = new Map<number, { readonly at: number; readonly run: () => void }>();

  constructor(startAt = Date.UTC(2026, 4, 4, 8, 0, 0)) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    this.#last += 1;
    const id = this.#last;
    this.#timers.set(id, { at: this.#now + Math.max(0, delayMs), run });
    return () => this.#timers.delete(id);
  }

  /** Runs every timer due within `ms`, in order of time, then of making. */
  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.#step(until));
    this.#now = until;
  }

  /** Lets time pass until the promise settles. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    for (;;) {
      for (let round = 0; round < SETTLE_ROUNDS && !settled; round += 1) await Promise.resolve();
      if (settled) return promise;
      if (!this.#step(Number.POSITIVE_INFINITY)) {
        throw new Error("Expected a timer that lets the script go on, none is set.");
      }
    }
  }

  #step(until: number): boolean {
    let next: { id: number; at: number; run: () => void } | null = null;
    for (const [id, timer] of this.#timers) {
      if (timer.at <= until && (!next || timer.at < next.at)) next = { id, ...timer };
    }
    if (!next) return false;
    this.#timers.delete(next.id);
    this.#now = Math.max(this.#now, next.at);
    next.run();
    return true;
  }
}
