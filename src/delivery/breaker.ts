/**
 * Tells whether an endpoint is down as a whole. Pure state machine, one for each endpoint.
 * closed → open when several different deliveries failed one after another, over some time, with no
 * sign of life between: one poisoned event alone never opens it. open → closed by any sign of life.
 * While it is open only probes go out, at growing intervals, and no attempt is used up.
 */
import type { EpochMs } from "../events/event.ts";
import { withJitter } from "./policy.ts";

/** Different deliveries that must fail in a row … */
export const OPEN_AFTER_DELIVERIES = 5;
/** … over at least this time: at high rates a run of bad luck is short. */
const OPEN_AFTER_MS = 1000;
/** However short the schedule's first step is. */
const PROBE_INTERVAL_MS_MIN = 100;
/** Bounds how late the end of an outage is noticed, and how long a new call waits that could show it. */
export const PROBE_INTERVAL_MS_MAX = 10_000;
/** Failing for so long without a sign of life was an outage, even if too few deliveries could show it. */
const OUTAGE_MS_MIN = 60_000;

/** Whose trouble it is: the receiver's, or ours (our resolver, our proxy). By the last failure. */
export type Cause = "endpoint" | "local";

export type Breaker =
  | {
      readonly state: "closed";
      /** Deliveries that failed since the last sign of life; never more than it takes to open. */
      readonly failing: readonly number[];
      /** When the first of them failed; null if there are none. */
      readonly since: EpochMs | null;
    }
  | {
      readonly state: "open";
      readonly since: EpochMs;
      readonly intervalMs: number;
      readonly probeAt: EpochMs;
      readonly cause: Cause;
    };

export const HEALTHY: Breaker = { state: "closed", failing: [], since: null };

export interface Trouble {
  readonly deliveryId: number;
  /** The schedule's first step: the first probe comes after it. */
  readonly firstStepMs: number;
  readonly cause: Cause;
}

export function afterTrouble(
  breaker: Breaker,
  { deliveryId, firstStepMs, cause }: Trouble,
  now: EpochMs,
  jitter: number,
): Breaker {
  const probeIn = (intervalMs: number) => now + withJitter(intervalMs, jitter);
  if (breaker.state === "open") {
    // What was in flight when it opened says nothing new.
    if (now < breaker.probeAt) return breaker;
    const intervalMs = Math.min(breaker.intervalMs * 2, PROBE_INTERVAL_MS_MAX);
    return { ...breaker, cause, intervalMs, probeAt: probeIn(intervalMs) };
  }
  const since = breaker.since ?? now;
  const failing =
    breaker.failing.includes(deliveryId) || breaker.failing.length >= OPEN_AFTER_DELIVERIES
      ? breaker.failing
      : [...breaker.failing, deliveryId];
  if (failing.length < OPEN_AFTER_DELIVERIES || now - since < OPEN_AFTER_MS) {
    return { state: "closed", failing, since };
  }
  const intervalMs = Math.min(Math.max(firstStepMs, PROBE_INTERVAL_MS_MIN), PROBE_INTERVAL_MS_MAX);
  return { state: "open", since, intervalMs, probeAt: probeIn(intervalMs), cause };
}

/** Whether a sign of life now is the end of an outage, so that nothing has to wait for its schedule. */
export function endsOutage(breaker: Breaker, now: EpochMs): boolean {
  if (breaker.state === "open") return true;
  return breaker.since !== null && now - breaker.since >= OUTAGE_MS_MIN;
}
