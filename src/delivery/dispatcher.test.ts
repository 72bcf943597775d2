/** What the dispatcher promises of order, retries, outages and the store, case by case. */
import { describe, expect, test } from "vitest";
import { endpointConfig } from "../../test/conformance/outboxEndpoint.ts";
import { callEvent, numberOf } from "../../test/conformance/outboxEvents.ts";
import {
  type Answer,
  OK,
  refused,
  START,
  UNREACHABLE,
  World,
} from "../../test/support/deliveryWorld.ts";
import type { OrderMode } from "../config/config.ts";
import { PROBE_INTERVAL_MS_MAX } from "./breaker.ts";
import { UNSETTLED_MAX } from "./dispatcher.ts";
import { FREE_RETRY_MS_MAX } from "./policy.ts";

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
    expect(world.lines).toContain("delivery.dead: kept, but not retried; it can be replayed");
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
    // Longer than the outage: after its hold, a later one of a call may be the probe that is taken.
    const orderHoldMs = 7_200_000;
    const world = new World([endpointConfig({ retryScheduleMs: [200, 400], orderHoldMs })]);
    world.answer = () => UNREACHABLE;
    for (let call = 1; call <= 10; call += 1) {
      for (const number of [1, 2, 3]) await world.append(call, number);
    }
    await world.clock.pass(30_000);
    const before = world.exchanges.length;
    await world.clock.pass(3_600_000);
    const probes = world.exchanges.length - before;
    expect(probes).toBeGreaterThan(300);
    expect(probes).toBeLessThan(400);
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
    await world.clock.pass(FREE_RETRY_MS_MAX * 1.2);
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
    world.answer = (_endpoint, { event }) => (numberOf(event) <= 8 ? refused(500) : OK);
    for (let call = 1; call <= 8; call += 1) await world.append(call, 1);
    await world.clock.pass(60_000);
    await world.append(9, 1);
    await world.clock.pass(40_000);
    expect(world.delivered()).toEqual([id(9, 1)]);
  });

  test.each([20, 500])(
    "the next healthy call shows it up, though %i poisoned ones wait",
    async (poisoned) => {
      const world = new World([endpointConfig()]);
      world.answer = (_endpoint, { event }) => (numberOf(event) <= poisoned ? refused(500) : OK);
      for (let call = 1; call <= poisoned; call += 1) {
        await world.append(call, 1);
        await world.clock.pass(300);
      }
      expect(world.lines).toContain("endpoint.down: only probes are sent, no attempts used up");
      const healthy = Array.from({ length: 20 }, (_, index) => poisoned + 1 + index);
      for (const call of healthy) {
        for (const number of [1, 2]) await world.append(call, number);
        await world.clock.pass(PROBE_INTERVAL_MS_MAX * 1.2);
        expect(world.delivered()).toContain(id(call, 2));
      }
    },
  );
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
    expect(world.lines.filter((line) => line.startsWith("endpoint.resumed"))).toHaveLength(1);
    await world.clock.pass(1000);
    expect(world.delivered()).toEqual([id(1, 1), id(2, 1), id(1, 2)]);
    expect(world.exchanges.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 1]);
  });

  test("resumed, nothing waits for its schedule, not even what was refused before", async () => {
    const world = new World([endpointConfig({ order: "strict", retryScheduleMs: [600_000] })]);
    world.answer = failFirst(id(1, 1));
    await world.append(1, 1);
    await world.append(1, 2);
    await world.clock.pass(100);
    world.answer = () => refused(410);
    await world.append(2, 1);
    await world.clock.pass(100);
    expect(world.delivered()).toEqual([]);
    world.answer = () => OK;
    world.dispatcher.resume("default");
    await world.clock.pass(1000);
    expect(world.delivered().toSorted()).toEqual([id(1, 1), id(1, 2), id(2, 1)]);
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

  test("that is slow slows the sending, so that little can come twice, and then goes on", async () => {
    const world = new World([endpointConfig({ concurrency: 8 })]);
    const stored = Promise.withResolvers<void>();
    const { settle } = world.outbox;
    world.outbox.settle = async (settlements) => {
      await stored.promise;
      await settle.call(world.outbox, settlements);
    };
    const calls = 2 * UNSETTLED_MAX;
    for (let call = 1; call <= calls; call += 1) await world.append(call, 1);
    await world.clock.pass(60_000);
    expect(world.exchanges.length).toBeGreaterThanOrEqual(UNSETTLED_MAX);
    expect(world.exchanges.length).toBeLessThanOrEqual(UNSETTLED_MAX + 8);
    stored.resolve();
    await world.clock.pass(60_000);
    expect(world.delivered()).toHaveLength(calls);
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
    expect(world.dispatcher.resume("gone")).toBe(false);
    expect(world.lines.some((line) => line.startsWith("endpoint.resumed"))).toBe(false);
    world.dispatcher.update([...world.endpoints, endpointConfig({ name: "gone" })]);
    await world.clock.pass(1000);
    expect(world.delivered("gone")).toEqual([id(1, 1)]);
  });

  test("stop finishes what is in flight and begins nothing", async () => {
    const world = new World([endpointConfig()]);
    await world.append(1, 1);
    await world.append(1, 2);
    await world.clock.pass(0);
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
    await world.clock.pass(0);
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
