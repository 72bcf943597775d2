/**
 * THE TRACKER: `reduce(state, activity) → { state, events }`. Pure: time comes with the activity.
 * Finds the calls that an activity concerns, works it in, and lets the rules (rules.ts) tell what is due.
 */
import type { EpochMs } from "../events/event.ts";
import { assertNever } from "../util/assertNever.ts";
import type { ActiveCall, ActiveCalls, Activity, CallLog, Leg, LoggedCall } from "./activity.ts";
import { holdsCallers, idOf, routes } from "./activity.ts";
import { heedOrderLogged } from "./callback.ts";
import {
  adoptLogged,
  entryOf,
  heedLogged,
  heedNoLog,
  heedUnlogged,
  isEntryOf,
  isInquired,
  isOfParty,
} from "./callLog.ts";
import { insideParty, rowTimeMs } from "./recognise.ts";
import type { TrackerSettings } from "./settings.ts";
import { isLogged } from "./sight.ts";
import type { Call, TrackerState } from "./state.ts";
import { isBlind } from "./state.ts";
import { type Step, Stepping } from "./stepping.ts";
import { heedUnlisted, type Sibling } from "./unlisted.ts";
import { adoptListed, heedListed, heedNoList, heedTime } from "./witness.ts";

/** Two calls that a user joins go from that user within this time. */
const togetherMs = 1_000;

/** Works one activity into the state. Never throws on any activity of the declared shape. */
export function reduce(state: TrackerState, activity: Activity, settings: TrackerSettings): Step {
  const step = new Stepping(state, activity.at, settings);
  switch (activity.kind) {
    case "legChanged":
      step.place(activity.leg);
      break;
    case "legGone":
      step.remove(activity.legId);
      break;
    case "snapshot": {
      if (activity.dns !== undefined) step.learn({ watched: activity.dns });
      step.heedOutliving(activity.legs);
      step.heedRestart(activity.legs);
      const present = new Set(activity.legs.map((leg) => leg.legId));
      for (const legId of step.legIds()) {
        if (!present.has(legId)) step.removeUnshown(legId, activity.dns);
      }
      // Of a call first seen now, as they came: who hears a conversation came after who has it.
      for (const leg of activity.legs.toSorted(byNumber)) step.place(leg);
      step.sightRegained();
      step.learn({ legIdRead: activity.legs.reduce((max, leg) => Math.max(max, idOf(leg)), 0) });
      break;
    }
    case "activeCalls":
      heedList(step, activity);
      break;
    case "activeCallsUnavailable":
      if (isBlind(state)) break;
      for (const { callNumber } of state.calls.values()) heedNoList(step.turn(callNumber));
      break;
    case "callLog":
      heedLog(step, activity);
      break;
    case "callLogUnavailable":
      if (isBlind(state)) break;
      for (const { callNumber } of state.calls.values()) heedNoLog(step.turn(callNumber));
      step.endStretch();
      break;
    case "callbackQueues":
      step.learn({ callbackQueues: activity.queues });
      break;
    case "ringTimes":
      step.learn({ ringMs: activity.ringMs });
      break;
    case "sightLost":
      step.loseSight(activity.sinceAt, activity.cause);
      break;
    case "tick":
      if (isBlind(state)) break;
      heedTimes(step, activity.at, settings);
      break;
    default:
      return assertNever(activity);
  }
  return step.done();
}

const byNumber = (one: Leg, other: Leg) => one.legNumber - other.legNumber;

