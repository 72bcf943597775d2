/**
 * What a step knows of blind stretches: that sight was lost and regained, what the call log of the stretch is still to
 * tell, and whether the PBX has started anew meanwhile (SPEC.md, R19-R21, R28).
 */
import type { CallEvent, EpochMs, GapEvent } from "../events/event.ts";
import {
  type BlindCause,
  type CallLog,
  type Did,
  idOf,
  type Leg,
  type LoggedCall,
} from "./activity.ts";
import { awaitOrder, awaitsOrder } from "./callback.ts";
import { awaitLogOn, identityOf, insideIdentityOf, isInquired } from "./callLog.ts";
import { finish } from "./ends.ts";
import { isExternal, isSameNumber, lastLegsMax } from "./legs.ts";
import { addedUpTo } from "./lists.ts";
import { hide, hurryNumber } from "./rules.ts";
import type { Call, CallIdentity, External, TrackerState } from "./state.ts";
import { isRead, noGap } from "./state.ts";
import { StepCalls } from "./stepCalls.ts";
import { afterLog, gapEvent, gapFrom, isTold, isWithin, lost, withTold } from "./stretch.ts";

/** No PBX restarts faster; so a call of before never shares the second in its id with one of after. */
const pbxRestartMsMin = 1_000;

/** A leg each, at most, as one that rings all phones of a large queue makes many at once. */
const legEveryMsMin = 100;
/** So many may come while all are read, before one that is read. */
const unreadLegsMax = 4;

/** So many are remembered that no state tells of any more. */
const buriedMax = 200;

const noGaps: readonly GapEvent[] = [];
/** The first leg of a call: where there is one of that number, the PBX has begun its numbers anew. */
export function beginsAnew({ status, legNumber }: Leg): boolean {
  return status === "dialing" && legNumber === 1;
}

/**
 * A leg with the number of a call that is over, and of somebody else: the number is in use anew. `found`: it was there
 * when we saw again, so that a number which it does not tell in a conversation is withheld.
 */
export function isAnother(call: Call, leg: Leg, found: boolean): boolean {
  const { external, lastLegId, leftOut } = call;
  const { number } = leg.party;
  if (leftOut) return true;
  const dials = leg.status === "dialing" && leg.legNumber === 1 && leg.legId !== lastLegId;
  const isKnown = number !== "" || (found && leg.status === "connected");
  return dials || (isKnown && !isSameNumber(number, external?.number ?? ""));
}

/** Only the log has it, which has calls that have ended; one that the list had first may have legs yet. */
export function isLogged({ legCount, touchedAt }: Call): boolean {
  return legCount === 0 && touchedAt > 0;
}

/** What carries the same id after a blind stretch is the same leg, not one of a PBX that has started anew. */
export function isSameLeg(before: Leg, now: Leg): boolean {
  if (before.legNumber !== now.legNumber || isExternal(before) !== isExternal(now)) return false;
  const [was, is] = [before.party.number, now.party.number];
  return was === "" || is === "" || isSameNumber(was, is);
}

/** Their last digits differ, as far as both have them: an inbound rule may tell a few only. */
function isOtherDid(one: Did | null, other: Did | null): boolean {
  const digitsOf = (did: Did | null) => (did?.number ?? "").replace(/\D/g, "");
  const [mine, theirs] = [digitsOf(one), digitsOf(other)];
  const length = Math.min(mine.length, theirs.length);
  return length > 0 && !isSameNumber(mine.slice(-length), theirs.slice(-length));
}

/** Until then its legs were there, or the list that alone shows its conversation. */
function seenUntil({ blind, hidden, touchedAt }: Call, lostAt: EpochMs): EpochMs {
  return blind ? touchedAt : (hidden?.sinceAt ?? lostAt);
}

/** The list alone has shown it, and its start, by which it would tell of another one with that number. */
function isListed({ legCount, establishedAt, leftOut, overAt }: Call): boolean {
  return legCount === 0 && establishedAt !== null && !leftOut && overAt === null;
}

/** It stands towards the outside party of a call that the list has, under its number. */
function isLegOf({ callNumber, external }: Call, leg: Leg): boolean {
  const { number } = external as External;
  return leg.callNumber === callNumber && isExternal(leg) && isSameNumber(leg.party.number, number);
}

export class Sight extends StepCalls {
  /** What was told of calls of before a restart of the PBX. */
  protected ended: CallEvent[] | null = null;
  protected gaps: readonly GapEvent[] = noGaps;
  protected inquireFromAt: EpochMs | null = null;

