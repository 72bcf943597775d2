/**
 * One step at work: legs come and go, calls are joined, and the turns of the calls concerned are settled together at
 * the end.
 */
import type { CallEvent, EpochMs, GapEvent } from "../events/event.ts";
import { idOf, type Leg } from "./activity.ts";
import { put } from "./byDn.ts";
import { calledBackBy, orderOf } from "./callback.ts";
import { mayBeJoined, noted, usedUp } from "./consultation.ts";
import { finish } from "./ends.ts";
import { Joins } from "./joins.ts";
import {
  answers,
  dialsBack,
  isDialled,
  isExternal,
  isSameNumber,
  legIn,
  sameLeg,
  track,
  wasInside,
} from "./legs.ts";
import { resume } from "./links.ts";
import { added, replacedAt, without } from "./lists.ts";
import { hurryAnswer, hurryNumber, settleTurn } from "./rules.ts";
import { beginsAnew, isAnother } from "./sight.ts";
import type { Call, TrackedLeg, TrackerState } from "./state.ts";
import { isBlind, newCall } from "./state.ts";
import type { Limit } from "./stepCalls.ts";
import type { Turn } from "./turn.ts";

export interface Step {
  readonly state: TrackerState;
  readonly events: readonly CallEvent[];
  /** Opt-in: blind stretches of which something stays unknown. */
  readonly gaps: readonly GapEvent[];
  /** Limits that this step ran into. */
  readonly limits: readonly Limit[];
  /** Calls whose checkpoint changed; those no longer in `state` are forgotten. */
  readonly changed: readonly number[];
  /** The list of active calls is wanted at once. */
  readonly ask: boolean;
  /** The call log is wanted from this time on; null = not. */
  readonly inquireFromAt: EpochMs | null;
}

const nobody: readonly number[] = [];
const noEvents: readonly CallEvent[] = [];
const noLimits: readonly Limit[] = [];

/** The turns of one step, one for each call concerned, settled together at its end. */
export class Stepping extends Joins {
  #forgotten: number[] | null = null;
  #changed: number[] | null = null;

  /** What the PBX says of itself, not of a call. */
  learn(
    told: Partial<Pick<TrackerState, "callbackQueues" | "ringMs" | "watched" | "legIdRead">>,
  ): void {
    Object.assign(this.next, told);
  }

  legIds(): string[] {
    return this.state.calls.values().flatMap((call) => call.legs.map(({ leg }) => leg.legId));
  }

