/**
 * What follows from an attempt's outcome. Pure: time and jitter come in as arguments.
 * Must hold (docs/contract.md §4-§5): 2xx is delivered; 410 pauses the endpoint and uses up nothing;
 * everything else is retried by the schedule; a fault of ours, and an endpoint that is down, use up
 * nothing; nothing dies of an endpoint's trouble unless the endpoint has shown life since the attempt
 * before, for else it may be down as a whole although nothing but this delivery could show it.
 */
import type { EpochMs } from "../events/event.ts";
import type { Outcome } from "./outcome.ts";
import { signOf } from "./outcome.ts";

/** A receiver that asks for more than this is tried again sooner. */
export const RETRY_AFTER_MS_MAX = 3_600_000;
/** Each delay of the schedule is stretched or shortened by at most this share. */
export const JITTER_SHARE = 0.2;
/** An attempt that uses up nothing is repeated after this, whatever the schedule, … */
export const FREE_RETRY_MS_MIN = 1000;
/** … then after twice as long each time, up to this. */
export const FREE_RETRY_MS_MAX = 300_000;
const STATUS_GONE = 410;

export interface RetryPolicy {
  /** Delays before attempt 2, 3 … */
  readonly retryScheduleMs: readonly number[];
}

/** How a delivery and its endpoint stood when the attempt was made. */
export interface Standing {
  /** Steps of the schedule used up before this attempt. */
  readonly spent: number;
  /** This attempt's number, from 1. */
  readonly attempts: number;
  /** When the attempt before began, as far as this process knows; else 0. */
  readonly triedBeforeAt: EpochMs;
  /** When the endpoint last showed life, null if it has not since we started. */
  readonly endpointAliveAt: EpochMs | null;
  /** The endpoint is known to be down: attempts use up nothing. */
  readonly endpointDown: boolean;
}

export type Verdict =
  | { readonly kind: "delivered" }
  | { readonly kind: "retry"; readonly spent: number; readonly dueAt: EpochMs }
  | { readonly kind: "dead"; readonly reason: string }
  | { readonly kind: "pauseEndpoint"; readonly spent: number; readonly reason: string };

/** `jitter` is uniform in [0, 1). */
export function decide(
  outcome: Outcome,
  standing: Standing,
  policy: RetryPolicy,
  now: EpochMs,
  jitter: number,
): Verdict {
  const { spent, endpointDown } = standing;
  const steps = policy.retryScheduleMs;
  if (outcome.kind === "accepted") return { kind: "delivered" };
  if (outcome.kind === "refused" && outcome.status === STATUS_GONE) {
    return { kind: "pauseEndpoint", spent, reason: "the receiver answered 410 Gone" };
  }
  const sign = signOf(outcome);
  const retry = (spentThen: number, delayMs: number): Verdict => {
    return { kind: "retry", spent: spentThen, dueAt: nextTry(outcome, delayMs, now, jitter) };
  };
  if (sign === "local" || sign === "none" || (sign === "trouble" && endpointDown)) {
    return retry(spent, freeDelay(standing.attempts));
  }
  const step = steps[spent];
  if (step !== undefined) return retry(spent + 1, step);
  if (sign === "life" || hasLived(standing)) {
    return { kind: "dead", reason: `all ${steps.length + 1} attempts used up` };
  }
  return retry(spent, Math.max(steps.at(-1) ?? 0, freeDelay(standing.attempts)));
}

function hasLived({ endpointAliveAt, triedBeforeAt }: Standing): boolean {
  return endpointAliveAt !== null && endpointAliveAt >= triedBeforeAt;
}

function freeDelay(attempts: number): number {
  const doublings = Math.min(Math.max(attempts - 1, 0), 30);
  return Math.min(FREE_RETRY_MS_MIN * 2 ** doublings, FREE_RETRY_MS_MAX);
}

/** The schedule's step with its jitter, or later if the receiver asks for it. */
function nextTry(outcome: Outcome, stepMs: number, now: EpochMs, jitter: number): EpochMs {
  const byScheduleAt = now + withJitter(stepMs, jitter);
  const askedAt = outcome.kind === "refused" ? outcome.retryAfterAt : null;
  return Math.max(byScheduleAt, Math.min(askedAt ?? 0, now + RETRY_AFTER_MS_MAX));
}

export function withJitter(delayMs: number, jitter: number): number {
  return Math.round(delayMs * (1 - JITTER_SHARE + 2 * JITTER_SHARE * jitter));
}
