/**
 * How the store gets smaller, in steps small enough for a transaction that others wait for.
 * Must hold: nothing pending goes, nor anything of a call that is still followed (its sequences go on);
 * an event goes with all its deliveries and attempts, or not at all.
 */
import type { DeliveryState } from "../lookup.ts";
import type { PruneCursor, Pruned, PruneLimits } from "../outbox.ts";
import type { Lanes } from "./lanes.ts";
import type { Statements } from "./statements.ts";
import type { Tallies } from "./tallies.ts";

/** Less free space than this, or than a twentieth of the file, is left for what comes next. */
const FREE_PAGES_MIN = 256;
const FREE_SHARE = 1 / 20;

interface Parts {
  readonly sql: Statements;
  readonly lanes: Lanes;
  readonly tallies: Tallies;
}

interface EventRow {
  readonly position: number;
  readonly at: number;
  readonly kept: number;
}

export function prune(
  { sql, lanes, tallies }: Parts,
  limits: PruneLimits,
  after: PruneCursor | null,
  eventsMax: number,
): Pruned {
  const { position, at } = after ?? { position: 0, at: Number.MIN_SAFE_INTEGER };
  const beforeAt = isTooBig(sql, limits.bytesMax)
    ? Math.max(limits.beforeAt, limits.keepFromAt)
    : limits.beforeAt;
  const found = sql.oldestEvents.all({
    at: Math.round(at),
    position,
    beforeAt: Math.round(beforeAt),
    limit: eventsMax,
  }) as unknown as readonly EventRow[];
  const removed = { events: 0, deliveries: 0, dead: 0, expired: 0 };
  for (const event of found) {
    if (event.kept !== 0) continue;
    for (const row of sql.deliveriesOf.all(event.position)) {
      const { delivery_id: deliveryId, lane_id: laneId, endpoint } = row;
      const state = row.state as DeliveryState;
      sql.deleteAttempts.run(Number(deliveryId));
      sql.deleteDelivery.run(Number(deliveryId));
      tallies.removed(String(endpoint), state);
      sql.deleteEmptyLane.run({ laneId: Number(laneId) });
      removed.deliveries += 1;
      if (state === "dead" || state === "expired") removed[state] += 1;
    }
    sql.deleteEvent.run(event.position);
    tallies.eventRemoved();
    removed.events += 1;
  }
  // Some may be gone.
  if (removed.deliveries > 0) lanes.forget();
  const last = found.length < eventsMax ? undefined : found.at(-1);
  return { ...removed, next: last ? { at: last.at, position: last.position } : null };
}

/** Moves pages from the end of the file into free ones before it; the next checkpoint cuts the file. */
export function compact(sql: Statements): boolean {
  const pages = Number(sql.pages.get()?.page_count);
  const free = Number(sql.freePages.get()?.freelist_count);
  if (free < Math.max(FREE_PAGES_MIN, pages * FREE_SHARE)) return false;
  sql.giveBack.all();
  return Number(sql.freePages.get()?.freelist_count) < free;
}

/** By what is in use: free space within the file is as good as room on the disk. */
function isTooBig(sql: Statements, bytesMax: number | null): boolean {
  if (bytesMax === null) return false;
  const pages = Number(sql.pages.get()?.page_count) - Number(sql.freePages.get()?.freelist_count);
  return pages * Number(sql.pageSize.get()?.page_size) > bytesMax;
}
