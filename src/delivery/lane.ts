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
  /** When it was last tried by this process, 0 if it was not or was put back to the store since. */
  triedAt: EpochMs;
  /** When it was tried before that. */
  triedBeforeAt: EpochMs;
  /** The receiver itself refused it last time: what ails it is not an outage. */
  refused: boolean;
  dueAt: EpochMs;
  /** Being sent or being settled. */
  busy: boolean;
}

/**
 * How much of the lane is here: `whole`; its `head`, the later ones only in the store; or it is `leaving`,
 * to be left alone until the store has it.
 */
export type Part = "whole" | "head" | "leaving";

export interface Lane {
  readonly key: string;
  readonly owed: Owed[];
  part: Part;
  /** How many of `owed` are busy. */
  busy: number;
  /** In the endpoint's queue of lanes that may have something to send. */
  queued: boolean;
  /** The appointment that wakes it, null if there is none. */
  wakeAt: EpochMs | null;
  /** How many of `owed` were counted as asleep when it was made. */
  asleep: number;
  /** Names the lane to the store: the last delivery that came in. */
  lastId: number;
}

export interface LaneRules {
  readonly order: OrderMode;
  readonly orderHoldMs: number;
  /** `ringing` and `dialing` older than this are of no use; 0 = they never are. */
  readonly expireRingingMs: number;
}

export type Next =
  | { readonly kind: "send" | "expire"; readonly owed: Owed }
  | { readonly kind: "wait"; readonly until: EpochMs }
  /** Nothing to do before something else happens to the lane. */
  | { readonly kind: "rest" };

const NEVER = Number.POSITIVE_INFINITY;

export function createLane(key: string): Lane {
  return {
    key,
    owed: [],
    part: "whole",
    busy: 0,
    queued: false,
    wakeAt: null,
    asleep: 0,
    lastId: 0,
  };
}

export function owedFrom(delivery: Delivery): Owed {
  const { attempts, spent, firstAttemptAt, dueAt } = delivery;
  return {
    delivery,
    attempts,
    spent,
    firstAttemptAt,
    triedAt: 0,
    triedBeforeAt: 0,
    refused: false,
    dueAt,
    busy: false,
  };
}

/** Keeps the lane in the order of positions. */
export function addToLane(lane: Lane, owed: Owed): void {
  const { position } = owed.delivery;
  const after = lane.owed.findLastIndex((other) => other.delivery.position < position);
  if (after === lane.owed.length - 1) lane.owed.push(owed);
  else lane.owed.splice(after + 1, 0, owed);
  lane.lastId = owed.delivery.deliveryId;
}

export function removeFromLane(lane: Lane, owed: Owed): void {
  const index = lane.owed.indexOf(owed);
  if (index === 0) lane.owed.shift();
  else if (index > 0) lane.owed.splice(index, 1);
}

export function nextIn(lane: Lane, rules: LaneRules, now: EpochMs): Next {
  let until = NEVER;
  for (const owed of sendable(lane, rules, now)) {
    const expiresAt = expiryOf(owed, rules);
    if (expiresAt <= now) return { kind: "expire", owed };
    if (owed.dueAt <= now) return { kind: "send", owed };
    const heldUntil = holdsUntil(owed, rules);
    until = Math.min(until, owed.dueAt, expiresAt, heldUntil > now ? heldUntil : NEVER);
  }
  return until === NEVER ? { kind: "rest" } : { kind: "wait", until };
}

/** What the order allows to be sent now, due or not. */
export function sendable(lane: Lane, rules: LaneRules, now: EpochMs): readonly Owed[] {
  if (lane.part === "leaving") return [];
  if (rules.order === "none") return lane.owed.filter((owed) => !owed.busy);
  if (lane.busy > 0) return [];
  const holding = lane.owed.findIndex((owed) => holdsUntil(owed, rules) > now);
  return holding < 0 ? lane.owed : lane.owed.slice(0, holding + 1);
}

/** A pop-up of a call that stopped ringing long ago is noise, unless an operator asked for it. */
export function expiryOf({ delivery }: Owed, { expireRingingMs }: LaneRules): EpochMs {
  const { kind, at } = delivery.event;
  const fleeting = kind === "ringing" || kind === "dialing";
  return fleeting && expireRingingMs > 0 && !delivery.replay ? at + expireRingingMs : NEVER;
}

/** A replay whose turn among all replays has not come: no haste of the endpoint's changes that. */
export function keepsPace({ delivery, firstAttemptAt }: Owed): boolean {
  return delivery.replay && firstAttemptAt === null;
}

/** Until when later ones wait for this one. */
function holdsUntil(owed: Owed, { order, orderHoldMs }: LaneRules): EpochMs {
  switch (order) {
    case "none":
      return 0;
    case "strict":
      return NEVER;
    case "bounded":
      return owed.firstAttemptAt === null ? NEVER : owed.firstAttemptAt + orderHoldMs;
    default:
      return assertNever(order);
  }
}
