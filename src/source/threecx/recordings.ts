/**
 * The recordings of a 3CX V20: listed by XAPI `Recordings`, fetched by `Pbx.DownloadRecording`. Rows name no
 * call; where the call log is open, it says which recordings are a call's. Never throws.
 */
import type { EpochMs } from "../../events/event.ts";
import type {
  Fetched,
  Found,
  Listing,
  RecordingSource,
  Side,
  Transcript,
} from "../../recordings/find/recordingSource.ts";
import { reportOf } from "./callLog.ts";
import { parseHistoryId } from "./historyId.ts";
import type { Limits } from "./limits.ts";
import { readReport, readSet } from "./odata.ts";
import type { Rest, RestAnswer } from "./rest.ts";
import {
  asObject,
  field,
  integerField,
  integerOf,
  type Json,
  listField,
  textField,
  timeOf,
} from "./values.ts";

export interface RecordingsOptions {
  readonly rest: Rest;
  readonly limits: Limits;
}

/** DnType of a queue or ring group: both have been seen as 2, ring groups as 2 and queues as 4. */
const QUEUE_CODES: ReadonlySet<number | null> = new Set([2, 4]);
/** A summary or a transcription; an hour of talk is about 60 KB. */
const TRANSCRIPT_CHARS_MAX = 1_000_000;

export function recordingsOf({ rest, limits }: RecordingsOptions): RecordingSource {
  return {
    async list(fromOurs, toOurs): Promise<Listing> {
      const aheadMs = rest.aheadMs();
      const [fromAt, toAt] = [fromOurs + aheadMs, toOurs + aheadMs];
      const filter = `StartTime ge ${isoOf(fromAt)} and StartTime le ${isoOf(toAt)}`;
      const options = `&$filter=${encodeURIComponent(filter)}&$orderby=StartTime%20desc`;
      const answer = await readSet(rest, limits, "Recordings", options);
      if (answer.kind !== "rows") return listingWithout(answer);
      const rows = answer.rows.flatMap((row) => parseRecording(row, aheadMs) ?? []);
      if (!haveLookalikes(rows)) return { kind: "listed", found: rows };
      const calls = await callsOf(rest, limits, fromAt, toAt);
      const found = rows.map((row) => ({ ...row, call: calls.get(row.id) ?? null }));
      return { kind: "listed", found };
    },
    async download(id, path, signal): Promise<Fetched> {
      if (integerOf(id) === null)
        return { kind: "refused", reason: `"${id}" is no recording's id.` };
      const answer = await rest.save({
        path: `/xapi/v1/Recordings/Pbx.DownloadRecording(recId=${id})`,
        file: path,
        bytesMax: limits.recordingBytesMax,
        idleMs: limits.downloadIdleMs,
        totalMs: limits.downloadMsMax,
        signal,
      });
      switch (answer.kind) {
        case "saved":
          return { kind: "fetched", bytes: answer.bytes };
        case "tooLarge": {
          const megabytes = Math.floor(limits.recordingBytesMax / 1_048_576);
          return { kind: "refused", reason: `The recording is larger than ${megabytes} MB.` };
        }
        // It was listed: how soon after that it can be fetched is not known, and an archive may be moving it.
        case "missing":
          return { kind: "failed", reason: "The PBX has no such file (404): not yet, or no more." };
        case "denied":
          return { kind: "failed", reason: `The PBX answered ${answer.status} to the download.` };
        case "refused":
          return { kind: "failed", reason: answer.refused.reason };
        case "failed":
          return { kind: "failed", reason: answer.reason };
      }
    },
  };
}

function isoOf(at: EpochMs): string {
  return new Date(at).toISOString();
}

function listingWithout(answer: Exclude<RestAnswer, { kind: "ok" }>): Listing {
  switch (answer.kind) {
    case "denied":
    case "missing": {
      const status = answer.kind === "denied" ? answer.status : 404;
      const reason =
        `The PBX does not list its recordings for this API client (${status}). Give the client the ` +
        "role System Owner in Integrations → API, or set RECORDINGS_DIR on the PBX's own machine.";
      return { kind: "denied", reason };
    }
    case "refused":
      return { kind: "failed", reason: answer.refused.reason };
    case "notUnderstood":
    case "failed":
      return { kind: "failed", reason: answer.reason };
  }
}

/** Times as our clock has them. Null if it has no id or no start. */
function parseRecording(value: unknown, aheadMs: number): Found | null {
  const row = asObject(value);
  const id = row && integerField(row, "Id");
  const startedAt = row && timeOf(field(row, "StartTime"));
  if (!row || id === null || startedAt === null) return null;
  const endedAt = timeOf(field(row, "EndTime"));
  return {
    id: String(id),
    startedAt: startedAt - aheadMs,
    endedAt: endedAt === null ? null : endedAt - aheadMs,
    from: sideOf(row, "From"),
    to: sideOf(row, "To"),
    call: null,
    transcript: transcriptOf(row),
  };
}

function sideOf(row: Json, prefix: "From" | "To"): Side {
  return {
    dn: textField(row, `${prefix}Dn`),
    number: textField(row, `${prefix}CallerNumber`),
    isQueue: QUEUE_CODES.has(integerField(row, `${prefix}DnType`)),
  };
}

function transcriptOf(row: Json): Transcript | null {
  const [summary, transcription] = [longText(row, "Summary"), longText(row, "Transcription")];
  if (summary === "" && transcription === "") return null;
  return { summary, transcription, sentimentScore: textField(row, "SentimentScore") };
}

function longText(row: Json, name: string): string {
  const text = field(row, name);
  return typeof text === "string" ? text.slice(0, TRANSCRIPT_CHARS_MAX).trim() : "";
}

/** Whether two are of the same two parties: only then is the log worth its price. */
function haveLookalikes(rows: readonly Found[]): boolean {
  const parties = rows.map(({ from, to }) =>
    [from.dn, from.number, to.dn, to.number].sort().join(),
  );
  return new Set(parties).size < parties.length;
}

/** Which call each recording is of, by the call log; empty where that is closed. */
async function callsOf(rest: Rest, limits: Limits, fromAt: EpochMs, toAt: EpochMs) {
  const calls = new Map<string, NonNullable<Found["call"]>>();
  const report = reportOf(fromAt - limits.logLookBackMs, toAt + limits.logSlackMs);
  const answer = await readReport(rest, limits, report, () => limits.logTimeoutMs);
  if (answer.kind !== "rows") return calls;
  for (const value of answer.rows) {
    const row = asObject(value);
    const call = row && parseHistoryId(textField(row, "CallHistoryId"));
    if (!row || !call) continue;
    const { callNumber: number, startedAt } = call;
    for (const id of recordingIdsOf(row)) calls.set(id, { number, startedAt });
  }
  return calls;
}

function recordingIdsOf(row: Json): string[] {
  const listed = (listField(row, "Recordings") ?? []).map((each) => {
    const recording = asObject(each);
    return recording && integerField(recording, "Id");
  });
  return [integerField(row, "SrcRecId"), integerField(row, "DstRecId"), ...listed]
    .filter((id) => id !== null && id > 0)
    .map(String);
}
