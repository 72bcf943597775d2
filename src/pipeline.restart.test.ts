/** What a pipeline knows of the run before it, and keeps for the next. */
import { describe, expect, it } from "vitest";
import { START } from "../test/support/deliveryWorld.ts";
import { leg } from "../test/support/phone.ts";
import { gone, isOver, rings, world } from "../test/support/pipelineWorld.ts";
import type { TimeBase } from "./util/clock.ts";

describe("a pipeline that starts anew", () => {
  it("takes up its calls after a restart: nothing is told twice, the end is not missed", async () => {
    const { store, clock, take, owed } = await world();
    take(rings());
    await clock.pass(0);
    const again = await world({ store, clock });
    expect(again.pipeline.calls()).toBe(1);
    again.take({ kind: "snapshot", legs: [leg("101", 7, "ringing")] });
    await clock.pass(0);
    expect(again.owed).toEqual([]);
    again.take({ kind: "snapshot", legs: [] }, { ...isOver, askedAt: clock.now() });
    await clock.pass(60_000);
    expect([...owed, ...again.owed]).toEqual(["ringing 101 of 7", "ended 101 of 7"]);
  });

  it("says, once, that the end of what went while it was down waits for the call log", async () => {
    const { store, clock, take } = await world();
    take(rings());
    await clock.pass(600_000);
    const { infos, owed, ...again } = await world({ store, clock });
    again.take({ kind: "snapshot", legs: [] }, { ...isOver, askedAt: clock.now() });
    await clock.pass(500);
    expect(infos).toEqual([
      [{ pbx: "main", calls: 1, callNumbers: [7] }, expect.stringContaining("wait for the")],
    ]);
    await clock.pass(60_000);
    expect(owed).toEqual(["ended 101 of 7"]);
    expect(infos.map(([, line]) => line).slice(1)).toEqual(["event.stored"]);
  });

  it("knows after a restart since when it was blind, and asks the call log of that stretch", async () => {
    const { store, clock, take, inquiries } = await world();
    take({ kind: "snapshot", legs: [] });
    const seenAt = clock.now();
    await clock.pass(10_000);
    take({ kind: "snapshot", legs: [] });
    await clock.pass(600_000);
    expect(inquiries).toEqual([]);
    const again = await world({ store, clock });
    again.take({ kind: "snapshot", legs: [] });
    await clock.pass(60_000);
    const [fromAt, toAt] = again.inquiries[0] ?? [0, 0];
    expect(fromAt).toBeLessThanOrEqual(seenAt);
    expect(fromAt).toBeGreaterThanOrEqual(seenAt - 120_000);
    expect(toAt).toBeGreaterThanOrEqual(seenAt + 610_000);
  });

  describe("started anew by a wall clock that has jumped", () => {
    const hourMs = 3_600_000;
    const bootId = "a-boot";

    async function over(aheadMs: number, timeBase: TimeBase | null) {
      const { clock, store, take } = await world({ timeBase: { bootId, zeroAt: 1_000 } });
      take({ kind: "snapshot", legs: [leg("101", 7, "connected")] });
      await clock.pass(20_000);
      const again = await world({ store, clock, aheadMs, timeBase });
      // The last but what the pipeline works in first: that it was blind.
      const stored = store.asked.at(-2);
      again.take({ kind: "snapshot", legs: [leg("101", 7, "connected")] });
      await clock.pass(10_000);
      again.take(gone("101/7"));
      again.take({ ...isOver, askedAt: clock.now() + aheadMs });
      await clock.pass(0);
      const events = store.asked.flatMap(({ entries }) => entries.map(({ event }) => event));
      const ended = events.find((event) => event.kind === "ended");
      const sinceMs = clock.now() + aheadMs - (again.inquiries[0]?.[0] ?? 0);
      return { talkMs: ended?.talkMs, stored, sinceMs };
    }

    it.each([hourMs, -hourMs])("by %s ms: the call lasts as long as it lasted", async (jumpMs) => {
      const { talkMs, stored, sinceMs } = await over(jumpMs, { bootId, zeroAt: 1_000 + jumpMs });
      expect(talkMs).toBe(30_000);
      expect(stored?.entries).toEqual([]);
      expect(stored?.checkpoints.map(({ key }) => key)).toEqual(["7", "timeBase", "seen"]);
      expect(sinceMs).toBeLessThan(200_000);
    });

    it("after a boot of the machine, or where it does not tell, the wall clock is believed", async () => {
      const anew = await over(hourMs, { bootId: "another", zeroAt: 5 });
      expect(anew.talkMs).toBe(30_000 + hourMs);
      expect((await over(hourMs, null)).talkMs).toBe(30_000 + hourMs);
    });

    it("nothing is stored anew where it has not", async () => {
      const timeBase = { bootId, zeroAt: 1_000 };
      const { clock, store } = await world({ timeBase });
      expect(store.asked.map(({ checkpoints }) => checkpoints.map(({ key }) => key))).toEqual([
        ["timeBase"],
      ]);
      await world({ store, clock, timeBase });
      expect(store.asked).toHaveLength(1);
    });
  });

  it("stores the gap that our own restart leaves where the call log cannot be had, for who wants it", async () => {
    const { clock, store, take } = await world();
    take({ kind: "snapshot", legs: [] });
    const seenAt = clock.now();
    await clock.pass(600_000);
    const again = await world({ store, clock, settings: { extras: true } });
    again.take({ kind: "snapshot", legs: [] }, { kind: "callLogUnavailable" });
    await clock.pass(0);
    const [gap] = store.asked.flatMap(({ entries }) => entries);
    const told = { kind: "gap", fromAt: seenAt, toAt: clock.now(), reason: "restart" };
    expect(gap).toMatchObject({ event: told, endpoints: ["default"] });
    expect(again.owed).toEqual(["gap"]);
  });

  it("begins with a blind stretch that was not looked up to its end before it went down again", async () => {
    const { store, clock, take } = await world();
    take({ kind: "snapshot", legs: [] });
    await clock.pass(600_000);
    const log = { kind: "callLog", fromAt: 0, toAt: START * 2, calls: [], isCut: false } as const;
    const second = await world({ store, clock });
    second.take({ kind: "snapshot", legs: [] }, log);
    await clock.pass(1_000);
    const third = await world({ store, clock });
    third.take({ kind: "snapshot", legs: [] });
    await clock.pass(0);
    expect(third.inquiries[0]?.[0]).toBe(second.inquiries[0]?.[0]);
    for (let looks = 0; looks < 3; looks++) {
      third.take(log);
      await clock.pass(15_000);
    }
    third.take({ kind: "snapshot", legs: [] });
    await clock.pass(0);
    const fourth = await world({ store, clock });
    fourth.take({ kind: "snapshot", legs: [] });
    await clock.pass(0);
    expect(fourth.inquiries[0]?.[0]).toBeGreaterThan(START + 500_000);
  });

  it("keeps until when it saw, every 15 s at most, and never by its own ticks", async () => {
    const { store, clock, take } = await world();
    for (let second = 0; second < 60; second += 1) {
      take({ kind: "snapshot", legs: [] }, { kind: "tick" });
      await clock.pass(1_000);
    }
    expect(store.asked).toHaveLength(4);
    take({ kind: "tick" });
    await clock.pass(60_000);
    take({ kind: "tick" });
    await clock.pass(0);
    expect(store.asked).toHaveLength(4);
  });
});
