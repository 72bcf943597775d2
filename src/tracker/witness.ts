/** The second witness: what the list of active calls, its silence and time say of a call (SPEC.md, R15-R18). */
import type { EpochMs } from "../events/event.ts";
import { assertNever } from "../util/assertNever.ts";
import { type ActiveCall, canPoll, type DnKind, type Party, routes, talks } from "./activity.ts";
import { get, put } from "./byDn.ts";
import { heedOrderTime } from "./callback.ts";
import { joinLooksMax, joinMsMax } from "./consultation.ts";
import { finish } from "./ends.ts";
import { isDialled, isThere } from "./legs.ts";
import { beginHandover, dropOffers, openTalk, passOn } from "./links.ts";
import { ringsAlone } from "./polling.ts";
import { insideParty, isAtBox, isTaken, recogniseListed, rowTimeMs } from "./recognise.ts";
import {
  conferredOf,
  insists,
  isElsewhere,
  isOfBefore,
  isSentBack,
  isStill,
  leftAt,
  mayPoll,
  ownOf,
  unseenAnswerAt,
  wasListed,
  withoutListeners,
} from "./rows.ts";
import { reach } from "./rules.ts";
import {
  type Hidden,
  type Leaving,
  type Level,
  lastUserOf,
  type Talk,
  type TrackedLeg,
} from "./state.ts";
import type { Turn } from "./turn.ts";
import { conclude } from "./unlisted.ts";

/** When the list was asked, whether the row is that of a join, and who spoke with whom inside until a moment ago. */
export interface Listing {
  readonly askedAt: EpochMs;
  readonly isJoin: () => boolean;
  readonly spoke: (dn: string, withDn: string) => boolean;
}

/** The list names the call. */
export function heedListed(turn: Turn, row: ActiveCall, listing: Listing): void {
  const { askedAt } = listing;
  const { call, settings } = turn;
  if (call.omittedAt.length > 0) call.omittedAt = [];
  call.establishedAt ??= row.establishedAt;
  if (call.external === null) recogniseListed(turn, row);
  if (call.external === null) return;
  call.did ??= row.did;
  noteListed(turn, row, askedAt);
  const { talk } = call;
  if (call.hidden !== null && askedAt >= call.hidden.sinceAt) {
    call.hidden = lookedAt(turn, call.hidden, "listed");
    heedWhereabouts(turn, row, call.hidden, listing);
    notePlace(call, row, askedAt < call.touchedAt + settings.listLateMs);
  } else if (call.leaving !== null && talk !== null) {
    heedDeparted(turn, row, askedAt, { talk, leaving: call.leaving });
  }
  // What shows that it was passed on shows where it is.
  const passedOn = talk !== null && call.talk === null;
  const handedOn = isHandedOn(turn, row, askedAt);
  if (handedOn) call.handover = beginHandover(turn);
  const settled = askedAt >= call.touchedAt + settings.listLagMs;
  const mayBeLate = askedAt < call.touchedAt + settings.listLateMs;
  if (settled && call.talk !== null && call.handover === null)
    heedSent(call, call.talk, row, askedAt);
  else if (!mayBeLate) heedGivenUp(call, row);
  const polled = askedAt >= call.touchedAt && isPolled(call, row);
  // What shows that it was passed on is of now.
  if (settled || polled || handedOn || passedOn) heedLevel(turn, row, mayBeLate && !passedOn);
}

/** Where it waits: who is parked there may be taken back, by who dials that place. */
function notePlace(call: Turn["call"], row: ActiveCall, mayBeLate: boolean): void {
  const { handover } = call;
  const place = insideParty(row);
  if (handover === null || place === null) return;
  const { dn, kind } = place;
  // Whom it rang back in vain has no more of it than before: it is parked anew.
  const offered = handover.offered && (mayBeLate || kind !== "parking");
  if (handover.place?.dn === dn && handover.offered === offered) return;
  call.handover = { ...handover, place: { dn, kind }, offered };
}

