/**
 * Sends what is owed. Must hold: an event's delivery goes out only after it was stored; a call's events
 * reach an endpoint in the order that ORDER promises; a lane goes on only after its last attempt is
 * settled, and a settlement that fails is repeated, never the request; nothing runs while nothing is due;
 * one endpoint's trouble or backlog takes no turn from another; what is in memory is bounded, whatever the
 * backlog (docs/contract.md §4-§5).
 */

import type { EndpointConfig } from "../config/config.ts";
import type { EpochMs } from "../events/event.ts";
import type { Delivery, Fate, Outbox, Settlement } from "../outbox/outbox.ts";
import { assertNever } from "../util/assertNever.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { logAttempt, logExpired, logResumed, logTurn } from "./chronicle.ts";
import { describe, notMade, type Outcome } from "./outcome.ts";
import { type EndpointStatus, Outlet, type Turn } from "./outlet.ts";
import { createPager, type Pager } from "./pager.ts";
import type { Verdict } from "./policy.ts";
import type { Send } from "./sender.ts";
import { createSettler } from "./settler.ts";

/** Requests in flight over all endpoints. */
const IN_FLIGHT_MAX = 1024;
/** Answered, but not stored yet: what a kill would send again. A disk that is slow slows the sending. */
export const UNSETTLED_MAX = 256;
/** Deliveries in memory over all endpoints, about … */
const HELD_MAX = 20_000;
/** … which they share evenly, within these: a burst should not have to go round by the store. */
export const HELD_OF_ONE_MAX = 1000;
const HELD_OF_ONE_MIN = 200;
/** Timers of the platform overflow beyond 2^31 ms; waking in between is harmless. */
const SLEEP_MS_MAX = 86_400_000;

export interface DispatcherOptions {
  readonly outbox: Pick<
    Outbox,
    "backlog" | "takeUp" | "shelve" | "hasten" | "saveStanding" | "settle" | "probe"
  >;
  readonly endpoints: readonly EndpointConfig[];
  readonly send: Send;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1); spreads the retries. */
  readonly random: () => number;
  /** Deliveries of one endpoint in memory, about. */
  readonly heldOfOneMax?: number;
  /** Calls back once when this turn of the event loop has brought what it brings; by default `setImmediate`. */
  readonly atTurnsEnd?: (run: () => void) => void;
}

