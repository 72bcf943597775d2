/**
 * What is due where the list of active calls cannot be read: a call of which no leg is seen for longer than the grace
 * looks over. Its end is told then, and what comes of it later is told as the next link (SPEC.md, R17). So nothing is
 * exempt but stretches about as long as the grace, of which nobody can say whether they outlast it.
 */

import type { Due, Visibility } from "./due.ts";
import { type Exemption, hiddenStretches } from "./exemptions.ts";
import type { FaultNote } from "./faults.ts";
import type { Chain } from "./journal.ts";
import type { Seen } from "./sight.ts";
import { callbackHoldMs, graceMs, leaveHoldMs, listLagMs, rememberedMs } from "./statedTimes.ts";
import { isAllUnread, isUnread } from "./unread.ts";

/** Whether the caller went with who left shows so much later. */
export const staysMs = ({ listMs }: Pick<Visibility, "listMs">): number =>
  listMs === null ? leaveHoldMs : listLagMs;

/** So much shorter or longer a stretch may look. */
const greyMs = 500;

/** Frames and answers of others may hold ours back for so long. */
const shiftMs = 500;

/** The log is looked at so often while an order is waited for (SPEC.md, R32). */
const orderLookMs = 1_000;

type Stretch = readonly [fromAt: number, toAt: number];

export interface Looks {
  readonly due: readonly Due[];
  readonly exemption: Exemption | null;
}

/** What is due of the chain, with ends too early and links too many, as its hidden stretches make it look. */
export function dueWithoutList(chain: Chain, due: readonly Due[], visibility: Visibility): Looks {
  const slackMs = greyMs + visibility.briefMs;
  const begun = ([fromAt]: Stretch) => fromAt > chain.startedAt;
  const long = ([fromAt, toAt]: Stretch) => toAt - fromAt >= graceMs - slackMs;
  const stretches = hiddenStretches(chain, visibility).filter(begun);
  const sharp = hiddenStretches(chain, visibility, "sharp").filter(begun).filter(long);
  const lingering = hiddenStretches(chain, visibility, "lingering");
  const known = new Set(stretches.map(([fromAt]) => fromAt));
  const [blurred] = sharp.filter(([fromAt]) => !known.has(fromAt));
  const blurredFromAt = blurred?.[0] ?? Number.POSITIVE_INFINITY;
  let now = [...due];
  const { overAt } = chain;
  const lost = (one: Due) =>
    one.transfer === "True" &&
    overAt !== null &&
    overAt !== one.at &&
    overAt - one.at <= leaveHoldMs + slackMs;
  const left = due.find(lost);
  const early = beforeAnySight(chain, visibility, graceMs - slackMs);
  if (early !== null) return { due: now, exemption: { rule: "aboutTheGrace", fromAt: early } };
  for (const [fromAt, toAt] of stretches) {
    if (fromAt >= blurredFromAt) break;
    const lastsMs = toAt - fromAt;
    const ends = toAt === chain.overAt;
    if (isTakenBack(now, fromAt)) return { due: now, exemption: { rule: "takenBackSoon", fromAt } };
    if (lastsMs < graceMs - slackMs && !ends) continue;
    // What held the call goes soon after who hands over, who may be seen to leave late: that waits to be judged, unless
    // somebody was rung meanwhile (SPEC.md, R31).
    const isRung = ({ at, unseen }: Due, from: number) => !unseen && at >= from && at < fromAt;
    const waits = (one: Due) =>
      one.transfer === "True" &&
      one.latest + leaveHoldMs >= fromAt &&
      (one.fault !== null || !now.some((each) => each !== one && isRung(each, one.at)));
    const waiting = now.find((one) => one.at < fromAt && waits(one));
    if (waiting) return { due: now, exemption: { rule: "goneTogether", fromAt: waiting.at } };
    // Missed at a queue that offers call-backs, it waits for word of an order.
    const held = now.some(({ user, at }) => at <= fromAt && visibility.callbackQueues.has(user));
    const longMs = graceMs + slackMs + (held ? callbackHoldMs : 0);
    const isIt = ([from, to]: Stretch) => from === fromAt && to === toAt;
    const isSharp = sharp.some(isIt) && lingering.some(isIt);
    const isHit = (at: number) => visibility.seen(at, null).fault !== null;
    // While we are blind nothing is judged, and the log, asked then, may not have the call.
    const isBlind = visibility.blinded(fromAt, fromAt + graceMs);
    // What was hidden for a moment ends then, or a moment later; it makes no other stretch of it.
    const isNear = ([from, to]: Stretch) => Math.abs(from - fromAt) <= shiftMs && to === toAt;
    const isShifted = ends && sharp.some(isNear) && lingering.some(isNear);
    const isBlurred = isBlind || (!isShifted && (!isSharp || isHit(fromAt)));
    if (isBlurred || (!ends && lastsMs < longMs)) {
      return { due: now, exemption: { rule: "aboutTheGrace", fromAt } };
    }
    if (!ends && lastsMs > rememberedMs)
      return { due: now, exemption: { rule: "forgotten", fromAt } };
    const late = lateTalk(now, fromAt, visibility);
    if (late !== null) return { due: now, exemption: late };
    // What is not seen, or has no leg as it calls back, is reached anew when a leg names it.
    const isLegless = ({ user, at, unseen }: Due) =>
      unseen || user === chain.calledBackBy || !visibility.sees(user, at);
    now = lookingOver(now, fromAt, ends, isLegless, visibility.seen(fromAt, null));
    // Another caller with this number is called back just then.
    const isCalledBack = visibility.isCalledBack(chain.outside, fromAt);
    const mayBeOrdered = ({ kind, at, ordered }: Due) =>
      isCalledBack && kind === "ended" && at === fromAt && !ordered;
    now = now.map((one) => (mayBeOrdered(one) ? { ...one, ordered: null } : one));
  }
  if (blurred !== undefined) {
    return { due: now, exemption: { rule: "aboutTheGrace", fromAt: blurredFromAt } };
  }
  const again = unseenAgain(now);
  if (again !== null) return { due: now, exemption: { rule: "unseenAttempt", fromAt: again } };
  // Joined with another outside party, or hung up at both? Nothing else shows it.
  const isJoin = (one: Due) => one.transfer === "True" && one.at === chain.overAt;
  const joined = now.map((one) => (isJoin(one) ? { ...one, transfer: null } : one));
  // The caller went soon after the user: passed on and missed, or lost before?
  const rule = "goneTogether";
  return { due: joined, exemption: left === undefined ? null : { rule, fromAt: left.at } };
}

