import fc from "fast-check";
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
const matched = (links: readonly Sought[], found: readonly Found[]) =>
  Object.fromEntries(
    [...match(links, found)].map(([key, list]) => [key, list.map(({ id }) => id)]),
  );

describe("match", () => {
  test("extension, outside number and time together make it the link's", () => {
    expect(matched([link()], [recording()])).toEqual({ a: ["1"] });
    expect(matched([link()], [recording({ to: side("101") })])).toEqual({});
    expect(matched([link()], [recording({ from: side("10000", "420777000002") })])).toEqual({});
    expect(matched([link()], [recording({ startedAt: T - 6_000 })])).toEqual({});
    expect(matched([link()], [recording({ startedAt: T + 66_000 })])).toEqual({});
    expect(matched([link()], [recording({ endedAt: T + 90_000 })])).toEqual({});
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

  test("no recording goes to two links, and none to a link of another user or number", () => {
    const users = fc.constantFrom("100", "101", "102");
    const numbers = fc.constantFrom(outside, "420777000002", "anonymous");
    const moments = fc.integer({ min: 0, max: 600_000 });
    const someLink = fc.record({ user: users, callerid: numbers, at: moments, ms: moments });
    const someFile = fc.record({ user: users, number: numbers, at: moments, ms: moments });
    fc.assert(
      fc.property(fc.array(someLink), fc.array(someFile), (links, files) => {
        const sought = links.map(({ at, ms, ...rest }, index) =>
          link({ ...rest, key: String(index), fromAt: T + at, toAt: T + at + ms }),
        );
        const found = files.map(({ user, number, at, ms }, index) =>
          recording({
            id: String(index),
            to: side(user),
            from: side("10000", number),
            startedAt: T + at,
            endedAt: T + at + ms,
          }),
        );
        const taken = new Set<string>();
        for (const [key, list] of match(sought, found)) {
          for (const { id, to, startedAt } of list) {
            expect(taken.has(id)).toBe(false);
            taken.add(id);
            const owner = sought[Number(key)];
            expect(owner?.user).toBe(to.dn);
            expect(startedAt).toBeGreaterThanOrEqual((owner?.fromAt ?? 0) - 5_000);
          }
        }
      }),
    );
  });
});
