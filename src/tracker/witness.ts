/** The second witness: what the list of active calls, its silence and time say of a call (SPEC.md, R15-R18). */
import type { EpochMs } from "../events/event.ts";
import { assertNever } from "../util/assertNever.ts";
import { type ActiveCall, canPoll, holdsCallers, routes } from "./activity.ts";
import { get } from "./byDn.ts";
import { heedOrderTime } from "./callback.ts";
import { finish } from "./ends.ts";
import { isDialled, isThere } from "./legs.ts";
import { beginHandover, dropOffers } from "./links.ts";
import { ringsAlone } from "./polling.ts";
import { insideParty, recogniseListed, rowTimeMs } from "./recognise.ts";
import { isStill, ownOf, unseenAnswerAt, wasListed, withoutListeners } from "./rows.ts";
import { reach } from "./rules.ts";
import type { Hidden, Leaving, Talk, TrackedLeg } from "./state.ts";
import type { Turn } from "./turn.ts";
import { conclude } from "./unlisted.ts";
import { heedWhereabouts, type Listing, sendOn } from "./whereabouts.ts";

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

/** Extensions ring, and the list says for whom: a queue or ring group that no leg names, nor had the call before. */
function isPolled({ level, reached }: Turn["call"], row: ActiveCall): boolean {
  const by = insideParty(row);
  return level?.kind === "extension" && canPoll(by?.kind) && get(reached, by.dn) === undefined;
}

/** The list shows a queue, IVR or ring group that no visible leg shows. */
function heedLevel(turn: Turn, row: ActiveCall, mayBeLate: boolean): void {
  const { call } = turn;
  const inside = insideParty(row);
  if (inside === null || (call.talk !== null && call.handover === null)) return;
  if (isDialled(call)) return;
  const { dn, kind } = inside;
  if (!holdsCallers(kind)) return;
  // Where visible legs tell of a level, a late list has no say; nor has one of before: where it has been, or the answer.
  const known = get(call.reached, dn);
  const { changedAt } = row;
  const isOld = changedAt !== null && changedAt < call.touchedAt - rowTimeMs;
  const isBefore = changedAt !== null && changedAt < (call.talk?.answeredAt ?? 0);
  const isBelied =
    known === undefined ? mayBeLate && (isBefore || isNamed(call)) : mayBeLate || isOld;
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
