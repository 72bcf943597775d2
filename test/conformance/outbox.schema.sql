CREATE TABLE attempts (
  delivery_id INTEGER NOT NULL REFERENCES deliveries (delivery_id),
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  status INTEGER,
  outcome TEXT NOT NULL,
  response_head TEXT NOT NULL,
  PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  pbx TEXT NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (pbx, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_position INTEGER NOT NULL REFERENCES events (position),
  lane_id INTEGER NOT NULL REFERENCES lanes (lane_id),
  sequence INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
  attempts INTEGER NOT NULL DEFAULT 0,
  spent INTEGER NOT NULL DEFAULT 0,
  first_attempt_at INTEGER,
  due_at INTEGER NOT NULL DEFAULT 0,
  dead_reason TEXT
) STRICT;

CREATE TABLE events (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE lanes (
  lane_id INTEGER PRIMARY KEY,
  endpoint TEXT NOT NULL,
  pbx TEXT NOT NULL,
  call_id TEXT NOT NULL,
  last_sequence INTEGER NOT NULL,
  UNIQUE (endpoint, pbx, call_id)
) STRICT;

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sqlite_sequence(name,seq);

CREATE INDEX deliveries_dead ON deliveries (delivery_id) WHERE state = 'dead';

CREATE INDEX deliveries_pending ON deliveries (delivery_id) WHERE state = 'pending';
