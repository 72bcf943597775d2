/**
 * One endpoint as the dispatcher sees it: what it is owed (window.ts), whether it may get something now
 * (gate.ts), what is to be told of it, and what it wants of the store. Knows nothing of sending or storing.
 */
import type { EndpointConfig } from "../config/config.ts";
import type { EpochMs } from "../events/event.ts";
import type { Delivery } from "../outbox/outbox.ts";
import type { TakenUp } from "../outbox/pending.ts";
import { revealed } from "../util/revealed.ts";
import type { Cause } from "./breaker.ts";
import { Gate, type Pause } from "./gate.ts";
import { askedQuietUntil, describe, isPermanent, type Outcome, signOf } from "./outcome.ts";
import { decide, JITTER_SHARE, RETRY_AFTER_MS_MAX, type Verdict } from "./policy.ts";
import { goesApart, RecordingGate } from "./recordingGate.ts";
import { readStanding, writeStanding } from "./standing.ts";
import { type Bounds, type Found, laneMaxOf, type Shelved, Window } from "./window.ts";

/** Of an endpoint that gets nothing at present, in memory; enough for probes. */
export const HELD_WHILE_CLOSED_MAX = 64;
/** Settled without a request, at once. */
const EXPIRING_MAX = 256;
/** The longest that anything waits by itself is a schedule's step, but at least this counts as sane. */
const WAIT_MS_MIN = RETRY_AFTER_MS_MAX;

/** What is concerned: all of the endpoint, or only the recordings, which go to a URL of their own. */
export type Part = "all" | "recordings";

export type Condition =
  | { readonly state: "healthy" }
  /**
   * `nextProbeAt`: the endpoint is down as a whole and will be probed then; null: single failures. `cause`:
   * `local` when it is we who cannot reach it (our resolver, our proxy).
   */
  | {
      readonly state: "failing";
      readonly since: EpochMs;
      readonly nextProbeAt: EpochMs | null;
      readonly cause: Cause;
      readonly part: Part;
    }
  /** It asked to be left alone until then (Retry-After). */
  | {
      readonly state: "resting";
      readonly since: EpochMs;
      readonly until: EpochMs;
      readonly part: Part;
    }
  | ({ readonly state: "paused"; readonly part: Part } & Pause)
  /** Deliveries are kept for it, but the configuration does not know it. */
  | { readonly state: "unconfigured" };

const HEALTHY: Condition = { state: "healthy" };

export interface EndpointStatus {
  readonly name: string;
  readonly condition: Condition;
  /** Deliveries owed to it; about, while part of them is only in the store. */
  readonly queued: number;
  /** Those of them that are in memory. */
  readonly held: number;
  /** Event time of the oldest of those. */
  readonly oldestPendingAt: EpochMs | null;
  readonly lastSuccessAt: EpochMs | null;
  readonly lastFailure: LastFailure | null;
}

export interface LastFailure {
  readonly at: EpochMs;
  readonly outcome: string;
  /** The receiver refused the request as such: 400, 401, 403, 404, 405, 413, 415, 422. */
  readonly permanent: boolean;
}

export interface Turn extends Found {
  readonly config: EndpointConfig;
  readonly part: Part;
}

export class Outlet {
  readonly name: string;
  #config: EndpointConfig | null;
  #waitMsMax: number;
  readonly #window = new Window();
  readonly #gate = new Gate();
  readonly #recordings = new RecordingGate();
  #expiring = 0;
  #failing: { readonly since: EpochMs; readonly cause: Cause } | null = null;
  #lastSuccessAt: EpochMs | null = null;
  #lastFailure: LastFailure | null = null;
  #restingSince: EpochMs = 0;
  /** Lanes in the store that are still to be made due. */
  #hastening: { readonly refusedToo: boolean } | null = null;
  /** As the store has it; undefined = not known. */
  #storedStanding: string | null | undefined = null;

  constructor(name: string, config: EndpointConfig | null) {
    this.name = name;
    this.#config = config;
    this.#waitMsMax = longestWaitMs(config);
  }

  get queued(): number {
    return this.#window.queued;
  }

  get configured(): boolean {
    return this.#config !== null;
  }

  get hastening(): { readonly refusedToo: boolean } | null {
    return this.#hastening;
  }

