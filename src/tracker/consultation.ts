/**
 * Consultations: inside conversations that may end in a join. What tells an attended transfer from a blind one,
 * whichever call number and leg survive it (SPEC.md, R14 and R22). Pure looks over what is given.
 */
import type { EpochMs } from "../events/event.ts";
import type { DnKind, DnRef, Leg } from "./activity.ts";
import { added } from "./lists.ts";
import type { Call } from "./state.ts";

const nobody: readonly string[] = [];

/** One side of an inside conversation that has ended. */
export interface Consultation {
  readonly dn: string;
  readonly withDn: string;
  /** The PBX's number of the call that it was. */
  readonly callNumber: number;
  readonly endedAt: EpochMs;
}

/** After the end of a consultation a join shows within this time. */
export const joinMsMax = 2_000;
/** It shows in the list, as does what a number is, within milliseconds; so many looks are spent on waiting for it. */
export const joinLooksMax = 3;

/** And where a leg is read late, so long after the hand-over that it makes. */
export const lateJoinMsMax = 5_000;

/** A conversation that went while we were blind may have been joined as it ended; not known, where we were for longer. */
const unseenMsMax = 600_000;

/** Its conversation goes on, or has gone while we were blind for a while only. */
export function mayBeJoined({ blind, touchedAt }: Pick<Call, "blind" | "touchedAt">, at: EpochMs) {
  return !blind || at - touchedAt <= unseenMsMax;
}

/** `dn` speaks inside with `user`. */
export function isConsultation(leg: Leg, dn: string, user: string): boolean {
  const speaks = leg.status === "connected" && leg.party.kind === "extension";
  return speaks && leg.dn === dn && leg.party.dn === user;
}

/** Whom, or what, a caller may be joined with who speaks to it: a colleague, or where that one's calls go on to. */
export const spokenTo: ReadonlySet<DnKind> = new Set(["extension", "fax", "specialmenu"]);

/** A box has two names: legs have it at the menu, the list may have it by its own. */
export function nameOf({ kind, dn }: DnRef): string {
  return kind === "specialmenu" ? kind : dn;
}

/** The memory with a leg that is going, if it was a conversation inside, and without what is too old. */
export function noted(
  memory: readonly Consultation[],
  { dn, dnKind, status, party, callNumber }: Leg,
  at: EpochMs,
): readonly Consultation[] {
  const speaks = dnKind === "extension" && status === "connected" && spokenTo.has(party.kind);
  if (!speaks) return memory;
  const recent = memory.filter((past) => isRecent(past, at));
  return added(recent, { dn, withDn: nameOf(party), callNumber, endedAt: at });
}

/** The memory without what `user`, who joined, has spoken inside: a consultation is used up by its join. */
export function usedUp(memory: readonly Consultation[], user: string): readonly Consultation[] {
  return memory.filter(({ dn, withDn }) => dn !== user && withDn !== user);
}

/** `dn` (null: anybody) spoke with `user` until a moment ago, as a leg of either has shown. */
export function wasConsulted(
  memory: readonly Consultation[],
  dn: string | null,
  user: string,
  at: EpochMs,
): boolean {
  for (const past of memory) {
    const other = isRecent(past, at) ? otherOf(past, user) : null;
    if (other !== null && (dn === null || other === dn)) return true;
  }
  return false;
}

/** Who spoke in this call until a moment ago, and not as this DN, which comes into it now: it may have been passed on inside. */
export function consultantsOf(
  memory: readonly Consultation[],
  { dn, callNumber }: Pick<Leg, "dn" | "callNumber">,
  at: EpochMs,
): readonly string[] {
  let users = nobody;
  for (const past of memory) {
    const isIt = past.callNumber === callNumber && isRecent(past, at);
    if (isIt) users = added(users, otherOf(past, dn) ?? past.dn);
  }
  return users;
}

/** Who spoke inside with this DN until a moment ago. */
export function partnersOf(
  memory: readonly Consultation[],
  dn: string,
  at: EpochMs,
): readonly string[] {
  let users = nobody;
  for (const past of memory) {
    const other = isRecent(past, at) ? otherOf(past, dn) : null;
    if (other !== null) users = added(users, other);
  }
  return users;
}

function isRecent({ endedAt }: Consultation, at: EpochMs): boolean {
  return at - endedAt <= joinMsMax;
}

function otherOf({ dn, withDn }: Consultation, user: string): string | null {
  if (withDn === user) return dn;
  return dn === user ? withDn : null;
}
