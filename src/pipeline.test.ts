/** From activities to what is stored and owed, while it runs. */
import { describe, expect, it } from "vitest";
import { START } from "../test/support/deliveryWorld.ts";
import { leg, logged, outside, row } from "../test/support/phone.ts";
import { changed, gone, isOver, rings, stored, world } from "../test/support/pipelineWorld.ts";
import { defaultSettings } from "./tracker/settings.ts";

describe("pipeline", () => {
  it("owes nothing before its transaction is durable, and then stores what came meanwhile at once", async () => {
    const { store, clock, take, owed } = await world();
    store.hold();
    take(rings(1), rings(2), rings(3));
    await clock.pass(0);
    expect(stored(store)).toEqual([["ringing 101 of 1"]]);
    expect(owed).toEqual([]);
    store.release();
    await clock.pass(0);
    expect(stored(store)).toEqual([["ringing 101 of 1"], ["ringing 101 of 2", "ringing 101 of 3"]]);
    expect(owed).toEqual(["ringing 101 of 1", "ringing 101 of 2", "ringing 101 of 3"]);
  });

  it("stores each call's checkpoint in the transaction of its events, and drops it at the end", async () => {
    const { store, clock, take } = await world();
    take(rings());
    await clock.pass(0);
    const [first] = store.asked;
    expect(first?.entries).toHaveLength(1);
    expect(first?.checkpoints).toContainEqual(
      expect.objectContaining({ pbx: "main", key: "7", state: expect.any(String) }),
    );
    take(gone("101/7"), isOver);
    await clock.pass(defaultSettings.overKeptMs + 1_000);
    expect(stored(store).flat()).toEqual(["ringing 101 of 7", "ended 101 of 7"]);
    expect(await store.loadCheckpoints("main")).toEqual([expect.objectContaining({ key: "seen" })]);
  });

  it("notes in an end event's transaction that its recording is sought, and tells it then", async () => {
    const { store, clock, take, sought } = await world();
    take(rings());
    await clock.pass(0);
    store.broken = true;
    take(gone("101/7"), isOver);
    await clock.pass(defaultSettings.overKeptMs + 1_000);
    expect(sought).toEqual([]);
    store.broken = false;
    await clock.pass(2_000);
    const entries = store.asked.flatMap((asked) => asked.entries);
    const end = entries.find(({ event }) => event.kind === "ended");
    expect(end?.seekAt).toBe((end?.event.at ?? 0) + 1000);
    const wanted = entries.filter(({ seekAt }) => seekAt !== undefined);
    expect(new Set(wanted.map(({ event }) => event.eventId))).toEqual(
      new Set([end?.event.eventId]),
    );
    expect(sought).toEqual([end?.seekAt]);
  });

  it("works in at once what comes right after something that changed nothing", async () => {
    const { store, clock, take, owed } = await world();
    take({ kind: "tick" }, rings());
    await clock.pass(0);
    expect(owed).toEqual(["ringing 101 of 7"]);
    expect(store.asked).toHaveLength(1);
  });

  it("tries a failed transaction again as it was, sends nothing meanwhile, and tells of it", async () => {
    const { store, clock, pipeline, take, owed } = await world();
    store.broken = true;
    take(rings(1));
    take(rings(2));
    await clock.pass(3_500);
    expect(pipeline.trouble()).toMatch(/\S/);
    expect(store.asked.length).toBeGreaterThanOrEqual(3);
    expect(new Set(store.asked.map(({ entries }) => entries)).size).toBe(1);
    expect(owed).toEqual([]);
    store.broken = false;
    await clock.pass(1_000);
    expect(pipeline.trouble()).toBeNull();
    expect(owed).toEqual(["ringing 101 of 1", "ringing 101 of 2"]);
  });

  it("stopped while the store fails, stores nothing that builds on what could not be stored", async () => {
    const { store, clock, pipeline, take, owed } = await world();
    store.broken = true;
    take(rings(1));
    take(gone("101/1"), isOver, rings(2));
    await clock.pass(10);
    const ended = pipeline.stop();
    take(rings(3));
    await clock.pass(2_000);
    await ended;
    store.broken = false;
    await clock.pass(60_000);
    expect(owed).toEqual([]);
    expect(new Set(stored(store).flat())).toEqual(new Set(["ringing 101 of 1"]));
  });

  it("stores all that was taken before it stops", async () => {
    const { store, clock, pipeline, take, owed } = await world();
    store.hold();
    take(rings(1), rings(2));
    const ended = pipeline.stop();
    store.release();
    await clock.pass(0);
    await ended;
    expect(owed).toEqual(["ringing 101 of 1", "ringing 101 of 2"]);
    expect(clock.sleeping).toBe(0);
  });

  describe("whose store stands still", () => {
    /** One waits for the store, as many as may behind it. */
    async function full() {
      const made = await world();
      made.store.hold();
      made.take(rings());
      for (let count = 0; count < 100_000; count += 1) made.take({ kind: "tick" });
      return made;
    }

    it("takes no more than its limit, and says so", async () => {
      const { store, clock, pipeline, take, readAgains } = await full();
      expect(pipeline.trouble()).toBeNull();
      take({ kind: "tick" });
      expect(pipeline.trouble()).toBe("more than 100000 activities wait for the store");
      store.release();
      await clock.pass(0);
      // The time is not the PBX's word.
      expect(readAgains).toEqual([]);
    });

    it("wants all read again once there is room, without another word of the PBX", async () => {
      const { store, clock, pipeline, take, readAgains, inquiries } = await full();
      take(rings(8));
      await clock.pass(5_000);
      expect(readAgains).toEqual([]);
      store.release();
      await clock.pass(0);
      expect(readAgains).toEqual([START + 5_000]);
      expect(pipeline.trouble()).toBeNull();
      take({ kind: "snapshot", legs: [rings(7).leg, rings(8).leg] });
      await clock.pass(2_000);
      expect(stored(store).flat()).toEqual(["ringing 101 of 7", "ringing 101 of 8"]);
      expect(readAgains).toHaveLength(1);
      // Of what was left out the call log is asked, once all legs have been read.
      expect(inquiries).toHaveLength(1);
      expect(inquiries[0]?.[0]).toBeLessThanOrEqual(START);
    });

    it("is blind from when the connection had been lost, if that is what is left out", async () => {
      const { store, clock, take, inquiries } = await full();
      const sinceAt = START - 200_000;
      take({ kind: "sightLost", sinceAt, cause: "connection" });
      store.release();
      await clock.pass(0);
      take({ kind: "snapshot", legs: [] });
      await clock.pass(2_000);
      expect(inquiries[0]?.[0]).toBeLessThanOrEqual(sinceAt);
    });
  });

  it("keeps that the call log has the PBX's numbers, as it shows by the call whose order it was asked of", async () => {
    const { store, clock, take } = await world();
    take({ kind: "callbackQueues", queues: ["800"] }, changed(leg("800", 7, "connected")));
    take(gone("800/7"), isOver);
    await clock.pass(100);
    take({
      kind: "callLog",
      fromAt: 0,
      toAt: START * 2,
      calls: [logged({ startedAt: START, endedAt: START })],
      isCut: false,
    });
    await clock.pass(0);
    const kept = store.asked.at(-1)?.checkpoints.find(({ key }) => key === "stretch");
    expect(JSON.parse(kept?.state ?? "null")).toMatchObject({ stretch: null, logNumbered: true });
  });

  it("keeps that the list moves the start of a call", async () => {
    const { store, clock, take } = await world();
    const listed = (at: number) => {
      const calls = [row("101", { establishedAt: START + at })];
      return { kind: "activeCalls", askedAt: START, calls } as const;
    };
    take(changed(leg("101", 7, "connected")), listed(0), listed(5_000));
    await clock.pass(0);
    const kept = store.asked.at(-1)?.checkpoints.find(({ key }) => key === "stretch");
    expect(JSON.parse(kept?.state ?? "null")).toMatchObject({ stretch: null, startsMove: true });
  });

  it("lets no time run back: what was heard of before a deadline and comes after it is of its time", async () => {
    const { store, clock, take } = await world();
    const connected = leg("101", 7, "connected", { callNumber: 7, party: outside() });
    const heardAt = clock.now();
    await clock.pass(400);
    take({ ...rings(), at: heardAt + 10 });
    take({ kind: "tick" });
    take({ ...changed(connected), at: heardAt + 20 });
    await clock.pass(0);
    const events = store.asked.flatMap(({ entries }) => entries.map(({ event }) => event));
    expect(events.map(({ kind, at }) => [kind, at - heardAt])).toEqual([
      ["ringing", 10],
      ["answered", 400],
    ]);
  });

  it("says which limit is reached, once a minute", async () => {
    const { clock, take, warnings, owed } = await world({ settings: { callsMax: 1 } });
    take(rings(7), rings(8, "102"), rings(9, "103"));
    await clock.pass(0);
    expect(owed).toEqual(["ringing 101 of 7"]);
    const limit = { pbx: "main", name: "calls", max: 1 };
    expect(warnings).toEqual([
      [{ ...limit, callNumber: 8 }, expect.stringContaining("More calls")],
    ]);
    await clock.pass(60_000);
    take(rings(9, "103"));
    await clock.pass(0);
    expect(warnings.map(([fields]) => fields)).toMatchObject([
      { callNumber: 8 },
      { callNumber: 9 },
    ]);
  });

  it("ticks when a deadline is due, not before and not over and over", async () => {
    const { clock, take, asks, owed } = await world();
    take(rings(), gone("101/7"));
    await clock.pass(0);
    // One for the phone that rings, one for the leg that is gone.
    expect(asks).toHaveLength(2);
    take({ kind: "activeCallsUnavailable" });
    await clock.pass(defaultSettings.graceMs - 100);
    expect(owed).toEqual(["ringing 101 of 7"]);
    await clock.pass(200);
    expect(owed).toEqual(["ringing 101 of 7", "ended 101 of 7"]);
    expect(clock.sleeping).toBeLessThanOrEqual(1);
    expect(asks).toHaveLength(2);
  });
});
