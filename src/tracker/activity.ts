/**
 * The tracker's input: one normalised low-level fact about legs, whatever the source.
 * A source owes: activities of one call in the order in which the PBX made them; nothing invented.
 */
import type { EpochMs } from "../events/event.ts";

/** What a DN is. `unknown`: the PBX has not said (yet). */
export type DnKind =
  | "extension"
  | "queue"
  | "ivr"
  | "ringgroup"
  | "trunk"
  | "routepoint"
  | "parking"
  | "specialmenu"
  | "fax"
  | "conference"
  | "other"
  | "unknown";

/** What rings others for a caller: their legs are its polling, not the call's next place. */
export function canPoll<Kind extends string>(
  kind: Kind | undefined,
): kind is Kind & ("queue" | "ringgroup") {
  return kind === "queue" || kind === "ringgroup";
}

/** Where a caller is, and whom nobody has answered yet. */
export function holdsCallers<Kind extends string>(
  kind: Kind | undefined,
): kind is Kind & ("queue" | "ringgroup" | "ivr") {
  return kind === "ivr" || canPoll(kind);
}

/** Nobody's extension has so many digits. */
const longDigitsMin = 7;

/** Dialled to the PBX itself, as to forward one's calls. */
export function isCode(number: string): boolean {
  return number.startsWith("*");
}

/** Where nobody says whose it is, it is an outside party's. */
export function isLongNumber(number: string): boolean {
  return !isCode(number) && number.replace(/\D/g, "").length >= longDigitsMin;
}

export interface DnRef {
  readonly dn: string;
  readonly kind: DnKind;
}

/** The other side of a leg. An outside party stands behind a trunk (`kind: "trunk"`). */
export interface Party extends DnRef {
  /** Caller's or dialled number as the PBX gives it; "" if withheld or not known yet. */
  readonly number: string;
  readonly name: string;
}

/** The DID that the call came in on. */
export interface Did {
  readonly number: string;
  /** Name of the inbound rule; "" if it has none or is not known. */
  readonly ruleName: string;
}

export type LegStatus = "dialing" | "ringing" | "connected";

/** One DN's part in a call. */
export interface Leg {
  /** `dn/id`: unique within the PBX's uptime. */
  readonly legId: string;
  readonly dn: string;
  readonly dnKind: DnKind;
  readonly status: LegStatus;
  readonly party: Party;
  /** Best known DID of the call, null if unknown. */
  readonly did: Did | null;
  /** The DN that made this leg by routing; null if its owner did, or unknown. */
  readonly originatedBy: DnRef | null;
  /** Who blind-transferred the call here; valid only while ringing. */
  readonly referredBy: DnRef | null;
  readonly onBehalfOf: DnRef | null;
  /** The PBX's number of the call; restarts with the PBX. */
  readonly callNumber: number;
  /** Number of the leg in its call, 1 = originator; 0 if not told. */
  readonly legNumber: number;
}

/** One row of the PBX's own list of active calls. */
export interface ActiveCall {
  readonly callNumber: number;
  readonly caller: Party;
  readonly callee: Party;
  /** The DID of an incoming call, if the trunk tells it (it has only one); else null. */
  readonly did: Did | null;
  /** A number of ours stands where that of who calls does, who has none here, then: it was called, or is theirs. */
  readonly ownNumber?: string;
  readonly status: string;
  /** When the call began, by the PBX's clock; null if not told. */
  readonly establishedAt: EpochMs | null;
  /** When the row last changed, by our clock, to about a second; null if not told. */
  readonly changedAt: EpochMs | null;
}

/** The PBX-wide number of a leg. */
export function idOf({ legId }: Pick<Leg, "legId">): number {
  return Number(legId.slice(legId.lastIndexOf("/") + 1));
}

/** Its parties are connected, as far as a row says so. */
export function talks({ status }: ActiveCall): boolean {
  return status.toLowerCase() === "talking";
}

/** It is still on its way to somebody. */
export function routes({ status }: ActiveCall): boolean {
  return status.toLowerCase() === "routing";
}

