/** The dispatcher under random failures, kills, reloads and replays: a fixed number of seeds (test/delivery). */
import { describe, expect, test } from "vitest";
import { playSchedule } from "../../test/delivery/player.ts";

/** Like the soak, but with its own seeds. */
const FROM = 1_000_000;
const SCHEDULES = 1500;

describe("any schedule", () => {
  test("loses nothing and keeps the order that the mode promises", async () => {
    for (let seed = FROM + 1; seed <= FROM + SCHEDULES; seed += 1) {
      const { faults } = await playSchedule(seed, 100_000);
      expect(faults, `seed ${seed}`).toEqual([]);
    }
  });

  test("of a thousand calls does so, too", async () => {
    const { faults, deliveries, setting } = await playSchedule(FROM, 100_000);
    expect(faults, `seed ${FROM}`).toEqual([]);
    expect(deliveries).toBeGreaterThan(1000);
    expect(new Set(setting.steps.map(({ call }) => call)).size).toBeGreaterThan(900);
  });
});