/** The second witness: what the PBX's own list of calls says of ours. */
function heedList(step: Stepping, { calls: listed, askedAt }: ActiveCalls): void {
  const calls = listed.map((row) => numbered(step, row));
  step.noteStarts(calls.some((row) => hasMoved(step, row)));
  if (calls.some((row) => isOfNewPbx(step, row))) step.heedRestarted([]);
  for (const row of calls) {
    const over = step.state.calls.get(row.callNumber);
    if (over?.overAt && isOfAnother(step, over, row)) step.bury(over, over.overAt);
    step.heedJoined(row, calls);
  }
  // Of two rows of joined calls the outside party's own is the one.
  const rows = new Map(calls.map((row) => [step.callOf(row.callNumber), row]));
  for (const row of calls) rows.set(row.callNumber, row);
  step.noteUnseen(calls);
  // What legs have come meanwhile is yet to be read; then the list is asked again.
  if (isBlind(step.state)) return;
  const ours = step.state.calls.values().filter(({ overAt }) => overAt === null);
  // Of two that are joined, one goes.
  const isGone = (other: Call) => !rows.has(other.callNumber);
  for (const call of ours) {
    if (!step.knows(call.callNumber)) continue;
    const row = rows.get(call.callNumber);
    const turn = step.turn(call.callNumber);
    if (row !== undefined && !isAnothers(step, call, row)) {
      if (isUnchanged(call, row)) turn.call.blind = false;
      heedListed(turn, row, {
        askedAt,
        isJoin: () => othersOf(step, call).some((one) => isGone(one) && isJoinOf(row, call, one)),
        spoke: (dn, withDn) => step.spoke(dn, withDn),
      });
    } else heedUnlisted(turn, askedAt, siblingOf(step, call, rows), consulting(step, call));
  }
  for (const row of calls) {
    if (step.knows(step.callOf(row.callNumber)) || !isAtLevel(row) || step.isToShow(row)) continue;
    if (step.admits(row.callNumber)) adoptListed(step.turn(row.callNumber), row);
  }
}

/** A number of ours that stands where that of who calls does is theirs, if we know such a call. */
function numbered({ state }: Stepping, row: ActiveCall): ActiveCall {
  const { ownNumber: number } = row;
  if (number === undefined) return row;
  const isTheirs = state.calls.values().some(({ external }) => external?.number === number);
  return isTheirs ? { ...row, caller: { ...row.caller, number } } : row;
}

function isOfNewPbx(step: Stepping, row: ActiveCall): boolean {
  const call = step.state.calls.get(step.callOf(row.callNumber));
  return call !== undefined && call.overAt === null && isAnothers(step, call, row);
}

/** After a blind stretch a row that began at another time: the PBX has restarted, the number is in use anew. */
function isAnothers(step: Stepping, call: Call, row: ActiveCall): boolean {
  // A consultation that took the call over began at a time of its own, which the last list had.
  const isOwn = row.callNumber === call.callNumber;
  const known = isOwn ? call : step.state.unseen.get(row.callNumber);
  return step.isLost(call) && known !== undefined && isOfAnother(step, known, row);
}

function isOfAnother(step: Stepping, known: Begun, row: ActiveCall): boolean {
  return !step.state.startsMove && begunApart(known, row);
}

/** A call that came since we saw again, and that talks to the same outside party: no restart has given it another start. */
function hasMoved({ state }: Stepping, row: ActiveCall): boolean {
  const call = state.calls.get(row.callNumber);
  if (isBlind(state) || !call?.external?.number || call.overAt !== null) return false;
  if (call.firstSeenAt <= (state.gap.toAt ?? 0) || !begunApart(call, row)) return false;
  return [row.caller, row.callee].some((party) => isOfParty(call, party));
}

type Begun = Pick<Call, "establishedAt">;

function begunApart({ establishedAt }: Begun, row: ActiveCall): boolean {
  if (establishedAt === null || row.establishedAt === null) return false;
  return Math.abs(row.establishedAt - establishedAt) > rowTimeMs;
}

/**
 * Nothing has happened to a hidden call since we lost sight, though it may have been found hidden only when we saw
 * again; or since it was answered, as the list told then.
 */
function isUnchanged({ hidden, firstSeenAt, touchedAt, talk }: Call, { changedAt }: ActiveCall) {
  const seenAt = Math.max(firstSeenAt, touchedAt, talk?.answeredAt ?? 0);
  return hidden !== null && changedAt !== null && changedAt <= seenAt + rowTimeMs;
}

