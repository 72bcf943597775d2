/**
 * Where a row of the list of active calls has a conversation whose user's legs have gone. Pure looks. A list lags: what
 * has not changed since the answer is of before, unless it insists, or a list has had the conversation (SPEC.md, R15).
 */
import type { EpochMs } from "../events/event.ts";
import {
  type ActiveCall,
  canPoll,
  type DnKind,
  holdsCallers,
  type Party,
  routes,
  talks,
} from "./activity.ts";
import { get } from "./byDn.ts";
import { isBeside, standing } from "./legs.ts";
import { insideParty, isUnshown, rowTimeMs } from "./recognise.ts";
import type { Call, Level, Talk, TrackedLeg } from "./state.ts";
import type { Turn } from "./turn.ts";

/**
 * The row names another place of ours. Where the call was before, or what brought it to its user (which nothing need have
 * shown until now), it counts only if the row changed after the answer, or insists.
 */
export function isElsewhere(turn: Turn, talk: Talk, row: ActiveCall, sinceAt: EpochMs): boolean {
  const { call } = turn;
  const inside = insideParty(row);
  if (inside === null || inside.dn === "" || inside.dn === talk.user) return false;
  const isKnown = inside.dn === talk.via || get(call.reached, inside.dn) !== undefined;
  const { changedAt } = row;
  const isOld = holdsCallers(inside.kind) && changedAt !== null && changedAt < sinceAt - rowTimeMs;
  return (!isKnown && !isOld) || isSince(talk, row) || insists(turn, sinceAt);
}

/**
 * The legs of a call whose user has left, without those of who had come in beside that user and is not whom the row names:
 * they only listened, and go, too, though their going may be seen late. Null if all that is left are such legs, and the row
 * may be of before the answer.
 */
export function withoutListeners(
  turn: Turn,
  talk: Talk,
  row: ActiveCall,
  sinceAt: EpochMs,
): Call["legs"] | null {
  const { call, at } = turn;
  const inside = insideParty(row);
  const all = standing(call);
  const heard = all.filter((t) => isBeside(t, talk, at) && t.leg.dn !== inside?.dn);
  const isOnly = heard.length === all.length;
  if (isOnly && inside !== null && !isElsewhere(turn, talk, row, sinceAt)) return null;
  if (heard.length === 0) return call.legs;
  return call.legs.map((t) => (heard.includes(t) ? { ...t, external: false } : t));
}

/** On its way to the user who left: sent to the own number. */
export function isSentBack(turn: Turn, talk: Talk, row: ActiveCall, sinceAt: EpochMs): boolean {
  if (!routes(row)) return false;
  return row.changedAt === null || isSince(talk, row) || insists(turn, sinceAt);
}

/**
 * It may have been so before its user answered, or while they talked on, and waited for an answer there: that they have left
 * tells nothing then.
 */
export function isOfBefore(
  { call: { handover }, settings }: Pick<Turn, "call" | "settings">,
  talk: Talk,
  row: ActiveCall,
  sinceAt: EpochMs,
): boolean {
  const { changedAt } = row;
  const inside = insideParty(row);
  // Who is parked is offered to nobody: no user talks on.
  if (inside?.kind === "parking" && isNew(talk, row)) return false;
  // A queue or menu may be said to talk while others ring.
  const isTaken = talks(row) && (inside === null || inside.kind === "extension");
  const isOffered = handover !== null && !isTaken;
  // Offered as they talked on; but a list that is ahead of the frames has it so as they have just left.
  const { answeredAt, offeredAt = 0 } = talk;
  const talkedAt = offeredAt < sinceAt - settings.listLagMs ? offeredAt : 0;
  const since = Math.max(answeredAt, sinceAt - rowTimeMs, talkedAt);
  return isOffered || (changedAt !== null && changedAt < since);
}

/** This very conversation: a list that lags may have one that the same user had before. */
export function wasListed(
  { lastLink }: Turn["call"],
  talk: Talk,
  row: ActiveCall,
  askedAt: EpochMs,
): boolean {
  if (!talks(row) || insideParty(row)?.dn !== talk.user || askedAt < talk.answeredAt) return false;
  const { changedAt } = row;
  // Of the first one the answer may have been seen late.
  return lastLink === 1 || (changedAt !== null && changedAt >= talk.answeredAt - rowTimeMs);
}

/**
 * When the first answer was given, which showed only as a blind stretch ended: as the row changed, if that was in the
 * stretch and after it rang; null = nobody knows.
 */
export function unseenAnswerAt(
  { call, known: { gap } }: Turn,
  { answeredAt }: Talk,
  { changedAt }: ActiveCall,
): EpochMs | null {
  const { answeredAt: firstAt, ringFromAt } = call.tally;
  if (answeredAt !== gap.toAt || answeredAt !== firstAt || changedAt === null) return null;
  const unseenFromAt = Math.max(gap.fromAt, ringFromAt ?? 0);
  return changedAt > unseenFromAt && changedAt < answeredAt ? changedAt : null;
}

