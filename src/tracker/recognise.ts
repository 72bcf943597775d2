/**
 * Who the outside party of a call is, and who called whom: by the first leg that shows it, and by what the list had of
 * the call before (SPEC.md, R2-R4, R34). Of what no leg has shown, only a row with the same outside number is believed.
 */

import type { EpochMs } from "../events/event.ts";
import { type ActiveCall, canPoll, type Party, talks } from "./activity.ts";
import { get } from "./byDn.ts";
import { finish } from "./ends.ts";
import {
  directionOf,
  externalLegs,
  isDialled,
  isExternal,
  isSameNumber,
  legIn,
  noLegs,
  standing,
} from "./legs.ts";
import type { External, TrackedLeg } from "./state.ts";
import type { Draft, Turn } from "./turn.ts";

/** A row of the list, and when the list showed the call first. */
export type ListedCall = ActiveCall & {
  readonly seenAt: EpochMs;
  /** It stood beside that of a call that it might have taken over: it has not. */
  readonly isApart: boolean;
};

/** Fixes the outside party and the direction at the first leg that shows them, or as the list had them before. */
export function recognise(turn: Turn): void {
  const { call, listed } = turn;
  if (call.legs.length > 0 && externalLegs(call).length === 0) {
    // What looked like an outside number is one of ours.
    if (call.id === null) {
      call.external = null;
      call.hidden = null;
      call.numberDueAt = null;
    } else if (call.external?.isGuess && hasTurned(turn)) {
      finish(turn, turn.at);
      return;
    }
  }
  for (const tracked of externalLegs(call)) {
    const { leg } = tracked;
    const { number, name } = leg.party;
    if (call.external === null) {
      const direction = listedDirection(listed, number) ?? directionOf(tracked);
      call.external = { direction, number, name };
      if (leg.party.kind === "unknown") call.external = { ...call.external, isGuess: true };
    } else if (isExternal(leg)) {
      // In a conference the party is the conference's own number.
      call.external = filled(call.external, number, name);
      if (call.external.isGuess && leg.party.kind === "trunk") {
        const { isGuess: _, ...sure } = call.external;
        call.external = sure;
      }
    }
    call.did ??= leg.did;
  }
  showBehind(call);
}

/**
 * Whom a queue or ring group rings, or a phone's forward, may show that as the party, with the caller's number: the caller
 * stands behind it. Its own number is that of the queue itself.
 */
function isBehind({ leg: { legNumber, party } }: TrackedLeg, number: string): boolean {
  const sendsOn = canPoll(party.kind) || party.kind === "extension";
  const isTheirs = number !== "" && party.number === number && party.number !== party.dn;
  return sendsOn && isTheirs && legNumber !== 1;
}

function showBehind(call: Draft): void {
  const { external, legs } = call;
  // Mostly all legs stand towards the outside party already.
  if (external === null || externalLegs(call) === legs) return;
  const shown = (each: TrackedLeg) =>
    !each.external && isBehind(each, external.number) ? { ...each, external: true } : each;
  if (legs.some((each) => shown(each) !== each)) call.legs = legs.map(shown);
}

/** A leg that stood towards the outside party, as it seemed, stands inside. */
function hasTurned({ call, before }: Turn): boolean {
  const isInside = (now: TrackedLeg | undefined) => now !== undefined && !isExternal(now.leg);
  return before?.legs.some((was) => was.external && isInside(legIn(call, was.leg.legId))) === true;
}

/** Its legs stood towards a conference, or behind who sent it on, when they were seen first: the list names who is outside. */
export function recogniseListed(turn: Turn, row: ActiveCall): void {
  const { call } = turn;
  const outside = outsideParty(row);
  if (outside === null) return;
  const isThere = (tracked: TrackedLeg) => {
    const { leg, consulted } = tracked;
    // Who has spoken to one of ours there stands with that one: what the list has since is not theirs; nor is it whose phone rings.
    const confers = leg.party.kind === "conference" && leg.status !== "ringing" && !consulted;
    return confers || isBehind(tracked, outside.number);
  };
  if (!call.legs.some(isThere)) return;
  const direction = outside === row.caller ? "incoming" : "outgoing";
  call.external = { direction, number: outside.number, name: "" };
  call.legs = call.legs.map((each) => ({ ...each, external: isThere(each) }));
  turn.sinceAt = row.changedAt;
}

