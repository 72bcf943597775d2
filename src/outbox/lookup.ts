/**
 * How the store is looked into: which deliveries there are, one of them with all its attempts, and how many
 * each endpoint has of what. Must hold: no question reads the whole store in one go; what is asked for a page
 * examines a bounded number of deliveries and says where to go on.
 */
import type { Direction, EpochMs, EventKind, OffhookEvent } from "../events/event.ts";
import type { Attempt } from "./outbox.ts";

export const DELIVERY_STATES = ["pending", "delivered", "dead", "expired"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

type Named = readonly [kind: EventKind, direction?: Direction];

const KINDS = {
  ringing: ["ringing"],
  dialing: ["dialing"],
  answered: ["answered"],
  ended: ["ended"],
  ringstop: ["ringstop"],
  callsummary: ["callsummary"],
  recording: ["recording"],
  norecording: ["norecording"],
  ai: ["ai"],
  gap: ["gap"],
} as const satisfies Readonly<Record<EventKind, Named>>;

/** What webhooks of any profile call an event, as in the ini's `EVENTS`: an end is not its recording. */
const WIRE_NAMES = {
  hangupincoming: ["answered", "incoming"],
  hangupoutgoing: ["answered", "outgoing"],
  pickupincoming: ["answered", "incoming"],
  pickupoutgoing: ["answered", "outgoing"],
  incomingcall_started: ["answered", "incoming"],
  outgoingcall_started: ["answered", "outgoing"],
  incoming: ["ended", "incoming"],
  outgoing: ["ended", "outgoing"],
} as const satisfies Readonly<Record<string, Named>>;

export type EventName = keyof typeof KINDS | keyof typeof WIRE_NAMES;
/** What each name means; those of the wire are of one direction. */
export const EVENT_NAMES: Readonly<Record<EventName, Named>> = { ...KINDS, ...WIRE_NAMES };

/** What a delivery must be like; null = any. All of it must hold. */
export interface DeliveryFilter {
  /** Of these, at most IDS_MAX. */
  readonly ids: readonly number[] | null;
  /** What `webhook-id` says. */
  readonly eventId: string | null;
  readonly states: readonly DeliveryState[] | null;
  readonly endpoint: string | null;
  readonly pbx: string | null;
  /** Their events, by any of their names. */
  readonly kinds: readonly EventName[] | null;
  readonly user: string | null;
  readonly callerid: string | null;
  /** `yyMMddHHmmss_N`, without the link. */
  readonly callId: string | null;
  /** Event time, from … */
  readonly fromAt: EpochMs | null;
  /** … up to, not including. */
  readonly toAt: EpochMs | null;
  /** Text in the last attempt's outcome or in the reason why it is dead or expired; case is not heeded. */
  readonly outcome: string | null;
}

export const IDS_MAX = 1000;

export const ANY_DELIVERY: DeliveryFilter = {
  ids: null,
  eventId: null,
  states: null,
  endpoint: null,
  pbx: null,
  kinds: null,
  user: null,
  callerid: null,
  callId: null,
  fromAt: null,
  toAt: null,
  outcome: null,
};

export interface ListPage {
  readonly order: "newest" | "oldest";
  /** `next` of the page before, null for the first one. */
  readonly after: number | null;
  readonly limit: number;
}

export interface DeliveryRow {
  readonly deliveryId: number;
  readonly endpoint: string;
  readonly state: DeliveryState;
  readonly sequence: number;
  readonly event: OffhookEvent;
  readonly attempts: number;
  /** How often it was asked for again by an operator. */
  readonly replays: number;
  /** While pending: not to be tried before this time; 0 = at once. */
  readonly dueAt: EpochMs;
  /** Why it is dead or expired, else null. */
  readonly reason: string | null;
  readonly lastAttempt: Omit<Attempt, "responseHead"> | null;
}

export interface Listed {
  readonly rows: readonly DeliveryRow[];
  /** Where to go on, null at the end. A page may be short, even empty, and yet not be the last. */
  readonly next: number | null;
}

export interface DeliveryDetail extends DeliveryRow {
  /** The latest of them, in order, at most ATTEMPTS_SHOWN_MAX. */
  readonly attemptsMade: readonly Attempt[];
}

export const ATTEMPTS_SHOWN_MAX = 1000;

/** What the store has for one endpoint. */
export interface EndpointCounts {
  readonly endpoint: string;
  readonly pending: number;
  readonly delivered: number;
  readonly dead: number;
  readonly expired: number;
  /** Event time of the oldest pending one. */
  readonly oldestPendingAt: EpochMs | null;
  /** Dead ones that retention has removed since the store was made. */
  readonly deadRemoved: number;
}

export interface StoreCounts {
  readonly events: number;
  readonly pending: number;
  readonly delivered: number;
  readonly dead: number;
  readonly expired: number;
}

export interface Lookup {
  list(filter: DeliveryFilter, page: ListPage): Promise<Listed>;
  show(deliveryId: number): Promise<DeliveryDetail | null>;
  /** By endpoint name. Costs the same however much is stored, as does `counts`. */
  endpointCounts(): Promise<readonly EndpointCounts[]>;
  counts(): Promise<StoreCounts>;
}
