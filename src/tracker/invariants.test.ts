/** The invariants find what breaks them (SPEC.md, I1-I10); that they hold is for all other tests to show. */
import { describe, expect, it } from "vitest";
import { Phone, t0 } from "../../test/support/phone.ts";
import type { CallEvent } from "../events/event.ts";
import { Calls } from "./calls.ts";
import { type Ledger, violations } from "./invariants.ts";
import { reduce } from "./reduce.ts";
import { type Call, initialState } from "./state.ts";

describe("violations", () => {
  const phone = new Phone();
  phone.leg("101", 5, "ringing");
  phone.leg("101", 5, "connected");
  phone.gone("101/5");
  const step = reduce(
    phone.state,
    { kind: "activeCalls", at: t0, askedAt: t0, calls: [] },
    phone.settings,
  );
  const [ended] = step.events;
  const told = (): Ledger => new Map([...phone.ledger].map(([id, events]) => [id, [...events]]));
  const of = (change: object) =>
    violations({ ...step, events: ended ? [{ ...ended, ...change }] : [] }, told());

  const other = { callId: "other", startedAt: t0 };
  const faultsOf = (call: Call, events: readonly CallEvent[]) => {
    const ledger = new Map([[call.id?.callId ?? "", [...events]]]);
    return violations({ events: [], state: { ...initialState, calls: Calls.of([call]) } }, ledger);
  };
  const talkOf = ({ state }: Phone) => {
    const [call] = state.calls.values();
    if (!call?.talk) throw new Error("Expected a talk.");
    return call.talk;
  };

  it("finds nothing wrong with a good step", () => {
    expect(of({})).toEqual([]);
  });

  it.each([
    [{ eventId: phone.events[0]?.eventId }, "I1"],
    [{ direction: "outgoing" }, "I2"],
    [{ callNumber: 8 }, "I2"],
    [{ kind: "answered", transferType: "NotDef" }, "I4"],
    [{ kind: "answered", link: 0 }, "I4"],
    [{ user: "102" }, "I5"],
    [{ finish: "Missed", talkMs: null }, "I5"],
    [{ talkMs: null }, "I5"],
  ])("finds %j", (change, name) => {
    expect(of(change).join()).toContain(name);
  });

  it("finds an event after the end of its link", () => {
    const ledger = told();
    expect(violations(step, ledger)).toEqual([]);
    expect(violations(step, ledger).join()).toContain("I3");
  });

  it("finds a call that contradicts itself", () => {
    const call = phone.call();
    if (call === undefined || call.talk === null) throw new Error("Expected a call with a talk.");
    const { talk } = call;
    const over = { ...call, talk: null, hidden: null, overAt: t0 };
    const handover = {
      link: 1,
      beganAt: t0,
      failedDueAt: null,
      transferType: "Blind",
      outside: false,
      offered: false,
    } as const;
    const outside = { ...handover, outside: true } as const;
    const wrong = [
      [{ ...call, external: null }, "I6"],
      [{ ...call, talk: { ...talk, link: 9 } }, "I7"],
      [{ ...call, handover }, "I7"],
      [{ ...call, lastLink: 2, handover }, "I7"],
      [{ ...call, talk: null }, "I7"],
      [{ ...call, overAt: t0 }, "I8"],
      [{ ...over, handover }, "I8"],
      [{ ...over, talk }, "I8"],
      [{ ...over, hidden: call.hidden }, "I8"],
    ] as const;
    for (const [bad, name] of wrong) expect(faultsOf(bad, []).join()).toContain(name);
    expect(faultsOf(over, [])).toEqual([]);
    expect(faultsOf({ ...over, handover: outside }, [])).toEqual([]);
  });

  it("finds a second id for one call, unless the first is over", () => {
    const [call] = step.state.calls.values();
    if (call === undefined || ended === undefined) throw new Error("Expected a call and its end.");
    const state = { ...initialState, calls: Calls.of([{ ...call, id: other }]) };
    const later = { ...step, state };
    expect(violations(later, told())).toEqual([]);
    const [ringing] = phone.events;
    const events = ringing ? [ringing] : [];
    expect(violations({ ...later, events }, new Map()).join()).toContain("I2: a second id");
    const summed = { ...ended, kind: "callsummary", eventId: "s" } as never;
    expect(violations({ ...later, events: [...events, summed] }, new Map())).toEqual([]);
    const gone = { ...step, events, state: initialState };
    expect(violations(gone, new Map())).toEqual([]);
  });

  it("finds who was passed on to nobody, unless that is outside our view", () => {
    const [call] = step.state.calls.values();
    if (call === undefined || ended === undefined) throw new Error("Expected a call and its end.");
    const passed = [...phone.events, { ...ended, transferred: true } as CallEvent];
    expect(faultsOf(call, passed).join()).toContain("I9");
    const next = { link: 2, beganAt: t0, failedDueAt: null, transferType: "Blind" } as const;
    const handover = { ...next, offered: false };
    const on = (outside: boolean) => ({ ...call, lastLink: 2, handover: { ...handover, outside } });
    expect(faultsOf(on(true), passed)).toEqual([]);
    expect(faultsOf({ ...on(false), overAt: null }, passed)).toEqual([]);
    const summed = { ...ended, kind: "callsummary", link: 2, eventId: "s" } as never;
    expect(faultsOf(call, [...passed, summed]).join()).toContain("I9");
    const [ringing] = phone.events;
    const followed = [...passed, { ...ringing, link: 2, eventId: "n" } as CallEvent];
    expect(faultsOf({ ...call, lastLink: 2 }, followed)).toEqual([]);
    const talk = { ...talkOf(phone), link: 2 };
    expect(faultsOf({ ...call, lastLink: 2, overAt: null, talk }, passed)).toEqual([]);
  });

  it("finds a call that is over without the end of what was told", () => {
    const [call] = step.state.calls.values();
    if (call === undefined) throw new Error("Expected a call.");
    expect(faultsOf(call, phone.events).join()).toContain("I10");
    expect(faultsOf(call, phone.events.slice(0, 1)).join()).toContain("I10");
    const open = { ...call, overAt: null, talk: talkOf(phone) };
    expect(faultsOf(open, phone.events)).toEqual([]);
  });
});
