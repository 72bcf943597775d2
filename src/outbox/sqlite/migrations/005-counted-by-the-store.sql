-- The store itself counts what it changes, once a transaction (src/outbox/sqlite/tallies.ts); triggers did it
-- for every row.

DROP TRIGGER deliveries_made;
DROP TRIGGER deliveries_moved;
DROP TRIGGER deliveries_removed;
DROP TRIGGER events_made;
DROP TRIGGER events_removed;
