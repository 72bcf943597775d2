/**
 * What is known of recordings (src/recordings/ledger.ts), synchronous, inside the writer's transaction.
 * Must hold: a keeper's file is of one link; what is stored of a link is stored as a whole.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { FileState, LinkQuery, LinkState, RecordedLink } from "../../recordings/ledger.ts";

const LINK = "SELECT link_key, ended, state, due_at, tries, reason FROM recorded_links";

const SEEK = `
  INSERT INTO recorded_links (link_key, pbx, call_id, link, callerid, ended_at, ended, due_at)
  VALUES (:key, :pbx, :callId, :link, :callerid, :endedAt, :ended, :dueAt)
  ON CONFLICT (link_key) DO NOTHING`;

const PUT_LINK = `
  INSERT INTO recorded_links
    (link_key, pbx, call_id, link, callerid, ended_at, ended, state, due_at, tries, reason)
  VALUES (:key, :pbx, :callId, :link, :callerid, :endedAt, :ended, :state, :dueAt, :tries, :reason)
  ON CONFLICT (link_key) DO UPDATE SET
    state = excluded.state, due_at = excluded.due_at, tries = excluded.tries, reason = excluded.reason`;

/** Replaces: a file that only seemed to be another link's goes over to this one. */
const PUT_FILE = `
  INSERT OR REPLACE INTO recorded_files
    (link_key, n, pbx, source_id, started_at, state, path, bytes, stored_at, reason)
  VALUES (:key, :n, :pbx, :sourceId, :startedAt, :state, :path, :bytes, :storedAt, :reason)`;

const FILES = `
  SELECT n, source_id AS sourceId, started_at AS startedAt, state, path, bytes,
    stored_at AS storedAt, reason
  FROM recorded_files`;

/** One of several files, too. */
const FAILED = `
  ${LINK} WHERE state = 'failed'
    OR link_key IN (SELECT link_key FROM recorded_files WHERE state = 'failed')
  ORDER BY ended_at DESC LIMIT ?`;

const STORED_BEFORE = `
  ${LINK} WHERE link_key IN (
    SELECT link_key FROM recorded_files
    WHERE path <> '' AND state <> 'removed' AND stored_at < ? ORDER BY stored_at LIMIT ?)
  ORDER BY ended_at`;

const FORGET = `
  DELETE FROM recorded_links WHERE link_key IN (
    SELECT link_key FROM recorded_links l
    WHERE ended_at < ? AND due_at IS NULL AND NOT EXISTS (
      SELECT 1 FROM recorded_files f
      WHERE f.link_key = l.link_key AND f.path <> '' AND f.state <> 'removed')
    LIMIT ?)`;

export interface RecordingStore {
  /** A link's recording is wanted; `ended` is its end event as JSON. */
  seek(ended: string, dueAt: number): void;
  save(link: RecordedLink): void;
  due(state: LinkState, until: number, limit: number): readonly RecordedLink[];
  soughtSince(pbx: string, endedFrom: number, limit: number): readonly RecordedLink[];
  nextDueAt(after: number): number | null;
  owners(pbx: string, sourceIds: readonly string[]): readonly (readonly [string, string])[];
  find(what: LinkQuery, limit: number): readonly RecordedLink[];
  /** How many links have come how far. */
  counts(): ReadonlyMap<LinkState, number>;
  storedBefore(at: number, limit: number): readonly RecordedLink[];
  storedBytes(): number;
  forget(endedBefore: number, limit: number): number;
}

