/**
 * Whatever a PBX does: the invariants of SPEC.md hold after every step, duplicates tell nothing new,
 * and every chain is brought to its end. fast-check prints the seed of a failure.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inside, leg, logged, outside, Phone, ref, row, t0 } from "../../test/support/phone.ts";
import type { ActiveCall, Activity, Leg, LoggedCall } from "./activity.ts";
import { Calls } from "./calls.ts";
import { reduce } from "./reduce.ts";
import { initialState, nextDueAt, type TrackerState } from "./state.ts";

const dns = ["101", "102", "103", "800", "801", "820", "app", "666", "10007", "?"] as const;
const maybeRef = fc.option(fc.constantFrom("800", "820", "801", "ROUTER", "102").map(ref), {
  nil: null,
});
const party = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(outside(), outside(""), outside("112")) },
  fc.constantFrom(inside("101"), inside("102")),
  fc.constant({ dn: "", kind: "unknown" as const, number: "420777000001", name: "" }),
);
const anyLeg: fc.Arbitrary<Leg> = fc
  .record({
    dn: fc.constantFrom(...dns),
    id: fc.integer({ min: 1, max: 4 }),
    status: fc.constantFrom("dialing" as const, "ringing" as const, "connected" as const),
    party,
    originatedBy: maybeRef,
    referredBy: maybeRef,
    callNumber: fc.integer({ min: 7, max: 8 }),
    legNumber: fc.integer({ min: 0, max: 5 }),
    did: fc.option(
      fc.constantFrom({ number: "420", ruleName: "" }, { number: "420", ruleName: "A" }),
      {
        nil: null,
      },
    ),
  })
  .map(({ dn, id, status, ...more }) => leg(dn, id, status, more));
const anyRow: fc.Arbitrary<ActiveCall> = fc
  .record({
    callee: fc.constantFrom("101", "800", "801", "10007", "SP0", "666", ""),
    caller: fc.constantFrom(outside(), inside("101")),
    callNumber: fc.integer({ min: 7, max: 9 }),
  })
  .map(({ callee, ...more }) => row(callee, more));

const anyLogged: fc.Arbitrary<LoggedCall> = fc
  .record({
    callNumber: fc.option(fc.integer({ min: 7, max: 9 }), { nil: null }),
    direction: fc.constantFrom("incoming" as const, "outgoing" as const),
    startedAt: fc.integer({ min: 0, max: 5 }).map((s) => t0 + s * 1_000),
    talks: fc.array(
      fc
        .record({ user: fc.constantFrom("101", "102"), from: fc.nat(9), length: fc.nat(9) })
        .map(({ user, from, length }) => ({
          user,
          answeredAt: t0 + from * 1_000,
          endedAt: t0 + (from + length) * 1_000,
        })),
      { maxLength: 3 },
    ),
    level: maybeRef,
  })
  .map((more) => logged(more));

type Deed =
  | { readonly do: "leg"; readonly leg: Leg }
  | { readonly do: "gone"; readonly legId: string }
  | { readonly do: "snapshot"; readonly legs: readonly Leg[] }
  | { readonly do: "list"; readonly rows: readonly ActiveCall[]; readonly ageMs: number }
  | { readonly do: "noList" | "restart" | "lose" | "noLog" }
  | { readonly do: "log"; readonly calls: readonly LoggedCall[] }
  | { readonly do: "pass"; readonly ms: number };

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 8, arbitrary: anyLeg.map((l) => ({ do: "leg" as const, leg: l })) },
  { weight: 5, arbitrary: anyLeg.map((l) => ({ do: "gone" as const, legId: l.legId })) },
  {
    weight: 1,
    arbitrary: fc
      .uniqueArray(anyLeg, { maxLength: 4, selector: (l) => l.legId })
      .map((legs) => ({ do: "snapshot" as const, legs })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.array(anyRow, { maxLength: 3 }), fc.constantFrom(0, 0, 10))
      .map(([rows, ageMs]) => ({ do: "list" as const, rows, ageMs })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom("noList" as const, "restart" as const, "lose" as const, "noLog" as const)
      .map((deed) => ({ do: deed })),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(anyLogged, { maxLength: 3 })
      .map((calls) => ({ do: "log" as const, calls })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(1, 150, 400, 2_500, 70_000)
      .map((ms) => ({ do: "pass" as const, ms })),
  },
);

function perform(phone: Phone, step: Deed, times: number): void {
  for (let n = 0; n < times; n++) {
    switch (step.do) {
      case "leg":
        phone.feed({ kind: "legChanged", at: phone.at, leg: step.leg });
        break;
      case "gone":
        phone.gone(step.legId);
        break;
      case "snapshot":
        phone.snapshot(...step.legs);
        break;
      case "list": {
        const askedAt = phone.at - step.ageMs;
        phone.feed({ kind: "activeCalls", at: phone.at, askedAt, calls: step.rows });
        return;
      }
      case "noList":
        phone.noList();
        break;
      case "restart":
        phone.restart();
        break;
      case "lose":
        phone.lose();
        break;
      case "log":
        phone.log(...step.calls);
        return;
      case "noLog":
        phone.noLog();
        break;
      case "pass":
        phone.pass(step.ms);
        return;
    }
  }
}

describe("any sequence of activities", () => {
  it("keeps the invariants, over restarts too, and brings every chain to its end", () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 1, maxLength: 40 }), (deeds) => {
        const phone = new Phone();
        for (const step of deeds) perform(phone, step, 1);
        phone.pass(1_000);
        phone.snapshot();
        phone.pass(1);
        for (let looks = 0; looks < 4; looks++) {
          phone.list();
          phone.pass(phone.settings.graceMs + 1);
        }
        for (let rounds = 0; rounds < 2; rounds++) {
          phone.noLog();
          phone.pass(phone.settings.answerMsMax + 1);
        }
        for (const events of phone.ledger.values()) {
          const answered = events.filter((e) => e.kind === "answered").map((e) => e.link);
          const ended = events.filter((e) => e.kind === "ended").map((e) => e.link);
          expect(ended).toEqual(expect.arrayContaining(answered));
        }
        for (const call of phone.state.calls.values()) {
          expect(call.overAt ?? call.external).not.toBe(undefined);
          expect(call.hidden === null || call.overAt === null).toBe(true);
        }
        phone.pass(phone.settings.overKeptMs);
        expect(phone.state.calls.size).toBe(0);
      }),
      { numRuns: 3_000 },
    );
  });

  it("asks nothing more of a list that cannot be had, told again so at the same moment", () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 1, maxLength: 30 }), (deeds) => {
        const phone = new Phone();
        for (const step of deeds) {
          perform(phone, step, 1);
          // Beside what goes on: nothing of it is told.
          const none = { kind: "activeCallsUnavailable", at: phone.at } as const;
          const { state } = reduce(phone.state, none, phone.settings);
          expect(reduce(state, none, phone.settings).ask).toBe(false);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("tells the same when every leg activity comes twice", () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 1, maxLength: 30 }), (deeds) => {
        const once = new Phone();
        const twice = new Phone();
        for (const step of deeds) {
          perform(once, step, 1);
          perform(twice, step, step.do === "leg" || step.do === "gone" ? 2 : 1);
        }
        expect(twice.told()).toEqual(once.told());
      }),
      { numRuns: 2_000 },
    );
  });
});

/** All that a state holds. */
function picture(state: TrackerState): string {
  const { calls, unseen } = state;
  return JSON.stringify({ ...state, calls: calls.values(), unseen: [...unseen] });
}

