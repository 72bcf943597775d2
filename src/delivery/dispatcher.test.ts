/**
 * The dispatcher under a clock, a store and receivers of the test's own: what it promises of order,
 * loss, isolation and outages. A failing random run prints its seed.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endpointConfig } from "../../test/conformance/outboxEndpoint.ts";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import { OutboxModel } from "../../test/conformance/outboxModel.ts";
import type { EndpointConfig, OrderMode } from "../config/config.ts";
import type { Delivery } from "../outbox/outbox.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { silentLog } from "../util/log.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import type { Outcome } from "./outcome.ts";

const START = 1_800_000_000_000;

/** Time that passes only when the test says so. */
class TestClock implements Clock {
  #now = START;
  #timers = new Set<{ at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get sleeping(): number {
    return this.#timers.size;
  }

  /** Lets time pass, timer by timer, everything between them settled. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settleDown();
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end);
      const next = due.reduce<(typeof due)[number] | null>(
        (first, timer) => (first === null || timer.at < first.at ? timer : first),
        null,
      );
      if (next === null) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settleDown();
    }
    this.#now = end;
  }
}

const settleDown = () => new Promise<void>((resolve) => setImmediate(resolve));

const OK: Outcome = { kind: "accepted", status: 200, responseHead: "" };
const refused = (status: number): Outcome => ({
  kind: "refused",
  status,
  retryAfterAt: null,
  responseHead: "",
});
const UNREACHABLE: Outcome = { kind: "failed", stage: "connect", message: "ECONNREFUSED" };

interface Exchange {
  readonly endpoint: string;
  readonly eventId: string;
  readonly call: number;
  readonly sequence: number;
  readonly attempt: number;
  readonly at: number;
  readonly outcome: Outcome;
}

type Answer = (endpoint: string, delivery: Delivery, attempt: number) => Outcome;

/** A dispatcher with everything around it, and the record of what reached the receivers. */
class World {
  readonly clock = new TestClock();
  readonly outbox = new OutboxModel();
  readonly exchanges: Exchange[] = [];
  readonly lines: string[] = [];
  inFlight = 0;
  inFlightMost = 0;
  answer: Answer = () => OK;
  latencyMs: (endpoint: string) => number = () => 5;
  random: () => number = () => 0.5;
  dispatcher: Dispatcher;
  endpoints: readonly EndpointConfig[];
  #generation = 0;

  constructor(endpoints: readonly EndpointConfig[]) {
    this.endpoints = endpoints;
    this.dispatcher = this.#create();
  }

  #create(): Dispatcher {
    const { clock, outbox, endpoints } = this;
    const generation = ++this.#generation;
    const note = (_fields: object, line: string) => this.lines.push(line);
    const log: Log = { ...silentLog, warn: note, error: note, info: note };
    return createDispatcher({
      // A process that was killed writes nothing more.
      outbox: {
        loadPending: (after, limit) => outbox.loadPending(after, limit),
        probe: () => outbox.probe(),
        settle: (settlements) =>
          generation === this.#generation ? outbox.settle(settlements) : new Promise(() => {}),
      },
      endpoints,
      clock,
      log,
      random: () => this.random(),
      send: (config, delivery, attempt) => this.#send(config, delivery, attempt),
    });
  }

  #send(config: EndpointConfig, delivery: Delivery, attempt: number): Promise<Outcome> {
    const outcome = this.answer(config.name, delivery, attempt);
    this.inFlight += 1;
    this.inFlightMost = Math.max(this.inFlightMost, this.inFlight);
    const { event, sequence } = delivery;
    this.exchanges.push({
      endpoint: config.name,
      eventId: event.eventId,
      call: event.callNumber,
      sequence,
      attempt,
      at: this.clock.now(),
      outcome,
    });
    return new Promise((resolve) => {
      this.clock.after(this.latencyMs(config.name), () => {
        this.inFlight -= 1;
        resolve(outcome);
      });
    });
  }

  async append(call: number, number: number, endpoints = this.endpoints.map(({ name }) => name)) {
    const made = await this.outbox.append([{ event: callEvent(call, number), endpoints }], []);
    this.dispatcher.enqueue(made);
  }

  /** As after kill -9: all memory gone, what was in flight unsettled. */
  async restart(): Promise<void> {
    void this.dispatcher.stop(0);
    this.dispatcher = this.#create();
    await this.dispatcher.start();
  }

  delivered(endpoint = "default"): string[] {
    const accepted = this.exchanges.filter((each) => each.outcome.kind === "accepted");
    return accepted.filter((each) => each.endpoint === endpoint).map(({ eventId }) => eventId);
  }

  statusOf(name: string) {
    return this.dispatcher.status().find((status) => status.name === name);
  }
}

