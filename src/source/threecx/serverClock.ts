/**
 * How far the PBX's clock is ahead of ours, by the `Date` of its answers. Each tells whole seconds only, and was
 * written at some moment between question and answer: what agrees with all of them is narrower with each.
 */
import type { EpochMs } from "../../events/event.ts";

const SECOND_MS = 1_000;

export class ServerClock {
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;

  /** An answer came that carried this date. */
  heard(date: string, askedAt: EpochMs, answeredAt: EpochMs): void {
    const at = Date.parse(date);
    if (Number.isNaN(at)) return;
    const [least, most] = [at - answeredAt, at + SECOND_MS - askedAt];
    // No agreement: a clock was set. What was known before is worth nothing.
    const isSet = least > this.#most || most < this.#least;
    this.#least = isSet ? least : Math.max(least, this.#least);
    this.#most = isSet ? most : Math.min(most, this.#most);
  }

  /** The least that agrees with what was heard: 0 as long as the two may be the same. */
  aheadMs(): number {
    return Math.min(Math.max(0, this.#least), this.#most);
  }
}
