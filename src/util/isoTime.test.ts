import fc from "fast-check";
import { expect, test } from "vitest";
import { isoTime } from "./isoTime.ts";

test("writes what Date writes, one after another in the same second or not", () => {
  const at = fc.integer({ min: -8.64e15, max: 8.64e15 });
  const close = fc.tuple(at, fc.integer({ min: -3000, max: 3000 }));
  fc.assert(
    fc.property(close, ([first, later]) => {
      for (const each of [first, first + later, first]) {
        fc.pre(Math.abs(each) <= 8.64e15 - 1000);
        expect(isoTime(each)).toBe(new Date(each).toISOString());
      }
    }),
  );
});

test("drops what is less than a millisecond, as Date does", () => {
  expect(isoTime(1_795_321_815_123.9)).toBe(new Date(1_795_321_815_123.9).toISOString());
});

test("a time that is none throws and harms no other", () => {
  isoTime(0);
  expect(() => isoTime(Number.NaN)).toThrow(RangeError);
  expect(isoTime(1)).toBe("1970-01-01T00:00:00.001Z");
});
