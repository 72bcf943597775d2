/**
 * The side of the store that the dispatcher takes its work from, a page at a time and each endpoint by
 * itself, so that no backlog has to fit into memory or delays another. A lane that has to wait is shelved:
 * left out as a whole until its time comes.
 * Must hold: what is pending is found either by going on from a position or, if its lane is shelved, when
 * the lane wakes; never by both, and by going on from 0 after any crash.
 */
import type { EpochMs } from "../events/event.ts";
import type { Delivery } from "./outbox.ts";

/** What the store owes to one endpoint. */
export interface Backlog {
  readonly endpoint: string;
  /** Deliveries not settled yet. */
  readonly pending: number;
  /** What was last said of the endpoint, by a settlement or `saveStanding`; null = nothing to say. */
  readonly standing: string | null;
}

/** A lane to be left alone until `wakeAt`; any of its deliveries names it. */
export interface Shelving {
  readonly deliveryId: number;
  readonly wakeAt: EpochMs;
}

export interface TakeUp {
  readonly endpoint: string;
  /** Lanes shelved until then are due; so are those beyond `wakeAtMax`: a clock was set back since. */
  readonly now: EpochMs;
  readonly wakeAtMax: EpochMs;
  /** Position after which to go on; 0 = from the beginning. */
  readonly after: number;
  /** Deliveries to look at after it; also those of due lanes, but always one lane at least. */
  readonly limit: number;
  /** Deliveries of one due lane at most. */
  readonly laneMax: number;
}

export interface TakenUp {
  /** Lanes whose time has come. They are shelved no longer. */
  readonly woken: readonly WokenLane[];
  /** Deliveries after `after`, by position, but for those of lanes that are or were shelved. */
  readonly next: readonly Delivery[];
  /** Position up to which was looked. */
  readonly after: number;
  /** Nothing is pending beyond it. */
  readonly end: boolean;
  /** When the next shelved lane is due; not after `now` if one is due already. null: none is shelved. */
  readonly wakeAt: EpochMs | null;
}

export interface WokenLane {
  /** By position, never empty. */
  readonly deliveries: readonly Delivery[];
  /** The lane has later ones than these. */
  readonly more: boolean;
}

export interface Pending {
  /** Every endpoint that is owed something, or of which something is to be said, by name. */
  backlog(): Promise<readonly Backlog[]>;
  /** Deliveries of one endpoint that are not settled yet, a page at a time. */
  takeUp(request: TakeUp): Promise<TakenUp>;
  /** Has whole lanes left out of `takeUp` until their time comes; kept over restarts. */
  shelve(shelvings: readonly Shelving[]): Promise<void>;
  /**
   * Makes up to `limit` shelved lanes of an endpoint due now, and what they hold: save, unless `refusedToo`,
   * what the receiver answered with less than 500. Never a replay that was not tried yet. True if there may be more.
   */
  hasten(endpoint: string, now: EpochMs, limit: number, refusedToo: boolean): Promise<boolean>;
  saveStanding(endpoint: string, standing: string | null): Promise<void>;
}
