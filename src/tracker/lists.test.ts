import { expect, it } from "vitest";
import { added, without } from "./lists.ts";

const list = Object.freeze(["a", "b", "a"]);

it("adds at the end, to a list of its own", () => {
  expect(added(list, "c")).toEqual(["a", "b", "a", "c"]);
  expect(added([], "c")).toEqual(["c"]);
});

it("takes the first of its kind out, and gives the list itself if there is none", () => {
  expect(without(list, "a")).toEqual(["b", "a"]);
  expect(without(list, "c")).toBe(list);
});