/** Another call of the same user that went from sight at the same moment: the two may have been joined. */
function siblingOf(step: Stepping, call: Call, rows: ReadonlyMap<number, ActiveCall>): Sibling {
  const gone = call.hidden ?? call.leaving;
  if (gone === null) return "none";
  const others = othersOf(step, call);
  const listed = others.flatMap((other) => {
    const row = rows.get(other.callNumber);
    return row === undefined ? [] : [{ other, row }];
  });
  // What was so before is no join of this one, and several outside parties may have one number.
  const seenAt = call.blind ? call.touchedAt : gone.sinceAt;
  const isFresh = ({ changedAt }: ActiveCall) =>
    changedAt === null || changedAt >= seenAt - rowTimeMs;
  // Though the other's leg may seem to be there still.
  const isJoin = ({ other, row }: (typeof listed)[number]) =>
    isFresh(row) && isJoinOf(row, call, other);
  // Or, it is, under a number that neither had.
  const pairs = others.flatMap((other) =>
    [...rows.values()].flatMap((row) => (step.knows(row.callNumber) ? [] : { other, row })),
  );
  if ([...listed, ...pairs].some(isJoin)) return "joined";
  const isTogether = (other: Call) =>
    other.hidden !== null && Math.abs(other.hidden.sinceAt - gone.sinceAt) <= togetherMs;
  const isOpen = listed.some(({ other, row }) => isTogether(other) && insideParty(row) !== null);
  return isOpen ? "unsettled" : "none";
}

/** What else the user of a call has: where no leg of theirs has shown it, they join it with none. */
function othersOf(step: Stepping, call: Call): readonly Call[] {
  const { talk } = call;
  if (talk?.shownBy !== "legs") return [];
  return step.state.calls.ofUser(talk.user).filter((other) => other !== call);
}

/** The row has the outside party of the one, and that of the other, and they talk: not a number dialled once more. */
function isJoinOf(row: ActiveCall, one: Call, other: Call): boolean {
  const { caller, callee } = row;
  if (routes(row)) return false;
  const joins = (a: Call, b: Call) => isOfParty(a, caller) && isOfParty(b, callee);
  return insideParty(row) === null && (joins(one, other) || joins(other, one));
}

function consulting(step: Stepping, { talk }: Call): boolean {
  return talk !== null && step.consults(talk.user);
}

/** The third witness: what the PBX's log says of calls that we lost sight of. */
function heedLog(step: Stepping, { calls, fromAt, toAt, isCut }: CallLog): void {
  const ours = step.state.calls.values();
  const isNumbered = step.noteNumbered(calls.some((entry) => hasNumberOf(step, entry)));
  for (const call of ours) {
    const logged = entryOf(call, calls, isNumbered);
    const turn = step.turn(call.callNumber);
    if (logged === undefined) heedUnlogged(turn);
    else if (isInquired(call)) heedLogged(turn, logged);
    else heedOrderLogged(turn, logged);
  }
  for (const logged of calls) {
    const { callNumber } = logged;
    if (!step.isNews(logged)) continue;
    if (ours.some((call) => isEntryOf(call, logged, isNumbered))) continue;
    // Without the PBX's number there is no id to tell it under.
    if (callNumber === null || step.knows(callNumber) || !step.admits(callNumber)) {
      step.lack();
      continue;
    }
    const turn = step.turn(callNumber);
    adoptLogged(turn, logged);
    step.noteTold(turn.call);
  }
  step.stretchLogged({ fromAt, toAt, isCut });
}

/** The log has a call under the number that legs or the list gave it. */
function hasNumberOf(step: Stepping, logged: LoggedCall): boolean {
  const call = logged.callNumber === null ? undefined : step.state.calls.get(logged.callNumber);
  if (call === undefined || isLogged(call) || !isOfParty(call, logged)) return false;
  return isEntryOf(call, logged, false);
}

function heedTimes(step: Stepping, at: EpochMs, settings: TrackerSettings): void {
  const { calls, stretch } = step.state;
  const due = calls.due.until(at);
  const stopped = calls.stopped.until(at - settings.ringStopMs);
  const both = stopped.length === 0 ? due : due.concat(stopped).sort((a, b) => a - b);
  for (const callNumber of both) heedTime(step.turn(callNumber));
  // An ended call is known until the log of a blind stretch, which has it too, has been read.
  const over = step.isRead() ? calls.over.until(at - settings.overKeptMs) : [];
  for (const callNumber of over) {
    // Its last, late look finds it, too.
    if (stretch !== null) step.noteTold(step.turn(callNumber).call);
    step.forget(callNumber);
  }
  step.heedStretchTime();
}

/** An outside caller at a queue, IVR or ring group. */
function isAtLevel({ caller, callee }: ActiveCall): boolean {
  return caller.kind === "trunk" && holdsCallers(callee.kind);
}
