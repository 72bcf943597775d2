/** A walk through deliveries, a page in memory at a time. */
import {
  ANY_DELIVERY,
  type DeliveryFilter,
  type DeliveryRow,
  type ListPage,
} from "../outbox/lookup.ts";
import { LIST_ROWS_MAX, type StoreLookup } from "../outbox/sqlite/lookup.ts";

/** All that match. */
export function* walk(
  lookup: StoreLookup,
  filter: DeliveryFilter,
  order: ListPage["order"],
): Generator<DeliveryRow> {
  let after: number | null = null;
  do {
    const page = lookup.list(filter, { order, after, limit: LIST_ROWS_MAX });
    yield* page.rows;
    after = page.next;
  } while (after !== null);
}

/** The id of the newest delivery; 0 if there is none. */
export function newestId(lookup: StoreLookup): number {
  const page = { order: "newest", after: null, limit: 1 } as const;
  return lookup.list(ANY_DELIVERY, page).rows[0]?.deliveryId ?? 0;
}
