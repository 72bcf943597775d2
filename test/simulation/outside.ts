/** A second outside party: whether it is who a call was forwarded to, a user's mobile, or whom the call was passed on to. */
import type { Course, Shown } from "./course.ts";
import { type Level, phoneOf } from "./levels.ts";
import { isKnownAt } from "./standIns.ts";

/** A second outside party: passed on, or forwarded, out of the PBX. */
export function outsideShown(course: Course, fact: Shown): void {
  const { onBehalfOf, call, outside } = fact.leg;
  // Who called; but the call that one of ours had begun by taking it back may be joined with this one.
  const isOwn = call.id === course.chain.number || outside?.number === course.chain.outside;
  if (call.allLegs[0] === fact.leg && isOwn) return;
  const isHidden = onBehalfOf !== null && !course.visibility.sees(onBehalfOf.dn, fact.at);
  if (course.isParked && isHidden) course.doubt("forwardUnseen", fact.at);
  if (onBehalfOf !== null && isMobile(course, fact, onBehalfOf.dn)) {
    if (fact.status === "connected") mobileShown(course, fact, onBehalfOf.dn);
    return;
  }
  const level = course.levels.at(-1);
  // From where it was offered last it is that one's forward; a place's own is nobody's call once it is answered.
  const isPlace = level?.kind !== "extension" && fact.status === "connected";
  const isForward = course.talk === null && (level?.due ?? level?.mobile) && !isPlace;
  // To whom it went in between was hidden: it looks as if it had gone outside from where it was before.
  if (isForward && level?.due?.unseen && level.due.fault) course.doubt(level.due.fault, level.at);
  if (course.talk !== null) course.beginHandover(fact.at);
  course.outsiders.add(fact.leg);
  if (course.handover !== null && !isForward) {
    if (!course.handover.outside) course.outsideAt = fact.at;
    // Of whom a phone seems to ring on, that seems to be the forward.
    const lingers = course.said.lingers(fact.at);
    if (lingers !== null) course.doubt(lingers, fact.at);
    course.handover.outside = true;
  } else if (fact.status === "connected") answeredOutside(course, fact);
}

/** It rings along with the phones of this user, or for them, as there are none: that shows in the list alone. */
function isMobile(course: Course, { leg, place, at }: Shown, dn: string): boolean {
  const known = course.levels.some(({ mobile }) => mobile === leg);
  if (known || (course.rings.get(dn)?.size ?? 0) > 0) return true;
  if (place !== dn || course.levels.length === 0) return false;
  if (course.talk !== null) course.beginHandover(at);
  course.levels.push({ ...phoneOf(dn, at), mobile: leg });
  return true;
}

/** The mobile that rang with a phone answers; who hands over to it may still be there. */
function mobileShown(course: Course, fact: Shown, dn: string): void {
  const level = course.levels.findLast(({ user }) => user === dn);
  if (course.talk === null) answeredOutside(course, fact, level);
  else course.answering = () => answeredOutside(course, fact, level);
}

/** An extension's call was forwarded to an outside phone, which answers; only the list shows it. */
function answeredOutside(
  course: Course,
  { at, leg }: Shown,
  level: Level | undefined = course.levels.at(-1),
): void {
  // From outside straight to outside: it never came to anybody.
  if (level === undefined && course.handover === null) return;
  const { listMs } = course.visibility;
  const leftAt = Math.max(level?.at ?? at, course.departed?.at ?? 0);
  // A place that gave the call away unseen seems to have it still.
  const isBlurred = course.said.lingering(level?.at ?? at).length > 0;
  const isKnown =
    level !== undefined && isKnownAt(level, course.levels, at, leftAt, course.visibility);
  // Of a call that nobody saw before, no list that names a phone tells.
  if (!isKnown || isBlurred || !course.isSeen) {
    course.doubt("forwardUnseen", level?.at ?? at);
    return;
  }
  if (listMs === null) course.doubt("forwardUnseen", level.at);
  const inView = course.visibility.seen(at + (listMs ?? 0), null);
  const latest = inView.at;
  const link = course.handover?.link ?? Math.max(1, course.lastLink);
  const trtype = course.handover === null ? "NotDef" : "Blind";
  course.said.tell("answered", level, link, at, leg, { trtype, latest });
  const seen = { at: latest, fault: inView.fault };
  const { user, usertype } = level;
  course.talk = { user, usertype, link, at, seen, legs: new Set([leg]) };
  course.lastLink = link;
  course.handover = null;
}
