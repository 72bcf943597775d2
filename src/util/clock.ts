/**
 * Time as the rooms see it: epoch milliseconds that run on steadily, so that a wall clock which
 * jumps changes no duration. Tests own time by bringing their own clock.
 */
import { readFileSync } from "node:fs";

export interface Clock {
  /** Epoch milliseconds, never going backwards. */
  now(): number;
  /** Calls back once after `delayMs`; returns the way to cancel. */
  after(delayMs: number, run: () => void): () => void;
}

/** Runs it again and again, `everyMs` after it ran last; returns the way to end that. */
export function every(clock: Clock, everyMs: number, run: () => void): () => void {
  let cancel = clock.after(everyMs, again);

  function again(): void {
    cancel = clock.after(everyMs, again);
    run();
  }

  return () => cancel();
}

/**
 * What our times count from. Of two processes of one boot of the machine, the difference of their `zeroAt` is how
 * far the wall clock has jumped between them.
 */
export interface TimeBase {
  /** Another after each boot of the machine. */
  readonly bootId: string;
  /** What our clock shows at the zero of the machine's monotonic clock. */
  readonly zeroAt: number;
}

/** Null where the machine does not tell one boot from another: then a jump while we are down stays unknown. */
export function timeBaseOf(clock: Clock, bootIdFile = linuxBootIdFile): TimeBase | null {
  try {
    const bootId = readFileSync(bootIdFile, "utf8").trim();
    const monotonicMs = Number(process.hrtime.bigint() / 1_000n) / 1_000;
    return bootId === "" ? null : { bootId, zeroAt: Math.round(clock.now() - monotonicMs) };
  } catch {
    return null;
  }
}

const linuxBootIdFile = "/proc/sys/kernel/random/boot_id";

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
