/**
 * Lets things out in the order in which the PBX spoke of them, though their answers come in any
 * order. Each frame takes a place in the queue; a place is let out when it is filled and all
 * before it are out. A place that stays empty holds the others back for `holdMsMax` at most; then
 * they pass it, and it is let out whenever it is filled.
 */
import type { Clock } from "../../util/clock.ts";

export interface Place {
  /** `run` is called when it is this place's turn. */
  fill(run: () => void): void;
  /** Nothing will come of it. */
  drop(): void;
}

interface Waiting {
  readonly since: number;
  /** Null as long as the place is empty. */
  run: (() => void) | null;
  passed: boolean;
}

const nothing = () => {};

export class ReleaseQueue {
  readonly #clock: Clock;
  readonly #holdMsMax: number;
  readonly #waiting: Waiting[] = [];
  #cancelTimer: (() => void) | null = null;
  #releasing = false;
  #closed = false;

  constructor(clock: Clock, holdMsMax: number) {
    this.#clock = clock;
    this.#holdMsMax = holdMsMax;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** A place behind all others, to be filled later. */
  place(): Place {
    const entry: Waiting = { since: this.#clock.now(), run: null, passed: false };
    this.#waiting.push(entry);
    if (this.#waiting.length === 1) this.#setTimer();
    const fill = (run: () => void) => {
      if (this.#closed || entry.run !== null) return;
      entry.run = run;
      if (entry.passed) run();
      else this.#release();
    };
    return { fill, drop: () => fill(nothing) };
  }

  /** Takes a place and fills it at once. */
  push(run: () => void): void {
    if (this.#closed) return;
    this.#waiting.push({ since: 0, run, passed: false });
    this.#release();
  }

  /** Forgets everything; nothing is let out any more. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#cancelTimer?.();
  }

  #release(): void {
    if (this.#releasing) return; // something let out asks for more: the loop below sees it
    this.#releasing = true;
    try {
      for (;;) {
        const run = this.#waiting[0]?.run;
        if (!run) break;
        this.#waiting.shift();
        run();
      }
    } finally {
      this.#releasing = false;
    }
    this.#setTimer();
  }

  #setTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const [head] = this.#waiting;
    if (!head || this.#closed) return;
    const waitMs = head.since + this.#holdMsMax - this.#clock.now();
    this.#cancelTimer = this.#clock.after(Math.max(0, waitMs), () => {
      head.passed = true;
      this.#waiting.shift();
      this.#release();
    });
  }
}
