-- Links whose recordings are wanted, how far they have come, and their files.

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

CREATE INDEX recorded_links_due ON recorded_links (state, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX recorded_links_of_call ON recorded_links (call_id, link);
CREATE INDEX recorded_links_of_caller ON recorded_links (callerid, ended_at);
CREATE INDEX recorded_links_by_time ON recorded_links (ended_at);

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

-- What lies on the disk, also what could not be converted.
CREATE INDEX recorded_files_kept ON recorded_files (stored_at)
  WHERE path <> '' AND state <> 'removed';
