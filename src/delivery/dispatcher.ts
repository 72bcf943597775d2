/**
 * Sends what is owed. Must hold: an event's delivery goes out only after it was stored; a call's events
 * reach an endpoint in the order that ORDER promises; a lane goes on only after its last attempt is
 * settled, and a settlement that fails is repeated, never the request; nothing runs while nothing is due;
 * one endpoint's trouble takes no turn from another (docs/contract.md §4-§5).
 */
import type { EndpointConfig } from "../config/config.ts";
import type { EpochMs } from "../events/event.ts";
import type { Delivery, Fate, Outbox, Settlement } from "../outbox/outbox.ts";
import { assertNever } from "../util/assertNever.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { owedFrom } from "./lane.ts";
import { describe, type Outcome } from "./outcome.ts";
import { type EndpointStatus, Outlet, type Turn, type Wake } from "./outlet.ts";
import type { Verdict } from "./policy.ts";
import { Agenda } from "./queues.ts";
import type { Send } from "./sender.ts";
import { createSettler } from "./settler.ts";

/** Requests in flight over all endpoints. */
export const IN_FLIGHT_MAX = 1024;
const LOAD_PAGE = 1000;
/** Timers of the platform overflow beyond 2^31 ms; waking in between is harmless. */
const SLEEP_MS_MAX = 86_400_000;

export interface DispatcherOptions {
  readonly outbox: Pick<Outbox, "loadPending" | "settle" | "probe">;
  readonly endpoints: readonly EndpointConfig[];
  readonly send: Send;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1); spreads the retries. */
  readonly random: () => number;
}

