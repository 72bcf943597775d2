/** A small part of `npm run storm`: the built program under kill -9, with a fixed seed. */
import { expect, test } from "vitest";
import { playKills, wrongWith } from "./kills.ts";

const seed = 20_261_121;

test.each(["bounded", "strict"] as const)(
  "killed again and again under load: nothing lost, nothing overtaken (ORDER = %s)",
  async (order) => {
    const load = { eventsPerS: 90, refusesShare: 0.05 };
    const result = await playKills({ kills: 3, seed, order, ...load });
    expect(wrongWith(result), `seed ${seed}`).toEqual([]);
    expect(result.acknowledged).toBeGreaterThan(20);
  },
  300_000,
);
