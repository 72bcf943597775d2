/**
 * Call reports over the ended calls: `CallHistoryView` (one row for each stretch of ringing or
 * talking) and the call log (one row for each leg that the call was offered to).
 */
import { MAKE_CALL } from "../exchange.ts";
import type { Call, Leg, Party } from "../model.ts";
import type { Settings } from "../settings.ts";
import { rootOf } from "../transfers.ts";
import { logWords } from "./logWords.ts";
import { completeRow, type Row } from "./odata/schema.ts";
import { dnTypeCode, fileName, type Recording, sidesOf } from "./recordings.ts";
import { TYPES } from "./types.ts";

const SEGMENT_RINGING = 1;
const SEGMENT_TALKING = 2;
const FILETIME_EPOCH = 116_444_736_000_000_000n;
const TICKS_PER_MS = 10_000n;

export type NameOf = (dn: string) => string;
/** Those that the reports name. */
export type RecordingsOf = (call: Call) => readonly Recording[];

/** ISO 8601, as the PBX writes durations: `PT1M5.2S`. */
export function isoDuration(spanMs: number): string {
  const tenths = Math.round(spanMs / 100);
  const hours = Math.floor(tenths / 36_000);
  const minutes = Math.floor((tenths % 36_000) / 600);
  const seconds = (tenths % 600) / 10;
  const text = `${hours ? `${hours}H` : ""}${minutes ? `${minutes}M` : ""}`;
  return `PT${text}${seconds || text === "" ? `${seconds}S` : ""}`;
}

/** The PBX's history id: a FILETIME and a counter, written as a UUID. */
export function historyId(startedAt: number, counter: number): string {
  const ticks = BigInt(Math.round(startedAt)) * TICKS_PER_MS + FILETIME_EPOCH;
  const time = ticks.toString(16).padStart(16, "0");
  const count = counter.toString(16).padStart(8, "0");
  const [a, b, c, d] = [0, 4, 8, 12].map((at) => time.slice(at, at + 4));
  return `00000000-${a}-${b}-${c}-${d}${count}`;
}

/** Those that stood before any line did: the caller's; or all phones that click-to-call rang. */
function firstLegs({ direction, allLegs }: Call): readonly Leg[] {
  const line = allLegs.findIndex(({ kind }) => kind === "trunk");
  if (direction !== "outgoing") return allLegs.slice(0, 1);
  return line < 0 ? allLegs : allLegs.slice(0, Math.max(1, line));
}

/** The caller's own leg; by click-to-call that of the phone that was lifted, or picked it up. */
function originOf(call: Call): Leg | undefined {
  const legs = firstLegs(call);
  return legs.find(({ end }) => end?.why !== "answeredElsewhere") ?? legs[0];
}

/** The legs that a call was offered to: all but the caller's own. */
function offeredLegs(call: Call): Leg[] {
  const origin = originOf(call);
  const others = call.allLegs.filter((leg) => leg !== origin);
  const offered = others.filter((leg) => call.direction === "outgoing" || leg.kind !== "trunk");
  if (offered.length > 0 || !origin) return offered;
  return origin.kind === "trunk" ? [] : [origin];
}

function endOf(leg: Leg, call: Call): number {
  return leg.end?.at ?? call.endedAt ?? leg.startedAt;
}

/** The line that has answered by then; one after another is dialled until one does. */
function lineBefore({ allLegs }: Call, at: number): Leg | undefined {
  return allLegs.find(
    ({ kind, answeredAt }) => kind === "trunk" && answeredAt !== null && answeredAt < at,
  );
}

interface Hop {
  readonly startAt: number;
  readonly answeredAt: number | null;
  readonly endAt: number;
}

/** `movedAt`: when the leg left another call for the one that it is in now. */
function hopOf(leg: Leg, call: Call, movedAt: number | undefined): Hop {
  const { startedAt, answeredAt } = leg;
  if (movedAt !== undefined && leg.call === call) {
    const joinedAt = answeredAt === null ? null : Math.max(answeredAt, movedAt);
    const startAt = Math.max(startedAt, movedAt);
    return { startAt, answeredAt: joinedAt, endAt: endOf(leg, call) };
  }
  const endAt = movedAt ?? endOf(leg, call);
  const origin = originOf(call);
  // Who dialled out talks until the call is handed on, though the line goes on.
  const isDialled = leg.kind === "trunk" && lineBefore(call, startedAt) === undefined;
  const isLine = call.direction === "outgoing" && isDialled && origin !== undefined;
  return {
    startAt: startedAt,
    answeredAt,
    endAt: isLine ? Math.min(endAt, endOf(origin, call)) : endAt,
  };
}