/** Who parked it, or sent it to the own number, has it again before it looks over: as if they had gone on at another phone (SPEC.md, G14). */
function isTakenBack(due: readonly Due[], fromAt: number): boolean {
  const backAt = takenBackAt(due, fromAt);
  return backAt !== null && backAt - fromAt < graceMs;
}

/** When who left then has it again, nobody having been seen to ring meanwhile. */
function takenBackAt(due: readonly Due[], fromAt: number): number | null {
  const left = due.find(({ at, transfer }) => at === fromAt && transfer === "True");
  if (left === undefined) return null;
  const back = due.find(({ at, kind }) => at > fromAt && kind === "answered");
  const between = due.filter(({ at }) => at >= fromAt && at < (back?.at ?? fromAt));
  const isSeen = between.some(({ kind, unseen }) => kind === "ringing" && !unseen);
  return back?.user === left.user && !isSeen ? back.at : null;
}

/** Nor does the list show it, where each look at it fails until they have it again. */
export function takenBackUnread(
  due: readonly Due[],
  { listMs, lateListMs, blinded, seen, sees }: Visibility,
  notes: readonly FaultNote[],
): Exemption | null {
  if (listMs === null) return null;
  const left = due.find(({ at, user }) => {
    const backAt = takenBackAt(due, at);
    if (backAt === null) return false;
    // One that lags shows it late, or when we see again, and is not asked any more when they have it again.
    const lateAt = at + 2 * lateListMs;
    const shownAt = blinded(at, lateAt) ? seen(lateAt, null).at : lateAt;
    const isLate = lateListMs > 0 && backAt <= shownAt;
    // That who is not monitored has left the list alone shows: nothing has it asked at once.
    const isMissed = sees(user, at) ? isAllUnread : isUnread;
    // A look before that, though it did not fail, told nothing.
    const isLagging = lateListMs > 0 && isUnread(at + lateListMs, backAt, listMs, notes);
    return isLate || isLagging || isMissed(at, backAt, listMs, notes);
  });
  return left === undefined ? null : { rule: "takenBackSoon", fromAt: left.at };
}

/** It went on after it had looked over, but so briefly, or where nothing shows, that nobody saw it. */
function unseenAgain(due: readonly Due[]): number | null {
  const end = due.findLast(({ kind }) => kind === "ended");
  if (end === undefined || end.finish !== "Missed") return null;
  const isBack = due.some(({ kind, at }) => kind === "ended" && at < end.at);
  const its = due.filter(({ kind, link }) => kind !== "ended" && link === end.link);
  return isBack && its.every(({ unseen }) => unseen) ? (its[0]?.at ?? end.at) : null;
}

