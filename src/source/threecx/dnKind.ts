/**
 * What kind of thing a DN is, from the words that the PBX has for it: "W" + class name in the Call
 * Control API (`Wextension`, `Wexternalline` …; seen for some, by rule for the rest), `PeerType`
 * in XAPI. Pure.
 */
import type { DnKind } from "../../tracker/activity.ts";

const words: readonly (readonly [string, DnKind])[] = [
  ["extension", "extension"],
  ["user", "extension"],
  ["queue", "queue"],
  ["ivr", "ivr"],
  ["receptionist", "ivr"],
  ["ringgroup", "ringgroup"],
  ["externalline", "trunk"],
  ["trunk", "trunk"],
  ["routepoint", "routepoint"],
  ["parkextension", "parking"],
  ["parking", "parking"],
  ["specialmenu", "specialmenu"],
  ["faxextension", "fax"],
  ["fax", "fax"],
  ["conferenceplaceextension", "conference"],
  ["conference", "conference"],
  ["group", "other"],
];

const kinds: ReadonlyMap<string, DnKind> = new Map([
  ...words.map(([word, kind]) => [`w${word}`, kind] as const),
  ...words,
]);

/** Null if the type says nothing, `other` if it says something that we do not know. */
export function kindOfType(type: string): DnKind | null {
  const word = type.trim().toLowerCase();
  if (word === "" || word === "none") return null;
  return kinds.get(word) ?? "other";
}

/**
 * What the number itself gives away: parking places are SP0, SP1 …; ROUTER routes calls by DID; the list of active calls
 * has a caller who speaks to a voicemail box at `VoiceMail of 105 Name`.
 */
export function kindOfNumber(dn: string): DnKind | null {
  if (/^sp\d+$/i.test(dn)) return "parking";
  if (/^router$/i.test(dn)) return "routepoint";
  if (/^voicemail$/i.test(dn)) return "specialmenu";
  return null;
}

/** Trunks are numbered from 10000 on. */
export function looksLikeTrunk(dn: string): boolean {
  return /^\d{5,}$/.test(dn) && Number(dn) >= 10_000;
}
