/** A phone or a place shows a leg: the call is offered there, rings there anew, or is answered. */
import { answer } from "./conversations.ts";
import type { Course, Shown } from "./course.ts";
import { goneAtOf } from "./journal.ts";
import { type Level, phoneOf, places, usertypeOf } from "./levels.ts";
import { lateLoserMs, listLateMs } from "./statedTimes.ts";

export function phoneShown(course: Course, fact: Shown): void {
  // Who only hears the conversation takes no part in it, but looks as if it were theirs.
  if (fact.leg.barges !== null) {
    course.heedTalk(fact.at);
    course.bargedAt = fact.at;
    return;
  }
  const level: Level = phoneOf(fact.dn, fact.at);
  if (fact.status === "ringing") {
    const rings = course.rings.get(fact.dn) ?? new Set();
    const isNew = rings.size === 0;
    rings.add(fact.leg);
    course.rings.set(fact.dn, rings);
    if (course.talk?.user === fact.dn) {
      // A group rings the very phone that handed the call to it: the contract is silent.
      const isUnseen = !course.visibility.sees(fact.dn, fact.at);
      if (course.handover !== null || isUnseen) course.doubt("ringsWhoHandsOver", fact.at);
      course.ownRingAt = fact.at;
      return;
    }
    heedPolledAgain(course, fact);
    if (course.talk !== null) {
      heedTurned(course, fact);
      heedLingering(course, fact);
      course.beginHandover(fact.at);
    }
    heedNamed(course, fact);
    const direct = fact.place === "" || fact.place === fact.dn;
    if (direct) course.levels.push(level);
    // Another phone of theirs: told already.
    const told = course.said.lastOf(fact.dn);
    if (!isNew && told !== undefined) level.due = told;
    if (!isNew) course.said.maybeAgain(level, fact, course.link());
    else course.said.tell("ringing", level, course.link(), fact.at, fact.leg);
    return;
  }
  if (fact.status !== "connected") return;
  course.rings.get(fact.dn)?.delete(fact.leg);
  course.said.ceased(fact.dn, fact.at);
  if (!course.connected.has(fact.leg)) course.connected.set(fact.leg, fact);
  if (course.talk === null) answer(course, fact, fact.at);
  else if (course.talk.user === fact.dn) course.talk.legs.add(fact.leg);
}

/** A leg that rang in a consultation, and was not read before it turned, looks like one that lost the polling. */
function heedTurned(course: Course, { leg, at }: Shown): void {
  const { briefMs } = course.visibility;
  const first = leg.startedAt < at ? course.visibility.seen(leg.startedAt, leg) : null;
  if (first?.fault && first.at + briefMs >= at) course.doubt(first.fault, at);
}

/** Soon after the answer a queue or ring group whose going a fault hides seems to ring whoever rings for nobody (SPEC.md, R12a). */
function heedLingering(course: Course, { leg, at }: Shown): void {
  const { chain, talk, visibility } = course;
  if (talk === null || leg.originatedBy !== null || at - talk.at > lateLoserMs) return;
  for (const fact of chain.facts) {
    if (fact.what !== "gone" || fact.at > at || !pollers.has(fact.kind)) continue;
    const { at: seenAt, fault } = visibility.seen(fact.at, fact.leg);
    if (seenAt > at && fault !== null) course.doubt(fault, at);
  }
}

const pollers: ReadonlySet<string> = new Set(["queue", "ringgroup"]);

