/**
 * The rules of one call, level-triggered: each turn compares what is true of the legs with what has been told,
 * and tells the difference. So duplicates, reordered or missing frames, snapshots and restarts need no rules of
 * their own. Order of the rules matters and is SPEC.md's "turn". Source of each: docs/contract.md §2-§3.
 */
import type { EpochMs, UserKind } from "../events/event.ts";
import type { Leg } from "./activity.ts";
import { drop, get, isOlder, put } from "./byDn.ts";
import { endTalk, finish } from "./ends.ts";
import {
  externalLegs,
  isAnew,
  isAnswer,
  isBeside,
  isDialled,
  isFresh,
  isLateLoser,
  isNew,
  isOffered,
  isOwnRing,
  isThere,
  newestOf,
  offerKind,
  shownByLegs,
  standing,
  stands,
  userTalks,
} from "./legs.ts";
import { hasLeft, hasRungSince, holderOf, ringsBeside, stillPolls } from "./polling.ts";
import { answeredAt, awaitsNumber, filled, isAtBox, listedTalker, recognise } from "./recognise.ts";
import { beginRing, tellRingStops } from "./rings.ts";
import type { Call, External, Level, Reach, Talk, TrackedLeg } from "./state.ts";
import { type Draft, type Turn, tell } from "./turn.ts";

/** Who takes over what nobody has been offered comes as its user goes, give or take this. */
const changeOverMs = 10;

/** Works out everything that is due. To be run after each change of the call. */
export function settleTurn(turn: Turn): void {
  const { call } = turn;
  if (isFinished(call)) return;
  recognise(turn);
  if (isFinished(call) || call.external === null || awaitsNumber(turn)) return;
  tellListed(turn, call.external);
  dropOffers(call);
  tellDeparture(turn);
  if (isFinished(call)) return;
  tellDialing(turn);
  tellAnswer(turn);
  tellOffers(turn);
  followLevel(turn);
  forgetFailedAttempt(turn);
  tellRingStops(turn);
  judgeVisibility(turn);
}

function isFinished({ overAt }: Call): boolean {
  return overAt !== null;
}

/** Ends the wait for an empty number now. */
export function hurryNumber(turn: Turn): void {
  turn.call.numberDueAt = turn.at;
  settleTurn(turn);
}

/** Who answers before the number came has rung all the same. */
export function hurryAnswer(turn: Turn, { party }: Leg): void {
  const { call } = turn;
  const external = call.numberDueAt === null ? null : call.external;
  if (external === null || party.kind !== "trunk") return;
  call.external = filled(external, party.number, party.name);
  hurryNumber(turn);
}

/** The conversation that the list had before any leg showed is told now; whoever shows came later. */
function tellListed(turn: Turn, { number }: External): void {
  const { call, at, listed } = turn;
  if (listed === null) return;
  const talker = listedTalker(listed, number);
  if (talker === null || call.legs.some(({ leg }) => leg.dn === talker.dn)) return;
  if (isAtBox(turn, listed)) {
    // It reached them, whose phone has not rung.
    call.level = { dn: talker.dn, kind: "extension" };
    return;
  }
  // What still rings with that one was rung by what brought the call.
  const [via = ""] = call.legs.flatMap(({ leg }) => holderOf(call, leg)?.dn ?? []);
  const how = { via, consulted: false, shownBy: "inside", legs: [] } as const;
  const answeredAt = Math.min(at, talker.changedAt ?? at);
  openTalk(turn, { dn: talker.dn, kind: "extension" }, answeredAt, how);
}

export function dropOffers(call: Draft): void {
  for (const { 0: dn, 1: offer } of call.offers) {
    const stays = offer === "leg" ? isThere(call, dn) : call.level?.dn === dn;
    if (!stays) call.offers = drop(call.offers, dn);
  }
}

/** The user of the open link left while the outside party stands before somebody else: passed on. */
function tellDeparture(turn: Turn): void {
  const { call } = turn;
  const { talk, leaving } = call;
  if (talk !== null && !userTalks(call, talk)) {
    judgeDeparture(turn, talk, standing(call));
    return;
  }
  if (talk !== null && leaving !== null && hasTakenBack(turn, talk, leaving.sinceAt)) {
    passOn(turn, talk, leaving.sinceAt, false);
    return;
  }
  call.leaving = null;
  if (talk !== null && talk.shownBy !== "legs") call.talk = shownByLegs(call, talk);
}

