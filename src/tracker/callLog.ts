/**
 * The third witness, after the fact: the PBX's log of ended calls tells of a blind stretch who answered, when,
 * and for how long; and which calls came and went in it (SPEC.md, R19-R21).
 */
import type { EpochMs } from "../events/event.ts";
import type { DnRef, LoggedCall, LoggedTalk, Party } from "./activity.ts";
import { awaitsOrder } from "./callback.ts";
import { finish } from "./ends.ts";
import { isSameNumber, offerKind } from "./legs.ts";
import { openTalk, passOn } from "./links.ts";
import { hide } from "./rules.ts";
import { type Call, type CallIdentity, type Level, lastUserOf, type TrackedLeg } from "./state.ts";
import type { Turn } from "./turn.ts";

/** How far the log's times may be from ours, which start at the first leg seen. */
const sameStartMs = 5_000;
/** So far may a time of the log be from the truth. */
const roundedMs = 1_000;
/** A number comes round again after a restart of the PBX only, which takes so long at least where only our clock tells a start. */
const sameNumberMs = 60_000;

/** Looks at the log for a conversation that we saw begin. */
const talkLooksMax = 2;

/** What a call is known by, beyond the life of its state. */
export function identityOf(call: Call): CallIdentity | null {
  if (call.external === null) return null;
  const { direction, number } = call.external;
  // Not the id's time, which a jump of our clock may have made wrong.
  const { callNumber, aliases, establishedAt, firstSeenAt: beganAt } = call;
  return { callNumber, aliases, direction, number, establishedAt, beganAt };
}

/**
 * What an inside call that has shown its two sides is known by; null of any other. If a consultation of before the loss
 * takes an outside party's call over while nobody looks, the log has that party under the consultation's number and start.
 */
export function insideIdentityOf(call: Call | undefined): CallIdentity | null {
  const isOurs = ({ leg: { party } }: TrackedLeg) =>
    party.kind === "extension" || party.kind === "fax";
  if (!call?.legs.some(isOurs)) return null;
  const { callNumber, aliases, establishedAt, firstSeenAt: beganAt } = call;
  return { callNumber, aliases, direction: "outgoing", number: "", establishedAt, beganAt };
}

/** The log's entry for this call, or that of a consultation which took it over. */
export function isSame(call: CallIdentity, logged: LoggedCall): boolean {
  const { establishedAt, beganAt, number } = call;
  // What had ended before it was first seen is another, of before a restart of the PBX.
  if (logged.endedAt < beganAt - sameStartMs) return false;
  const isParty = isSameNumber(number, logged.number);
  // Which way it went, and when it began, is the consultation's in the log.
  if (logged.callNumber !== null && call.aliases.includes(logged.callNumber)) return isParty;
  // The PBX's own word if there is one: the two clocks may differ.
  const [one, other] =
    establishedAt === null ? [beganAt, logged.startedAt] : [establishedAt, logged.establishedAt];
  const apartMs = Math.abs(one - other);
  if (logged.callNumber === call.callNumber) {
    // Nor does it come round within a second, whoever is named as the outside party of two.
    if (apartMs <= roundedMs) return true;
    // Which way a call went that was first seen in the middle is a guess. None begins after it was seen.
    const isBefore = establishedAt === null && other < one;
    if (isParty) return apartMs <= (isBefore ? sameNumberMs : sameStartMs);
    if (number === "" || logged.number === "") return apartMs <= sameStartMs;
  }
  const isWay = call.direction === logged.direction;
  return isWay && isParty && number !== "" && apartMs <= sameStartMs;
}

/**
 * `isNumbered`: the log has the numbers that we know, so what has another one is another call, though it began in the
 * same moments, as a call-back may.
 */
export function isEntryOf(call: Call, logged: LoggedCall, isNumbered: boolean): boolean {
  const identity = identityOf(call);
  if (identity === null) return false;
  const { callNumber } = logged;
  const isAnothers =
    callNumber !== null && ![call.callNumber, ...call.aliases].includes(callNumber);
  // Under another number it is none of ours either if it had ended when ours was last seen.
  const hasEnded = logged.endedAt < call.touchedAt - sameStartMs;
  return !(isAnothers && (isNumbered || hasEnded)) && isSame(identity, logged);
}

