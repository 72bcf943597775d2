/**
 * A store as version 0.1.0 made it (schema 1), with data in every table, for the tests of the upgrade.
 * Written out by hand: it must not change with the code that it is upgraded by.
 */
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { callEvent } from "./outboxEvents.ts";

const FIRST = new URL("../../src/outbox/sqlite/migrations/001-first.sql", import.meta.url);

/** Four deliveries of one call at endpoint "a", one more at "b": delivered, dead, retried, new, new. */
export function writeSchema1(path: string): void {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL;\n${readFileSync(FIRST, "utf8")}`);
  const event = db.prepare("INSERT INTO events (event_id, at, body) VALUES (?, ?, ?)");
  for (const number of [1, 2, 3, 4]) {
    const made = callEvent(1, number);
    event.run(made.eventId, made.at, JSON.stringify(made));
  }
  db.exec(`
    INSERT INTO lanes VALUES (1, 'a', 'main', '210701165649_1', 4), (2, 'b', 'main', '210701165649_1', 1);
    INSERT INTO deliveries
      (event_position, lane_id, sequence, state, attempts, spent, first_attempt_at, due_at, dead_reason)
    VALUES
      (1, 1, 1, 'delivered', 1, 0, 100, 0, NULL),
      (2, 1, 2, 'dead', 3, 2, 200, 250, 'all 3 attempts used up'),
      (3, 1, 3, 'pending', 1, 1, 300, 350, NULL),
      (4, 1, 4, 'pending', 0, 0, NULL, 0, NULL),
      (4, 2, 1, 'pending', 0, 0, NULL, 0, NULL);
    INSERT INTO attempts VALUES
      (1, 1, 100, 5, 200, 'accepted', 'ok'),
      (2, 3, 220, 5, 500, 'refused with 500', ''),
      (3, 1, 300, 5, NULL, 'connect ECONNREFUSED', '');
    INSERT INTO checkpoints VALUES ('main', '1', '{}');
    INSERT INTO meta VALUES ('probe', 'x');
    PRAGMA user_version = 1;
  `);
  db.close();
}