  loseSight(sinceAt: EpochMs, cause: BlindCause): void {
    // We saw all when we last saw again.
    const lostAt = Math.max(sinceAt, this.next.gap.toAt ?? 0);
    for (const { callNumber, overAt } of this.state.calls.values()) {
      if (overAt !== null) continue;
      const { call } = this.turn(callNumber);
      const seenUntilAt = seenUntil(call, lostAt);
      call.blind = true;
      // Our clock may have been set back while we were down.
      call.touchedAt = Math.min(Math.max(call.touchedAt, seenUntilAt), this.at);
      if (call.hidden !== null && call.hidden.sinceAt > this.at) {
        call.hidden = { ...call.hidden, sinceAt: this.at };
      }
    }
    // What the log has not told of an earlier stretch is asked again together with this one.
    const open = this.isRead() ? null : this.next.stretch;
    const isOpen = open !== null || this.state.calls.values().some(isInquired);
    this.next.gap = gapFrom(isOpen ? this.next.gap : noGap, { sinceAt, cause });
    this.next.stretch = lost(open, sinceAt, this.#lately());
    this.next.restartDoubt = this.at;
  }

  /** A snapshot: what is in it is seen; of the stretch before, the log is asked. */
  sightRegained(): void {
    const stretch = this.next.stretch;
    if (stretch === null || stretch.toAt !== null) return;
    for (const before of this.state.calls.values()) {
      if (this.isBuried(before.callNumber)) continue;
      const { legs, overAt } = this.turns.get(before.callNumber)?.call ?? before;
      const seen = legs.length > 0;
      const { hidden } = before;
      if (before.blind && seen) this.turn(before.callNumber).call.blind = false;
      // What the snapshot itself ended, as a call-back that rings tells of its order, is asked nothing more.
      else if (hidden !== null && overAt === null) this.#askAnew(before, hidden.sinceAt);
    }
    this.next.stretch = { ...stretch, toAt: this.at };
    this.next.gap = { ...this.next.gap, toAt: this.at };
    this.inquire(stretch.fromAt);
  }

  /**
   * What was asked of a hidden call before is asked anew; what is known to be over goes on waiting for the log.
   * A forward's conversation has no leg that could show its end.
   */
  #askAnew(call: Call, sinceAt: EpochMs): void {
    const turn = this.turn(call.callNumber);
    const byLegs = call.talk === null || call.talk.shownBy === "legs";
    if (awaitsOrder(call)) awaitOrder(turn, sinceAt);
    else if (isInquired(call)) awaitLogOn(turn);
    else hide(turn, byLegs ? sinceAt : this.at);
  }

  /** A call that is told; its state goes. */
  noteTold(call: Call): void {
    this.#note(identityOf(call));
  }

  /** An inside call goes, as it was shown last: whatever the log has it as, it did not come while nobody looked. */
  noteInside(call: Call | undefined): void {
    this.#note(insideIdentityOf(call));
  }

  #note(identity: CallIdentity | null): void {
    if (identity === null) return;
    this.next.stretch = withTold(this.next.stretch, identity);
    this.next.buried = { at: this.at, told: addedUpTo(this.#lately(), identity, buriedMax) };
  }

  #lately(): TrackerState["buried"]["told"] {
    const { at, told } = this.next.buried;
    return this.at - at <= this.settings.overKeptMs ? told : [];
  }

  /** The log's call came and went in the stretch, and was not told. */
  isNews(logged: LoggedCall): boolean {
    return isWithin(this.next.stretch, logged.startedAt) && !isTold(this.next.stretch, logged);
  }

  /** Whether the log has the numbers that we know; it has them all so, then and from then on. */
  noteNumbered(seen: boolean): boolean {
    if (seen) this.next.logNumbered = true;
    return this.next.logNumbered;
  }

  /** Whether starts in the list move; they always do then. */
  noteStarts(move: boolean): void {
    if (move) this.next.startsMove = true;
  }

  stretchLogged({ fromAt, toAt, isCut }: Pick<CallLog, "fromAt" | "toAt" | "isCut">): void {
    const log = { fromAt, toAt, at: this.at };
    const after = afterLog(this.next.stretch, log, this.settings.logAgainMs);
    if (isCut && after !== this.next.stretch) this.lack();
    this.next.stretch = after;
  }

  /** The log cannot be had: nobody will ever tell what came and went. */
  endStretch(): void {
    if (!this.isRead()) this.lack();
    this.next.stretch = null;
  }

  /** But for the last, late look. */
  isRead(): boolean {
    return isRead(this.next, this.settings);
  }

  /** Something of the last blind stretch stays unknown: an answer, an end, a whole call. */
  lack(): void {
    if (this.next.gap.told) return;
    const { pbx, extras } = this.settings;
    if (extras) this.gaps = [gapEvent(this.next.gap, pbx, this.at)];
    this.next.gap = { ...this.next.gap, told: true };
  }