/** It cannot be of before the answer, of which a list that has shown the conversation has nothing any more. */
function isSince(talk: Talk, row: ActiveCall): boolean {
  return talk.listedAt !== undefined || isNew(talk, row);
}

/** It has changed after the answer; one that was seen late was given before the list had the conversation. */
function isNew({ answeredAt, listedAt = answeredAt }: Talk, { changedAt }: ActiveCall): boolean {
  return changedAt !== null && changedAt >= Math.min(answeredAt, listedAt) + rowTimeMs;
}

/** It says so for so long that it cannot lag. */
export function insists({ at, settings }: Turn, sinceAt: EpochMs): boolean {
  return at >= sinceAt + settings.listInsistsMs;
}

/**
 * The call is at a queue or ring group, which may ring the phone that the list names. Not one of which no leg shows, as it is
 * not monitored, if the place's own leg was seen and has gone, and the list insists: that leg may go before a list that lags.
 */
export function mayPoll(turn: Turn, { dn }: Party, sinceAt: EpochMs): boolean {
  const { level, reached } = turn.call;
  if (!canPoll(level?.kind)) return false;
  const hasGone = get(reached, level.dn) === "leg" && insists(turn, sinceAt);
  return !hasGone || turn.known.watched.includes(dn);
}

/** The conversation goes on, though no leg shows it: in a conference, or where the list alone showed its answer. */
export function isStill({ shownBy, user }: Talk, row: ActiveCall): boolean {
  const inside = insideParty(row);
  if (inside === null) return shownBy === "outside";
  const isTheirs = shownBy === "inside" && inside.dn === user;
  return inside.kind === "conference" || (isTheirs && !routes(row));
}

/** Where somebody may talk, as far as is known. */
const phones: ReadonlySet<DnKind> = new Set(["extension", "conference", "unknown"]);

/**
 * Nothing has happened to a conversation that no leg shows, not as a listener's leg went either, whatever the DN is (a
 * restart may forget it) but a place.
 */
export function isUntouched(call: Call, talk: Talk, row: ActiveCall, sinceAt: EpochMs): boolean {
  const inside = insideParty(row);
  const isPlace = inside !== null && !phones.has(inside.kind);
  const oldAt = Math.min(call.touchedAt, sinceAt - rowTimeMs);
  const isOld = row.changedAt !== null && row.changedAt <= oldAt;
  return talk.shownBy !== "legs" && isOld && !isPlace;
}

/** Whose legs show when they left; of others the row tells, which changed then. */
export function leftAt(
  { at }: Turn,
  { shownBy }: Talk,
  { changedAt }: ActiveCall,
  sinceAt: EpochMs,
): EpochMs {
  return shownBy === "legs" ? sinceAt : Math.min(at, Math.max(changedAt ?? sinceAt, sinceAt));
}

/** Where the row has the conversation of a user whose last leg has gone, if it names them still. */
export type Own = "phone" | "box" | "unsettled" | null;

/**
 * They have sent it to their box if the row changed as they left, after the answer. If before, as the frame that ends their leg
 * may be lost, only if it insists: until then it may be at another phone of theirs, which its leg may be yet to show.
 */
export function ownOf(turn: Turn, row: ActiveCall, talk: Talk, sinceAt: EpochMs): Own {
  if (insideParty(row)?.dn !== talk.user || !talks(row)) return null;
  const { changedAt } = row;
  if (changedAt === null || !isNew(talk, row) || !isUnshown(turn, row)) return "phone";
  // If we were blind then: since we saw it last.
  const seenAt = Math.min(turn.call.touchedAt, sinceAt);
  // The frame that ends a leg comes a moment after the row has changed.
  const isThen = changedAt >= seenAt - turn.settings.listLagMs;
  if (isThen || insists(turn, sinceAt)) return "box";
  return changedAt > Math.min(seenAt, sinceAt - rowTimeMs) ? "unsettled" : "phone";
}

/** Whose call went on in a conference before its answer could be seen: who dialled, or stands there for the level. */
export function conferredOf(
  { external, lastLink, level, legs }: Turn["call"],
  row: ActiveCall,
): Level | null {
  if (lastLink > 0 || !talks(row) || insideParty(row)?.kind !== "conference") return null;
  if (external?.direction === "outgoing") return level;
  // A queue or ring group answers nothing: whoever is there was rung for it.
  const isTheirs = ({ leg }: TrackedLeg) =>
    leg.party.kind === "conference" &&
    leg.dnKind === "extension" &&
    (leg.dn === level?.dn || canPoll(level?.kind));
  const dn = legs.find(isTheirs)?.leg.dn;
  return dn === undefined ? null : { dn, kind: "extension" };
}
