/**
 * Who is who in the PBX, from XAPI: kinds and names of numbers, and which inbound rule a DID
 * belongs to. A bonus: each set may fail alone, and without any of them calls are watched all the
 * same.
 */
import { canPoll, type Did, type DnKind } from "../../tracker/activity.ts";
import { type DidRule, type DidRules, didRules } from "./didRules.ts";
import { kindOfType } from "./dnKind.ts";
import type { Limits } from "./limits.ts";
import { type RowsAnswer, readSet } from "./odata.ts";
import type { Rest } from "./rest.ts";
import { asObject, field, type Json, listField, textField, textOf } from "./values.ts";

export interface DirectoryEntry {
  readonly number: string;
  readonly name: string;
  readonly kind: DnKind;
}

export interface Directory {
  readonly entries: readonly DirectoryEntry[];
  /** In any case; null for a number that XAPI does not know. */
  find(dn: string): DirectoryEntry | null;
  /** Whoever is not listed is no extension. */
  readonly listsExtensions: boolean;
  didOf(number: string, trunk: string): Did;
  onlyDidOf(trunk: string): Did | null;
  /** One of the numbers of its trunks, however it is written. */
  isOwnDid(number: string): boolean;
  readName(text: string, trunk: string): NameReading;
  /** Queues in which a caller can order a callback. */
  readonly callbackQueues: readonly string[];
  /** How long queues and ring groups let a phone ring. */
  readonly ringMs: readonly (readonly [dn: string, ms: number])[];
}

/** A caller's name as the PBX shows it: `Queue name:Rule name:Caller name`. */
export interface NameReading {
  /** The caller's own, without the names of queues, ring groups and rules before it. */
  readonly name: string;
  /** Of the rule before it, if it is one of the trunk's and no other could be meant. */
  readonly did: Did | null;
}

export const setNames = [
  "Peers",
  "Users",
  "Queues",
  "Receptionists",
  "RingGroups",
  "Trunks",
  "InboundRules",
  "DidNumbers",
] as const;
export type SetName = (typeof setNames)[number];
/** What a set was read with last time; a set that failed keeps its former rows. */
export type Sets = Readonly<Partial<Record<SetName, readonly Json[]>>>;

/** Wishes beyond the plain set, dropped for a build that does not know them. */
const extras: Readonly<Partial<Record<SetName, string>>> = {
  Users: "&$select=Id,Number,FirstName,LastName,DisplayName",
  Trunks: "&$expand=RoutingRules",
  InboundRules: "&$expand=TrunkDN",
};

const kindOfSet: Readonly<Partial<Record<SetName, DnKind>>> = {
  Users: "extension",
  Queues: "queue",
  Receptionists: "ivr",
  RingGroups: "ringgroup",
  Trunks: "trunk",
};

function nameOf(row: Json): string {
  const gateway = asObject(field(row, "Gateway"));
  return (
    textField(row, "DisplayName") ||
    textField(row, "Name") ||
    [textField(row, "FirstName"), textField(row, "LastName")].filter(Boolean).join(" ") ||
    (gateway ? textField(gateway, "Name") : "")
  );
}

/** The sets that are named for a kind know it best; `Peers` says the rest. */
function entriesOf(sets: Sets): ReadonlyMap<string, DirectoryEntry> {
  const entries = new Map<string, DirectoryEntry>();
  for (const set of setNames) {
    const setKind = kindOfSet[set];
    if (set !== "Peers" && setKind === undefined) continue;
    for (const row of sets[set] ?? []) {
      const number = textField(row, "Number");
      if (number === "") continue;
      const before = entries.get(number.toLowerCase());
      const kind = setKind ?? kindOfType(textField(row, "Type")) ?? "unknown";
      const name = nameOf(row) || (before?.name ?? "");
      entries.set(number.toLowerCase(), { number, name, kind });
    }
  }
  return entries;
}

