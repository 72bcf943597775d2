/** What every implementation of the outbox port must do (src/outbox/outbox.ts). */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Entry, Fate, Outbox } from "../../src/outbox/outbox.ts";
import { callEvent, settlement } from "./outboxEvents.ts";
import { pendingOf } from "./pendingOf.ts";
import { besideModel, MODEL_MS_MAX, OpenStore, type StorePlace } from "./storePlace.ts";

export function describeOutbox(name: string, newPlace: () => Promise<StorePlace>): void {
  describe(`outbox conformance: ${name}`, () => {
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

    test("append answers with a delivery for each endpoint, numbered within its call there", async () => {
      const first = await outbox.append(
        [
          { event: callEvent(1, 1), endpoints: ["a", "b"] },
          { event: callEvent(1, 2), endpoints: ["a"] },
        ],
        [],
      );
      await reopen();
      const second = await outbox.append(
        [
          { event: callEvent(1, 3), endpoints: ["b", "a"] },
          { event: callEvent(2, 1), endpoints: ["a"] },
          { event: callEvent(1, 1, "other"), endpoints: ["a"] },
        ],
        [],
      );
      const seen = [...first, ...second].map((d) => [d.endpoint, d.event.eventId, d.sequence]);
      expect(seen).toEqual([
        ["a", "evt_main_1_1", 1],
        ["b", "evt_main_1_1", 1],
        ["a", "evt_main_1_2", 2],
        ["b", "evt_main_1_3", 2],
        ["a", "evt_main_1_3", 3],
        ["a", "evt_main_2_1", 1],
        ["a", "evt_other_1_1", 1],
      ]);
      const positions = [...first, ...second].map((d) => d.position);
      expect(positions).toEqual([...positions].sort((x, y) => x - y));
      expect(new Set(positions).size).toBe(positions.length);
    });

    test("what append answered comes back as pending, page by page, the same", async () => {
      const entries = [1, 2, 3, 4].map((call) => ({
        event: callEvent(call),
        endpoints: ["a", "b"],
      }));
      const made = await outbox.append(entries, []);
      await reopen();
      expect(await pendingOf(outbox)).toEqual(made);
      expect(await pendingOf(outbox, 3)).toEqual(made);
    });

    test("an event that is stored already owes nothing new", async () => {
      const entry = { event: callEvent(1), endpoints: ["a"] };
      await outbox.append([entry], []);
      expect(await outbox.append([entry], [{ pbx: "main", key: "k", state: "s" }])).toEqual([]);
      expect(await outbox.counts()).toMatchObject({ events: 1, pending: 1 });
      expect(await outbox.loadCheckpoints("main")).toHaveLength(1);
    });

    test("settled deliveries do not come back, retried ones come with what was tried", async () => {
      const [one, two, three] = await outbox.append(
        [1, 2, 3].map((call) => ({ event: callEvent(call), endpoints: ["a"] })),
        [],
      );
      if (!one || !two || !three) throw new Error("expected three deliveries");
      const retry: Fate = { state: "pending", spent: 1, dueAt: 1_900_000_000_000 };
      await outbox.settle([
        settlement(one.deliveryId, 1, { state: "delivered" }),
        settlement(two.deliveryId, 1, retry),
        settlement(three.deliveryId, 1, { state: "dead", reason: "all attempts used up" }),
      ]);
      await outbox.settle([settlement(two.deliveryId, 2, { ...retry, spent: 1 })]);
      await reopen();
      expect(await pendingOf(outbox)).toEqual([
        {
          ...two,
          attempts: 2,
          spent: 1,
          firstAttemptAt: settlement(0, 1, retry).attempt?.startedAt,
          dueAt: retry.dueAt,
        },
      ]);
      expect(await outbox.counts()).toMatchObject({ events: 3, pending: 1, delivered: 1, dead: 1 });
    });

    test("the same settlement may come twice", async () => {
      const [one] = await outbox.append([{ event: callEvent(1), endpoints: ["a"] }], []);
      const twice = settlement(one?.deliveryId ?? 0, 1, { state: "delivered" });
      await outbox.settle([twice]);
      await outbox.settle([twice]);
      expect(await outbox.counts()).toMatchObject({ pending: 0, delivered: 1 });
    });

    test("a settlement for a delivery that does not exist is refused, with all beside it", async () => {
      const [one] = await outbox.append([{ event: callEvent(1), endpoints: ["a"] }], []);
      const unknown = settlement(999, 1, { state: "delivered" });
      const known = settlement(one?.deliveryId ?? 0, 1, { state: "delivered" });
      await expect(outbox.settle([unknown, known])).rejects.toThrow("999");
      expect(await outbox.counts()).toMatchObject({ pending: 1, delivered: 0 });
    });

    test("checkpoints are set, replaced and deleted, each PBX its own", async () => {
      await outbox.append(
        [],
        [
          { pbx: "main", key: "b", state: "1" },
          { pbx: "main", key: "a", state: "1" },
          { pbx: "other", key: "a", state: "1" },
        ],
      );
      await outbox.append(
        [],
        [
          { pbx: "main", key: "a", state: "2" },
          { pbx: "other", key: "a", state: null },
        ],
      );
      await reopen();
      expect(await outbox.loadCheckpoints("main")).toEqual([
        { pbx: "main", key: "a", state: "2" },
        { pbx: "main", key: "b", state: "1" },
      ]);
      expect(await outbox.loadCheckpoints("other")).toEqual([]);
    });

    test("that it takes writes is proved again and again", async () => {
      await outbox.probe();
      await reopen();
      await outbox.probe();
    });

    test(
      "does what the model does, whatever is asked of it",
      async () => {
        const random = { step, stepsMax: 25, runs: 15 };
        await besideModel(newPlace, random, async (store, model, steps) => {
          for (const each of steps) {
            if (each.do === "reopen") await store.reopen();
            else expect(await perform(store.outbox, each)).toEqual(await perform(model, each));
            expect(await pendingOf(store.outbox)).toEqual(await pendingOf(model));
          }
          expect(await store.outbox.counts()).toEqual(await model.counts());
          expect(await store.outbox.loadCheckpoints("main")).toEqual(
            await model.loadCheckpoints("main"),
          );
        });
      },
      MODEL_MS_MAX,
    );
  });
}