const id = (call: number, number: number) => `evt_main_${call}_${number}`;
const failFirst =
  (...ids: string[]): Answer =>
  (_endpoint, { event }, attempt) =>
    attempt === 1 && ids.includes(event.eventId) ? refused(404) : OK;

describe("order", () => {
  test("a call's events go one after another, other calls beside them", async () => {
    const world = new World([endpointConfig()]);
    for (const number of [1, 2, 3]) await world.append(1, number);
    await world.append(2, 1);
    await world.clock.pass(5);
    expect(world.exchanges.map((each) => each.eventId)).toEqual([id(1, 1), id(2, 1), id(1, 2)]);
    await world.clock.pass(100);
    expect(world.delivered().filter((each) => each.startsWith("evt_main_1"))).toEqual(
      [1, 2, 3].map((number) => id(1, number)),
    );
  });

  test("bounded: a later event waits for a retried one, other calls do not", async () => {
    const world = new World([endpointConfig()]);
    world.answer = failFirst(id(1, 1));
    await world.append(1, 1);
    await world.append(1, 2);
    await world.append(2, 1);
    await world.clock.pass(10_000);
    expect(world.delivered()).toEqual([id(2, 1), id(1, 1), id(1, 2)]);
  });

  test.each<[OrderMode, number | null]>([
    ["bounded", 120_000],
    ["strict", null],
    ["none", 0],
  ])("%s: when a later event passes one that is always refused", async (order, passesAfterMs) => {
    const retryScheduleMs = Array.from({ length: 50 }, () => 7000);
    const world = new World([endpointConfig({ order, retryScheduleMs })]);
    world.answer = (_endpoint, { event }) => (event.eventId === id(1, 1) ? refused(404) : OK);
    await world.append(1, 1);
    await world.append(1, 2);
    await world.clock.pass(200_000);
    const passed = world.exchanges.find((each) => each.eventId === id(1, 2));
    expect(passed ? passed.at - START : null).toBe(passesAfterMs);
    // It is still being retried.
    expect(world.exchanges.filter((each) => each.eventId === id(1, 1)).length).toBeGreaterThan(20);
  });

  test("bounded: the hold counts from the first attempt, over a restart too", async () => {
    const world = new World([
      endpointConfig({ retryScheduleMs: [50_000, 50_000, 50_000, 50_000] }),
    ]);
    world.answer = (_endpoint, { event }) => (event.eventId === id(1, 1) ? refused(404) : OK);
    await world.append(1, 1);
    await world.append(1, 2);
    await world.clock.pass(60_000);
    await world.restart();
    await world.clock.pass(100_000);
    const passed = world.exchanges.find((each) => each.eventId === id(1, 2));
    expect(passed && passed.at - START).toBe(120_000);
  });
});

