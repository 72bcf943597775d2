/** Conversations of users with the outside party: how they begin and end, and what of that nobody saw. */
import type { Leg } from "../../src/simulator/model.ts";
import type { Course, Shown } from "./course.ts";
import type { Due, Visibility } from "./due.ts";
import { levelOf, phoneOf, places, type Talk } from "./levels.ts";
import { leaveWithMs } from "./statedTimes.ts";
import { staysMs } from "./withoutList.ts";

export function answer(course: Course, { dn, leg }: Shown, at: number): void {
  course.isParked = false;
  // Who picks it up has it from where it rang, at a place that nothing shows, too.
  const last = course.levels.findLast(({ kind }) => places.has(kind));
  const unseen = last && !course.visibility.sees(last.user, at) ? last.user : undefined;
  const from = leg.originatedBy?.dn ?? unseen;
  if (from !== undefined && !course.polledBy.has(dn)) course.polledBy.set(dn, from);
  course.heedDeparture(at, "left");
  const known = course.visibility.answerSeen(dn, at, leg);
  const seen = course.visibility.sees(dn, at) ? known : course.said.freed(known);
  // Who is back at another phone so soon, or before it is seen that they were not, seems to have gone on there.
  const { dn: left, at: leftAt = Number.NEGATIVE_INFINITY } = course.departed ?? {};
  const judgedAt = leftAt + staysMs(course.visibility);
  const isHidden = seen.fault !== null && seen.at >= judgedAt;
  const soonAt = isHidden ? judgedAt : leftAt + leaveWithMs;
  const isSoon = at <= soonAt + course.visibility.briefMs;
  if (left === dn && isSoon) course.doubt(seen.fault ?? "briefHandOver", leftAt);
  course.departed = null;
  course.backAt = null;
  // Who is not monitored shows in the list alone.
  const isUnseen = course.visibility.listMs === null && !course.visibility.sees(dn, at);
  if (isUnseen && course.isSeen) course.doubt("unseenUser", at);
  const level = phoneOf(dn, at);
  const link = course.handover?.link ?? Math.max(1, course.lastLink);
  const attended = course.attended?.at === at;
  const spokeMs = at - (course.attended?.spokeFromAt ?? at);
  // Whether they had spoken is told by the consultation's legs alone.
  const { startedAt } = course.chain;
  const sees = course.visibility.sees(dn, at) && course.visibility.sees(dn, at - spokeMs);
  const isClear = sees && !course.visibility.troubled(dn, startedAt, at);
  const isUnsure = attended && (!isClear || spokeMs <= course.visibility.briefMs);
  const shown = course.handover === null ? "NotDef" : attended ? "Accomp" : "Blind";
  const trtype = isUnsure ? null : shown;
  // Whom nothing shows to have been rung with the one who answers looks as if the call were handed over to them.
  const isNamed =
    course.visibility.namesHolder || course.visibility.sees(course.polledBy.get(dn) ?? "", at);
  const late = isNamed ? null : course.said.lateLoser(dn, at);
  if (late !== null) course.doubt(late, at);
  const { at: latest, fault } = seen;
  const more = fault === null ? { trtype } : { trtype, latest, fault };
  course.said.tell("answered", level, link, at, leg, more);
  course.talk = { user: dn, usertype: "ext", link, at, seen, legs: new Set([leg]) };
  course.lastLink = link;
  course.handover = null;
  course.levels = [level];
}

export function endTalk(
  course: Course,
  talk: Talk,
  at: number,
  leg: Leg | null,
  passedOn: boolean,
  more: Partial<Due> = {},
): void {
  const level = levelOf(talk);
  const isOutside = leg?.kind === "trunk";
  const isDark = !course.visibility.sees(talk.user, talk.at);
  course.heedTalk(at, isOutside);
  const off = course.visibility.clockOffMs(talk.at, at);
  const isListed = isOutside || isDark || leg?.kind === "conference";
  const { seen, listedBy } = course.visibility;
  const lookedAt = isListed ? listedBy(at) : at;
  const shown = seen(lookedAt, leg);
  // Its looks may fail after we see again, too, or we be blinded anew before one has told.
  const isRead = !isListed || shown.fault === null;
  const lastAt = isRead ? shown.at : seen(listedBy(shown.at), leg).at;
  // Another phone of theirs, which went before, may seem to talk on.
  const { at: silentAt, fault } = course.said.silent(talk.user);
  const lagsMs = course.chain.conferredAt === null ? 0 : conferredMs(at, course.visibility);
  const late = Math.max(lastAt, silentAt) - at + talk.seen.at - talk.at + lagsMs;
  course.said.tell("ended", level, talk.link, at, leg, {
    slackMs: late + off,
    lostMs: Math.max(course.visibility.lostMs(at), unlistedMs(leg, at, course.visibility)),
    finish: "Ok",
    transfer: passedOn ? "True" : "False",
    talkMs: at - talk.at,
    ...(fault !== null && silentAt > lastAt ? { latest: silentAt, fault } : {}),
    // In a conference no leg of theirs shows, though they are monitored by now.
    ...(isDark && leg?.kind === "conference" ? { unseen: true } : {}),
    ...more,
  });
  course.talk = null;
}

/** For how long a list that lags has it in the conference still, and its looks fail after that. */
function conferredMs(
  at: number,
  { listMs, lateListMs, listedBy }: Pick<Visibility, "listMs" | "lateListMs" | "listedBy">,
): number {
  if (listMs === null || lateListMs === 0) return 0;
  return lateListMs + listedBy(at) - (at + listMs);
}

/** For how long it had gone on in a conference, which the list alone shows, if no look at that told of it. */
function unlistedMs(
  leg: Leg | null,
  at: number,
  { listMs, listedBy }: Pick<Visibility, "listMs" | "listedBy">,
): number {
  if (leg?.kind !== "conference" || listMs === null) return 0;
  return listedBy(leg.startedAt) >= at ? at - leg.startedAt : 0;
}