export interface Dispatcher {
  /** Learns what the store still owes and begins with it. */
  start(): Promise<void>;
  /** Takes deliveries that the store has made durable, new or to be sent again. */
  enqueue(deliveries: readonly Delivery[]): void;
  /** A new configuration is in force. Paused endpoints are resumed. */
  update(endpoints: readonly EndpointConfig[]): void;
  status(): readonly EndpointStatus[];
  /** Goes on with a paused endpoint; false if the configuration has none of that name. */
  resume(name: string): boolean;
  /** Begins no attempt any more; resolves when those in flight are settled, or after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new LaneDispatcher(options);
}

class LaneDispatcher implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #outlets = new Map<string, Outlet>();
  /** The outlets in turn order; who was served goes last. */
  #ring: Outlet[] = [];
  /** Attempts and expiries that are not settled yet. */
  #underWay = 0;
  /** Nothing is under way any more. */
  #onIdle: (() => void) | null = null;
  #turnsEndPlanned = false;
  readonly #settler: ReturnType<typeof createSettler>;
  readonly #pager: Pager;
  #inFlight = 0;
  #unsettled = 0;
  #stopped = false;
  #timer: { readonly at: EpochMs; readonly cancel: () => void } | null = null;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#settler = createSettler({ ...options, onHealed: () => this.#pump() });
    this.#pager = createPager({ ...options, onNews: () => this.#pump() });
    for (const config of options.endpoints) this.#open(config.name, config);
  }

  async start(): Promise<void> {
    const now = this.#options.clock.now();
    for (const { endpoint, pending, standing } of await this.#options.outbox.backlog()) {
      if (pending === 0 && !this.#outlets.has(endpoint)) continue;
      this.#outletOf(endpoint).restore(pending, standing, now);
    }
    this.#nameUnconfigured();
    this.#pump();
  }

  enqueue(deliveries: readonly Delivery[]): void {
    const now = this.#options.clock.now();
    for (const delivery of deliveries) {
      this.#outletOf(delivery.endpoint).offer(delivery, this.#heldMax, now);
    }
    this.#planTurnsEnd();
  }

  update(endpoints: readonly EndpointConfig[]): void {
    const now = this.#options.clock.now();
    const configs = new Map(endpoints.map((config) => [config.name, config]));
    for (const config of endpoints) {
      if (!this.#outlets.has(config.name)) this.#open(config.name, config);
    }
    for (const outlet of this.#outlets.values()) {
      const config = configs.get(outlet.name) ?? null;
      if (config === null && outlet.queued === 0) this.#outlets.delete(outlet.name);
      else outlet.configure(config, now);
      this.#pager.saveStanding(outlet);
    }
    this.#ring = [...this.#outlets.values()];
    this.#nameUnconfigured();
    this.#pump();
  }

  status(): readonly EndpointStatus[] {
    const now = this.#options.clock.now();
    return [...this.#outlets.values()].map((outlet) => outlet.status(now));
  }

  resume(name: string): boolean {
    const outlet = this.#outlets.get(name);
    if (outlet === undefined || !outlet.configured) return false;
    const now = this.#options.clock.now();
    logResumed(this.#options.log, outlet, outlet.condition(now));
    outlet.resume(now, true);
    this.#pager.saveStanding(outlet);
    this.#pump();
    return true;
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = null;
    this.#pager.stop();
    if (this.#underWay > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onIdle = resolve;
      const cancel = this.#options.clock.after(graceMs, resolve);
      await promise;
      cancel();
    }
    this.#settler.giveUp();
  }

  get #heldMax(): number {
    const { heldOfOneMax } = this.#options;
    const share = Math.floor(HELD_MAX / Math.max(1, this.#outlets.size));
    return heldOfOneMax ?? Math.max(HELD_OF_ONE_MIN, Math.min(HELD_OF_ONE_MAX, share));
  }

  get #isFull(): boolean {
    return this.#inFlight >= IN_FLIGHT_MAX || this.#unsettled >= UNSETTLED_MAX;
  }

  #outletOf(name: string): Outlet {
    return this.#outlets.get(name) ?? this.#open(name, null);
  }

  #open(name: string, config: EndpointConfig | null): Outlet {
    const outlet = new Outlet(name, config);
    this.#outlets.set(name, outlet);
    this.#ring.push(outlet);
    return outlet;
  }

  /** Sends all that may go now, a turn for each endpoint, and sleeps until the next is due. */
  #pump(): void {
    if (this.#stopped || this.#settler.storeIsDown) return;
    const now = this.#options.clock.now();
    for (const outlet of this.#ring) outlet.wakeDue(now);
    for (let without = 0; without < this.#ring.length && !this.#isFull; ) {
      const outlet = this.#ring.shift();
      if (outlet === undefined) break;
      this.#ring.push(outlet);
      const turn = outlet.take(now);
      without = turn === null ? without + 1 : 0;
      if (turn !== null) this.#begin(outlet, turn);
    }
    for (const outlet of this.#ring) this.#pager.tend(outlet, this.#heldMax, now);
    this.#sleep(now);
  }

  /** Stores and sends once for all that has come, was answered or was settled in one turn of the event loop. */
  #planTurnsEnd(): void {
    if (this.#turnsEndPlanned) return;
    this.#turnsEndPlanned = true;
    const { atTurnsEnd = setImmediate } = this.#options;
    atTurnsEnd(() => {
      this.#turnsEndPlanned = false;
      this.#settler.store();
      this.#pump();
    });
  }

  #sleep(now: EpochMs): void {
    let nextAt = Number.POSITIVE_INFINITY;
    for (const outlet of this.#ring) nextAt = Math.min(nextAt, outlet.nextAt(now) ?? nextAt);
    if (this.#timer?.at === nextAt) return;
    this.#timer?.cancel();
    this.#timer = null;
    if (nextAt === Number.POSITIVE_INFINITY) return;
    const cancel = this.#options.clock.after(Math.min(nextAt - now, SLEEP_MS_MAX), () => {
      this.#timer = null;
      this.#pump();
    });
    this.#timer = { at: nextAt, cancel };
  }

  #begin(outlet: Outlet, turn: Turn): void {
    this.#underWay += 1;
    if (turn.kind === "expire") this.#expire(outlet, turn);
    else void this.#conduct(outlet, turn);
  }

  /** One attempt from request to settlement. Never rejects. */
  async #conduct(outlet: Outlet, turn: Turn): Promise<void> {
    const { clock, send } = this.#options;
    const { config, owed } = turn;
    const startedAt = clock.now();
    this.#inFlight += 1;
    owed.attempts += 1;
    owed.firstAttemptAt ??= startedAt;
    owed.triedBeforeAt = owed.triedAt;
    owed.triedAt = startedAt;
    let outcome: Outcome;
    try {
      outcome = await send(config, owed.delivery, owed.attempts);
    } catch (error) {
      outcome = notMade(error);
    }
    this.#inFlight -= 1;
    this.#conclude(outlet, turn, startedAt, outcome);
  }

  #conclude(outlet: Outlet, turn: Turn, startedAt: EpochMs, outcome: Outcome): void {
    const { clock, log, random } = this.#options;
    const now = clock.now();
    const before = outlet.condition(now);
    const verdict = outlet.judge(turn, outcome, now, random);
    const standing = outlet.takeStanding(now);
    const made = settlementOf(turn, outcome, verdict, startedAt, now);
    const settlement = standing === undefined ? made : { ...made, standing };
    logAttempt(log, turn, settlement, verdict);
    logTurn(log, outlet, before, outlet.condition(now), outcome);
    this.#unsettled += 1;
    // The slot is free already; the lane is not before the store knows.
    this.#settle(settlement, (stored) => {
      this.#unsettled -= 1;
      if (stored) this.#finish(outlet, turn, settlement.fate);
    });
  }

  /** Too late to be of use. */
  #expire(outlet: Outlet, turn: Turn): void {
    const { deliveryId } = turn.owed.delivery;
    const reason = `older than ${turn.config.expireRingingMs / 1000} s when its turn came`;
    const fate: Fate = { state: "expired", reason };
    this.#settle({ deliveryId, attempt: null, fate }, (stored) => {
      if (!stored) return;
      logExpired(this.#options.log, turn, reason);
      this.#finish(outlet, turn, fate);
    });
  }

  #settle(settlement: Settlement, onSettled: (stored: boolean) => void): void {
    this.#settler.settle(settlement, (stored) => {
      onSettled(stored);
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#onIdle?.();
    });
    this.#planTurnsEnd();
  }

  #finish(outlet: Outlet, turn: Turn, fate: Fate): void {
    if (fate.state === "pending") turn.owed.spent = fate.spent;
    outlet.finish(turn, fate.state === "pending" ? fate.dueAt : null);
    this.#planTurnsEnd();
  }

  #nameUnconfigured(): void {
    for (const outlet of this.#outlets.values()) {
      if (outlet.configured || outlet.queued === 0) continue;
      this.#options.log.warn(
        { endpoint: outlet.name, queued: outlet.queued },
        "endpoint.unconfigured: deliveries are kept for an endpoint that the configuration lacks",
      );
    }
  }
}

function settlementOf(
  { owed }: Turn,
  outcome: Outcome,
  verdict: Verdict,
  startedAt: EpochMs,
  now: EpochMs,
): Settlement {
  return {
    deliveryId: owed.delivery.deliveryId,
    attempt: {
      number: owed.attempts,
      startedAt,
      durationMs: now - startedAt,
      status: outcome.kind === "failed" ? null : outcome.status,
      outcome: describe(outcome),
      responseHead: outcome.kind === "failed" ? "" : outcome.responseHead,
    },
    fate: fateOf(verdict, now),
  };
}

function fateOf(verdict: Verdict, now: EpochMs): Fate {
  switch (verdict.kind) {
    case "delivered":
      return { state: "delivered" };
    case "dead":
      return { state: "dead", reason: verdict.reason };
    case "retry":
      return { state: "pending", spent: verdict.spent, dueAt: verdict.dueAt };
    case "pauseEndpoint":
      return { state: "pending", spent: verdict.spent, dueAt: now };
    default:
      return assertNever(verdict);
  }
}