/** Legs that an attended transfer moved, with the end of the call that they left. */
function moves(calls: readonly Call[]): ReadonlyMap<Leg, number> {
  const movedAt = new Map<Leg, number>();
  for (const call of calls) {
    for (const leg of call.allLegs) {
      if (leg.call !== call && call.endedAt !== null) movedAt.set(leg, call.endedAt);
    }
  }
  return movedAt;
}

/** In two where a join put another caller in the place of the one who called this leg. */
function hopsOf(hop: Hop, call: Call): readonly Hop[] {
  const { direction, callersBefore } = call;
  const { startAt, answeredAt, endAt } = hop;
  if (direction === "outgoing" || answeredAt === null) return [hop];
  const isWithin = (at: number) => at > startAt && at >= answeredAt && at < endAt;
  const join = callersBefore.find(({ untilAt }) => isWithin(untilAt));
  if (join === undefined) return [hop];
  const { untilAt } = join;
  const rest = { startAt: untilAt, answeredAt: untilAt, endAt };
  return [{ startAt, answeredAt, endAt: untilAt }, ...hopsOf(rest, call)];
}

function callerAt({ caller, callersBefore }: Call, at: number): Party {
  return callersBefore.find(({ untilAt }) => untilAt > at)?.caller ?? caller;
}

export interface LogWorld {
  readonly namedRecordings: RecordingsOf;
  readonly nameOf: NameOf;
  loggedCalls(): readonly Call[];
  settings(): Settings;
}

export function callLogRows({ loggedCalls, namedRecordings, nameOf, settings }: LogWorld): Row[] {
  const calls = loggedCalls();
  const movedAt = moves(calls);
  const { joinedCalls } = settings();
  return calls.flatMap((call) => {
    const files = namedRecordings(call);
    const main = joinedCalls === "oneMain" ? rootOf(call) : call;
    const hops = offeredLegs(call).flatMap((leg) =>
      hopsOf(hopOf(leg, call, movedAt.get(leg)), call).map((hop) => ({ leg, hop })),
    );
    const rows = hops.map(({ leg, hop }, index) => {
      const file = files.find((recording) => recording.leg === leg);
      const answered = hop.answeredAt !== null;
      const ringsUntil = hop.answeredAt ?? hop.endAt;
      const sides = logSides(call, leg, hop.startAt, nameOf);
      return completeRow(TYPES.callLogData, {
        CallId: call.id,
        CdrId: historyId(hop.startAt, leg.id),
        MainCallHistoryId: historyId(main.startedAt, main.id),
        CallHistoryId: historyId(call.startedAt, call.id),
        SegmentId: leg.id,
        Indent: index === 0 ? 0 : 1,
        SubrowDescNumber: index === 0 ? 0 : 1,
        StartTime: new Date(hop.startAt).toISOString(),
        ...logWords(call, leg, answered, String(sides.SourceDisplayName), nameOf),
        Answered: answered,
        RingingDuration: isoDuration(ringsUntil - hop.startAt),
        TalkingDuration: answered ? isoDuration(hop.endAt - ringsUntil) : null,
        ...sides,
        QualityReport: false,
        DstRecId: file?.id ?? null,
        RecordingUrl: file ? `${leg.dn}/${fileName(file, nameOf(leg.dn))}` : null,
        Recordings: files.map((recording) => ({ Id: recording.id })),
      });
    });
    return [...rows, ...callbackOrder(call, rows.at(-1))];
  });
}

/** Who orders a call-back is sent from the queue to a place of the PBX's own, for an instant. */
function callbackOrder(call: Call, last: Row | undefined): Row[] {
  if (!call.callbackOrdered || last === undefined || call.endedAt === null) return [];
  const order = {
    StartTime: new Date(call.endedAt).toISOString(),
    Status: "Unanswered",
    Reason: "callback_requested",
    Answered: false,
    RingingDuration: isoDuration(0),
    TalkingDuration: null,
    DestinationDn: "QCB",
    DestinationType: dnTypeCode("ivr"),
    DestinationCallerId: "QCB",
    DestinationDisplayName: "",
  };
  return [{ ...last, ...order }];
}

