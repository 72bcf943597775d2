/**
 * THE TRACKER: `reduce(state, activity) → { state, events }`. Pure: time comes with the activity.
 * Finds the calls that an activity concerns, works it in, and lets the rules (rules.ts) tell what is due.
 */
import type { CallEvent, EpochMs } from "../events/event.ts";
import { assertNever } from "../util/assertNever.ts";
import type { ActiveCall, ActiveCalls, Activity, CallLog, Leg } from "./activity.ts";
import { adoptLogged, heedLogged, heedNoLog, heedUnlogged, isInquired, isSame } from "./callLog.ts";
import { isExternal } from "./legs.ts";
import { hurryNumber, resume, settleTurn } from "./rules.ts";
import type { BlindStretch, Call, TrackedLeg, TrackerSettings, TrackerState } from "./state.ts";
import { isBlind, newCall } from "./state.ts";
import { beginTurn, type Turn } from "./turn.ts";
import { adoptListed, askAnew, heedListed, heedNoList, heedTime, heedUnlisted } from "./witness.ts";

export interface Step {
  readonly state: TrackerState;
  readonly events: readonly CallEvent[];
  /** Calls whose checkpoint changed; those no longer in `state` are forgotten. */
  readonly changed: readonly number[];
  /** The list of active calls is wanted at once. */
  readonly ask: boolean;
  /** The call log is wanted from this time on; null = not. */
  readonly inquireFromAt: EpochMs | null;
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
      step.sightRegained();
      break;
    }
    case "activeCalls":
      heedList(step, activity);
      break;
    case "activeCallsUnavailable":
      if (isBlind(state)) break;
      for (const { callNumber } of state.calls.values()) heedNoList(step.turn(callNumber));
      break;
    case "callLog":
      heedLog(step, activity);
      break;
    case "callLogUnavailable":
      if (isBlind(state)) break;
      for (const { callNumber } of state.calls.values()) heedNoLog(step.turn(callNumber));
      step.endStretch();
      break;
    case "sightLost":
      step.loseSight(activity.sinceAt);
      break;
    case "tick":
      if (isBlind(state)) break;
      heedTimes(step, activity.at, settings);
      break;
    default:
      return assertNever(activity);
  }
  return step.done();
}