/** A place that nothing else shows is named by a phone that it rings, if it rings for long enough to be read. */
function heedNamed(course: Course, { dn, at, leg }: Shown): void {
  const { chain, visibility, said } = course;
  const { sees, seen, briefMs, namesHolder, listMs, listedBy } = visibility;
  const by = leg.originatedBy;
  const place = by !== null && places.has(by.kind) ? said.lastOf(by.dn) : undefined;
  if (!namesHolder || !sees(dn, at) || !place?.unseen || sees(place.user, at)) return;
  const { at: readAt, fault } = seen(at, leg);
  const ringsUntil = leg.answeredAt ?? goneAtOf(leg, chain);
  // A phone of its first polling, whose going a fault hid, seems to ring for it still.
  const seemsThere = chain.facts.some(
    (one) =>
      one.what === "gone" &&
      one.at <= at &&
      one.leg.originatedBy?.dn === place.user &&
      seen(one.at, one.leg).at > at,
  );
  const isBlurred = place.fault !== null || fault !== null || seemsThere;
  if (ringsUntil <= readAt + briefMs || isBlurred) {
    course.maybeNamed.add(place);
    return;
  }
  // Back there from where nothing shows, it seems to have been there all the time.
  const before = course.levels.slice(
    0,
    course.levels.findIndex(({ due }) => due === place),
  );
  const surely = before.findLastIndex(({ due }) => due?.unseen === false);
  // The list, which had it there, was not read while it was elsewhere.
  const isListed = (index: number) => {
    const left = before[index + 1];
    return left !== undefined && listMs !== null && listedBy(left.at) >= place.at;
  };
  // Given up to a phone that is not monitored, it seems to be polled still (SPEC.md, G18).
  const isGivenUp = (index: number) => {
    const next = before[index + 1];
    return next?.kind === "extension" && !sees(next.user, next.at);
  };
  // From where a fault hid its leg, which the list does not make good (SPEC.md, R18).
  const isLost = (index: number) => {
    const next = before[index + 1];
    return next?.due?.unseen === true && next.due.fault !== null && sees(next.user, next.at);
  };
  const isNamed = ({ due }: Level, index: number) =>
    index === surely ||
    isListed(index) ||
    isGivenUp(index) ||
    isLost(index) ||
    (due !== undefined && course.maybeNamed.has(due));
  const since = before.filter((level, index) => index >= surely && isNamed(level, index));
  // Whom a queue gave the call to seems to be polled by it until it rings the next one, where no list can have told that the call was there (SPEC.md, R8).
  const isPolled = course.polledBy.get(before[surely]?.user ?? "") === place.user;
  const given = before[surely]?.at ?? at;
  const isUnlisted = listMs === null || listedBy(given + listLateMs) + briefMs >= place.at;
  if (by?.kind === "queue" && isUnlisted && isPolled) return;
  if (since.some(({ user }) => user === place.user)) return;
  place.unseen = false;
  place.latest = Math.max(place.latest, readAt);
}

/** Back at the unseen place that brought it, so soon that its phones look like late ones of the first polling. */
function heedPolledAgain(course: Course, { place, dn, at }: Shown): void {
  const talk = course.talk;
  // What an unseen place gave the call to looks as if the place still polled it.
  const last = course.levels.findLast(({ user }) => user !== dn);
  const isUnseen = last !== undefined && !course.visibility.sees(last.user, at);
  if (talk === null) course.polledBy.set(dn, place === dn && isUnseen ? last.user : place);
  else if (place !== "" && place !== dn) {
    const isSame = place === course.polledBy.get(talk.user) || course.visibility.namesRouter;
    const isSeen = course.visibility.sees(place, at) && !course.said.lastOf(place)?.fault;
    if (isSame && !isSeen && at - talk.at <= lateLoserMs) course.doubt("unseenAttempt", at);
  }
}

export function placeShown(course: Course, fact: Shown): void {
  if (course.places.has(fact.leg)) return;
  // A menu that leads back to itself is still the same place.
  const isThere = [...course.places].some(({ dn }) => dn === fact.dn);
  course.places.add(fact.leg);
  if (fact.leg.legid === 1 && course.chain.direction === "outgoing") return;
  if (course.talk !== null) course.beginHandover(fact.at);
  const { dn: user, kind, at } = fact;
  const level: Level = { user, usertype: usertypeOf(kind), kind, at };
  if (isThere) {
    course.said.maybeAgain(level, fact, course.link());
    return;
  }
  if (fact.kind !== "routepoint" || course.levels.length === 0) course.levels.push(level);
  const before = course.said.lastOf(fact.dn);
  const due = course.said.tell("ringing", level, course.link(), fact.at, fact.leg);
  // Named by the list alone while a fault hid its leg, it may look as if it had had the call since.
  if (before?.unseen && before.fault !== null && before.link === due.link) due.unseen = true;
}
