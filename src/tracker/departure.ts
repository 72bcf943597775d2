/**
 * Departure: the user of the open link has left, and the outside party stands before somebody else. Passed on, or do
 * these only go a moment later (SPEC.md, R31)?
 */
import type { EpochMs } from "../events/event.ts";
import { finish } from "./ends.ts";
import {
  externalLegs,
  isAnew,
  isAnswer,
  isBeside,
  isLateLoser,
  isOwnRing,
  shownByLegs,
  standing,
  userTalks,
} from "./legs.ts";
import { passOn } from "./links.ts";
import type { Leaving, Talk, TrackedLeg } from "./state.ts";
import type { Turn } from "./turn.ts";

/** Who takes over what nobody has been offered comes as its user goes, give or take this. */
const changeOverMs = 10;

export function tellDeparture(turn: Turn): void {
  const { call } = turn;
  const { talk, leaving } = call;
  if (talk === null) return;
  if (!userTalks(call, talk)) judgeDeparture(turn, talk, standing(call));
  else if (leaving !== null && hasTakenBack(turn, talk, leaving.sinceAt)) {
    passOn(turn, talk, leaving.sinceAt, false);
  } else {
    call.leaving = null;
    if (talk.shownBy !== "legs") call.talk = shownByLegs(call, talk);
  }
}

function judgeDeparture(turn: Turn, talk: Talk, others: readonly TrackedLeg[]): void {
  const { call, at, settings } = turn;
  if (others.length === 0) return;
  if (call.hidden !== null && talk.shownBy === "legs") {
    // Whoever shows after the departure got it.
    passOn(turn, talk, call.hidden.sinceAt, false);
    return;
  }
  if (call.leaving === null) {
    const { legCount } = call;
    call.leaving = { sinceAt: at, dueAt: at + settings.listLagMs, looked: false, legCount };
    turn.ask = true;
  }
  const { leaving } = call;
  const { sinceAt, dueAt, looked } = leaving;
  const outcome = outcomeOf(turn, talk, leaving, others);
  if (outcome === "over") finish(turn, sinceAt);
  else if (outcome === "passedOn") passOn(turn, talk, at, false);
  else if (at >= dueAt) {
    const nextAt = (looked ? at : sinceAt) + settings.leaveHoldMs;
    call.leaving = { ...leaving, dueAt: nextAt, looked: true };
    turn.ask = true;
  }
}

/** What those who stand there show; null as long as only the list can tell. */
function outcomeOf(
  turn: Turn,
  talk: Talk,
  leaving: Leaving,
  others: readonly TrackedLeg[],
): "over" | "passedOn" | null {
  const { call, at } = turn;
  const listens = listenersOf(turn, talk, leaving, others);
  // Who listened, and another phone of the user that rang along, go with the user, a moment later.
  const isHeard = others.some((t) => listens(t) || isOwnRing(t, talk));
  if (leaving.looked && at >= leaving.dueAt) {
    const isNamed = call.establishedAt !== null;
    // That it rang along is all that there is, and no list has ever named the call.
    if (!isNamed && others.every((t) => isOwnRing(t, talk))) return "over";
    const takes = (t: TrackedLeg) => (t.rang || t.consulted) && isAnswer(call, t) && !listens(t);
    const isTaken = others.some(takes);
    // Of a user whom no leg shows, only who was rung, or consulted, and answers shows that they have left.
    const isShown = talk.shownBy === "legs" && (!isNamed || isTaken || !isHeard);
    const isUnseen = talk.shownBy === "inside" && !isNamed && isTaken && !isHeard;
    if (isShown || isUnseen) return "passedOn";
  }
  // Of whom no leg shows, the list tells that they have left, or whom they consulted.
  const isDark = talk.shownBy === "inside" && !others.some(({ consulted }) => consulted);
  // Losers of the polling that the user won a moment ago are going.
  const isLost = others.every((t) => !isAnswer(call, t) && isLateLoser(call, t, talk));
  if (isHeard || isDark || isLost) return null;
  return goesOn(turn, leaving, others) ? "passedOn" : null;
}

/** Who had come in beside the user, to listen or to join in, when they left. */
function listenersOf(
  { call, settings }: Turn,
  talk: Talk,
  { sinceAt }: Leaving,
  others: readonly TrackedLeg[],
): (tracked: TrackedLeg) => boolean {
  const offeredAt = Math.min(call.handover?.beganAt ?? sinceAt, sinceAt - changeOverMs);
  const besideAt = Math.max(offeredAt, sinceAt - settings.leaveWithMs);
  const mayJoin = others.every((t) => isAnswer(call, t));
  return (tracked) => isBeside(tracked, talk, besideAt, mayJoin);
}

/** Its user left at once, or before those who are there still; or somebody has answered, or come since. */
function goesOn(
  { call, before, settings }: Turn,
  { sinceAt, legCount }: Leaving,
  others: readonly TrackedLeg[],
): boolean {
  // Who hands over and goes at once is not who waits until somebody answers, and loses the caller meanwhile.
  const beganAt = call.handover?.beganAt ?? Math.min(...others.map(({ seenAt }) => seenAt));
  if (sinceAt < beganAt + settings.leaveWithMs) return true;
  // Who left while we were blind left before those who are there still.
  if (before?.blind === true && !call.blind) return true;
  return others.some((t) => isAnswer(call, t) || t.order > legCount);
}

/** The user, who was gone, has answered the call that was sent to the own number; not just gone on at another phone. */
function hasTakenBack({ call, at, settings }: Turn, talk: Talk, sinceAt: EpochMs): boolean {
  if (at < sinceAt + settings.leaveWithMs || talk.shownBy !== "legs") return false;
  return externalLegs(call).some((t) => isAnew(t, talk) && isAnswer(call, t));
}