/** What is seen late, if at all, may have been seen for a moment: then it seems to be over when its leg has gone. */
function beforeAnySight(chain: Chain, visibility: Visibility, longMs: number): number | null {
  const [first] = hiddenStretches(chain, visibility);
  if (first === undefined || first[0] !== chain.startedAt) return null;
  const went = chain.facts.find(({ what, at, ...fact }) => {
    const isGone = what === "gone" && "dn" in fact && visibility.sees(fact.dn, at);
    return isGone && first[1] - at >= longMs;
  });
  return went?.at ?? null;
}

/** The conversation that looks over then, as it goes on in a conference, was not seen to begin before. */
function lateTalk(due: readonly Due[], fromAt: number, { briefMs }: Visibility): Exemption | null {
  const last = due.findLast(({ kind, at }) => kind !== "ringing" && at < fromAt);
  if (last?.kind !== "answered" || last.latest + briefMs < fromAt) return null;
  return { rule: last.fault ?? "briefTalk", fromAt: last.at };
}

/** No leg is seen from then on: it looks over. */
function lookingOver(
  due: readonly Due[],
  fromAt: number,
  ends: boolean,
  isLegless: (one: Due) => boolean,
  { at: latest, fault }: Seen,
): Due[] {
  const before = due.filter(({ at }) => at < fromAt);
  const after = due.filter(({ at }) => at >= fromAt);
  const left = after.find(({ at, finish }) => at === fromAt && finish === "Ok");
  // What rings for a moment yet may be seen all the same.
  const brief = after
    .filter(({ kind, at }) => kind === "ringing" && at <= fromAt + shiftMs)
    .map((one) => ({ ...one, unseen: true }));
  if (left !== undefined) {
    // Who talked has left: passed on, or over? The next link begins either way, if a leg comes.
    const told = { ...left, transfer: null };
    return [...before, told, ...(ends ? brief : after.filter((one) => one !== left))];
  }
  const link = pendingLink(before);
  const [model] = due;
  if (link === null) return talkedUntil(due, before, fromAt, ends);
  if (model === undefined) return [...due];
  const instead = [...new Set(due.filter(({ at }) => at <= fromAt).map(({ user }) => user))];
  const end: Due = {
    ...model,
    kind: "ended",
    link,
    at: fromAt,
    latest,
    fault,
    finish: "Missed",
    transfer: "False",
    unseen: false,
    ordered: false,
    instead,
  };
  const missed = after.find(({ finish }) => finish === "Missed");
  // Gone outside after all, which only the list tells.
  // An order that comes as the wait for it ends, or later, may come too late.
  const waitsUntilAt = fromAt + graceMs + callbackHoldMs - orderLookMs;
  const isLate = missed === undefined || missed.at > waitsUntilAt;
  const ordered = isLate && missed?.ordered !== false ? null : (missed?.ordered ?? null);
  if (ends)
    return [
      ...before,
      ...brief,
      missed ? { ...missed, link, at: fromAt, latest, fault, instead, ordered } : end,
    ];
  const again = before.filter((one) => one.kind === "ringing" && isLegless(one));
  const places = again.map((one) => ({ ...one, at: fromAt, latest: fromAt, unseen: true }));
  return [...before, end, ...[...places, ...after].map((one) => shifted(one, link))];
}

/** Who talks goes from sight, into a conference: the conversation seems to end. */
function talkedUntil(
  due: readonly Due[],
  before: readonly Due[],
  fromAt: number,
  ends: boolean,
): Due[] {
  const end = due.find(({ at, finish }) => at >= fromAt && finish === "Ok");
  if (end === undefined || !ends) return [...due];
  const talkMs = (end.talkMs ?? 0) - (end.at - fromAt);
  return [...before, { ...end, at: fromAt, latest: fromAt, talkMs }];
}

/** The link that waits for an answer; null if there is a conversation, whoever was rung in vain meanwhile. */
function pendingLink(due: readonly Due[]): number | null {
  let link = 0;
  let isOpen = false;
  for (const one of due) {
    if (one.kind === "answered") isOpen = true;
    else if (one.kind === "ended") [isOpen, link] = [false, one.link + 1];
    else link = one.link;
  }
  return isOpen ? null : link;
}

/** The link that ended too early is used up; the first answer takes the number that it left. */
function shifted(one: Due, ended: number): Due {
  if (ended > 0)
    return { ...one, link: one.link + 1, trtype: one.link > ended ? one.trtype : null };
  return { ...one, link: Math.max(1, one.link), trtype: one.link > 1 ? one.trtype : null };
}
