/**
 * The recordings of ended legs: each connected leg of an extension that records is one file, or several if
 * recording is paused, as the PBX does it. Ids rise from a number of their own and are kept as long as the call
 * is remembered. When they are listed nobody knows: the switches say.
 */
import type { Directory } from "../directory.ts";
import type { Call, Leg } from "../model.ts";
import type { Settings } from "../settings.ts";
import { completeRow, type Row } from "./odata/schema.ts";
import { TYPES } from "./types.ts";

const FIRST_ID = 63_214;

/** What `CallHistoryView` and the reports call the kinds of a DN; 0, 1, 2 and 5 were seen. */
export function dnTypeCode(kind: Leg["kind"] | null): number {
  switch (kind) {
    case "trunk":
      return 1;
    case "queue":
    case "ringgroup":
      return 2;
    case "specialmenu":
      return 5;
    case "ivr":
      return 6;
    default:
      return 0;
  }
}

export interface Recording {
  readonly id: number;
  /** 0, 1 … within the leg. */
  readonly part: number;
  readonly call: Call;
  readonly leg: Leg;
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface RecordingsWorld {
  directory(): Directory;
  settings(): Settings;
  now(): number;
  /** Live and ended. */
  calls(): readonly Call[];
}

export class Recordings {
  readonly #world: RecordingsWorld;
  readonly #ids = new WeakMap<Leg, number[]>();
  #lastId = FIRST_ID - 1;
  readonly #deleted = new Set<number>();
  readonly #downloads = new Map<number, number>();

  constructor(world: RecordingsWorld) {
    this.#world = world;
  }

  all(): Recording[] {
    const all = this.#world.calls().flatMap((call) => this.of(call));
    // A leg that an attended transfer moved was in two calls, and was recorded once.
    return [...new Map(all.map((recording) => [recording.id, recording])).values()];
  }

  /** Those that are listed by now. */
  of(call: Call): Recording[] {
    const { recordingDelayMs } = this.#world.settings();
    const until = this.#world.now() - recordingDelayMs;
    return call.allLegs
      .filter((leg) => this.#records(leg) && this.#finishedAt(leg) <= until)
      .flatMap((leg) => this.#files(leg))
      .filter(({ id }) => !this.#deleted.has(id));
  }

  find(id: number): Recording | undefined {
    return this.all().find((recording) => recording.id === id);
  }

  delete(id: number): void {
    this.#deleted.add(id);
  }

  /** Counts a download: 1 is the first. */
  download(id: number): number {
    const count = (this.#downloads.get(id) ?? 0) + 1;
    this.#downloads.set(id, count);
    return count;
  }

  /** What was said, once it is written down. */
  transcript(recording: Recording): Row {
    const { transcriptDelayMs, recordingDelayMs } = this.#world.settings();
    const listedAt = this.#finishedAt(recording.leg) + recordingDelayMs;
    const isWritten =
      transcriptDelayMs !== null && listedAt + transcriptDelayMs <= this.#world.now();
    if (!isWritten) return { IsTranscribed: false };
    const { id } = recording;
    return {
      IsTranscribed: true,
      Transcription: `Agent: How can I help? Caller: This is recording ${id}.`,
      Summary: `The caller spoke of recording ${id}.`,
      SentimentScore: 1 + (id % 5),
    };
  }

  #finishedAt(leg: Leg): number {
    const { recordingListed } = this.#world.settings();
    const at = recordingListed === "legEnd" ? leg.end?.at : leg.end && leg.call.endedAt;
    return at ?? Number.POSITIVE_INFINITY;
  }

  #records(leg: Leg): boolean {
    if (leg.kind !== "extension") return false;
    const extensions = this.#world.directory().extensions;
    return extensions.find((row) => row.number === leg.dn)?.recordCalls ?? false;
  }

  /** One file, or as many as pauses make of it: they take every second stretch of the time. */
  #files(leg: Leg): Recording[] {
    const { answeredAt, end } = leg;
    if (answeredAt === null || end === null) return [];
    return this.#idsOf(leg).map((id, part, { length }) => {
      const stretch = (end.at - answeredAt) / (2 * length - 1);
      const startedAt = Math.round(answeredAt + 2 * part * stretch);
      const endedAt = Math.round(startedAt + stretch);
      return { id, part, call: leg.call, leg, startedAt, endedAt };
    });
  }

  #idsOf(leg: Leg): readonly number[] {
    let ids = this.#ids.get(leg);
    if (ids === undefined) {
      const { recordingParts: length } = this.#world.settings();
      const first = this.#lastId + 1;
      ids = Array.from({ length }, (_, part) => first + part);
      this.#lastId += length;
      this.#ids.set(leg, ids);
    }
    return ids;
  }
}

const CALL_TYPES = {
  incoming: "InboundExternal",
  outgoing: "OutboundExternal",
  internal: "Local",
} as const;

interface Side {
  readonly dn: string;
  readonly kind: Leg["kind"] | null;
  readonly number: string;
  readonly name: string;
  readonly participant: number | null;
}

/** Who called whom, from the recorded leg's point of view. */
export function sidesOf(leg: Leg, ownName: string): { from: Side; to: Side } {
  const own: Side = {
    dn: leg.dn,
    kind: leg.kind,
    number: leg.outside?.number ?? leg.dn,
    name: leg.outside?.name ?? ownName,
    participant: leg.id,
  };
  const other: Side = { ...leg.party, participant: leg.peer?.id ?? null };
  return leg.legid === 1 ? { from: own, to: other } : { from: other, to: own };
}

export function recordingRow(recording: Recording, ownName: string, transcript: Row): Row {
  const { call, leg } = recording;
  const { from, to } = sidesOf(leg, ownName);
  return completeRow(TYPES.recording, {
    Id: recording.id,
    RecordingUrl: `${leg.dn}/${fileName(recording, ownName)}`,
    StartTime: new Date(recording.startedAt).toISOString(),
    EndTime: new Date(recording.endedAt).toISOString(),
    CallType: CALL_TYPES[call.direction],
    ...sideColumns("From", from),
    ...sideColumns("To", to),
    FromDidNumber: call.rule?.did ?? "",
    IsArchived: false,
    CanBeTranscribed: true,
    ...transcript,
  });
}

function sideColumns(prefix: "From" | "To", side: Side): Row {
  return {
    [`${prefix}Dn`]: side.dn,
    [`${prefix}DnType`]: dnTypeCode(side.kind),
    [`${prefix}CallerNumber`]: side.number,
    [`${prefix}DisplayName`]: side.name,
    [`${prefix}IdParticipant`]: side.participant,
  };
}

/** `[<caller's name>]_<from>-<to>_<YYYYMMDDHHMMSS>(<call id>).wav`, as seen on V16 and V20. */
export function fileName(recording: Recording, ownName: string): string {
  const { from, to } = sidesOf(recording.leg, ownName);
  const stamp = new Date(recording.startedAt)
    .toISOString()
    .replace(/\.\d+Z$/, "")
    .replaceAll(/[-:T]/g, "");
  const name = from.name.replaceAll(/[/\\"\p{Cc}]/gu, "");
  return `[${name}]_${from.number}-${to.number}_${stamp}(${recording.call.id}).wav`;
}
