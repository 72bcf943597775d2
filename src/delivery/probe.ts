/** Which delivery is to show whether an endpoint that is down lives again. */
import type { EpochMs } from "../events/event.ts";
import { expiryOf, type Lane, type LaneRules, type Owed, sendable } from "./lane.ts";
import type { Found } from "./window.ts";

/**
 * What the order allows, due or not: the newest that was never tried, else the least recently tried. If some
 * calls alone are failed, the next healthy one shows it, however many of those wait. Only of those that tell of
 * the endpoint.
 */
export function findProbe(
  lanes: Iterable<Lane>,
  rules: LaneRules,
  now: EpochMs,
  tells: (owed: Owed) => boolean,
): Found | null {
  let best: Found | null = null;
  for (const lane of lanes) {
    for (const owed of sendable(lane, rules, now)) {
      if (expiryOf(owed, rules) <= now) return { kind: "expire", lane, owed };
      if (!tells(owed)) continue;
      if (best === null || isBetter(owed, best.owed)) best = { kind: "send", lane, owed };
    }
  }
  return best;
}

function isBetter(a: Owed, b: Owed): boolean {
  if (a.triedAt !== b.triedAt) return a.triedAt < b.triedAt;
  return a.delivery.position > b.delivery.position;
}