describe("retries", () => {
  test("follow the schedule, then the delivery is dead and the call goes on", async () => {
    const world = new World([endpointConfig()]);
    world.answer = (_endpoint, { event }) => (event.eventId === id(1, 1) ? refused(404) : OK);
    await world.append(1, 1);
    await world.append(1, 2);
    await world.clock.pass(60_000);
    const tries = world.exchanges.filter((each) => each.eventId === id(1, 1));
    expect(tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(tries.map(({ at }) => at - START)).toEqual([0, 1005, 6010, 21_015]);
    expect(world.delivered()).toEqual([id(1, 2)]);
    expect(await world.outbox.counts()).toMatchObject({ dead: 1, delivered: 1, pending: 0 });
    expect(world.lines).toContain("delivery.dead: kept, but not retried");
  });

  test("nothing runs while nothing is due", async () => {
    const world = new World([endpointConfig()]);
    await world.append(1, 1);
    await world.clock.pass(1000);
    expect(world.clock.sleeping).toBe(0);
  });
});

describe("an endpoint that is down as a whole", () => {
  test("costs no event its life, is only probed, and gets all in order when it is back", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [200, 400] })]);
    world.answer = () => UNREACHABLE;
    for (let call = 1; call <= 10; call += 1) {
      for (const number of [1, 2, 3]) await world.append(call, number);
    }
    await world.clock.pass(30_000);
    const before = world.exchanges.length;
    await world.clock.pass(3_600_000);
    const probes = world.exchanges.length - before;
    expect(probes).toBeGreaterThan(100);
    expect(probes).toBeLessThan(200);
    expect(world.statusOf("default")?.condition).toMatchObject({ state: "failing" });
    expect(world.lines).toContain("endpoint.down: only probes are sent, no attempts used up");
    world.answer = () => OK;
    await world.clock.pass(40_000);
    expect(world.delivered()).toHaveLength(30);
    for (let call = 1; call <= 10; call += 1) {
      const own = world.delivered().filter((each) => each.startsWith(`evt_main_${call}_`));
      expect(own).toEqual([1, 2, 3].map((number) => id(call, number)));
    }
    expect(await world.outbox.counts()).toMatchObject({ dead: 0, delivered: 30 });
    expect(world.lines).toContain("endpoint.up");
    expect(world.statusOf("default")?.condition).toEqual({ state: "healthy" });
  });

  test("has nothing wait for its schedule once it is back", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [1000, 86_400_000] })]);
    world.answer = () => refused(500);
    for (let call = 1; call <= 6; call += 1) await world.append(call, 1);
    await world.clock.pass(60_000);
    world.answer = () => OK;
    await world.clock.pass(60_000);
    expect(world.delivered()).toHaveLength(6);
  });

  test("costs not even a single event its life", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [100, 100] })]);
    world.answer = () => refused(503);
    await world.append(1, 1);
    await world.clock.pass(600_000);
    expect(await world.outbox.counts()).toMatchObject({ dead: 0, pending: 1 });
    world.answer = () => OK;
    await world.clock.pass(2000);
    expect(world.delivered()).toEqual([id(1, 1)]);
  });

  test("harms no other endpoint", async () => {
    const dead = endpointConfig({ name: "dead", concurrency: 4 });
    const world = new World([dead, endpointConfig()]);
    world.answer = (endpoint) => (endpoint === "dead" ? UNREACHABLE : OK);
    world.latencyMs = (endpoint) => (endpoint === "dead" ? 10_000 : 5);
    for (let call = 1; call <= 200; call += 1) await world.append(call, 1);
    await world.clock.pass(1000);
    expect(world.delivered()).toHaveLength(200);
    expect(world.inFlightMost).toBeLessThanOrEqual(8);
  });

  test("poisoned events do not keep an endpoint closed for others", async () => {
    const world = new World([endpointConfig()]);
    world.answer = (_endpoint, { event }) => (event.callNumber <= 8 ? refused(500) : OK);
    for (let call = 1; call <= 8; call += 1) await world.append(call, 1);
    await world.clock.pass(60_000);
    await world.append(9, 1);
    await world.clock.pass(40_000);
    expect(world.delivered()).toEqual([id(9, 1)]);
  });
});

describe("410", () => {
  test("pauses the endpoint, keeps the backlog, tells, and goes on when resumed", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [100] })]);
    world.answer = () => refused(410);
    await world.append(1, 1);
    await world.clock.pass(100);
    await world.append(1, 2);
    await world.append(2, 1);
    await world.clock.pass(3_600_000);
    expect(world.exchanges).toHaveLength(1);
    expect(world.statusOf("default")).toMatchObject({ condition: { state: "paused" }, queued: 3 });
    expect(world.lines.filter((line) => line.startsWith("endpoint.paused"))).toHaveLength(1);
    world.answer = () => OK;
    expect(world.dispatcher.resume("nobody")).toBe(false);
    expect(world.dispatcher.resume("default")).toBe(true);
    await world.clock.pass(1000);
    expect(world.delivered()).toEqual([id(1, 1), id(2, 1), id(1, 2)]);
    expect(world.exchanges.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 1]);
  });

  test("a new configuration resumes it", async () => {
    const world = new World([endpointConfig()]);
    world.answer = () => refused(410);
    await world.append(1, 1);
    await world.clock.pass(100);
    world.answer = () => OK;
    world.dispatcher.update(world.endpoints);
    await world.clock.pass(100);
    expect(world.delivered()).toEqual([id(1, 1)]);
  });
});

