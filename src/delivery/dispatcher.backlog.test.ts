/** What the dispatcher promises of long backlogs: bounded memory, order, nobody in the way of others, no polling. */
import { describe, expect, test } from "vitest";
import { endpointConfig } from "../../test/conformance/outboxEndpoint.ts";
import { callEvent, numberOf } from "../../test/conformance/outboxEvents.ts";
import { OK, refused, START, UNREACHABLE, World } from "../../test/support/deliveryWorld.ts";
import { HELD_WHILE_CLOSED_MAX } from "./outlet.ts";
import { FRESH_MAX } from "./window.ts";

const WINDOW = 16;
const id = (call: number, number: number) => `evt_main_${call}_${number}`;

/** Events 1, 2, 3 … of each call, the calls side by side; stored, not handed over. */
async function store(world: World, calls: number, events: number, endpoints = ["default"]) {
  for (let number = 1; number <= events; number += 1) {
    for (let call = 1; call <= calls; call += 1) {
      await world.outbox.append([{ event: callEvent(call, number), endpoints }], []);
    }
  }
}

function expectInOrder(world: World, calls: number, events: number): void {
  expect(world.delivered()).toHaveLength(calls * events);
  for (let call = 1; call <= calls; call += 1) {
    const own = world.delivered().filter((each) => each.startsWith(`evt_main_${call}_`));
    expect(own).toEqual(Array.from({ length: events }, (_, index) => id(call, index + 1)));
  }
}

async function heldMost(world: World, ms: number): Promise<number> {
  let most = 0;
  for (let passed = 0; passed < ms; passed += 5) {
    await world.clock.pass(5);
    most = Math.max(most, ...world.dispatcher.status().map(({ held }) => held));
  }
  return most;
}

describe("a backlog", () => {
  test("is sent in order, a window of it in memory", async () => {
    const world = new World([endpointConfig()], WINDOW);
    await store(world, 50, 4);
    await world.restart();
    expect(world.statusOf("default")?.queued).toBe(200);
    expect(await heldMost(world, 2000)).toBeLessThanOrEqual(2 * WINDOW);
    expectInOrder(world, 50, 4);
    expect(world.statusOf("default")).toMatchObject({ queued: 0, held: 0 });
    expect(world.clock.sleeping).toBe(0);
  });

  test("of one call alone is sent in order, too", async () => {
    const world = new World([endpointConfig()], WINDOW);
    await store(world, 1, 100);
    await world.restart();
    await world.clock.pass(2000);
    expectInOrder(world, 1, 100);
  });

  test("goes before what is new in its calls; new calls go beside it", async () => {
    const world = new World([endpointConfig()], WINDOW);
    await store(world, 30, 2);
    await world.restart();
    for (let call = 1; call <= 30; call += 1) await world.append(call, 3);
    expect(world.statusOf("default")?.queued).toBe(90);
    await world.clock.pass(2000);
    expectInOrder(world, 30, 3);
  });

  test("of one endpoint delays no other", async () => {
    const endpoints = [endpointConfig({ name: "busy", concurrency: 1 }), endpointConfig()];
    const world = new World(endpoints, WINDOW);
    await store(world, 300, 1, ["busy"]);
    await world.outbox.append([{ event: callEvent(999, 1), endpoints: ["default"] }], []);
    await world.restart();
    await world.append(1000, 1, ["default"]);
    await world.clock.pass(10);
    const first = world.exchanges.find(({ endpoint }) => endpoint === "default");
    expect(first && first.at - START).toBe(0);
    await world.clock.pass(10_000);
    expect(world.delivered("busy")).toHaveLength(300);
    expect(world.delivered()).toContain(id(1000, 1));
  });

  test("while an endpoint is down or paused stays in the store but for a few", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [100] })]);
    world.answer = () => UNREACHABLE;
    await store(world, 20, 1);
    await world.restart();
    await world.clock.pass(30_000);
    for (let call = 100; call < 700; call += 1) await world.append(call, 1);
    await world.clock.pass(1000);
    const status = world.statusOf("default");
    expect(status?.queued).toBe(620);
    expect(status?.held).toBeLessThanOrEqual(HELD_WHILE_CLOSED_MAX + FRESH_MAX);
    world.answer = () => OK;
    await world.clock.pass(60_000);
    expect(world.delivered()).toHaveLength(620);
  });
});

describe("a replay", () => {
  test("goes before later events of its call that are still owed, whatever else waits", async () => {
    const world = new World([endpointConfig({ concurrency: 1 })], WINDOW);
    await world.append(1, 1);
    await world.clock.pass(100);
    await store(world, 60, 3);
    await world.restart();
    await world.clock.pass(0);
    world.dispatcher.enqueue(await world.outbox.replay([{ deliveryId: 1, dueAt: 0 }]));
    await world.clock.pass(5000);
    const own = world.delivered().filter((each) => each.startsWith("evt_main_1_"));
    expect(own).toEqual([id(1, 1), id(1, 1), id(1, 2), id(1, 3)]);
    expect(world.exchanges.filter(({ eventId }) => eventId === id(1, 1))).toMatchObject([
      { sequence: 1, attempt: 1 },
      { sequence: 1, attempt: 2 },
    ]);
    expect(world.delivered()).toHaveLength(181);
  });
});

