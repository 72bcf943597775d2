/** Chains by hand, for rules of the oracle by name. */
import type { DnKind } from "../../src/simulator/directory.ts";
import type { Leg } from "../../src/simulator/model.ts";
import type { Visibility } from "./due.ts";
import type { Chain, Fact } from "./journal.ts";

/** The list is read so often, where it can be. */
export const pollMs = 1_000;

/** Everybody is monitored, the list is read, and nothing goes wrong. */
export const allSeen: Visibility = {
  sees: () => true,
  listMs: pollMs,
  lateListMs: 0,
  listedBy: (at) => at + pollMs,
  answerSeen: (_user, at) => ({ at, fault: null }),
  briefMs: 10,
  namesHolder: true,
  namesRouter: false,
  callbackQueues: new Set(),
  tellsOrder: () => false,
  isCalledBack: () => false,
  seen: (at) => ({ at, fault: null }),
  clockOffMs: () => 0,
  lostMs: () => 0,
  unloggedMs: () => 0,
  blinded: () => false,
  troubled: () => false,
};

/** A leg from then until then, of a place that rings it, if any. */
export function leg(dn: string, kind: DnKind, [startedAt, endAt]: [number, number], by = ""): Leg {
  const originatedBy = by === "" ? null : { dn: by, kind: "queue" };
  const end = { at: endAt, why: "hungUp" };
  const rest = { legid: 2, originatedBy, onBehalfOf: null, barges: null, answeredAt: null };
  return { dn, kind, startedAt, end, ...rest, call: { allLegs: [] } } as unknown as Leg;
}

export function shown(at: number, one: Leg, status: "ringing" | "connected", place = one.dn): Fact {
  return { at, what: "shown", leg: one, dn: one.dn, kind: one.kind, status, place };
}

export function gone(one: Leg): Fact {
  return { at: one.end?.at ?? 0, what: "gone", leg: one, dn: one.dn, kind: one.kind };
}

export function chainOf(facts: Fact[], overAt: number): Chain {
  const all = [...facts, { at: overAt, what: "over", joined: false } as const];
  const nobody = { dn: "", kind: null };
  const call = { callbackOrdered: false, allLegs: [], caller: nobody, callee: nobody };
  const known = { direction: "incoming", startedAt: 0, overAt, isInside: false, outside: "", call };
  const chain = { ...known, owner: "", calledBackBy: "", facts: all.sort((a, b) => a.at - b.at) };
  return chain as unknown as Chain;
}