  forget(callNumber: number): void {
    if (this.#forgotten === null) this.#forgotten = [callNumber];
    else this.#forgotten.push(callNumber);
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
    // Who hears a conversation with the outside party consults nobody.
    const isInside = turn.call.external === null && !this.isHeard(turn.call);
    if (isInside && mayBeJoined(turn.call, this.at)) {
      this.next.consultations = noted(this.next.consultations, tracked.leg, this.at);
    }
    // Nothing is told of whom a dialled call rings, as nobody saw it answered and passed on.
    const isUntold = isDialled(turn.call) && turn.call.talk === null && tracked.rang;
    if (isUntold) turn.call.reached = put(turn.call.reached, tracked.leg.dn, "leg");
    turn.call.legs = without(turn.call.legs, tracked);
    turn.call.lastLegId = legId;
    // When it went in a blind stretch, nobody knows.
    if (!turn.call.blind) turn.call.touchedAt = this.at;
    return tracked;
  }

  /** Not in a snapshot. A conversation of who is not monitored any more goes on for as long as the list says so. */
  removeUnshown(legId: string, dns: readonly string[] | undefined): void {
    const callNumber = this.state.calls.withLeg(legId);
    const tracked = this.remove(legId);
    if (callNumber === undefined || tracked === null) return;
    const { leg } = tracked;
    const { call } = this.turn(callNumber);
    // A list that left the call out was right.
    call.omittedAt = [];
    const isWatched = dns === undefined || dns.includes(leg.dn);
    if (isWatched) return;
    // When it was lost from view, nobody knows.
    call.touchedAt = (this.state.calls.get(callNumber) as Call).touchedAt;
    if (call.talk?.user === leg.dn) call.talk = { ...call.talk, shownBy: "inside" };
  }

  /** Puts a leg, new or changed, into its call; a leg may come over from another call. */
  place(told: Leg): void {
    // Mostly nothing is in doubt.
    if (this.next.restartDoubt !== null || this.belies(told)) this.heedRestart([told]);
    const leg = this.resolved(told);
    const known = this.now(leg.callNumber);
    const had = known && legIn(known, leg.legId);
    // What is still there of a call that ended a moment ago is about to go.
    const isOver = known?.overAt && this.at >= known.overAt + this.settings.graceMs;
    if (had !== undefined && sameLeg(had.leg, leg) && !isOver) return;
    if (known !== undefined && known.overAt !== null) {
      if (!isExternal(leg)) return;
      if (isAnother(known, leg, isBlind(this.next))) this.bury(known, known.overAt);
      else if (this.#isLoop(known)) {
        // Known as such for as long as it goes on.
        this.turn(known.callNumber).call.overAt = this.at;
        return;
      } else if (this.#lingers(known, leg)) return;
    }
    const isGone = known !== undefined && isNothing(known);
    if (isGone && (beginsAnew(leg) || this.#isAnothers(known, leg))) this.bury(known, this.at);
    // Of a call that is no more it is a new leg.
    const before = this.isBuried(leg.callNumber) ? undefined : had;
    if (before === undefined && !this.#hasRoom(leg)) {
      this.remove(leg.legId);
      return;
    }
    const was = before ?? this.remove(leg.legId);
    if (known === undefined) this.dropUnlike(leg);
    this.#heedCallback(leg);
    const turn = this.turn(leg.callNumber);
    const { call } = turn;
    if (before === undefined ? answers(leg) : before.leg.status !== leg.status)
      hurryAnswer(turn, leg);
    if (call.overAt !== null) {
      // What else was there at its end is as old as that.
      call.legs = before === undefined ? [] : [before];
      resume(turn, call.overAt);
    }
    // We see it again, and what it does now. A new leg inside may be of a PBX that has begun its numbers anew.
    if (!isBlind(this.next) && (before !== undefined || isExternal(leg))) call.blind = false;
    if (before === undefined) call.legCount += 1;
    if (call.legCount === 1 && !isExternal(leg)) this.keepListed(turn);
    const order = before?.order ?? call.legCount;
    // Who rings first is called, whatever was spoken before.
    const joins = leg.status === "connected" && this.hasConsulted(told, call);
    const consulted = was === null ? joins : wasInside(was);
    const seenAt = before?.seenAt ?? this.at;
    const talks = call.talk?.user === leg.dn;
    const leadsOut = call.external !== null;
    const tracked = track(leg, was, { order, consulted, seenAt, talks, leadsOut });
    call.legs =
      before === undefined
        ? added(call.legs, tracked)
        : replacedAt(call.legs, call.legs.indexOf(before), tracked);
    call.touchedAt = this.at;
    if (was === null) this.noteLeg(leg);
  }

  /** All legs of an inside call went while we were blind, and none knew this outside party: the PBX has restarted. */
  #isAnothers({ blind, callNumber }: Call, { party }: Leg): boolean {
    const knew = ({ leg }: TrackedLeg) => isSameNumber(leg.party.number, party.number);
    if (!blind || party.kind !== "trunk") return false;
    const { legs } = this.state.calls.get(callNumber) as Call;
    return !legs.some(knew);
  }

  /**
   * Of a call that has just ended, and is heard of only now, as its answer came late or its frame was lost: it was there
   * before that call's last leg came, or while the list had that call, which it would have still.
   */
  #lingers({ overAt, lastLegId, establishedAt }: Call, leg: Leg): boolean {
    const { legId } = leg;
    if (answers(leg) || this.at >= (overAt as number) + this.settings.graceMs) return false;
    const isKnown = this.state.calls.withLeg(legId) !== undefined;
    return !isKnown && (establishedAt !== null || idOf(leg) < idOf({ legId: lastLegId }));
  }

  #isLoop({ lastLink }: Call): boolean {
    return lastLink >= this.settings.linksMax;
  }

  /** For another leg, and for its call. */
  #hasRoom({ callNumber }: Leg): boolean {
    const { legsMax } = this.settings;
    if (!this.admits(callNumber)) return false;
    if ((this.now(callNumber)?.legs.length ?? 0) < legsMax) return true;
    this.reached("legs", legsMax, callNumber);
    return false;
  }