/**
 * Its own outside party's before one that has only its number, which is another's where the log counts otherwise; of a
 * call that a consultation took over, the one that goes on where the first ends.
 */
export function entryOf(
  call: Call,
  calls: readonly LoggedCall[],
  isNumbered: boolean,
): LoggedCall | undefined {
  const entries = calls.filter((entry) => isEntryOf(call, entry, isNumbered));
  const rank = (entry: LoggedCall) => Number(isOfParty(call, entry));
  return entries.sort((a, b) => rank(b) - rank(a) || b.endedAt - a.endedAt)[0];
}

/** The outside party that we know is named. */
export function isOfParty({ external }: Call, { number }: Pick<Party, "number">): boolean {
  return external !== null && isSameNumber(external.number, number);
}

/** The log's word on the call is awaited. */
export function isInquired({ hidden }: Call): boolean {
  return hidden?.witness === "inquired" || hidden?.witness === "unlogged";
}

/** The log is asked how a call went on that was over at `endedAt`, as far as we know. */
export function awaitLog(turn: Turn, endedAt: EpochMs): void {
  const { call, at, settings } = turn;
  const dueAt = at + settings.answerMsMax;
  call.hidden = { sinceAt: endedAt, looks: 0, dueAt, witness: "inquired" };
  turn.inquire = true;
}

/** We see again: looks that are planned stay so, as sight may be lost again and again; one that was under way is begun anew. */
export function awaitLogOn({ call, at, settings }: Turn): void {
  if (call.hidden?.witness !== "inquired") return;
  call.hidden = { ...call.hidden, dueAt: at + settings.answerMsMax };
}

/** The log does not have the call (yet): look again, or take it as we know it. */
export function heedUnlogged(turn: Turn): void {
  const { call, at, settings } = turn;
  const { hidden } = call;
  if (hidden?.witness !== "inquired") return;
  const pause = settings.logAgainMs[hidden.looks];
  // A late log makes an answered call of one that seems missed; of one that we saw answered it tells little more.
  const isKnown = call.talk !== null && hidden.looks >= talkLooksMax;
  if (pause === undefined || isKnown) {
    turn.lacking = true;
    finish(turn, hidden.sinceAt);
  } else {
    call.hidden = { ...hidden, looks: hidden.looks + 1, dueAt: at + pause, witness: "unlogged" };
  }
}

/** The log cannot be had: a call that we lost sight of ends as we know it. */
export function heedNoLog(turn: Turn): void {
  const { call } = turn;
  const { hidden } = call;
  if (hidden === null) return;
  if (awaitsOrder(call)) {
    finish(turn, hidden.sinceAt);
  } else if (isInquired(call)) {
    turn.lacking = true;
    // The list alone has shown its conversation, and has left it out.
    if (call.talk !== null && call.talk.shownBy !== "legs") {
      finish(turn, hidden.sinceAt);
      return;
    }
    // One failure is no proof: the list is asked once more, and then believed.
    call.blind = false;
    hide(turn, hidden.sinceAt);
  }
}

