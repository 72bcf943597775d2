/**
 * How late a webhook may be where nothing was in the way: the limits that docs/reliability.md states. From the moment
 * at which the PBX changed; each way of a request or frame counts as the slowest that the seed allows.
 */
import type { DnChange } from "./dnChanges.ts";
import type { Due } from "./due.ts";
import type { FaultNote } from "./faults.ts";
import { hasList, listedMs, type Setting } from "./setting.ts";
import {
  callbackHoldMs,
  firstLookMs,
  graceMs,
  leaveHoldMs,
  listInsistsMs,
  listLagMs,
  listLateMs,
  logLooksMs,
  numberHoldMs,
} from "./statedTimes.ts";
import { blinding } from "./unread.ts";

/** Work of ours, in time that stands still while we work: what is left is several legs asked for one after another. */
const ownMs = 50;
/** Beyond a few at once the list is read so often at most, for all who ask for it: each look may wait so long. */
const lookGapMs = 100;
/** What the list contradicts for so long is read again at its next reading. */
const doubtMs = 500;
/** A call of somebody who consults is looked for again and again (SPEC.md, R23): 50, 100 and 150 ms later. */
const joinLooksMs = 300 + 3 * lookGapMs;
/** The list is looked at 50, 150, 300, 700 and 1,550 ms later for a call that has just begun (SPEC.md, R16). */
const beginLooksMs = 1_550 + 5 * lookGapMs;
/** What befell another call's leg holds ours back for so long. */
const holdMs = 400;
/** Each look at the log takes its time. */
const logReadingsMs = 500;
/** A fault that long ago is over and done with. */
const recentMs = 10_000;

export interface Calm {
  readonly setting: Setting;
  readonly notes: readonly FaultNote[];
  readonly isAnonymous: boolean;
  /** Queues that offer call-backs, as far as they can be known. */
  readonly callbackQueues: ReadonlySet<string>;
  /** Its legs, as faults name them. */
  readonly entities: ReadonlySet<string>;
  /** From when to when no leg of the call was seen. */
  readonly hidden: readonly (readonly [fromAt: number, toAt: number])[];
  /** When its legs came, changed and went, as far as they can be seen. */
  readonly legsAt: readonly number[];
  /** The places and phones that it came to, and when. */
  readonly reached: readonly Pick<Due, "user" | "at">[];
  /** The log has it as another kind of call. */
  readonly isCallback: boolean;
  readonly changes: readonly DnChange[];
  /** When this program logged in. */
  readonly logIns: readonly number[];
}

/** The limit for one webhook; null = none, as a fault was in the way or nothing could show it. */
export function lateMsMax(due: Due, calm: Calm): number | null {
  const { setting, notes, isAnonymous, entities, hidden, callbackQueues } = calm;
  const wayMs = 4 * setting.latencyMsMax + ownMs + (isAnonymous ? numberHoldMs : 0);
  // What polled its user may go a while later, and hide until then that no leg carries the call on; so may who rings then
  // go before the list is asked whether the call goes on (SPEC.md, R31).
  const lingersMs =
    due.transfer === "True" ? Math.max(setting.switches.cancelMs ?? 0, listLagMs) : 0;
  const isIn = ([from, to]: Calm["hidden"][number]) => due.at >= from - lingersMs && due.at <= to;
  const isHidden = due.unseen || hidden.some(isIn);
  const isHeld = due.finish === "Missed" && usersOf(due).some((dn) => callbackQueues.has(dn));
  const logMs = isHidden && wasBlind(due, calm) ? logLooksMs + logReadingsMs : 0;
  const heldMs =
    (isHeld ? orderMs(calm, isHidden) : 0) +
    (due.unseen ? unsettledMs(due, calm) : 0) +
    againMs(due, calm);
  const lookMs = hasList(setting) && due.kind === "ended" ? lookGapMs : 0;
  const waitsMs = waitMs(due, setting, isHidden) + beginMs(due, calm) + heldMs + logMs + lookMs;
  const shownMs = due.latest - due.at;
  const limitMs = wayMs + holdMs + shownMs + waitsMs + logInMs(due, calm);
  const isNear = ({ fault, fromAt, toAt, entity }: FaultNote) =>
    fault !== "duplicateFrames" &&
    (entity === null || entity === "" || entities.has(entity)) &&
    fromAt <= due.at + limitMs &&
    toAt >= due.at - recentMs;
  if (due.fault !== null || notes.some(isNear)) return null;
  const isRing = due.usertype === "ext" && due.kind === "ringing";
  // A phone that rings again without a pause is told once, for whichever time.
  if (due.unseen && (!hasList(setting) || isRing)) return null;
  return Math.max(notes.length === 0 ? limitMs - holdMs : limitMs, readMs(due, calm) + wayMs);
}

