/** The outside party is gone: as whose conversation ends, or missed at which level, and what of that nobody saw. */
import type { Leg } from "../../src/simulator/model.ts";
import { endTalk } from "./conversations.ts";
import type { Course } from "./course.ts";
import type { Fact } from "./journal.ts";
import { type Level, phoneOf, places, type Talk, usertypeOf } from "./levels.ts";
import { isOrdered, standIns, unseenMs } from "./standIns.ts";
import { leaveWithMs, listTimeMs } from "./statedTimes.ts";

/** The hops of one call in the log overlap by up to 0.1 s; and its times are that exact. */
const overlapMs = 200;
/** Who picks up what is handed over comes so soon before (SPEC.md, R31). */
const pickUpMs = 10;

export function chainOver(course: Course, at: number, joined: boolean): void {
  if (course.talk !== null) {
    const leg = lastSeen(course, course.talk, at);
    heedBlur(course, at, leg);
    heedBarge(course, at);
    // Whose leg seems to stand still seems to have the call from then on.
    const lingers = course.said.lingerFault(at, course.talk.user);
    if (lingers !== null) course.doubt(lingers, at);
    course.said.allCeased(at);
    // That two calls ended together, and that they did so joined, nobody saw.
    const isHidden = joined && course.visibility.seen(at, leg).fault !== null;
    endTalk(course, course.talk, at, leg, joined, isHidden ? { transfer: null } : {});
    return;
  }
  for (const what of ["left", "stayed"] as const) course.heedDeparture(at, what);
  // Nobody saw to whom it was passed on.
  const brief =
    course.handover !== null &&
    at - course.handover.at <= unseenMs(course.levels.at(-1), course.said.due, course.visibility);
  if (brief) course.doubt("briefHandOver", course.handover?.at ?? at);
  const { briefMs, listMs } = course.visibility;
  const shownBy = course.visibility.seen(course.outsideAt + briefMs + (listMs ?? 0), null).at;
  const isShown = at > shownBy;
  if (course.handover?.outside && !isShown) course.doubt("briefHandOver", course.outsideAt);
  heedBack(course, at);
  if (joined || course.handover?.outside) return;
  if (course.handover === null && course.lastLink > 0) return;
  const level = course.levels.at(-1) ?? routedTo(course, at);
  if (level === null) return;
  course.said.allCeased(at);
  const here = standIns(
    course.levels,
    course.places,
    course.rings.values(),
    at,
    course.said.due,
    course.visibility,
  );
  const link = course.handover?.link ?? 0;
  const seeming = [...course.said.lingering(at), ...course.said.seeming(link)];
  const instead = [...here, ...seeming, ...loggedTo(course, at), ...boxedFromOutside(course)];
  const ordered = isOrdered(course.chain, at, course.visibility);
  const missed = { finish: "Missed", transfer: "False", instead, ordered };
  course.said.tell("ended", level, link, at, null, missed);
}

/** Of several phones of who talks, that which is seen to go last: until then they seem to talk on. */
function lastSeen({ visibility }: Course, { legs }: Talk, at: number): Leg | null {
  const [first = null, ...others] = legs;
  const goneAt = (leg: Leg | null) => visibility.seen(at, leg).at;
  return others.reduce(
    (last, leg) => (leg.kind === first?.kind && goneAt(leg) > goneAt(last) ? leg : last),
    first,
  );
}

/** Back from outside, as nobody saw: neither by the phone that rang then, nor by the list, which was not read meanwhile. */
function heedBack(course: Course, at: number): void {
  const { backAt, levels, visibility } = course;
  if (backAt === null) return;
  const back = visibility.seen(backAt, null);
  if (back.fault !== null && back.at >= at) course.doubt(back.fault, backAt);
  const { briefMs, listMs } = visibility;
  if (at - backAt <= unseenMs(levels.at(-1), course.said.due, visibility))
    course.doubt("briefHandOver", backAt);
  const rang = levels.at(-1)?.due;
  const isBrief = at - backAt <= briefMs + (listMs ?? 0);
  if (isBrief && rang?.fault && rang.at >= backAt && rang.latest + briefMs >= at)
    course.doubt(rang.fault, backAt);
}

