/**
 * From the rows of the call log to calls with an outside party: who they were with, who talked
 * and when, and where they came to. Pure. A row is a hop, and queues, IVRs and scripts "answer"
 * within milliseconds: only an extension's answer is one.
 */
import type { EpochMs } from "../../events/event.ts";
import {
  canPoll,
  type Did,
  type DnKind,
  type DnRef,
  isLongNumber,
  type LoggedCall,
  type LoggedTalk,
} from "../../tracker/activity.ts";
import { type LogRow, type LogSide, parseLogRow } from "./callLogRow.ts";
import { digitsOf } from "./didRules.ts";
import { parseHistoryId } from "./historyId.ts";
import type { Knowledge } from "./normalise.ts";

/** Hops overlap by up to 0.1 s in the PBX's own data. */
const overlapMsMax = 200;

function isOutside({ dn, kind, number }: LogSide): boolean {
  if (kind === "trunk") return true;
  const isNobody = dn === "" || kind === "other";
  return isNobody && isLongNumber(dn || number);
}

/** Click-to-call: the own phone rings first, in the name of the number that it then dials. */
function isOwnRing({ source, destination }: LogRow, rows: readonly LogRow[]): boolean {
  return rows.some(
    (row) =>
      row.source.kind === "extension" &&
      row.source.dn === destination.dn &&
      isOutside(row.destination) &&
      digitsOf(row.destination.number) === digitsOf(source.number),
  );
}

type Direction = LoggedCall["direction"];

/** Null: the row's call is an inside one, as far as this row goes. */
function directionOf(row: LogRow): Direction | null {
  if (isOutside(row.source)) return "incoming";
  return isOutside(row.destination) ? "outgoing" : null;
}

/** The user who talked to the outside party in this hop. */
function talkerOf({ source, destination }: LogRow, direction: Direction): string | null {
  if (direction === "outgoing" && source.kind === "extension") {
    return isOutside(destination) ? source.dn : null;
  }
  if (destination.kind !== "extension") return null;
  // Whoever an extension calls (to consult) is not towards the outside party.
  const isOffered = direction === "incoming" ? source.kind !== "extension" : isOutside(source);
  return isOffered ? destination.dn : null;
}

function talksOf(rows: readonly LogRow[], direction: Direction): readonly LoggedTalk[] {
  const talks = rows
    .flatMap((row) => {
      const user = talkerOf(row, direction);
      if (user === null || user === "" || row.answeredAt === null) return [];
      return [{ user, answeredAt: row.answeredAt, endedAt: row.endAt }];
    })
    .sort((a, b) => a.answeredAt - b.answeredAt);
  const joined: LoggedTalk[] = [];
  for (const talk of talks) {
    // The user goes on at another phone: a hop of its own, and one conversation, whoever listened meanwhile.
    const last = joined.findLastIndex(({ user }) => user === talk.user);
    const before = joined[last];
    if (before !== undefined && follows(before, talk)) joined[last] = throughout(before, talk);
    else joined.push(talk);
  }
  // Who comes into another's conversation and does not outlast it has listened or joined in; so has who comes with
  // another, as a listener of the consultation that takes the call over does: the PBX counts its hops up.
  const heard = (talk: LoggedTalk, index: number) =>
    joined
      .slice(0, index)
      .some(
        ({ user, answeredAt, endedAt }) =>
          user !== talk.user &&
          (answeredAt < talk.answeredAt - overlapMsMax || answeredAt === talk.answeredAt) &&
          endedAt >= talk.endedAt - overlapMsMax,
      );
  return conferred(
    joined.filter((talk, index) => !heard(talk, index)),
    rows,
  );
}

type Span = Omit<LoggedTalk, "user">;

function follows(before: Span, next: Span): boolean {
  return next.answeredAt <= before.endedAt + overlapMsMax;
}

function throughout(before: LoggedTalk, next: Span): LoggedTalk {
  return { ...before, endedAt: Math.max(before.endedAt, next.endedAt) };
}

/** A conversation that went into a conference lasts as long as the outside party is in it. */
function conferred(talks: readonly LoggedTalk[], rows: readonly LogRow[]): readonly LoggedTalk[] {
  const through = [...talks];
  for (const { source, destination, answeredAt, endAt: endedAt } of rows) {
    const isConference = [source, destination].some(({ kind }) => kind === "conference");
    if (!isConference || !(isOutside(source) || isOutside(destination)) || answeredAt === null)
      continue;
    const hop = { answeredAt, endedAt };
    const last = through.findLastIndex((talk) => talk.answeredAt <= answeredAt);
    const before = through[last];
    if (before !== undefined && follows(before, hop)) through[last] = throughout(before, hop);
  }
  return through;
}