  /** What the store should know; undefined = it does. Whoever asks sees to it. */
  takeStanding(now: EpochMs): string | null | undefined {
    const known = { all: this.#gate.standing, recordings: this.#recordings.standing };
    const standing = writeStanding(known, this.#config, now);
    if (standing === this.#storedStanding) return undefined;
    this.#storedStanding = standing;
    return standing;
  }

  /** The store did not take it. */
  standingLost(): void {
    this.#storedStanding = undefined;
  }

  restore(pending: number, standing: string | null, now: EpochMs): void {
    if (pending > 0) this.#window.startWith(pending);
    this.#storedStanding = standing;
    const known = readStanding(standing, this.#config);
    if (known === null) return;
    this.#gate.restore(known.all, now);
    this.#recordings.restore(known.recordings, now);
    const down = [known.all, known.recordings].map(({ breaker }) => breaker);
    const open = down.find((breaker) => breaker.state === "open");
    if (open !== undefined) this.#failing = { since: open.since, cause: open.cause };
  }

  offer(delivery: Delivery, heldMax: number, now: EpochMs): void {
    this.#window.offer(delivery, this.#bounds(heldMax, now));
  }

  /** A new configuration (null: it has none any more). Its receiver gets a new chance. */
  configure(config: EndpointConfig | null, now: EpochMs): void {
    const changed = revealed(config) !== revealed(this.#config);
    this.#config = config;
    this.#waitMsMax = longestWaitMs(config);
    if (changed) this.#failing = null;
    this.resume(now, changed);
  }

  /** Goes on, whatever was known against it. */
  resume(now: EpochMs, refusedToo: boolean): void {
    const wasClosed = [this.#gate.clear(), this.#recordings.clear()].includes(true);
    if (wasClosed || refusedToo) this.#hasten(now, refusedToo);
  }

  wakeDue(now: EpochMs): void {
    this.#window.wakeDue(now);
  }

  /** Takes the next delivery whose turn it is; `finish` must follow, and `judge` before it if it was sent. */
  take(now: EpochMs): Turn | null {
    const config = this.#config;
    if (config === null || (config.url === null && config.recordingUrl === null)) return null;
    const look = this.#gate.look(config, now);
    if (look.kind === "wait" || this.#expiring >= EXPIRING_MAX) return null;
    const isProbing = look.kind === "probe";
    for (;;) {
      // Without a probe there is none but recordings here: they make room, for others to come from the store.
      const found = (isProbing ? this.#probe(config, now) : null) ?? this.#window.next(config, now);
      if (found === null) return null;
      const part = goesApart(found.owed.delivery.event, config) ? "recordings" : "all";
      const laterAt = part === "recordings" ? this.#recordings.putOffUntil(now) : null;
      if (laterAt === null) return this.#begin(found, part, config);
      this.#window.putOff(found, now, laterAt);
    }
  }

  #probe(config: EndpointConfig, now: EpochMs): Found | null {
    return this.#window.probe(config, now, ({ delivery }) => !goesApart(delivery.event, config));
  }

  #begin(found: Found, part: Part, config: EndpointConfig): Turn {
    if (found.kind === "send") {
      this.#gate.enter();
      if (part === "recordings") this.#recordings.enter();
    } else this.#expiring += 1;
    this.#window.begin(found);
    return { kind: found.kind, lane: found.lane, owed: found.owed, config, part };
  }

  /** When `take` should be called again though nothing has happened; null if there is no such time. */
  nextAt(now: EpochMs): EpochMs | null {
    const config = this.#config;
    if (config === null) return null;
    const look = this.#gate.look(config, now);
    const gateAt = look.kind === "wait" && this.#window.held > 0 ? look.until : null;
    return earliest(this.#window.nextAt, earliest(this.#window.nextPageAt(now), gateAt));
  }

  /** The exchange is over: what follows for the delivery, and what it tells of the endpoint. */
  judge(turn: Turn, outcome: Outcome, now: EpochMs, random: () => number): Verdict {
    const { config, owed, part } = turn;
    const gate = part === "recordings" ? this.#recordings : this.#gate;
    this.#gate.leave();
    if (gate !== this.#gate) gate.leave();
    const standing = {
      spent: owed.spent,
      attempts: owed.attempts,
      triedBeforeAt: owed.triedBeforeAt,
      endpointAliveAt: gate.aliveAt,
      endpointDown: gate.isDown,
    };
    const verdict = decide(outcome, standing, config, now, random());
    if (verdict.kind === "delivered") {
      this.#lastSuccessAt = now;
      this.#failing = null;
    } else this.#noteFailure(outcome, now);
    if (verdict.kind === "pauseEndpoint") gate.pause({ since: now, reason: verdict.reason });
    const quietUntil = askedQuietUntil(outcome);
    if (quietUntil !== null && quietUntil > now) {
      if (gate.quietUntil <= now) this.#restingSince = now;
      gate.rest(quietUntil, now);
    }
    this.#heed(turn, gate, outcome, now, random);
    return verdict;
  }

  /** It is settled; null `dueAt`: it is no longer owed. */
  finish(turn: Turn, dueAt: EpochMs | null): void {
    if (turn.kind === "expire") this.#expiring -= 1;
    this.#window.finish(turn, dueAt);
  }

  askForPage(heldMax: number, now: EpochMs) {
    const bounds = this.#bounds(heldMax, now);
    const page = this.#window.ask(bounds);
    if (page === null) return null;
    return { ...page, wakeAtMax: now + bounds.waitMsMax, laneMax: laneMaxOf(bounds) };
  }

  pageCame(page: TakenUp | null, heldMax: number, now: EpochMs): void {
    if (page === null) this.#window.notTaken();
    else this.#window.taken(page, this.#bounds(heldMax, now));
  }

  toShelve(heldMax: number, now: EpochMs): Shelved[] {
    return this.#window.toShelve(this.#bounds(heldMax, now));
  }

  shelved(lanes: readonly Shelved[], done: boolean): void {
    if (done) this.#window.shelved(lanes);
    else this.#window.notShelved(lanes);
  }

  hastened(more: boolean, now: EpochMs): void {
    this.#window.shelvedAreDue(now);
    if (!more) this.#hastening = null;
  }

  status(now: EpochMs): EndpointStatus {
    return {
      name: this.name,
      condition: this.condition(now),
      queued: this.queued,
      held: this.#window.held,
      oldestPendingAt: this.#window.oldestAt,
      lastSuccessAt: this.#lastSuccessAt,
      lastFailure: this.#lastFailure,
    };
  }

  condition(now: EpochMs): Condition {
    if (this.#config === null) return { state: "unconfigured" };
    // Only the operator ends a pause, so it is told before anything else.
    const closed =
      pauseOf(this.#gate, "all") ??
      pauseOf(this.#recordings, "recordings") ??
      this.#closed(this.#gate, "all", now) ??
      this.#closed(this.#recordings, "recordings", now);
    if (closed !== null) return closed;
    if (this.#failing === null) return HEALTHY;
    return { state: "failing", ...this.#failing, nextProbeAt: null, part: "all" };
  }

  #closed({ breaker, quietUntil }: Gate, part: Part, now: EpochMs): Condition | null {
    if (breaker.state === "open") {
      const { since: openSince, probeAt: nextProbeAt, cause } = breaker;
      const since = this.#failing?.since ?? openSince;
      return { state: "failing", since, nextProbeAt, cause, part };
    }
    if (quietUntil <= now) return null;
    return { state: "resting", since: this.#restingSince, until: quietUntil, part };
  }

  #bounds(heldMax: number, now: EpochMs): Bounds {
    const open = this.#config !== null && !this.#gate.paused && !this.#gate.isDown;
    return {
      now,
      isDown: this.#gate.isDown,
      heldMax: open ? heldMax : Math.min(heldMax, HELD_WHILE_CLOSED_MAX),
      waitMsMax: this.#waitMsMax,
    };
  }

  #noteFailure(outcome: Outcome, now: EpochMs): void {
    const cause = ["local", "none"].includes(signOf(outcome)) ? "local" : "endpoint";
    this.#failing = { since: this.#failing?.since ?? now, cause };
    this.#lastFailure = { at: now, outcome: describe(outcome), permanent: isPermanent(outcome) };
  }

  /** Draws from an outcome what it tells of the receiver as a whole. */
  #heed(
    { config, owed }: Turn,
    gate: Gate,
    outcome: Outcome,
    now: EpochMs,
    random: () => number,
  ): void {
    const sign = signOf(outcome);
    if (sign === "none") return;
    owed.refused = sign === "life";
    if (sign === "life") {
      if (!gate.seeLife(config, now)) return;
      if (gate === this.#gate) this.#hasten(now, false);
      else this.#window.hastenHere(now, ({ delivery }) => goesApart(delivery.event, config));
      return;
    }
    const trouble = {
      deliveryId: owed.delivery.deliveryId,
      firstStepMs: config.retryScheduleMs[0] ?? 0,
      cause: sign === "local" ? "local" : "endpoint",
    } as const;
    gate.seeTrouble(trouble, now, random());
  }

  /** After an outage or a pause nothing waits for its schedule any longer. */
  #hasten(now: EpochMs, refusedToo: boolean): void {
    this.#window.hasten(now, refusedToo);
    const both = refusedToo || this.#hastening?.refusedToo === true;
    if (this.#window.anyShelved) this.#hastening = { refusedToo: both };
  }
}

function pauseOf({ paused }: Gate, part: Part): Condition | null {
  return paused === null ? null : { state: "paused", ...paused, part };
}

function longestWaitMs(config: EndpointConfig | null): number {
  return Math.max(WAIT_MS_MIN, ...(config?.retryScheduleMs ?? [])) * (1 + JITTER_SHARE);
}

function earliest(a: EpochMs | null, b: EpochMs | null): EpochMs | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