export interface Dispatcher {
  /** Takes up what the store still owes. Resolves when all of it is taken up. */
  start(): Promise<void>;
  /** Takes deliveries that `append` has made durable. */
  enqueue(deliveries: readonly Delivery[]): void;
  /** A new configuration is in force. Paused endpoints are resumed. */
  update(endpoints: readonly EndpointConfig[]): void;
  status(): readonly EndpointStatus[];
  /** Goes on with a paused endpoint; false if there is none of that name. */
  resume(name: string): boolean;
  /** Begins no attempt any more; resolves when those in flight are settled, or after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new LaneDispatcher(options);
}

class LaneDispatcher implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #agenda = new Agenda<Wake>();
  readonly #outlets = new Map<string, Outlet>();
  /** The outlets in turn order; who was served goes last. */
  #ring: Outlet[] = [];
  /** Ids of the deliveries taken up and not done with. */
  readonly #known = new Set<number>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #settler: ReturnType<typeof createSettler>;
  #inFlight = 0;
  #stopped = false;
  #timer: { readonly at: EpochMs; readonly cancel: () => void } | null = null;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#settler = createSettler({ ...options, onHealed: () => this.#pump() });
    for (const config of options.endpoints) this.#open(config.name, config);
  }

  async start(): Promise<void> {
    for (let after = 0; ; ) {
      const page = await this.#options.outbox.loadPending(after, LOAD_PAGE);
      this.enqueue(page);
      const last = page.at(-1);
      if (last === undefined || page.length < LOAD_PAGE) break;
      after = last.position;
    }
    this.#nameUnconfigured();
  }

  enqueue(deliveries: readonly Delivery[]): void {
    const now = this.#options.clock.now();
    for (const delivery of deliveries) {
      if (this.#known.has(delivery.deliveryId)) continue;
      this.#known.add(delivery.deliveryId);
      const outlet = this.#outlets.get(delivery.endpoint) ?? this.#open(delivery.endpoint, null);
      outlet.add(owedFrom(delivery), now);
    }
    this.#pump();
  }

  update(endpoints: readonly EndpointConfig[]): void {
    const now = this.#options.clock.now();
    const configs = new Map(endpoints.map((config) => [config.name, config]));
    for (const config of endpoints) {
      if (!this.#outlets.has(config.name)) this.#open(config.name, config);
    }
    for (const outlet of this.#outlets.values()) {
      const config = configs.get(outlet.name) ?? null;
      if (config === null && outlet.empty) this.#outlets.delete(outlet.name);
      else outlet.configure(config, now);
    }
    this.#ring = [...this.#outlets.values()];
    this.#nameUnconfigured();
    this.#pump();
  }

  status(): readonly EndpointStatus[] {
    return [...this.#outlets.values()].map((outlet) => outlet.status());
  }

  resume(name: string): boolean {
    const outlet = this.#outlets.get(name);
    if (outlet === undefined) return false;
    outlet.resume(this.#options.clock.now());
    this.#pump();
    return true;
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = null;
    const grace = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(graceMs, grace.resolve);
    await Promise.race([Promise.all(this.#underWay), grace.promise]);
    cancel();
    this.#settler.giveUp();
  }

  #open(name: string, config: EndpointConfig | null): Outlet {
    const outlet = new Outlet(name, config, this.#agenda);
    this.#outlets.set(name, outlet);
    this.#ring.push(outlet);
    return outlet;
  }

  /** Sends all that may go now, a turn for each endpoint, and sleeps until the next is due. */
  #pump(): void {
    const { clock } = this.#options;
    const now = clock.now();
    for (let due = this.#agenda.takeDue(now); due !== null; due = this.#agenda.takeDue(now)) {
      const { outlet, lane } = due.item;
      if (lane === null || lane.wakeAt !== due.at) continue;
      lane.wakeAt = null;
      outlet.wake(lane);
    }
    if (this.#stopped || this.#settler.storeIsDown) return;
    for (let without = 0; without < this.#ring.length && this.#inFlight < IN_FLIGHT_MAX; ) {
      const outlet = this.#ring.shift();
      if (outlet === undefined) break;
      this.#ring.push(outlet);
      const turn = outlet.take(now);
      without = turn === null ? without + 1 : 0;
      if (turn !== null) this.#begin(outlet, turn);
    }
    this.#sleep(now);
  }

  #sleep(now: EpochMs): void {
    const nextAt = this.#agenda.nextAt;
    if (nextAt === null || this.#timer?.at === nextAt) return;
    this.#timer?.cancel();
    const cancel = this.#options.clock.after(Math.min(nextAt - now, SLEEP_MS_MAX), () => {
      this.#timer = null;
      this.#pump();
    });
    this.#timer = { at: nextAt, cancel };
  }

  #begin(outlet: Outlet, turn: Turn): void {
    this.#inFlight += 1;
    const conduct = this.#conduct(outlet, turn);
    this.#underWay.add(conduct);
    void conduct.finally(() => this.#underWay.delete(conduct));
  }

  /** One attempt from request to settlement. Never rejects. */
  async #conduct(outlet: Outlet, turn: Turn): Promise<void> {
    const { clock, send, random } = this.#options;
    const { config, owed } = turn;
    const startedAt = clock.now();
    owed.attempts += 1;
    owed.firstAttemptAt ??= startedAt;
    owed.triedAt = startedAt;
    const outcome = await send(config, owed.delivery, owed.attempts).catch(localFault);
    const now = clock.now();
    this.#inFlight -= 1;
    const { down, condition } = outlet;
    const verdict = outlet.judge(turn, outcome, now, random);
    const settlement = settlementOf(turn, outcome, verdict, startedAt, now);
    this.#logAttempt(turn, settlement, verdict);
    this.#logTurn(outlet, { down, condition }, verdict, owed.delivery.event.eventId);
    // The slot is free already; the lane is not before the store knows.
    this.#pump();
    const settled = await this.#settler.settle(settlement);
    if (!settled) return;
    const { fate } = settlement;
    if (fate.state === "pending") owed.spent = fate.spent;
    else this.#known.delete(owed.delivery.deliveryId);
    outlet.finish(turn, fate.state === "pending" ? fate.dueAt : null);
    this.#pump();
  }

  #logAttempt({ config, owed }: Turn, { attempt }: Settlement, verdict: Verdict): void {
    const { event, sequence } = owed.delivery;
    this.#options.log.info(
      {
        endpoint: config.name,
        webhookId: event.eventId,
        event: event.kind,
        sequence,
        attempt: attempt.number,
        status: attempt.status,
        durationMs: attempt.durationMs,
        outcome: attempt.outcome,
        next: describeVerdict(verdict),
      },
      "delivery.attempted",
    );
  }

  /** What the operator should know beyond the single attempt. */
  #logTurn(
    outlet: Outlet,
    before: Pick<Outlet, "down" | "condition">,
    verdict: Verdict,
    webhookId: string,
  ): void {
    const { log } = this.#options;
    const { condition, down, queued, name: endpoint } = outlet;
    if (verdict.kind === "dead") {
      const { reason } = verdict;
      log.error({ endpoint, webhookId, queued, reason }, "delivery.dead: kept, but not retried");
    }
    if (down && !before.down) {
      log.warn({ endpoint, queued }, "endpoint.down: only probes are sent, no attempts used up");
    }
    if (before.down && !down) log.info({ endpoint, queued }, "endpoint.up");
    if (condition.state === "paused" && before.condition.state !== "paused") {
      const { reason } = condition;
      log.error(
        { endpoint, queued, reason },
        "endpoint.paused: its backlog is kept; resume it when its receiver is back",
      );
    }
  }

  #nameUnconfigured(): void {
    for (const outlet of this.#outlets.values()) {
      if (outlet.configured || outlet.empty) continue;
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

function describeVerdict(verdict: Verdict): string {
  return verdict.kind === "retry"
    ? `retry at ${new Date(verdict.dueAt).toISOString()}`
    : verdict.kind;
}

function localFault(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "failed", stage: "local", message };
}
