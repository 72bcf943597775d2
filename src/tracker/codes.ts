/**
 * Codes that a phone dials in a call of its own, and by which it comes to an outside party: who is parked, or rings
 * elsewhere (SPEC.md, R22f, R22h). Pure looks.
 */
import type { EpochMs } from "../events/event.ts";
import { type DnKind, isCode, type Party } from "./activity.ts";
import { get } from "./byDn.ts";
import { joinMsMax, lateJoinMsMax } from "./consultation.ts";
import { type Call, lastUserOf, type TrackedLeg } from "./state.ts";

/** A parking place, or a code of which the PBX need not say the meaning. */
export function dialsCode({ kind, number }: Party): boolean {
  return kind === "parking" || (kind !== "trunk" && isCode(number));
}

/**
 * Of our calls the one with this outside party that has rung where the code says, or that alone can be meant; none that
 * came after the code was dialled. As long as who dialled it is not connected, it may have the number dialled, to withhold
 * one's own: then only a parked call is meant.
 */
export function broughtByCode(
  calls: readonly (Call | undefined)[],
  { leg: { party }, seenAt }: TrackedLeg,
  number: string,
  { at, isConnected }: { readonly at: EpochMs; readonly isConnected: boolean },
): Call | undefined {
  if (number === "") return undefined;
  const { kind, number: code } = party;
  const isThere = (call: Call) => call.firstSeenAt <= seenAt + lateJoinMsMax;
  const known = calls.filter((call) => call !== undefined);
  const waiting = known.filter((call) => isThere(call) && waits(call, number, seenAt, at));
  if (kind === "parking") return theOnly(waiting.filter((call) => isParkedAt(call, party)));
  const nameAt = code.lastIndexOf("*") + 1;
  const named = code.slice(nameAt);
  // Behind a second asterisk stands a phone, and nobody is parked at one.
  const isPhone = nameAt > 1 && named !== "";
  const rung = waiting.filter((call) => hasRung(call, named, at) && rings(call, at));
  const one = theOnly(rung.length > 0 || isPhone ? rung : waiting);
  if (one === undefined || one.overAt !== null) return undefined;
  const isNamed = one === rung[0] || (code.endsWith("*") && rings(one, at));
  return isParked(one) || (isConnected && isNamed) ? one : undefined;
}

function theOnly(calls: readonly Call[]): Call | undefined {
  return calls.length === 1 ? calls[0] : undefined;
}

/**
 * Somebody may answer it, or take it back; who hands it over may talk on meanwhile. What was missed a moment ago,
 * since the code was dialled, may have been picked up.
 */
function waits(call: Call, number: string, dialledAt: EpochMs, at: EpochMs): boolean {
  const { external, talk, handover, overAt, tally } = call;
  const isFree = talk === null || handover !== null;
  const wasFree = (over: EpochMs) =>
    tally.abandonedAt !== "" && over >= dialledAt && at - over <= joinMsMax;
  const waited = overAt === null ? isFree : wasFree(overAt);
  return waited && external?.number === number;
}

/** It was handed over, to no phone, box or queue: what has rung anybody since has gone on from there, as to an outside phone. */
function isParked(call: Call): boolean {
  const { handover, legs } = call;
  const isAtNone = legs.every(({ leg }) => leg.dnKind === "parking");
  const place = handover?.place;
  // At another's phone or box; a list that lags has it at who parked it.
  const isTheirs = place?.kind === "extension" && place.dn !== lastUserOf(call);
  const isTaken = isTheirs || (place !== undefined && boxes.has(place.kind));
  return isAtNone && handover?.outside === false && !handover.offered && !isTaken;
}

const boxes: ReadonlySet<DnKind> = new Set(["fax", "specialmenu"]);

/** As far as the list has told; who dials a code has its place named nowhere. */
function isParkedAt(call: Call, { dn }: Party): boolean {
  const place = call.handover?.place;
  const isOther = place?.kind === "parking" && place.dn !== dn && /^[^*]/.test(dn);
  return isParked(call) && !isOther;
}

/** There (for who hands it over, too), or until a moment ago: all that rang goes as it is picked up. */
function hasRung({ offers, reached, touchedAt, legs }: Call, dn: string, at: EpochMs): boolean {
  if (get(offers, dn) !== undefined) return true;
  if (legs.some(({ leg }) => leg.dn === dn && leg.status === "ringing")) return true;
  return get(reached, dn) !== undefined && at - touchedAt <= joinMsMax;
}

/** Or did until a moment ago, as picking it up ends that. */
function rings({ external, handover, hidden }: Call, at: EpochMs): boolean {
  const isOffered = handover === null ? external?.direction === "incoming" : !handover.outside;
  return isOffered && (hidden === null || at - hidden.sinceAt <= joinMsMax);
}
