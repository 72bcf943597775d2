-- Lanes that wait are left alone by the dispatcher until their time comes, and what is known of an
-- endpoint as a whole (down, paused) outlives a restart.

-- null: not shelved.
ALTER TABLE lanes ADD COLUMN wake_at INTEGER;

CREATE INDEX lanes_shelved ON lanes (endpoint, wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE standings (
  endpoint TEXT PRIMARY KEY,
  standing TEXT NOT NULL
) STRICT, WITHOUT ROWID;
