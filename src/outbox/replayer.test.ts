/** Replays a page at a time and spreads them over time. */
import { describe, expect, it } from "vitest";
import { callEvent, settlement } from "../../test/conformance/outboxEvents.ts";
import { OutboxModel } from "../../test/conformance/outboxModel.ts";
import { VirtualClock } from "../simulator/virtualClock.ts";
import { ANY_DELIVERY } from "./lookup.ts";
import type { Delivery } from "./outbox.ts";
import { createReplayer, REPLAY_PAGE } from "./replayer.ts";

const START = 1_700_000_000_000;
const DEAD = { ...ANY_DELIVERY, states: ["dead" as const] };

async function world(count: number, perS = 50) {
  const outbox = new OutboxModel();
  const clock = new VirtualClock(START);
  const entries = Array.from({ length: count }, (_, call) => ({
    event: callEvent(call),
    endpoints: ["a"],
  }));
  const made = await outbox.append(entries, []);
  const dead = { state: "dead", reason: "all attempts used up" } as const;
  await outbox.settle(made.map(({ deliveryId }) => settlement(deliveryId, 1, dead)));
  const owed: Delivery[] = [];
  const replayer = createReplayer({
    ...{ outbox, clock, perS: () => perS },
    owed: (deliveries) => owed.push(...deliveries),
  });
  return { outbox, clock, owed, replayer };
}

describe("a replay", () => {
  it("goes page by page, the oldest first, due one after another", async () => {
    const { owed, replayer, outbox } = await world(REPLAY_PAGE + 3);
    const first = await replayer.step({ filter: DEAD, through: 10_000, after: null });
    expect(first).toMatchObject({ replayed: REPLAY_PAGE, until: START + 10_000 });
    const second = await replayer.step({ filter: DEAD, through: 10_000, after: first.next });
    expect(second).toEqual({ replayed: 3, until: START + 10_060, next: null });
    expect(owed.map(({ position }) => position)).toEqual(owed.map((_, index) => index + 1));
    expect(owed.map(({ dueAt }) => dueAt - START)).toEqual(owed.map((_, index) => index * 20));
    expect(owed.every(({ replay }) => replay)).toBe(true);
    expect(await outbox.counts()).toMatchObject({ pending: REPLAY_PAGE + 3, dead: 0 });
  });

  it("waits for the one before it, and not for one that is long over", async () => {
    const { clock, owed, replayer } = await world(4, 2);
    const one = (id: number) => ({ filter: { ...DEAD, ids: [id] }, through: 9, after: null });
    await replayer.step(one(1));
    await replayer.step(one(2));
    clock.advance(60_000);
    await replayer.step(one(3));
    expect(owed.map(({ dueAt }) => dueAt - START)).toEqual([0, 500, 60_000]);
  });

  it("leaves out what came later, and asked for twice does it once", async () => {
    const { owed, replayer } = await world(5);
    const order = { filter: DEAD, through: 3, after: null };
    expect(await replayer.step(order)).toMatchObject({ replayed: 3, next: null });
    expect(await replayer.step(order)).toMatchObject({ replayed: 0, next: null });
    expect(owed).toHaveLength(3);
  });

  it("hands nothing on that the store did not take", async () => {
    const { owed, outbox, replayer } = await world(2);
    outbox.broken = true;
    await expect(replayer.step({ filter: DEAD, through: 9, after: null })).rejects.toThrow(
      "broken",
    );
    expect(owed).toEqual([]);
  });
});