function judgeDeparture(turn: Turn, talk: Talk, others: readonly TrackedLeg[]): void {
  const { call, at, settings } = turn;
  if (others.length === 0) return;
  if (call.hidden !== null && talk.shownBy === "legs") {
    // Whoever shows after the departure got it.
    passOn(turn, talk, call.hidden.sinceAt, false);
    return;
  }
  if (call.leaving === null) {
    const { legCount } = call;
    call.leaving = { sinceAt: at, dueAt: at + settings.listLagMs, looked: false, legCount };
    turn.ask = true;
  }
  const { sinceAt, dueAt, looked, legCount } = call.leaving;
  const beganAt = call.handover?.beganAt ?? Math.min(...others.map(({ seenAt }) => seenAt));
  // Who hands over and goes at once is not who waits until somebody answers, and loses the caller meanwhile.
  const atOnce = sinceAt < beganAt + settings.leaveWithMs;
  // Who listened, and another phone of the user that rang along, go with the user, a moment later.
  const offeredAt = Math.min(call.handover?.beganAt ?? sinceAt, sinceAt - changeOverMs);
  const besideAt = Math.max(offeredAt, sinceAt - settings.leaveWithMs);
  const mayJoin = others.every((t) => isAnswer(call, t));
  const listens = (t: TrackedLeg) => isBeside(t, talk, besideAt, mayJoin);
  const isHeard = others.some((t) => listens(t) || isOwnRing(t, talk));
  const isOver = looked && at >= dueAt;
  const isUnlisted = isOver && call.establishedAt === null;
  const takes = (t: TrackedLeg) => (t.rang || t.consulted) && isAnswer(call, t) && !listens(t);
  const isTaken = others.some(takes);
  // Of whom no leg shows, only the list tells that they have left, or whom they consulted, or had it ring.
  const isKnown = (isUnlisted && isTaken) || others.some(({ consulted }) => consulted);
  const isDark = talk.shownBy === "inside" && !isKnown;
  // Losers of the polling that the user won a moment ago are going.
  const isLost = others.every((t) => !isAnswer(call, t) && isLateLoser(call, t, talk));
  const isUnsure = isHeard || isDark || isLost;
  // Who left while we were blind left before those who are there still.
  const isBefore = turn.before?.blind === true && !call.blind;
  const goesOn = atOnce || isBefore || others.some((t) => isAnswer(call, t) || t.order > legCount);
  const byTime = talk.shownBy === "legs" && (isUnlisted || (isOver && (isTaken || !isHeard)));
  // That it rang along is all that there is, and no list has ever named the call.
  if (isUnlisted && others.every((t) => isOwnRing(t, talk))) finish(turn, sinceAt);
  else if (byTime || (goesOn && !isUnsure)) passOn(turn, talk, at, false);
  else if (at >= dueAt) {
    const nextAt = (looked ? at : sinceAt) + settings.leaveHoldMs;
    call.leaving = { ...call.leaving, dueAt: nextAt, looked: true };
    turn.ask = true;
  }
}

/** The user, who was gone, has answered the call that was sent to the own number; not just gone on at another phone. */
function hasTakenBack({ call, at, settings }: Turn, talk: Talk, sinceAt: EpochMs): boolean {
  if (at < sinceAt + settings.leaveWithMs || talk.shownBy !== "legs") return false;
  return externalLegs(call).some((t) => isAnew(t, talk) && isAnswer(call, t));
}

/** Ends the open link because the outside party is passed on; the next link begins. */
export function passOn(turn: Turn, talk: Talk, at: EpochMs, outside: boolean): void {
  const { call } = turn;
  endTalk(turn, talk, at, true);
  // Whose phone rings now rings anew.
  call.offers = drop(call.offers, talk.user);
  if (call.handover === null) {
    // Missed before it reaches anybody, it is missed by who passed it on.
    call.handover = { ...beginHandover(turn), outside };
    call.level = { dn: talk.user, kind: talk.userKind };
  }
}

/** The next number is taken. */
export function beginHandover({ call, at }: Turn): NonNullable<Call["handover"]> {
  call.lastLink += 1;
  const link = call.lastLink;
  const goesOn = { outside: false, offered: false } as const;
  return { link, beganAt: at, failedDueAt: null, transferType: "Blind", ...goesOn };
}

function tellDialing(turn: Turn): void {
  const { call } = turn;
  if (call.external?.direction !== "outgoing" || call.eventCount > 0) return;
  const owner = externalLegs(call)[0];
  if (owner === undefined) return;
  const kind = offerKind(owner.leg.dnKind) ?? "other";
  call.level = { dn: owner.leg.dn, kind };
  if (owner.leg.status !== "connected") tell(turn, { kind: "dialing" }, 0, call.level, turn.at);
}

