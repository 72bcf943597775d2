/**
 * The recordings of the stand-in, written from the public facts and apart from the program: XAPI's `Recordings`
 * (a row names no call, lists take `$filter` on `StartTime`, `$orderby`, `$top` up to 100 and `$skip`; by key it
 * is 404) and `Pbx.DownloadRecording`. A test says what is listed, from when on, and how each download goes.
 */
import type { Reply } from "./standIn.ts";

export interface RecordingRow {
  readonly Id: number;
  readonly RecordingUrl: string;
  readonly StartTime: string;
  readonly EndTime: string | null;
  readonly CallType: "Local" | "InboundExternal" | "OutboundExternal";
  readonly FromDn: string;
  readonly FromDnType: number;
  readonly FromCallerNumber: string;
  readonly ToDn: string;
  readonly ToDnType: number;
  readonly ToCallerNumber: string;
  readonly IsArchived: boolean;
  readonly IsTranscribed: boolean;
  readonly CanBeTranscribed: boolean;
  readonly Transcription: string | null;
  readonly Summary: string | null;
  readonly SentimentScore: number | null;
}

/** A row of the call log: which recordings a call left. */
export interface LogRow {
  readonly CallHistoryId: string;
  readonly StartTime: string;
  readonly DstRecId?: number;
  readonly Recordings?: readonly { readonly Id: number }[];
}

/** The PBX's id of a call: the FILETIME of its start, and its number. */
export function historyIdOf(startedAt: string, callid: number): string {
  const filetime = (BigInt(Date.parse(startedAt)) + 11_644_473_600_000n) * 10_000n;
  const text = filetime.toString(16).padStart(16, "0") + callid.toString(16).padStart(8, "0");
  return `00000000-${text.replace(/^(....)(....)(....)(.*)$/, "$1-$2-$3-$4")}`;
}

const LIST = "/xapi/v1/Recordings";
const DOWNLOAD = /^\/xapi\/v1\/Recordings\/Pbx\.DownloadRecording\(recId=(\d+)\)$/;
const REPORT = "/xapi/v1/ReportCallLogData/Pbx.GetCallLogData(";

const wrong = (message: string): Reply => ({ status: 400, body: { error: { message } } });
const missing: Reply = { status: 404, body: {} };

export class StandInRecordings {
  readonly rows: RecordingRow[] = [];
  readonly log: LogRow[] = [];
  /** Id → the file as the PBX has it. */
  readonly files = new Map<number, Buffer>();
  /** Ids as they were downloaded, and how often it was listed. */
  readonly downloads: number[] = [];
  lists = 0;
  /** May answer a download in our place: the count is that of its downloads, from 1. */
  download: (id: number, count: number) => Reply | undefined = () => undefined;
  #lastId = 63_213;

  /** An answer, undefined = not a matter of recordings. */
  answer(url: URL): Reply | undefined {
    const path = decodeURIComponent(url.pathname);
    if (path === LIST) return this.#list(url.searchParams);
    const [, id] = DOWNLOAD.exec(path) ?? [];
    if (id !== undefined) return this.#download(Number(id));
    // Without rows it is closed, not empty: an empty one is looked at again and again for what must come.
    if (path.startsWith(REPORT) && this.log.length > 0) return this.#report(url.searchParams);
    return path.startsWith(LIST) ? missing : undefined;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  add(row: RecordingRow, file: Buffer): void {
    this.rows.push(row);
    this.files.set(row.Id, file);
  }

  change(id: number, changes: Partial<RecordingRow>): void {
    const at = this.rows.findIndex(({ Id }) => Id === id);
    const row = this.rows[at];
    if (row !== undefined) this.rows[at] = { ...row, ...changes };
  }

  #list(query: URLSearchParams): Reply {
    this.lists += 1;
    const top = Number(query.get("$top") ?? 100);
    if (top > 100) return wrong("The limit of '100' for Top query has been exceeded.");
    const skip = Number(query.get("$skip") ?? 0);
    let rows = [...this.rows];
    for (const term of (query.get("$filter") ?? "").split(" and ").filter(Boolean)) {
      const [, word = "", time = ""] = /^StartTime (ge|gt|le|lt) (\S+Z)$/.exec(term) ?? [];
      const at = Date.parse(time);
      if (Number.isNaN(at)) return wrong(`The filter '${term}' is not understood.`);
      rows = rows.filter(({ StartTime }) => compares[word]?.(Date.parse(StartTime), at));
    }
    const order = query.get("$orderby");
    if (order === "StartTime desc") rows.sort((a, b) => b.StartTime.localeCompare(a.StartTime));
    else if (order === "StartTime") rows.sort((a, b) => a.StartTime.localeCompare(b.StartTime));
    return { status: 200, body: { value: rows.slice(skip, skip + top) } };
  }

  #download(id: number): Reply {
    this.downloads.push(id);
    const count = this.downloads.filter((each) => each === id).length;
    const file = this.files.get(id);
    const name = this.rows.find(({ Id }) => Id === id)?.RecordingUrl.split("/")[1] ?? "";
    const headers = {
      "content-type": "audio/x-wav",
      "content-disposition": `attachment; filename="${name.replace(/[^\x20-\x7e]/g, "_")}"`,
    };
    const usual = file === undefined ? missing : { status: 200, bytes: file, headers };
    return this.download(id, count) ?? usual;
  }

  /** Paged before it is filtered. Nulls are left out. */
  #report(query: URLSearchParams): Reply {
    const [skip, top] = ["$skip", "$top"].map((name) => Number(query.get(name) ?? 0));
    const value = this.log.slice(skip, (skip ?? 0) + (top || 100));
    return { status: 200, body: { value } };
  }
}

const compares: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  ge: (a, b) => a >= b,
  gt: (a, b) => a > b,
  le: (a, b) => a <= b,
  lt: (a, b) => a < b,
};