function numberOfPeer(value: unknown): string {
  const peer = asObject(value);
  return peer ? textField(peer, "Number") : textOf(value);
}

/** Rules that route by DID: those of another condition route by caller, or all of a trunk. */
function rulesOf(sets: Sets, trunkOfId: ReadonlyMap<string, string>): readonly DidRule[] {
  const rules = new Map<string, DidRule>();
  const add = (row: Json, trunk: string) => {
    const condition = textField(row, "Condition").toLowerCase();
    const data = textField(row, "Data");
    if (condition !== "basedondid" && (condition !== "" || data === "")) return;
    const id = textField(row, "Id");
    const name = textField(row, "RuleName") || textField(row, "Name");
    const key = id === "" ? `${name}\n${data}` : id;
    const before = rules.get(key);
    rules.set(key, { id, name, data, trunk: trunk || (before?.trunk ?? "") });
  };
  for (const row of sets.InboundRules ?? []) {
    const byId = trunkOfId.get(textField(row, "TrunkId")) ?? "";
    add(row, numberOfPeer(field(row, "TrunkDN")) || byId);
  }
  for (const trunk of sets.Trunks ?? []) {
    for (const value of listField(trunk, "RoutingRules") ?? []) {
      const row = asObject(value);
      if (row) add(row, textField(trunk, "Number"));
    }
  }
  for (const number of sets.DidNumbers ?? []) {
    const row = asObject(field(number, "RoutingRule"));
    if (row) add(row, trunkOfId.get(textField(number, "TrunkId")) ?? "");
  }
  return [...rules.values()];
}

function trunkNumbersOf(sets: Sets, trunkOfId: ReadonlyMap<string, string>) {
  const numbers = new Map<string, Set<string>>();
  const add = (trunk: string, number: string) => {
    if (trunk === "" || number === "") return;
    const own = numbers.get(trunk) ?? new Set();
    numbers.set(trunk, own.add(number));
  };
  for (const trunk of sets.Trunks ?? []) {
    for (const did of listField(trunk, "DidNumbers") ?? []) {
      add(textField(trunk, "Number"), textOf(did));
    }
  }
  for (const row of sets.DidNumbers ?? []) {
    add(trunkOfId.get(textField(row, "TrunkId")) ?? "", textField(row, "Number"));
  }
  return new Map([...numbers].map(([trunk, own]) => [trunk, [...own]]));
}

/** -1 stands for "not offered", 0 and more for the seconds after which it is. */
function callbackQueuesOf(sets: Sets): readonly string[] {
  return (sets.Queues ?? []).flatMap((row) => {
    const number = textField(row, "Number");
    const afterS = textField(row, "CallbackEnableTime");
    return number !== "" && /^\d+$/.test(afterS) ? [number] : [];
  });
}

function ringMsOf(sets: Sets): Directory["ringMs"] {
  const times = (rows: readonly Json[] | undefined, name: string) =>
    (rows ?? []).flatMap((row) => {
      const number = textField(row, "Number");
      const seconds = textField(row, name);
      // 0 is not known to mean anything.
      const isTime = number !== "" && /^[1-9]\d{0,4}$/.test(seconds);
      return isTime ? [[number, Number(seconds) * 1_000] as const] : [];
    });
  return [...times(sets.Queues, "RingTimeout"), ...times(sets.RingGroups, "RingTime")];
}

/** A name carries no more of them than a queue's and a rule's, but who knows. */
const namePrefixesMax = 4;

/** Only what stands before a colon and is the name of something that puts it there is taken off. */
function nameReader(names: readonly string[], dids: DidRules): Directory["readName"] {
  const longestFirst = names.filter((name) => name !== "").sort((a, b) => b.length - a.length);
  return (text, trunk) => {
    let name = text;
    let did: Did | null = null;
    for (let n = 0; n < namePrefixesMax && name.includes(":"); n += 1) {
      did ??= dids.ofPrefix(name, trunk);
      const prefix = longestFirst.find((known) => name.startsWith(`${known}:`));
      if (prefix === undefined) break;
      name = name.slice(prefix.length + 1).trim();
    }
    return { name, did };
  };
}

