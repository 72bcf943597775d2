/**
 * One step at work: the turns of the calls that an activity concerns, settled together at its end, and what
 * is known across calls (blind stretch, starts, consultations, joined calls).
 */
import type { CallEvent, EpochMs } from "../events/event.ts";
import type { ActiveCall, Leg, LoggedCall } from "./activity.ts";
import { calledBackBy, isOrderOf } from "./callback.ts";
import { isConsultation, noted, usedUp, wasConsulted } from "./consultation.ts";
import { finish } from "./ends.ts";
import { idOf, isAnother, isExternal, isSameLeg, sameLeg, track, wasInside } from "./legs.ts";
import { hide, hurryNumber, resume, settleTurn } from "./rules.ts";
import type { BlindStretch, Call, TrackedLeg, TrackerSettings, TrackerState } from "./state.ts";
import { newCall } from "./state.ts";
import { afterLog, isTold, isWithin, lost, withTold } from "./stretch.ts";
import { Turns } from "./turns.ts";

/** No PBX restarts faster; so a call of before never shares the second in its id with one of after. */
const pbxRestartMsMin = 1_000;

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

/** The turns of one step, one for each call concerned, settled together at its end. */
export class Stepping extends Turns {
  readonly #forgotten: number[] = [];
  /** What was told of calls of before a restart of the PBX. */
  readonly #ended: CallEvent[] = [];
  #stretch: BlindStretch | null;
  #callbackQueues: TrackerState["callbackQueues"];
  #consultations: TrackerState["consultations"];
  #legIdMax: number;
  #restartDoubt: TrackerState["restartDoubt"];
  #inquireFromAt: EpochMs | null = null;

  constructor(state: TrackerState, at: EpochMs, settings: TrackerSettings) {
    super(state, at, settings);
    this.#stretch = state.stretch;
    this.#callbackQueues = state.callbackQueues;
    this.#consultations = state.consultations;
    this.#legIdMax = state.legIdMax;
    this.#restartDoubt = state.restartDoubt;
  }

  noteCallbackQueues(queues: readonly string[]): void {
    this.#callbackQueues = queues;
  }

  loseSight(sinceAt: EpochMs): void {
    for (const { callNumber, overAt } of this.state.calls.values()) {
      if (overAt !== null) continue;
      const { call } = this.turn(callNumber);
      // Until then its legs were there.
      const seenUntilAt = call.blind || call.legs.length === 0 ? call.touchedAt : sinceAt;
      call.blind = true;
      // Our clock may have been set back while we were down.
      call.touchedAt = Math.min(Math.max(call.touchedAt, seenUntilAt), this.at);
      if (call.hidden !== null && call.hidden.sinceAt > this.at) {
        call.hidden = { ...call.hidden, sinceAt: this.at };
      }
    }
    this.#stretch = lost(this.#stretch, sinceAt);
    this.#restartDoubt = this.at;
  }

  /** A snapshot: what is in it is seen; of the stretch before, the log is asked. */
  sightRegained(): void {
    const stretch = this.#stretch;
    if (stretch === null || stretch.toAt !== null) return;
    for (const before of this.state.calls.values()) {
      if (this.isBuried(before.callNumber)) continue;
      const { legs } = this.turns.get(before.callNumber)?.call ?? before;
      const seen = legs.length > 0;
      if (before.blind && seen) this.turn(before.callNumber).call.blind = false;
      // What was asked of a hidden call before is asked anew.
      else if (before.hidden !== null) hide(this.turn(before.callNumber), before.hidden.sinceAt);
    }
    this.#stretch = { ...stretch, toAt: this.at };
    this.#inquire(stretch.fromAt);
  }

  /** A call that is told; its state goes. */
  noteTold(call: Call): void {
    this.#stretch = withTold(this.#stretch, call);
  }

  /** The log's call came and went in the stretch, and was not told. */
  isNews(logged: LoggedCall): boolean {
    return isWithin(this.#stretch, logged.startedAt) && !isTold(this.#stretch, logged);
  }

  stretchLogged(fromAt: EpochMs, toAt: EpochMs): void {
    const log = { fromAt, toAt, at: this.at };
    this.#stretch = afterLog(this.#stretch, log, this.settings.logAgainMs);
  }

  /** The log cannot be had: nobody will ever tell what came and went. */
  endStretch(): void {
    this.#stretch = null;
  }

  heedStretchTime(): void {
    const stretch = this.#stretch;
    if (stretch === null || stretch.dueAt === null || this.at < stretch.dueAt) return;
    this.#stretch = { ...stretch, dueAt: null };
    this.#inquire(stretch.fromAt);
  }

  #inquire(fromAt: EpochMs): void {
    this.#inquireFromAt = Math.min(fromAt, this.#inquireFromAt ?? fromAt);
  }

