/**
 * The total transition table: every phase × every activity, also the ones that are ignored.
 * A missing cell does not compile; SPEC.md prints the same table in words.
 */
import { describe, expect, it } from "vitest";
import { inside, leg, logged, Phone } from "../../test/support/phone.ts";
import type { ActivityKind } from "./activity.ts";
import { type Phase, phaseOf } from "./phase.ts";

const arrive: Record<Phase, () => Phone> = {
  inside: () => {
    const phone = new Phone();
    phone.leg("101", 1, "dialing", { party: inside("102") });
    return phone;
  },
  offered: () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    return phone;
  },
  dialing: () => {
    const phone = new Phone();
    phone.leg("101", 5, "dialing");
    return phone;
  },
  talking: () => {
    const phone = arrive.offered();
    phone.leg("101", 5, "connected");
    return phone;
  },
  handedOver: () => {
    const phone = arrive.talking();
    phone.leg("103", 6, "ringing");
    phone.gone("101/5");
    return phone;
  },
  hidden: () => {
    const phone = arrive.offered();
    phone.gone("101/5");
    phone.noList();
    return phone;
  },
  over: () => {
    const phone = arrive.hidden();
    phone.pass(phone.settings.graceMs);
    return phone;
  },
};

/** What each activity is in the table; each leaves time as it is but for the tick. */
const act: Record<ActivityKind, (phone: Phone) => void> = {
  legChanged: (phone) => phone.leg("104", 9, "connected"),
  legGone: (phone) => phone.gone("101/1", "101/5", "103/6"),
  snapshot: (phone) => phone.snapshot(leg("104", 9, "ringing")),
  activeCalls: (phone) => phone.list(),
  activeCallsUnavailable: (phone) => phone.noList(),
  callLog: (phone) => phone.log(logged()),
  callLogUnavailable: (phone) => phone.noLog(),
  callbackQueues: (phone) => phone.offerCallbacks("800"),
  ringTimes: (phone) => phone.setRingTimes([["800", 20_000]]),
  sightLost: (phone) => phone.lose(),
  tick: (phone) => {
    phone.at += phone.settings.overKeptMs;
    phone.tick();
  },
};

type Cell = readonly [phase: Phase | "forgotten", ...told: string[]];

const table: Record<Phase, Record<ActivityKind, Cell>> = {
  inside: {
    legChanged: ["talking", "answered 104 -1 NotDef"],
    legGone: ["forgotten"],
    snapshot: ["offered", "ringing 104 -0"],
    activeCalls: ["inside"],
    activeCallsUnavailable: ["inside"],
    callLog: ["inside"],
    callLogUnavailable: ["inside"],
    callbackQueues: ["inside"],
    ringTimes: ["inside"],
    sightLost: ["inside"],
    tick: ["inside"],
  },
  offered: {
    legChanged: ["talking", "answered 104 -1 NotDef"],
    legGone: ["hidden"],
    snapshot: ["offered", "ringing 104 -0"],
    activeCalls: ["offered"],
    activeCallsUnavailable: ["offered"],
    callLog: ["offered"],
    callLogUnavailable: ["offered"],
    callbackQueues: ["offered"],
    ringTimes: ["offered"],
    sightLost: ["offered"],
    tick: ["offered"],
  },
  dialing: {
    legChanged: ["talking", "answered 104 -1 NotDef"],
    legGone: ["hidden"],
    snapshot: ["dialing"],
    activeCalls: ["dialing"],
    activeCallsUnavailable: ["dialing"],
    callLog: ["dialing"],
    callLogUnavailable: ["dialing"],
    callbackQueues: ["dialing"],
    ringTimes: ["dialing"],
    sightLost: ["dialing"],
    tick: ["dialing"],
  },
  talking: {
    legChanged: ["talking"],
    legGone: ["hidden"],
    snapshot: ["handedOver", "ended 101 -1 Ok passed on", "ringing 104 -2"],
    activeCalls: ["talking"],
    activeCallsUnavailable: ["talking"],
    callLog: ["talking"],
    callLogUnavailable: ["talking"],
    callbackQueues: ["talking"],
    ringTimes: ["talking"],
    sightLost: ["talking"],
    tick: ["talking"],
  },
  handedOver: {
    legChanged: ["talking", "answered 104 -2 Blind"],
    legGone: ["hidden"],
    snapshot: ["handedOver", "ringing 104 -2"],
    activeCalls: ["handedOver"],
    activeCallsUnavailable: ["handedOver"],
    callLog: ["handedOver"],
    callLogUnavailable: ["handedOver"],
    callbackQueues: ["handedOver"],
    ringTimes: ["handedOver"],
    sightLost: ["handedOver"],
    tick: ["handedOver"],
  },
  hidden: {
    legChanged: ["talking", "answered 104 -1 NotDef"],
    legGone: ["hidden"],
    snapshot: ["offered", "ringing 104 -0"],
    activeCalls: ["over", "ended 101 -0 Missed"],
    activeCallsUnavailable: ["hidden"],
    callLog: ["hidden"],
    callLogUnavailable: ["hidden"],
    callbackQueues: ["hidden"],
    ringTimes: ["hidden"],
    sightLost: ["hidden"],
    tick: ["over", "ended 101 -0 Missed"],
  },
  over: {
    legChanged: ["talking", "answered 104 -1 NotDef"],
    legGone: ["over"],
    snapshot: ["handedOver", "ringing 104 -1"],
    activeCalls: ["over"],
    activeCallsUnavailable: ["over"],
    callLog: ["over"],
    callLogUnavailable: ["over"],
    callbackQueues: ["over"],
    ringTimes: ["over"],
    sightLost: ["over"],
    tick: ["forgotten"],
  },
};

for (const [phase, cells] of Object.entries(table) as [Phase, Record<ActivityKind, Cell>][]) {
  describe(phase, () => {
    for (const [kind, [after, ...told]] of Object.entries(cells) as [ActivityKind, Cell][]) {
      it(`${kind} → ${after}`, () => {
        const phone = arrive[phase]();
        phone.told();
        const call = phone.call();
        expect(call && phaseOf(call)).toBe(phase);
        act[kind](phone);
        expect(phone.told()).toEqual(told);
        const later = phone.call();
        expect(later ? phaseOf(later) : "forgotten").toBe(after);
      });
    }
  });
}
