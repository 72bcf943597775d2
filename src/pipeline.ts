/**
 * THE HEART: for each activity of one PBX → reduce → events, their deliveries and the tracker's checkpoint,
 * stored in ONE transaction before anything is sent.
 * Must hold: activities are worked in one at a time and in order; what was told is stored before it is sent;
 * a store that fails stops the intake, and the same transaction is tried again until it succeeds.
 */

import type { EpochMs, OffhookEvent } from "./events/event.ts";
import { CallRows, isSameStretch, seenKey, stretchCheckpoint, takeUp } from "./lastRun.ts";
import type { Checkpoint, Delivery, Entry, Outbox } from "./outbox/outbox.ts";
import type { Activity } from "./tracker/activity.ts";
import { isInquired } from "./tracker/callLog.ts";
import { reduce } from "./tracker/reduce.ts";
import type { TrackerSettings } from "./tracker/settings.ts";
import { isBlind, nextDueAt } from "./tracker/state.ts";
import type { Limit } from "./tracker/stepCalls.ts";
import type { Clock, TimeBase } from "./util/clock.ts";
import type { Log } from "./util/log.ts";
import { messageOf } from "./util/messageOf.ts";

export interface PipelineOptions {
  readonly tracker: TrackerSettings;
  readonly outbox: Pick<Outbox, "append" | "loadCheckpoints">;
  readonly clock: Clock;
  /** What its times count from; null if the machine does not tell. */
  readonly timeBase: TimeBase | null;
  readonly log: Log;
  /** Names of the endpoints that an event is owed to. */
  readonly route: (event: OffhookEvent) => readonly string[];
  /** The tracker wants the list of active calls. */
  readonly ask: () => void;
  /** The tracker wants the PBX's call log of a stretch. */
  readonly inquire: (fromAt: EpochMs, toAt: EpochMs) => void;
  /** Activities were left out, and there is room again: all is wanted at once, as after a lost connection. */
  readonly readAgain: () => void;
  /** Deliveries that are durable now. */
  readonly owed: (deliveries: readonly Delivery[]) => void;
  readonly recordings?: {
    /** From when the recording of what has ended is to be looked for; null if nobody wants it. */
    readonly seekAt: (event: OffhookEvent) => EpochMs | null;
    /** One is to be looked for from then on; durable now. */
    readonly sought: (seekAt: EpochMs) => void;
  };
}

export interface Pipeline {
  /** Takes an activity; never blocks, never throws. */
  take(activity: Activity): void;
  /** Why nothing is taken in at the moment; null when all is well. */
  trouble(): string | null;
  /** Calls that the tracker follows. */
  calls(): number;
  /** Takes nothing any more; resolves when all that was taken is stored, or the store keeps failing. */
  stop(): Promise<void>;
}

/** Beyond this the store has failed for long; what is left out is a blind stretch, until all legs are read again. */
const waitingMax = 100_000;
const storeRetryMs = 1_000;
/** Until when we saw is stored at least this often, so that a later start knows where it was blind. */
const seenEveryMs = 15_000;
/** The PBX's clock may differ from ours. */
const clockSlackMs = 60_000;
/** The log tells of a limit once in this time. */
const limitToldEveryMs = 60_000;
const limitLines: Readonly<Record<Limit["name"], string>> = {
  calls: "More calls at once than are followed; those beyond are told from when there is room.",
  legs: "A call has more legs than are followed; those beyond are not told.",
  links: "A call is handed on and on, as in a loop; it is told as ended and not followed further.",
};
const awaitingLine =
  "Calls that went while nobody looked wait for the PBX's call log, a minute or so at most, before their ends are told.";
/** So many of them are named. */
const namedCallsMax = 20;
/** A deadline is never awaited in a tight loop, whatever the clock does. */
const tickMsMin = 10;

