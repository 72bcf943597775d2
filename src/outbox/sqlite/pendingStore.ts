/**
 * What the dispatcher asks of the store (src/outbox/pending.ts), synchronous, inside the writer's transaction.
 * Must hold: no question looks at more rows than it was told to, however long the backlog.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Backlog, Shelving, TakeUp } from "../pending.ts";
import { OWED } from "./statements.ts";
import type { PendingRow, TakenUpRows } from "./wire.ts";

/** From the tallies: a count over the backlog would take as long as the backlog. */
const BACKLOG = `
  SELECT endpoint, sum(pending) AS pending, max(standing) AS standing FROM (
    SELECT endpoint, count AS pending, NULL AS standing FROM tallies
    WHERE state = 'pending' AND count > 0
    UNION ALL
    SELECT endpoint, 0, standing FROM standings)
  GROUP BY endpoint ORDER BY endpoint`;

/** The stretch of positions that a page looks at, shelved or not. */
const STRETCH = `
  SELECT max(delivery_id) AS last, count(*) AS count FROM (
    SELECT delivery_id FROM deliveries
    WHERE endpoint = ? AND state = 'pending' AND delivery_id > ?
    ORDER BY delivery_id LIMIT ?)`;

const NEXT = `${OWED}
  JOIN lanes l ON l.lane_id = d.lane_id
  WHERE d.endpoint = ? AND d.state = 'pending' AND d.delivery_id > ? AND d.delivery_id <= ?
    AND l.wake_at IS NULL
  ORDER BY d.delivery_id`;

const OF_LANE = `${OWED}
  WHERE d.lane_id = ? AND d.state = 'pending'
  ORDER BY d.delivery_id LIMIT ?`;

const SHELVE = `
  UPDATE lanes SET wake_at = ?
  WHERE lane_id = (SELECT lane_id FROM deliveries WHERE delivery_id = ?)`;

/**
 * What the receiver itself has refused keeps its time unless it is meant too; a replay that was not tried does
 * so always, as all of them together have a rate.
 */
const MAKE_DUE = `
  UPDATE deliveries AS d SET due_at = :now
  WHERE d.lane_id = :laneId AND d.state = 'pending' AND d.due_at > :now
    AND NOT (d.replays > 0 AND d.first_attempt_at IS NULL)
    AND (:refusedToo OR NOT EXISTS (
      SELECT 1 FROM attempts a
      WHERE a.delivery_id = d.delivery_id AND a.number = d.attempts AND a.status < 500))`;

const SAVE_STANDING = `
  INSERT INTO standings (endpoint, standing) VALUES (?, ?)
  ON CONFLICT (endpoint) DO UPDATE SET standing = excluded.standing`;

export interface PendingStore {
  backlog(): readonly Backlog[];
  takeUp(request: TakeUp): TakenUpRows;
  shelve(shelvings: readonly Shelving[]): void;
  hasten(endpoint: string, now: number, limit: number, refusedToo: boolean): boolean;
  saveStanding(endpoint: string, standing: string | null): void;
}

export function createPendingStore(db: DatabaseSync): PendingStore {
  const shelvedWhere = "FROM lanes WHERE endpoint = ? AND wake_at";
  const sql = {
    backlog: db.prepare(BACKLOG),
    stretch: db.prepare(STRETCH),
    next: db.prepare(NEXT),
    ofLane: db.prepare(OF_LANE),
    due: db.prepare(`SELECT lane_id ${shelvedWhere} <= ? ORDER BY wake_at, lane_id LIMIT 1`),
    beyond: db.prepare(`SELECT lane_id ${shelvedWhere} > ? ORDER BY wake_at, lane_id LIMIT ?`),
    firstWake: db.prepare(`SELECT min(wake_at) AS at ${shelvedWhere} IS NOT NULL`),
    setWake: db.prepare("UPDATE lanes SET wake_at = ? WHERE lane_id = ?"),
    shelve: db.prepare(SHELVE),
    makeDue: db.prepare(MAKE_DUE),
    saveStanding: db.prepare(SAVE_STANDING),
    dropStanding: db.prepare("DELETE FROM standings WHERE endpoint = ?"),
  };

  /** Due lanes until their deliveries are `limit`, each unshelved. */
  function wake({ endpoint, now, wakeAtMax, limit, laneMax }: TakeUp): TakenUpRows["woken"] {
    const woken: { deliveries: readonly PendingRow[]; more: boolean }[] = [];
    for (let count = 0; count < limit; ) {
      const lane = sql.due.get(endpoint, now) ?? sql.beyond.get(endpoint, wakeAtMax, 1);
      if (lane === undefined) break;
      const laneId = Number(lane.lane_id);
      // One more than asked for tells whether there are more.
      const rows = sql.ofLane.all(laneId, laneMax + 1) as unknown as readonly PendingRow[];
      sql.setWake.run(null, laneId);
      count += Math.max(1, rows.length);
      if (rows.length === 0) continue;
      woken.push({ deliveries: rows.slice(0, laneMax), more: rows.length > laneMax });
    }
    return woken;
  }

  return {
    backlog: () => sql.backlog.all() as unknown as readonly Backlog[],
    takeUp(request) {
      const { endpoint, after, limit } = request;
      const stretch = sql.stretch.get(endpoint, after, limit);
      const last = stretch?.last == null ? after : Number(stretch.last);
      // Before any lane is woken: what comes with its lane must not come here as well.
      const next = last > after ? sql.next.all(endpoint, after, last) : [];
      const woken = wake(request);
      const first = sql.firstWake.get(endpoint)?.at;
      return {
        next: next as unknown as readonly PendingRow[],
        woken,
        after: last,
        end: Number(stretch?.count) < limit,
        wakeAt: first == null ? null : Number(first),
      };
    },
    shelve(shelvings) {
      for (const { deliveryId, wakeAt } of shelvings) {
        const { changes } = sql.shelve.run(Math.round(wakeAt), deliveryId);
        if (Number(changes) === 1) continue;
        throw new Error(`Expected delivery ${deliveryId} in the store, found none.`);
      }
    },
    hasten(endpoint, now, limit, refusedToo) {
      const lanes = sql.beyond.all(endpoint, now, limit);
      for (const { lane_id: id } of lanes) {
        const laneId = Number(id);
        sql.makeDue.run({ now, laneId, refusedToo: refusedToo ? 1 : 0 });
        sql.setWake.run(now, laneId);
      }
      return lanes.length === limit;
    },
    saveStanding(endpoint, standing) {
      if (standing === null) sql.dropStanding.run(endpoint);
      else sql.saveStanding.run(endpoint, standing);
    },
  };
}
