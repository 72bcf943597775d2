/** A walk through deliveries, a page in memory at a time. */
import type { Config } from "../config/config.ts";
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

/**
 * Throws if the filter names an endpoint or a PBX that neither the configuration nor the store knows, or a
 * webhook-id that the store does not.
 */
export function heedNames(lookup: StoreLookup, config: Config, filter: DeliveryFilter): void {
  const { endpoint, pbx, eventId } = filter;
  const isThere = (by: Partial<DeliveryFilter>) =>
    lookup.list({ ...ANY_DELIVERY, ...by }, { ...newest, limit: 1 }).rows.length > 0;
  if (eventId !== null && !isThere({ eventId })) {
    throw new Error(
      `Expected the webhook-id of a delivery in the store, got "${eventId}". Retention may have removed it.`,
    );
  }
  const named = [
    ["an endpoint", config.endpoints, { endpoint }],
    ["a PBX", config.pbxs, { pbx }],
  ] as const;
  for (const [what, known, by] of named) {
    const [name] = Object.values(by);
    if (name == null || known.some((each) => each.name === name) || isThere(by)) continue;
    const names = known.map((each) => each.name).join(", ");
    throw new Error(
      `Expected ${what} of the configuration (${names}) or the store, got "${name}".`,
    );
  }
}

const newest = { order: "newest", after: null } as const;

/** The id of the newest delivery; 0 if there is none. */
export function newestId(lookup: StoreLookup): number {
  return lookup.list(ANY_DELIVERY, { ...newest, limit: 1 }).rows[0]?.deliveryId ?? 0;
}
