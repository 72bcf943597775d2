/** The value that holds all calls: an old one stays as it was, and what is found by a name is what is there. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inside, leg, outside, Phone } from "../../test/support/phone.ts";
import { Agenda, never } from "./agenda.ts";
import { Calls } from "./calls.ts";
import { restore, serialise } from "./checkpoint.ts";
import { type Call, newCall } from "./state.ts";

const call = (callNumber: number, more: Partial<Call> = {}): Call => ({
  ...newCall(callNumber, 0),
  ...more,
});
const numbers = (calls: Calls) => calls.values().map(({ callNumber }) => callNumber);
const changed = (calls: Calls, ...changes: Call[]) =>
  changes.reduce((before, each) => before.with(each.callNumber, each), calls);
const tracked = (dn: string, id: number, party = outside()) => ({
  leg: leg(dn, id, "connected", { party }),
  consulted: false,
  order: 1,
  seenAt: 0,
  external: party.kind === "trunk",
  offeredItself: false,
  turned: false,
  rang: false,
});

describe("an old value", () => {
  it("stays as it was, however it is looked at", () => {
    const old = Calls.of([call(1, { overAt: 5 }), call(2)]);
    const newer = changed(old, call(1, { overAt: 9 }), call(3));
    const newest = newer.with(2, null);
    expect(numbers(newest)).toEqual([1, 3]);
    expect(numbers(old)).toEqual([1, 2]);
    expect(numbers(newer)).toEqual([1, 2, 3]);
    expect([old, newer, newest].map((calls) => calls.over.first())).toEqual([5, 9, 9]);
    const other = old.with(1, null);
    expect([numbers(other), numbers(old), numbers(newest)]).toEqual([[2], [1, 2], [1, 3]]);
  });

  it("cannot be asked any more once it is let go; the newest one can", () => {
    const old = Calls.of([call(1), call(2)]);
    const newest = old.with(1, null);
    for (const calls of [old, newest]) calls.letGo();
    expect(() => numbers(old)).toThrow("let go");
    expect(numbers(newest)).toEqual([2]);
  });

  it("stays empty if it was, and holds nothing that follows", () => {
    const empty = Calls.of([]);
    expect(numbers(empty.with(1, call(1)))).toEqual([1]);
    expect(numbers(empty)).toEqual([]);
    expect(numbers(empty.with(1, null))).toEqual([]);
  });
});

describe("what is found by a name", () => {
  it("is what has it now", () => {
    const talk = { talk: null, level: { dn: "101", kind: "extension" as const } };
    const old = Calls.of([
      call(2, { ...talk, legs: [tracked("101", 5), tracked("102", 6, inside("103"))] }),
      call(1, { ...talk, aliases: [8] }),
    ]);
    expect(old.ofUser("101").map(({ callNumber }) => callNumber)).toEqual([1, 2]);
    expect(old.insideOf("103").map(({ callNumber }) => callNumber)).toEqual([2]);
    expect([old.withLeg("101/5"), old.withLeg("101/6"), old.alias(8)]).toEqual([2, undefined, 1]);
    const moved = changed(
      old,
      call(3, { legs: [tracked("101", 5)] }),
      call(2),
      call(1, { ...talk, overAt: 1 }),
    );
    expect([moved.ofUser("101"), moved.insideOf("103")]).toEqual([[], []]);
    expect([moved.withLeg("101/5"), moved.alias(8)]).toEqual([3, undefined]);
  });

  it("stays an inside conversation as long as one of its legs is there, and no longer", () => {
    const [one, other] = [tracked("101", 5, inside("102")), tracked("102", 6, inside("101"))];
    const began = Calls.of([call(1, { legs: [one, other] })]);
    const half = began.with(1, call(1, { legs: [other] }));
    expect([half.insideOf("101"), half.insideOf("102")].map(({ length }) => length)).toEqual([
      1, 1,
    ]);
    const gone = half.with(1, call(1));
    expect([gone.insideOf("101"), gone.insideOf("102")]).toEqual([[], []]);
  });

  it("are all calls of one name, however many, as they come and go", () => {
    const at = (dn: string) => ({ level: { dn, kind: "extension" as const } });
    let calls = Calls.of([3, 1, 2].map((n) => call(n, at("101"))));
    const ofUser = () => calls.ofUser("101").map(({ callNumber }) => callNumber);
    expect(ofUser()).toEqual([1, 2, 3]);
    calls = calls.with(2, call(2, at("102")));
    expect(ofUser()).toEqual([1, 3]);
    calls = calls.with(1, null).with(3, null);
    expect(ofUser()).toEqual([]);
    expect(calls.ofUser("102")).toHaveLength(1);
  });
});

describe("an agenda", () => {
  it("gives who is due, in order of their numbers, and leaves out what is no longer true", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 40 }), fc.nat(20), (times, until) => {
        const calls = new Map<number, Call>();
        const agenda = new Agenda(calls, ({ overAt }) => overAt ?? never);
        times.forEach((overAt, index) => {
          const over = call(index, { overAt });
          agenda.plan(index, never, overAt);
          // Every third has another time since, or none, or is forgotten.
          if (index % 9 === 0) calls.set(index, call(index, { overAt: overAt + 1 }));
          else if (index % 9 === 3) calls.set(index, call(index));
          else if (index % 3 !== 0) calls.set(index, over);
        });
        const live = times.flatMap((at, index) => (index % 3 === 0 ? [] : [{ at, index }]));
        const due = live.filter(({ at }) => at <= until).map(({ index }) => index);
        for (let twice = 0; twice < 2; twice += 1) {
          expect(agenda.until(until)).toEqual(due);
        }
        expect(agenda.first()).toBe(live.length > 0 ? Math.min(...live.map(({ at }) => at)) : null);
      }),
    );
  });
});

describe("a checkpoint of 0.1.0", () => {
  it("goes on", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing");
    const [now] = phone.state.calls.values();
    if (now === undefined) throw new Error("Expected a call.");
    const legs = Object.fromEntries(now.legs.map((each) => [each.leg.legId, each]));
    const { offers, rings, reached } = now;
    const byDn = Object.entries({ offers, rings, reached });
    const then = byDn.map(([name, entries]) => [name, Object.fromEntries(entries)]);
    const saved = JSON.stringify({ ...now, legs, ...Object.fromEntries(then) });
    const [restored] = restore([saved]).calls.values();
    expect(new Set(restored?.legs)).toEqual(new Set(now.legs));
    expect(new Set(restored?.offers)).toEqual(new Set(now.offers));
    expect(restore([serialise(now)]).calls.values()).toEqual([now]);
  });
});
