/** The pipeline with a store, a clock and a PBX of the test's own. */
import { describe, expect, it } from "vitest";
import { OutboxModel } from "../test/conformance/outboxModel.ts";
import { START, TestClock } from "../test/support/deliveryWorld.ts";
import { leg, logged, outside } from "../test/support/phone.ts";
import type { Checkpoint, Entry } from "./outbox/outbox.ts";
import { createPipeline } from "./pipeline.ts";
import type { Activity, Leg } from "./tracker/activity.ts";
import { defaultSettings, type TrackerSettings } from "./tracker/state.ts";
import type { TimeBase } from "./util/clock.ts";
import { silentLog } from "./util/log.ts";

/** Notes each transaction as it is asked for; `hold` makes them slow. */
class Store extends OutboxModel {
  readonly asked: { entries: readonly Entry[]; checkpoints: readonly Checkpoint[] }[] = [];
  #gate: { opens: Promise<void>; open: () => void } | null = null;

  override async append(entries: readonly Entry[], checkpoints: readonly Checkpoint[]) {
    this.asked.push({ entries, checkpoints });
    await this.#gate?.opens;
    return super.append(entries, checkpoints);
  }

  hold(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = { opens: promise, open: resolve };
  }

  release(): void {
    this.#gate?.open();
    this.#gate = null;
  }
}

interface Circumstances {
  readonly store?: Store;
  /** Time passes by `clock`; the pipeline sees a wall clock that is ahead of it by so much. */
  readonly aheadMs?: number;
  readonly clock?: TestClock;
  readonly settings?: Partial<TrackerSettings>;
  readonly timeBase?: TimeBase | null;
}

async function world(circumstances: Circumstances = {}) {
  const { store = new Store(), clock = new TestClock(), settings } = circumstances;
  const { aheadMs = 0, timeBase = null } = circumstances;
  const now = () => clock.now() + aheadMs;
  /** What happened, in order: asked of the store, owed to the dispatcher, asked of the PBX. */
  const owed: string[] = [];
  const asks: number[] = [];
  const readAgains: number[] = [];
  const inquiries: [number, number][] = [];
  const sought: number[] = [];
  const warnings: [object, string][] = [];
  const infos: [object, string][] = [];
  const pipeline = await createPipeline({
    tracker: { ...defaultSettings, pbx: "main", timezone: "UTC", ...settings },
    outbox: store,
    clock: { now, after: (delayMs, run) => clock.after(delayMs, run) },
    timeBase,
    log: { ...silentLog, warn: (...row) => warnings.push(row), info: (...row) => infos.push(row) },
    route: () => ["default"],
    ask: () => asks.push(clock.now()),
    inquire: (fromAt, toAt) => inquiries.push([fromAt, toAt]),
    readAgain: () => readAgains.push(clock.now()),
    owed: (deliveries) => owed.push(...deliveries.map(({ event }) => shown(event))),
    recordings: {
      seekAt: ({ kind, at }) => (kind === "ended" ? at + 1000 : null),
      sought: (seekAt) => sought.push(seekAt),
    },
  });
  const take = (...activities: readonly Told[]) => {
    for (const activity of activities) pipeline.take({ at: now(), ...activity } as Activity);
  };
  return {
    ...{ store, clock, pipeline, take, owed, asks },
    ...{ readAgains, inquiries, sought, warnings, infos },
  };
}

type Told = { readonly kind: Activity["kind"] } & Readonly<Record<string, unknown>>;

const shown = (event: Entry["event"]) =>
  event.kind === "gap" ? event.kind : `${event.kind} ${event.user} of ${event.callNumber}`;
const stored = ({ asked }: Store) =>
  asked.map(({ entries }) => entries.map((row) => shown(row.event)));
const changed = (found: Leg): Told => ({ kind: "legChanged", leg: found });
const gone = (legId: string): Told => ({ kind: "legGone", legId });
const rings = (callNumber = 7, dn = "101") =>
  changed(leg(dn, callNumber, "ringing", { callNumber, party: outside() }));
const isOver: Told = { kind: "activeCalls", askedAt: START, calls: [] };

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
