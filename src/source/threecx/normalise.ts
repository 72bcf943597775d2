/**
 * From the wire's shapes to the vocabulary of the tracker. Pure; invents nothing: what the PBX
 * does not say stays empty, `unknown` or null.
 */
import type { EpochMs } from "../../events/event.ts";
import {
  type ActiveCall,
  canPoll,
  type Did,
  type DnKind,
  type DnRef,
  isCode,
  isLongNumber,
  type Leg,
  type LegStatus,
  type Party,
} from "../../tracker/activity.ts";
import type { NameReading } from "./directory.ts";
import { kindOfNumber, kindOfType, looksLikeTrunk } from "./dnKind.ts";
import { timeOf } from "./values.ts";
import type { WireActiveCall, WireParticipant } from "./wire.ts";

/** What is known besides the leg itself. */
export interface Knowledge {
  /** What the last snapshot, else XAPI, says that a DN is; null if neither knows it. */
  kindOf(dn: string): DnKind | null;
  /** XAPI knows all extensions. */
  listsExtensions?(): boolean;
  didOf(number: string, trunk: string): Did;
  onlyDidOf(trunk: string): Did | null;
  /** It is the number of one of the PBX's own trunks. */
  isOwnDid?(number: string): boolean;
  readName(text: string, trunk: string): NameReading;
  /** A leg says what a DN is that XAPI may not list. */
  learn?(ref: DnRef): void;
}

/** `dn/id`, the same for every spelling of the DN. */
export function legIdOf(dn: string, id: number): string {
  return `${dn.toLowerCase()}/${id}`;
}

/**
 * Hold and Held are states of the engine that may show; a held conversation is still one.
 * Null: a word that we do not know.
 */
export function statusOf(word: string): LegStatus | null {
  switch (word.toLowerCase()) {
    case "dialing":
      return "dialing";
    case "ringing":
      return "ringing";
    case "connected":
    case "hold":
    case "held":
      return "connected";
    default:
      return null;
  }
}

function kindOf(dn: string, type: string, knowledge: Knowledge): DnKind {
  if (dn === "") return "unknown";
  const told = kindOfType(type);
  if (told !== null && told !== "other") return told;
  return knowledge.kindOf(dn) ?? kindOfNumber(dn) ?? told ?? "unknown";
}

/** The other side: a DN that nobody knows but that is numbered like a trunk is one. */
function partyKindOf(dn: string, type: string, knowledge: Knowledge): DnKind {
  const kind = kindOf(dn, type, knowledge);
  return kind === "unknown" && looksLikeTrunk(dn) ? "trunk" : kind;
}

function refOf(dn: string, type: string, knowledge: Knowledge): DnRef | null {
  return dn === "" ? null : { dn, kind: kindOf(dn, type, knowledge) };
}

function trunkOf({ kind, dn }: DnRef): string {
  return kind === "trunk" ? dn : "";
}

function didOf(wire: WireParticipant, party: Party, status: LegStatus, knowledge: Knowledge) {
  const trunk = trunkOf(party);
  if (wire.party_did !== "") return knowledge.didOf(wire.party_did, trunk);
  // Who dials out, or made the call, did not come in on a DID.
  const cameIn = status !== "dialing" && wire.legid !== 1;
  if (trunk === "" || !cameIn) return null;
  return knowledge.onlyDidOf(trunk) ?? knowledge.readName(wire.party_caller_name, trunk).did;
}

