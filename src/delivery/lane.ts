/**
 * A lane: what one endpoint is owed of one call, by position. Decides which of it may go next.
 * Must hold (docs/contract.md §4, ORDER): `strict` – one after another; `bounded` – a later one passes an
 * earlier one that is being retried only when ORDER_HOLD_S has gone by since the earlier one's first
 * attempt; `none` – each by itself. Except in `none`, one is in flight at a time.
 */
import type { OrderMode } from "../config/config.ts";
import type { EpochMs } from "../events/event.ts";
import type { Delivery } from "../outbox/outbox.ts";
import { assertNever } from "../util/assertNever.ts";

/** A delivery that is not settled yet, as this process knows it; ahead of the store by one settlement. */
export interface Owed {
  readonly delivery: Delivery;
  attempts: number;
  spent: number;
  firstAttemptAt: EpochMs | null;
  /** When it was last tried by this process, 0 if it was not. */
  triedAt: EpochMs;
  dueAt: EpochMs;
  /** Being sent or being settled. */
  busy: boolean;
}

export interface Lane {
  readonly key: string;
  readonly owed: Owed[];
  /** How many of `owed` are busy. */
  busy: number;
  /** In the endpoint's queue of lanes that may have something to send. */
  queued: boolean;
  /** The appointment that wakes it, null if there is none. */
  wakeAt: EpochMs | null;
}

export interface Ordering {
  readonly order: OrderMode;
  readonly orderHoldMs: number;
}

export type Next =
  | { readonly kind: "send"; readonly owed: Owed }
  | { readonly kind: "wait"; readonly until: EpochMs }
  /** Nothing to do before something else happens to the lane. */
  | { readonly kind: "rest" };

export function createLane(key: string): Lane {
  return { key, owed: [], busy: 0, queued: false, wakeAt: null };
}

export function owedFrom(delivery: Delivery): Owed {
  const { attempts, spent, firstAttemptAt, dueAt } = delivery;
  return { delivery, attempts, spent, firstAttemptAt, triedAt: 0, dueAt, busy: false };
}

/** Keeps the lane in the order of positions. */
export function addToLane(lane: Lane, owed: Owed): void {
  const after = lane.owed.findLastIndex(
    (other) => other.delivery.position < owed.delivery.position,
  );
  lane.owed.splice(after + 1, 0, owed);
}

export function removeFromLane(lane: Lane, owed: Owed): void {
  const index = lane.owed.indexOf(owed);
  if (index >= 0) lane.owed.splice(index, 1);
}

export function nextIn(lane: Lane, ordering: Ordering, now: EpochMs): Next {
  let until = Number.POSITIVE_INFINITY;
  for (const owed of sendable(lane, ordering, now)) {
    if (owed.dueAt <= now) return { kind: "send", owed };
    const heldUntil = holdsUntil(owed, ordering);
    until = Math.min(until, owed.dueAt, heldUntil > now ? heldUntil : owed.dueAt);
  }
  return until === Number.POSITIVE_INFINITY ? { kind: "rest" } : { kind: "wait", until };
}

/** What the order allows to be sent now, due or not. */
export function sendable(lane: Lane, ordering: Ordering, now: EpochMs): readonly Owed[] {
  if (ordering.order === "none") return lane.owed.filter((owed) => !owed.busy);
  if (lane.busy > 0) return [];
  const holding = lane.owed.findIndex((owed) => holdsUntil(owed, ordering) > now);
  return holding < 0 ? lane.owed : lane.owed.slice(0, holding + 1);
}

/** Until when later ones wait for this one. */
function holdsUntil(owed: Owed, { order, orderHoldMs }: Ordering): EpochMs {
  switch (order) {
    case "none":
      return 0;
    case "strict":
      return Number.POSITIVE_INFINITY;
    case "bounded":
      return owed.firstAttemptAt === null
        ? Number.POSITIVE_INFINITY
        : owed.firstAttemptAt + orderHoldMs;
    default:
      return assertNever(order);
  }
}
