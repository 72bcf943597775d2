/**
 * What follows from an attempt's outcome. Pure: time and jitter come in as arguments.
 * Must hold (docs/contract.md §4-§5): 2xx is delivered; 410 pauses the endpoint and uses up nothing;
 * everything else is retried by the schedule; nothing dies while its endpoint has shown no life since
 * its first attempt, for then the endpoint may be down as a whole.
 */
import type { EpochMs } from "../events/event.ts";
import type { Outcome } from "./outcome.ts";
import { signOf } from "./outcome.ts";

/** A receiver that asks for more than this is tried again sooner. */
export const RETRY_AFTER_MS_MAX = 3_600_000;
/** Each delay of the schedule is stretched or shortened by at most this share. */
export const JITTER_SHARE = 0.2;
/** An attempt that uses up nothing is never repeated faster, whatever the schedule. */
export const FREE_RETRY_MS_MIN = 1000;
const STATUS_GONE = 410;

export interface RetryPolicy {
  /** Delays before attempt 2, 3 … */
  readonly retryScheduleMs: readonly number[];
}

/** How a delivery and its endpoint stood when the attempt was made. */
export interface Standing {
  /** Steps of the schedule used up before this attempt. */
  readonly spent: number;
  readonly firstAttemptAt: EpochMs;
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
  const { spent } = standing;
  const steps = policy.retryScheduleMs;
  if (outcome.kind === "accepted") return { kind: "delivered" };
  if (outcome.kind === "refused" && outcome.status === STATUS_GONE) {
    return { kind: "pauseEndpoint", spent, reason: "the receiver answered 410 Gone" };
  }
  const sign = signOf(outcome);
  const charged = sign === "life" || (sign === "trouble" && !standing.endpointDown);
  const step = steps[Math.min(spent, steps.length - 1)] ?? 0;
  if (charged && spent < steps.length) {
    return { kind: "retry", spent: spent + 1, dueAt: nextTry(outcome, step, now, jitter) };
  }
  if (charged && (sign === "life" || hasLived(standing))) {
    return { kind: "dead", reason: `all ${steps.length + 1} attempts used up` };
  }
  const freeStep = Math.max(step, FREE_RETRY_MS_MIN);
  return { kind: "retry", spent, dueAt: nextTry(outcome, freeStep, now, jitter) };
}

function hasLived({ endpointAliveAt, firstAttemptAt }: Standing): boolean {
  return endpointAliveAt !== null && endpointAliveAt >= firstAttemptAt;
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