  heedStretchTime(): void {
    const stretch = this.next.stretch;
    if (stretch === null || stretch.dueAt === null || this.at < stretch.dueAt) return;
    this.next.stretch = { ...stretch, dueAt: null };
    this.inquire(stretch.fromAt);
  }

  protected inquire(fromAt: EpochMs): void {
    this.inquireFromAt = Math.min(fromAt, this.inquireFromAt ?? fromAt);
  }

  /** A leg of before, or a later one of a call of before, is in the first snapshot after a blind stretch: the PBX has run through. */
  heedOutliving(legs: readonly Leg[]): void {
    if (this.next.stretch === null || this.next.stretch.toAt !== null) return;
    if (legs.some((leg) => this.belies(leg) || this.#isOfNewPbx(leg))) return;
    const goesOn = (leg: Leg) => this.#outlived(leg) || this.#goesOn(leg) || this.#isTooHigh(leg);
    if (legs.some(goesOn)) this.next.restartDoubt = null;
  }

  /** Its id is above all of before, and no PBX has made so many legs since we lost sight: it counts on. */
  #isTooHigh(leg: Leg): boolean {
    const legIdMax = this.#legIdMax();
    const madeMax = (this.at - this.next.gap.fromAt) / legEveryMsMin;
    return legIdMax > 0 && idOf(leg) > Math.max(legIdMax, madeMax);
  }

  /**
   * The PBX has started anew, and so have its numbers, if no leg outlived the blind stretch and the first new
   * one has an id of before. Inside legs say nothing: most are not in the checkpoints.
   */
  heedRestart(legs: readonly Leg[]): void {
    if (legs.some((leg) => this.belies(leg))) {
      this.heedRestarted(legs);
      return;
    }
    if (this.next.restartDoubt === null) return;
    const fresh = legs.filter((leg) => isExternal(leg) && this.#isNew(leg) && !this.#isTaken(leg));
    const legIdMax = this.#legIdMax();
    const isRisen = (leg: Leg) => idOf(leg) > legIdMax;
    const telling = fresh.filter((leg) => isRisen(leg) || !this.#mayBeOlder(leg));
    if (telling.length === 0) return;
    if (telling.every(isRisen)) this.next.restartDoubt = null;
    else this.heedRestarted(legs);
  }

  /** Nothing of before goes on, and every number is free. `legs` show it, or the list. */
  heedRestarted(legs: readonly Leg[]): void {
    const { restartDoubt, gap } = this.next;
    const isOpen = restartDoubt !== null;
    const lostAt = restartDoubt ?? gap.toAt ?? this.at;
    this.next.restartDoubt = null;
    const calls = this.state.calls.values();
    this.next.gap = { ...this.next.gap, reason: "pbx" };
    // Nobody is asked how they went on.
    if (calls.some(({ external, overAt }) => external !== null && overAt === null)) this.lack();
    for (const call of calls) {
      // The list may have told of a new one before any leg of it did; what has shown since is not of before.
      const isUnseen = isOpen || this.isLost(call) || call.overAt !== null;
      // It may have done so while nobody had noticed the loss.
      const sinceAt =
        isListed(call) && legs.some((leg) => isLegOf(call, leg)) ? gap.fromAt : lostAt;
      if (isUnseen && call.firstSeenAt <= sinceAt) this.bury(call, call.hidden?.sinceAt ?? lostAt);
    }
    this.next.lastLegs = [];
    this.next.legIdRead = 0;
    this.next.unseen = new Map();
    this.next.consultations = [];
  }

  /**
   * It cannot be of the call of before that has its number, of which no leg has shown since we lost sight: it begins a
   * call, or has another outside party; or the list has left that call out. Nor, while it is in doubt whether the PBX has
   * started anew, of one that was over.
   */
  protected belies(leg: Leg): boolean {
    const call = this.before(this.callOf(leg.callNumber));
    if (call === undefined || call.external === null) return false;
    const isOver = call.overAt !== null && call.legCount > 0 && this.next.restartDoubt !== null;
    const isLost = call.overAt === null && this.isLost(call);
    if ((!isOver && !isLost) || this.#outlived(leg)) return false;
    const { legId, party } = leg;
    // The one that went from sight last may be back: the PBX denied it, or its going was of no account.
    if (isLost && beginsAnew(leg) && legId !== call.lastLegId) return true;
    if (!isExternal(leg)) return false;
    if (isLost && call.leftOut) return true;
    const { number, direction } = call.external;
    // Who is dialled has a number; and a call comes in on one DID.
    const isDialled = direction === "outgoing" && leg.status === "ringing";
    const isTold = party.number !== "" || isDialled || isOtherDid(leg.did, call.did);
    return call.numberDueAt === null && isTold && !isSameNumber(party.number, number);
  }

  /** No leg of it has shown since we lost sight, or saw again: the log that cannot be had ends the waiting for it, and tells nothing of a restart. */
  isLost({ blind, hidden }: Call): boolean {
    return blind || (hidden !== null && hidden.sinceAt <= (this.next.gap.toAt ?? 0));
  }

  /** Of before, beyond an id that a new PBX may have given anew. */
  #outlived(leg: Leg): boolean {
    const before = this.legOf(this.callOf(leg.callNumber), leg.legId);
    return before === undefined ? this.#isBack(leg) : isSameLeg(before.leg, leg);
  }

  /** It went from its call last, as far as was seen: the PBX had denied it. */
  #isBack({ legId, callNumber, party }: Leg): boolean {
    const call = this.before(this.callOf(callNumber));
    if (!call?.external || call.leftOut || call.lastLegId !== legId) return false;
    return isSameNumber(call.external.number, party.number);
  }

  /** A new leg of a call of before: it has its number and its outside party. */
  #goesOn(leg: Leg): boolean {
    const call = this.before(leg.callNumber);
    if (!call?.blind || call.external === null || idOf(leg) <= this.#legIdMax()) return false;
    const { number } = call.external;
    return isExternal(leg) && number !== "" && isSameNumber(leg.party.number, number);
  }

  /**
   * It tells nothing: made just before the loss, and its frame came no more; or one that stood towards a phone inside
   * and was joined with an outside party meanwhile; or at a phone that is monitored only now, where nobody could see it.
   */
  #mayBeOlder(leg: Leg): boolean {
    const legIdMax = this.#legIdMax();
    const before = this.legOf(this.callOf(leg.callNumber), leg.legId)?.leg;
    if (before?.legNumber === leg.legNumber && !isExternal(before)) return true;
    if (this.#wasAnothers(leg)) return false;
    const { watched, legIdRead } = this.state;
    if (watched.length > 0 && !watched.includes(leg.dn)) return true;
    const late = Math.min(lastLegsMax, Math.floor(legIdMax / 2));
    // In a call of before it would have shown as all legs were read, but for what came meanwhile.
    const isKnown = this.before(this.callOf(leg.callNumber)) !== undefined;
    const seenUpTo = Math.max(legIdMax - late, isKnown ? legIdRead - unreadLegsMax : 0);
    return idOf(leg) > seenUpTo && this.state.calls.withLeg(leg.legId) === undefined;
  }

  /** Perhaps a consultation of before that is in no checkpoint, and has a caller of ours now. */
  #isTaken(leg: Leg): boolean {
    const { status, party, callNumber } = leg;
    // Where we ran on, we knew it before.
    if (this.next.gap.reason !== "restart") return false;
    const call = this.state.calls.get(this.callOf(callNumber));
    if (!call?.external || call.talk === null || status !== "connected") return false;
    if (this.#wasAnothers(leg)) return false;
    return party.number !== "" && isSameNumber(call.external.number, party.number);
  }

  noteLeg({ legId }: Leg): void {
    this.next.lastLegs = addedUpTo(this.next.lastLegs, legId, lastLegsMax);
  }

  #legIdMax(): number {
    return Math.max(0, ...this.next.lastLegs.map((legId) => idOf({ legId })));
  }

  /** No PBX that has run through gives an id again, whatever else seems to go on. */
  #isOfNewPbx(leg: Leg): boolean {
    return isExternal(leg) && this.#isNew(leg) && this.#wasAnothers(leg);
  }

