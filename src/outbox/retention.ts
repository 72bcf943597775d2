/**
 * Keeps the store from growing without end: what is old enough goes (RETENTION_DAYS), and while the store is
 * too big (RETENTION_MB) the oldest settled goes sooner; then free space is given back to the disk.
 * Must hold: never anything pending; one small step at a time, with pauses, so that what is live hardly waits;
 * what was never delivered is counted and said before it is gone for good.
 */
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import type { Outbox, PruneCursor, Pruned } from "./outbox.ts";

const FIRST_PASS_MS = 60_000;
const PASS_EVERY_MS = 3_600_000;
/** A step is one transaction, which others wait for: some milliseconds. */
const STEP_EVENTS = 25;
const PAUSE_MS = 50;
/** However small RETENTION_MB, this much stays: late facts of a call belong to it (its recording). */
const KEPT_AT_LEAST_MS = 3_600_000;
const DAY_MS = 86_400_000;

export interface RetentionSettings {
  /** 0 = for ever. */
  readonly retentionDays: number;
  /** 0 = no limit. */
  readonly retentionMb: number;
}

export interface RetentionOptions {
  readonly outbox: Pick<Outbox, "prune" | "compact">;
  readonly clock: Clock;
  readonly log: Log;
  /** As they are in force when a pass begins. */
  readonly settings: () => RetentionSettings;
}

export interface Retention {
  /** Ends after the step that is under way. */
  stop(): Promise<void>;
}

export function startRetention({ outbox, clock, log, settings }: RetentionOptions): Retention {
  let stopped = false;
  let under: Promise<void> = Promise.resolve();
  let wake = () => {};
  let cancel = clock.after(FIRST_PASS_MS, begin);

  function begin(): void {
    under = pass().finally(() => {
      if (!stopped) cancel = clock.after(PASS_EVERY_MS, begin);
    });
  }

  async function pass(): Promise<void> {
    const { retentionDays, retentionMb } = settings();
    if (retentionDays === 0 && retentionMb === 0) return;
    try {
      await removeOld(retentionDays, retentionMb);
      while (!stopped && (await outbox.compact())) await pause();
    } catch (error) {
      if (!stopped) log.warn({ err: error }, "store.prune-failed: tried again with the next pass");
    }
  }

  async function removeOld(retentionDays: number, retentionMb: number): Promise<void> {
    const now = clock.now();
    const limits = {
      beforeAt: retentionDays === 0 ? Number.MIN_SAFE_INTEGER : now - retentionDays * DAY_MS,
      bytesMax: retentionMb === 0 ? null : retentionMb * 1e6,
      keepFromAt: now - KEPT_AT_LEAST_MS,
    };
    const gone = { events: 0, deliveries: 0, dead: 0, expired: 0 };
    let after: PruneCursor | null = null;
    do {
      const step: Pruned = await outbox.prune(limits, after, STEP_EVENTS);
      gone.events += step.events;
      gone.deliveries += step.deliveries;
      gone.dead += step.dead;
      gone.expired += step.expired;
      after = step.next;
      if (after !== null) await pause();
    } while (after !== null && !stopped);
    if (gone.events > 0) log.info(gone, "store.pruned");
    if (gone.dead + gone.expired > 0) {
      const { dead, expired } = gone;
      log.warn({ dead, expired }, "store.pruned-undelivered: removed without ever being delivered");
    }
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancelPause = clock.after(PAUSE_MS, resolve);
      wake = () => {
        cancelPause();
        resolve();
      };
    });
  }

  return {
    async stop() {
      stopped = true;
      cancel();
      wake();
      await under;
    },
  };
}
