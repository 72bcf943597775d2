/**
 * The port through which a phone system is watched. A source turns what one PBX says into activities
 * (tracker/activity.ts), in order per call, and tells how its connection lives.
 */
import type { EpochMs } from "../events/event.ts";
import type { RecordingSource } from "../recordings/find/recordingSource.ts";
import type { Activity } from "../tracker/activity.ts";

/** Why a PBX refused us, in the order in which an operator would look. */
export type Refusal =
  | "wrong-secret"
  | "call-control-off"
  | "licence"
  | "address-not-allowed"
  | "not-found"
  | "other";

export type SourceStatus =
  | { readonly state: "connecting"; readonly sinceAt: EpochMs; readonly attempt: number }
  | { readonly state: "live"; readonly sinceAt: EpochMs; readonly visibleDns: readonly string[] }
  /** Refused by the PBX: retried slowly, the reason is a sentence for the operator. */
  | {
      readonly state: "refused";
      readonly refusal: Refusal;
      readonly reason: string;
      readonly retryAt: EpochMs;
    }
  /** Connection lost or not had: retried with back-off. */
  | { readonly state: "waiting"; readonly reason: string; readonly retryAt: EpochMs }
  | { readonly state: "stopped" };

/** Things that a source counts; all since start. */
export interface SourceCounters {
  frames: number;
  framesNotUnderstood: number;
  answersNotUnderstood: number;
  /** Readings of legs without a call, which are left out. */
  phantomLegs: number;
  entityGets: number;
  snapshots: number;
  reconnects: number;
  tokensFetched: number;
}

export interface Source {
  /** Connects and keeps connected until `stop`. Calls the sink synchronously, in order. */
  start(sink: (activity: Activity) => void): void;
  /** Does not wait any longer to connect again: somebody may have put right why it could not. */
  connectNow(): void;
  /** Asks for the list of active calls at once; answered by an `activeCalls` or `activeCallsUnavailable` activity. */
  askActiveCalls(): void;
  /** Asks for the PBX's call log of a stretch; answered by a `callLog` or `callLogUnavailable` activity. */
  askCallLog(fromAt: EpochMs, toAt: EpochMs): void;
  /**
   * The sink left out what it was told: at once, as after a lost connection, the list of active calls and all legs are
   * read, and what is told once only is told again.
   */
  readAgain(): void;
  /** The PBX's recordings, listed and fetched over its API. */
  readonly recordings: RecordingSource;
  status(): SourceStatus;
  /** Called on each change of status; returns the way to stop listening. */
  onStatus(listener: (status: SourceStatus) => void): () => void;
  readonly counters: Readonly<SourceCounters>;
  /** Ends within a second; nothing reaches the sink afterwards. */
  stop(): Promise<void>;
}
