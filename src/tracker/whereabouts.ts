/** Where the list has a hidden call: its conversation, or what waits for one, has gone on elsewhere (SPEC.md, R15, R25, R34). */
import type { EpochMs } from "../events/event.ts";
import { type ActiveCall, canPoll, type Party, routes, talks } from "./activity.ts";
import { get, put } from "./byDn.ts";
import { joinLooksMax, joinMsMax } from "./consultation.ts";
import { openTalk, passOn } from "./links.ts";
import { insideParty, isAtBox, isTaken, rowTimeMs } from "./recognise.ts";
import {
  conferredOf,
  insists,
  isElsewhere,
  isOfBefore,
  isSentBack,
  isStill,
  isUntouched,
  leftAt,
  mayPoll,
  ownOf,
} from "./rows.ts";
import { type Hidden, type Level, lastUserOf, type Talk } from "./state.ts";
import type { Turn } from "./turn.ts";

/** When the list was asked, whether the row is that of a join, and who spoke with whom inside until a moment ago. */
export interface Listing {
  readonly askedAt: EpochMs;
  readonly isJoin: () => boolean;
  readonly spoke: (dn: string, withDn: string) => boolean;
}

/** A hidden call's conversation, or what waits for one, has gone on elsewhere: parked, at a queue that is not visible, outside. */
export function heedWhereabouts(
  turn: Turn,
  row: ActiveCall,
  hidden: Hidden,
  listing: Listing,
): void {
  const { talk } = turn.call;
  if (talk === null) heedWaiting(turn, row, hidden, listing);
  else heedTalk(turn, row, hidden, talk, listing);
}

/** It goes on with the user whose legs have gone, or they have passed it on; or a list that lags tells nothing of it. */
function heedTalk(
  turn: Turn,
  row: ActiveCall,
  hidden: Hidden,
  talk: Talk,
  { askedAt, isJoin }: Listing,
): void {
  const { call, settings } = turn;
  const { sinceAt } = hidden;
  const inside = insideParty(row);
  if (isUntouched(call, talk, row, sinceAt) || isStill(talk, row)) {
    goesOnUnseen(turn, hidden, talk);
    return;
  }
  // A moment later its kind may be known, by a leg that stands towards it.
  if (inside?.kind === "unknown" && hidden.looks < joinLooksMax) return;
  const leftWhen = leftAt(turn, talk, row, sinceAt);
  if (isJoin()) {
    // Whom they had it ring just before, in vain, has nothing of it.
    call.handover = null;
    passOn(turn, talk, leftWhen, true);
    return;
  }
  const mayBeLate = askedAt < sinceAt + settings.listLateMs;
  if (mayBeLate && isOfBefore(turn, talk, row, sinceAt)) return;
  const outside = inside === null;
  const sentTo = call.handover === null && call.level?.dn !== talk.user ? call.level : null;
  if (outside && sentTo !== null) {
    passOn(turn, talk, leftWhen, false);
    offerUnseen(call, sentTo);
    return;
  }
  const elsewhere = isElsewhere(turn, talk, row, sinceAt);
  const isSent =
    askedAt >= talk.answeredAt + settings.listLagMs && isSentBack(turn, talk, row, sinceAt);
  const ringsAnew = inside?.dn === talk.user && (talk.shownBy === "inside" || isSent);
  const atBox = !mayBeLate && ownOf(turn, row, talk, sinceAt) === "box";
  if (!(outside || elsewhere || ringsAnew || atBox)) return;
  sendOn(turn, talk, row, leftWhen, outside);
  if (inside?.kind === "extension" && elsewhere && routes(row)) offerUnseen(call, inside);
}