  /** When we noticed that we were blind, if the PBX may have started anew meanwhile. */
  get restartDoubt(): EpochMs | null {
    return this.#restartDoubt;
  }

  legIds(): string[] {
    return this.state.calls.values().flatMap((call) => call.legs.map(({ leg }) => leg.legId));
  }

  forget(callNumber: number): void {
    this.#forgotten.push(callNumber);
  }

  /** Takes a leg out of the call that has it; gives what was known of it. */
  remove(legId: string): TrackedLeg | null {
    const callNumber = this.state.calls.withLeg(legId);
    if (callNumber === undefined) return null;
    const tracked = this.legOf(callNumber, legId);
    if (tracked === undefined) return null;
    const turn = this.turn(callNumber);
    // A caller who is gone before the number came has rung all the same.
    if (turn.call.numberDueAt !== null) hurryNumber(turn);
    this.#consultations = noted(this.#consultations, tracked.leg, this.at);
    turn.call.legs = turn.call.legs.filter(({ leg }) => leg.legId !== legId);
    turn.call.lastLegId = legId;
    // When it went in a blind stretch, nobody knows.
    if (!turn.call.blind) turn.call.touchedAt = this.at;
    return tracked;
  }

  /** Puts a leg, new or changed, into its call; a leg may come over from another call. */
  place(told: Leg): void {
    this.heedRestart([told]);
    const leg = this.#resolved(told);
    const known = this.now(leg.callNumber);
    const before = this.legOf(leg.callNumber, leg.legId);
    if (before !== undefined && sameLeg(before.leg, leg)) return;
    if (known !== undefined && known.overAt !== null) {
      if (!isExternal(leg)) return;
      if (isAnother(known, leg)) this.#bury(known, known.overAt);
    }
    const was = before ?? this.remove(leg.legId);
    this.#heedCallback(leg);
    const turn = this.turn(leg.callNumber);
    const { call } = turn;
    if (call.overAt !== null) resume(turn);
    if (before === undefined) call.legCount += 1;
    const order = before?.order ?? call.legCount;
    // Who rings first is called, whatever was spoken before.
    const joins = leg.status === "connected" && this.#hasConsulted(leg, call);
    const consulted = was === null ? joins : wasInside(was);
    const seenAt = before?.seenAt ?? this.at;
    const tracked = track(leg, was, { order, consulted, seenAt });
    call.legs = before === undefined ? [...call.legs, tracked] : replaced(call.legs, tracked);
    call.touchedAt = this.at;
    this.#legIdMax = Math.max(this.#legIdMax, idOf(leg));
  }

