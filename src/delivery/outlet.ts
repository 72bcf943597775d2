/**
 * One endpoint as the dispatcher sees it: its lanes, whether it is up, paused or gone from the
 * configuration, and what may go to it next. Knows nothing of sending or storing.
 * Must hold: a lane that sleeps costs nothing; while the breaker is open only one probe goes out at a
 * time, the least recently tried first, so that one poisoned event cannot keep the endpoint closed.
 */
import type { EndpointConfig } from "../config/config.ts";
import type { EpochMs } from "../events/event.ts";
import { afterTrouble, type Breaker, HEALTHY } from "./breaker.ts";
import {
  addToLane,
  createLane,
  type Lane,
  nextIn,
  type Owed,
  removeFromLane,
  sendable,
} from "./lane.ts";
import { describe, type Outcome, signOf } from "./outcome.ts";
import { decide, JITTER_SHARE, RETRY_AFTER_MS_MAX, type Verdict } from "./policy.ts";
import { type Agenda, Fifo } from "./queues.ts";

export type Condition =
  | { readonly state: "healthy" }
  /** `nextProbeAt`: the endpoint is down as a whole and will be probed then; null: single failures. */
  | { readonly state: "failing"; readonly since: EpochMs; readonly nextProbeAt: EpochMs | null }
  | { readonly state: "paused"; readonly since: EpochMs; readonly reason: string }
  /** Deliveries are kept for it, but the configuration does not know it. */
  | { readonly state: "unconfigured" };

export interface EndpointStatus {
  readonly name: string;
  readonly condition: Condition;
  /** Deliveries owed to it. */
  readonly queued: number;
  /** Event time of the oldest of them. */
  readonly oldestPendingAt: EpochMs | null;
  readonly lastSuccessAt: EpochMs | null;
  readonly lastFailure: { readonly at: EpochMs; readonly outcome: string } | null;
}

/** What an outlet asks to be woken for: a lane that becomes due, or (null) its next probe. */
export interface Wake {
  readonly outlet: Outlet;
  readonly lane: Lane | null;
}

export interface Turn {
  readonly config: EndpointConfig;
  readonly lane: Lane;
  readonly owed: Owed;
}

export class Outlet {
  readonly name: string;
  #config: EndpointConfig | null;
  readonly #agenda: Agenda<Wake>;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready = new Fifo<Lane>();
  #inFlight = 0;
  #queued = 0;
  #breaker: Breaker = HEALTHY;
  #paused: { readonly since: EpochMs; readonly reason: string } | null = null;
  #failingSince: EpochMs | null = null;
  #lastSuccessAt: EpochMs | null = null;
  #lastFailure: { readonly at: EpochMs; readonly outcome: string } | null = null;
  #aliveAt: EpochMs | null = null;

  constructor(name: string, config: EndpointConfig | null, agenda: Agenda<Wake>) {
    this.name = name;
    this.#config = config;
    this.#agenda = agenda;
  }

  /** Deliveries owed to it. */
  get queued(): number {
    return this.#queued;
  }

  /** Down as a whole, as far as we know. */
  get down(): boolean {
    return this.#breaker.state === "open";
  }

  get configured(): boolean {
    return this.#config !== null;
  }

  get empty(): boolean {
    return this.#lanes.size === 0;
  }

  add(owed: Owed, now: EpochMs): void {
    this.#undoClockSteps(owed, now);
    const { pbx, callId } = owed.delivery.event;
    const key = JSON.stringify([pbx, callId]);
    const lane = this.#lanes.get(key) ?? createLane(key);
    this.#lanes.set(key, lane);
    addToLane(lane, owed);
    this.#queued += 1;
    this.wake(lane);
  }

  /** A new configuration (null: it has none any more) begins with a clean slate. */
  configure(config: EndpointConfig | null, now: EpochMs): void {
    this.#config = config;
    this.#breaker = HEALTHY;
    this.resume(now);
  }

  resume(now: EpochMs): void {
    this.#paused = null;
    this.#makeDue(now);
  }

  /** Has the lane looked at again. */
  wake(lane: Lane): void {
    if (lane.queued) return;
    lane.queued = true;
    this.#ready.push(lane);
  }