function tellOffers(turn: Turn): void {
  const { call } = turn;
  if (isDialled(call) && call.talk === null) return;
  for (const tracked of externalLegs(call)) {
    const { leg } = tracked;
    const kind = offerKind(leg.dnKind);
    if (kind === null || (kind === "extension" && leg.status !== "ringing")) continue;
    const { talk } = call;
    if (talk !== null && leg.dn === talk.user) continue;
    const waits = call.leaving !== null && talk !== null && isLateLoser(call, tracked, talk);
    if (talk !== null && (waits || !isFresh(call, tracked, talk))) {
      // A late loser, or rung by a place that does not show: the list may tell, asked once.
      if (isNew(turn.before, leg)) turn.ask = true;
      continue;
    }
    if (call.talk !== null) call.handover ??= beginHandover(turn);
    // Whoever passed it on outside has it back, or somebody else of ours.
    if (call.handover?.outside === true) call.handover = { ...call.handover, outside: false };
    offer(turn, tracked, kind);
  }
}

function offer(turn: Turn, tracked: TrackedLeg, kind: UserKind): void {
  const { call } = turn;
  const { leg } = tracked;
  if (kind !== "extension") {
    const { level } = call;
    nameIvr(turn, tracked);
    reach(turn, { dn: leg.dn, kind }, "leg");
    // The list had it there already, or it has been there since.
    const isLevel = level?.dn === leg.dn;
    if (level !== null && (isLevel || hasRungSince(call, level, leg))) call.level = level;
    return;
  }
  // What a leg names as its maker counts when it comes, not as long as it stays.
  if (get(call.offers, leg.dn) !== undefined) {
    if (!isNew(turn.before, leg)) return;
    const by = holderOf(call, leg, tracked.turned);
    if (by !== null && by.dn === leg.originatedBy?.dn) {
      if (!ringsBeside(call, leg)) reach(turn, by, "named");
    }
    // Polled until now, it has the call itself: sent there by what polled it.
    else if (by === null && leg.onBehalfOf !== null) call.level = { dn: leg.dn, kind };
    return;
  }
  nameIvr(turn, tracked);
  const holder = holderOf(call, leg, tracked.turned);
  if (holder === null) {
    if (!stillPolls(call, leg)) call.level = { dn: leg.dn, kind };
    // It may be polled by a queue or ring group that neither shows nor is named: the list may tell.
    turn.ask = true;
  } else {
    reach(turn, holder, leg.originatedBy?.dn === holder.dn ? "named" : "inferred");
  }
  call.offers = put(call.offers, leg.dn, "leg");
  call.reached = put(call.reached, leg.dn, "leg");
  beginRing(turn, leg.dn, { link: currentLink(call), by: holder?.dn ?? "" });
  tellRinging(turn, { dn: leg.dn, kind });
}

function tellRinging(turn: Turn, level: Level): void {
  const { call } = turn;
  const { handover } = call;
  tell(turn, { kind: "ringing" }, currentLink(call), level, turn.at);
  if (handover !== null && !handover.offered) call.handover = { ...handover, offered: true };
}

/** An IVR that no leg has shown, named by a leg that it made; in a consultation, it had no part of this call. */
function nameIvr(turn: Turn, { leg: { originatedBy }, turned }: TrackedLeg): void {
  if (originatedBy?.kind !== "ivr" || turned || get(turn.call.reached, originatedBy.dn)) return;
  reach(turn, { dn: originatedBy.dn, kind: "ivr" }, "inferred");
}

/** The call is at a queue, IVR, ring group or the like. Told once for each stay. */
export function reach(turn: Turn, level: Level, how: Reach): void {
  const { call } = turn;
  const known = get(call.offers, level.dn);
  const before = get(call.reached, level.dn);
  // The surer is remembered.
  if (before === undefined || (before !== "leg" && how !== "inferred")) {
    call.reached = put(call.reached, level.dn, how);
  }
  if (known === undefined || (known === "inferred" && how === "leg")) {
    call.offers = put(call.offers, level.dn, how === "leg" ? "leg" : "inferred");
  }
  if (known !== undefined) return;
  // A route point is no place where a call is missed, unless it came no further.
  if (level.kind !== "other" || call.level === null) call.level = level;
  tellRinging(turn, level);
}