  /** The PBX calls somebody back: so that was ordered. */
  #heedCallback(leg: Leg): void {
    const queue = calledBackBy(leg);
    // Who is there already, or was listed as a caller, calls once more; whom a queue dials may show a moment later.
    const calls = this.next.unseen.get(leg.callNumber)?.caller.kind === "trunk";
    const known = this.now(leg.callNumber);
    const isThere = dialsBack(leg) ? known?.external?.number : known;
    if (queue === null || calls || isThere) return;
    const missed = this.state.calls.ofUser(queue).map(({ callNumber }) => this.turn(callNumber));
    const order = orderOf(missed, leg);
    if (order !== undefined) finish(order, this.at, true);
  }

  done(): Step {
    const { next } = this;
    const turns = this.turns.list();
    let ask = false;
    for (const turn of turns) {
      this.#settle(turn);
      if (turn.ask) ask = true;
    }
    const events = this.#eventsOf(turns);
    for (const event of events) {
      const joined = event.kind === "answered" && event.transferType === "Accomp";
      if (joined) next.consultations = usedUp(next.consultations, event.user);
    }
    for (const callNumber of this.buried ?? nobody) this.#become(callNumber, null);
    for (const { call, before } of turns) {
      if (call.external !== null) this.dropListed(call.callNumber);
      if (isNothing(call)) {
        this.noteInside(before);
        this.forget(call.callNumber);
      } else if (differs(call, before)) this.#become(call.callNumber, call);
    }
    for (const callNumber of this.#forgotten ?? nobody) this.#become(callNumber, null);
    return {
      state: next,
      events,
      gaps: this.gaps,
      limits: this.limits ?? noLimits,
      changed: this.#changed ?? nobody,
      ask,
      inquireFromAt: this.inquireFromAt,
    };
  }

  #settle(turn: Turn): void {
    settleTurn(turn);
    const { call } = turn;
    if (call.overAt === null && this.#isLoop(call)) {
      this.reached("links", this.settings.linksMax, call.callNumber);
      finish(turn, this.at);
    }
    if (turn.lacking) this.lack();
    if (turn.inquire) this.inquire(call.firstSeenAt);
  }

  #eventsOf(turns: readonly Turn[]): readonly CallEvent[] {
    const { ended } = this;
    if (turns.length < 2 && ended === null) return turns[0]?.events ?? noEvents;
    const all = [...(ended ?? noEvents)];
    for (const { events } of turns) all.push(...events);
    return all;
  }

  /** From the first on, what there was before is not to be looked up any more (calls.ts). */
  #become(callNumber: number, call: Call | null): void {
    this.next.calls = this.next.calls.with(callNumber, call);
    if (this.#changed === null) this.#changed = [callNumber];
    else this.#changed.push(callNumber);
  }
}

/** No leg and nothing told or to be told: an inside call that ended. */
function isNothing(call: Call): boolean {
  return call.external === null && call.legs.length === 0;
}

const parts = Object.keys(newCall(0, 0)) as (keyof Call)[];

function differs(call: Call, before: Call | undefined): boolean {
  if (before === undefined) return true;
  // Mostly it is one of these.
  if (call.legs !== before.legs || call.hidden !== before.hidden) return true;
  for (const part of parts) if (call[part] !== before[part]) return true;
  return false;
}
