/**
 * What the last run of the pipeline left: calls, until when it saw, and by which clock. Taken up by the clock of this
 * run: a wall clock that jumped while we were down changes no duration, as far as the machine tells that it did.
 */
import type { EpochMs } from "./events/event.ts";
import type { Checkpoint, Outbox } from "./outbox/outbox.ts";
import { restore, restoreStretch, serialise, serialiseStretch } from "./tracker/checkpoint.ts";
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

/** Inside calls are not kept: a snapshot tells all there is to know of them. */
export function checkpointOf(pbx: string, callNumber: number, call: Call | undefined): Checkpoint {
  const kept = call !== undefined && call.external !== null;
  return { pbx, key: String(callNumber), state: kept ? serialise(call) : null };
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
    const calls = state.calls.values().map((call) => checkpointOf(pbx, call.callNumber, call));
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