  /** Takes the next delivery that may go now; `finish` must follow. */
  take(now: EpochMs): Turn | null {
    const config = this.#config;
    if (config === null || config.url === null || this.#paused) return null;
    if (this.#inFlight >= config.concurrency) return null;
    const found = this.down ? this.#probe(config, now) : this.#nextReady(config, now);
    if (found === null) return null;
    const { lane, owed } = found;
    owed.busy = true;
    lane.busy += 1;
    this.#inFlight += 1;
    // In ORDER none, others of the lane may go beside it.
    this.wake(lane);
    return { config, lane, owed };
  }

  /** The exchange is over: what follows for the delivery, and what it tells of the endpoint. */
  judge({ config, owed }: Turn, outcome: Outcome, now: EpochMs, random: () => number): Verdict {
    this.#inFlight -= 1;
    const standing = {
      spent: owed.spent,
      firstAttemptAt: owed.firstAttemptAt ?? now,
      endpointAliveAt: this.#aliveAt,
      endpointDown: this.down,
    };
    const verdict = decide(outcome, standing, config, now, random());
    if (verdict.kind === "delivered") {
      this.#lastSuccessAt = now;
      this.#failingSince = null;
    } else {
      this.#lastFailure = { at: now, outcome: describe(outcome) };
      this.#failingSince ??= now;
    }
    if (verdict.kind === "pauseEndpoint") this.#paused ??= { since: now, reason: verdict.reason };
    this.#heed(owed, outcome, config, now, random);
    return verdict;
  }

  /** The delivery is settled; null `dueAt`: it is no longer owed. */
  finish({ lane, owed }: Turn, dueAt: EpochMs | null): void {
    owed.busy = false;
    lane.busy -= 1;
    if (dueAt === null) {
      removeFromLane(lane, owed);
      this.#queued -= 1;
    } else owed.dueAt = dueAt;
    if (lane.owed.length === 0) this.#lanes.delete(lane.key);
    else this.wake(lane);
  }

  status(): EndpointStatus {
    let oldest: number | null = null;
    for (const { owed } of this.#lanes.values()) {
      for (const { delivery } of owed) oldest = Math.min(oldest ?? Infinity, delivery.event.at);
    }
    return {
      name: this.name,
      condition: this.condition,
      queued: this.#queued,
      oldestPendingAt: oldest,
      lastSuccessAt: this.#lastSuccessAt,
      lastFailure: this.#lastFailure,
    };
  }

  get condition(): Condition {
    if (this.#config === null) return { state: "unconfigured" };
    if (this.#paused) return { state: "paused", ...this.#paused };
    if (this.#breaker.state === "open") {
      const { since, probeAt } = this.#breaker;
      return { state: "failing", since: this.#failingSince ?? since, nextProbeAt: probeAt };
    }
    if (this.#failingSince === null) return { state: "healthy" };
    return { state: "failing", since: this.#failingSince, nextProbeAt: null };
  }

  #nextReady(config: EndpointConfig, now: EpochMs): Omit<Turn, "config"> | null {
    for (let lane = this.#ready.shift(); lane !== undefined; lane = this.#ready.shift()) {
      lane.queued = false;
      const next = nextIn(lane, config, now);
      if (next.kind === "send") return { lane, owed: next.owed };
      if (next.kind === "wait" && lane.wakeAt !== next.until) {
        lane.wakeAt = next.until;
        this.#agenda.add(next.until, { outlet: this, lane });
      }
    }
    return null;
  }

  #probe(config: EndpointConfig, now: EpochMs): Omit<Turn, "config"> | null {
    if (this.#breaker.state !== "open" || now < this.#breaker.probeAt) return null;
    if (this.#inFlight > 0) return null;
    let best: Omit<Turn, "config"> | null = null;
    for (const lane of this.#lanes.values()) {
      for (const owed of sendable(lane, config, now)) {
        if (best === null || isBetterProbe(owed, best.owed)) best = { lane, owed };
      }
    }
    return best;
  }

  /** Draws from an outcome what it tells of the endpoint as a whole. */
  #heed(
    owed: Owed,
    outcome: Outcome,
    config: EndpointConfig,
    now: EpochMs,
    random: () => number,
  ): void {
    const sign = signOf(outcome);
    if (sign === "life") {
      this.#aliveAt = now;
      const recovered = this.down;
      this.#breaker = HEALTHY;
      if (recovered) this.#makeDue(now);
    }
    if (sign === "trouble") {
      const trouble = {
        deliveryId: owed.delivery.deliveryId,
        firstStepMs: config.retryScheduleMs[0] ?? 0,
        notBefore: outcome.kind === "refused" ? outcome.retryAfterAt : null,
      };
      this.#breaker = afterTrouble(this.#breaker, trouble, now, random());
    }
    if (this.#breaker.state === "open") {
      this.#agenda.add(this.#breaker.probeAt, { outlet: this, lane: null });
    }
  }

  /** After an outage or a pause nothing waits for its schedule any longer. */
  #makeDue(now: EpochMs): void {
    for (const lane of this.#lanes.values()) {
      for (const owed of lane.owed) if (!owed.busy) owed.dueAt = Math.min(owed.dueAt, now);
      this.wake(lane);
    }
  }

  /** A stored time can lie further ahead than any wait when the machine's clock was set back meanwhile. */
  #undoClockSteps(owed: Owed, now: EpochMs): void {
    if (owed.firstAttemptAt !== null) owed.firstAttemptAt = Math.min(owed.firstAttemptAt, now);
    if (this.#config === null) return;
    const longestMs = Math.max(RETRY_AFTER_MS_MAX, ...this.#config.retryScheduleMs);
    owed.dueAt = Math.min(owed.dueAt, now + longestMs * (1 + JITTER_SHARE));
  }
}

function isBetterProbe(a: Owed, b: Owed): boolean {
  if (a.triedAt !== b.triedAt) return a.triedAt < b.triedAt;
  return a.delivery.position < b.delivery.position;
}