/** Pure: what these rows say. */
export function makeDirectory(sets: Sets): Directory {
  const entries = entriesOf(sets);
  const trunkOfId = new Map<string, string>();
  for (const row of sets.Trunks ?? []) {
    const id = textField(row, "Id");
    if (id !== "") trunkOfId.set(id, textField(row, "Number"));
  }
  const rules = rulesOf(sets, trunkOfId);
  const trunkNumbers = trunkNumbersOf(sets, trunkOfId);
  const dids = didRules(rules, trunkNumbers);
  const groups = [...entries.values()].filter(({ kind }) => canPoll(kind));
  return {
    entries: [...entries.values()],
    find: (dn) => entries.get(dn.toLowerCase()) ?? null,
    listsExtensions: [...entries.values()].some(({ kind }) => kind === "extension"),
    didOf: (number, trunk) => dids.ofNumber(number, trunk),
    onlyDidOf: (trunk) => dids.onlyOf(trunk),
    isOwnDid: (number) => dids.isOwn(number),
    readName: nameReader(
      [...groups, ...rules].map(({ name }) => name),
      dids,
    ),
    callbackQueues: callbackQueuesOf(sets),
    ringMs: ringMsOf(sets),
  };
}

export interface SetsAnswer {
  readonly sets: Sets;
  readonly failed: readonly {
    readonly set: SetName;
    readonly answer: Exclude<RowsAnswer, { kind: "rows" }>;
  }[];
}

async function readOne(rest: Rest, limits: Limits, set: SetName): Promise<RowsAnswer> {
  const extra = extras[set];
  if (extra !== undefined) {
    const answer = await readSet(rest, limits, set, extra);
    const notKnown = answer.kind === "missing" || (answer.kind === "failed" && answer.status);
    if (!notKnown) return answer;
  }
  return readSet(rest, limits, set);
}

/** Of a large PBX these are many pages each, the others a page or two. */
const longSets: ReadonlySet<SetName> = new Set(["Peers", "Users"]);

interface SetAnswer {
  readonly set: SetName;
  readonly answer: RowsAnswer;
}

function setsOf(former: Sets, answers: readonly SetAnswer[]): SetsAnswer {
  const sets: Partial<Record<SetName, readonly Json[]>> = { ...former };
  const failed: SetsAnswer["failed"][number][] = [];
  for (const { set, answer } of answers) {
    if (answer.kind === "rows") {
      sets[set] = answer.rows.map(asObject).filter((row) => row !== null);
    } else failed.push({ set, answer });
  }
  return { sets, failed };
}

/**
 * Reads these sets, or all; `former` stands in for those that fail or are not read. `onShort` gets what there is once all
 * but the long ones are read: by then it is known what belongs to a DID.
 */
export async function readSets(
  rest: Rest,
  limits: Limits,
  former: Sets,
  names: readonly SetName[] = setNames,
  onShort: (short: SetsAnswer) => void = () => {},
): Promise<SetsAnswer> {
  const read = async (set: SetName) => ({ set, answer: await readOne(rest, limits, set) });
  const long = names.filter((set) => longSets.has(set)).map(read);
  const short = await Promise.all(names.filter((set) => !longSets.has(set)).map(read));
  onShort(setsOf(former, short));
  return setsOf(former, [...(await Promise.all(long)), ...short]);
}

/** What an answer without data said, for a log line or a report. */
export function saidBy(answer: Exclude<RowsAnswer, { kind: "rows" }>): string {
  switch (answer.kind) {
    case "denied":
      return `it answered ${answer.status}`;
    case "missing":
      return "it answered 404";
    case "refused":
      return answer.refused.reason;
    default:
      return answer.reason;
  }
}
