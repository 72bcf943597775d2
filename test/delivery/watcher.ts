/**
 * Watches a schedule and says what broke a promise. Shares no code with the dispatcher: it knows only what
 * the store holds at the moment of a request, what receivers answered, and the rules of the endpoints.
 */
import type { EndpointConfig } from "../../src/config/config.ts";
import type { Outcome } from "../../src/delivery/outcome.ts";
import type { Delivery } from "../../src/outbox/outbox.ts";
import type { OutboxModel } from "../conformance/outboxModel.ts";
import { recordingsOf } from "./setting.ts";

/** The longest rest that a receiver may ask for (docs/contract.md is silent; docs/webhooks.md says so). */
const REST_MS_MAX = 3_600_000;

interface Known {
  readonly delivery: Delivery;
  firstTriedAt: number | null;
  lastAttempt: number;
  accepted: boolean;
  /** Sent again by an operator: its place in the order is not promised any more. */
  replayed: boolean;
  /** Tried by a process that may have died before it told the store. */
  maybeLost: boolean;
}

export class Watcher {
  readonly faults: string[] = [];
  requests = 0;
  readonly #store: OutboxModel;
  readonly #known = new Map<number, Known>();
  readonly #lanes = new Map<string, Known[]>();
  /** Requests under way of the process that lives. */
  #flying = new Map<string, number>();
  #flyingOf = new Map<string, number>();
  #quietUntil = new Map<string, number>();
  #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(store: OutboxModel) {
    this.#store = store;
  }

  get count(): number {
    return this.#known.size;
  }

  appended(delivery: Delivery): void {
    const known: Known = {
      delivery,
      firstTriedAt: null,
      lastAttempt: 0,
      accepted: false,
      replayed: false,
      maybeLost: false,
    };
    this.#known.set(delivery.deliveryId, known);
    const lane = this.#lanes.get(laneOf(delivery)) ?? [];
    this.#lanes.set(laneOf(delivery), lane);
    lane.push(known);
  }

  replayed({ deliveryId }: Delivery): void {
    const known = this.#known.get(deliveryId);
    if (known) known.replayed = true;
  }

  /** The process is gone, and what it had in flight with it. */
  killed(): void {
    this.#flying = new Map();
    this.#flyingOf = new Map();
    this.#buckets = new Map();
    this.#quietUntil = new Map();
    for (const known of this.#known.values()) known.maybeLost = true;
  }

  /** An operator lets an endpoint go on. */
  released(endpoint: string): void {
    this.#quietUntil.delete(endpoint);
    this.#quietUntil.delete(recordingsOf(endpoint));
  }

  sent(config: EndpointConfig, delivery: Delivery, attempt: number, now: number): void {
    this.requests += 1;
    const known = this.#known.get(delivery.deliveryId);
    if (!known) {
      this.#say(delivery, "was sent but never stored");
      return;
    }
    if (this.#store.rows[delivery.deliveryId - 1]?.state !== "pending") {
      this.#say(delivery, "was sent again after it had been settled");
    }
    if (delivery.replay) known.replayed = true;
    if (delivery.sequence !== known.delivery.sequence) this.#say(delivery, "changed its sequence");
    const repeats = attempt === known.lastAttempt && known.maybeLost;
    if (attempt !== known.lastAttempt + 1 && !repeats && attempt > known.lastAttempt) {
      this.#say(delivery, `had attempt ${attempt} after ${known.lastAttempt}`);
    }
    known.lastAttempt = Math.max(known.lastAttempt, attempt);
    this.#checkOrder(config, known, now);
    this.#checkLimits(config, delivery, now);
    known.firstTriedAt ??= now;
    const { expireRingingMs } = config;
    const isFleeting = delivery.event.kind === "ringing" && expireRingingMs > 0;
    if (isFleeting && !known.replayed && now - delivery.event.at > expireRingingMs) {
      this.#say(delivery, "was sent though it had expired");
    }
  }

  answered(config: EndpointConfig, delivery: Delivery, outcome: Outcome, now: number): void {
    const { name } = config;
    this.#flying.set(name, (this.#flying.get(name) ?? 0) - 1);
    this.#flyingOf.set(laneOf(delivery), (this.#flyingOf.get(laneOf(delivery)) ?? 0) - 1);
    const known = this.#known.get(delivery.deliveryId);
    if (known && outcome.kind === "accepted") known.accepted = true;
    if (outcome.kind !== "refused" || (outcome.status !== 429 && outcome.status !== 503)) return;
    const until = Math.min(outcome.retryAfterAt ?? 0, now + REST_MS_MAX);
    const receiver = receiverOf(config, delivery);
    this.#quietUntil.set(receiver, Math.max(this.#quietUntil.get(receiver) ?? 0, until));
  }

  /** Everything is over: what became of each. */
  atTheEnd(endpoints: readonly EndpointConfig[]): void {
    const configs = new Map(endpoints.map((config) => [config.name, config]));
    for (const { delivery, accepted, replayed, maybeLost, lastAttempt } of this.#known.values()) {
      const state = this.#store.rows[delivery.deliveryId - 1]?.state;
      const config = configs.get(delivery.endpoint);
      if (state === "delivered") {
        if (!accepted) this.#say(delivery, "counts as delivered, but nobody took it");
      } else if (accepted && !maybeLost && !replayed) {
        this.#say(delivery, `was taken, but is ${state}`);
      } else if (state === "dead") {
        const attempts = (config?.retryScheduleMs.length ?? 0) + 1;
        if (lastAttempt < attempts) this.#say(delivery, `is dead after ${lastAttempt} attempts`);
      } else if (state === "expired") {
        const mayExpire = config?.expireRingingMs !== 0 && delivery.event.kind === "ringing";
        if (!mayExpire) this.#say(delivery, "expired, but should not");
      } else this.#say(delivery, `is lost: ${state}`);
    }
  }

  say(fault: string): void {
    this.faults.push(fault);
  }

  #checkOrder(config: EndpointConfig, known: Known, now: number): void {
    const { order, orderHoldMs } = config;
    const { delivery } = known;
    if (order === "none" || known.replayed) return;
    if ((this.#flyingOf.get(laneOf(delivery)) ?? 0) > 0) {
      this.#say(delivery, "was sent beside another of its call");
    }
    for (const earlier of this.#lanes.get(laneOf(delivery)) ?? []) {
      if (earlier.delivery.position >= delivery.position) break;
      const row = this.#store.rows[earlier.delivery.deliveryId - 1];
      // A replay is one from the moment that the store has made it so, before whoever asked for it is told.
      if (row?.state !== "pending" || row.delivery.replay) continue;
      // A recording whose own receiver is down or rests holds the others from when it happened, tried or not.
      const apart = receiverOf(config, earlier.delivery) !== config.name;
      const heldFrom = apart ? earlier.delivery.event.at : earlier.firstTriedAt;
      const held = heldFrom !== null && now - heldFrom >= orderHoldMs;
      if (order === "bounded" && held) continue;
      this.#say(delivery, `overtook ${earlier.delivery.event.eventId} (${order})`);
    }
  }

  #checkLimits(config: EndpointConfig, delivery: Delivery, now: number): void {
    const { name, concurrency, ratePerS, rateBurst } = config;
    const flying = (this.#flying.get(name) ?? 0) + 1;
    this.#flying.set(name, flying);
    this.#flyingOf.set(laneOf(delivery), (this.#flyingOf.get(laneOf(delivery)) ?? 0) + 1);
    if (flying > concurrency) this.#say(delivery, `is number ${flying} in flight`);
    const rest = this.#quietUntil.get(receiverOf(config, delivery)) ?? 0;
    if (now < rest) this.#say(delivery, "disturbed a rest");
    if (ratePerS === 0) return;
    const bucket = this.#buckets.get(name) ?? { tokens: rateBurst, at: now };
    const filled = bucket.tokens + ((now - bucket.at) * ratePerS) / 1000;
    const tokens = Math.min(rateBurst, filled) - 1;
    this.#buckets.set(name, { tokens, at: now });
    if (tokens < -1e-3) this.#say(delivery, "is beyond the rate");
  }

  #say({ endpoint, event }: Delivery, what: string): void {
    this.faults.push(`${event.eventId} at ${endpoint} ${what}`);
  }
}

/** Recordings at a URL of their own have a receiver of their own. */
export function receiverOf(
  { name, url, recordingUrl }: EndpointConfig,
  { event }: Delivery,
): string {
  return event.kind === "recording" && recordingUrl !== url ? recordingsOf(name) : name;
}

function laneOf({ endpoint, event }: Delivery): string {
  return `${endpoint}/${event.callId}`;
}
