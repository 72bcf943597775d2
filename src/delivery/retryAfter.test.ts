import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRetryAfter } from "./retryAfter.ts";

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);

describe("parseRetryAfter", () => {
  test.each([
    ["0", NOW],
    ["120", NOW + 120_000],
    [" 1.5 ", NOW + 1500],
    ["9".repeat(400), NOW + 100 * 365 * 86_400_000],
    ["Sat, 21 Nov 2026 12:00:30 GMT", NOW + 30_000],
    ["Saturday, 21-Nov-26 12:00:30 GMT", NOW + 30_000],
    ["Sat Nov 21 12:00:30 2026", NOW + 30_000],
    ["Sun Nov  1 12:00:30 2026", NOW],
    ["Sunday, 06-Nov-94 08:49:37 GMT", NOW],
    ["Sun, 06 Nov 1994 08:49:37 GMT", NOW],
  ])("reads %j", (header, at) => {
    expect(parseRetryAfter(header, NOW)).toBe(at);
  });

  test.each([null, "", "soon", "-5", "1e9", "Sat, 21 Abc 2026 12:00:30 GMT", "2026-11-21"])(
    "takes %j as absent",
    (header) => {
      expect(parseRetryAfter(header, NOW)).toBeNull();
    },
  );

  test("reads every time that an HTTP date can tell", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        const at = seconds * 1000;
        expect(parseRetryAfter(new Date(at).toUTCString(), 0)).toBe(at);
      }),
    );
  });

  test("never throws, never lies in the past", () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(parseRetryAfter(header, NOW) ?? NOW).toBeGreaterThanOrEqual(NOW);
      }),
    );
  });
});
