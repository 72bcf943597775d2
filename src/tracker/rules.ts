/**
 * The rules of one call, level-triggered: each turn compares what is true of the legs with what has been told,
 * and tells the difference. So duplicates, reordered or missing frames, snapshots and restarts need no rules of
 * their own. Order of the rules matters and is SPEC.md's "turn". Source of each: docs/contract.md §2-§3.
 */
import type { EpochMs, UserKind } from "../events/event.ts";
import type { Leg } from "./activity.ts";
import { get, isOlder, put } from "./byDn.ts";
import { tellDeparture } from "./departure.ts";
import {
  externalLegs,
  isAnswer,
  isDialled,
  isFresh,
  isLateLoser,
  isNew,
  isOffered,
  offerKind,
  stands,
  userTalks,
} from "./legs.ts";
import { beginHandover, dropOffers, openTalk } from "./links.ts";
import { hasLeft, hasRungSince, holderOf, ringsBeside, stillPolls } from "./polling.ts";
import { answeredAt, awaitsNumber, filled, isAtBox, listedTalker, recognise } from "./recognise.ts";
import { beginRing, tellRingStops } from "./rings.ts";
import type { Call, External, Level, Reach, TrackedLeg } from "./state.ts";
import { type Turn, tell } from "./turn.ts";

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