/** A token that died before its time is found out by a request in vain, and the log-in is one more; each there and back. */
function logInMs({ at, latest }: Due, { setting, logIns }: Calm): number {
  const wayMs = 4 * setting.latencyMsMax;
  const isMeanwhile = logIns.some((loggedInAt) => loggedInAt >= at && loggedInAt <= latest + wayMs);
  return isMeanwhile ? wayMs : 0;
}

/**
 * The PBX tells nobody of the list of monitored DNs. Put on it since, a leg shows when all are read; that it was taken
 * from it before, so that the list of active calls alone tells, shows then, too, as that list contradicts the legs.
 */
function readMs({ user, at }: Due, { changes, setting }: Calm): number {
  const contradictedMs = setting.activeCallsPollMs + listedMs(setting) + doubtMs;
  const settled = changes
    .filter((change) => change.dn === user && change.visible === change.at >= at)
    .map(({ visible, settledAt }) =>
      visible ? settledAt - at : Math.min(settledAt - at, contradictedMs),
    );
  return Math.max(0, ...settled);
}

/** We were blind since it was seen last, so that the log is asked, which is written late. */
function wasBlind({ at }: Due, { hidden, notes, setting }: Calm): boolean {
  const [sinceAt] = hidden.find(([from, to]) => at >= from && at <= to) ?? [at];
  const isWithin = ({ fault, fromAt, toAt }: FaultNote) =>
    blinding.has(fault) && toAt >= sinceAt && fromAt <= at;
  return (setting.switches.callLogDelayMs ?? 0) > 0 && notes.some(isWithin);
}

const usersOf = (due: Due) => [due.user, ...due.instead];

/** So many requests read the log, if it is read for another call just then and once more for this one. */
const logRequests = 8;

/** A log that has the call, and all of it, ends the wait; one that ended where nobody saw it may wait as long as it may. */
function orderMs({ setting, isCallback }: Calm, isHidden: boolean): number {
  const isKnown = hasList(setting) && !isCallback && !isHidden;
  const isWhole = isKnown && !setting.switches.callLogDelayMs;
  return isWhole ? 2 * logRequests * setting.latencyMsMax : callbackHoldMs;
}

/** A list tells of a place so long after the last change of the legs, with which it may lag: each puts that off (SPEC.md, R18), also while it waits a second more. One more look is all. */
function unsettledMs(due: Due, calm: Calm): number {
  const { at, kind } = due;
  const { legsAt, setting } = calm;
  if (kind !== "ringing" || !hasList(setting)) return 0;
  const lookMs = listedMs(setting) + listLagMs + againMs(due, calm);
  let sinceAt = at;
  for (const legAt of legsAt) if (legAt > sinceAt && legAt <= sinceAt + lookMs) sinceAt = legAt;
  return Math.min(sinceAt - at, lookMs);
}

/** Of a place where the call was before, a list is believed only when it cannot be late any more (SPEC.md, R18). */
function againMs({ kind, user, at, unseen }: Due, { reached, setting }: Calm): number {
  const isAgain = reached.some((one) => one.user === user && one.at < at);
  return kind === "ringing" && unseen && isAgain && hasList(setting) ? listLateMs : 0;
}

/** A call that is over as soon as it has begun is looked for in the list once more, which may not have it yet (SPEC.md, R16). */
function beginMs({ kind, finish, link, at }: Due, { legsAt, setting }: Calm): number {
  const isMissed = kind === "ended" && finish === "Missed" && link === 0;
  return isMissed && hasList(setting) && at < Math.min(...legsAt) + listLateMs ? beginLooksMs : 0;
}

/** A list that lags names the ended call still: it is asked again after pauses that double, each time that it does. */
function lagMs({ kind, at, latest }: Due, setting: Setting): number {
  const { listLagMs: lag = 0 } = setting.switches;
  if (!hasList(setting) || lag === 0) return 0;
  if (kind === "ended") return 2 * lag + firstLookMs + 5 * lookGapMs;
  // An answer that the list alone shows, once it has shown that who handed over has left.
  return kind === "answered" && latest > at ? listedMs(setting) : 0;
}

/** How long the witness of it may take. */
function waitMs(due: Due, setting: Setting, isHidden: boolean): number {
  if (due.kind === "ended" && !hasList(setting)) return graceMs;
  const isBack = due.link > 1 || due.transfer === "True";
  if (isHidden && hasList(setting)) {
    // Phones that rang along may do so a while longer, and hide the answer.
    const lingersMs = setting.switches.cancelMs ?? 0;
    return listedMs(setting) + listLagMs + lingersMs + (isBack ? listInsistsMs : 0);
  }
  // Without the list, whoever came a moment before may only have listened (SPEC.md, R31).
  if (!hasList(setting) && isBack) return leaveHoldMs;
  return (due.finish === "Ok" ? joinLooksMs + 6 * setting.latencyMsMax : 0) + lagMs(due, setting);
}
