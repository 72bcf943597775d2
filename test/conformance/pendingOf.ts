/** All that a store has pending, by position: page by page of every endpoint, shelved lanes left out. */
import type { Delivery } from "../../src/outbox/outbox.ts";
import type { Pending } from "../../src/outbox/pending.ts";

export const WAKES_NOTHING = { now: -1, wakeAtMax: Number.MAX_SAFE_INTEGER, laneMax: 100 };

export async function pendingOf(
  outbox: Pick<Pending, "backlog" | "takeUp">,
  limit = 1000,
): Promise<Delivery[]> {
  const found: Delivery[] = [];
  for (const { endpoint } of await outbox.backlog()) {
    for (let after = 0, end = false; !end; ) {
      const page = await outbox.takeUp({ ...WAKES_NOTHING, endpoint, after, limit });
      found.push(...page.next);
      ({ after, end } = page);
    }
  }
  return found.sort((a, b) => a.position - b.position);
}