/** The level gave the call away: missed by whom it had ring, if that rings on for a while, as legs end in any order. */
function followLevel({ call, at, settings }: Turn): void {
  const { level, talk } = call;
  const left = talk === null && level !== null && !isDialled(call) && hasLeft(call, level);
  const isRung = ({ leg: { dn, dnKind } }: TrackedLeg) =>
    dnKind === "extension" && !isOlder(call.offers, dn, (level as Level).dn);
  const rung = left ? externalLegs(call).findLast(isRung) : undefined;
  if (rung === undefined) {
    call.levelDueAt = null;
    return;
  }
  const hasJustRung = rung.seenAt >= at - settings.leaveWithMs;
  const dueAt = at + (hasJustRung ? settings.levelFollowMs : settings.levelRingsOnMs);
  call.levelDueAt = Math.min(call.levelDueAt ?? dueAt, dueAt);
  if (at < call.levelDueAt) return;
  call.levelDueAt = null;
  call.level = { dn: rung.leg.dn, kind: "extension" };
}

function currentLink(call: Call): number {
  return call.handover?.link ?? call.talk?.link ?? call.lastLink;
}

function tellAnswer(turn: Turn): void {
  const { call } = turn;
  if (call.talk !== null) return;
  const legs = externalLegs(call);
  const first = (is: (t: TrackedLeg) => boolean) => legs.find((t) => is(t) && isAnswer(call, t));
  // Who was rung for it has it, or else was consulted, not who stands beside.
  const joined = (t: TrackedLeg) => call.handover !== null && t.consulted;
  const answer = first(({ rang }) => rang) ?? first(joined) ?? first(() => true);
  if (answer === undefined) return;
  const level: Level = { dn: answer.leg.dn, kind: offerKind(answer.leg.dnKind) ?? "other" };
  const via = holderOf(call, answer.leg, answer.turned)?.dn ?? "";
  const how = { via, consulted: answer.consulted, shownBy: "legs" } as const;
  openTalk(turn, level, answeredAt(turn, answer), how);
}

/** The open link gets its conversation. */
export function openTalk(
  turn: Turn,
  level: Level,
  answeredAt: EpochMs,
  how: Pick<Talk, "via" | "shownBy"> & {
    readonly consulted: boolean;
    /** Those that had come by then, if not all. */
    readonly legs?: Call["legs"];
  },
): void {
  const { call } = turn;
  const { handover } = call;
  const link = handover?.link ?? Math.max(1, call.lastLink);
  const { via, shownBy } = how;
  const attended = handover !== null && how.consulted ? "Accomp" : null;
  const transferType = attended ?? handover?.transferType ?? "NotDef";
  tell(turn, { kind: "answered", transferType }, link, level, answeredAt);
  const { dn: user, kind: userKind } = level;
  const legs = how.legs ?? call.legs;
  const legCount = how.legs?.length ?? call.legCount;
  const viaShown = get(call.reached, via) === "leg";
  const by = { legCount, ...newestOf(call, legs, user) };
  call.talk = { link, user, userKind, answeredAt, via, viaShown, ...by, shownBy };
  call.lastLink = link;
  call.reached = put(call.reached, user, "leg");
  call.handover = null;
  call.level = level;
  dropOffers(call);
}

/** Taken back before anybody answered; only after a while, as a diverted call is nowhere between two places. */
function forgetFailedAttempt({ call, at, settings }: Turn): void {
  const { talk, handover } = call;
  if (handover === null) return;
  const idle =
    talk !== null && userTalks(call, talk) && !isOffered(call, talk, at - settings.leaveWithMs);
  const failedDueAt = idle ? (handover.failedDueAt ?? at + settings.attemptFollowMs) : null;
  if (idle && failedDueAt !== null && at >= failedDueAt) {
    call.handover = null;
    call.level = { dn: talk.user, kind: talk.userKind };
  } else if (failedDueAt !== handover.failedDueAt) {
    call.handover = { ...handover, failedDueAt };
  }
}

/** No leg carries the call on: only the PBX's list can tell whether it is over. */
function judgeVisibility(turn: Turn): void {
  const { call, at } = turn;
  if (stands(call)) call.hidden = null;
  else if (call.hidden === null) hide(turn, at);
}

/** Asks the list what became of a call that no leg carries on; one that never knew it is not asked. */
export function hide(turn: Turn, sinceAt: EpochMs): void {
  const { call, at, settings } = turn;
  const isUnknown = call.omittedAt.length >= settings.omissionsMax;
  const dueAt = at + (isUnknown ? settings.graceMs : settings.answerMsMax);
  call.hidden = { sinceAt, looks: 0, dueAt, witness: isUnknown ? "unavailable" : "asked" };
  if (!isUnknown) turn.ask = true;
}

/** A leg came back to a call that was told as over by then: its chain goes on with the next link, never renumbered. */
export function resume(turn: Turn, beganAt: EpochMs): void {
  const { call } = turn;
  call.overAt = null;
  const transferType = call.lastLink === 0 ? "NotDef" : "Blind";
  call.handover = { ...beginHandover(turn), beganAt, transferType };
}
