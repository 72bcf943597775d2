/** That a process which stood still notices, and one that was late by little does not. */
import { expect, it } from "vitest";
import type { Clock } from "./clock.ts";
import { watchStandstill } from "./standstill.ts";

it("notices that nothing ran, and since when", () => {
  let now = 1_000_000;
  let due: (() => void) | null = null;
  const clock: Clock = {
    now: () => now,
    after(_delayMs, run) {
      due = run;
      return () => {
        due = null;
      };
    },
  };
  const stood: number[] = [];
  const end = watchStandstill(clock, (sinceAt) => stood.push(sinceAt));
  const runsAfter = (ms: number) => {
    now += ms;
    due?.();
    return stood.splice(0);
  };
  expect(runsAfter(1_000)).toEqual([]);
  expect(runsAfter(5_900)).toEqual([]);
  const ranAt = now;
  expect(runsAfter(6_000)).toEqual([ranAt]);
  expect(runsAfter(1_000)).toEqual([]);
  end();
  expect(runsAfter(60_000)).toEqual([]);
});
