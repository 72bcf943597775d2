/** A leg is gone: whether its user has left the conversation, and to whom the call is handed over, or that an attempt has failed. */
import { answer, endTalk } from "./conversations.ts";
import type { Course, Gone } from "./course.ts";
import { departedAt } from "./departure.ts";
import { levelOf, phoneOf, type Talk } from "./levels.ts";
import { followMs } from "./standIns.ts";
import { staysMs } from "./withoutList.ts";

export function legGone(course: Course, fact: Gone): void {
  const own = course.rings.get(fact.dn);
  own?.delete(fact.leg);
  course.places.delete(fact.leg);
  course.said.isFree(fact.dn, fact.at, fact.leg);
  if ((own?.size ?? 0) === 0) {
    course.said.ceased(fact.dn, fact.at);
    const level = course.levels.findLast(({ user }) => user === fact.dn);
    if (level !== undefined) level.isBrief = fact.at - level.at <= followMs;
  }
  const wasOutside = course.outsiders.delete(fact.leg);
  if (wasOutside && course.outsiders.size === 0 && course.handover !== null) {
    course.handover.outside = false;
    course.backAt = fact.at;
  }
  course.connected.delete(fact.leg);
  const talk = course.talk;
  if (talk === null) {
    // Who handed it over seems to talk still, and the attempt to have failed.
    const left = course.departed?.left;
    const rings = [...course.rings].some(
      ([dn, legs]) => dn !== course.departed?.dn && legs.size > 0,
    );
    if (left?.fault && left.at > fact.at && !rings) course.doubt(left.fault, fact.at);
    return;
  }
  const isTheirs = talk.legs.delete(fact.leg);
  if (talk.legs.size === 0) {
    endTalk(course, talk, fact.at, fact.leg, true);
    course.departed = departedAt(fact.at, fact.leg, course.visibility, talk.laidDown);
    if (course.handover === null) {
      course.beginHandover(fact.at);
      course.levels = [levelOf(talk)];
    }
    // Who was rung while the one who hands over stayed on has answered.
    const [next] = course.connected.values();
    const rings = (course.rings.get(talk.user)?.size ?? 0) > 0;
    // Picked up by who is not monitored, it seems to ring there until it falls silent.
    const unseen = next !== undefined && !course.visibility.sees(next.dn, fact.at);
    if (rings && (next === undefined || unseen)) ringsAgain(course, talk.user, fact.at, unseen);
    if (next !== undefined) answer(course, next, fact.at);
    else course.answering?.();
    course.answering = null;
    return;
  }
  if (isTheirs) {
    const gone = course.visibility.seen(fact.at, fact.leg);
    if (gone.at > (talk.laidDown?.at ?? 0)) talk.laidDown = gone;
  }
  heedMoved(course, talk, fact);
  const ringing = [...course.rings].filter(([dn, legs]) => dn !== talk.user && legs.size > 0);
  const rings = ringing.some(([dn]) => course.visibility.sees(dn, fact.at));
  const answered = [...course.connected.values()].some(({ dn }) => dn !== talk.user);
  if (rings || answered || course.outsiders.size > 0 || course.handover === null) return;
  const places = [...course.places];
  // Between two members of an unseen place nothing shows that the attempt still goes on.
  const isAtPlace = places.some(({ dn }) => course.visibility.sees(dn, fact.at));
  const goesOn = places.length > 0 || ringing.length > 0;
  if (goesOn && !isAtPlace) course.doubt("unseenAttempt", fact.at);
  if (!goesOn) {
    course.failed = course.visibility.seen(fact.at, fact.leg);
    course.isUncounted ||= !course.said.isTold(course.handover.link);
    course.handover = null;
    course.levels = [levelOf(talk)];
  }
}

/** The conversation goes on, though a leg went. */
function heedMoved(course: Course, talk: Talk, { at, leg }: Gone): void {
  const gone = course.visibility.seen(at, leg);
  // While a leg seems to stand, no look at the list tells of an answer outside.
  const isOutside = [...talk.legs].some(({ kind }) => kind === "trunk");
  if (isOutside && gone.at > talk.seen.at) talk.seen = gone;
  // Whose other phone is seen to be lifted only then seems to have left, and to take the call back.
  const lifted = [...talk.legs].flatMap((one) => course.connected.get(one) ?? []);
  const known = lifted.map((one) => course.visibility.seen(one.at, one.leg));
  const [late] = known;
  if (late?.fault && known.every((one) => one.at > at)) course.doubt(late.fault, at);
}

/** Who handed the call to the own number has a phone ringing. */
function ringsAgain(course: Course, user: string, at: number, unseen: boolean): void {
  const level = phoneOf(user, at);
  const [leg = null] = course.rings.get(user) ?? [];
  course.levels.push(level);
  // Whether the caller went, too, shows a moment later (SPEC.md, R31).
  const { at: latest } = course.visibility.seen(at + staysMs(course.visibility), leg);
  const due = course.said.tell("ringing", level, course.link(), at, leg, { latest });
  if (unseen) due.unseen = true;
}
