import { expect, test } from "vitest";
import { PAUSE_MS_MAX, PAUSE_MS_MIN, restBetween } from "./rest.ts";

/** Pauses after pieces of work, each of so much processor time and so much waiting. */
function pausesAfter(pieces: readonly (readonly [workedMs: number, waitedMs: number])[]): number[] {
  let [nowMs, usedMs] = [1000, 50];
  const pauses: number[] = [];
  const rest = restBetween({
    nowMs: () => nowMs,
    usedMs: () => usedMs,
    pause(ms) {
      pauses.push(ms);
      nowMs += ms;
    },
  });
  for (const [workedMs, waitedMs] of pieces) {
    nowMs += workedMs + waitedMs;
    usedMs += workedMs;
    rest();
  }
  return pauses;
}

test("a thread that has the processor to itself never rests", () => {
  expect(pausesAfter(Array(1000).fill([10, 1]))).toEqual([]);
});

test("one that waits for it rests longer than it waited, within bounds; its own rests do not count", () => {
  expect(pausesAfter([[10, 20]])).toEqual([40]);
  expect(pausesAfter([[10, 3]])).toEqual([PAUSE_MS_MIN]);
  expect(pausesAfter([[10, 5000]])).toEqual([PAUSE_MS_MAX]);
  expect(
    pausesAfter([
      [10, 30],
      [10, 0],
      [10, 0],
    ]),
  ).toEqual([60]);
});
