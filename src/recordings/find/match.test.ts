import { describe, expect, test } from "vitest";
import { match, type Sought } from "./match.ts";
import type { Found } from "./recordingSource.ts";

const T = Date.UTC(2026, 4, 4, 8, 0, 0);
const outside = "420777000001";

const link = (changes: Partial<Sought> = {}): Sought => ({
  key: "a",
  user: "100",
  callerid: outside,
  callNumber: 7,
  callStartedAt: T - 8_000,
  fromAt: T,
  toAt: T + 60_000,
  ...changes,
});
const side = (dn: string, number = dn, isQueue = false) => ({ dn, number, isQueue });
const recording = (changes: Partial<Found> = {}): Found => ({
  id: "1",
  startedAt: T + 400,
  endedAt: T + 59_800,
  from: side("10000", `+${outside}`),
  to: side("100"),
  call: null,
  transcript: null,
  ...changes,
});
/** From and to, after the link's beginning. */
const at = (fromMs: number, toMs: number | null) =>
  recording({ startedAt: T + fromMs, endedAt: toMs === null ? null : T + toMs });
const matched = (links: readonly Sought[], found: readonly Found[]) =>
  Object.fromEntries(
    [...match(links, found)].map(([key, list]) => [key, list.map(({ id }) => id)]),
  );

describe("match", () => {
  test("extension, outside number and time together make it the link's", () => {
    expect(matched([link()], [recording()])).toEqual({ a: ["1"] });
    expect(matched([link()], [recording({ to: side("101") })])).toEqual({});
    expect(matched([link()], [recording({ from: side("10000", "420777000002") })])).toEqual({});
    expect(matched([link()], [at(-20_000, -2_000)])).toEqual({});
    expect(matched([link()], [at(62_000, 70_000)])).toEqual({});
    expect(matched([link()], [at(400, 90_000)])).toEqual({});
  });

  test("a recording lies in its link for the most part, or the link in it", () => {
    const whose = (from: number, to: number | null) => matched([link()], [at(from, to)]);
    // Begun with the consultation that became the link, or before we saw the answer; not before the call.
    expect(whose(-12_000, 60_000)).toEqual({ a: ["1"] });
    expect(whose(-14_000, 60_000)).toEqual({});
    // A clock that differs.
    expect(whose(-8_000, 52_000)).toEqual({ a: ["1"] });
    expect(whose(9_000, 69_000)).toEqual({ a: ["1"] });
    // The call of the same caller before or after, of which an edge lies in this one's time.
    expect(whose(-12_000, 4_000)).toEqual({});
    expect(whose(55_000, 69_000)).toEqual({});
    // Without an end, the beginning decides.
    expect(whose(-5_000, null)).toEqual({ a: ["1"] });
    expect(whose(-5_001, null)).toEqual({});
    expect(whose(61_000, null)).toEqual({ a: ["1"] });
    expect(whose(61_001, null)).toEqual({});
  });

  test("a link of no length has its recording of none", () => {
    const short = link({ toAt: T });
    expect(matched([short], [at(0, 0)])).toEqual({ a: ["1"] });
    expect(matched([short], [at(900, 1_400)])).toEqual({ a: ["1"] });
    expect(matched([short], [at(1_100, 1_400)])).toEqual({});
  });

  test("what is named twice by a list that grows is there once", () => {
    expect(matched([link()], [recording(), recording()])).toEqual({ a: ["1"] });
  });

  test("what is a rival's goes to nobody here", () => {
    // Two callers who withhold their number, one of them on hold.
    const held = link({ callerid: "anonymous" });
    const rival = link({ key: "b", callerid: "anonymous", fromAt: T + 20_000, toAt: T + 40_000 });
    const withheld = { from: side("10000", "anonymous") };
    const files = [recording(withheld), { ...at(20_100, 39_900), ...withheld, id: "2" }];
    expect(matched([held, rival], files)).toEqual({ a: ["1"], b: ["2"] });
    expect([...match([held], files, [rival])].map(([, list]) => list.length)).toEqual([1]);
    expect(match([held], files.slice(1), [rival])).toEqual(new Map());
  });

  test.each([
    ["00420777000001", true],
    ["777000001", true],
    ["0777000001", true],
    ["7000001", true],
    ["00001", false],
    ["001", false],
    ["anonymous", true],
    ["420777000002", false],
  ])("an outside number written as %s: %s", (number, isSame) => {
    const found = recording({ from: side("10000", number) });
    expect(matched([link()], [found])).toEqual(isSame ? { a: ["1"] } : {});
  });

  test("an outgoing call has its user on the other side", () => {
    const found = recording({ from: side("100"), to: side("10000", outside) });
    expect(matched([link()], [found])).toEqual({ a: ["1"] });
  });

  test("a keeper that tells no DNs tells the extension as a number", () => {
    const [own, other] = [side("", "100"), side("", outside)];
    expect(matched([link()], [recording({ from: own, to: other })])).toEqual({ a: ["1"] });
    expect(matched([link()], [recording({ from: other, to: own })])).toEqual({ a: ["1"] });
  });

  test("a queue's own recording is its agent's, unless the agent has one", () => {
    const queue = side("800", "800", true);
    expect(matched([link()], [recording({ to: queue })])).toEqual({ a: ["1"] });
    expect(matched([link()], [recording({ from: queue, to: side("10000", outside) })])).toEqual({
      a: ["1"],
    });
    const links = [link(), link({ key: "b", user: "101" })];
    const both = [recording(), recording({ id: "2", to: side("101") })];
    expect(matched(links, both)).toEqual({ a: ["1"], b: ["2"] });
  });

  test("several files of a link keep their order, by time and then by number", () => {
    const files = [
      recording({ id: "10", startedAt: T + 30_000 }),
      recording({ id: "9", startedAt: T + 30_000 }),
      recording({ id: "11", startedAt: T + 300, endedAt: null }),
    ];
    expect(matched([link()], files)).toEqual({ a: ["11", "9", "10"] });
  });

  test("two calls of one caller within seconds keep their own", () => {
    const second = link({ key: "b", callNumber: 8, fromAt: T + 62_000, toAt: T + 70_000 });
    const files = [
      recording({ id: "1" }),
      recording({ id: "2", startedAt: T + 62_200, endedAt: T + 69_900 }),
    ];
    expect(matched([link(), second], files)).toEqual({ a: ["1"], b: ["2"] });
    expect(matched([second, link()], files)).toEqual({ a: ["1"], b: ["2"] });
  });

  test("the call that the keeper names outweighs the time", () => {
    const second = link({ key: "b", callNumber: 8, fromAt: T + 2_000 });
    const named = recording({ startedAt: T + 100, call: { number: 8, startedAt: T - 8_500 } });
    expect(matched([link(), second], [named])).toEqual({ b: ["1"] });
    const elsewhere = recording({ call: { number: 8, startedAt: T - 900_000 } });
    expect(matched([link(), second], [elsewhere])).toEqual({ a: ["1"] });
  });
});