  /** Its id was that of a leg at another phone. */
  #wasAnothers(leg: Leg): boolean {
    const isSameId = (legId: string) => idOf({ legId }) === idOf(leg);
    return this.next.lastLegs.some((legId) => isSameId(legId) && legId !== leg.legId);
  }

  /** Not of before, as far as can be told: one that is in another call now may have been moved there by a join. */
  #isNew(leg: Leg): boolean {
    if (this.#outlived(leg)) return false;
    const known = this.state.calls.withLeg(leg.legId);
    return known === undefined || known === this.callOf(leg.callNumber);
  }

  /** Ends a call of which nothing will be heard any more; its number is free. */
  bury({ callNumber, firstSeenAt, overAt, external }: Call, endedAt: EpochMs): void {
    // No PBX restarts so fast; so no call shares its second in the id with the one that takes its number.
    if (firstSeenAt > this.at - pbxRestartMsMin) return;
    const turn = this.turn(callNumber);
    if (turn.call.numberDueAt !== null) hurryNumber(turn);
    if (overAt === null && external !== null) finish(turn, endedAt);
    this.noteTold(turn.call);
    this.ended ??= [];
    this.ended.push(...turn.events);
    this.turns.delete(callNumber);
    this.buried ??= new Set();
    this.buried.add(callNumber);
  }
}
