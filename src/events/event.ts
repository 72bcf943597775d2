/**
 * The public vocabulary: what happened on the phone system, as high-level facts about one link of one call.
 * Imports nothing. How an event is written as a webhook body is a profile's business (profiles/).
 * Source of every rule: docs/contract.md §2-§3.
 */

/** Milliseconds since 1970-01-01 UTC. */
export type EpochMs = number;

export type Direction = "incoming" | "outgoing";

/** What the internal number is. The webhook's `usertype` and the words of the missed titles derive from it. */
export type UserKind = "extension" | "queue" | "ivr" | "ringgroup" | "other";

/** How the external party came to this link: first answer, blind transfer, attended transfer. */
export type TransferType = "NotDef" | "Blind" | "Accomp";

/** Who hung up: the outside party, ours, or not known. */
export type BreakSide = "External" | "Internal" | "Undef";

/** What every event says. */
export interface EventFacts {
  /** Stable over retries, replays and restarts; sent as `webhook-id`. Holds no ".". */
  readonly eventId: string;
  /** The PBX's name in the configuration; "main" for the one of the top-level `PBX_…` keys. */
  readonly pbx: string;
  /**
   * `yyMMddHHmmss_N`, the id less its link: the same for all events of one call, which a receiver gets in
   * their order. "" for what belongs to no call.
   */
  readonly callId: string;
  /** When the fact became known to us. */
  readonly at: EpochMs;
}

/** What every event of a call says of it. */
export interface CallFacts extends EventFacts {
  /** The PBX's own number of the call (`N` of the id). */
  readonly callNumber: number;
  /** When the call reached the PBX; what `callId` was made of. */
  readonly callStartedAt: EpochMs;
  /** Number of the link in the call's chain of transfers; 0 until somebody answers. */
  readonly link: number;
  readonly direction: Direction;
  /** The external party's number as sent: one leading "+" removed, "anonymous" if withheld. */
  readonly callerid: string;
  /** The internal number: extension, queue, IVR, ring group … */
  readonly user: string;
  readonly userKind: UserKind;
  /** Name of the DID rule, else the DID number, else "". Always "" for outgoing calls. */
  readonly did: string;
  /** The DID number, "" if unknown. */
  readonly didNumber: string;
  /** The external party's display name as the PBX gives it, "" if unknown. */
  readonly displayName: string;
  /** The queues that the call has reached so far, in that order. Events stored by 0.1.0 do not have it. */
  readonly queues?: readonly string[];
}

/** A call reached an IVR, queue, ring group or extension. Outgoing only after a transfer. */
export interface RingingEvent extends CallFacts {
  readonly kind: "ringing";
}

/** A user dials out. */
export interface DialingEvent extends CallFacts {
  readonly kind: "dialing";
  readonly direction: "outgoing";
}

export interface AnsweredEvent extends CallFacts {
  readonly kind: "answered";
  readonly transferType: TransferType;
}

/** A link ended. */
export interface EndedEvent extends CallFacts {
  readonly kind: "ended";
  /** `Ok` if this link had a conversation. */
  readonly finish: "Ok" | "Missed";
  /** True if the link ended because the external party was passed on. */
  readonly transferred: boolean;
  /** Answer to end of this link; null if it had no conversation. */
  readonly talkMs: number | null;
  readonly breakSide: BreakSide;
  /** The caller ordered a callback at the queue where the call was missed. */
  readonly callbackRequested: boolean;
}

/** Why a phone stopped ringing (docs/contract.md §8). */
export type RingStopReason =
  | "answered"
  | "elsewhere"
  | "timeout"
  | "rejected"
  | "caller"
  | "unknown";

/** Opt-in: the phone of a user stopped ringing. */
export interface RingStopEvent extends CallFacts {
  readonly kind: "ringstop";
  readonly reason: RingStopReason;
}

/** Opt-in: the whole chain is over; the last that is told of a call. */
export interface CallSummaryEvent extends CallFacts {
  readonly kind: "callsummary";
  /** `Ok` if there was a conversation in any link. */
  readonly finish: "Ok" | "Missed";
  /** Links of the chain, the one that was missed included. */
  readonly links: number;
  /** Who talked, in order. */
  readonly users: readonly string[];
  /** From the first phone's ringing (or the dialling) to the first answer, or the end. */
  readonly ringMs: number;
  /** From the start of the call to the first answer, or the end. */
  readonly waitMs: number;
  /** All conversations together. */
  readonly talkMs: number;
  /** Where the last link was missed; "" if it was not. */
  readonly abandonedAt: string;
}

/** The recording of a link can be fetched (docs/contract.md §6). */
export interface RecordingEvent extends CallFacts {
  readonly kind: "recording";
  /** Where, as sent: complete URLs, in the order in which they were recorded. */
  readonly files: readonly string[];
  /** The link's end, whose fields the webhook repeats. */
  readonly ended: EndedEvent;
}

/** Opt-in: no recording was found for an answered link. */
export interface NoRecordingEvent extends CallFacts {
  readonly kind: "norecording";
  /** A word: why. */
  readonly reason: string;
}

/** Opt-in: the PBX has transcribed a link's recording. Texts are "" where the PBX has none. */
export interface AiEvent extends CallFacts {
  readonly kind: "ai";
  readonly summary: string;
  readonly transcription: string;
  readonly sentimentScore: string;
}

/** Opt-in: a stretch in which the PBX could not be watched. Belongs to no call. */
export interface GapEvent extends EventFacts {
  readonly kind: "gap";
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly reason: string;
}

/** What the course of a call tells. */
export type CallEvent =
  | RingingEvent
  | DialingEvent
  | AnsweredEvent
  | EndedEvent
  | RingStopEvent
  | CallSummaryEvent
  | RecordingEvent
  | NoRecordingEvent
  | AiEvent;
export type OffhookEvent = CallEvent | GapEvent;
export type EventKind = OffhookEvent["kind"];

/** The bodies that a receiver can choose among. */
export type ProfileName = "classic" | "current" | "k2m";

/** One field of a body, in its place. Only the recordings' list is not a string. */
export type Field = readonly [name: string, value: string | readonly string[]];
