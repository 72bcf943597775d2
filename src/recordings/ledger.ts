/**
 * The port of what is known of recordings: for each answered link whose recording is wanted, how far it has
 * come, and its files. Must hold: what `save` is given is stored in one transaction with the events that it
 * tells, durable when its promise resolves; a keeper's file is of one link at most.
 */
import type { EndedEvent, EpochMs } from "../events/event.ts";
import type { Delivery, Entry } from "../outbox/outbox.ts";

/**
 * `seeking` its files are being looked for; `fetching` they are known and being fetched and converted;
 * `announced` the webhook is owed or delivered; `none` nothing was found; `failed` nothing could be had of
 * what was found.
 */
export type LinkState = "seeking" | "fetching" | "announced" | "none" | "failed";

/** `wanted` not fetched yet; `stored` can be served; `failed` see `reason`; `removed` deleted here. */
export type FileState = "wanted" | "stored" | "failed" | "removed";

export interface RecordedFile {
  /** 1, 2 … within the link, in the order of recording. */
  readonly n: number;
  /** The keeper's own name for it. */
  readonly sourceId: string;
  readonly startedAt: EpochMs;
  readonly state: FileState;
  /** Where it is kept, relative to the place of all; "" if it is not. */
  readonly path: string;
  readonly bytes: number;
  readonly storedAt: EpochMs | null;
  /** A sentence; "" if all is well. */
  readonly reason: string;
}

/** A link and its recordings. */
export interface RecordedLink {
  /** The id of its end event. */
  readonly key: string;
  readonly ended: EndedEvent;
  readonly state: LinkState;
  /** When something is to be done next; null: nothing more. In `announced`: to look for a transcript. */
  readonly dueAt: EpochMs | null;
  /** Looks or tries made in this state. */
  readonly tries: number;
  /** Why it is not further; "" if all is well. */
  readonly reason: string;
  readonly files: readonly RecordedFile[];
}

export interface Ledger {
  /** Links in a state that are due until `until`, the longest due first, at most `limit`. */
  due(state: LinkState, until: EpochMs, limit: number): Promise<readonly RecordedLink[]>;
  /** Links of a PBX that ended at or after a time and whose files are still looked for. */
  soughtSince(pbx: string, endedFrom: EpochMs, limit: number): Promise<readonly RecordedLink[]>;
  /** When the next one is due after a time; null if none is. */
  nextDueAt(after: EpochMs): Promise<EpochMs | null>;
  /** Stores what has become of a link together with the events that tell it. */
  save(link: RecordedLink, entries: readonly Entry[]): Promise<readonly Delivery[]>;
  /** Which of the keeper's files are a link's already: id → key. */
  owners(pbx: string, sourceIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Links of a call id (with or without link), of an outside number, or of a state, newest first. `failed` are
   * also those of which one file of several failed.
   */
  find(what: LinkQuery, limit: number): Promise<readonly RecordedLink[]>;
  /** Links with files that lie on the disk since before a time, oldest first; and the bytes of all files. */
  storedBefore(at: EpochMs, limit: number): Promise<readonly RecordedLink[]>;
  storedBytes(): Promise<number>;
  /** Forgets links that ended before a time, with nothing left to do or to serve; how many. */
  forget(endedBefore: EpochMs, limit: number): Promise<number>;
}

export type LinkQuery =
  | { readonly by: "call"; readonly callId: string; readonly link: number | null }
  | { readonly by: "callerid"; readonly callerid: string }
  | { readonly by: "state"; readonly state: LinkState }
  | { readonly by: "all" };
