/**
 * The port of the durable store: events, the deliveries that they owe, and the tracker's checkpoint.
 * Must hold: `append` is one transaction, durable when its promise resolves; `settle` likewise;
 * a delivery that is not settled comes back from `loadPending` after any crash.
 */
import type { CallEvent, EpochMs } from "../events/event.ts";

/** A piece of tracker state: one call of one PBX. `state: null` deletes it. */
export interface Checkpoint {
  readonly pbx: string;
  readonly key: string;
  readonly state: string | null;
}

/** One event and the endpoints to which it is owed. */
export interface Entry {
  readonly event: CallEvent;
  readonly endpoints: readonly string[];
}

/** One event owed to one endpoint, not settled yet. */
export interface Delivery {
  readonly deliveryId: number;
  readonly endpoint: string;
  /** Orders deliveries: rises with every append. Never order by time. */
  readonly position: number;
  /** 1, 2, 3 … within the call at this endpoint; sent as `offhook-sequence`. */
  readonly sequence: number;
  readonly event: CallEvent;
  /** Attempts made so far. */
  readonly attempts: number;
  /** Not to be tried before this time. */
  readonly dueAt: EpochMs;
}

/** One HTTP exchange for a delivery. */
export interface Attempt {
  readonly number: number;
  readonly startedAt: EpochMs;
  readonly durationMs: number;
  /** HTTP status; null if there was no answer. */
  readonly status: number | null;
  /** One line on what came back or went wrong; never a secret. */
  readonly outcome: string;
  /** Head of the response body, capped. */
  readonly responseHead: string;
}

/** What became of a delivery after an attempt. */
export type Fate =
  | { readonly state: "delivered" }
  | { readonly state: "pending"; readonly attempts: number; readonly dueAt: EpochMs }
  | { readonly state: "dead"; readonly reason: string };

export interface Settlement {
  readonly deliveryId: number;
  readonly attempt: Attempt;
  readonly fate: Fate;
}

export interface OutboxCounts {
  readonly events: number;
  readonly pending: number;
  readonly delivered: number;
  readonly dead: number;
}

export interface Outbox {
  /** Stores events, their deliveries and checkpoints together. Resolves, when durable, with the new deliveries. */
  append(
    entries: readonly Entry[],
    checkpoints: readonly Checkpoint[],
  ): Promise<readonly Delivery[]>;
  /** Stores attempts and what became of their deliveries together. */
  settle(settlements: readonly Settlement[]): Promise<void>;
  /** Deliveries not settled yet, by position, those after `afterPosition`, at most `limit`. */
  loadPending(afterPosition: number, limit: number): Promise<readonly Delivery[]>;
  /** The tracker's checkpoints of one PBX. */
  loadCheckpoints(pbx: string): Promise<readonly Checkpoint[]>;
  counts(): Promise<OutboxCounts>;
  /** Small named values (our own, e.g. the generated admin token). */
  getMeta(name: string): Promise<string | null>;
  setMeta(name: string, value: string): Promise<void>;
  /** Proves that the store takes writes; rejects with the reason if not. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
