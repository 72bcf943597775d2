/** What one process of the bench is asked to do, and what it says when it is done. */
import type { ContenderName } from "./contenders.ts";

export interface Places {
  /** Where to deliver. */
  readonly url: string;
  /** The contender's own, empty. */
  readonly folder: string;
  readonly redisAlways: number;
  readonly redisEverysec: number;
  readonly postgres: string;
}

export interface Job {
  readonly name: ContenderName;
  readonly places: Places;
  /**
   * `drain`: everything is enqueued before delivery begins; `flow`: enqueued one by one while it is delivered, at
   * most `unsettledMax` at a time; `paced`: one by one, `perS` a second; `order`: in rounds of one for each call,
   * and delivered meanwhile.
   */
  readonly mode: "drain" | "flow" | "paced" | "order";
  readonly count: number;
  /** So many of them are delivered before the clock starts: code is compiled, caches and pools fill. */
  readonly uncounted: number;
  readonly keys: number;
  readonly concurrency: number;
  readonly unsettledMax: number;
  readonly perS: number;
}

export interface Done {
  /** From the start, or the last settlement that does not count, to the last one … */
  readonly tookMs: number;
  /** … and how many were settled meanwhile. */
  readonly counted: number;
  /** `drain`: how long the enqueueing before took. */
  readonly enqueueMs: number;
  /** Of this process with all its threads, while that lasted. Servers not counted. */
  readonly cpuMs: number;
  readonly rssMbMost: number;
  /** `paced`: when each item was handed over, by the machine's monotonic clock. */
  readonly enqueuedAtMs: readonly number[];
}

/** Milliseconds of the machine's monotonic clock, the same for all its processes. */
export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;
