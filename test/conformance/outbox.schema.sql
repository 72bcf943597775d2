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

CREATE TABLE "deliveries" (
  delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_position INTEGER NOT NULL REFERENCES events (position),
  lane_id INTEGER NOT NULL REFERENCES lanes (lane_id),
  endpoint TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'delivered', 'dead', 'expired')),
  attempts INTEGER NOT NULL DEFAULT 0,
  spent INTEGER NOT NULL DEFAULT 0,
  first_attempt_at INTEGER,
  due_at INTEGER NOT NULL DEFAULT 0,
  replays INTEGER NOT NULL DEFAULT 0,
  -- Why it is dead or expired.
  reason TEXT
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
  last_sequence INTEGER NOT NULL, wake_at INTEGER,
  UNIQUE (endpoint, pbx, call_id)
) STRICT;

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recorded_files (
  link_key TEXT NOT NULL REFERENCES recorded_links (link_key) ON DELETE CASCADE,
  n INTEGER NOT NULL,
  pbx TEXT NOT NULL,
  source_id TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('wanted', 'stored', 'failed', 'removed')),
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  stored_at INTEGER,
  reason TEXT NOT NULL,
  PRIMARY KEY (link_key, n),
  -- A recording is one link's at most.
  UNIQUE (pbx, source_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE recorded_links (
  link_key TEXT PRIMARY KEY,
  pbx TEXT NOT NULL,
  call_id TEXT NOT NULL,
  link INTEGER NOT NULL,
  callerid TEXT NOT NULL,
  ended_at INTEGER NOT NULL,
  -- The end event: it may have gone from `events` before its recording goes.
  ended TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'seeking'
    CHECK (state IN ('seeking', 'fetching', 'announced', 'none', 'failed')),
  due_at INTEGER,
  tries INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE standings (
  endpoint TEXT PRIMARY KEY,
  standing TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tallies (
  endpoint TEXT NOT NULL,
  state TEXT NOT NULL,
  count INTEGER NOT NULL DEFAULT 0,
  removed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (endpoint, state)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_of_event ON deliveries (event_position);

CREATE INDEX deliveries_of_lane ON deliveries (lane_id);

CREATE INDEX deliveries_pending_of ON deliveries (endpoint, delivery_id) WHERE state = 'pending';

CREATE INDEX deliveries_undelivered ON deliveries (delivery_id)
  WHERE state IN ('dead', 'expired');

CREATE INDEX events_by_time ON events (at);

CREATE INDEX lanes_of_call ON lanes (call_id);

CREATE INDEX lanes_shelved ON lanes (endpoint, wake_at) WHERE wake_at IS NOT NULL;

CREATE INDEX recorded_files_kept ON recorded_files (stored_at)
  WHERE path <> '' AND state <> 'removed';

CREATE INDEX recorded_links_by_time ON recorded_links (ended_at);

CREATE INDEX recorded_links_due ON recorded_links (state, due_at) WHERE due_at IS NOT NULL;

CREATE INDEX recorded_links_of_call ON recorded_links (call_id, link);

CREATE INDEX recorded_links_of_caller ON recorded_links (callerid, ended_at);