/** The second witness: what the PBX's own list of calls says of ours. */
function heedList(step: Stepping, { calls, askedAt }: ActiveCalls): void {
  const rows = new Map(calls.map((row) => [row.callNumber, row]));
  step.noteStarts(calls);
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

/** The third witness: what the PBX's log says of calls that we lost sight of. */
function heedLog(step: Stepping, { calls, fromAt, toAt }: CallLog): void {
  const ours = [...step.state.calls.values()];
  for (const call of ours) {
    const logged = calls.find((entry) => isSame(call, entry));
    const turn = step.turn(call.callNumber);
    if (logged === undefined) heedUnlogged(turn);
    else if (isInquired(call)) heedLogged(turn, logged);
  }
  for (const logged of calls) {
    const { callNumber, startedAt } = logged;
    if (!step.isInStretch(startedAt) || ours.some((call) => isSame(call, logged))) continue;
    // Without the PBX's number there is no id to tell it under.
    if (callNumber === null || step.state.calls.has(callNumber)) continue;
    adoptLogged(step.turn(callNumber), logged);
  }
  step.stretchLogged(fromAt, toAt);
}

function heedTimes(step: Stepping, at: EpochMs, settings: TrackerSettings): void {
  for (const call of step.state.calls.values()) {
    if (call.overAt === null) heedTime(step.turn(call.callNumber));
    // An ended call is known until the log of a blind stretch, which has it too, has been read.
    else if (step.state.stretch === null && at >= call.overAt + settings.overKeptMs) {
      step.forget(call.callNumber);
    }
  }
  step.heedStretchTime();
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
  #starts: TrackerState["starts"];
  #stretch: BlindStretch | null;
  #inquireFromAt: EpochMs | null = null;

  constructor(state: TrackerState, at: EpochMs, settings: TrackerSettings) {
    this.state = state;
    this.#at = at;
    this.#settings = settings;
    this.#starts = state.starts;
    this.#stretch = state.stretch;
  }

  /** Remembers when calls began that no leg has shown yet. */
  noteStarts(calls: readonly ActiveCall[]): void {
    const unseen = calls.filter((row) => !this.state.calls.has(row.callNumber));
    this.#starts = new Map(unseen.map((row) => [row.callNumber, row.establishedAt ?? this.#at]));
  }

  loseSight(sinceAt: EpochMs): void {
    for (const { callNumber, overAt } of this.state.calls.values()) {
      if (overAt === null) this.turn(callNumber).call.blind = true;
    }
    const fromAt = Math.min(sinceAt, this.#stretch?.fromAt ?? sinceAt);
    this.#stretch = { fromAt, toAt: null, looks: 0, dueAt: null };
  }

  /** A snapshot: what is in it is seen; of the stretch before, the log is asked. */
  sightRegained(): void {
    const stretch = this.#stretch;
    if (stretch === null || stretch.toAt !== null) return;
    for (const before of this.state.calls.values()) {
      const { legs } = this.#turns.get(before.callNumber)?.call ?? before;
      const seen = Object.keys(legs).length > 0;
      if (before.blind && seen) this.turn(before.callNumber).call.blind = false;
      else if (before.hidden !== null) askAnew(this.turn(before.callNumber), before.hidden);
    }
    this.#stretch = { ...stretch, toAt: this.#at };
    this.#inquire(stretch.fromAt);
  }

  isInStretch(startedAt: EpochMs): boolean {
    const stretch = this.#stretch;
    return stretch !== null && startedAt >= stretch.fromAt && startedAt <= (stretch.toAt ?? 0);
  }

  /** The log of the stretch was read; it is read again, as the PBX writes it late. */
  stretchLogged(fromAt: EpochMs, toAt: EpochMs): void {
    const stretch = this.#stretch;
    if (stretch === null || stretch.toAt === null) return;
    if (fromAt > stretch.fromAt || toAt < stretch.toAt) return;
    const pause = this.#settings.logAgainMs[stretch.looks];
    if (pause === undefined) this.#stretch = null;
    else this.#stretch = { ...stretch, looks: stretch.looks + 1, dueAt: this.#at + pause };
  }

  /** The log cannot be had: nobody will ever tell what came and went. */
  endStretch(): void {
    this.#stretch = null;
  }

  heedStretchTime(): void {
    const stretch = this.#stretch;
    if (stretch === null || stretch.dueAt === null || this.#at < stretch.dueAt) return;
    this.#stretch = { ...stretch, dueAt: null };
    this.#inquire(stretch.fromAt);
  }

  #inquire(fromAt: EpochMs): void {
    this.#inquireFromAt = Math.min(fromAt, this.#inquireFromAt ?? fromAt);
  }

  turn(callNumber: number): Turn {
    let turn = this.#turns.get(callNumber);
    if (turn === undefined) {
      const call = this.state.calls.get(callNumber) ?? this.#begin(callNumber);
      turn = beginTurn(call, this.#at, this.#settings);
      this.#turns.set(callNumber, turn);
    }
    return turn;
  }

  #begin(callNumber: number): Call {
    const establishedAt = this.#starts.get(callNumber) ?? null;
    if (establishedAt !== null) {
      this.#starts = new Map([...this.#starts].filter(([number]) => number !== callNumber));
    }
    return { ...newCall(callNumber, this.#at), establishedAt };
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
      if (turn.inquire) this.#inquire(turn.call.id?.startedAt ?? turn.call.firstSeenAt);
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
    const state = { calls, starts: this.#starts, stretch: this.#stretch };
    return { state, events, changed, ask, inquireFromAt: this.#inquireFromAt };
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
