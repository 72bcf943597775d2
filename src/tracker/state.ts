/**
 * What the tracker believes: legs → links → call. Plain data only, so that a call is its own checkpoint.
 * What changes it are the steps (stepping.ts) and the rules (rules.ts); what must always hold is in invariants.ts; SPEC.md explains.
 */
import type { EpochMs, TransferType, UserKind } from "../events/event.ts";
import type { BlindCause, Did, DnRef, Leg } from "./activity.ts";
import { type ByDn, noDn } from "./byDn.ts";
import { Calls } from "./calls.ts";
import type { Consultation } from "./consultation.ts";
import type { ListedCall } from "./recognise.ts";
import type { TrackerSettings } from "./settings.ts";

/** A live leg and what the tracker remembers of it beyond what the PBX says now. */
export interface TrackedLeg {
  readonly leg: Leg;
  /** It once stood towards an inside party: the sign of a consultation. */
  readonly consulted: boolean;
  /** Rises with each leg of the call, in the order of their coming. */
  readonly order: number;
  readonly seenAt: EpochMs;
  /** It stands towards the outside party, or did and is in a conference now. */
  readonly external: boolean;
  /** It began as the ringing of the user's own phone, from nobody: click-to-call. */
  readonly offeredItself: boolean;
  /** It has rung: somebody offered the call to it. */
  readonly rang: boolean;
  /** It stood towards an inside party or in another call before, ringing or not: a consultation has brought it the outside party. */
  readonly turned: boolean;
}

/** The outside party, fixed when first seen; only blanks are filled in later. */
export interface External {
  readonly direction: "incoming" | "outgoing";
  readonly number: string;
  readonly name: string;
  /** Only its length says that the number leads outside: the PBX has not. */
  readonly isGuess?: true;
}

/** Where a call is, or was last: what a missed call is blamed on. */
export type Level = { readonly dn: string; readonly kind: UserKind };

/** The open link with a conversation. */
export interface Talk {
  readonly link: number;
  readonly user: string;
  readonly userKind: UserKind;
  readonly answeredAt: EpochMs;
  /** The queue or ring group that brought the call to this user, "" if none. */
  readonly via: string;
  /** That queue's or ring group's own leg had been seen by then. */
  readonly viaShown: boolean;
  /** Legs that had come by the answer; only later ones can be a hand-over. */
  readonly legCount: number;
  /** The highest leg number of the call by the answer, 0 if none is told; who was rung later has a higher one. */
  readonly legNumberMax: number;
  /** The PBX-wide id of the leg with that number, 0 if none is told. */
  readonly legNumberMaxId: number;
  /** Shown by legs; or by the list alone: a forward's phone (`outside`), an unseen phone or a conference (`inside`). */
  readonly shownBy: "legs" | "outside" | "inside";
  /** Set once the list has shown this conversation: when that row had changed. What it shows elsewhere later is of after the answer. */
  readonly listedAt?: EpochMs;
  /** When a list was asked that had the call on its way elsewhere, as its user talked on; the first since that row changed. */
  readonly offeredAt?: EpochMs;
  /** Since when they had spoken by the list, if nobody looked then; never later than `answeredAt`, which is when it showed. */
  readonly spokeFromAt?: EpochMs;
}

/** A link that began with a hand-over and has no conversation yet. */
export interface Handover {
  readonly link: number;
  readonly beganAt: EpochMs;
  /** Nothing offers the call any more, and its user still talks: failed, unless it goes on by then. */
  readonly failedDueAt: EpochMs | null;
  readonly transferType: TransferType;
  /** Passed on to an outside number: the rest is not a user's call. */
  readonly outside: boolean;
  /** A user of ours has been told as ringing: what goes outside from there is that user's forward. */
  readonly offered: boolean;
  /** Where the list has it, which tells a fax or a box, where nobody takes it back, and one parking place from another. */
  readonly place?: DnRef;
}

/** No visible leg stands towards the outside party; the list of active calls is asked. */
export interface Hidden {
  readonly sinceAt: EpochMs;
  /** Looks at the list (then: at the call log) so far. */
  readonly looks: number;
  /** When to look again, or, with `unavailable`, when to believe that the call is over. */
  readonly dueAt: EpochMs | null;
  readonly witness:
    | "asked"
    | "listed"
    /** Left out, and looked at again: a join may be under way. */
    | "omitted"
    | "unavailable"
    /** The call log is asked how a call that we lost sight of went on. */
    | "inquired"
    /** The call log did not have it yet. */
    | "unlogged"
    /** Over; whether the caller ordered a callback may show yet. */
    | "callback";
}

