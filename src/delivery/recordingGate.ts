/**
 * The gate of the URL to which an endpoint's recordings go, where that is not the one of its calls: another
 * receiver stands behind it. Must hold: what the one answers counts for nothing at the other. A recording that is
 * put off counts as one that is being retried: the later events of its call wait by ORDER, with `bounded` until
 * ORDER_HOLD_S after it was told of, with `strict` as long as its receiver is down, rests or is paused.
 */
import type { EndpointConfig } from "../config/config.ts";
import type { EpochMs, OffhookEvent } from "../events/event.ts";
import { Gate } from "./gate.ts";
import { FREE_RETRY_MS_MAX } from "./policy.ts";

/** How many at once, and how many a second, is the endpoint's to limit. */
const UNLIMITED = { concurrency: Number.POSITIVE_INFINITY, ratePerS: 0, rateBurst: 1 };

export class RecordingGate extends Gate {
  /** One of those put off is to be the probe then; the others stay away for longer. */
  #probeAt: EpochMs = 0;

  /** When a recording whose turn it is should be looked at again; null: it may go now. */
  putOffUntil(now: EpochMs): EpochMs | null {
    const look = this.look(UNLIMITED, now);
    if (look.kind !== "wait") return null;
    if (this.paused !== null) return now + FREE_RETRY_MS_MAX;
    if (!this.isDown) return look.until;
    if (look.until === null || look.until === this.#probeAt) return now + FREE_RETRY_MS_MAX;
    this.#probeAt = look.until;
    return look.until;
  }
}

/** Whether the event goes to another URL than the endpoint's calls do. */
export function goesApart({ kind }: OffhookEvent, { url, recordingUrl }: EndpointConfig): boolean {
  return kind === "recording" && url !== null && recordingUrl !== url;
}
