/** Calls as they are kept over a restart of ours, each by itself; also as older versions kept them. */
import { type DnRef, idOf } from "./activity.ts";
import type { ByDn } from "./byDn.ts";
import { awaitsOrder } from "./callback.ts";
import { isInquired } from "./callLog.ts";
import { Calls, userOf } from "./calls.ts";
import { lastLegsMax } from "./legs.ts";
import type { BlindStretch, Gap, Hidden } from "./state.ts";
import { type Call, initialState, newCall, type TrackerState } from "./state.ts";

/** A call as its own checkpoint. */
export function serialise(call: Call): string {
  return JSON.stringify(call);
}

/**
 * A call of which a checkpoint is wanted: it has an outside party, or it is an inside one of somebody who has an outside
 * call, and may be joined with that while we are down (a queue has callers, and joins nothing). All other inside calls a snapshot tells.
 */
export function isKept(calls: Calls, call: Call): boolean {
  if (call.external !== null) return true;
  const hasCall = ({ dn, kind }: DnRef) => kind === "extension" && calls.ofUser(dn).length > 0;
  return call.legs.some(
    ({ leg: { dn, dnKind, party } }) => hasCall({ dn, kind: dnKind }) || hasCall(party),
  );
}

/** The inside calls of whoever has this outside call. */
export function besides(calls: Calls, call: Call): readonly Call[] {
  const user = call.external === null ? undefined : userOf(call);
  return user === undefined ? [] : calls.insideOf(user).filter((one) => one.external === null);
}

/** Times by the PBX's clock, or frozen in an id. */
const fixedTimes = new Set(["establishedAt", "startedAt"]);

/** The checkpoint as a clock would have it that is ahead of the one it was written by; every name of a time ends in `At`. */
function parse(checkpoint: string, aheadMs: number) {
  if (aheadMs === 0) return JSON.parse(checkpoint);
  return JSON.parse(checkpoint, (name, value) => {
    // 0 means never.
    const isTime = typeof value === "number" && value > 0 && name.endsWith("At");
    return isTime && !fixedTimes.has(name) ? value + aheadMs : value;
  });
}

/**
 * The state that checkpoints hold, by a clock that is ahead of theirs. What was being asked when we went down is asked anew: deadlines of a
 * hidden call start from the next answer, so that nothing is judged before the PBX has been seen again.
 */
export function restore(checkpoints: Iterable<string>, aheadMs = 0): TrackerState {
  const calls: Call[] = [];
  for (const text of checkpoints) {
    const saved = parse(text, aheadMs) as Call;
    const made = newCall(saved.callNumber, saved.firstSeenAt);
    const call = { ...made, ...saved, ...listsOf(saved), talk: talkOf(saved) };
    const hidden = call.hidden && {
      ...call.hidden,
      looks: 0,
      dueAt: null,
      witness: witnessOf(call),
    };
    // Whether the list is a witness shows anew.
    calls.push({ ...call, hidden, omittedAt: [] });
  }
  const legs = calls.flatMap((call) => call.legs.map(({ leg }) => leg));
  const inOrder = legs.sort((a, b) => idOf(a) - idOf(b));
  const lastLegs = inOrder.slice(-lastLegsMax).map(({ legId }) => legId);
  return { ...initialState, calls: Calls.of(calls), lastLegs };
}

/** That the call is over stays known; all else is asked anew. */
function witnessOf(call: Call): Hidden["witness"] {
  if (awaitsOrder(call)) return "callback";
  return isInquired(call) ? "inquired" : "asked";
}

/** What is still to be looked up of a blind stretch, and what log and list have shown of themselves; null if there is nothing of either. */
export function serialiseStretch(state: TrackerState): string | null {
  const { stretch, gap, logNumbered, startsMove } = state;
  const isNothing = stretch === null && !logNumbered && !startsMove;
  return isNothing ? null : JSON.stringify({ stretch, gap, logNumbered, startsMove });
}

/** The stretch goes on until the next snapshot. */
export function restoreStretch(checkpoint: string, aheadMs = 0): Partial<TrackerState> {
  const saved = parse(checkpoint, aheadMs) as {
    stretch: BlindStretch | null;
    gap: Gap;
    logNumbered?: boolean;
    startsMove?: boolean;
  };
  const { stretch, gap, logNumbered = false, startsMove = false } = saved;
  if (stretch === null) return { logNumbered, startsMove };
  // Older ones do not name the consultations that took a call over.
  const told = stretch.told.map((identity) => ({ ...identity, aliases: identity.aliases ?? [] }));
  return { stretch: { ...stretch, told, toAt: null, dueAt: null }, gap, logNumbered, startsMove };
}

/** Checkpoints of 0.1.0 know no conversation that the list alone shows. */
function talkOf({ talk }: Call): Call["talk"] {
  const none = { shownBy: "legs", legNumberMax: 0, legNumberMaxId: 0 } as const;
  return talk && { ...none, ...talk };
}

/** Checkpoints of 0.1.0 have objects with legs and DNs as keys where there are lists now. */
function listsOf({ legs, offers, rings, reached }: Call): Partial<Call> {
  const byDn = <T>(saved: ByDn<T>) =>
    Array.isArray(saved) ? saved : Object.entries(saved as unknown as Record<string, T>);
  return {
    legs: Array.isArray(legs) ? legs : Object.values(legs),
    offers: byDn(offers),
    rings: byDn(rings),
    reached: byDn(reached),
  };
}
