import { expect, it } from "vitest";
import { added, addedUpTo, replacedAt, without, withoutAt } from "./lists.ts";

const list = Object.freeze(["a", "b", "a"]);

it("adds at the end, to a list of its own", () => {
  expect(added(list, "c")).toEqual(["a", "b", "a", "c"]);
  expect(added([], "c")).toEqual(["c"]);
});

it("adds at the end, and lets the oldest go where there is no room", () => {
  expect(addedUpTo(list, "c", 4)).toEqual(["a", "b", "a", "c"]);
  expect(addedUpTo(list, "c", 3)).toEqual(["b", "a", "c"]);
  expect(addedUpTo(list, "c", 1)).toEqual(["c"]);
});

it("takes the first of its kind out, and gives the list itself if there is none", () => {
  expect(without(list, "a")).toEqual(["b", "a"]);
  expect(without(list, "c")).toBe(list);
});

it("takes out, or puts another in, at a place, and leaves the list as it was", () => {
  expect(withoutAt(list, 0)).toEqual(["b", "a"]);
  expect(withoutAt(list, 2)).toEqual(["a", "b"]);
  expect(withoutAt(list, -1)).toBe(list);
  expect(replacedAt(list, 1, "c")).toEqual(["a", "c", "a"]);
  expect(list).toEqual(["a", "b", "a"]);
});
