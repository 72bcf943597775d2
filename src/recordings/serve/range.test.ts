import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partOf } from "./range.ts";

const part = (range?: string, more: { ifRange?: string; ifNoneMatch?: string } = {}, bytes = 100) =>
  partOf({ range, ifRange: more.ifRange, ifNoneMatch: more.ifNoneMatch }, bytes, '"e"');
const from = (first: number, last: number) => ({ kind: "part", first, last });

describe("what is asked for", () => {
  test.each([
    [undefined, { kind: "whole" }],
    ["bytes=0-", from(0, 99)],
    ["bytes=0-0", from(0, 0)],
    ["bytes=10-19", from(10, 19)],
    ["bytes=90-1000", from(90, 99)],
    ["bytes=-10", from(90, 99)],
    ["bytes=-1000", from(0, 99)],
    ["bytes= 10 - 19 ", from(10, 19)],
    ["BYTES=10-19", from(10, 19)],
    ["bytes=100-", { kind: "unsatisfiable" }],
    ["bytes=-0", { kind: "unsatisfiable" }],
    ["bytes=20-10", { kind: "whole" }],
    ["bytes=0-1,5-6", { kind: "whole" }],
    ["bytes=-", { kind: "whole" }],
    ["lines=0-1", { kind: "whole" }],
    [`bytes=${"1".repeat(200)}-`, { kind: "whole" }],
  ])("%s", (range, due) => {
    expect(part(range)).toEqual(due);
  });

  test("a part only of what it was a part of", () => {
    expect(part("bytes=1-2", { ifRange: '"e"' })).toEqual(from(1, 2));
    expect(part("bytes=1-2", { ifRange: '"f"' })).toEqual({ kind: "whole" });
    expect(part("bytes=1-2", { ifRange: 'W/"e"' })).toEqual({ kind: "whole" });
    expect(part("bytes=1-2", { ifRange: "Mon, 04 May 2026 08:00:00 GMT" })).toEqual({
      kind: "whole",
    });
  });

  test.each([
    ['"e"', true],
    ['W/"e"', true],
    ['"a", "e"', true],
    ["*", true],
    ['"a"', false],
  ])("nothing, where the client has it: %s", (ifNoneMatch, has) => {
    expect(part("bytes=0-1", { ifNoneMatch }).kind).toBe(has ? "unchanged" : "part");
  });

  test("is always within the file, whatever is said", () => {
    const number = fc.oneof(fc.nat(), fc.bigInt(0n, 10n ** 30n), fc.constant(""));
    const said = fc.oneof(
      fc.tuple(number, number).map(([a, b]) => `bytes=${a}-${b}`),
      fc.string(),
    );
    fc.assert(
      fc.property(said, fc.nat(1000), (range, bytes) => {
        const asked = part(range, {}, bytes);
        if (asked.kind !== "part") return;
        expect(asked.first).toBeGreaterThanOrEqual(0);
        expect(asked.last).toBeGreaterThanOrEqual(asked.first);
        expect(asked.last).toBeLessThan(bytes);
        expect(Number.isSafeInteger(asked.first) && Number.isSafeInteger(asked.last)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
