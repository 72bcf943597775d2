/**
 * Time as the rooms see it: epoch milliseconds that run on steadily, so that a wall clock which
 * jumps changes no duration. Tests own time by bringing their own clock.
 */
export interface Clock {
  /** Epoch milliseconds, never going backwards. */
  now(): number;
  /** Calls back once after `delayMs`; returns the way to cancel. */
  after(delayMs: number, run: () => void): () => void;
}

/** Follows the monotonic clock from the wall clock's reading at its making. */
export function steadyClock(): Clock {
  const anchor = Date.now() - performance.now();
  return {
    now: () => Math.round(anchor + performance.now()),
    after(delayMs, run) {
      const timer = setTimeout(run, Math.max(0, delayMs));
      return () => clearTimeout(timer);
    },
  };
}