/** What the list has of the conversation elsewhere from now on is of after the answer. */
function noteListed(turn: Turn, row: ActiveCall, askedAt: EpochMs): void {
  const { call } = turn;
  const { talk, tally } = call;
  if (!talk || talk.listedAt !== undefined || !wasListed(call, talk, row, askedAt)) return;
  call.talk = { ...talk, listedAt: row.changedAt ?? askedAt };
  const spokeFromAt = unseenAnswerAt(turn, talk, row);
  if (spokeFromAt === null) return;
  call.talk = { ...call.talk, spokeFromAt };
  call.tally = { ...tally, answeredAt: spokeFromAt };
}

/** One look less; a list that was asked for other calls is none of them, so that they last for the time they are meant for. */
function lookedAt({ at, settings }: Turn, hidden: Hidden, witness: "listed" | "omitted"): Hidden {
  if (hidden.witness === witness && hidden.dueAt !== null) return hidden;
  const { looks, sinceAt } = hidden;
  const pause = settings.lookAgainMs[looks];
  const dueAt = pause === undefined ? null : at + pause;
  return { sinceAt, looks: looks + 1, dueAt, witness };
}

/** A place where it has never been rings others, while the user waits for their answer; no list that lags has it. */
function isHandedOn({ call, settings }: Turn, row: ActiveCall, askedAt: EpochMs): boolean {
  const { talk, handover } = call;
  const place = insideParty(row);
  if (talk === null || handover !== null || place === null || talk.via === "") return false;
  const isNew = canPoll(place.kind) && get(call.reached, place.dn) === undefined;
  const isRung = call.legs.some((t) => t.leg.status === "ringing" && t.order > talk.legCount);
  return isNew && isRung && askedAt >= talk.answeredAt + settings.listLagMs;
}

/** Its user talks on while the call is sent elsewhere, as to somebody whose mobile alone rings: no leg shows it. */
function heedSent(call: Turn["call"], talk: Talk, row: ActiveCall, askedAt: EpochMs): void {
  const { user, offeredAt = 0 } = talk;
  const inside = insideParty(row);
  const isSent = routes(row) && inside?.dn !== user;
  if (isSent && (row.changedAt ?? 0) > offeredAt) call.talk = { ...talk, offeredAt: askedAt };
  if (inside?.kind === "extension") isAt(call, routes(row) ? inside.dn : user);
}

/** The extension is the level. What is so already is no change, which would be stored. */
function isAt(call: Turn["call"], dn: string): void {
  const { level } = call;
  if (level?.dn !== dn || level.kind !== "extension") call.level = { dn, kind: "extension" };
}

/** A place that no leg shows has given the call up: the list has it at the one phone that rings. */
function heedGivenUp(call: Turn["call"], row: ActiveCall): void {
  const rung = routes(row) ? insideParty(row) : null;
  if (rung?.kind === "extension" && ringsAlone(call, rung.dn)) isAt(call, rung.dn);
}

/** A list that lags may still have a call that has just ended; one that does not has it where it went on. */
function heedDeparted(
  turn: Turn,
  row: ActiveCall,
  askedAt: EpochMs,
  { talk, leaving }: { readonly talk: Talk; readonly leaving: Leaving },
): void {
  const { call, at, settings } = turn;
  const lateMs = askedAt - leaving.sinceAt;
  // The user's own other phone has been lifted, which its leg is yet to show.
  const own = ownOf(turn, row, talk, leaving.sinceAt);
  const legs = withoutListeners(turn, talk, row, leaving.sinceAt);
  const isTheirs = own === "phone" || own === "unsettled";
  if (isStill(talk, row) || (own === "phone" && lateMs >= settings.listLateMs)) {
    call.talk = { ...talk, shownBy: "inside" };
    call.leaving = { ...leaving, sinceAt: at };
  } else if (lateMs >= settings.listLagMs && !isTheirs && legs !== null) {
    call.legs = legs;
    sendOn(turn, talk, row, at, false);
  }
}

