/**
 * The port through which recordings are found and fetched, whoever keeps them: the PBX over its API, or
 * its folder on this machine.
 */
import type { EpochMs } from "../../events/event.ts";

/** One end of a recorded conversation. */
export interface Side {
  /** The DN on the PBX; "" if not told. */
  readonly dn: string;
  /** The number as dialled or shown; "" or a word if withheld. */
  readonly number: string;
  /** A queue's own recording stands for whichever agent took the call. */
  readonly isQueue: boolean;
}

/** A recording as its keeper lists it. */
export interface Found {
  /** The keeper's own name for it; never shown to others. */
  readonly id: string;
  /** When recording began: at the answer, or when it was switched on. */
  readonly startedAt: EpochMs;
  /** Null if not told. */
  readonly endedAt: EpochMs | null;
  readonly from: Side;
  readonly to: Side;
  /** Of which call it is, where the keeper says so. */
  readonly call: { readonly number: number; readonly startedAt: EpochMs } | null;
  /** What was made of it in words; null as long as there is nothing. */
  readonly transcript: Transcript | null;
}

export interface Transcript {
  readonly summary: string;
  readonly transcription: string;
  readonly sentimentScore: string;
}

/** All that began in a stretch, or why that is not known. */
export type Listing =
  | { readonly kind: "listed"; readonly found: readonly Found[] }
  /** The keeper says that we may not; `reason` tells the way out. */
  | { readonly kind: "denied"; readonly reason: string }
  /** May pass. */
  | { readonly kind: "failed"; readonly reason: string };

export type Fetched =
  | { readonly kind: "fetched"; readonly bytes: number }
  /** It is no longer there, or larger than allowed: asking again is useless. */
  | { readonly kind: "refused"; readonly reason: string }
  /** May pass. */
  | { readonly kind: "failed"; readonly reason: string };

export interface RecordingSource {
  /** Recordings that began from `fromAt` to `toAt`, of these users at least. Never throws. */
  list(fromAt: EpochMs, toAt: EpochMs, users: readonly string[]): Promise<Listing>;
  /** Writes the file to `path`, which must not exist; leaves nothing there unless fetched. Never throws. */
  download(id: string, path: string, signal: AbortSignal): Promise<Fetched>;
}
