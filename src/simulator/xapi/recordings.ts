/**
 * The recordings of ended calls: each connected leg of an extension that records is one file, as the
 * PBX does it. Ids rise from a number of their own and are kept as long as the call is remembered.
 */
import type { Directory } from "../directory.ts";
import type { Call, Leg } from "../model.ts";
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
  readonly call: Call;
  readonly leg: Leg;
  readonly startedAt: number;
  readonly endedAt: number;
}

export class Recordings {
  readonly #directory: () => Directory;
  readonly #endedCalls: () => readonly Call[];
  readonly #ids = new WeakMap<Leg, number>();
  #lastId = FIRST_ID - 1;
  readonly #deleted = new WeakSet<Leg>();

  constructor(directory: () => Directory, endedCalls: () => readonly Call[]) {
    this.#directory = directory;
    this.#endedCalls = endedCalls;
  }

  all(): Recording[] {
    const all = this.#endedCalls().flatMap((call) => this.of(call));
    // A leg that an attended transfer moved was in two calls, and was recorded once.
    return [...new Map(all.map((recording) => [recording.id, recording])).values()];
  }

  of(call: Call): Recording[] {
    return call.allLegs.flatMap((leg) => {
      if (this.#deleted.has(leg)) return [];
      const { answeredAt, end } = leg;
      if (answeredAt === null || end === null || !this.#records(leg)) return [];
      return [{ id: this.#idOf(leg), call, leg, startedAt: answeredAt, endedAt: end.at }];
    });
  }

  find(id: number): Recording | undefined {
    return this.all().find((recording) => recording.id === id);
  }

  delete(id: number): void {
    const recording = this.find(id);
    if (recording) this.#deleted.add(recording.leg);
  }

  #records(leg: Leg): boolean {
    if (leg.kind !== "extension") return false;
    const extension = this.#directory().extensions.find((row) => row.number === leg.dn);
    return extension?.recordCalls ?? false;
  }

  #idOf(leg: Leg): number {
    const known = this.#ids.get(leg);
    if (known !== undefined) return known;
    this.#lastId += 1;
    this.#ids.set(leg, this.#lastId);
    return this.#lastId;
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

export function recordingRow(recording: Recording, ownName: string): Row {
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
    IsTranscribed: false,
    CanBeTranscribed: true,
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