/** The user is gone, nobody has answered where it rings: legs that end together go one by one. These, too? */
export interface Leaving {
  readonly sinceAt: EpochMs;
  /** When to look at the list again; then: when to believe that the call goes on. */
  readonly dueAt: EpochMs;
  readonly looked: boolean;
  /** Legs that had come by then: a later one shows that the call goes on. */
  readonly legCount: number;
}

/** A phone of which `ringing` was told, and not yet that it stopped, if somebody wants that. */
export interface Ring {
  readonly link: number;
  readonly sinceAt: EpochMs;
  /** The queue or ring group that has it ring; "" if none. */
  readonly by: string;
  /** When its last leg went; null while it rings. Why it went shows only a moment later. */
  readonly stoppedAt: EpochMs | null;
}

/** What the summary at the end of the chain adds up. */
export interface Tally {
  readonly ringFromAt: EpochMs | null;
  readonly answeredAt: EpochMs | null;
  readonly users: readonly string[];
  /** Who answered last; older checkpoints have it in `users` alone, which are the first. */
  readonly lastUser?: string;
  readonly talkMs: number;
  /** Where the last link was missed; "" if it was not. */
  readonly abandonedAt: string;
}

/** Who answered last, as it was told. */
export function lastUserOf({ tally }: Pick<Call, "tally">): string | undefined {
  return tally.lastUser ?? tally.users.at(-1);
}

/** A user is being told as ringing: by a live leg, or as a level that no visible leg shows. */
export type Offer = "leg" | "inferred";
/** How we know that the call came there: legs that it made may name it, too. */
export type Reach = Offer | "named";

export interface Call {
  readonly callNumber: number;
  /** Numbers of consultations that took this call over; they mean it from then on. */
  readonly aliases: readonly number[];
  readonly firstSeenAt: EpochMs;
  /** Last leg activity; older looks at the list say nothing of the level. */
  readonly touchedAt: EpochMs;
  /** Start of the call by the PBX's list, if told. */
  readonly establishedAt: EpochMs | null;
  /** When the list showed it first, if before any leg. */
  readonly listedAt: EpochMs | null;
  /** Frozen at the first event. */
  readonly id: { readonly callId: string; readonly startedAt: EpochMs } | null;
  readonly eventCount: number;
  /** Null as long as no outside party is seen: an inside call, or not known yet. */
  readonly external: External | null;
  readonly did: Did | null;
  /** In the order of their coming. */
  readonly legs: readonly TrackedLeg[];
  readonly legCount: number;
  /** The leg that went last; "" if none has. */
  readonly lastLegId: string;
  /** Users that ring now (queues, IVRs and the like that hold the call, too), by DN. */
  readonly offers: ByDn<Offer>;
  readonly rings: ByDn<Ring>;
  readonly tally: Tally;
  /** Queues, IVRs, ring groups, extensions that the call has reached, by DN, and how we know; told or not, as whom a dialled call has rung is not. */
  readonly reached: ByDn<Reach>;
  /** The queues among them that were told, in the order of their coming. */
  readonly queues: readonly string[];
  readonly level: Level | null;
  /** Highest link number used. */
  readonly lastLink: number;
  readonly talk: Talk | null;
  readonly handover: Handover | null;
  readonly leaving: Leaving | null;
  readonly hidden: Hidden | null;
  /** We lost sight since a leg of it was last seen. */
  readonly blind: boolean;
  /** And neither the legs nor the list had it when we saw again: it is over, whatever the log has yet to tell of its end. */
  readonly leftOut: boolean;
  /** Time of the last answer or end that was told. */
  readonly toldUntilAt: EpochMs;
  /** Looks in a row at which the list left the call out though its legs lived. */
  readonly omittedAt: readonly EpochMs[];
  /** The level's own leg is gone: whoever rings on then is the level. */
  readonly levelDueAt: EpochMs | null;
  /** An empty number is waited for until then. */
  readonly numberDueAt: EpochMs | null;
  /** The end is told; kept a while so that late activities find it. */
  readonly overAt: EpochMs | null;
}

/** What a call is known by, beyond the life of its state. */
export interface CallIdentity extends Pick<Call, "callNumber" | "aliases"> {
  readonly direction: External["direction"];
  readonly number: string;
  /** By the PBX's clock, if told. */
  readonly establishedAt: EpochMs | null;
  /** By ours. */
  readonly beganAt: EpochMs;
}

