/**
 * Notices that this process stood still: its machine was paused (a snapshot of it, a move to another host), or too busy
 * to let it run. Connections survive that, so nothing else tells.
 */
import { type Clock, every } from "./clock.ts";

const LOOK_EVERY_MS = 1_000;
const STOOD_MS_MIN = 5_000;

/** `sinceAt` is when it ran last. Returns the way to end it. */
export function watchStandstill(clock: Clock, onStood: (sinceAt: number) => void): () => void {
  let lookedAt = clock.now();
  return every(clock, LOOK_EVERY_MS, () => {
    const sinceAt = lookedAt;
    lookedAt = clock.now();
    if (lookedAt - sinceAt >= LOOK_EVERY_MS + STOOD_MS_MIN) onStood(sinceAt);
  });
}