/** It came to nobody who could be rung, or was over before: that can only be known from the log, which names where it was sent. */
function routedTo(course: Course, at: number): Level | null {
  const { facts, call } = course.chain;
  const isOffer = (fact: Fact) =>
    fact.what === "shown" && (fact.kind === "extension" || places.has(fact.kind));
  if (facts.some(isOffer)) return null;
  const isShown = facts.some(({ what }) => what === "shown");
  const sent = isShown ? call.allLegs.findLast((leg) => places.has(leg.kind)) : call.callee;
  if (!sent?.kind || (sent.kind !== "extension" && !places.has(sent.kind))) return null;
  return { user: sent.dn, usertype: usertypeOf(sent.kind), kind: sent.kind, at };
}

/** Where only the log tells, whom it came to a moment before may have it: the log's hops overlap. */
function loggedTo(course: Course, at: number): string[] {
  if (course.visibility.seen(at, null).fault === null) return [];
  // Of an outgoing call that was handed over, who has it is its caller.
  const { caller, callee } = course.chain.call;
  const routed = [caller, callee].flatMap(({ dn, kind }) =>
    kind === "extension" || (kind !== null && places.has(kind)) ? [dn] : [],
  );
  const legs = [...course.rings.values()].flatMap((each) => [...each]);
  const late = legs.filter(({ startedAt }) => startedAt >= at - overlapMs);
  // Of a call-back the log has no queue, only the phones that it rang.
  const rung = course.chain.calledBackBy === "" ? [] : course.said.due.map(({ user }) => user);
  return [...routed, ...late.map((leg) => leg.dn), ...rung];
}

/** Back from outside straight into a voicemail box: whether its owner's phone has rung meanwhile, unseen, nobody knows. */
function boxedFromOutside({ chain, backAt }: Course): string[] {
  const last = chain.facts.findLast(({ what }) => what === "shown");
  const isBox = last?.what === "shown" && last.kind === "specialmenu" && last.at === backAt;
  return isBox && last.place !== "" ? [last.place] : [];
}

/** Who comes as the user goes looks as if they had picked the call up. */
function heedBarge(course: Course, at: number): void {
  // While somebody else is rung they may have picked that up, a moment longer.
  const withinMs = course.handover === null ? pickUpMs : leaveWithMs;
  if (at - course.bargedAt <= withinMs + course.visibility.briefMs)
    course.doubt("briefHandOver", at);
}

/** They sent the call to their own number: so it is told if they are seen to go before that phone falls silent. */
function tellOwnRing({ said, talk, lastLink }: Course, at: number): void {
  if (talk === null) return;
  said.tell("ringing", phoneOf(talk.user, at), lastLink + 1, at, null, { unseen: true });
}

/** Who goes first, and who a moment later, is all that tells an end from a hand-over. */
function heedBlur(course: Course, at: number, talks: Leg | null): void {
  const ringing = [...course.rings.values()].flatMap((legs) => [...legs]);
  const faults = [talks, ...ringing].map((leg) => course.visibility.seen(at, leg).fault);
  const blurred = faults.find((fault) => fault !== null);
  // Their own phone that seems to ring on: as if the call had been sent there, where no list can be asked.
  const rings = (course.rings.get(course.talk?.user ?? "")?.size ?? 0) > 0;
  const isSent = course.handover !== null || (rings && course.visibility.listMs === null);
  if (isSent && blurred) course.doubt(blurred, at);
  // Who hangs up as the next phone, or another of the user's, begins to ring looks as if they had handed over (SPEC.md, G1).
  const begunAt = Math.max(course.ownRingAt, course.handover?.at ?? 0);
  // Where the list alone shows it, one that lags has it so still.
  const isListed = course.outsiders.size > 0 || begunAt === course.ownRingAt;
  const soonMs = isListed && course.visibility.lateListMs > 0 ? listTimeMs : leaveWithMs;
  if (at - begunAt <= soonMs + course.visibility.briefMs) {
    course.doubt("briefHandOver", at);
    if (begunAt === course.ownRingAt && rings) tellOwnRing(course, at);
  }
  // Where a phone seems to ring on, and no list can be asked, the caller seems to stay.
  const lingers = course.visibility.listMs === null ? course.said.lingers(at) : null;
  if (lingers !== null) course.doubt(lingers, at);
  const failed = course.failed;
  if (failed?.fault && failed.at + course.visibility.briefMs >= at) course.doubt(failed.fault, at);
}
