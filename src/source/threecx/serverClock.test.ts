import fc from "fast-check";
import { expect, it } from "vitest";
import { ServerClock } from "./serverClock.ts";

const T = Date.UTC(2026, 4, 4, 8, 0, 0);
const dateAt = (at: number) => new Date(at).toUTCString();

it("knows nothing at first, and nothing from what is no date", () => {
  const clock = new ServerClock();
  clock.heard("", T, T);
  clock.heard("yesterday", T, T);
  expect(clock.aheadMs()).toBe(0);
});

it("takes clocks for the same as long as they may be", () => {
  const clock = new ServerClock();
  clock.heard(dateAt(T), T + 900, T + 950);
  clock.heard(dateAt(T + 5_000), T + 5_000, T + 5_900);
  expect(clock.aheadMs()).toBe(0);
});

it.each([3_600_000, -47_000, 1_700, -1_300])("finds a clock that is %i ms ahead", (ahead) => {
  const clock = new ServerClock();
  for (let at = T; at < T + 20_000; at += 730) clock.heard(dateAt(at + 20 + ahead), at, at + 40);
  expect(Math.abs(clock.aheadMs() - ahead)).toBeLessThanOrEqual(100);
});

it("forgets what a clock said before it was set", () => {
  const clock = new ServerClock();
  for (let at = T; at < T + 5_000; at += 730) clock.heard(dateAt(at + 90_000), at, at + 10);
  clock.heard(dateAt(T + 10_000), T + 10_000, T + 10_010);
  expect(clock.aheadMs()).toBe(0);
});

it("is never further off than a second and the time of an answer", () => {
  const answer = fc.record({
    at: fc.nat(600_000),
    ms: fc.nat(5_000),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const ahead = fc.integer({ min: -1e9, max: 1e9 });
  fc.assert(
    fc.property(ahead, fc.array(answer, { minLength: 1 }), (aheadMs, answers) => {
      const clock = new ServerClock();
      for (const { at, ms, share } of answers) {
        clock.heard(dateAt(T + at + Math.round(share * ms) + aheadMs), T + at, T + at + ms);
      }
      const doubtMs = Math.min(...answers.map(({ ms }) => ms)) + 1_000;
      expect(Math.abs(clock.aheadMs() - aheadMs)).toBeLessThanOrEqual(doubtMs);
    }),
  );
});
