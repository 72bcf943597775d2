-- Deliveries can expire and be replayed, and know their endpoint; what is counted is kept counted by
-- triggers, in the transaction that changes it, so that no count ever reads what it counts.

CREATE TABLE deliveries_2 (
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

INSERT INTO deliveries_2
  (delivery_id, event_position, lane_id, endpoint, sequence, state, attempts, spent,
    first_attempt_at, due_at, reason)
SELECT delivery_id, event_position, lane_id, endpoint, sequence, state, attempts, spent,
  first_attempt_at, due_at, dead_reason
FROM deliveries JOIN lanes USING (lane_id)
ORDER BY delivery_id;

DROP TABLE deliveries;
ALTER TABLE deliveries_2 RENAME TO deliveries;

CREATE INDEX deliveries_pending_of ON deliveries (endpoint, delivery_id) WHERE state = 'pending';
CREATE INDEX deliveries_undelivered ON deliveries (delivery_id)
  WHERE state IN ('dead', 'expired');
CREATE INDEX deliveries_of_event ON deliveries (event_position);
CREATE INDEX deliveries_of_lane ON deliveries (lane_id);
CREATE INDEX lanes_of_call ON lanes (call_id);
CREATE INDEX events_by_time ON events (at);

-- For each endpoint and state: how many there are, and how many retention has removed in that state.
-- The row without an endpoint counts the events.
CREATE TABLE tallies (
  endpoint TEXT NOT NULL,
  state TEXT NOT NULL,
  count INTEGER NOT NULL DEFAULT 0,
  removed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (endpoint, state)
) STRICT, WITHOUT ROWID;

INSERT INTO tallies (endpoint, state, count)
SELECT endpoint, state, count(*) FROM deliveries GROUP BY endpoint, state;
INSERT INTO tallies (endpoint, state, count) SELECT '', 'event', count(*) FROM events;

CREATE TRIGGER deliveries_made AFTER INSERT ON deliveries BEGIN
  INSERT INTO tallies (endpoint, state, count) VALUES (new.endpoint, new.state, 1)
  ON CONFLICT (endpoint, state) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER deliveries_moved AFTER UPDATE OF state ON deliveries
WHEN old.state <> new.state BEGIN
  UPDATE tallies SET count = count - 1 WHERE endpoint = old.endpoint AND state = old.state;
  INSERT INTO tallies (endpoint, state, count) VALUES (new.endpoint, new.state, 1)
  ON CONFLICT (endpoint, state) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER deliveries_removed AFTER DELETE ON deliveries BEGIN
  UPDATE tallies SET count = count - 1, removed = removed + 1
  WHERE endpoint = old.endpoint AND state = old.state;
END;

CREATE TRIGGER events_made AFTER INSERT ON events BEGIN
  UPDATE tallies SET count = count + 1 WHERE endpoint = '' AND state = 'event';
END;

CREATE TRIGGER events_removed AFTER DELETE ON events BEGIN
  UPDATE tallies SET count = count - 1, removed = removed + 1
  WHERE endpoint = '' AND state = 'event';
END;