/** A leg appeared or changed. `at`, of a connected one: when the PBX said that it did, though what it is was asked for afterwards. */
export interface LegChanged {
  readonly kind: "legChanged";
  readonly at: EpochMs;
  readonly leg: Leg;
}

/** A leg is gone (removed, or the PBX answered 404 for it). */
export interface LegGone {
  readonly kind: "legGone";
  readonly at: EpochMs;
  readonly legId: string;
}

/** All visible legs at this moment. What is not in it is gone. */
export interface Snapshot {
  readonly kind: "snapshot";
  readonly at: EpochMs;
  readonly legs: readonly Leg[];
  /** The DNs that are monitored, if told: a leg of another one may live on, unseen. */
  readonly dns?: readonly string[];
}

/** The list of active calls as it was at a moment after `askedAt`. */
export interface ActiveCalls {
  readonly kind: "activeCalls";
  readonly at: EpochMs;
  readonly askedAt: EpochMs;
  readonly calls: readonly ActiveCall[];
}

/** The list of active calls could not be had (forbidden, failed, switched off). */
export interface ActiveCallsUnavailable {
  readonly kind: "activeCallsUnavailable";
  readonly at: EpochMs;
}

/** One conversation of a call, as the PBX's call log has it. */
export interface LoggedTalk {
  /** The extension that talked. */
  readonly user: string;
  readonly answeredAt: EpochMs;
  readonly endedAt: EpochMs;
}

/** One call with an outside party, as the PBX's call log has it after its end. Times by our clock, but `establishedAt`. */
export interface LoggedCall {
  /** The number part of the PBX's call-history id; null if the log does not tell it. */
  readonly callNumber: number | null;
  readonly direction: "incoming" | "outgoing";
  /** The outside party's number and name. */
  readonly number: string;
  readonly name: string;
  readonly did: Did | null;
  /** When the call began, by the PBX's clock. */
  readonly establishedAt: EpochMs;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  /** In order of time. */
  readonly talks: readonly LoggedTalk[];
  /** The queue, IVR, ring group or extension that it reached last; the caller of an outgoing call. */
  readonly level: DnRef | null;
  /** Likewise after the last of the talks: it was handed over, and missed there; null if it was not, or nobody talked. */
  readonly missedLevel: DnRef | null;
  /** The queues and ring groups that it came to; a call back may have none, though its queue polls the agents. */
  readonly polledBy: readonly string[];
  /** The caller ordered a callback at the queue. */
  readonly callbackOrdered: boolean;
}

/** The PBX's log of calls that began or ended from `fromAt` to `toAt`. Calls that still go on are not in it. */
export interface CallLog {
  readonly kind: "callLog";
  readonly at: EpochMs;
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly calls: readonly LoggedCall[];
  /** Some of it could not be read: the stretch is too long, or has too many calls. */
  readonly isCut: boolean;
}

/** The call log could not be had (forbidden, failed). */
export interface CallLogUnavailable {
  readonly kind: "callLogUnavailable";
  readonly at: EpochMs;
}

/** The queues that let a caller order a callback, as far as is known now. */
export interface CallbackQueues {
  readonly kind: "callbackQueues";
  readonly at: EpochMs;
  readonly queues: readonly string[];
}

/** How long queues and ring groups let a phone ring, by their DN, as far as is known now. */
export interface RingTimes {
  readonly kind: "ringTimes";
  readonly at: EpochMs;
  readonly ringMs: readonly (readonly [dn: string, ms: number])[];
}

/** Not connected, or not running. */
export type BlindCause = "connection" | "restart";

/** From `sinceAt` on we may have missed what happened. */
export interface SightLost {
  readonly kind: "sightLost";
  readonly at: EpochMs;
  readonly sinceAt: EpochMs;
  readonly cause: BlindCause;
}

/** Time passed: a deadline of the tracker may be due. */
export interface Tick {
  readonly kind: "tick";
  readonly at: EpochMs;
}

export type Activity =
  | LegChanged
  | LegGone
  | Snapshot
  | ActiveCalls
  | ActiveCallsUnavailable
  | CallLog
  | CallLogUnavailable
  | CallbackQueues
  | RingTimes
  | SightLost
  | Tick;
export type ActivityKind = Activity["kind"];
