/** What every implementation of the outbox must do when it is looked into, replayed and pruned. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { OffhookEvent } from "../../src/events/event.ts";
import { renderFields } from "../../src/events/render.ts";
import { sampleEvents } from "../../src/events/samples.ts";
import {
  ANY_DELIVERY,
  DELIVERY_STATES,
  type DeliveryFilter,
  type DeliveryRow,
  EVENT_NAMES,
  type EventName,
  type ListPage,
} from "../../src/outbox/lookup.ts";
import type { Delivery, Fate, Outbox } from "../../src/outbox/outbox.ts";
import { callEvent, settlement } from "./outboxEvents.ts";
import { besideModel, MODEL_MS_MAX, OpenStore, type StorePlace } from "./storePlace.ts";

const FOR_EVER = { bytesMax: null, keepFromAt: 0 };
/** Later than every event of the tests. */
const AFTER_ALL = { ...FOR_EVER, beforeAt: callEvent(1).at + 1_000_000 };

/** All pages of a listing. */
export async function listAll(
  outbox: Pick<Outbox, "list">,
  filter: Partial<DeliveryFilter> = {},
  { order = "newest", limit = 3 }: Partial<ListPage> = {},
): Promise<DeliveryRow[]> {
  const rows: DeliveryRow[] = [];
  let after: number | null = null;
  do {
    const page = await outbox.list({ ...ANY_DELIVERY, ...filter }, { order, limit, after });
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    rows.push(...page.rows);
    after = page.next;
  } while (after !== null);
  return rows;
}

