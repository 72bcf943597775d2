/**
 * THE TRACKER: `reduce(state, activity) → { state, events }`. Pure: time comes with the activity.
 * Finds the calls that an activity concerns, works it in, and lets the rules (rules.ts) tell what is due.
 */
import type { CallEvent, EpochMs } from "../events/event.ts";
import { assertNever } from "../util/assertNever.ts";
import type { ActiveCall, ActiveCalls, Activity, Leg } from "./activity.ts";
import { isExternal } from "./legs.ts";
import { hurryNumber, resume, settleTurn } from "./rules.ts";
import type { Call, TrackedLeg, TrackerSettings, TrackerState } from "./state.ts";
import { newCall } from "./state.ts";
import { beginTurn, type Turn } from "./turn.ts";
import { adoptListed, heedListed, heedNoList, heedTime, heedUnlisted } from "./witness.ts";

export interface Step {
  readonly state: TrackerState;
  readonly events: readonly CallEvent[];
  /** Calls whose checkpoint changed; those no longer in `state` are forgotten. */
  readonly changed: readonly number[];
  /** The list of active calls is wanted at once. */
  readonly ask: boolean;
}

/** Works one activity into the state. Never throws on any activity of the declared shape. */
export function reduce(state: TrackerState, activity: Activity, settings: TrackerSettings): Step {
  const step = new Stepping(state, activity.at, settings);
  switch (activity.kind) {
    case "legChanged":
      step.place(activity.leg);
      break;
    case "legGone":
      step.remove(activity.legId);
      break;
    case "snapshot": {
      const present = new Set(activity.legs.map((leg) => leg.legId));
      for (const legId of step.legIds()) if (!present.has(legId)) step.remove(legId);
      for (const leg of activity.legs) step.place(leg);
      break;
    }
    case "activeCalls":
      heedList(step, activity);
      break;
    case "activeCallsUnavailable":
      for (const call of state.calls.values()) {
        if (call.hidden !== null) heedNoList(step.turn(call.callNumber));
      }
      break;
    case "tick":
      for (const call of state.calls.values()) {
        if (call.overAt === null) heedTime(step.turn(call.callNumber));
        else if (activity.at >= call.overAt + settings.overKeptMs) step.forget(call.callNumber);
      }
      break;
    default:
      return assertNever(activity);
  }
  return step.done();
}

/** The second witness: what the PBX's own list of calls says of ours. */
function heedList(step: Stepping, { calls, askedAt }: ActiveCalls): void {
  const rows = new Map(calls.map((row) => [row.callNumber, row]));
  for (const call of step.state.calls.values()) {
    if (call.overAt !== null) continue;
    const row = rows.get(call.callNumber);
    const turn = step.turn(call.callNumber);
    if (row === undefined) heedUnlisted(turn, askedAt);
    else heedListed(turn, row, askedAt);
  }
  for (const row of calls) {
    if (!step.state.calls.has(row.callNumber) && isAtLevel(row)) {
      adoptListed(step.turn(row.callNumber), row);
    }
  }
}

/** An outside caller at a queue, IVR or ring group. */
function isAtLevel({ caller, callee }: ActiveCall): boolean {
  const level = callee.kind === "queue" || callee.kind === "ivr" || callee.kind === "ringgroup";
  return caller.kind === "trunk" && level;
}

/** The turns of one step, one for each call concerned, settled together at its end. */
class Stepping {
  readonly state: TrackerState;
  readonly #at: EpochMs;
  readonly #settings: TrackerSettings;
  readonly #turns = new Map<number, Turn>();
  readonly #forgotten = new Set<number>();

  constructor(state: TrackerState, at: EpochMs, settings: TrackerSettings) {
    this.state = state;
    this.#at = at;
    this.#settings = settings;
  }

  turn(callNumber: number): Turn {
    let turn = this.#turns.get(callNumber);
    if (turn === undefined) {
      const call = this.state.calls.get(callNumber) ?? newCall(callNumber, this.#at);
      turn = beginTurn(call, this.#at, this.#settings);
      this.#turns.set(callNumber, turn);
    }
    return turn;
  }

  /** The call as this step has it so far. */
  #now(callNumber: number): Call | undefined {
    return this.#turns.get(callNumber)?.call ?? this.state.calls.get(callNumber);
  }

  legIds(): string[] {
    return [...this.state.calls.values()].flatMap((call) => Object.keys(call.legs));
  }

  forget(callNumber: number): void {
    this.#forgotten.add(callNumber);
  }

  /** Takes a leg out of the call that has it; gives what was known of it. */
  remove(legId: string): TrackedLeg | null {
    for (const { callNumber } of this.state.calls.values()) {
      const tracked = this.#now(callNumber)?.legs[legId];
      if (tracked === undefined) continue;
      const turn = this.turn(callNumber);
      // A caller who is gone before the number came has rung all the same.
      if (turn.call.numberDueAt !== null) hurryNumber(turn);
      const { [legId]: _gone, ...rest } = turn.call.legs;
      turn.call.legs = rest;
      turn.call.touchedAt = this.#at;
      return tracked;
    }
    return null;
  }

  /** Puts a leg, new or changed, into its call; a leg may come over from another call. */
  place(leg: Leg): void {
    const known = this.#now(leg.callNumber);
    const before = known?.legs[leg.legId];
    if (before !== undefined && sameLeg(before.leg, leg)) return;
    if (known !== undefined && known.overAt !== null && !isExternal(leg)) return;
    const was = before ?? this.remove(leg.legId);
    const turn = this.turn(leg.callNumber);
    const { call } = turn;
    if (call.overAt !== null) resume(turn);
    const consulted = was !== null && (was.consulted || was.leg.party.kind === "extension");
    if (before === undefined) call.legCount += 1;
    const order = before?.order ?? call.legCount;
    call.legs = { ...call.legs, [leg.legId]: { leg, consulted, order } };
    call.touchedAt = this.#at;
  }

  done(): Step {
    const calls = new Map(this.state.calls);
    const events: CallEvent[] = [];
    const changed: number[] = [];
    let ask = false;
    for (const [callNumber, turn] of this.#turns) {
      settleTurn(turn);
      events.push(...turn.events);
      ask ||= turn.ask;
      if (isNothing(turn.call)) this.#forgotten.add(callNumber);
      else if (differs(turn.call, this.state.calls.get(callNumber))) {
        calls.set(callNumber, turn.call);
        changed.push(callNumber);
      }
    }
    for (const callNumber of this.#forgotten) {
      calls.delete(callNumber);
      changed.push(callNumber);
    }
    return { state: { calls }, events, changed, ask };
  }
}

/** No leg and nothing told or to be told: an inside call that ended. */
function isNothing(call: Call): boolean {
  return call.external === null && Object.keys(call.legs).length === 0;
}

function sameLeg(a: Leg, b: Leg): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function differs(call: Call, before: Call | undefined): boolean {
  if (before === undefined) return true;
  return (Object.keys(call) as (keyof Call)[]).some((key) => call[key] !== before[key]);
}
