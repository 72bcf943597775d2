/**
 * The port of the durable store: events, the deliveries that they owe, and the tracker's checkpoint.
 * Must hold: `append` is one transaction, durable when its promise resolves; `settle` likewise;
 * a delivery that is not settled comes back from `loadPending` after any crash.
 */
import type { EpochMs, OffhookEvent } from "../events/event.ts";

/** A piece of tracker state: one call of one PBX. `state: null` deletes it. */
export interface Checkpoint {
  readonly pbx: string;
  readonly key: string;
  readonly state: string | null;
}

/** One event and the endpoints to which it is owed. */
export interface Entry {
  readonly event: OffhookEvent;
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
  readonly event: OffhookEvent;
  /** Attempts made so far. */
  readonly attempts: number;
  /** Those of them that used up a step of the retry schedule (an endpoint's outage uses up none). */
  readonly spent: number;
  /** When the first attempt began, null before it; the order hold counts from here. */
  readonly firstAttemptAt: EpochMs | null;
  /** Not to be tried before this time; 0 = at once. */
  readonly dueAt: EpochMs;
}

/** One HTTP exchange for a delivery. */
export interface Attempt {
  /** From 1; every exchange counts, whether it used up a step of the schedule or not. */
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

/** What became of a delivery after an attempt. `spent` as in Delivery. */
export type Fate =
  | { readonly state: "delivered" }
  | { readonly state: "pending"; readonly spent: number; readonly dueAt: EpochMs }
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

/**
 * What went wrong with the store, by what the operator can do about it:
 * `in-use` another process holds it; `unusable` it cannot be opened or written where it is;
 * `schema` a newer version made it; `failed` one request was not stored; `closed` it was closed.
 */
export type OutboxFault = "in-use" | "unusable" | "schema" | "failed" | "closed";

export class OutboxError extends Error {
  readonly fault: OutboxFault;

  constructor(fault: OutboxFault, message: string) {
    super(message);
    this.name = "OutboxError";
    this.fault = fault;
  }
}

export interface Outbox {
  /**
   * Stores events, their deliveries and checkpoints together. Resolves, when durable, with the new deliveries.
   * An event whose id is stored already is not stored again and owes nothing new.
   */
  append(
    entries: readonly Entry[],
    checkpoints: readonly Checkpoint[],
  ): Promise<readonly Delivery[]>;
  /** Stores attempts and what became of their deliveries together. The same settlement may come twice. */
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
