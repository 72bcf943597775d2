/** The dispatcher under random failures, restarts and reloads. A failing run prints its seed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endpointConfig } from "../../test/conformance/outboxEndpoint.ts";
import {
  type Exchange,
  OK,
  refused,
  START,
  UNREACHABLE,
  World,
} from "../../test/support/deliveryWorld.ts";
import type { OrderMode } from "../config/config.ts";

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
        // A 410 that was under way pauses the endpoint once more; only then is it resumed for good.
        await world.clock.pass(100);
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
      .filter((row) => row?.state === "dead")
      .map((row) => row?.delivery.event.eventId),
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
