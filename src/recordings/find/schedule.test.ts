import { describe, expect, test } from "vitest";
import type { Found } from "./recordingSource.ts";
import { afterFailedLook, afterLook, SEARCH_MS_MAX } from "./schedule.ts";

const T = 1_800_000_000_000;
const schedule = { searchAtMs: [1_000, 5_000, 30_000] };
const side = { dn: "", number: "", isQueue: false };
const file = (id: string, endedAt: number | null): Found => ({
  id,
  startedAt: T - 60_000,
  endedAt,
  from: side,
  to: side,
  call: null,
  transcript: null,
});
const look = (afterMs: number, looks: number, before: string[], ...found: Found[]) =>
  afterLook({ endedAt: T, looks, before, found }, schedule, T + afterMs);

describe("after a look", () => {
  test("a file that reaches the link's end is all there is", () => {
    expect(look(1_000, 1, [], file("1", T - 2_000))).toEqual({ kind: "complete" });
    expect(look(1_000, 1, [], file("1", T - 20_000), file("2", T))).toEqual({ kind: "complete" });
  });

  test("one that ends before may have a successor, until a look finds no more", () => {
    const again = { kind: "lookAgain", dueAt: T + 5_000 };
    expect(look(1_000, 1, [], file("1", T - 20_000))).toEqual(again);
    expect(look(1_000, 1, [], file("1", null))).toEqual(again);
    expect(look(5_000, 2, ["1"], file("1", null))).toEqual({ kind: "complete" });
    expect(look(5_000, 2, ["1"], file("1", null), file("2", null))).toEqual({
      kind: "lookAgain",
      dueAt: T + 30_000,
    });
    expect(look(30_000, 3, ["1"], file("1", null), file("2", null))).toEqual({ kind: "complete" });
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
  });
});

test("a look that could not be made is made again with growing pauses, for days", () => {
  expect([0, 1, 2, 3, 4, 90].map((failures) => afterFailedLook(T, failures, T))).toEqual(
    [5_000, 15_000, 60_000, 300_000, 300_000, 300_000].map((ms) => T + ms),
  );
  expect(afterFailedLook(T, 900, T + SEARCH_MS_MAX)).not.toBeNull();
  expect(afterFailedLook(T, 900, T + SEARCH_MS_MAX + 1)).toBeNull();
});
