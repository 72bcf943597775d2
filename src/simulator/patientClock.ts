/**
 * A clock that stands still until what was done last has been seen: for calls that are played faster than in life, on a
 * machine that may stall. Must hold: what is due runs in the order in which it was, and nothing waits for ever.
 */
import type { Clock } from "../util/clock.ts";

/** Who has not looked by then does not look. */
const UNSEEN_MS_MAX = 10_000;
const LOOK_MS = 1;
/** Turns of the loop in which an answer that was just given is taken in. */
const TURNS = 3;

export class PatientClock implements Clock {
  readonly #clock: Clock;
  readonly #isSeen: () => boolean;
  readonly #due: { run: () => void }[] = [];
  #isRunning = false;

  constructor(clock: Clock, isSeen: () => boolean) {
    this.#clock = clock;
    this.#isSeen = isSeen;
  }

  now(): number {
    return this.#clock.now();
  }

  after(delayMs: number, run: () => void): () => void {
    const own = { run };
    const stop = this.#clock.after(delayMs, () => {
      this.#due.push(own);
      if (!this.#isRunning) void this.#runDue();
    });
    return () => {
      stop();
      own.run = () => {};
    };
  }

  async #runDue(): Promise<void> {
    this.#isRunning = true;
    try {
      for (let next = this.#due[0]; next; next = this.#due[0]) {
        await this.#seen();
        this.#due.shift();
        next.run();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  async #seen(): Promise<void> {
    const giveUpAt = this.now() + UNSEEN_MS_MAX;
    for (let turns = 0; turns < TURNS && this.now() < giveUpAt; ) {
      const isSeen = this.#isSeen();
      await new Promise<void>((resolve) => {
        if (isSeen) setImmediate(resolve);
        else this.#clock.after(LOOK_MS, resolve);
      });
      turns = isSeen ? turns + 1 : 0;
    }
  }
}
