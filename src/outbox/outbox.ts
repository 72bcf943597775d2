/**
 * The port of the durable store: events, the deliveries that they owe, and the tracker's checkpoint.
 * Must hold: `append` is one transaction, durable when its promise resolves; `settle` likewise;
 * a delivery that is not settled comes back from `takeUp` after any crash.
 */
import type { EpochMs, OffhookEvent } from "../events/event.ts";
import type { Lookup } from "./lookup.ts";
import type { Pending } from "./pending.ts";

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
  /** The recording of the link that has ended is to be looked for from then on. */
  readonly seekAt?: EpochMs;
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
  /** An operator asked for it again after it had been settled. */
  readonly replay: boolean;
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
  | { readonly state: "dead"; readonly reason: string }
  /** Of no use any more before it could be delivered. Kept and counted, like a dead one. */
  | { readonly state: "expired"; readonly reason: string };

export interface Settlement {
  readonly deliveryId: number;
  /** null if there was none: a delivery can expire without one. */
  readonly attempt: Attempt | null;
  readonly fate: Fate;
  /** How the endpoint stands after it, where that has changed; as in Backlog. */
  readonly standing?: string | null;
}

/** A settled delivery that is to be sent again, not before `dueAt`. */
export interface Replay {
  readonly deliveryId: number;
  readonly dueAt: EpochMs;
}

/** What may go from the store. Never what is pending, nor what belongs to a call that is still followed. */
export interface PruneLimits {
  /** Events from before this time go. */
  readonly beforeAt: EpochMs;
  /** While the store holds more than this, those from before `keepFromAt` go too; null = no limit. */
  readonly bytesMax: number | null;
  readonly keepFromAt: EpochMs;
}

/** Where a walk through the events, the oldest first, has come to. */
export interface PruneCursor {
  readonly at: EpochMs;
  readonly position: number;
}

/** What one step of a walk has removed. */
export interface Pruned {
  readonly events: number;
  readonly deliveries: number;
  /** Those of the deliveries that had never been delivered. */
  readonly dead: number;
  readonly expired: number;
  /** null: nothing more may go at present. */
  readonly next: PruneCursor | null;
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

export interface Outbox extends Lookup, Pending {
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
  /** The tracker's checkpoints of one PBX. */
  loadCheckpoints(pbx: string): Promise<readonly Checkpoint[]>;
  /**
   * Makes settled deliveries pending again: the same event id, sequence and position, attempts numbered on,
   * their schedule and their hold begun anew. Resolves, when durable, with those that it made so; one that is
   * pending or gone is left out.
   */
  replay(replays: readonly Replay[]): Promise<readonly Delivery[]>;
  /** One small step of retention: examines at most `eventsMax` events, the oldest first, after the cursor. */
  prune(limits: PruneLimits, after: PruneCursor | null, eventsMax: number): Promise<Pruned>;
  /** Gives a little free space back to the disk; true if there is more to give back. */
  compact(): Promise<boolean>;
  /** Proves that the store takes writes; rejects with the reason if not. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