/** Takes up the calls that were followed before the last stop. */
export async function createPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { tracker, outbox, clock, log } = options;
  const lastRun = await takeUp(outbox, tracker.pbx, options.timeBase);
  let { state } = lastRun;
  const rows = new CallRows(tracker.pbx, state.calls);
  // A wall clock that was set back meanwhile, and nothing tells: what lies ahead was seen until now.
  let seenStoredAt = Math.min(lastRun.seenAt, clock.now());
  const waiting: Activity[] = [];
  const limitToldAt = new Map<Limit["name"], EpochMs>();
  const awaitingLog = new Set<number>();
  let lastAt: EpochMs = Number.NEGATIVE_INFINITY;
  let working = false;
  let worked: Promise<void> = Promise.resolve();
  let trouble: string | null = null;
  /** Since when something is left out. */
  let leftOutAt: EpochMs = Number.POSITIVE_INFINITY;
  let stopped = false;
  let cancelTick = () => {};

  function take(activity: Activity): void {
    if (stopped) return;
    if (waiting.length >= waitingMax) {
      trouble = `more than ${waitingMax} activities wait for the store`;
      if (activity.kind !== "tick") leftOutAt = Math.min(leftOutAt, unseenFrom(activity));
      return;
    }
    // What was heard of early and comes late, after a list or a deadline, runs back before none of them.
    lastAt = Math.max(lastAt, activity.at);
    waiting.push(activity.at === lastAt ? activity : { ...activity, at: lastAt });
    if (!working) worked = work();
  }

  /** Whatever comes while a batch is being stored is the next batch. */
  async function work(): Promise<void> {
    working = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0);
      if (leftOutAt < Number.POSITIVE_INFINITY) seeAgain();
      const { entries, checkpoints } = digest(batch);
      if (entries.length + checkpoints.length > 0) await store(entries, checkpoints);
      awaitDeadline();
    }
    working = false;
  }

  /** There is room again: what was left out is a blind stretch, which stands after all that was taken before it. */
  function seeAgain(): void {
    const sinceAt = leftOutAt;
    leftOutAt = Number.POSITIVE_INFINITY;
    take({ kind: "sightLost", at: clock.now(), sinceAt, cause: "connection" });
    options.readAgain();
  }

  /** What activities, one after another, change and tell. */
  function digest(batch: readonly Activity[]): { entries: Entry[]; checkpoints: Checkpoint[] } {
    const entries: Entry[] = [];
    const changed = new Set<number>();
    const before = state;
    for (const activity of batch) {
      const step = reduce(state, activity, tracker);
      state.calls.letGo();
      state = step.state;
      for (const callNumber of step.changed) changed.add(callNumber);
      for (const event of [...step.events, ...step.gaps]) entries.push(entryOf(event));
      for (const limit of step.limits) tellLimit(limit);
      if (step.ask) options.ask();
      if (step.inquireFromAt !== null) {
        options.inquire(step.inquireFromAt - clockSlackMs, activity.at + clockSlackMs);
      }
    }
    tellAwaiting(changed);
    const calls = rows.after(changed, state.calls);
    const stretch = isSameStretch(before, state) ? [] : [stretchCheckpoint(tracker.pbx, state)];
    return { entries, checkpoints: [...calls, ...stretch, ...seenAfter(batch)] };
  }

  /** An end that keeps somebody waiting is no riddle to who reads the log. */
  function tellAwaiting(changed: ReadonlySet<number>): void {
    const callNumbers: number[] = [];
    for (const callNumber of changed) {
      const call = state.calls.get(callNumber);
      if (call === undefined || !isInquired(call)) awaitingLog.delete(callNumber);
      else if (!awaitingLog.has(callNumber)) callNumbers.push(callNumber);
    }
    if (callNumbers.length === 0) return;
    for (const callNumber of callNumbers) awaitingLog.add(callNumber);
    const named = callNumbers.slice(0, namedCallsMax);
    log.info({ pbx: tracker.pbx, calls: callNumbers.length, callNumbers: named }, awaitingLine);
  }

  /** A limit that is reached is reached again and again. */
  function tellLimit(limit: Limit): void {
    const now = clock.now();
    if (now < (limitToldAt.get(limit.name) ?? 0) + limitToldEveryMs) return;
    limitToldAt.set(limit.name, now);
    log.warn({ pbx: tracker.pbx, ...limit }, limitLines[limit.name]);
  }

  function entryOf(event: OffhookEvent): Entry {
    const entry = { event, endpoints: options.route(event) };
    const seekAt = options.recordings?.seekAt(event) ?? null;
    return seekAt === null ? entry : { ...entry, seekAt };
  }

  /** Until when we saw, if it is time to store that; the PBX's own word is the proof. */
  function seenAfter(batch: readonly Activity[]): Checkpoint[] {
    const told = batch.findLast(({ kind }) => kind !== "tick" && kind !== "sightLost");
    if (told === undefined || isBlind(state) || told.at < seenStoredAt + seenEveryMs) return [];
    seenStoredAt = told.at;
    return [{ pbx: tracker.pbx, key: seenKey, state: String(seenStoredAt) }];
  }

  /** Resolves when it is durable; then, and not before, it is owed. */
  async function store(entries: readonly Entry[], checkpoints: readonly Checkpoint[]) {
    for (;;) {
      try {
        const deliveries = await outbox.append(entries, checkpoints);
        trouble = null;
        for (const { event, endpoints } of entries) logStored(log, event, endpoints);
        options.owed(deliveries);
        for (const { seekAt } of entries)
          if (seekAt !== undefined) options.recordings?.sought(seekAt);
        return;
      } catch (error) {
        trouble = messageOf(error);
        log.error({ trouble, events: entries.length }, "The store refuses to write; trying again.");
      }
      if (stopped) {
        // What follows builds on what could not be stored; the next start catches up on both.
        waiting.length = 0;
        return;
      }
      await new Promise<void>((resolve) => clock.after(storeRetryMs, resolve));
    }
  }

  function awaitDeadline(): void {
    cancelTick();
    const dueAt = nextDueAt(state, tracker);
    if (dueAt === null || stopped) return;
    const delayMs = Math.max(tickMsMin, dueAt - clock.now());
    cancelTick = clock.after(delayMs, () => take({ kind: "tick", at: clock.now() }));
  }

  if (seenStoredAt > 0)
    take({ kind: "sightLost", at: clock.now(), sinceAt: seenStoredAt, cause: "restart" });
  return {
    take,
    trouble: () => trouble,
    calls: () => state.calls.size,
    async stop() {
      stopped = true;
      cancelTick();
      await worked;
    },
  };
}

/** From when on nobody knows, if this is left out. */
function unseenFrom(activity: Activity): EpochMs {
  return activity.kind === "sightLost" ? activity.sinceAt : activity.at;
}

function logStored(log: Log, event: OffhookEvent, endpoints: readonly string[]): void {
  const { eventId, kind, callId } = event;
  const place = event.kind === "gap" ? {} : { user: event.user, link: event.link };
  log.info({ eventId, kind, callId, ...place, endpoints }, "event.stored");
}