test.each([WINDOW, 1000])(
  "replays keep their pace when an outage ends, or an operator resumes: %i in memory",
  async (heldMax) => {
    const world = new World([endpointConfig()], heldMax);
    await store(world, 100, 1);
    await world.restart();
    await world.clock.pass(60_000);
    const from = world.clock.now();
    const rows = world.outbox.rows.flatMap((row) => (row ? [row.delivery.deliveryId] : []));
    const replays = rows.map((deliveryId, index) => ({ deliveryId, dueAt: from + index * 1000 }));
    world.dispatcher.enqueue(await world.outbox.replay(replays));
    world.answer = () => UNREACHABLE;
    await world.clock.pass(20_000);
    expect(world.statusOf("default")?.condition).toMatchObject({ state: "failing", part: "all" });
    world.answer = () => OK;
    await world.clock.pass(15_000);
    world.dispatcher.resume("default");
    await world.clock.pass(5000);
    const again = () => world.delivered().length - 100;
    expect(again()).toBeGreaterThan(30);
    expect(again()).toBeLessThan(60);
    await world.clock.pass(80_000);
    expect(again()).toBe(100);
  },
);

describe("sleepers", () => {
  test("make room: others go though more lanes sleep than fit", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [600_000, 600_000] })], WINDOW);
    world.answer = (_endpoint, { event }, attempt) =>
      numberOf(event) <= 100 && event.eventId.endsWith("_1") && attempt === 1 ? refused(404) : OK;
    await store(world, 100, 2);
    await world.restart();
    await world.clock.pass(2000);
    expect(world.delivered()).toEqual([]);
    await world.append(500, 1);
    await world.append(501, 1);
    await world.append(501, 2);
    await world.clock.pass(1000);
    expect(world.delivered()).toEqual([id(500, 1), id(501, 1), id(501, 2)]);
    // The hold is over before the retries are due: the second events pass, in the store or not.
    await world.clock.pass(130_000);
    expect(world.delivered()).toHaveLength(103);
    await world.clock.pass(600_000);
    expect(world.delivered()).toHaveLength(203);
    expect(world.statusOf("default")).toMatchObject({ queued: 0, held: 0 });
  });

  test("that were put back wake when they are due, not later, and nothing polls meanwhile", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [3_600_000] })], WINDOW);
    world.answer = (_endpoint, _delivery, attempt) => (attempt === 1 ? refused(404) : OK);
    await store(world, 60, 1);
    await world.restart();
    await world.clock.pass(10_000);
    const rung = world.clock.rung;
    await world.clock.pass(3_000_000);
    // The holds of those in memory end meanwhile; nothing else rings.
    expect(world.clock.rung - rung).toBeLessThanOrEqual(WINDOW);
    expect(world.delivered()).toEqual([]);
    await world.clock.pass(700_000);
    expect(world.delivered()).toHaveLength(60);
    const firsts = new Map(
      world.exchanges.map(({ eventId, at }) => [eventId, at]).reverse() as [string, number][],
    );
    for (const { eventId, attempt, at } of world.exchanges) {
      if (attempt === 1) continue;
      expect(at - (firsts.get(eventId) ?? 0)).toBeGreaterThanOrEqual(3_600_000);
      expect(at - (firsts.get(eventId) ?? 0)).toBeLessThan(3_600_300);
    }
  });

  test("wait for nothing once an outage is over, in the store or not", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [1000, 86_400_000] })], WINDOW);
    await store(world, 100, 1);
    const late = world.outbox.rows.map((row) => ({
      deliveryId: row?.delivery.deliveryId ?? 0,
      attempt: {
        number: 1,
        startedAt: START,
        durationMs: 1,
        status: 500,
        outcome: "",
        responseHead: "",
      },
      fate: { state: "pending" as const, spent: 2, dueAt: START + 80_000_000 },
    }));
    await world.outbox.settle(late);
    world.answer = () => UNREACHABLE;
    await world.restart();
    for (let call = 200; call < 210; call += 1) await world.append(call, 1);
    await world.clock.pass(60_000);
    expect(world.delivered()).toEqual([]);
    world.answer = () => OK;
    await world.clock.pass(60_000);
    expect(world.delivered()).toHaveLength(110);
  });
});

describe("idle", () => {
  test("nothing rings while nothing is due", async () => {
    const world = new World([endpointConfig(), endpointConfig({ name: "other", ratePerS: 1 })]);
    await world.append(1, 1);
    await world.clock.pass(10_000);
    const { rung } = world.clock;
    await world.clock.pass(86_400_000);
    expect(world.clock.rung).toBe(rung);
    expect(world.clock.sleeping).toBe(0);
  });

  test("one timer waits for the one thing that is due", async () => {
    const world = new World([endpointConfig({ retryScheduleMs: [3_600_000] })]);
    world.answer = (_endpoint, _delivery, attempt) => (attempt === 1 ? refused(404) : OK);
    await world.append(1, 1);
    await world.clock.pass(200_000);
    const { rung } = world.clock;
    expect(world.clock.sleeping).toBe(1);
    await world.clock.pass(3_300_000);
    expect(world.clock.rung - rung).toBe(0);
    await world.clock.pass(200_000);
    expect(world.delivered()).toEqual([id(1, 1)]);
  });
});

describe("a store that fails", () => {
  test("to give a page is asked again, and nothing is lost", async () => {
    const world = new World([endpointConfig()], WINDOW);
    await store(world, 50, 2);
    world.outbox.broken = true;
    await world.restart();
    await world.clock.pass(5000);
    expect(world.exchanges).toEqual([]);
    expect(world.lines.some((line) => line.startsWith("delivery.backlog"))).toBe(true);
    world.outbox.broken = false;
    await world.clock.pass(20_000);
    expectInOrder(world, 50, 2);
  });
});