/** A stretch of which only the call log can tell. */
export interface BlindStretch {
  /** From then on something may have been missed. */
  readonly fromAt: EpochMs;
  /** Calls that were told, or were inside ones, and whose state is gone: the log has them, too. */
  readonly told: readonly CallIdentity[];
  /** When we saw again; null as long as we do not. */
  readonly toAt: EpochMs | null;
  /** Looks at the call log so far. */
  readonly looks: number;
  /** When to look (again); null while an answer is awaited, or we are blind. */
  readonly dueAt: EpochMs | null;
}

/** The last blind stretch: told as a gap, once, if something of it stays unknown; null = not over yet. */
export interface Gap {
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs | null;
  readonly reason: BlindCause | "pbx";
  readonly told: boolean;
}

export interface TrackerState {
  readonly calls: Calls;
  /** Rows of calls that, or whose outside party, only the last list shows, by call number. */
  readonly unseen: ReadonlyMap<number, ListedCall>;
  readonly stretch: BlindStretch | null;
  /** Told lately, and no more in `calls`: the log of the next stretch may reach back to it. */
  readonly buried: { readonly at: EpochMs; readonly told: BlindStretch["told"] };
  readonly gap: Gap;
  /** The log has had a call under the number that we know (SPEC.md, S5). */
  readonly logNumbered: boolean;
  /** The list has named another start for a call that we saw all the while (SPEC.md, S12). */
  readonly startsMove: boolean;
  /** Queues that let a caller order a callback. */
  readonly callbackQueues: readonly string[];
  /** How long queues and ring groups let a phone ring. */
  readonly ringMs: ByDn<number>;
  /** DNs of which every leg shows. */
  readonly watched: readonly string[];
  /** Inside conversations that ended a moment ago. */
  readonly consultations: readonly Consultation[];
  /** The legs that came last; their ids rise as long as the PBX runs. */
  readonly lastLegs: readonly string[];
  /** The highest id of a leg as all legs were read last; 0 if none was. */
  readonly legIdRead: number;
  /** When we noticed that we were blind, if no new leg has shown since whether the PBX has started anew meanwhile. */
  readonly restartDoubt: EpochMs | null;
}

/** Nothing is left to tell. */
export const noGap: Gap = { fromAt: 0, toAt: null, reason: "connection", told: true };

export const initialState: TrackerState = {
  calls: Calls.of([]),
  unseen: new Map(),
  stretch: null,
  buried: { at: 0, told: [] },
  gap: noGap,
  logNumbered: false,
  startsMove: false,
  callbackQueues: [],
  ringMs: noDn,
  watched: [],
  consultations: [],
  lastLegs: [],
  legIdRead: 0,
  restartDoubt: null,
};

export function newCall(callNumber: number, at: EpochMs): Call {
  return {
    callNumber,
    aliases: [],
    firstSeenAt: at,
    touchedAt: at,
    establishedAt: null,
    listedAt: null,
    id: null,
    eventCount: 0,
    external: null,
    did: null,
    legs: [],
    legCount: 0,
    lastLegId: "",
    offers: noDn,
    rings: noDn,
    tally: { ringFromAt: null, answeredAt: null, users: [], talkMs: 0, abandonedAt: "" },
    reached: noDn,
    queues: [],
    level: null,
    lastLink: 0,
    talk: null,
    handover: null,
    leaving: null,
    hidden: null,
    blind: false,
    leftOut: false,
    toldUntilAt: 0,
    omittedAt: [],
    levelDueAt: null,
    numberDueAt: null,
    overAt: null,
  };
}

/** We do not see: nothing is judged by silence or time until we do again. */
export function isBlind({ stretch }: TrackerState): boolean {
  return stretch !== null && stretch.toAt === null;
}

/** The log of the last blind stretch has been read but for the last, late look, for which nothing is kept that is over. */
export function isRead({ stretch }: TrackerState, { logAgainMs }: TrackerSettings): boolean {
  return stretch === null || stretch.looks >= logAgainMs.length;
}

/** When the tracker wants the next tick; null = nothing is due. */
export function nextDueAt(state: TrackerState, settings: TrackerSettings): EpochMs | null {
  if (isBlind(state)) return null;
  const { calls, stretch } = state;
  const stoppedAt = calls.stopped.first();
  const overAt = isRead(state, settings) ? calls.over.first() : null;
  const due = earlier(stretch?.dueAt ?? null, calls.due.first());
  const rings = stoppedAt === null ? null : stoppedAt + settings.ringStopMs;
  return earlier(earlier(due, rings), overAt === null ? null : overAt + settings.overKeptMs);
}

function earlier(one: EpochMs | null, other: EpochMs | null): EpochMs | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