export function describeLookup(name: string, newPlace: () => Promise<StorePlace>): void {
  describe(`outbox looked into: ${name}`, () => {
    let store: OpenStore;
    let outbox: Outbox;

    beforeEach(async () => {
      store = await OpenStore.inNew(newPlace);
      outbox = store.outbox;
    });

    afterEach(() => store.remove());

    /** Delivered, dead, expired and pending, of calls 1 to 4. */
    async function four(): Promise<Delivery[]> {
      const made = await outbox.append(
        [1, 2, 3, 4].map((call) => ({ event: callEvent(call, call), endpoints: ["a"] })),
        [],
      );
      await outbox.settle([
        settlement(1, 1, { state: "delivered" }),
        settlement(2, 1, { state: "dead", reason: "all attempts used up" }),
        { deliveryId: 3, attempt: null, fate: { state: "expired", reason: "older than 60 s" } },
        settlement(4, 1, { state: "pending", spent: 1, dueAt: 5 }),
      ]);
      return [...made];
    }

    test("lists the newest first, each with what became of it", async () => {
      await four();
      const rows = await listAll(outbox);
      expect(rows.map(({ deliveryId, state }) => [deliveryId, state])).toEqual([
        [4, "pending"],
        [3, "expired"],
        [2, "dead"],
        [1, "delivered"],
      ]);
      expect(rows[2]).toEqual({
        deliveryId: 2,
        endpoint: "a",
        state: "dead",
        sequence: 1,
        event: callEvent(2, 2),
        attempts: 1,
        replays: 0,
        dueAt: 0,
        reason: "all attempts used up",
        lastAttempt: {
          ...{ number: 1, startedAt: 1_625_150_210_001, durationMs: 12, status: 500 },
          outcome: "refused with 500",
        },
      });
      expect(rows[1]).toMatchObject({ attempts: 0, lastAttempt: null, reason: "older than 60 s" });
    });

    const found: [string, Partial<DeliveryFilter>, number[]][] = [
      ["one state", { states: ["dead"] }, [2]],
      ["what was not delivered", { states: ["dead", "expired"] }, [3, 2]],
      ["pending at an endpoint", { states: ["pending"], endpoint: "a" }, [4]],
      ["their ids", { ids: [4, 1, 99] }, [4, 1]],
      ["a webhook-id", { eventId: callEvent(3, 3).eventId }, [3]],
      ["a webhook-id and another call", { eventId: "evt_main_3_3", callId: "210701165649_2" }, []],
      ["a webhook-id that is not there", { eventId: "evt_main_3_4" }, []],
      ["no state at all", { states: [] }, []],
      ["another endpoint", { endpoint: "b" }, []],
      ["a call", { callId: callEvent(3).callId }, [3]],
      ["a time", { fromAt: callEvent(2, 2).at, toAt: callEvent(4, 4).at }, [3, 2]],
      ["a time in which nothing was", { toAt: 5 }, []],
      ["words of the outcome", { outcome: "REFUSED" }, [4, 2]],
      ["words of the reason", { outcome: "older than" }, [3]],
      ["a user", { user: "101" }, [4, 3, 2, 1]],
      ["a caller that is not there", { callerid: "1' OR '1'='1" }, []],
      ["a PBX and a kind", { pbx: "main", kinds: ["ringing"] }, [4, 3, 2, 1]],
      ["a kind that is not there", { kinds: ["ended", "dialing"] }, []],
    ];
    test.each(found)("finds by %s", async (_, filter, ids) => {
      await four();
      expect((await listAll(outbox, filter)).map(({ deliveryId }) => deliveryId)).toEqual(ids);
    });

    test("finds events by every name that they have", async () => {
      const samples = sampleEvents("main", "UTC", callEvent(1).at);
      const ended = samples.find((event) => event.kind === "ended");
      if (ended === undefined) throw new Error("Expected an end among the samples.");
      const recording = { ...ended, kind: "recording", eventId: "r", files: [], ended } as const;
      const events: OffhookEvent[] = [...samples, recording];
      await outbox.append(
        events.map((event) => ({ event, endpoints: ["a"] })),
        [],
      );
      for (const name of Object.keys(EVENT_NAMES) as EventName[]) {
        const meant = events.filter((event) => event.kind === name || namesOf(event).has(name));
        expect(meant.length, name).toBeGreaterThan(0);
        const rows = await listAll(outbox, { kinds: [name] }, { order: "oldest" });
        expect(
          rows.map(({ event }) => event),
          name,
        ).toEqual(meant);
      }
    });

    test("shows one with every attempt", async () => {
      const [delivery] = await outbox.append([{ event: callEvent(1), endpoints: ["a"] }], []);
      const retry: Fate = { state: "pending", spent: 1, dueAt: 7 };
      const settlements = [settlement(1, 1, retry), settlement(1, 2, { state: "delivered" })];
      for (const each of settlements) await outbox.settle([each]);
      const shown = await outbox.show(delivery?.deliveryId ?? 0);
      expect(shown?.attemptsMade).toEqual(settlements.map(({ attempt }) => attempt));
      expect(shown).toMatchObject({ state: "delivered", attempts: 2, event: callEvent(1) });
      expect(await outbox.show(2)).toBeNull();
    });

    test("a replay is the same webhook again, with a fresh schedule", async () => {
      const [, dead] = await four();
      const again = await outbox.replay([2, 4, 9].map((deliveryId) => ({ deliveryId, dueAt: 77 })));
      expect(again).toEqual([
        { ...dead, attempts: 1, spent: 0, firstAttemptAt: null, dueAt: 77, replay: true },
      ]);
      expect(await outbox.counts()).toMatchObject({ pending: 2, dead: 0 });
      await outbox.settle([settlement(2, 2, { state: "delivered" })]);
      const shown = await outbox.show(2);
      expect(shown).toMatchObject({ state: "delivered", replays: 1, reason: null, attempts: 2 });
      expect(shown?.attemptsMade.map(({ number }) => number)).toEqual([1, 2]);
    });

    test("retention removes settled events whole, never what is pending", async () => {
      await four();
      await outbox.append([{ event: callEvent(5), endpoints: ["a", "b"] }], []);
      await outbox.settle([settlement(5, 1, { state: "delivered" })]);
      const cutoff = { ...FOR_EVER, beforeAt: callEvent(2, 2).at };
      expect(await outbox.prune(cutoff, null, 100)).toEqual({
        ...{ events: 1, deliveries: 1, dead: 0, expired: 0, next: null },
      });
      expect(await outbox.prune(AFTER_ALL, null, 100)).toEqual({
        ...{ events: 2, deliveries: 2, dead: 1, expired: 1, next: null },
      });
      expect((await listAll(outbox)).map(({ deliveryId }) => deliveryId)).toEqual([6, 5, 4]);
      expect(await outbox.show(2)).toBeNull();
      expect(await outbox.endpointCounts()).toEqual([
        {
          ...{ endpoint: "a", pending: 1, delivered: 1, dead: 0, expired: 0, deadRemoved: 1 },
          oldestPendingAt: callEvent(4, 4).at,
        },
        {
          ...{ endpoint: "b", pending: 1, delivered: 0, dead: 0, expired: 0, deadRemoved: 0 },
          oldestPendingAt: callEvent(5).at,
        },
      ]);
    });

    test("retention leaves a call alone that is followed, so that its sequence goes on", async () => {
      const followed = { pbx: "main", key: "1", state: "…" };
      await outbox.append([{ event: callEvent(1), endpoints: ["a"] }], [followed]);
      await outbox.settle([settlement(1, 1, { state: "delivered" })]);
      expect(await outbox.prune(AFTER_ALL, null, 100)).toMatchObject({ events: 0 });
      const [next] = await outbox.append([{ event: callEvent(1, 2), endpoints: ["a"] }], []);
      expect(next?.sequence).toBe(2);
    });

    test("retention goes on where a step has ended", async () => {
      await four();
      const first = await outbox.prune(AFTER_ALL, null, 2);
      expect(first).toMatchObject({ events: 2, next: { position: 2 } });
      expect(await outbox.prune(AFTER_ALL, first.next, 2)).toMatchObject({ events: 1 });
    });

    test(
      "does what the model does, whatever is asked of it",
      async () => {
        const random = { step, stepsMax: 25, runs: 25 };
        await besideModel(newPlace, random, async (store, model, steps) => {
          const real = store.outbox;
          for (const each of steps) {
            expect(await perform(real, each)).toEqual(await perform(model, each));
          }
          expect(await real.counts()).toEqual(await model.counts());
          expect(await real.endpointCounts()).toEqual(await model.endpointCounts());
          for (const { deliveryId } of await listAll(model)) {
            expect(await real.show(deliveryId)).toEqual(await model.show(deliveryId));
          }
        });
      },
      MODEL_MS_MAX,
    );
  });
}

