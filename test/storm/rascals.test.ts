/** A small part of `npm run chaos`: every vice at once and all together, with a fixed seed. */
import { expect, test } from "vitest";
import { vices } from "./rascal.ts";
import { playRascals, wrongWithRascals } from "./rascals.ts";

const seed = 20_261_121;

test("receivers that err get everything, in order, and cost a bounded amount of memory", async () => {
  const load = { eventsPerS: 6, seconds: 5 };
  const result = await playRascals({ seed, ...load, shares: [0.4], single: vices });
  expect(wrongWithRascals(result), `seed ${seed}`).toEqual([]);
  const erred = result.endpoints.filter(({ faults }) => faults > 0).map(({ name }) => name);
  expect(erred).toEqual([...vices.map((vice) => `${vice}-40`), "all-40"]);
}, 400_000);
