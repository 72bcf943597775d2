/**
 * What the last run of the pipeline left: calls, until when it saw, and by which clock. Taken up by the clock of this
 * run: a wall clock that jumped while we were down changes no duration, as far as the machine tells that it did.
 */
import type { EpochMs } from "./events/event.ts";
import type { Checkpoint, Outbox } from "./outbox/outbox.ts";
import type { Calls } from "./tracker/calls.ts";
import {
  besides,
  isKept,
  restore,
  restoreStretch,
  serialise,
  serialiseStretch,
} from "./tracker/checkpoint.ts";
import type { Call, TrackerState } from "./tracker/state.ts";
import type { TimeBase } from "./util/clock.ts";

/** Until when we saw. */
export const seenKey = "seen";
/** What is still to be looked up of a blind stretch, and what is known of the log. */
const stretchKey = "stretch";
/** What the times in the checkpoints count from. */
const timeBaseKey = "timeBase";

export interface LastRun {
  readonly state: TrackerState;
  /** Until then it saw; 0 if there was none, or it saw nothing. */
  readonly seenAt: EpochMs;
}

/**
 * The calls that have a row in the store: of the many inside calls only those that may matter. The row of one that does
 * so no more goes when that call next changes.
 */
export class CallRows {
  readonly #pbx: string;
  readonly #stored: Set<number>;

  constructor(pbx: string, stored: Calls) {
    this.#pbx = pbx;
    this.#stored = new Set(stored.values().map(({ callNumber }) => callNumber));
  }

  /** What is to be written when these calls have changed. */
  after(changed: ReadonlySet<number>, calls: Calls): Checkpoint[] {
    const concerned = new Set(changed);
    for (const callNumber of changed) {
      const call = calls.get(callNumber);
      const others = call === undefined ? [] : besides(calls, call);
      for (const other of others) {
        if (!this.#stored.has(other.callNumber)) concerned.add(other.callNumber);
      }
    }
    return [...concerned].flatMap((callNumber) => {
      const call = calls.get(callNumber);
      if (call !== undefined && isKept(calls, call)) {
        this.#stored.add(callNumber);
        return [rowOf(this.#pbx, call)];
      }
      const wasStored = this.#stored.delete(callNumber);
      return wasStored ? [{ pbx: this.#pbx, key: String(callNumber), state: null }] : [];
    });
  }
}

function rowOf(pbx: string, call: Call): Checkpoint {
  return { pbx, key: String(call.callNumber), state: serialise(call) };
}

/** The checkpoint of the blind stretch would be the same. */
export function isSameStretch(before: TrackerState, now: TrackerState): boolean {
  const isShown = before.logNumbered === now.logNumbered && before.startsMove === now.startsMove;
  return isShown && before.stretch === now.stretch;
}

export function stretchCheckpoint(pbx: string, state: TrackerState): Checkpoint {
  return { pbx, key: stretchKey, state: serialiseStretch(state) };
}

export async function takeUp(
  outbox: Pick<Outbox, "append" | "loadCheckpoints">,
  pbx: string,
  timeBase: TimeBase | null,
): Promise<LastRun> {
  const saved = new Map<string, string>();
  for (const { key, state } of await outbox.loadCheckpoints(pbx)) saved.set(key, state ?? "");
  const take = (key: string) => {
    const text = saved.get(key) ?? null;
    saved.delete(key);
    return text;
  };
  const before = take(timeBaseKey);
  const seen = take(seenKey);
  const stretch = take(stretchKey);
  const aheadMs = timeBase === null || before === null ? 0 : jumpOf(JSON.parse(before), timeBase);
  const blind = stretch === null ? {} : restoreStretch(stretch, aheadMs);
  const state = { ...restore(saved.values(), aheadMs), ...blind };
  const seenAt = seen === null ? 0 : Number(seen) + aheadMs;
  if (timeBase !== null && before !== JSON.stringify(timeBase)) {
    // In one transaction, so that all that is stored is by one clock.
    const calls = state.calls.values().map((call) => rowOf(pbx, call));
    const times = [{ pbx, key: timeBaseKey, state: JSON.stringify(timeBase) }];
    if (seenAt > 0) times.push({ pbx, key: seenKey, state: String(seenAt) });
    const blindAs = stretch === null ? [] : [stretchCheckpoint(pbx, state)];
    await outbox.append([], [...calls, ...blindAs, ...times]);
  }
  return { state, seenAt };
}

/** How far the wall clock has jumped; 0 where nothing tells. */
function jumpOf(before: TimeBase, now: TimeBase): number {
  return before.bootId === now.bootId ? now.zeroAt - before.zeroAt : 0;
}
