/**
 * What passes between the outbox (any thread) and its writer (a worker thread): batches of requests
 * one way, the results in the same order the other. Plain data only, so that it can be cloned.
 */
import type { LinkQuery, LinkState, RecordedLink } from "../../recordings/ledger.ts";
import type { DeliveryDetail, EndpointCounts, Listed, Lookup, StoreCounts } from "../lookup.ts";
import type {
  Attempt,
  Checkpoint,
  Fate,
  OutboxFault,
  PruneCursor,
  Pruned,
  PruneLimits,
  Replay,
} from "../outbox.ts";
import type { Backlog, Shelving, TakenUp, TakeUp } from "../pending.ts";
import type { Packed, PackedResults } from "./packing.ts";

/** One event ready to be stored: what the store must know of it, and the whole as JSON. */
export interface EventRow {
  readonly eventId: string;
  readonly pbx: string;
  readonly callId: string;
  readonly at: number;
  readonly body: string;
  readonly endpoints: readonly string[];
  /** As in Entry. */
  readonly seekAt?: number;
}

export interface SettleRow {
  readonly deliveryId: number;
  readonly attempt: Attempt | null;
  readonly fate: Fate;
  readonly standing?: string | null;
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
  /** 0 or 1. */
  readonly replay: number;
  readonly body: string;
}

/** TakenUp with rows for deliveries. */
export interface TakenUpRows extends Omit<TakenUp, "woken" | "next"> {
  readonly woken: readonly { readonly deliveries: readonly PendingRow[]; readonly more: boolean }[];
  readonly next: readonly PendingRow[];
}

/** Every operation of the store: its arguments and what it answers. */
export interface Operations {
  append: {
    args: { readonly events: readonly EventRow[]; readonly checkpoints: readonly Checkpoint[] };
    /** For each event its deliveries; null for an event that was stored before. */
    answer: readonly (readonly Made[] | null)[];
  };
  settle: { args: { readonly settlements: readonly SettleRow[] }; answer: null };
  backlog: { args: Record<never, never>; answer: readonly Backlog[] };
  takeUp: { args: TakeUp; answer: TakenUpRows };
  shelve: { args: { readonly shelvings: readonly Shelving[] }; answer: null };
  hasten: {
    args: {
      readonly endpoint: string;
      readonly now: number;
      readonly limit: number;
      readonly refusedToo: boolean;
    };
    answer: boolean;
  };
  saveStanding: {
    args: { readonly endpoint: string; readonly standing: string | null };
    answer: null;
  };
  loadCheckpoints: { args: { readonly pbx: string }; answer: readonly Checkpoint[] };
  replay: { args: { readonly replays: readonly Replay[] }; answer: readonly PendingRow[] };
  prune: {
    args: {
      readonly limits: PruneLimits;
      readonly after: PruneCursor | null;
      readonly eventsMax: number;
    };
    answer: Pruned;
  };
  compact: { args: Record<never, never>; answer: boolean };
  saveLink: {
    args: { readonly link: RecordedLink; readonly events: readonly EventRow[] };
    answer: readonly (readonly Made[] | null)[];
  };
  dueLinks: {
    args: { readonly state: LinkState; readonly until: number; readonly limit: number };
    answer: readonly RecordedLink[];
  };
  linksSoughtSince: {
    args: { readonly pbx: string; readonly endedFrom: number; readonly limit: number };
    answer: readonly RecordedLink[];
  };
  nextLinkDueAt: { args: { readonly after: number }; answer: number | null };
  ownersOfFiles: {
    args: { readonly pbx: string; readonly sourceIds: readonly string[] };
    answer: readonly (readonly [sourceId: string, key: string])[];
  };
  findLinks: {
    args: { readonly what: LinkQuery; readonly limit: number };
    answer: readonly RecordedLink[];
  };
  linksStoredBefore: {
    args: { readonly at: number; readonly limit: number };
    answer: readonly RecordedLink[];
  };
  storedBytes: { args: Record<never, never>; answer: number };
  forgetLinks: {
    args: { readonly endedBefore: number; readonly limit: number };
    answer: number;
  };
  /** Writes the time, so that each proves a write of its own. */
  probe: { args: { readonly time: string }; answer: null };
}

export type OperationName = keyof Operations;

export type Request = {
  [O in OperationName]: { readonly operation: O } & Operations[O]["args"];
}[OperationName];

export type Result =
  | { readonly ok: true; readonly answer: Operations[OperationName]["answer"] }
  | { readonly ok: false; readonly message: string };

export type ToWriter =
  | { readonly say: "run"; readonly requests: Packed }
  | { readonly say: "close" };

export type FromWriter =
  | { readonly say: "ready" }
  | { readonly say: "refused"; readonly fault: OutboxFault; readonly message: string }
  | { readonly say: "ran"; readonly results: PackedResults };

/** What the reader thread answers: the port's look-ups, one question after another. */
export type LookupName = keyof Lookup;

export interface Answers {
  list: Listed;
  show: DeliveryDetail | null;
  endpointCounts: readonly EndpointCounts[];
  counts: StoreCounts;
}

export type Question = {
  [N in LookupName]: {
    readonly id: number;
    readonly ask: N;
    readonly args: Parameters<Lookup[N]>;
  };
}[LookupName];

export type FromReader =
  | { readonly id: number; readonly ok: true; readonly answer: Answers[LookupName] }
  | { readonly id: number; readonly ok: false; readonly message: string };
