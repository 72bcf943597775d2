/** What the dispatcher promises of a receiver's patience: rate, rest, ramp, faults of ours, expiry, restarts. */
import { describe, expect, test } from "vitest";
import { endpointConfig } from "../../test/conformance/outboxEndpoint.ts";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import {
  LOCAL_FAULT,
  OK,
  refused,
  START,
  UNREACHABLE,
  World,
} from "../../test/support/deliveryWorld.ts";
import { RETRY_AFTER_MS_MAX } from "./policy.ts";

const id = (call: number, number: number) => `evt_main_${call}_${number}`;

async function appendCalls(world: World, from: number, to: number): Promise<void> {
  for (let call = from; call <= to; call += 1) await world.append(call, 1);
}

const since = (world: World) => world.exchanges.map(({ at }) => at - START);

describe("a rate", () => {
  test("lets a burst go, then one after another, whatever the concurrency", async () => {
    const world = new World([endpointConfig({ ratePerS: 2, rateBurst: 3, concurrency: 8 })]);
    await appendCalls(world, 1, 6);
    await world.clock.pass(10_000);
    expect(since(world)).toEqual([0, 0, 0, 500, 1000, 1500]);
    expect(world.clock.sleeping).toBe(0);
    await appendCalls(world, 7, 10);
    await world.clock.pass(10_000);
    expect(since(world).slice(6)).toEqual([10_000, 10_000, 10_000, 10_500]);
  });

  test("below one a second waits as long as it takes", async () => {
    const world = new World([endpointConfig({ ratePerS: 0.1, rateBurst: 1 })]);
    await appendCalls(world, 1, 3);
    await world.clock.pass(60_000);
    expect(since(world)).toEqual([0, 10_000, 20_000]);
  });
});

describe("Retry-After", () => {
  test.each([429, 503])(
    "with %i rests the whole endpoint and costs the others no attempt",
    async (status) => {
      const world = new World([endpointConfig(), endpointConfig({ name: "other" })]);
      world.answer = (endpoint, { event }, attempt) =>
        endpoint === "default" && event.eventId === id(1, 1) && attempt === 1
          ? refused(status, world.clock.now() + 60_000)
          : OK;
      await world.append(1, 1);
      await world.clock.pass(10);
      await appendCalls(world, 2, 4);
      await world.clock.pass(50_000);
      expect(world.delivered()).toEqual([]);
      expect(world.delivered("other")).toHaveLength(4);
      expect(world.statusOf("default")?.condition).toMatchObject({
        state: "resting",
        until: START + 60_000,
      });
      expect(world.lines.some((line) => line.startsWith("endpoint.resting"))).toBe(true);
      await world.clock.pass(20_000);
      expect(world.delivered()).toHaveLength(4);
      expect(world.outbox.rows.map((row) => row?.delivery.attempts)).toContain(2);
      const others = world.exchanges.filter(
        ({ endpoint, call }) => endpoint === "default" && call > 1,
      );
      expect(others.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    },
  );

  test("with another status is the delivery's own matter", async () => {
    const world = new World([endpointConfig()]);
    world.answer = (_endpoint, { event }, attempt) =>
      event.eventId === id(1, 1) && attempt === 1 ? refused(404, START + 60_000) : OK;
    await appendCalls(world, 1, 2);
    await world.clock.pass(50_000);
    expect(world.delivered()).toEqual([id(2, 1)]);
    await world.clock.pass(11_000);
    expect(world.delivered()).toEqual([id(2, 1), id(1, 1)]);
  });

  test("is heeded up to its limit, and over a restart", async () => {
    const world = new World([endpointConfig()]);
    world.answer = () => refused(503, START * 2);
    await world.append(1, 1);
    await world.clock.pass(1000);
    await world.restart();
    world.answer = () => OK;
    await world.append(2, 1);
    await world.clock.pass(RETRY_AFTER_MS_MAX - 2000);
    expect(world.delivered()).toEqual([]);
    await world.clock.pass(5000);
    expect(world.delivered()).toHaveLength(2);
  });
});

describe("after an outage", () => {
  test("requests in flight grow from one", async () => {
    const world = new World([endpointConfig({ concurrency: 16, retryScheduleMs: [200, 400] })]);
    world.answer = () => UNREACHABLE;
    await appendCalls(world, 1, 200);
    await world.clock.pass(60_000);
    world.answer = () => OK;
    world.inFlightMost = 0;
    const most: number[] = [];
    while (world.delivered().length < 100) {
      await world.clock.pass(5);
      most.push(world.inFlight);
    }
    const growing = most.filter((count) => count > 0).slice(0, 7);
    expect(growing).toEqual([1, 1, 2, 4, 8, 16, 16]);
  });

  test("a lone event's trouble for over a minute was one: nothing waits once it is over", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [1000, 90_000, 86_400_000] })]);
    world.answer = () => UNREACHABLE;
    await world.append(1, 1);
    await world.clock.pass(120_000);
    world.answer = () => OK;
    await world.append(2, 1);
    await world.clock.pass(1000);
    expect(world.delivered()).toEqual([id(2, 1), id(1, 1)]);
  });
});

