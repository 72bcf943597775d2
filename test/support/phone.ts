/**
 * A small language for the tracker's tests: legs as a PBX would show them, and a tracker that checks its
 * invariants after each step and writes what it told as short lines (`ringing 101 other -0`).
 */
import { expect } from "vitest";
import type { CallEvent, EpochMs, GapEvent } from "../../src/events/event.ts";
import type {
  ActiveCall,
  Activity,
  BlindCause,
  DnKind,
  DnRef,
  Leg,
  LegStatus,
  LoggedCall,
  Party,
} from "../../src/tracker/activity.ts";
import type { ByDn } from "../../src/tracker/byDn.ts";
import {
  isKept,
  restore,
  restoreStretch,
  serialise,
  serialiseStretch,
} from "../../src/tracker/checkpoint.ts";
import { type Ledger, violations } from "../../src/tracker/invariants.ts";
import { reduce } from "../../src/tracker/reduce.ts";
import { defaultSettings, type TrackerSettings } from "../../src/tracker/settings.ts";
import { type Call, initialState, nextDueAt, type TrackerState } from "../../src/tracker/state.ts";
import type { Limit } from "../../src/tracker/stepCalls.ts";

export const caller = "420777000001";
/** 2026-05-04 08:00:00 UTC. */
export const t0: EpochMs = Date.UTC(2026, 4, 4, 8);
/** Scenes take no time unless they say so: the list names a call at once. */
export const settings: TrackerSettings = {
  ...{ ...defaultSettings, listLateMs: 0 },
  pbx: "main",
  timezone: "UTC",
};

const kinds: Record<string, DnKind> = {
  "800": "queue",
  "805": "queue",
  "801": "ivr",
  "820": "ringgroup",
  "666": "specialmenu",
  "900": "fax",
  "10007": "trunk",
  "10008": "trunk",
  ROUTER: "routepoint",
  app: "routepoint",
  SP0: "parking",
  SP1: "parking",
  700: "conference",
  MakeCall: "other",
  "?": "unknown",
};

export function kindOf(dn: string): DnKind {
  return kinds[dn] ?? "extension";
}

export function ref(dn: string): DnRef {
  return { dn, kind: kindOf(dn) };
}

export const outside = (number = caller, name = ""): Party => ({ ...ref("10007"), number, name });
export const inside = (dn: string): Party => ({ ...ref(dn), number: dn, name: "" });

/** A leg of call 7 towards the outside caller, unless told otherwise. */
export function leg(dn: string, id: number, status: LegStatus, more: Partial<Leg> = {}): Leg {
  return {
    legId: `${dn}/${id}`,
    dn,
    dnKind: kindOf(dn),
    status,
    party: outside(),
    did: null,
    originatedBy: status === "dialing" ? null : ref("ROUTER"),
    referredBy: null,
    onBehalfOf: null,
    callNumber: 7,
    legNumber: status === "dialing" ? 1 : 4,
    ...more,
  };
}

export function row(callee: string, more: Partial<ActiveCall> = {}): ActiveCall {
  const party = kindOf(callee) === "trunk" ? outside() : inside(callee);
  return {
    callNumber: 7,
    caller: outside(),
    callee: party,
    did: null,
    status: "Talking",
    establishedAt: null,
    changedAt: null,
    ...more,
  };
}

/** The log's entry of call 7: began at t0, ended 60 s later, nobody answered at 101. */
export function logged(more: Partial<LoggedCall> = {}): LoggedCall {
  return {
    callNumber: 7,
    direction: "incoming",
    number: caller,
    name: "",
    did: null,
    establishedAt: more.startedAt ?? t0,
    startedAt: t0,
    endedAt: t0 + 60_000,
    talks: [],
    level: ref("101"),
    missedLevel: null,
    polledBy: [],
    callbackOrdered: false,
    ...more,
  };
}

export class Phone {
  state: TrackerState = initialState;
  at: EpochMs = t0;
  asks = 0;
  /** From when on the call log was asked, each time. */
  readonly inquiries: EpochMs[] = [];
  readonly events: CallEvent[] = [];
  readonly gaps: GapEvent[] = [];
  readonly limits: Limit[] = [];
  readonly ledger: Ledger = new Map();
  readonly settings: TrackerSettings;
  #told = 0;

