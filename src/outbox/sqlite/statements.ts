/** Statements of the writer, prepared once. None returns what it has written: that costs more than the writing. */
import type { DatabaseSync } from "node:sqlite";

/** Given back to the disk in one step. */
const GIVE_BACK_PAGES = 64;

const INSERT_EVENT = `
  INSERT INTO events (event_id, at, body) VALUES (?, ?, ?)
  ON CONFLICT (event_id) DO NOTHING`;

const INSERT_DELIVERY = `
  INSERT INTO deliveries (event_position, lane_id, endpoint, sequence) VALUES (?, ?, ?, ?)`;

const PUT_CHECKPOINT = `
  INSERT INTO checkpoints (pbx, key, state) VALUES (?, ?, ?)
  ON CONFLICT (pbx, key) DO UPDATE SET state = excluded.state`;

const SETTLE_DELIVERY = `
  UPDATE deliveries SET
    state = ?,
    attempts = coalesce(?, attempts),
    spent = coalesce(?, spent),
    first_attempt_at = coalesce(first_attempt_at, ?),
    due_at = coalesce(?, due_at),
    reason = ?
  WHERE delivery_id = ?`;

const PUT_ATTEMPT = `
  INSERT OR REPLACE INTO attempts
    (delivery_id, number, started_at, duration_ms, status, outcome, response_head)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;

/** What the dispatcher needs to know of a delivery, and the event's JSON. */
export const OWED = `
  SELECT d.delivery_id AS deliveryId, d.endpoint, d.sequence, d.attempts, d.spent,
    d.first_attempt_at AS firstAttemptAt, d.due_at AS dueAt, d.replays > 0 AS replay, e.body
  FROM deliveries d
  JOIN events e ON e.position = d.event_position`;

const REPLAY_DELIVERY = `
  UPDATE deliveries SET
    state = 'pending', spent = 0, first_attempt_at = NULL, due_at = ?, replays = replays + 1, reason = NULL
  WHERE delivery_id = ?`;

/** \`kept\`: it is pending for somebody, or its call is still followed by the tracker. */
const OLDEST_EVENTS = `
  SELECT e.position, e.at,
    EXISTS (
      SELECT 1 FROM deliveries d WHERE d.event_position = e.position AND d.state = 'pending'
    ) OR EXISTS (
      SELECT 1 FROM checkpoints c
      WHERE c.pbx = e.body ->> '$.pbx' AND c.key = CAST(e.body ->> '$.callNumber' AS TEXT)
    ) AS kept
  FROM events e
  WHERE (e.at, e.position) > (:at, :position) AND e.at < :beforeAt
  ORDER BY e.at, e.position
  LIMIT :limit`;

/** Sequences of what belongs to no call (call id '') go on for ever. */
const DELETE_EMPTY_LANE = `
  DELETE FROM lanes WHERE lane_id = :laneId AND call_id <> ''
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.lane_id = :laneId)`;

const PUT_PROBE = `
  INSERT INTO meta (name, value) VALUES ('probe', ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(db: DatabaseSync) {
  return {
    insertEvent: db.prepare(INSERT_EVENT),
    insertDelivery: db.prepare(INSERT_DELIVERY),
    putCheckpoint: db.prepare(PUT_CHECKPOINT),
    deleteCheckpoint: db.prepare("DELETE FROM checkpoints WHERE pbx = ? AND key = ?"),
    loadCheckpoints: db.prepare(
      "SELECT pbx, key, state FROM checkpoints WHERE pbx = ? ORDER BY key",
    ),
    stateOf: db.prepare("SELECT endpoint, state FROM deliveries WHERE delivery_id = ?"),
    settleDelivery: db.prepare(SETTLE_DELIVERY),
    putAttempt: db.prepare(PUT_ATTEMPT),
    owed: db.prepare(`${OWED} WHERE d.delivery_id = ?`),
    replayDelivery: db.prepare(REPLAY_DELIVERY),
    oldestEvents: db.prepare(OLDEST_EVENTS),
    deliveriesOf: db.prepare(
      "SELECT delivery_id, lane_id, endpoint, state FROM deliveries WHERE event_position = ?",
    ),
    deleteAttempts: db.prepare("DELETE FROM attempts WHERE delivery_id = ?"),
    deleteDelivery: db.prepare("DELETE FROM deliveries WHERE delivery_id = ?"),
    deleteEmptyLane: db.prepare(DELETE_EMPTY_LANE),
    deleteEvent: db.prepare("DELETE FROM events WHERE position = ?"),
    giveBack: db.prepare(`PRAGMA incremental_vacuum(${GIVE_BACK_PAGES})`),
    pageSize: db.prepare("PRAGMA page_size"),
    pages: db.prepare("PRAGMA page_count"),
    freePages: db.prepare("PRAGMA freelist_count"),
    putProbe: db.prepare(PUT_PROBE),
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    savepoint: db.prepare("SAVEPOINT request"),
    release: db.prepare("RELEASE request"),
    undo: db.prepare("ROLLBACK TO request"),
  };
}
