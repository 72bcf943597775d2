import { describe, expect, test } from "vitest";
import type { Found } from "./recordingSource.ts";
import { afterFailedLook, afterLook, SEARCH_MS_MAX } from "./schedule.ts";

const T = 1_800_000_000_000;
const schedule = { searchAtMs: [1_000, 5_000, 30_000] };
const side = { dn: "", number: "", isQueue: false };
const file = (id: string, endedAt: number | null, startedAt = T - 60_000): Found => ({
  id,
  startedAt,
  endedAt,
  from: side,
  to: side,
  call: null,
  transcript: null,
});
const look = (afterMs: number, looks: number, before: string[], ...found: Found[]) =>
  afterLook({ talkedFrom: T - 60_000, endedAt: T, looks, before, found }, schedule, T + afterMs);

describe("after a look", () => {
  test("what reaches from the link's beginning to its end is all there is", () => {
    expect(look(1_000, 1, [], file("1", T - 2_000))).toEqual({ kind: "complete" });
    expect(look(1_000, 1, [], file("1", T - 20_000), file("2", T))).toEqual({ kind: "complete" });
  });

  test("one whose end is not told may have a successor, until a look finds no more", () => {
    const again = { kind: "lookAgain", dueAt: T + 5_000 };
    expect(look(1_000, 1, [], file("1", null))).toEqual(again);
    expect(look(5_000, 2, ["1"], file("1", null))).toEqual({ kind: "complete" });
    expect(look(5_000, 2, ["1"], file("1", null), file("2", null))).toEqual({
      kind: "lookAgain",
      dueAt: T + 30_000,
    });
    expect(look(30_000, 3, ["1"], file("1", null), file("2", null))).toEqual({ kind: "complete" });
  });

  test.each([
    ["ends before", file("1", T - 20_000)],
    ["begins after", file("1", T, T - 30_000)],
    ["begins after, and tells no end,", file("1", null, T - 30_000)],
  ])("one that %s the link's own time is part of more, for a while", (_, part) => {
    const more = { searchAtMs: [1_000, 5_000, 30_000, 60_000] };
    const at = (afterMs: number, ...before: string[]) =>
      afterLook(
        { talkedFrom: T - 60_000, endedAt: T, looks: 3, before, found: [part] },
        more,
        T + afterMs,
      );
    expect(at(1_000)).toEqual({ kind: "lookAgain", dueAt: T + 5_000 });
    expect(at(5_000, "1")).toEqual({ kind: "lookAgain", dueAt: T + 30_000 });
    expect(at(30_000, "1")).toEqual({ kind: "complete" });
    expect(at(30_000)).toEqual({ kind: "lookAgain", dueAt: T + 60_000 });
    expect(at(60_000)).toEqual({ kind: "complete" });
  });

  test("nothing is looked for again until the schedule ends", () => {
    expect(look(1_000, 1, [])).toEqual({ kind: "lookAgain", dueAt: T + 5_000 });
    expect(look(29_999, 2, [])).toEqual({ kind: "lookAgain", dueAt: T + 30_000 });
    expect(look(30_000, 3, [])).toEqual({ kind: "none" });
  });

  test("whoever comes after its end looks three times all the same", () => {
    expect(look(3_600_000, 1, [])).toEqual({ kind: "lookAgain", dueAt: T + 3_630_000 });
    expect(look(3_630_000, 2, [])).toEqual({ kind: "lookAgain", dueAt: T + 3_660_000 });
    expect(look(3_660_000, 3, [])).toEqual({ kind: "none" });
    const late = { talkedFrom: T, endedAt: T, looks: 1, before: [], found: [] };
    expect(afterLook(late, { searchAtMs: [50, 200] }, T + 3_000)).toEqual({
      kind: "lookAgain",
      dueAt: T + 3_200,
    });
  });
});

test("a look that could not be made is made again with growing pauses, for days", () => {
  const pauseS = (afterS: number) => {
    const now = T + 1_000 * afterS;
    return ((afterFailedLook(T, now) ?? 0) - now) / 1_000;
  };
  expect([0, 1, 20, 300, 3_600, 86_400].map(pauseS)).toEqual([2, 2, 5, 75, 300, 300]);
  expect(afterFailedLook(T, T + SEARCH_MS_MAX)).not.toBeNull();
  expect(afterFailedLook(T, T + SEARCH_MS_MAX + 1)).toBeNull();
});