  constructor(more: Partial<TrackerSettings> = {}) {
    this.settings = { ...settings, ...more };
  }

  feed(activity: Activity): void {
    const step = reduce(this.state, activity, this.settings);
    expect(violations(step, this.ledger)).toEqual([]);
    this.state = step.state;
    this.events.push(...step.events);
    this.gaps.push(...step.gaps);
    this.limits.push(...step.limits);
    if (step.ask) this.asks += 1;
    if (step.inquireFromAt !== null) this.inquiries.push(step.inquireFromAt);
  }

  leg(...args: Parameters<typeof leg>): void {
    this.feed({ kind: "legChanged", at: this.at, leg: leg(...args) });
  }

  gone(...legIds: string[]): void {
    for (const legId of legIds) this.feed({ kind: "legGone", at: this.at, legId });
  }

  snapshot(...legs: Leg[]): void {
    this.feed({ kind: "snapshot", at: this.at, legs });
  }

  list(...calls: ActiveCall[]): void {
    this.feed({ kind: "activeCalls", at: this.at, askedAt: this.at, calls });
  }

  /** Sight is lost; without a time, from now on. */
  lose(sinceAt = this.at, cause: BlindCause = "connection"): void {
    this.feed({ kind: "sightLost", at: this.at, sinceAt, cause });
  }

  log(...calls: LoggedCall[]): void {
    this.feed({ kind: "callLog", at: this.at, fromAt: 0, toAt: this.at, calls, isCut: false });
  }

  noLog(): void {
    this.feed({ kind: "callLogUnavailable", at: this.at });
  }

  /** The PBX's directory says which queues offer callbacks. */
  offerCallbacks(...queues: string[]): void {
    this.feed({ kind: "callbackQueues", at: this.at, queues });
  }

  /** The PBX's directory says how long queues and ring groups let a phone ring. */
  setRingTimes(ringMs: ByDn<number>): void {
    this.feed({ kind: "ringTimes", at: this.at, ringMs });
  }

  noList(): void {
    this.feed({ kind: "activeCallsUnavailable", at: this.at });
  }

  tick(): void {
    this.feed({ kind: "tick", at: this.at });
  }

  /** Lets time pass, with a tick at each deadline, as the service would. */
  pass(ms: number): void {
    const until = this.at + ms;
    for (let ticks = 0; ; ticks++) {
      if (ticks > 10_000)
        throw new Error("Expected ticks to clear what is due, got no end of them.");
      const due = nextDueAt(this.state, this.settings);
      if (due === null || due > until) break;
      this.at = Math.max(this.at, due);
      this.tick();
    }
    this.at = until;
  }

  /** Goes down and comes up with what was checkpointed, by a wall clock that jumped meanwhile. */
  restart(aheadMs = 0): void {
    const { calls } = this.state;
    const kept = calls.values().filter((call) => isKept(calls, call));
    const stretch = serialiseStretch(this.state);
    const blind = stretch === null ? {} : restoreStretch(stretch, aheadMs);
    this.state = { ...restore(kept.map(serialise), aheadMs), ...blind };
  }

  call(callNumber = 7): Call | undefined {
    return this.state.calls.get(callNumber);
  }

  /** What was told since last asked. */
  told(): string[] {
    const fresh = this.events.slice(this.#told);
    this.#told = this.events.length;
    return fresh.map(line);
  }
}

export function line(event: CallEvent): string {
  const head = `${event.kind} ${event.user} -${event.link}`;
  switch (event.kind) {
    case "answered":
      return `${head} ${event.transferType}`;
    case "ended":
      return `${head} ${event.finish}${event.transferred ? " passed on" : ""}${event.callbackRequested ? " callback" : ""}`;
    default:
      return head;
  }
}

/** 102 has answered and talks to the caller, nobody having handed anything over. */
export function talking(more: Partial<TrackerSettings> = {}): Phone {
  const phone = new Phone(more);
  phone.leg("102", 5, "ringing");
  phone.leg("102", 5, "connected");
  phone.told();
  return phone;
}

/** Asks the list until it is believed that a call which it does not have is over: a join may be under way. */
export function settle(phone: Phone, ...rows: ActiveCall[]): void {
  for (let looks = 0; looks < 4; looks++) {
    phone.list(...rows);
    phone.pass(200);
  }
}