/** To where the row has it. Only who talks parks it: whom they had it ring before has failed. */
function sendOn(turn: Turn, talk: Talk, row: ActiveCall, at: EpochMs, outside: boolean): void {
  const { call } = turn;
  const inside = insideParty(row);
  if (inside?.kind === "parking") {
    call.handover = null;
    // Who takes it back has it from there: a list that lags names the place still.
    call.reached = put(call.reached, inside.dn, "inferred");
  }
  passOn(turn, talk, at, outside);
}

/** Extensions ring, and the list says for whom: a queue or ring group that no leg names, nor had the call before. */
function isPolled({ level, reached }: Turn["call"], row: ActiveCall): boolean {
  const by = insideParty(row);
  return level?.kind === "extension" && canPoll(by?.kind) && get(reached, by.dn) === undefined;
}

/** Where somebody may talk, as far as is known. */
const phones: ReadonlySet<DnKind> = new Set(["extension", "conference", "unknown"]);

/** A hidden call's conversation has gone on elsewhere: parked, at a queue that is not visible, outside. */
function heedWhereabouts(
  turn: Turn,
  row: ActiveCall,
  hidden: Hidden,
  { askedAt, isJoin, spoke }: Listing,
): void {
  const { call, settings } = turn;
  const { sinceAt } = hidden;
  const inside = insideParty(row);
  const conferred = conferredOf(call, row);
  const outside = inside === null;
  const mayLag = askedAt < sinceAt + settings.listLagMs;
  if (call.talk !== null) {
    const { talk } = call;
    const elsewhere = isElsewhere(turn, talk, row, sinceAt);
    // A moment later its kind may be known, by a leg that stands towards it.
    const isUnknown = inside?.kind === "unknown" && hidden.looks < joinLooksMax;
    const isSent =
      askedAt >= talk.answeredAt + settings.listLagMs && isSentBack(turn, talk, row, sinceAt);
    const ringsAnew = inside?.dn === talk.user && (talk.shownBy === "inside" || isSent);
    const mayBeLate = askedAt < sinceAt + settings.listLateMs;
    const atBox = !mayBeLate && ownOf(turn, row, talk, sinceAt) === "box";
    const leftWhen = leftAt(turn, talk, row, sinceAt);
    const sentTo = call.handover === null && call.level?.dn !== talk.user ? call.level : null;
    // Nothing has happened to it, not as a listener's leg went either, whatever the DN is (a restart may forget it) but a place.
    const oldAt = Math.min(call.touchedAt, sinceAt - rowTimeMs);
    const isOld = row.changedAt !== null && row.changedAt <= oldAt;
    const isPlace = inside !== null && !phones.has(inside.kind);
    const isSame = talk.shownBy !== "legs" && isOld && !isPlace;
    if (isSame || isStill(talk, row)) goesOnUnseen(turn, hidden, talk);
    else if (isUnknown) return;
    else if (isJoin()) {
      // Whom they had it ring just before, in vain, has nothing of it.
      call.handover = null;
      passOn(turn, talk, leftWhen, true);
    } else if (mayBeLate && isOfBefore(turn, talk, row, sinceAt)) return;
    else if (outside && sentTo !== null) {
      passOn(turn, talk, leftWhen, false);
      offerUnseen(call, sentTo);
    } else if (outside || elsewhere || ringsAnew || atBox) {
      sendOn(turn, talk, row, leftWhen, outside);
      if (inside?.kind === "extension" && elsewhere && routes(row)) offerUnseen(call, inside);
    }
  } else if (isAtBox(turn, row)) {
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
    const isKnown = !mayLag && (changedMs >= -rowTimeMs || insists(turn, sinceAt));
    if (isNew || isKnown || changedMs > rowTimeMs) offerUnseen(call, inside);
  } else if (outside && isForward(call)) {
    if (talks(row)) tellForward(turn, row, hidden);
  } else if (call.handover !== null && call.handover.outside !== outside) {
    call.handover = { ...call.handover, outside };
  }
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
function isForward({ handover, external, lastLink }: Turn["call"]): boolean {
  if (handover !== null) return handover.offered && !handover.outside;
  return external?.direction === "incoming" && lastLink === 0;
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

/** The list shows a queue, IVR or ring group that no visible leg shows. */
function heedLevel(turn: Turn, row: ActiveCall, mayBeLate: boolean): void {
  const { call } = turn;
  const inside = insideParty(row);
  if (inside === null || (call.talk !== null && call.handover === null)) return;
  if (isDialled(call)) return;
  const { dn, kind } = inside;
  if (kind !== "ivr" && !canPoll(kind)) return;
  // Where visible legs tell of a level, a late list has no say; nor has one of before, where it has been.
  const known = get(call.reached, dn);
  const isOld = row.changedAt !== null && row.changedAt < call.touchedAt - rowTimeMs;
  const isBelied = known === undefined ? mayBeLate && isNamed(call) : mayBeLate || isOld;
  const { level } = call;
  if (level?.dn === dn || known === "leg" || isBelied) return;
  reach(turn, { dn, kind }, "inferred");
  dropOffers(call);
  // A menu rings nobody: whoever rings on has the call from there, in a list that lags.
  const hasPassed = kind === "ivr" && mayBeLate && level?.kind === "extension";
  if (hasPassed && isThere(call, level.dn)) call.level = level;
}

/** A phone rings that names the level as what made its leg. */
function isNamed({ level, legs }: Turn["call"]): boolean {
  const names = ({ leg }: TrackedLeg) =>
    leg.status === "ringing" && leg.originatedBy !== null && leg.originatedBy.dn === level?.dn;
  return legs.some(names);
}

const awaiting: ReadonlySet<Hidden["witness"]> = new Set(["asked", "omitted", "listed"]);

/** The list cannot be had: a hidden call is over after a grace, a long one if the list has named it before. */
export function heedNoList(turn: Turn): void {
  const { call, at, settings } = turn;
  const { hidden, establishedAt } = call;
  if (hidden === null || !awaiting.has(hidden.witness)) return;
  const { witness } = hidden;
  // It has been left out: what fails is one of its looks, or was asked for another call.
  const next = witness === "omitted" ? lookedAt(turn, hidden, witness) : null;
  if (next?.dueAt) {
    call.hidden = next;
    return;
  }
  const isListed = witness === "listed" || (witness === "asked" && establishedAt !== null);
  const dueAt = at + (isListed ? settings.listedGraceMs : settings.graceMs);
  call.hidden = { ...hidden, dueAt, witness: "unavailable" };
}

/** A call that no leg shows, found in the list alone, at a level of ours. */
export function adoptListed(turn: Turn, row: ActiveCall): void {
  const { call, at } = turn;
  // The name in the row is the trunk's; and no leg has been touched yet that the list could lag behind.
  call.external = { direction: "incoming", number: row.caller.number, name: "" };
  call.touchedAt = 0;
  call.hidden = { sinceAt: at, looks: 0, dueAt: null, witness: "listed" };
  call.establishedAt = row.establishedAt;
  call.did = row.did;
  heedLevel(turn, row, false);
}

/** A deadline may be due. */
export function heedTime(turn: Turn): void {
  const { call, at, settings } = turn;
  const { hidden } = call;
  if (hidden === null || hidden.dueAt === null || at < hidden.dueAt) return;
  switch (hidden.witness) {
    case "listed":
    case "omitted":
      call.hidden = { ...hidden, dueAt: null };
      turn.ask = true;
      break;
    case "asked":
    case "unavailable":
      conclude(turn, hidden.sinceAt);
      break;
    case "unlogged":
      call.hidden = { ...hidden, dueAt: at + settings.answerMsMax, witness: "inquired" };
      turn.inquire = true;
      break;
    case "callback":
      heedOrderTime(turn, hidden);
      break;
    case "inquired":
      turn.lacking = true;
      finish(turn, hidden.sinceAt);
      break;
    default:
      assertNever(hidden.witness);
  }
}
