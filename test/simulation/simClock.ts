/**
 * The simulation's time. It stands still while anything is under way and jumps to the next timer, so that a day takes
 * seconds. Must hold: before each timer runs, every promise that can go on has gone on.
 */
import type { Clock } from "../../src/util/clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  run: (() => void) | null;
}

/** Lets promises go on; called from a promise callback, Node runs this queue only when none of those is left. */
const settled = () => new Promise<void>((resolve) => process.nextTick(resolve));
/** The event loop gets its turn once in so many timers. */
const loopTurnEvery = 5_000;

export class SimClock implements Clock {
  #now: number;
  #order = 0;
  readonly #heap: Timer[] = [];

  constructor(startAt: number) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    this.#order += 1;
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), order: this.#order, run };
    this.#push(timer);
    return () => {
      timer.run = null;
    };
  }

  /** Lets time pass until then. */
  async runUntil(until: number): Promise<void> {
    let timers = 0;
    // Not straight from the event loop, where ticks go before promises.
    await null;
    await settled();
    for (;;) {
      const [next] = this.#heap;
      if (next === undefined || next.at > until) break;
      this.#pop();
      const { run } = next;
      if (run === null) continue;
      this.#now = Math.max(this.#now, next.at);
      run();
      await settled();
      timers += 1;
      if (timers % loopTurnEvery === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = Math.max(this.#now, until);
  }

  #before(a: Timer | undefined, b: Timer | undefined): boolean {
    if (a === undefined || b === undefined) return a !== undefined;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !this.#before(timer, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (this.#before(heap[down + 1], heap[down])) down += 1;
      const child = heap[down];
      if (child === undefined || !this.#before(child, last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}
