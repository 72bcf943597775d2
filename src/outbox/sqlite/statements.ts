/** Every statement of the store, prepared once. */
import type { DatabaseSync } from "node:sqlite";

const INSERT_EVENT = `
  INSERT INTO events (event_id, at, body) VALUES (?, ?, ?)
  ON CONFLICT (event_id) DO NOTHING
  RETURNING position`;

const NEXT_IN_LANE = `
  INSERT INTO lanes (endpoint, pbx, call_id, last_sequence) VALUES (?, ?, ?, 1)
  ON CONFLICT (endpoint, pbx, call_id) DO UPDATE SET last_sequence = last_sequence + 1
  RETURNING lane_id, last_sequence`;

const INSERT_DELIVERY = `
  INSERT INTO deliveries (event_position, lane_id, sequence) VALUES (?, ?, ?)
  RETURNING delivery_id`;

const PUT_CHECKPOINT = `
  INSERT INTO checkpoints (pbx, key, state) VALUES (?, ?, ?)
  ON CONFLICT (pbx, key) DO UPDATE SET state = excluded.state`;

const SETTLE_DELIVERY = `
  UPDATE deliveries SET
    state = :state,
    attempts = :attempts,
    spent = coalesce(:spent, spent),
    first_attempt_at = coalesce(first_attempt_at, :startedAt),
    due_at = coalesce(:dueAt, due_at),
    dead_reason = :reason
  WHERE delivery_id = :deliveryId`;

const PUT_ATTEMPT = `
  INSERT OR REPLACE INTO attempts
    (delivery_id, number, started_at, duration_ms, status, outcome, response_head)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;

const LOAD_PENDING = `
  SELECT d.delivery_id AS deliveryId, l.endpoint, d.sequence, d.attempts, d.spent,
    d.first_attempt_at AS firstAttemptAt, d.due_at AS dueAt, e.body
  FROM deliveries d
  JOIN lanes l ON l.lane_id = d.lane_id
  JOIN events e ON e.position = d.event_position
  WHERE d.state = 'pending' AND d.delivery_id > ?
  ORDER BY d.delivery_id
  LIMIT ?`;

const COUNTS = `
  SELECT events, pending, dead, deliveries - pending - dead AS delivered FROM (
    SELECT
      (SELECT count(*) FROM events) AS events,
      (SELECT count(*) FROM deliveries) AS deliveries,
      (SELECT count(*) FROM deliveries WHERE state = 'pending') AS pending,
      (SELECT count(*) FROM deliveries WHERE state = 'dead') AS dead)`;

const PUT_META = `
  INSERT INTO meta (name, value) VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(db: DatabaseSync) {
  return {
    insertEvent: db.prepare(INSERT_EVENT),
    nextInLane: db.prepare(NEXT_IN_LANE),
    insertDelivery: db.prepare(INSERT_DELIVERY),
    putCheckpoint: db.prepare(PUT_CHECKPOINT),
    deleteCheckpoint: db.prepare("DELETE FROM checkpoints WHERE pbx = ? AND key = ?"),
    loadCheckpoints: db.prepare(
      "SELECT pbx, key, state FROM checkpoints WHERE pbx = ? ORDER BY key",
    ),
    settleDelivery: db.prepare(SETTLE_DELIVERY),
    putAttempt: db.prepare(PUT_ATTEMPT),
    loadPending: db.prepare(LOAD_PENDING),
    counts: db.prepare(COUNTS),
    getMeta: db.prepare("SELECT value FROM meta WHERE name = ?"),
    putMeta: db.prepare(PUT_META),
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    savepoint: db.prepare("SAVEPOINT request"),
    release: db.prepare("RELEASE request"),
    undo: db.prepare("ROLLBACK TO request"),
  };
}
