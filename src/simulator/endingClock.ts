/**
 * A clock whose timers can all be cancelled at once, so that a closed simulator leaves none
 * behind.
 */
import type { Clock } from "../util/clock.ts";

export class EndingClock implements Clock {
  readonly #clock: Clock;
  readonly #timers = new Set<() => void>();
  #over = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(delayMs: number, run: () => void): () => void {
    if (this.#over) return () => {};
    const stop = this.#clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    const cancel = () => {
      this.#timers.delete(cancel);
      stop();
    };
    this.#timers.add(cancel);
    return cancel;
  }

  /** Nothing runs any more. */
  end(): void {
    this.#over = true;
    for (const cancel of [...this.#timers]) cancel();
  }
}