describe("the store", () => {
  test("that takes no settlement causes no resend and stops the sending until it heals", async () => {
    const world = new World([endpointConfig()]);
    await world.append(1, 1);
    await world.append(1, 2);
    await world.append(2, 1);
    world.outbox.broken = true;
    await world.clock.pass(600_000);
    expect(world.exchanges.map(({ eventId }) => eventId)).toEqual([id(1, 1), id(2, 1)]);
    world.outbox.broken = false;
    await world.clock.pass(20_000);
    expect(world.delivered()).toEqual([id(1, 1), id(2, 1), id(1, 2)]);
    expect(await world.outbox.counts()).toMatchObject({ delivered: 3, pending: 0 });
  });

  test("that refuses one settlement holds up that lane alone", async () => {
    const world = new World([endpointConfig()]);
    await world.append(1, 1);
    await world.append(1, 2);
    world.outbox.refuses.add(1);
    await world.clock.pass(60_000);
    await world.append(2, 1);
    await world.clock.pass(60_000);
    expect(world.delivered()).toEqual([id(1, 1), id(2, 1)]);
    world.outbox.refuses.clear();
    await world.clock.pass(60_000);
    expect(world.delivered()).toEqual([id(1, 1), id(2, 1), id(1, 2)]);
  });
});

describe("start, update and stop", () => {
  test("start takes up what the store owes, and nothing twice", async () => {
    const world = new World([endpointConfig()]);
    const made = await world.outbox.append([{ event: callEvent(1), endpoints: ["default"] }], []);
    await world.dispatcher.start();
    world.dispatcher.enqueue(made);
    await world.clock.pass(1000);
    expect(world.delivered()).toEqual([id(1, 1)]);
  });

  test("deliveries of an endpoint that the configuration lacks are kept and named", async () => {
    const world = new World([endpointConfig()]);
    await world.append(1, 1, ["gone"]);
    await world.restart();
    await world.clock.pass(1000);
    expect(world.exchanges).toEqual([]);
    expect(world.statusOf("gone")).toMatchObject({
      condition: { state: "unconfigured" },
      queued: 1,
    });
    expect(world.lines.some((line) => line.startsWith("endpoint.unconfigured"))).toBe(true);
    world.dispatcher.update([...world.endpoints, endpointConfig({ name: "gone" })]);
    await world.clock.pass(1000);
    expect(world.delivered("gone")).toEqual([id(1, 1)]);
  });

  test("stop finishes what is in flight and begins nothing", async () => {
    const world = new World([endpointConfig()]);
    await world.append(1, 1);
    await world.append(1, 2);
    let stopped = false;
    void world.dispatcher.stop(10_000).then(() => {
      stopped = true;
    });
    await world.clock.pass(4);
    expect(stopped).toBe(false);
    await world.clock.pass(1);
    expect(stopped).toBe(true);
    expect(world.exchanges).toHaveLength(1);
    expect(await world.outbox.counts()).toMatchObject({ delivered: 1, pending: 1 });
  });

  test("stop does not wait beyond its grace", async () => {
    const world = new World([endpointConfig()]);
    world.latencyMs = () => 60_000;
    await world.append(1, 1);
    let stopped = false;
    void world.dispatcher.stop(2000).then(() => {
      stopped = true;
    });
    await world.clock.pass(2000);
    expect(stopped).toBe(true);
  });

  test("a store time far ahead, as after a clock step, holds up nothing", async () => {
    const world = new World([endpointConfig()]);
    world.answer = failFirst(id(1, 1));
    await world.append(1, 1);
    await world.clock.pass(100);
    const row = world.outbox.rows[0];
    if (!row) throw new Error("expected a row");
    row.delivery = { ...row.delivery, dueAt: START * 2, firstAttemptAt: START * 2 };
    await world.restart();
    await world.clock.pass(2 * 3_600_000);
    expect(world.delivered()).toEqual([id(1, 1)]);
  });
});

