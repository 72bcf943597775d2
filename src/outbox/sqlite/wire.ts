/**
 * What passes between the outbox (any thread) and its writer (a worker thread): batches of requests
 * one way, the results in the same order the other. Plain data only, so that it can be cloned.
 */
import type { Attempt, Checkpoint, Fate, OutboxCounts, OutboxFault } from "../outbox.ts";

/** One event ready to be stored: what the store must know of it, and the whole as JSON. */
export interface EventRow {
  readonly eventId: string;
  readonly pbx: string;
  readonly callId: string;
  readonly at: number;
  readonly body: string;
  readonly endpoints: readonly string[];
}

export interface SettleRow {
  readonly deliveryId: number;
  readonly attempt: Attempt;
  readonly fate: Fate;
}

/** Id and sequence of a delivery just made, one for each endpoint of the event, in their order. */
export type Made = readonly [deliveryId: number, sequence: number];

export interface PendingRow {
  readonly deliveryId: number;
  readonly endpoint: string;
  readonly sequence: number;
  readonly attempts: number;
  readonly spent: number;
  readonly firstAttemptAt: number | null;
  readonly dueAt: number;
  readonly body: string;
}

/** Every operation of the store: its arguments and what it answers. */
export interface Operations {
  append: {
    args: { readonly events: readonly EventRow[]; readonly checkpoints: readonly Checkpoint[] };
    /** For each event its deliveries; null for an event that was stored before. */
    answer: readonly (readonly Made[] | null)[];
  };
  settle: { args: { readonly settlements: readonly SettleRow[] }; answer: null };
  loadPending: {
    args: { readonly afterPosition: number; readonly limit: number };
    answer: readonly PendingRow[];
  };
  loadCheckpoints: { args: { readonly pbx: string }; answer: readonly Checkpoint[] };
  counts: { args: Record<never, never>; answer: OutboxCounts };
  getMeta: { args: { readonly name: string }; answer: string | null };
  setMeta: { args: { readonly name: string; readonly value: string }; answer: null };
}

export type OperationName = keyof Operations;

export type Request = {
  [O in OperationName]: { readonly operation: O } & Operations[O]["args"];
}[OperationName];

export type Result =
  | { readonly ok: true; readonly answer: Operations[OperationName]["answer"] }
  | { readonly ok: false; readonly message: string };

export type ToWriter =
  | { readonly say: "run"; readonly requests: readonly Request[] }
  | { readonly say: "close" };

export type FromWriter =
  | { readonly say: "ready" }
  | { readonly say: "refused"; readonly fault: OutboxFault; readonly message: string }
  | { readonly say: "ran"; readonly results: readonly Result[] };