type Step =
  | { do: "append"; entries: Entry[]; key: string; state: string | null }
  | { do: "settle"; deliveryId: number; number: number; fate: Fate }
  | { do: "reopen" };

const entry: fc.Arbitrary<Entry> = fc
  .tuple(
    fc.integer({ min: 1, max: 3 }),
    fc.integer({ min: 1, max: 9 }),
    fc.subarray(["a", "b", "c"]),
  )
  .map(([call, number, endpoints]) => ({ event: callEvent(call, number), endpoints }));

const fate: fc.Arbitrary<Fate> = fc.oneof(
  fc.constant<Fate>({ state: "delivered" }),
  fc.constant<Fate>({ state: "dead", reason: "all attempts used up" }),
  fc.record({
    state: fc.constant("pending" as const),
    spent: fc.nat({ max: 12 }),
    dueAt: fc.nat(),
  }),
);

const append = fc.record({
  do: fc.constant("append" as const),
  entries: fc.array(entry, { maxLength: 4 }),
  key: fc.constantFrom("x", "y"),
  state: fc.option(fc.string()),
});

const settle = fc.record({
  do: fc.constant("settle" as const),
  deliveryId: fc.integer({ min: 1, max: 12 }),
  number: fc.integer({ min: 1, max: 4 }),
  fate,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: append },
  { weight: 10, arbitrary: settle },
  // Rare: opening takes a while.
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);

/** What came of it; refusals are alike whatever their words. */
async function perform(outbox: Outbox, each: Exclude<Step, { do: "reopen" }>): Promise<unknown> {
  if (each.do === "append") {
    return outbox.append(each.entries, [{ pbx: "main", key: each.key, state: each.state }]);
  }
  const { deliveryId, number, fate: became } = each;
  return outbox.settle([settlement(deliveryId, number, became)]).catch(() => "refused");
}