/** A number, not a word of a name. */
const numberShaped = /^[+*#\d][*#\d\s()/.-]*$/;

/** Some words that stand for a withheld number. An inside caller always has one, the extension's. */
const withheld = /^$|anonymous|unknown|private|withheld|restricted|unavailable/i;

function isOutside(number: string, knowledge: Knowledge): boolean {
  if (knowledge.kindOf(number) !== null) return false;
  if (!numberShaped.test(number)) return withheld.test(number.trim());
  return isLongNumber(number) || (!isCode(number) && knowledge.listsExtensions?.() === true);
}

/**
 * The PBX does not say yet who the other side is, and a number so long would count as one outside (`SPEC.md`, R3). It is
 * none if it is one of ours; nor, for who calls, while it is an own DID, which is mostly routed inside.
 */
function numberedRef(wire: WireParticipant, knowledge: Knowledge): DnRef | null {
  const { party_dn: dn, party_dn_type: type, party_caller_id: number } = wire;
  if (dn !== "" || kindOfType(type) !== null || !isLongNumber(number)) return null;
  const kind = knowledge.kindOf(number);
  if (kind !== null && kind !== "unknown" && kind !== "trunk") return { dn: number, kind };
  const calls = statusOf(wire.status) === "dialing" || wire.legid === 1;
  return calls && knowledge.isOwnDid?.(number) ? { dn: "", kind: "other" } : null;
}

/** Lists and other legs name it, too, and XAPI may not: a conference's number, the voicemail menu's, a deleted extension's. */
function isHeardOnly({ dn, kind }: DnRef, knowledge: Knowledge): boolean {
  if (kind === "extension") return knowledge.kindOf(dn) === null && kindOfNumber(dn) === null;
  // Special menus are codes and words, too, which say themselves what they are.
  return kind === "conference" || (kind === "specialmenu" && /^\d+$/.test(dn));
}

/** Learns what the other side is, where nothing else may tell. */
export function hearParty(wire: WireParticipant, knowledge: Knowledge): void {
  const { party_dn: dn, party_dn_type: type } = wire;
  const ref = { dn, kind: partyKindOf(dn, type, knowledge) };
  if (isHeardOnly(ref, knowledge)) knowledge.learn?.(ref);
}

/** Whom a caller may be sent on to. A route point may be the API client's own. */
const sentOnTo: ReadonlySet<DnKind> = new Set(["extension", "queue", "ivr", "ringgroup"]);

/**
 * Who came by a queue, ring group, menu or the router: whom these send the caller on to may show them as the party, the
 * engine calls that a hint (`InternalParty`). The number tells who is behind it; which trunk, nobody says then.
 * Leg 1 is that of who calls; and who has a call made rings first, sent by nobody.
 */
function isSentOn({ kind }: DnRef, dnKind: DnKind, wire: WireParticipant): boolean {
  if (wire.legid <= 1 || !sentOnTo.has(dnKind)) return false;
  // Its own number: it is the party itself, as of a paging group that somebody hears.
  if (wire.party_caller_id === wire.party_dn) return false;
  if (canPoll(kind)) return true;
  return (kind === "ivr" || kind === "routepoint") && wire.originated_by_dn !== "";
}

export type NormalisedLeg =
  | { readonly kind: "leg"; readonly leg: Leg }
  /** No call behind it, or a conference: the PBX shows such legs, and they mean nothing. */
  | { readonly kind: "phantom" }
  | { readonly kind: "unknownStatus"; readonly status: string };

/**
 * Of a DN of which nobody says what it is, a leg that rings, dials or is at a phone shows an extension: queues,
 * menus and applications take calls at once, without a device. So does the voicemail box of an extension, should its leg be one
 * of that DN's, made by the special menu that it is.
 */
function ownKindOf(
  wire: WireParticipant,
  status: LegStatus,
  before: DnKind | null,
  knowledge: Knowledge,
): DnKind {
  const isBox = kindOfType(wire.originated_by_type) === "specialmenu" && wire.device_id === "";
  if (isBox && status === "connected" && before !== "extension") return "specialmenu";
  const kind = kindOf(wire.dn, "", knowledge);
  if (kind !== "unknown") return kind;
  const atPhone = status !== "connected" || /^sip:/i.test(wire.device_id);
  return atPhone || before === "extension" ? "extension" : "unknown";
}

/** `before` (null: new) stands in for what the wire does not say in words that are understood. */
export function normaliseParticipant(
  wire: WireParticipant,
  knowledge: Knowledge,
  before: Pick<Leg, "status" | "dnKind"> | null,
): NormalisedLeg {
  // A conference's own leg is the other side of what a member's leg and the list tell; it takes over nobody's call.
  const isConference = kindOf(wire.dn, "", knowledge) === "conference";
  if (wire.callid <= 0 || isConference) return { kind: "phantom" };
  const status = statusOf(wire.status) ?? before?.status ?? null;
  if (status === null) return { kind: "unknownStatus", status: wire.status };
  const dnKind = ownKindOf(wire, status, before?.dnKind ?? null, knowledge);
  const shown: DnRef = numberedRef(wire, knowledge) ?? {
    dn: wire.party_dn,
    kind: partyKindOf(wire.party_dn, wire.party_dn_type, knowledge),
  };
  const isBehind =
    status !== "dialing" &&
    isSentOn(shown, dnKind, wire) &&
    isOutside(wire.party_caller_id, knowledge);
  const partyRef: DnRef = isBehind ? { dn: "", kind: "trunk" } : shown;
  const told = wire.party_caller_name;
  const isInside = partyRef.kind === "extension";
  const party: Party = {
    ...partyRef,
    number: wire.party_caller_id,
    name: isInside ? told : knowledge.readName(told, trunkOf(partyRef)).name,
  };
  const madeBy = refOf(wire.originated_by_dn, wire.originated_by_type, knowledge);
  // What polls it is named here, if nowhere else.
  const isPolled =
    isBehind && dnKind === "extension" && canPoll(shown.kind) && !canPoll(madeBy?.kind);
  const leg: Leg = {
    legId: legIdOf(wire.dn, wire.id),
    dn: wire.dn,
    dnKind,
    status,
    party,
    did: didOf(wire, party, status, knowledge),
    originatedBy: isPolled ? shown : madeBy,
    referredBy: refOf(wire.referred_by_dn, wire.referred_by_type, knowledge),
    onBehalfOf: refOf(wire.on_behalf_of_dn, wire.on_behalf_of_type, knowledge),
    callNumber: wire.callid,
    legNumber: Math.max(0, wire.legid),
  };
  return { kind: "leg", leg };
}

/**
 * `<DN> <name>`, for trunks `<DN> <name> (<number>)`; also `MakeCall` or a parking place alone.
 */
export function partyOfText(text: string, knowledge: Knowledge): Party {
  const trimmed = text.trim();
  const space = trimmed.search(/\s/);
  const dn = space < 0 ? trimmed : trimmed.slice(0, space);
  const rest = space < 0 ? "" : trimmed.slice(space).trim();
  const kind = partyKindOf(dn, "", knowledge);
  const open = rest.lastIndexOf("(");
  const inside = open >= 0 && rest.endsWith(")") ? rest.slice(open + 1, -1).trim() : null;
  // Outside callers may be "anonymous" or the like; inside, a word in brackets belongs to the name.
  const isNumber = inside !== null && (kind === "trunk" || numberShaped.test(inside));
  return isNumber
    ? { dn, kind, number: inside, name: rest.slice(0, open).trim() }
    : { dn, kind, number: "", name: rest };
}

/** By our clock: how long before the PBX's "now" it was, before the moment when we asked. */
function changedAt(wire: WireActiveCall, askedAt: EpochMs): EpochMs | null {
  const changed = timeOf(wire.LastChangeStatus);
  const now = timeOf(wire.ServerNow);
  if (changed === null) return null;
  return now === null ? changed : askedAt - Math.max(0, now - changed);
}

export function normaliseActiveCall(
  wire: WireActiveCall,
  knowledge: Knowledge,
  askedAt: EpochMs,
): ActiveCall | null {
  if (wire.Id <= 0) return null;
  const told = partyOfText(wire.Caller ?? "", knowledge);
  const trunk = trunkOf(told);
  const own = trunk !== "" && knowledge.isOwnDid?.(told.number) === true ? told.number : "";
  // Some builds were seen to put the number that was called in the brackets, not that of who calls.
  const from =
    own === ""
      ? { caller: told, did: trunk === "" ? null : knowledge.onlyDidOf(trunk) }
      : { caller: { ...told, number: "" }, did: knowledge.didOf(own, trunk), ownNumber: own };
  return {
    callNumber: wire.Id,
    ...from,
    callee: partyOfText(wire.Callee ?? "", knowledge),
    status: wire.Status ?? "",
    establishedAt: timeOf(wire.EstablishedAt),
    changedAt: changedAt(wire, askedAt),
  };
}