/** Tells what the log knows beyond what was told, and ends the call. */
export function heedLogged(turn: Turn, logged: LoggedCall): void {
  const { call } = turn;
  const { talk: open, toldUntilAt } = call;
  // The log does not know better than what we saw.
  const seenUntilAt = call.touchedAt - roundedMs;
  // The log's times are rounded: what ended with the last that was told is told.
  const talks = logged.talks.filter(({ user, answeredAt, endedAt }) => {
    // An attempt that ends with the call is logged as answered, too.
    if (endedAt <= answeredAt) return false;
    if (open?.user === user) return endedAt > Math.max(open.answeredAt, seenUntilAt);
    // Whoever had the call before the user of the open conversation does not have it after: the user only listened.
    if (open !== null && answeredAt < open.answeredAt - roundedMs) return false;
    // Who handed over is logged until the end of all, at times.
    if (open === null && answeredAt < toldUntilAt - roundedMs) return false;
    return endedAt > toldUntilAt + roundedMs;
  });
  for (const [index, talk] of talks.entries()) {
    // The conversation that was open when we lost sight is told as answered already.
    if (call.talk?.user !== talk.user) {
      if (call.talk !== null) passOn(turn, call.talk, talk.answeredAt, false);
      const level = { dn: talk.user, kind: "extension" } as const;
      openTalk(turn, level, talk.answeredAt, { via: "", consulted: false, shownBy: "legs" });
    }
    const followed = index < talks.length - 1;
    if (call.talk !== null && followed) passOn(turn, call.talk, talk.endedAt, false);
  }
  const level = call.lastLink === 0 ? levelOf(call, logged) : levelAfterTalks(turn, logged);
  if (level !== null) call.level = level;
  const endedAt = call.talk === null ? undefined : talks.at(-1)?.endedAt;
  finish(turn, endedAt ?? endOf(call, logged), logged.callbackOrdered);
}

/** The last to talk has passed it on, and it was missed there; null where that is not so, or not known. */
function levelAfterTalks(turn: Turn, { talks, missedLevel }: LoggedCall): Level | null {
  const { call } = turn;
  const level = asLevel(missedLevel);
  const last = talks.at(-1);
  if (level === null || !last || call.handover?.outside === true) return null;
  // An outside phone that answers for its user is in no log, and a consultation may have one of its own: the last there
  // is a conversation of before.
  if (last.user !== (call.talk?.user ?? lastUserOf(call))) return null;
  if (call.talk !== null) {
    if (last.endedAt <= call.talk.answeredAt) return null;
    passOn(turn, call.talk, last.endedAt, false);
  }
  return level;
}

/** Where the log has a call that nobody answered; null where we know better. */
function levelOf({ external, level }: Call, logged: LoggedCall): Level | null {
  const theirs = asLevel(logged.level);
  // Nothing has been told of it.
  if (theirs === null || level === null) return theirs;
  // Of an outgoing one it names who dialled; of a call back whom its queue polled, not the queue.
  const isOut = external?.direction === "outgoing" || logged.direction === "outgoing";
  const isPolled = level.kind === "queue" && !logged.polledBy.includes(level.dn);
  if (isOut || (isPolled && theirs.kind === "extension")) return null;
  // The log has one code for queues and ring groups; where no directory can be read, the legs know better.
  const isRingGroup = level.kind === "ringgroup" && level.dn === theirs.dn;
  return isRingGroup ? null : theirs;
}

/** As what it would be told; null if it is nothing that is told. */
function asLevel(place: DnRef | null): Level | null {
  const kind = place && offerKind(place.kind);
  return place && kind && { dn: place.dn, kind };
}

/** The log may not have the part of a call that an outside phone answered, or that goes on under a consultation's number. */
function endOf(
  { talk, hidden, touchedAt, aliases }: Call,
  { talks, endedAt }: LoggedCall,
): EpochMs {
  const sinceAt = hidden?.sinceAt ?? endedAt;
  if (talk === null) return Math.max(endedAt, touchedAt);
  // Its user may have talked to them before.
  const isIt = ({ user, endedAt: untilAt }: LoggedTalk) =>
    user === talk.user && untilAt > talk.answeredAt + roundedMs;
  const isTaken = aliases.length > 0 && !talks.some(isIt);
  const isElsewhere = talk.shownBy !== "legs" || isTaken;
  const isLacking = isElsewhere && endedAt <= Math.max(talk.answeredAt + roundedMs, touchedAt);
  return isLacking ? sinceAt : Math.max(endedAt, touchedAt);
}

/** A call that came and went while we were blind. */
export function adoptLogged(turn: Turn, logged: LoggedCall): void {
  const { call } = turn;
  const { direction, number, name, did, establishedAt, startedAt } = logged;
  call.external = { direction, number, name };
  call.did = did;
  call.establishedAt = establishedAt;
  call.firstSeenAt = startedAt;
  call.touchedAt = startedAt;
  heedLogged(turn, logged);
}
