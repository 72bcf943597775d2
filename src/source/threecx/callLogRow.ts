/**
 * One row of the PBX's call log: a hop of a call, from one side to another. Its words are not
 * published, its numbers for kinds only in part, and what is null or zero is left out; so a row is
 * read by its shape, and only a start is indispensable. Pure.
 */
import type { EpochMs } from "../../events/event.ts";
import type { DnKind } from "../../tracker/activity.ts";
import { kindOfType, looksLikeTrunk } from "./dnKind.ts";
import type { Knowledge } from "./normalise.ts";
import {
  asObject,
  booleanField,
  durationOf,
  field,
  type Json,
  textField,
  timeOf,
} from "./values.ts";

export interface LogSide {
  readonly dn: string;
  /** Voicemail, whose DN is an extension's, is a `specialmenu`; routing by DID a `routepoint`. */
  readonly kind: DnKind;
  readonly number: string;
  readonly name: string;
}

export interface LogRow {
  /** The same for all rows of a call, also of calls that were joined. */
  readonly key: string;
  /** The call-history id of this row's own call; "" if not told. */
  readonly historyId: string;
  readonly segment: number;
  readonly startAt: EpochMs;
  readonly answeredAt: EpochMs | null;
  readonly endAt: EpochMs;
  readonly source: LogSide;
  readonly destination: LogSide;
  /** The caller ordered a callback here. */
  readonly isCallbackOrder: boolean;
}

/** Kinds by the PBX's database; those that were seen. */
const kindOfCode: ReadonlyMap<string, DnKind> = new Map([
  ["0", "extension"],
  ["1", "trunk"],
  ["2", "queue"], // ring groups too: the directory tells them apart
  ["5", "specialmenu"],
  ["13", "routepoint"],
]);

/** The words of the PBX's CDR for the same. */
const kindOfWord: ReadonlyMap<string, DnKind> = new Map([
  ["provider", "trunk"],
  ["outboundrule", "trunk"],
  ["voicemail", "specialmenu"],
  ["vmailconsole", "specialmenu"],
  ["inboundrouting", "routepoint"],
  ["script", "routepoint"],
  ["ringgrouphunt", "ringgroup"],
  ["ringgroupringall", "ringgroup"],
]);

/** Null: not told. */
function toldKindOf(type: string): DnKind | null {
  const word = type.toLowerCase().replaceAll("_", "");
  return kindOfCode.get(word) ?? kindOfWord.get(word) ?? kindOfType(word);
}

function sideKindOf(dn: string, type: string, knowledge: Knowledge): DnKind {
  const told = toldKindOf(type);
  if (told === "trunk" || told === "specialmenu" || told === "routepoint") return told;
  const known = dn === "" ? null : knowledge.kindOf(dn);
  // A type that we do not know, at an extension: it may well be its voicemail.
  if (told === "other" && known === "extension") return "other";
  if (known !== null && known !== "unknown") return known;
  if (told === null && looksLikeTrunk(dn)) return "trunk";
  // The extension's code is zero, and zeros may be left out.
  return told ?? (dn === "" ? "unknown" : "extension");
}

/** `SourceDn` or, in case it is nested, `Source.Dn`. */
function sideOf(row: Json, prefix: "Source" | "Destination", knowledge: Knowledge): LogSide {
  const nested = asObject(field(row, prefix));
  const text = (name: string) =>
    textField(row, `${prefix}${name}`) || (nested ? textField(nested, name) : "");
  const number = text("CallerId");
  const type = text("Type");
  const name = text("DisplayName");
  const told = text("Dn");
  if (told !== "" || type !== "") {
    return { dn: told, kind: sideKindOf(told, type, knowledge), number, name };
  }
  // Where neither a DN nor a type is named, the number may be one of ours, however long.
  const isDn = knowledge.kindOf(number) !== null;
  const isDid = !isDn && prefix === "Destination" && knowledge.isOwnDid?.(number) === true;
  if (isDid) return { dn: number, kind: "routepoint", number, name };
  const dn = isDn ? number : "";
  return { dn, kind: sideKindOf(dn, type, knowledge), number, name };
}

/** The reason's word in the PBX's CDR is `callback_requested`; which column has it is not published. */
const reasonColumns = ["Reason", "Status", "ActionType"] as const;
/** What a caller who ordered a callback is sent to. */
const callbackDn = "qcb";

function isCallbackOrder(row: Json, { dn }: LogSide): boolean {
  const words = reasonColumns.map((name) => textField(row, name).toLowerCase());
  return (
    dn.toLowerCase() === callbackDn ||
    words.some((word) => word.replace(/[^a-z]/g, "").includes("callbackrequested"))
  );
}

/** An id of zeros stands for none. */
function idOf(row: Json, name: string): string {
  const text = textField(row, name);
  return /[1-9a-f]/i.test(text) ? text : "";
}

/** Null if the row tells no call, or no time. */
export function parseLogRow(value: unknown, knowledge: Knowledge): LogRow | null {
  const row = asObject(value);
  const startAt = row && timeOf(field(row, "StartTime"));
  if (!row || startAt === null) return null;
  const historyId = idOf(row, "CallHistoryId");
  const mainId = idOf(row, "MainCallHistoryId");
  const key = mainId || historyId || idOf(row, "CallId");
  if (key === "") return null;
  const ringingMs = durationOf(field(row, "RingingDuration")) ?? 0;
  const talkingMs = durationOf(field(row, "TalkingDuration")) ?? 0;
  const told = field(row, "Answered") ?? null;
  const isAnswered = told === null ? talkingMs > 0 : booleanField(row, "Answered");
  const destination = sideOf(row, "Destination", knowledge);
  const segment = Number(textField(row, "SegmentId")) || 0;
  return {
    key,
    historyId: historyId || mainId,
    segment,
    startAt,
    answeredAt: isAnswered ? startAt + ringingMs : null,
    endAt: startAt + ringingMs + talkingMs,
    source: sideOf(row, "Source", knowledge),
    destination,
    isCallbackOrder: isCallbackOrder(row, destination),
  };
}
