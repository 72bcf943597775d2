/**
 * Live calls as the simulated PBX keeps them. A call is a set of legs; each leg belongs to one DN.
 * What must hold: leg ids rise PBX-wide, leg numbers rise within the call, both from 1; a leg is
 * readable from just before its first event until just before its Remove.
 */
import type { DnKind, InboundRule } from "./directory.ts";

export interface DnRef {
  readonly dn: string;
  readonly kind: DnKind;
}

/** The other side of a leg. `dn: ""`, `kind: null` = not known yet. */
export interface Party {
  readonly dn: string;
  readonly kind: DnKind | null;
  readonly number: string;
  readonly name: string;
}

export type LegStatus = "dialing" | "ringing" | "connected" | "hold" | "held";

/** Why a leg ended. Never on the Call Control wire; reports know it. */
export type LegEnd =
  | "hungUp"
  | "otherSideHungUp"
  | "answeredElsewhere"
  | "callerGone"
  | "noAnswer"
  | "rejected"
  | "replaced"
  | "transferred"
  | "failed"
  | "restart";

export interface Leg {
  readonly id: number;
  /** Mutable, with `call`: an attended transfer may move a leg into another call. */
  legid: number;
  call: Call;
  readonly dn: string;
  readonly kind: DnKind;
  deviceId: string;
  directControl: boolean;
  status: LegStatus;
  party: Party;
  originatedBy: DnRef | null;
  referredBy: DnRef | null;
  onBehalfOf: DnRef | null;
  readonly startedAt: number;
  answeredAt: number | null;
  end: { readonly at: number; readonly why: LegEnd } | null;
  /** Trunk legs: who is outside. */
  readonly outside: { readonly number: string; readonly name: string } | null;
  /** The leg that this one talks to. */
  peer: Leg | null;
  /** Set while the leg is offered (ringing, or a trunk dialling out). */
  offer: Offer | null;
  /** Barge-in, listening, paging: hears the call of that leg, and goes with it. */
  barges: Leg | null;
}

/** Legs offered together to one anchor: the first to accept wins. */
export interface Offer {
  readonly anchor: Leg;
  readonly legs: Set<Leg>;
  accepted(leg: Leg): void;
  refused(leg: Leg, why: LegEnd): void;
}

/** The words of XAPI `ActiveCalls.Status`. */
export type CallState = "Initiating" | "Routing" | "Talking" | "Transferring" | "Rerouting";

export interface Call {
  readonly id: number;
  readonly direction: "incoming" | "outgoing" | "internal";
  readonly startedAt: number;
  changedAt: number;
  state: CallState;
  /** Who called and where the call is now: the two columns of `ActiveCalls`. */
  caller: Party;
  callee: Party;
  rule: InboundRule | null;
  /** Live legs, oldest first. */
  readonly legs: Set<Leg>;
  /** Every leg that ever was part of it, for reports. */
  readonly allLegs: Leg[];
  lastLegid: number;
  /** What routing has under way; ends when the call moves on. */
  step: Step | null;
  /** Who is trying to hand the call over; its leg stays until that succeeds. */
  transferrer: Leg | null;
  /** The caller left a queue by ordering a call-back. */
  callbackOrdered: boolean;
  /** The call that an attended transfer joined this one with, as the log has it; null = none. */
  joinedTo: Call | null;
  /** Who called until then, where a join put another in their place. */
  readonly callersBefore: { readonly untilAt: number; readonly caller: Party }[];
  endedAt: number | null;
}

/** One stage of routing (ringing at an extension, waiting in a queue …) and the way to end it. */
export interface Step {
  readonly place: DnRef;
  end(why: LegEnd): void;
  /** Ends it, but leaves its legs to the caller: what rings or rang, then the place's own. */
  abandon(): readonly Leg[];
  /** Digit pressed by the caller; only an IVR listens. */
  press?(key: string): void;
}

/** Raised after the state is readable. */
export type PbxEvent =
  | { readonly kind: "upsert"; readonly leg: Leg }
  | { readonly kind: "remove"; readonly leg: Leg }
  | { readonly kind: "dtmf"; readonly leg: Leg; readonly digits: string }
  | { readonly kind: "callEnded"; readonly call: Call }
  | { readonly kind: "restarted" };