describe("a fault of ours", () => {
  test("is charged to nobody, named as ours, and not repeated for each delivery", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [100, 100] })]);
    world.answer = () => LOCAL_FAULT;
    await appendCalls(world, 1, 50);
    await world.clock.pass(10_000);
    const before = world.exchanges.length;
    await world.clock.pass(3_600_000);
    expect(world.exchanges.length - before).toBeLessThan(400);
    expect(world.statusOf("default")?.condition).toMatchObject({
      state: "failing",
      cause: "local",
    });
    expect(world.lines.some((line) => line.startsWith("endpoint.unreachable"))).toBe(true);
    expect(world.outbox.rows.every((row) => row?.delivery.spent === 0)).toBe(true);
    world.answer = () => OK;
    await world.clock.pass(40_000);
    expect(world.delivered()).toHaveLength(50);
  });
});

describe("permanent refusals", () => {
  test("are retried by the schedule, but shown as such", async () => {
    const world = new World([endpointConfig()]);
    world.answer = () => refused(422);
    await world.append(1, 1);
    await world.clock.pass(100);
    expect(world.statusOf("default")?.lastFailure).toEqual({
      at: START + 5,
      outcome: "refused with 422 (permanent)",
      permanent: true,
    });
    world.answer = () => OK;
    await world.clock.pass(2000);
    expect(world.delivered()).toEqual([id(1, 1)]);
    world.answer = () => refused(500);
    await world.append(2, 1);
    await world.clock.pass(100);
    expect(world.statusOf("default")?.lastFailure).toMatchObject({ permanent: false });
  });
});

