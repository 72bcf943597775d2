/**
 * The sets that are only looked at: live calls, and what is left of ended ones.
 */
import type { Clock } from "../../util/clock.ts";
import type { Pbx } from "../pbx.ts";
import type { Settings } from "../settings.ts";
import { forbidden } from "./odata/error.ts";
import type { Row } from "./odata/schema.ts";
import { type Recording, type Recordings, recordingRow } from "./recordings.ts";
import { callHistoryRows, type NameOf, type RecordingsOf } from "./reports.ts";
import type { EntitySet } from "./sets.ts";
import { TYPES } from "./types.ts";

export interface LiveWorld {
  readonly pbx: Pick<Pbx, "activeCalls" | "endedCalls">;
  readonly clock: Pick<Clock, "now">;
  readonly recordings: Recordings;
  readonly namedRecordings: RecordingsOf;
  readonly nameOf: NameOf;
  settings(): Settings;
}

/** None of them can be addressed by key: `Recordings(5)` is 404 on a live PBX too. */
export function liveSets(world: LiveWorld): EntitySet[] {
  const { pbx, recordings, namedRecordings, nameOf, settings } = world;
  return [
    { name: "ActiveCalls", type: TYPES.activeCall, keys: [], rows: () => activeCallRows(world) },
    {
      name: "Recordings",
      type: TYPES.recording,
      keys: [],
      rows: () => {
        if (settings().recordingList === "forbidden") throw forbidden("Only an owner may do this.");
        const row = (found: Recording) =>
          recordingRow(found, nameOf(found.leg.dn), recordings.transcript(found));
        return recordings.all().map(row);
      },
    },
    {
      name: "CallHistoryView",
      type: TYPES.callHistoryView,
      keys: [],
      rows: () => callHistoryRows(pbx.endedCalls(), namedRecordings, nameOf),
    },
  ];
}

function activeCallRows({ pbx, clock, settings }: LiveWorld): Row[] {
  const serverNow = iso(clock.now());
  return pbx.activeCalls(settings().listLagMs).map((call) => ({
    Id: call.id,
    Caller: call.caller,
    Callee: call.callee,
    Status: call.status,
    LastChangeStatus: iso(call.changedAt),
    EstablishedAt: iso(call.establishedAt),
    ServerNow: serverNow,
  }));
}

/** Times of live calls are written anew with every reading of the list. */
const written = new Map<number, string>();
const WRITTEN_MAX = 1000;

function iso(epochMs: number): string {
  let text = written.get(epochMs);
  if (text === undefined) {
    text = new Date(epochMs).toISOString();
    if (written.size >= WRITTEN_MAX) written.clear();
    written.set(epochMs, text);
  }
  return text;
}
