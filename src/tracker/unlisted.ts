/** What it says of a call that the list of active calls leaves it out: over, or too early to tell (SPEC.md, R15, R16). */
import type { EpochMs } from "../events/event.ts";
import { awaitsOrder, finishOrHold } from "./callback.ts";
import { awaitLog, isInquired } from "./callLog.ts";
import { joinLooksMax } from "./consultation.ts";
import { finish } from "./ends.ts";
import { passOn } from "./links.ts";
import type { Hidden } from "./state.ts";
import type { Turn } from "./turn.ts";

/** What another call of the same user says, that went from sight at the same moment. */
export type Sibling = "none" | "joined" | "unsettled";

/** The list, asked at `askedAt`, does not name the call. */
export function heedUnlisted(
  turn: Turn,
  askedAt: EpochMs,
  sibling: Sibling,
  consulting: boolean,
): void {
  const { call } = turn;
  if (call.external === null) return;
  const gone = call.hidden ?? call.leaving;
  if (sibling === "joined" && call.talk !== null && gone !== null) {
    // Whenever it was asked, it shows the join; who only listened may seem to stand there still.
    passOn(turn, call.talk, gone.sinceAt, true);
    conclude(turn, gone.sinceAt);
    return;
  }
  if (call.hidden === null) heedOmitted(turn, askedAt);
  else heedGone(turn, call.hidden, askedAt, sibling, consulting);
}

/** Its legs stand: those that ring will go as its user went; or the list does not know it. */
function heedOmitted(turn: Turn, askedAt: EpochMs): void {
  const { call, settings } = turn;
  const { leaving, omittedAt } = call;
  if (!isTrusted(turn) || call.blind) return;
  if (leaving !== null && askedAt >= leaving.sinceAt) {
    finish(turn, leaving.sinceAt);
    return;
  }
  // Asked for many calls that end at once, it leaves each of them out again and again before its legs go.
  const [omitted] = omittedAt.slice(-1);
  const counts = omitted === undefined || askedAt >= omitted + settings.listLagMs;
  if (counts && askedAt >= call.touchedAt) call.omittedAt = [...omittedAt, askedAt];
}

/** No leg carries it on, and the list leaves it out: over, unless its log or order is awaited, or a join may show yet. */
function heedGone(
  turn: Turn,
  hidden: Hidden,
  askedAt: EpochMs,
  sibling: Sibling,
  consulting: boolean,
): void {
  const { call, at, settings } = turn;
  const { looks, witness, dueAt: nextAt } = hidden;
  if (askedAt < hidden.sinceAt || !isTrusted(turn)) return;
  if (isInquired(call) || awaitsOrder(call)) return;
  // Seen in the list after its last leg, or there alone: it went on until now.
  const isShown = call.talk !== null && call.talk.shownBy !== "legs";
  const wentOn = isShown ? witness !== "omitted" : call.talk === null && witness === "listed";
  const sinceAt = wentOn ? at : hidden.sinceAt;
  const pause = settings.lookAgainMs[looks];
  // A join may be under way whose other half has not shown yet.
  const joins = consulting || sibling === "unsettled";
  const isPlanned = witness === "omitted" && nextAt !== null;
  const waits = (joins && (isPlanned || looks < joinLooksMax)) || mayStillCome(turn, askedAt);
  // A list that was asked for other calls is none of its looks: they last for the time that they are meant for.
  if (waits && isPlanned) return;
  if (waits && pause !== undefined) {
    call.hidden = { sinceAt, looks: looks + 1, dueAt: at + pause, witness: "omitted" };
    return;
  }
  call.leftOut = call.blind;
  conclude(turn, sinceAt);
}

/** A list that has left it out again and again while its legs lived is no witness. */
function isTrusted({ call, settings }: Turn): boolean {
  return call.omittedAt.length < settings.omissionsMax;
}

/** It has just come in, and goes from place to place: the list, which has not named it yet, may lag behind. */
function mayStillCome({ call, settings }: Turn, askedAt: EpochMs): boolean {
  const { external, talk, establishedAt, listedAt, firstSeenAt } = call;
  const isNamed = (establishedAt ?? listedAt) !== null;
  const isOffered = external?.direction === "incoming" && talk === null;
  return isOffered && !isNamed && askedAt < firstSeenAt + settings.listLateMs;
}

/** Over, unless we were blind: then the call log is asked first how it went on. */
export function conclude(turn: Turn, at: EpochMs): void {
  if (turn.call.blind) awaitLog(turn, at);
  else finishOrHold(turn, at);
}