/** Where a call came that nobody could be rung for at all is no more than where it was sent. */
function levelOf(rows: readonly LogRow[]): DnRef | null {
  return lastLevel(rows.filter(({ startAt, endAt }) => endAt > startAt)) ?? lastLevel(rows);
}

/** Where a call waits, or is dealt with, without anybody. */
const unattended: ReadonlySet<DnKind> = new Set(["specialmenu", "parking", "fax", "routepoint"]);

/** Where the last to talk sent it, and nobody answered; of a voicemail box, parking place and the like, who sent it there. */
function levelAfter(rows: readonly LogRow[], talks: readonly LoggedTalk[]): DnRef | null {
  const last = talks.toSorted((a, b) => a.endedAt - b.endedAt).at(-1);
  if (last === undefined) return null;
  const { user, answeredAt, endedAt: untilAt } = last;
  // Who sends it to a queue or ring group may talk on while that polls, and go before anybody answers.
  const fromAt = ({ destination: { kind } }: LogRow) =>
    canPoll(kind) ? answeredAt : untilAt - overlapMsMax;
  const isAfter = (row: LogRow) => row.startAt >= fromAt(row) && row.endAt > untilAt + overlapMsMax;
  const after = rows.filter(isAfter);
  const isUnattended = after.some(({ destination }) => unattended.has(destination.kind));
  const isOff = after.some(({ destination }) => isOutside(destination));
  const sender = isUnattended && !isOff ? ({ dn: user, kind: "extension" } as const) : null;
  return lastLevel(after) ?? sender;
}

/** It rang before the place's end, or stopped with it: the phone of whom the place gives the call to rings on. */
function isPolledBy({ startAt, endAt }: LogRow, place: LogRow): boolean {
  if (startAt >= place.endAt) return false;
  return startAt < place.endAt - overlapMsMax || endAt <= place.endAt + overlapMsMax;
}

/** A queue or ring group polls extensions as long as it has the call. */
function lastLevel(rows: readonly LogRow[]): DnRef | null {
  let level: DnRef | null = null;
  let polling: LogRow | null = null;
  for (const row of rows) {
    const { dn, kind } = row.destination;
    if (dn === "" || row.isCallbackOrder) continue;
    if (canPoll(kind)) polling = row;
    else if (kind === "extension") {
      if (row.source.kind === "extension") continue;
      if (polling !== null && isPolledBy(row, polling)) continue;
    } else if (kind !== "ivr") continue;
    level = { dn, kind };
  }
  return level;
}

function didOf(rows: readonly LogRow[], trunk: string, knowledge: Knowledge): Did | null {
  for (const { destination } of rows) {
    if (destination.kind !== "routepoint") continue;
    for (const number of [destination.number, destination.dn]) {
      if (digitsOf(number) === "") continue;
      const did = knowledge.didOf(number, trunk);
      // A route point has a number of its own, which is no DID.
      if (did.ruleName !== "" || isLongNumber(number)) return did;
    }
  }
  const only = knowledge.onlyDidOf(trunk);
  if (only !== null) return only;
  // Some hops carry the rule's name before the caller's.
  for (const { source } of rows) {
    const { did } = knowledge.readName(source.name, trunk);
    if (did !== null) return did;
  }
  return null;
}

/** The call with its times as a clock has them that the PBX's is ahead of. */
export function byOurClock(call: LoggedCall, aheadMs: number): LoggedCall {
  return {
    ...call,
    startedAt: call.startedAt - aheadMs,
    endedAt: call.endedAt - aheadMs,
    talks: call.talks.map(({ user, answeredAt, endedAt }) => {
      return { user, answeredAt: answeredAt - aheadMs, endedAt: endedAt - aheadMs };
    }),
  };
}

/** Which DNs this client sees. */
export type IsVisible = (dn: string) => boolean;

/** When the call first came to a DN that this client sees: with whom it talked before, it never knew. */
function shownAtOf(rows: readonly LogRow[], isVisible: IsVisible): EpochMs {
  const shown = rows.find(({ source, destination }) =>
    [source, destination].some(({ dn, kind }) => kind !== "trunk" && isVisible(dn)),
  );
  return shown?.startAt ?? Number.POSITIVE_INFINITY;
}

/** The first hop that is with an outside party: of a click-to-call not that of the own phone. `rows`: in order. */
const firstOutside = (rows: readonly LogRow[]): LogRow | undefined =>
  rows.find((row) => directionOf(row) !== null && !isOwnRing(row, rows));

/** "" if it is withheld: a trunk's own DN is not the number of who is behind it. */
function numberOf({ number, dn }: LogSide, knowledge: Knowledge): string {
  return number || (isLongNumber(dn) && knowledge.kindOf(dn) === null ? dn : "");
}

/**
 * Of the outside party that these rows are with, in digits; null without one of their own. Who comes into a
 * consultation and does not tell its number is the one for whom it was held.
 */
