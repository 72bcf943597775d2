/** Many settlements, one request to the store; each is still told what became of it alone. */
import { expect, test } from "vitest";
import { TestClock } from "../../test/support/deliveryWorld.ts";
import type { Settlement } from "../outbox/outbox.ts";
import { silentLog } from "../util/log.ts";
import { createSettler } from "./settler.ts";

/** A store that refuses whatever holds one of these. */
function settlerOf(refuses: Set<number>) {
  const asked: number[][] = [];
  const told: [deliveryId: number, stored: boolean][] = [];
  const clock = new TestClock();
  const settle = async (settlements: readonly Settlement[]) => {
    const ids = settlements.map(({ deliveryId }) => deliveryId);
    asked.push(ids);
    if (ids.some((deliveryId) => refuses.has(deliveryId))) throw new Error("refused");
  };
  const probe = async () => {};
  const settler = createSettler({
    ...{ outbox: { settle, probe }, clock, log: silentLog },
    onHealed: () => {},
  });
  for (const deliveryId of [1, 2, 3]) {
    const settlement = { deliveryId, attempt: null, fate: { state: "delivered" } } as const;
    settler.settle(settlement, (stored) => told.push([deliveryId, stored]));
  }
  settler.store();
  settler.store();
  return { asked, told, clock, settler };
}

test("what is to be settled goes with one request", async () => {
  const { asked, told, clock } = settlerOf(new Set());
  await clock.pass(0);
  expect(asked).toEqual([[1, 2, 3]]);
  expect(told).toEqual([1, 2, 3].map((deliveryId) => [deliveryId, true]));
});

test("one that is refused takes no other along, and is tried until it is taken", async () => {
  const refuses = new Set([2]);
  const { asked, told, clock } = settlerOf(refuses);
  await clock.pass(0);
  expect(asked).toEqual([[1, 2, 3], [1], [2], [3]]);
  expect(told).toEqual([
    [1, true],
    [3, true],
  ]);
  refuses.clear();
  await clock.pass(10_000);
  expect(told.at(-1)).toEqual([2, true]);
});

test("what is given up was not stored", async () => {
  const { told, clock, settler } = settlerOf(new Set([3]));
  await clock.pass(0);
  settler.giveUp();
  await clock.pass(0);
  expect(told.at(-1)).toEqual([3, false]);
});