/** Who stood in a conference when they were first seen has had the conversation since then, if the list has had it for so long. */
export function answeredAt({ at, sinceAt }: Turn, { seenAt, rang }: TrackedLeg): EpochMs {
  return sinceAt === null || rang ? at : Math.min(at, Math.max(sinceAt, seenAt));
}

/** Blanks are filled, nothing is replaced. */
export function filled(external: External, number: string, name: string): External {
  const lacking =
    (external.number === "" && number !== "") || (external.name === "" && name !== "");
  if (!lacking) return external;
  return { ...external, number: external.number || number, name: external.name || name };
}

/**
 * The PBX fills party fields a moment later: an empty number waits briefly before it counts as withheld, one of which
 * the PBX does not say where it leads before it counts as outside.
 */
export function awaitsNumber({ call, at, settings }: Turn): boolean {
  const legs = call.id === null ? standing(call) : noLegs;
  const led = legs.some(({ leg }) => leg.party.kind === "trunk");
  if (legs.length === 0 || (call.external?.number !== "" && led)) {
    call.numberDueAt = null;
    return false;
  }
  call.numberDueAt ??= call.firstSeenAt + settings.numberHoldMs;
  call.hidden = null;
  // While we are blind no word of where it leads can come.
  const isUnsaid = call.blind && call.external?.isGuess === true;
  if (at < call.numberDueAt || isUnsaid) return true;
  call.numberDueAt = null;
  return false;
}

/** How exact the times of the list are. */
export const rowTimeMs = 2_000;

/** The outside party of a row, the caller where both are; null if it is an inside call. */
export function outsideParty({ caller, callee }: ActiveCall): Party | null {
  if (caller.kind === "trunk") return caller;
  return callee.kind === "trunk" ? callee : null;
}

/** The party of a row that is one of ours; null if both stand outside. */
export function insideParty(row: ActiveCall): Party | null {
  if (row.callee.kind !== "trunk") return row.callee;
  return row.caller.kind === "trunk" ? null : row.caller;
}

/** A user talks, the list says, of whom every leg would show, and none does: their voicemail box has the call. */
export function isAtBox(turn: Turn, row: ActiveCall): boolean {
  if (!isUnshown(turn, row)) return false;
  const { level, reached, blind } = turn.call;
  const { dn } = insideParty(row) as Party;
  // Whose leg is not among all that were read when we saw again does not stand there.
  const isDialler = isDialled(turn.call) && !blind && dn === level?.dn;
  // Whom it has rung since: passed on, unanswered, it has come back to them.
  return !isDialler || get(reached, dn) !== undefined;
}

export function isUnshown({ call, known }: Turn, row: ActiveCall): boolean {
  const inside = insideParty(row);
  if (!talks(row) || inside?.kind !== "extension") return false;
  return known.watched.includes(inside.dn) && !call.legs.some(({ leg }) => leg.dn === inside.dn);
}

/**
 * An extension of which no leg shows, as it is not monitored (any more), talks to the outside party. Of what nobody says
 * what it is, nobody says that it is a phone: voicemail menus and the like need not be in XAPI.
 */
export function isTaken(
  { external, handover, lastLink, level }: Turn["call"],
  row: ActiveCall,
): boolean {
  const taker = insideParty(row);
  if (!talks(row) || taker?.kind !== "extension" || taker.dn === "") return false;
  if (lastLink > 0) return handover !== null;
  return external?.direction === "incoming" || taker.dn === level?.dn;
}

/** The extension that talked to this outside party before any leg showed: it is not monitored. And since when. */
export function listedTalker(
  row: ActiveCall | null,
  number: string,
): (Pick<ActiveCall, "changedAt"> & Pick<Party, "dn">) | null {
  if (row === null || !talks(row) || !isRowOf(row, number)) return null;
  const inside = insideParty(row);
  if (inside?.kind !== "extension" || inside.dn === "") return null;
  return { dn: inside.dn, changedAt: row.changedAt };
}

function listedDirection(row: ActiveCall | null, number: string): External["direction"] | null {
  if (listedTalker(row, number) === null) return null;
  return row?.caller.kind === "trunk" ? "incoming" : "outgoing";
}

function isRowOf(row: ActiveCall, number: string): boolean {
  const outside = outsideParty(row);
  return outside !== null && number !== "" && isSameNumber(outside.number, number);
}