export function createRecordingStore(db: DatabaseSync): RecordingStore {
  const sql = {
    seek: db.prepare(SEEK),
    putLink: db.prepare(PUT_LINK),
    putFile: db.prepare(PUT_FILE),
    dropFiles: db.prepare("DELETE FROM recorded_files WHERE link_key = ?"),
    files: db.prepare(`${FILES} WHERE link_key = ? ORDER BY n`),
    due: db.prepare(`${LINK} WHERE state = ? AND due_at <= ? ORDER BY due_at LIMIT ?`),
    soughtSince: db.prepare(
      `${LINK} WHERE state = 'seeking' AND pbx = ? AND ended_at >= ? ORDER BY ended_at LIMIT ?`,
    ),
    nextDue: db.prepare(
      "SELECT min(due_at) AS at FROM recorded_links WHERE state = ? AND due_at > ?",
    ),
    owner: db.prepare("SELECT link_key FROM recorded_files WHERE pbx = ? AND source_id = ?"),
    ofCall: db.prepare(`${LINK} WHERE call_id = ? ORDER BY link LIMIT ?`),
    ofLink: db.prepare(`${LINK} WHERE call_id = ? AND link = ? LIMIT ?`),
    ofCaller: db.prepare(`${LINK} WHERE callerid = ? ORDER BY ended_at DESC LIMIT ?`),
    ofState: db.prepare(`${LINK} WHERE state = ? ORDER BY ended_at DESC LIMIT ?`),
    failed: db.prepare(FAILED),
    all: db.prepare(`${LINK} ORDER BY ended_at DESC LIMIT ?`),
    counts: db.prepare("SELECT state, count(*) AS links FROM recorded_links GROUP BY state"),
    storedBefore: db.prepare(STORED_BEFORE),
    storedBytes: db.prepare(
      "SELECT coalesce(sum(bytes), 0) AS bytes FROM recorded_files WHERE path <> '' AND state <> 'removed'",
    ),
    forget: db.prepare(FORGET),
  };

  function linkOf(row: ReturnType<StatementSync["get"]>): RecordedLink {
    const key = String(row?.link_key);
    return {
      key,
      ended: JSON.parse(String(row?.ended)),
      state: String(row?.state) as LinkState,
      dueAt: row?.due_at == null ? null : Number(row.due_at),
      tries: Number(row?.tries),
      reason: String(row?.reason),
      // The tables are STRICT, and the columns are named as the fields are.
      files: sql.files.all(key).map((file) => ({
        ...(file as unknown as RecordedLink["files"][number]),
        state: String(file.state) as FileState,
      })),
    };
  }

  function columnsOf(ended: RecordedLink["ended"]) {
    const { eventId: key, pbx, callId, link, callerid, at } = ended;
    return {
      key,
      pbx,
      callId,
      link,
      callerid,
      endedAt: Math.round(at),
      ended: JSON.stringify(ended),
    };
  }

  function found(what: LinkQuery, limit: number) {
    switch (what.by) {
      case "call":
        return what.link === null
          ? sql.ofCall.all(what.callId, limit)
          : sql.ofLink.all(what.callId, what.link, limit);
      case "callerid":
        return sql.ofCaller.all(what.callerid, limit);
      case "state":
        return what.state === "failed" ? sql.failed.all(limit) : sql.ofState.all(what.state, limit);
      case "all":
        return sql.all.all(limit);
    }
  }

  return {
    seek(ended, dueAt) {
      sql.seek.run({ ...columnsOf(JSON.parse(ended)), dueAt: Math.round(dueAt) });
    },
    save({ key, ended, state, dueAt, tries, reason, files }) {
      const due = dueAt === null ? null : Math.round(dueAt);
      sql.putLink.run({ ...columnsOf(ended), key, state, dueAt: due, tries, reason });
      sql.dropFiles.run(key);
      for (const file of files) {
        sql.putFile.run({
          ...file,
          key,
          pbx: ended.pbx,
          startedAt: Math.round(file.startedAt),
          storedAt: file.storedAt === null ? null : Math.round(file.storedAt),
        });
      }
    },
    due: (state, until, limit) => sql.due.all(state, Math.round(until), limit).map(linkOf),
    soughtSince: (pbx, endedFrom, limit) =>
      sql.soughtSince.all(pbx, Math.round(endedFrom), limit).map(linkOf),
    nextDueAt(after) {
      const times = (["seeking", "fetching", "announced"] as const).flatMap((state) => {
        const at = sql.nextDue.get(state, Math.round(after))?.at;
        return at == null ? [] : [Number(at)];
      });
      return times.length === 0 ? null : Math.min(...times);
    },
    owners: (pbx, sourceIds) =>
      sourceIds.flatMap((id) => {
        const owner = sql.owner.get(pbx, id)?.link_key;
        return owner == null ? [] : [[id, String(owner)] as const];
      }),
    find: (what, limit) => found(what, limit).map(linkOf),
    counts: () =>
      new Map(sql.counts.all().map(({ state, links }) => [state as LinkState, Number(links)])),
    storedBefore: (at, limit) => sql.storedBefore.all(Math.round(at), limit).map(linkOf),
    storedBytes: () => Number(sql.storedBytes.get()?.bytes),
    forget: (endedBefore, limit) => Number(sql.forget.run(Math.round(endedBefore), limit).changes),
  };
}