describe("expiry", () => {
  const fleeting = endpointConfig({ expireRingingMs: 60_000, retryScheduleMs: [50_000, 600_000] });

  test("settles what is too old when its turn comes, without an attempt, and the call goes on", async () => {
    const world = new World([fleeting]);
    const ringing = { ...callEvent(1, 1), at: START - 60_001 };
    const answered = { ...callEvent(1, 2), kind: "answered" as const, transfer: "none" as const };
    const entries = [ringing, answered as unknown as typeof ringing].map((event) => ({
      event: { ...event, at: START - 60_001 },
      endpoints: ["default"],
    }));
    world.dispatcher.enqueue(await world.outbox.append(entries, []));
    await world.clock.pass(100);
    expect(world.exchanges.map(({ eventId }) => eventId)).toEqual([id(1, 2)]);
    expect(await world.outbox.counts()).toMatchObject({ expired: 1, delivered: 1, pending: 0 });
    expect(world.outbox.rows[0]?.attempts).toEqual([]);
    expect(world.lines.some((line) => line.startsWith("delivery.expired"))).toBe(true);
  });

  test("comes in its time to one that is being retried, and frees the call", async () => {
    const world = new World([{ ...fleeting, order: "strict" }]);
    world.answer = (_endpoint, { event }) => (event.eventId === id(1, 1) ? refused(404) : OK);
    await world.append(1, 1, ["default"], START);
    await world.append(1, 2, ["default"], START + 100_000);
    await world.clock.pass(59_000);
    expect(world.delivered()).toEqual([]);
    await world.clock.pass(1100);
    expect(world.delivered()).toEqual([id(1, 2)]);
    expect(await world.outbox.counts()).toMatchObject({ expired: 1, pending: 0 });
  });

  test("is off unless it is asked for, and never meets a replay", async () => {
    const world = new World([endpointConfig(), { ...fleeting, name: "fleeting" }]);
    await world.append(1, 1, ["default", "fleeting"], START - 1e9);
    await world.clock.pass(1000);
    expect(world.delivered("default")).toEqual([id(1, 1)]);
    expect(world.delivered("fleeting")).toEqual([]);
    world.dispatcher.enqueue(await world.outbox.replay([{ deliveryId: 2, dueAt: 0 }]));
    await world.clock.pass(1000);
    expect(world.delivered("fleeting")).toEqual([id(1, 1)]);
  });
});

describe("a restart", () => {
  const gone = endpointConfig({ retryScheduleMs: [100] });

  test("leaves a paused endpoint paused until it is resumed or its URL changes", async () => {
    const world = new World([gone]);
    world.answer = () => refused(410);
    await world.append(1, 1);
    await world.clock.pass(100);
    world.answer = () => OK;
    await world.restart();
    await world.clock.pass(60_000);
    expect(world.statusOf("default")?.condition).toMatchObject({ state: "paused" });
    expect(world.exchanges).toHaveLength(1);
    world.dispatcher.resume("default");
    await world.clock.pass(100);
    await world.restart();
    await world.clock.pass(100);
    expect(world.statusOf("default")?.condition).toEqual({ state: "healthy" });
    expect(world.delivered()).toEqual([id(1, 1)]);
  });

  test("with another URL knows nothing against it", async () => {
    const world = new World([gone]);
    world.answer = () => refused(410);
    await world.append(1, 1);
    await world.clock.pass(100);
    world.answer = () => OK;
    world.endpoints = [{ ...gone, url: "http://127.0.0.1:9/new" }];
    await world.restart();
    await world.clock.pass(100);
    expect(world.delivered()).toEqual([id(1, 1)]);
  });

  test("knows that an endpoint was down, and probes it at once", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [100] })]);
    world.answer = () => UNREACHABLE;
    await appendCalls(world, 1, 20);
    await world.clock.pass(60_000);
    const before = world.exchanges.length;
    await world.restart();
    await world.clock.pass(10);
    expect(world.exchanges.length - before).toBe(1);
    expect(world.statusOf("default")?.condition).toMatchObject({ state: "failing" });
  });

  test("survives a standing that cannot be read", async () => {
    const world = new World([gone]);
    for (const standing of ["no JSON", "7", "{}", '{"of":1,"paused":true}']) {
      await world.outbox.saveStanding("default", standing);
      await world.restart();
      expect(world.statusOf("default")?.condition).toEqual({ state: "healthy" });
    }
  });
});

describe("a reload", () => {
  test("that changes nothing of an endpoint hurries nothing; one that does, does", async () => {
    const config = endpointConfig({ retryScheduleMs: [600_000] });
    const world = new World([config]);
    world.answer = () => refused(404);
    await world.append(1, 1);
    await world.clock.pass(1000);
    world.dispatcher.update([{ ...config }]);
    await world.clock.pass(1000);
    expect(world.exchanges).toHaveLength(1);
    world.dispatcher.update([{ ...config, timeoutMs: 1234 }]);
    await world.clock.pass(1000);
    expect(world.exchanges).toHaveLength(2);
  });
});
