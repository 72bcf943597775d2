/** A small part of `npm run isolation`: times are told there, and not asserted on a busy machine. */
import { expect, test } from "vitest";
import { playNeighbours } from "./neighbours.ts";

const seed = 20_261_121;

test("nine endpoints get everything at once beside one that is dead or drips, which is only probed", async () => {
  const arms = ["dead", "dripping"] as const;
  const results = await playNeighbours({ seed, seconds: 5, eventsPerS: 24, arms });
  for (const { events, owedToTenth, requestsOfTenth, spentOnTenth } of results) {
    expect(events).toBeGreaterThan(50);
    expect(owedToTenth).toBe(events);
    expect(requestsOfTenth).toBeLessThan(events / 2);
    expect(spentOnTenth).toBeLessThan(events / 2);
  }
}, 300_000);
