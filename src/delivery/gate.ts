/**
 * Whether an endpoint may get another request now, and if not, when to look again: it is paused (410), has
 * asked to be left alone (Retry-After), is down as a whole (the breaker), has enough in flight, or has had
 * enough for this moment (its rate). After an outage or a rest it is not overrun: the requests in flight
 * grow from one.
 * Must hold: while the breaker is open, one probe at a time; a rate is never exceeded beyond its burst.
 */
import type { EpochMs } from "../events/event.ts";
import { afterTrouble, type Breaker, endsOutage, HEALTHY, type Trouble } from "./breaker.ts";
import { RETRY_AFTER_MS_MAX } from "./policy.ts";

/** Requests in flight after an outage or a rest … */
const RAMP_START = 1;
/** … more with each answer of a receiver that lives; halved by each trouble. */
const RAMP_STEP = 1;

export interface GateRules {
  /** Requests in flight at once. */
  readonly concurrency: number;
  /** Requests a second, 0 = no limit. */
  readonly ratePerS: number;
  /** Requests that may go at once after a rest. */
  readonly rateBurst: number;
}

export interface Pause {
  readonly since: EpochMs;
  readonly reason: string;
}

/** What outlives a restart. */
export interface GateStanding {
  readonly paused: Pause | null;
  readonly quietUntil: EpochMs;
  readonly breaker: Breaker;
}

export type Look =
  | { readonly kind: "pass" }
  /** One delivery, whichever tells most. */
  | { readonly kind: "probe" }
  /** null: until something in flight is answered, or somebody resumes it. */
  | { readonly kind: "wait"; readonly until: EpochMs | null };

const PASS: Look = { kind: "pass" };
const PROBE: Look = { kind: "probe" };
const ENOUGH: Look = { kind: "wait", until: null };

export class Gate {
  #paused: Pause | null = null;
  #quietUntil: EpochMs = 0;
  #breaker: Breaker = HEALTHY;
  #aliveAt: EpochMs | null = null;
  #inFlight = 0;
  /** Requests that may be in flight for now. */
  #ramp = Number.POSITIVE_INFINITY;
  /** Requests that may go at once, as of `#countedAt`; null = not counted yet. */
  #tokens: number | null = null;
  #countedAt: EpochMs = 0;

  get paused(): Pause | null {
    return this.#paused;
  }

  get quietUntil(): EpochMs {
    return this.#quietUntil;
  }

  get breaker(): Breaker {
    return this.#breaker;
  }

  /** When it last showed life, null if it has not since we started. */
  get aliveAt(): EpochMs | null {
    return this.#aliveAt;
  }

  /** Down as a whole, as far as we know. */
  get isDown(): boolean {
    return this.#breaker.state === "open";
  }

  get standing(): GateStanding {
    return { paused: this.#paused, quietUntil: this.#quietUntil, breaker: this.#breaker };
  }

  look(rules: GateRules, now: EpochMs): Look {
    if (this.#paused !== null) return ENOUGH;
    if (now < this.#quietUntil) return { kind: "wait", until: this.#quietUntil };
    if (this.#breaker.state === "open") {
      if (this.#inFlight > 0) return ENOUGH;
      const { probeAt } = this.#breaker;
      if (now < probeAt) return { kind: "wait", until: probeAt };
    }
    if (this.#inFlight >= Math.min(rules.concurrency, this.#ramp)) return ENOUGH;
    const tokenAt = this.#nextTokenAt(rules, now);
    if (tokenAt > now) return { kind: "wait", until: tokenAt };
    return this.#breaker.state === "open" ? PROBE : PASS;
  }

  enter(): void {
    this.#inFlight += 1;
    if (this.#tokens !== null) this.#tokens -= 1;
  }

  leave(): void {
    this.#inFlight -= 1;
  }

  /** The receiver answered as one that works. True if that ends an outage. */
  seeLife({ concurrency }: GateRules, now: EpochMs): boolean {
    this.#aliveAt = now;
    const recovered = endsOutage(this.#breaker, now);
    if (this.#breaker.state === "open") this.#ramp = RAMP_START;
    else this.#ramp += RAMP_STEP;
    if (this.#ramp > concurrency) this.#ramp = Number.POSITIVE_INFINITY;
    this.#breaker = HEALTHY;
    return recovered;
  }

  seeTrouble(trouble: Trouble, now: EpochMs, jitter: number): void {
    if (this.#ramp !== Number.POSITIVE_INFINITY) {
      this.#ramp = Math.max(RAMP_START, Math.floor(this.#ramp / 2));
    }
    this.#breaker = afterTrouble(this.#breaker, trouble, now, jitter);
  }

  /** The receiver asks to be left alone. */
  rest(until: EpochMs, now: EpochMs): void {
    this.#quietUntil = Math.max(this.#quietUntil, Math.min(until, now + RETRY_AFTER_MS_MAX));
    this.#ramp = RAMP_START;
  }

  pause(pause: Pause): void {
    this.#paused ??= pause;
  }

  /** Nothing that was known against the endpoint counts any more. True if there was something. */
  clear(): boolean {
    const closed = this.#paused !== null || this.#quietUntil > 0 || this.#breaker !== HEALTHY;
    this.#paused = null;
    this.#quietUntil = 0;
    this.#breaker = HEALTHY;
    this.#ramp = Number.POSITIVE_INFINITY;
    return closed;
  }

  /** As it stood when another process knew it; a probe goes at once, as restarts often follow a repair. */
  restore({ paused, quietUntil, breaker }: GateStanding, now: EpochMs): void {
    this.#paused = paused;
    this.#quietUntil = Math.min(quietUntil, now + RETRY_AFTER_MS_MAX);
    this.#breaker = breaker.state === "open" ? { ...breaker, probeAt: now } : HEALTHY;
  }

  /** When the next request may go by the rate: a bucket that fills steadily up to its burst. */
  #nextTokenAt({ ratePerS, rateBurst }: GateRules, now: EpochMs): EpochMs {
    if (ratePerS === 0) {
      this.#tokens = null;
      return now;
    }
    const perMs = ratePerS / 1000;
    const filled = (this.#tokens ?? rateBurst) + Math.max(0, now - this.#countedAt) * perMs;
    this.#tokens = Math.min(rateBurst, filled);
    this.#countedAt = now;
    // A hair less than a whole one is one: sums of fractions are not exact.
    return this.#tokens > 1 - 1e-6 ? now : now + Math.ceil((1 - this.#tokens) / perMs);
  }
}