function outsideNumberOf(rows: readonly LogRow[], knowledge: Knowledge): string | null {
  const first = firstOutside(rows);
  if (first === undefined) return null;
  const outside = directionOf(first) === "incoming" ? first.source : first.destination;
  const digits = digitsOf(numberOf(outside, knowledge));
  return digits === "" && first !== rows[0] ? null : digits;
}

/**
 * The rows of calls that were joined, which share a key: each outside party has a call of its own, whichever number it
 * went on under; an inside call, a consultation, belongs to the first.
 */
function apart(rows: readonly LogRow[], knowledge: Knowledge): readonly (readonly LogRow[])[] {
  const inOrder = rows.toSorted((a, b) => a.startAt - b.startAt || a.segment - b.segment);
  const parts = Map.groupBy(inOrder, ({ historyId }) => historyId);
  if (parts.size === 1) return [inOrder];
  const numberOf = new Map([...parts].map(([id, part]) => [id, outsideNumberOf(part, knowledge)]));
  const main = [...numberOf.values()].find((number) => number !== null) ?? null;
  const calls = Map.groupBy(inOrder, ({ historyId }) => numberOf.get(historyId) ?? main);
  return [...calls.values()];
}

/** All times are the PBX's. Null for an inside call. `inOrder`: all of one call. */
function loggedCallOf(
  inOrder: readonly LogRow[],
  knowledge: Knowledge,
  isVisible: IsVisible,
): LoggedCall | null {
  const [begin] = inOrder;
  const first = firstOutside(inOrder);
  const direction = first && directionOf(first);
  if (!begin || !first || !direction) return null;
  const outside = direction === "incoming" ? first.source : first.destination;
  const { source } = first;
  const trunk = outside.kind === "trunk" ? outside.dn : "";
  const caller = source.dn === "" ? null : { dn: source.dn, kind: source.kind };
  // Of calls that were joined, the outside party's own.
  const id = parseHistoryId(first.historyId);
  const startedAt = id?.startedAt ?? begin.startAt;
  const shownAt = shownAtOf(inOrder, isVisible);
  const talked = talksOf(inOrder, direction);
  // A fax machine's hop says nothing of its kind.
  const talks = talked.filter(({ user, answeredAt }) => {
    return isVisible(user) || (answeredAt >= shownAt && knowledge.kindOf(user) === "extension");
  });
  const level = direction === "incoming" ? levelOf(inOrder) : caller;
  // Whom it came to is not told then, nor that an answered call was missed.
  const isTold = ({ dn }: DnRef) => isVisible(dn) || talks.some(({ user }) => user === dn);
  const isKnown = (at: DnRef | null) =>
    (at?.kind !== "extension" || isTold(at)) && talks.length === talked.length;
  const missedLevel = levelAfter(inOrder, talked);
  return {
    callNumber: id?.callNumber ?? null,
    direction,
    number: numberOf(outside, knowledge),
    name: knowledge.readName(outside.name, trunk).name,
    did: direction === "incoming" ? didOf(inOrder, trunk, knowledge) : null,
    establishedAt: startedAt,
    startedAt,
    endedAt: Math.max(startedAt, ...inOrder.map(({ endAt }) => endAt)),
    talks,
    level: isKnown(level) ? level : null,
    missedLevel: isKnown(missedLevel) ? missedLevel : null,
    polledBy: inOrder.flatMap(({ destination }) =>
      canPoll(destination.kind) ? [destination.dn] : [],
    ),
    // A callback that fails ends at the same place as its order, but goes out.
    callbackOrdered: direction === "incoming" && inOrder.some((row) => row.isCallbackOrder),
  };
}

export interface LoggedCalls {
  /** By start. */
  readonly calls: readonly LoggedCall[];
  readonly rowsNotUnderstood: number;
  /** Of the last row, as the rows came; null without any. */
  readonly lastStartAt: EpochMs | null;
}

export function loggedCalls(
  values: readonly unknown[],
  knowledge: Knowledge,
  isVisible: IsVisible,
): LoggedCalls {
  const groups = new Map<string, LogRow[]>();
  let rowsNotUnderstood = 0;
  let lastStartAt: EpochMs | null = null;
  for (const value of values) {
    const row = parseLogRow(value, knowledge);
    if (row === null) {
      rowsNotUnderstood += 1;
      continue;
    }
    lastStartAt = row.startAt;
    const group = groups.get(row.key);
    if (group) group.push(row);
    else groups.set(row.key, [row]);
  }
  const calls = [...groups.values()]
    .flatMap((rows) => apart(rows, knowledge))
    .map((rows) => loggedCallOf(rows, knowledge, isVisible))
    .filter((call) => call !== null)
    .sort((a, b) => a.startedAt - b.startedAt);
  return { calls, rowsNotUnderstood, lastStartAt };
}
