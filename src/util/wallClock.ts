/**
 * Says when the machine's clock was set while we ran, or the machine slept. Our own goes on as it was (clock.ts): right
 * for durations, wrong for what is read as a time of day, until a restart takes the new time (lastRun.ts).
 */
import { type Clock, every } from "./clock.ts";
import type { Log } from "./log.ts";

const LOOK_EVERY_MS = 60_000;
/** Less is not worth a restart. */
const SET_MS_MIN = 10_000;

export interface WallClockOptions {
  readonly clock: Clock;
  /** Epoch milliseconds of the machine's clock. */
  readonly wallNow: () => number;
  readonly log: Log;
}

/** Returns the way to end it. */
export function watchWallClock({ clock, wallNow, log }: WallClockOptions): () => void {
  let toldMs = 0;
  return every(clock, LOOK_EVERY_MS, () => {
    const setMs = wallNow() - clock.now();
    if (Math.abs(setMs - toldMs) < SET_MS_MIN) return;
    toldMs = setMs;
    log.warn(
      { bySeconds: Math.round(setMs / 1000) },
      "clock.set: this machine's clock differs from what it was at our start; the time in new call ids " +
        "and offhook-event-time go by that until a restart",
    );
  });
}