/** What webhooks of any profile call it; a recording repeats the end's name, and goes by its own. */
function namesOf(event: OffhookEvent): Set<unknown> {
  if (event.kind === "recording") return new Set();
  const names = (["classic", "current", "k2m"] as const).map((profile) => {
    const fields = renderFields(event, { profile, method: "POST" });
    return fields.find(([name]) => name.toLowerCase() === "event")?.[1];
  });
  return new Set(names);
}

const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 2 });
const at = fc.integer({ min: 0, max: 10 }).map((number) => callEvent(1, number).at);
const filter: fc.Arbitrary<DeliveryFilter> = fc.record({
  ids: some(fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9])),
  eventId: fc.constantFrom(null, null, null, "evt_main_1_1", "evt_main_2_3"),
  states: some(fc.subarray([...DELIVERY_STATES])),
  endpoint: some(fc.constantFrom("a", "b", "c")),
  pbx: some(fc.constantFrom("main", "other")),
  kinds: some(fc.subarray(["ringing", "ended"] as const).map((kinds) => [...kinds])),
  user: some(fc.constantFrom("101", "102")),
  callerid: some(fc.constantFrom("420111222333", "anonymous")),
  callId: some(fc.integer({ min: 1, max: 3 }).map((call) => callEvent(call).callId)),
  fromAt: some(at),
  toAt: some(at),
  outcome: some(fc.constantFrom("500", "Old", "accepted", "%")),
});

const entry = fc
  .record({
    call: fc.integer({ min: 1, max: 3 }),
    number: fc.integer({ min: 1, max: 9 }),
    pbx: fc.constantFrom("main", "main", "other"),
    endpoints: fc.subarray(["a", "b", "c"]),
  })
  .map(({ call, number, pbx, endpoints }) => ({ event: callEvent(call, number, pbx), endpoints }));

const fate: fc.Arbitrary<Fate> = fc.oneof(
  fc.constant<Fate>({ state: "delivered" }),
  fc.constant<Fate>({ state: "dead", reason: "all attempts used up" }),
  fc.constant<Fate>({ state: "expired", reason: "too old" }),
  fc.record({ state: fc.constant("pending" as const), spent: fc.nat(9), dueAt: fc.nat() }),
);

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      entries: fc.array(entry, { maxLength: 4 }),
      followed: fc.constantFrom("1", "2"),
      state: some(fc.constant("…")),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      deliveryId: fc.integer({ min: 1, max: 12 }),
      number: fc.integer({ min: 1, max: 4 }),
      fate,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("replay" as const),
      ids: fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9]),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("prune" as const),
      beforeAt: at,
      eventsMax: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("list" as const),
      filter,
      order: fc.constantFrom("newest" as const, "oldest" as const),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What came of it; refusals are alike whatever their words. */
async function perform(outbox: Outbox, each: Step): Promise<unknown> {
  switch (each.do) {
    case "append": {
      const checkpoint = { pbx: "main", key: each.followed, state: each.state };
      return outbox.append(each.entries, [checkpoint]);
    }
    case "settle": {
      const made = settlement(each.deliveryId, each.number, each.fate);
      const without = each.fate.state === "expired" ? { ...made, attempt: null } : made;
      return outbox.settle([without]).catch(() => "refused");
    }
    case "replay":
      return outbox.replay(each.ids.map((deliveryId, index) => ({ deliveryId, dueAt: index })));
    case "prune": {
      const limits = { ...FOR_EVER, beforeAt: each.beforeAt };
      const { next, ...gone } = await outbox.prune(limits, null, each.eventsMax);
      // Positions rise; where an event came twice, one is left out.
      return { ...gone, next: next?.at ?? null };
    }
    case "list":
      return listAll(outbox, each.filter, each);
  }
}
