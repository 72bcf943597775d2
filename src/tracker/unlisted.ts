/** What it says of a call that the list of active calls leaves it out: over, or too early to tell (SPEC.md, R15, R16). */
import type { EpochMs } from "../events/event.ts";
import { awaitsOrder, finishOrHold } from "./callback.ts";
import { awaitLog, isInquired } from "./callLog.ts";
import { joinLooksMax } from "./consultation.ts";
import { finish } from "./ends.ts";
import { passOn } from "./links.ts";
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
  if (call.hidden === null) {
    const { leaving, omittedAt } = call;
    // What rings still will go, too.
    const trusted = omittedAt.length < turn.settings.omissionsMax && !call.blind;
    if (leaving !== null && trusted && askedAt >= leaving.sinceAt) {
      finish(turn, leaving.sinceAt);
      return;
    }
    // Asked for many calls that end at once, it leaves each of them out again and again before its legs go.
    const [omitted] = omittedAt.slice(-1);
    const counts = omitted === undefined || askedAt >= omitted + turn.settings.listLagMs;
    if (trusted && counts && askedAt >= call.touchedAt) call.omittedAt = [...omittedAt, askedAt];
    return;
  }
  const trusted = call.omittedAt.length < turn.settings.omissionsMax;
  const awaited = isInquired(call) || awaitsOrder(call);
  if (askedAt >= call.hidden.sinceAt && trusted && !awaited) {
    const { looks, witness, dueAt: nextAt } = call.hidden;
    // Seen in the list after its last leg, or there alone: it went on until now.
    const isShown = call.talk !== null && call.talk.shownBy !== "legs";
    const wentOn = isShown ? witness !== "omitted" : call.talk === null && witness === "listed";
    const sinceAt = wentOn ? turn.at : call.hidden.sinceAt;
    const pause = turn.settings.lookAgainMs[looks];
    // A join may be under way whose other half has not shown yet.
    const joins = consulting || sibling === "unsettled";
    const isPlanned = witness === "omitted" && nextAt !== null;
    const waits = (joins && (isPlanned || looks < joinLooksMax)) || mayStillCome(turn, askedAt);
    // A list that was asked for other calls is none of its looks: they last for the time that they are meant for.
    if (waits && isPlanned) return;
    if (waits && pause !== undefined) {
      const dueAt = turn.at + pause;
      call.hidden = { sinceAt, looks: looks + 1, dueAt, witness: "omitted" };
      return;
    }
    call.leftOut = call.blind;
    conclude(turn, sinceAt);
  }
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