/** Freezes what it is given, and all that hangs on it. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}

/** Takes each step three times from the same state, of which nothing may change. */
class PurePhone extends Phone {
  override feed(activity: Activity): void {
    const { state, settings } = this;
    frozen(state);
    frozen(state.calls.values());
    frozen(activity);
    const before = picture(state);
    const [first, second] = [0, 1].map(() => {
      const step = reduce(state, activity, settings);
      return { ...step, state: picture(step.state) };
    });
    expect(second).toEqual(first);
    expect(picture(state)).toBe(before);
    super.feed(activity);
    expect(picture(this.state)).toBe(first?.state);
  }
}

describe("a step", () => {
  it("gives the same again, and leaves the state that it came from as it was", () => {
    fc.assert(
      fc.property(fc.array(deed, { minLength: 1, maxLength: 30 }), (deeds) => {
        const phone = new PurePhone();
        for (const step of deeds) perform(phone, step, 1);
      }),
      { numRuns: 500 },
    );
  });
});

describe("the edges", () => {
  it("tells nothing of a call without an outside party, however broken its checkpoint", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.gone("101/5");
    const [call] = phone.state.calls.values();
    if (call === undefined) throw new Error("Expected a call.");
    const state = { ...initialState, calls: Calls.of([{ ...call, external: null }]) };
    const at = t0 + phone.settings.answerMsMax;
    const step = reduce(state, { kind: "tick", at }, phone.settings);
    expect(step.events).toEqual([]);
    expect(step.state.calls.size).toBe(0);
  });

  it("refuses an activity of an unknown kind", () => {
    const odd = { kind: "odd", at: t0 } as never;
    expect(() => reduce(initialState, odd, new Phone().settings)).toThrow(
      "Expected no further case",
    );
  });

  it("lives with an ended call without an outside party", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.gone("101/5");
    phone.list();
    const [call] = phone.state.calls.values();
    if (call === undefined) throw new Error("Expected a call.");
    const state = { ...initialState, calls: Calls.of([{ ...call, external: null }]) };
    const change = { kind: "legChanged", at: t0, leg: leg("102", 9, "ringing") } as const;
    expect(() => reduce(state, change, phone.settings)).not.toThrow();
  });

  it("matches a call without an id yet with the log, by when it was first seen or began", () => {
    for (const listed of [true, false]) {
      const phone = new Phone();
      if (listed) phone.list(row("101", { establishedAt: t0 - 1_000 }));
      phone.leg("101", 5, "ringing", { party: outside("") });
      phone.log(logged());
      expect(phone.told()).toEqual([]);
    }
  });

  it("asks the log for a call of which nothing was told", () => {
    const phone = new Phone();
    phone.leg("666", 5, "connected");
    phone.lose();
    phone.at += 1_000;
    phone.snapshot();
    phone.list();
    expect(phone.inquiries).toEqual([t0, t0]);
  });

  it("does not take a user's second phone that rings on for a hand-over", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.leg("101", 6, "ringing");
    phone.leg("101", 5, "connected");
    phone.gone("101/5");
    phone.list();
    expect(phone.told()).toEqual(["ringing 101 -0", "answered 101 -1 NotDef", "ended 101 -1 Ok"]);
  });

  it("lets a fax dial out, and a dialled party turn out to be inside", () => {
    const fax = new Phone();
    fax.leg("fax", 1, "dialing", { dnKind: "fax" });
    fax.leg("fax", 1, "connected", { dnKind: "fax", originatedBy: null, legNumber: 1 });
    expect(fax.told()).toEqual(["dialing fax -0", "answered fax -1 NotDef"]);
    const turned = new Phone();
    turned.leg("101", 1, "dialing", { party: outside("") });
    turned.leg("101", 1, "dialing", { party: inside("102") });
    turned.list();
    expect(turned.told()).toEqual([]);
  });

  it("dials nothing for a checkpoint with neither a leg nor an event", () => {
    const phone = new Phone();
    phone.leg("101", 1, "dialing");
    const [call] = phone.state.calls.values();
    if (call === undefined) throw new Error("Expected a call.");
    const bare = { ...call, legs: [], id: null, eventCount: 0, level: null };
    const state = { ...initialState, calls: Calls.of([bare]) };
    const step = reduce(
      state,
      { kind: "activeCalls", at: t0, askedAt: t0, calls: [] },
      phone.settings,
    );
    expect(step.events).toEqual([]);
  });

  it("finds no sibling in a call that reached nobody", () => {
    const phone = new Phone();
    phone.leg("666", 5, "connected", { callNumber: 8 });
    phone.leg("101", 6, "connected");
    phone.gone("666/5", "101/6");
    phone.list(row("10007", { callNumber: 8 }));
    expect(phone.told()).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok"]);
  });

  it("takes neither a level nor a second dialling of an outgoing call for anything", () => {
    const phone = new Phone();
    phone.leg("101", 1, "dialing");
    phone.at += 1_000;
    phone.list(row("10007", { caller: inside("800") }));
    phone.leg("101", 1, "connected", { originatedBy: null, legNumber: 1 });
    phone.leg("101", 9, "dialing");
    phone.gone("101/1", "101/9");
    phone.list();
    expect(phone.told()).toEqual(["dialing 101 -0", "answered 101 -1 NotDef", "ended 101 -1 Ok"]);
  });

  it("refuses a checkpoint with a witness of an unknown kind", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.gone("101/5");
    const [call] = phone.state.calls.values();
    if (call === undefined || call.hidden === null) throw new Error("Expected a hidden call.");
    const hidden = { ...call.hidden, witness: "odd" as never, dueAt: t0 };
    const state = { ...initialState, calls: Calls.of([{ ...call, hidden }]) };
    const tick = { kind: "tick", at: t0 } as const;
    expect(() => reduce(state, tick, phone.settings)).toThrow("Expected no further case");
  });

  it("has nothing due when nothing goes on", () => {
    expect(nextDueAt(initialState, new Phone().settings)).toBeNull();
  });
});
