/** What every implementation of the outbox's pending side must do (src/outbox/pending.ts). */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Delivery, Entry, Fate, Outbox } from "../../src/outbox/outbox.ts";
import { callEvent, settlement } from "./outboxEvents.ts";
import { pendingOf, WAKES_NOTHING } from "./pendingOf.ts";
import { besideModel, MODEL_MS_MAX, OpenStore, type StorePlace } from "./storePlace.ts";

const ASK = { ...WAKES_NOTHING, endpoint: "a", after: 0, limit: 100 };

export function describePending(name: string, newPlace: () => Promise<StorePlace>): void {
  describe(`outbox's pending side: ${name}`, () => {
    let store: OpenStore;
    let outbox: Outbox;

    beforeEach(async () => {
      store = await OpenStore.inNew(newPlace);
      outbox = store.outbox;
    });

    afterEach(() => store.remove());

    async function reopen(): Promise<void> {
      outbox = await store.reopen();
    }

    /** Calls 1, 2, 3 with two events each, at endpoint a. */
    async function threeCalls(): Promise<readonly Delivery[]> {
      const numbers = [1, 2].flatMap((number) => [1, 2, 3].map((call) => [call, number] as const));
      const entries = numbers.map(([call, number]) => ({
        event: callEvent(call, number),
        endpoints: ["a"],
      }));
      return outbox.append(entries, []);
    }

    test("tells what each endpoint is owed, and what is known of it, over a restart", async () => {
      await outbox.append([{ event: callEvent(1), endpoints: ["a", "b"] }], []);
      const [one] = await outbox.append([{ event: callEvent(2), endpoints: ["a"] }], []);
      await outbox.saveStanding("c", "down");
      await outbox.saveStanding("b", "gone");
      await outbox.saveStanding("b", null);
      const delivered = settlement(one?.deliveryId ?? 0, 1, { state: "delivered" });
      await outbox.settle([{ ...delivered, standing: "up" }]);
      await reopen();
      expect(await outbox.backlog()).toEqual([
        { endpoint: "a", pending: 1, standing: "up" },
        { endpoint: "b", pending: 1, standing: null },
        { endpoint: "c", pending: 0, standing: "down" },
      ]);
    });

    test("a shelved lane is left out until its time, over a restart too", async () => {
      const made = await threeCalls();
      await outbox.shelve([{ deliveryId: made[3]?.deliveryId ?? 0, wakeAt: 500 }]);
      await reopen();
      const [later] = await outbox.append([{ event: callEvent(1, 3), endpoints: ["a"] }], []);
      const before = await outbox.takeUp({ ...ASK, now: 499 });
      expect(before).toMatchObject({ woken: [], end: true, wakeAt: 500 });
      expect(before.next).toEqual([made[1], made[2], made[4], made[5]]);
      const then = await outbox.takeUp({ ...ASK, now: 500, after: before.after });
      expect(then).toEqual({
        woken: [{ deliveries: [made[0], made[3], later], more: false }],
        next: [],
        after: later?.position,
        end: true,
        wakeAt: null,
      });
      expect(await pendingOf(outbox)).toHaveLength(7);
    });

    test("a lane that wakes comes with its first deliveries, and says if there are more", async () => {
      const made = await threeCalls();
      await outbox.shelve([{ deliveryId: made[0]?.deliveryId ?? 0, wakeAt: 1 }]);
      const { woken } = await outbox.takeUp({ ...ASK, now: 1, laneMax: 1 });
      expect(woken).toEqual([{ deliveries: [made[0]], more: true }]);
    });

    test("due lanes come in the order of their times, as many as there is room for", async () => {
      const made = await threeCalls();
      const wakeAt = (index: number, at: number) => ({
        deliveryId: made[index]?.deliveryId ?? 0,
        wakeAt: at,
      });
      await outbox.shelve([wakeAt(0, 30), wakeAt(1, 20), wakeAt(2, 10)]);
      const first = await outbox.takeUp({ ...ASK, now: 25, limit: 1 });
      expect(first).toMatchObject({ woken: [{ deliveries: [made[2], made[5]] }], wakeAt: 20 });
      const second = await outbox.takeUp({ ...ASK, now: 25 });
      expect(second).toMatchObject({ woken: [{ deliveries: [made[1], made[4]] }], wakeAt: 30 });
    });

    test("a lane shelved beyond any wait, by a clock that was set back since, is due", async () => {
      const made = await threeCalls();
      await outbox.shelve([{ deliveryId: made[0]?.deliveryId ?? 0, wakeAt: 5000 }]);
      expect(await outbox.takeUp({ ...ASK, now: 1, wakeAtMax: 5000 })).toMatchObject({ woken: [] });
      const { woken } = await outbox.takeUp({ ...ASK, now: 1, wakeAtMax: 4999 });
      expect(woken).toHaveLength(1);
    });

    test("hastened lanes are due with what they hold, but for what was refused", async () => {
      const made = await threeCalls();
      const late: Fate = { state: "pending", spent: 1, dueAt: 900 };
      const first = made.slice(0, 3).map(({ deliveryId }) => settlement(deliveryId, 1, late));
      const [one, two, three] = first;
      if (!one?.attempt || !two || !three) throw new Error("expected three settlements");
      await outbox.settle([{ ...one, attempt: { ...one.attempt, status: 404 } }, two, three]);
      await outbox.shelve(first.map(({ deliveryId }) => ({ deliveryId, wakeAt: 900 })));
      expect(await outbox.hasten("b", 100, 10, false)).toBe(false);
      expect(await outbox.hasten("a", 100, 2, false)).toBe(true);
      expect(await outbox.hasten("a", 100, 2, false)).toBe(false);
      const { woken } = await outbox.takeUp({ ...ASK, now: 100 });
      const dueAts = woken.map(({ deliveries }) => deliveries.map(({ dueAt }) => dueAt));
      expect(dueAts).toEqual([
        [900, 0],
        [100, 0],
        [100, 0],
      ]);
      await outbox.shelve([{ deliveryId: made[0]?.deliveryId ?? 0, wakeAt: 900 }]);
      await outbox.hasten("a", 100, 2, true);
      const again = await outbox.takeUp({ ...ASK, now: 100 });
      expect(again.woken[0]?.deliveries[0]?.dueAt).toBe(100);
    });

    test("hastened lanes leave the time of a replay that was not tried", async () => {
      const [made] = await threeCalls();
      if (made === undefined) throw new Error("expected a delivery");
      const { deliveryId } = made;
      await outbox.settle([settlement(deliveryId, 1, { state: "delivered" })]);
      await outbox.replay([{ deliveryId, dueAt: 900 }]);
      await outbox.shelve([{ deliveryId, wakeAt: 900 }]);
      await outbox.hasten("a", 100, 10, true);
      const { woken } = await outbox.takeUp({ ...ASK, now: 100 });
      expect(woken[0]?.deliveries[0]).toMatchObject({ deliveryId, dueAt: 900 });
    });

    test("a lane that is not there cannot be shelved", async () => {
      await expect(outbox.shelve([{ deliveryId: 7, wakeAt: 1 }])).rejects.toThrow("7");
    });

    test(
      "does what the model does, whatever is asked of it",
      async () => {
        const random = { step, stepsMax: 40, runs: 25 };
        await besideModel(newPlace, random, async (store, model, steps) => {
          const real = store.outbox;
          for (const each of steps) {
            expect(await perform(real, each)).toEqual(await perform(model, each));
            expect(await real.backlog()).toEqual(await model.backlog());
          }
        });
      },
      MODEL_MS_MAX,
    );
  });
}