describe("any run of failures, restarts and reloads", () => {
  const modes: readonly OrderMode[] = ["bounded", "strict", "none"];
  const HOLD_MS = 2000;

  const scenario = fc.record({
    order: fc.constantFrom(...modes),
    failShare: fc.constantFrom(0, 0.1, 0.5, 0.9),
    outageAt: fc.option(fc.integer({ min: 0, max: 8000 })),
    steps: fc.array(
      fc.record({
        afterMs: fc.integer({ min: 0, max: 700 }),
        call: fc.integer({ min: 1, max: 5 }),
        also: fc.constantFrom("nothing", "nothing", "nothing", "restart", "reload", "storeFails"),
      }),
      { minLength: 1, maxLength: 25 },
    ),
    seed: fc.integer(),
  });

  test("loses nothing and keeps the order that the mode promises", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ order, failShare, outageAt, steps, seed }) => {
        const random = generator(seed);
        const config = { order, orderHoldMs: HOLD_MS, retryScheduleMs: [100, 300, 900, 900, 900] };
        const world = new World([endpointConfig({ ...config, concurrency: 2 })]);
        world.random = random;
        world.latencyMs = () => 1 + Math.floor(random() * 60);
        let calm = false;
        const outcomes = [refused(500), refused(429), refused(404), UNREACHABLE, refused(410)];
        world.answer = () => {
          if (calm) return OK;
          const since = world.clock.now() - START - (outageAt ?? Number.POSITIVE_INFINITY);
          if (since >= 0 && since < 5000) return UNREACHABLE;
          if (random() >= failShare) return OK;
          return outcomes[Math.floor(random() * outcomes.length)] ?? OK;
        };
        let number = 0;
        for (const { afterMs, call, also } of steps) {
          await world.clock.pass(afterMs);
          if (also === "restart") await world.restart();
          if (also === "reload") world.dispatcher.update(world.endpoints);
          if (also === "storeFails") {
            world.outbox.broken = true;
            await world.clock.pass(300);
            world.outbox.broken = false;
          }
          number += 1;
          await world.append(call, number);
        }
        await world.clock.pass(5000);
        calm = true;
        world.dispatcher.resume("default");
        await world.clock.pass(200_000);
        const counts = await world.outbox.counts();
        expect(counts.pending).toBe(0);
        expect(counts.delivered + counts.dead).toBe(number);
        expectOneFlightPerLane(world, order);
        expectOrder(world, order, HOLD_MS);
      }),
      { numRuns: 500 },
    );
  }, 60_000);
});

/** Mulberry32: small, seeded, good enough to shake things. */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** By its first exchange, a later event of a call passes only what was done with or held long enough. */
function expectOrder(world: World, order: OrderMode, holdMs: number): void {
  if (order === "none") return;
  const firstTry = new Map<string, Exchange>();
  for (const exchange of world.exchanges) {
    if (!firstTry.has(exchange.eventId)) firstTry.set(exchange.eventId, exchange);
  }
  const dead = new Set(
    world.outbox.rows
      .filter(({ state }) => state === "dead")
      .map((row) => row.delivery.event.eventId),
  );
  for (const later of firstTry.values()) {
    for (const earlier of firstTry.values()) {
      if (earlier.call !== later.call || earlier.sequence >= later.sequence) continue;
      expect(earlier.at).toBeLessThanOrEqual(later.at);
      const done = world.exchanges.some(
        (each) =>
          each.eventId === earlier.eventId &&
          each.outcome.kind === "accepted" &&
          each.at <= later.at,
      );
      const held = order === "bounded" && later.at - earlier.at >= holdMs;
      expect(done || held || dead.has(earlier.eventId)).toBe(true);
    }
  }
}

/** Attempt numbers of one event rise by one, except over a restart, which may repeat one. */
function expectOneFlightPerLane(world: World, order: OrderMode): void {
  if (order === "none") return;
  const attempts = new Map<string, number>();
  for (const { eventId, attempt } of world.exchanges) {
    const last = attempts.get(eventId) ?? 0;
    expect(attempt === last || attempt === last + 1).toBe(true);
    attempts.set(eventId, attempt);
  }
}
