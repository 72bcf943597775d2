/** What one HTTP exchange came to. A receiver's refusal is an outcome, never an error of ours. */
import type { EpochMs } from "../events/event.ts";
import { assertNever } from "../util/assertNever.ts";

/**
 * Where an exchange failed. `address`: one that may not be sent to (guard.ts). `local` is a fault on our side of
 * the wire (our resolver, our proxy, a request that cannot be built): it is charged to nobody.
 */
export type FailedStage =
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

/** What an outcome tells of the endpoint as a whole: it lives, it may be down, or nothing. */
export type Sign = "life" | "trouble" | "none";

/** Answers below 500 come from a receiver that works, even if it does not like the request. */
export function signOf(outcome: Outcome): Sign {
  if (outcome.kind === "accepted") return "life";
  if (outcome.kind === "refused") return outcome.status < 500 ? "life" : "trouble";
  return outcome.stage === "local" ? "none" : "trouble";
}

/** One line for the log and the store. */
export function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case "accepted":
      return "accepted";
    case "refused":
      return `refused with ${outcome.status}`;
    case "failed":
      return `failed (${outcome.stage}): ${outcome.message}`;
    default:
      return assertNever(outcome);
  }
}