  /** The PBX calls somebody back: so that was ordered. */
  #heedCallback(leg: Leg): void {
    const queue = calledBackBy(leg);
    if (queue === null) return;
    for (const { callNumber } of this.state.calls.ofUser(queue)) {
      const turn = this.turn(callNumber);
      if (isOrderOf(turn.call, queue, leg)) finish(turn, this.at, true);
    }
  }

  /** A consulted leg that turns to the outside party has taken that party's call over. */
  #resolved(told: Leg): Leg {
    const own = this.callOf(told.callNumber);
    const leg = own === told.callNumber ? told : { ...told, callNumber: own };
    const call = this.now(own);
    const before = this.legOf(own, leg.legId);
    if (call === undefined || call.external !== null || before === undefined) return leg;
    if (!isExternal(leg) || before.leg.party.kind !== "extension") return leg;
    const joined = this.handedOverBy(before.leg.party.dn, leg.party.number);
    if (joined === undefined) return leg;
    this.join(own, joined);
    return { ...leg, callNumber: joined };
  }

  /**
   * The list has an outside party in a call that was an inside one: the consultation has taken over the call of one who
   * speaks in it.
   */
  heedJoined(row: ActiveCall): void {
    const own = this.callOf(row.callNumber);
    const call = this.now(own);
    const { number } = row.caller.kind === "trunk" ? row.caller : row.callee;
    const outside = row.caller.kind === "trunk" || row.callee.kind === "trunk";
    if (!outside || number === "" || call === undefined || call.external !== null) return;
    for (const { leg } of call.legs) {
      const joined = this.handedOverBy(leg.party.dn, number);
      if (joined === undefined || this.now(joined)?.hidden === null) continue;
      this.join(own, joined);
      return;
    }
  }

  #hasConsulted(leg: Leg, call: Call): boolean {
    const user = call.talk?.user ?? call.level?.dn;
    if (user === undefined || leg.dnKind !== "extension") return false;
    const live = this.state.calls.insideOf(leg.dn).flatMap(({ legs }) => legs);
    return (
      live.some((tracked) => isConsultation(tracked.leg, leg.dn, user)) ||
      wasConsulted(this.#consultations, leg.dn, user, this.at)
    );
  }

  /** Somebody spoke inside with this user a moment ago: a join may be under way. */
  consults(user: string): boolean {
    const live = this.state.calls.insideOf(user).flatMap(({ legs }) => legs);
    return (
      live.some(({ leg }) => leg.party.kind === "extension" && leg.party.dn === user) ||
      wasConsulted(this.#consultations, null, user, this.at)
    );
  }

  /** A leg of before is in the first snapshot after a blind stretch: the PBX has run through. */
  heedOutliving(legs: readonly Leg[]): void {
    if (this.#stretch === null || this.#stretch.toAt !== null) return;
    if (legs.some((leg) => this.#outlived(leg))) this.#restartDoubt = null;
  }

  /**
   * The PBX has started anew, and so have its numbers, if no leg outlived the blind stretch and the first new
   * one has an id of before. Inside legs say nothing: they are not in the checkpoints.
   */
  heedRestart(legs: readonly Leg[]): void {
    const lostAt = this.#restartDoubt;
    if (lostAt === null) return;
    const fresh = legs.filter((leg) => isExternal(leg) && this.#isNew(leg));
    if (fresh.length === 0) return;
    if (fresh.every((leg) => idOf(leg) > this.#legIdMax)) this.#restartDoubt = null;
    else this.heedRestarted(lostAt);
  }

  /** Nothing of before goes on, and every number is free. */
  heedRestarted(lostAt: EpochMs): void {
    this.#restartDoubt = null;
    for (const call of this.state.calls.values()) {
      this.#bury(call, call.hidden?.sinceAt ?? lostAt);
    }
    this.#legIdMax = 0;
    this.starts = new Map();
    this.#consultations = [];
  }

  /** Of before, beyond an id that a new PBX may have given anew. */
  #outlived(leg: Leg): boolean {
    const before = this.legOf(this.callOf(leg.callNumber), leg.legId);
    return before !== undefined && isSameLeg(before.leg, leg);
  }

  /** Not of before, as far as can be told: one that is in another call now may have been moved there by a join. */
  #isNew(leg: Leg): boolean {
    const known = this.state.calls.withLeg(leg.legId);
    return known === undefined || (known === this.callOf(leg.callNumber) && !this.#outlived(leg));
  }

  /** Ends a call of which nothing will be heard any more; its number is free. */
  #bury({ callNumber, firstSeenAt, overAt, external }: Call, endedAt: EpochMs): void {
    // No PBX restarts so fast; so no call shares its second in the id with the one that takes its number.
    if (firstSeenAt > this.at - pbxRestartMsMin) return;
    const turn = this.turn(callNumber);
    if (overAt === null && external !== null) finish(turn, endedAt);
    this.noteTold(turn.call);
    this.#ended.push(...turn.events);
    this.turns.delete(callNumber);
    this.buried ??= new Set();
    this.buried.add(callNumber);
  }

  done(): Step {
    const changes: [callNumber: number, call: Call | null][] = [];
    const events = this.#ended;
    let ask = false;
    for (const callNumber of this.buried ?? []) changes.push([callNumber, null]);
    for (const [callNumber, turn] of this.turns) {
      settleTurn(turn);
      events.push(...turn.events);
      ask ||= turn.ask;
      if (turn.inquire) this.#inquire(turn.call.id?.startedAt ?? turn.call.firstSeenAt);
      if (isNothing(turn.call)) this.forget(callNumber);
      else if (differs(turn.call, this.before(callNumber))) changes.push([callNumber, turn.call]);
    }
    for (const callNumber of this.#forgotten) changes.push([callNumber, null]);
    for (const event of events) {
      const joined = event.kind === "answered" && event.transferType === "Accomp";
      if (joined) this.#consultations = usedUp(this.#consultations, event.user);
    }
    const state = {
      calls: this.state.calls.with(changes),
      starts: this.starts,
      stretch: this.#stretch,
      callbackQueues: this.#callbackQueues,
      consultations: this.#consultations,
      legIdMax: this.#legIdMax,
      restartDoubt: this.#restartDoubt,
    };
    return {
      state,
      events,
      changed: changes.map(([callNumber]) => callNumber),
      ask,
      inquireFromAt: this.#inquireFromAt,
    };
  }
}

/** No leg and nothing told or to be told: an inside call that ended. */
function isNothing(call: Call): boolean {
  return call.external === null && call.legs.length === 0;
}

function replaced(legs: readonly TrackedLeg[], by: TrackedLeg): TrackedLeg[] {
  return legs.map((tracked) => (tracked.leg.legId === by.leg.legId ? by : tracked));
}

const parts = Object.keys(newCall(0, 0)) as (keyof Call)[];

function differs(call: Call, before: Call | undefined): boolean {
  if (before === undefined) return true;
  for (const part of parts) if (call[part] !== before[part]) return true;
  return false;
}