/**
 * Of an outgoing call the dialler, or `MakeCall`, an IVR in the PBX's own records, of phones that it rang; once the line
 * is there, the outside party is whom others get.
 */
function sourceOf(
  call: Call,
  leg: Leg,
  at: number,
  nameOf: NameOf,
): Pick<Party, "dn" | "kind" | "number" | "name"> {
  if (call.direction !== "outgoing") return callerAt(call, at);
  const origin = originOf(call);
  if (leg !== origin && firstLegs(call).includes(leg)) return { ...MAKE_CALL, kind: "ivr" };
  const dialled = call.allLegs.find(({ kind }) => kind === "trunk" && leg.kind !== "trunk");
  const line = lineBefore(call, at) ?? dialled;
  if (line?.outside) {
    return { ...line.outside, dn: line.dn, kind: line.kind };
  }
  if (!origin) return callerAt(call, at);
  return { dn: origin.dn, kind: origin.kind, number: origin.dn, name: nameOf(origin.dn) };
}

function logSides(call: Call, leg: Leg, at: number, nameOf: NameOf): Row {
  const caller = sourceOf(call, leg, at, nameOf);
  // Who dialled and reached no leg at all (by a code) has dialled something all the same.
  const isReached =
    call.direction !== "internal" || call.allLegs.length > 1 || leg.answeredAt !== null;
  const { dn, kind } = isReached ? leg : call.callee;
  const target = isReached ? (leg.outside ?? { number: dn, name: nameOf(dn) }) : call.callee;
  return {
    SourceDn: caller.dn,
    SourceType: dnTypeCode(caller.kind),
    SourceCallerId: caller.number,
    SourceDisplayName: caller.name,
    DestinationDn: dn,
    DestinationType: dnTypeCode(kind),
    DestinationCallerId: target.number,
    DestinationDisplayName: target.name,
  };
}

export function callHistoryRows(
  calls: readonly Call[],
  recordingsOf: RecordingsOf,
  nameOf: NameOf,
): Row[] {
  return calls.flatMap((call) => {
    const files = recordingsOf(call);
    return offeredLegs(call).flatMap((leg) => {
      const file = files.find((recording) => recording.leg === leg);
      const base = {
        ...historySides(leg, nameOf),
        SegmentActionId: 0,
        CallAnswered: leg.answeredAt !== null,
        DstRecId: file?.id ?? null,
      };
      const segment = (id: number, type: number, from: number, to: number): Row =>
        completeRow(TYPES.callHistoryView, {
          ...base,
          SegmentId: id,
          SegmentType: type,
          SegmentStartTime: new Date(from).toISOString(),
          SegmentEndTime: new Date(to).toISOString(),
          CallTime: isoDuration(to - from),
        });
      const end = endOf(leg, call);
      const answeredAt = leg.answeredAt;
      const ringing = segment(2 * leg.id, SEGMENT_RINGING, leg.startedAt, answeredAt ?? end);
      if (answeredAt === null) return [ringing];
      return [ringing, segment(2 * leg.id + 1, SEGMENT_TALKING, answeredAt, end)];
    });
  });
}

function historySides(leg: Leg, nameOf: NameOf): Row {
  const { from, to } = sidesOf(leg, nameOf(leg.dn));
  const columns = (prefix: "Src" | "Dst", side: typeof from): Row => ({
    [`${prefix}Id`]: side.participant ?? 0,
    [`${prefix}Dn`]: side.dn,
    [`${prefix}DnType`]: dnTypeCode(side.kind),
    [`${prefix}CallerNumber`]: side.number,
    [`${prefix}DisplayName`]: side.name,
    [`${prefix}External`]: side.kind === "trunk",
    [`${prefix}Internal`]: side.kind !== "trunk",
    [`${prefix}ParticipantId`]: side.participant ?? 0,
  });
  return { ...columns("Src", from), ...columns("Dst", to) };
}