const endpoint = fc.constantFrom("a", "b");
const time = fc.integer({ min: 0, max: 50 });
const limit = fc.integer({ min: 1, max: 5 });

const step = fc.oneof(
  fc.record({
    do: fc.constant("append" as const),
    call: fc.integer({ min: 1, max: 4 }),
    number: fc.integer({ min: 1, max: 5 }),
    endpoints: fc.subarray(["a", "b"]),
  }),
  fc.record({
    do: fc.constant("settle" as const),
    deliveryId: fc.integer({ min: 1, max: 12 }),
    status: fc.constantFrom(null, 404, 500),
    dueAt: fc.option(time),
  }),
  fc.record({ do: fc.constant("shelve" as const), deliveryId: fc.nat({ max: 12 }), wakeAt: time }),
  fc.record({
    do: fc.constant("takeUp" as const),
    endpoint,
    now: time,
    wakeAtMax: fc.integer({ min: 30, max: 60 }),
    after: fc.nat({ max: 12 }),
    limit,
    laneMax: limit,
  }),
  fc.record({
    do: fc.constant("hasten" as const),
    endpoint,
    now: time,
    limit,
    refusedToo: fc.boolean(),
  }),
);

/** What came of it; refusals are alike whatever their words. */
async function perform(
  outbox: Outbox,
  each: typeof step extends fc.Arbitrary<infer T> ? T : never,
): Promise<unknown> {
  switch (each.do) {
    case "append": {
      const { call, number, endpoints } = each;
      const entry: Entry = { event: callEvent(call, number), endpoints };
      return outbox.append([entry], []);
    }
    case "settle": {
      const { deliveryId, status, dueAt } = each;
      const fate: Fate =
        dueAt === null ? { state: "delivered" } : { state: "pending", spent: 1, dueAt };
      const made = settlement(deliveryId, 1, fate);
      const attempt = made.attempt && { ...made.attempt, status };
      return outbox.settle([{ ...made, attempt }]).catch(() => "refused");
    }
    case "shelve": {
      const { deliveryId, wakeAt } = each;
      return outbox.shelve([{ deliveryId, wakeAt }]).catch(() => "refused");
    }
    case "takeUp":
      return outbox.takeUp(each);
    case "hasten":
      return outbox.hasten(each.endpoint, each.now, each.limit, each.refusedToo);
  }
}