/** Somebody whom no leg shows has it now, or is offered it; or it is outside. */
function heedWaiting(
  turn: Turn,
  row: ActiveCall,
  hidden: Hidden,
  { askedAt, spoke }: Listing,
): void {
  const { call, settings } = turn;
  const { sinceAt } = hidden;
  const inside = insideParty(row);
  const conferred = conferredOf(call, row);
  const outside = inside === null;
  const mayLag = askedAt < sinceAt + settings.listLagMs;
  if (isAtBox(turn, row)) {
    // Back from outside, it has reached them.
    if (call.handover?.outside === true) offerUnseen(call, inside as Party);
  } else if (isTaken(call, row)) {
    // Where nobody has talked yet, no list that lags tells of a conversation.
    if (call.lastLink === 0 || !mayLag) tellTaken(turn, row, hidden, spoke);
  } else if (conferred !== null) {
    tellUnseen(turn, conferred, { shownBy: "inside", consulted: false }, row, hidden);
  } else if (inside?.kind === "extension" && !mayPoll(turn, inside, sinceAt)) {
    // A list that lags names one of before, and knows nothing of a blind stretch.
    const isNew = get(call.reached, inside.dn) === undefined;
    const changedMs = (row.changedAt ?? call.touchedAt) - call.touchedAt;
    const isThen = changedMs >= -rowTimeMs;
    const isKnown = !mayLag && (isThen || insists(turn, sinceAt));
    if ((isNew && isThen) || isKnown || changedMs > rowTimeMs) offerUnseen(call, inside);
  } else if (outside && isForward(call)) {
    if (talks(row)) tellForward(turn, row, hidden);
  } else if (call.handover !== null && call.handover.outside !== outside) {
    call.handover = { ...call.handover, outside };
  }
}

/** To where the row has it. Only who talks parks it: whom they had it ring before has failed. */
export function sendOn(
  turn: Turn,
  talk: Talk,
  row: ActiveCall,
  at: EpochMs,
  outside: boolean,
): void {
  const { call } = turn;
  const inside = insideParty(row);
  if (inside?.kind === "parking") {
    call.handover = null;
    // Who takes it back has it from there: a list that lags names the place still.
    call.reached = put(call.reached, inside.dn, "inferred");
  }
  passOn(turn, talk, at, outside);
}

/** On from one phone to another, which is not monitored, or back: what goes outside from there is its forward. */
function offerUnseen(call: Turn["call"], { dn }: Pick<Level, "dn">): void {
  call.level = { dn, kind: "extension" };
  if (call.handover !== null) call.handover = { ...call.handover, outside: false, offered: true };
}

/** It ends not before the list names it for the last time. */
function goesOnUnseen({ call, at }: Turn, hidden: Hidden, talk: Talk): void {
  call.hidden = { ...hidden, sinceAt: at };
  call.leaving = null;
  if (talk.shownBy === "legs") call.talk = { ...talk, shownBy: "inside" };
}

function tellTaken(turn: Turn, row: ActiveCall, hidden: Hidden, spoke: Listing["spoke"]): void {
  const { dn } = insideParty(row) as Party;
  // Whoever hands over spoke to the caller last; the level may be the taker already, for whom the list had it on its way.
  const { handover, level } = turn.call;
  // Who rings first is called, whatever was spoken before.
  const rang = handover?.offered === true && level?.dn === dn;
  const spoken = !rang && spoke(lastUserOf(turn.call) ?? "", dn);
  // What was handed over before, and waits since (parked), is joined with nothing.
  const waitedMs = (row.changedAt ?? turn.at) - (handover?.beganAt ?? turn.at);
  const consulted = spoken && waitedMs <= joinMsMax;
  tellUnseen(turn, { dn, kind: "extension" }, { shownBy: "inside", consulted }, row, hidden);
}

/** An answer that the list alone shows; the row, which is read later, changed with it. */
function tellUnseen(
  turn: Turn,
  level: Level,
  how: { readonly shownBy: "outside" | "inside"; readonly consulted: boolean },
  { changedAt }: ActiveCall,
  hidden: Hidden,
): void {
  const { call, at } = turn;
  // What polled a phone that is not monitored is gone a moment after its answer.
  const fromAt = how.shownBy === "outside" ? hidden.sinceAt : call.toldUntilAt;
  const answeredAt = Math.min(at, Math.max(changedAt ?? at, fromAt, call.firstSeenAt));
  // The legs of those who were rung with it may be seen late.
  const { level: place } = call;
  const polls = canPoll(place?.kind);
  openTalk(turn, level, answeredAt, { via: polls ? place.dn : "", ...how });
  call.hidden = { ...hidden, sinceAt: at };
}

/** Whoever was offered the call last sends it outside. */
function isForward({ handover, external }: Turn["call"]): boolean {
  if (handover !== null) return handover.offered && !handover.outside;
  return external?.direction === "incoming";
}

/** It is answered outside: for an extension, if it was offered to one; else it is nobody's call. */
function tellForward(turn: Turn, row: ActiveCall, hidden: Hidden): void {
  const { call } = turn;
  const { level, handover } = call;
  if (level?.kind === "extension") {
    tellUnseen(turn, level, { shownBy: "outside", consulted: false }, row, hidden);
  } else if (handover !== null) {
    call.handover = { ...handover, outside: true };
  }
}
