/** What one HTTP exchange came to. A receiver's refusal is an outcome, never an error of ours. */
import type { EpochMs } from "../events/event.ts";
import { assertNever } from "../util/assertNever.ts";
import { messageOf } from "../util/messageOf.ts";

/**
 * Where an exchange failed. `request`: none could be made of this delivery. `address`: one that may not be sent to
 * (guard.ts). `local` is a fault on our side of the wire (our resolver, our proxy). The first and the last are
 * charged to nobody.
 */
export type FailedStage =
  | "request"
  | "address"
  | "dns"
  | "connect"
  | "tls"
  | "timeout"
  | "reset"
  | "protocol"
  | "local";

export type Outcome =
  | { readonly kind: "accepted"; readonly status: number; readonly responseHead: string }
  | {
      readonly kind: "refused";
      readonly status: number;
      /** What Retry-After asks for, if it was sent. */
      readonly retryAfterAt: EpochMs | null;
      readonly responseHead: string;
    }
  | { readonly kind: "failed"; readonly stage: FailedStage; readonly message: string };

/** Of an attempt for which no request could be made. */
export function notMade(error: unknown): Outcome {
  return { kind: "failed", stage: "request", message: messageOf(error) };
}

/**
 * What an outcome tells of the endpoint as a whole: it lives, it may be down, or only that we could not
 * reach it for a fault of ours; `none`: nothing, as nothing was tried.
 */
export type Sign = "life" | "trouble" | "local" | "none";

/** Answers that will hardly change while the request stays as it is. Retried all the same: receivers err, too. */
const PERMANENT = new Set([400, 401, 403, 404, 405, 413, 415, 422]);
/** With these, Retry-After is meant for whoever sends, not for the single request. */
const THROTTLING = new Set([429, 503]);

/** Answers below 500 come from a receiver that works, even if it does not like the request. */
export function signOf(outcome: Outcome): Sign {
  if (outcome.kind === "accepted") return "life";
  if (outcome.kind === "refused") return outcome.status < 500 ? "life" : "trouble";
  if (outcome.stage === "request") return "none";
  return outcome.stage === "local" ? "local" : "trouble";
}

export function isPermanent(outcome: Outcome): boolean {
  return outcome.kind === "refused" && PERMANENT.has(outcome.status);
}

/** Until when the receiver asks to be left alone as a whole; null if it does not. */
export function askedQuietUntil(outcome: Outcome): EpochMs | null {
  if (outcome.kind !== "refused" || !THROTTLING.has(outcome.status)) return null;
  return outcome.retryAfterAt;
}

/** One line for the log and the store. */
export function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case "accepted":
      return "accepted";
    case "refused":
      return `refused with ${outcome.status}${isPermanent(outcome) ? " (permanent)" : ""}`;
    case "failed":
      return `failed (${outcome.stage}): ${outcome.message}`;
    default:
      return assertNever(outcome);
  }
}
