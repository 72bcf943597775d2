/**
 * Consultations that end in a join: which call of ours a leg or a row of the list is, where it has come to an outside
 * party under the number of another call, or under one that no call had (SPEC.md, R14 and R22).
 */
import { type ActiveCall, type Leg, type Party, talks } from "./activity.ts";
import { get } from "./byDn.ts";
import { userOf } from "./calls.ts";
import { broughtByCode, dialsCode } from "./codes.ts";
import {
  consultantsOf,
  isConsultation,
  joinMsMax,
  lateJoinMsMax,
  mayBeJoined,
  nameOf,
  partnersOf,
  spokenTo,
  wasConsulted,
} from "./consultation.ts";
import { isExternal, legIn, userTalks } from "./legs.ts";
import { insideParty, outsideParty } from "./recognise.ts";
import { isLogged, isSameLeg, Sight } from "./sight.ts";
import type { Call, TrackedLeg } from "./state.ts";

/** Consultations that took a call over: the last of them may have legs yet. */
const aliasesMax = 100;

export class Joins extends Sight {
  /** A consulted leg that turns to the outside party has taken that party's call over. */
  protected resolved(told: Leg): Leg {
    const own = this.callOf(told.callNumber);
    const leg = own === told.callNumber ? told : { ...told, callNumber: own };
    let call = this.now(own);
    if (call?.overAt && isLogged(call)) {
      // Its number is in use anew.
      this.bury(call, call.overAt);
      call = this.now(own);
    }
    if ((call !== undefined && call.external !== null) || !isExternal(leg)) return leg;
    const joined = this.#renumbered(leg) ?? this.#broughtTo(leg, call);
    if (joined === undefined) return leg;
    this.#join(own, joined);
    return { ...leg, callNumber: joined };
  }

  /** The call in which this very leg stood towards this very outside party: the PBX has given it another number. */
  #renumbered(leg: Leg): number | undefined {
    // A PBX that has started anew may give the same id to another leg.
    if (this.next.restartDoubt !== null) return undefined;
    const own = this.state.calls.withLeg(leg.legId);
    const before = own === undefined ? undefined : this.legOf(own, leg.legId)?.leg;
    if (before === undefined || !isSameLeg(before, leg)) return undefined;
    // So may one of which that went unnoticed: what talked does not ring.
    return leg.status === before.status || leg.status === "connected" ? own : undefined;
  }

  #broughtTo(leg: Leg, call: Call | undefined): number | undefined {
    const { number } = leg.party;
    // Or another phone of the same user, to which the conversation has gone on just then.
    const before =
      call && (legIn(call, leg.legId) ?? call.legs.find((other) => other.leg.dn === leg.dn));
    if (before === undefined) {
      if (leg.status !== "connected") return undefined;
      // A phone that did not show as consulted: who spoke in this call until a moment ago has brought it …
      const users = consultantsOf(this.next.consultations, leg, this.at);
      if (users.length > 0) return this.#handedOverByAny(users, number);
      // … or who seems to dial still. A queue that has a colleague's call speaks to nobody.
      if (call === undefined) return spokenTo.has(leg.dnKind) ? this.#broughtAnew(leg) : undefined;
      const dialled = this.#handedOverByAny(
        call.legs.map((other) => other.leg.dn),
        number,
      );
      const isBrought = (own: number) => this.#isTheirs(own) && !this.#isLongGone(own);
      return dialled !== undefined && isBrought(dialled) ? dialled : undefined;
    }
    // Who dials a phone has been put through: to a mobile, whose number another call may have as well.
    if (before.leg.status === "dialing" && !dialsCode(before.leg.party)) return undefined;
    return this.#takenFrom(before, number, leg.status === "connected");
  }

  #join(own: number, joined: number): void {
    this.joined ??= new Map();
    this.joined.set(own, joined);
    const { call: taken } = this.turn(joined);
    taken.aliases = [...taken.aliases, own].slice(-aliasesMax);
  }

  /** The outside party's call that whoever had this leg has now: a consultation has brought it, or a code. */
  #takenFrom(had: TrackedLeg, number: string, isConnected: boolean): number | undefined {
    const { party } = had.leg;
    if (dialsCode(party)) {
      const calls = this.state.calls.values().map(({ callNumber }) => this.now(callNumber));
      return broughtByCode(calls, had, number, { at: this.at, isConnected })?.callNumber;
    }
    return party.kind === "extension" ? this.#handedOverBy(party.dn, number) : undefined;
  }

  /** The outside party's call that `user`, who consulted in another, has handed over. */
  #handedOverBy(user: string, number: string): number | undefined {
    const theirs = this.state.calls.ofUser(user);
    const concerned = this.turns.list().map(({ call }) => call);
    // What went on outside is nobody's to hand over, and what waits since long (parked) is joined with nothing.
    const isOff = ({ handover }: Call) =>
      handover !== null && (handover.outside || this.at - handover.beganAt > lateJoinMsMax);
    // Who talks on a phone outside consults on none of ours.
    const has = (call: Call | undefined): call is Call =>
      call?.external?.number === number &&
      userOf(call) === user &&
      call.talk?.shownBy !== "outside" &&
      !isOff(call);
    const both = [...theirs, ...concerned].map(({ callNumber }) => this.now(callNumber));
    const found = both.filter(has);
    // Of several with one number it is one that was answered, and that the user has left; the last that they had.
    const answered = found.filter(({ lastLink }) => lastLink > 0);
    const among = answered.length > 0 ? answered : found;
    const left = among.filter((call) => call.talk === null || !userTalks(call, call.talk));
    const goneAt = ({ hidden, leaving }: Call) => (hidden ?? leaving)?.sinceAt ?? this.at;
    const all = left.length > 0 ? left : among;
    const isLater = (one: Call, other: Call) =>
      goneAt(other) - goneAt(one) || other.toldUntilAt - one.toldUntilAt;
    return all.toSorted(isLater)[0]?.callNumber;
  }

  #handedOverByAny(users: readonly string[], number: string): number | undefined {
    for (const user of users) {
      const own = this.#handedOverBy(user, number);
      if (own !== undefined) return own;
    }
    return undefined;
  }

  /** Under a number that neither call had, to who was consulted until a moment ago by whom the outside party has lost. */
  #broughtAnew({ dn, dnKind, onBehalfOf, party }: Leg): number | undefined {
    const partners = this.#partnersOf({ kind: dnKind, dn, number: dn }, party.number);
    // Who picks up what rings for another has it by that.
    const users = partners.filter((user) => onBehalfOf === null || onBehalfOf.dn === user);
    const brought = users.map((user) => this.#handedOverBy(user, party.number));
    const isBrought = (own: number) =>
      this.#isTheirs(own) && this.#isLeft(own) && !this.#isLongGone(own);
    return brought.find((own) => own !== undefined && isBrought(own));
  }

  /**
   * Nobody hands over what only rings. What seems handed over since, to nobody's phone, is under way: a row may name for a
   * moment whom the user spoke to. But one who withholds the number may be another.
   */
  #isTheirs(callNumber: number): boolean {
    const { talk, handover, external } = this.now(callNumber) as Call;
    return talk !== null || (handover?.offered === false && external?.number !== "");
  }

  /** What legs showed; what no leg has shown goes unseen. */
  #isLongGone(callNumber: number): boolean {
    const { talk, hidden, leaving, blind, touchedAt } = this.now(callNumber) as Call;
    // When it went in a blind stretch, nobody knows.
    const sinceAt = hidden?.sinceAt ?? leaving?.sinceAt ?? (blind ? touchedAt : this.at);
    return talk?.shownBy === "legs" && sinceAt < this.at - lateJoinMsMax;
  }

  /**
   * The list has an outside party in a call that was an inside one: the consultation has taken over the call of one who
   * speaks in it.
   */
  heedJoined(row: ActiveCall, rows: readonly ActiveCall[]): void {
    const own = this.callOf(row.callNumber);
    const call = this.now(own);
    const outside = outsideParty(row);
    if (outside === null) return;
    const { number } = outside;
    if (call === undefined) this.#heedJoinedUnseen(row, number, rows);
    if (call === undefined || call.external !== null || number === "") return;
    const before = this.state.unseen.get(row.callNumber);
    let isApart = before !== undefined && outsideParty(before) !== null;
    for (const tracked of call.legs) {
      const joined = this.#takenFrom(tracked, number, talks(row));
      if (joined === undefined || !this.#isLeft(joined)) continue;
      // Who was dialled, and has not answered, is dialled anew for whom the consultation is passed to that number.
      if (!talks(row) && (this.now(joined) as Call).lastLink === 0) continue;
      // Whoever has it stands beside the party's own row: somebody hears another conversation.
      isApart ||= lists(rows, joined);
      if (isApart) break;
      this.#join(own, joined);
      return;
    }
    if (isApart) this.noteApart(row.callNumber);
  }

  /** So, too, where nobody who was consulted is monitored: as far as legs show, the consultation ended when it was joined. */
  #heedJoinedUnseen(row: ActiveCall, number: string, rows: readonly ActiveCall[]): void {
    const { callNumber, caller, callee } = row;
    const inside = insideParty(row);
    const joined =
      inside === null
        ? (this.#joinedAnew(row, callee, caller, rows) ??
          this.#joinedAnew(row, caller, callee, rows))
        : (this.#joinedUnder(callNumber, inside, number) ??
          this.#joinedAnew(row, inside, { number }, rows));
    if (joined === undefined || !this.#isLeft(joined) || lists(rows, joined)) return;
    if (this.state.unseen.get(callNumber)?.isApart !== true) this.#join(callNumber, joined);
  }

  /** Its user's leg has gone, before or with the others in one reading of all; that of who listened may stand for a moment. */
  #isLeft(callNumber: number): boolean {
    const call = this.now(callNumber) as Call;
    const { talk, hidden, leaving } = call;
    const isGone = talk !== null && !userTalks(call, talk);
    return isGone || hidden !== null || leaving !== null;
  }

  /** Not just now, as far as legs show: the list may have been read while the PBX joined it with another. */
  #hasLeftBefore(callNumber: number): boolean {
    const { talk, hidden, leaving } = this.now(callNumber) as Call;
    const sinceAt = (hidden ?? leaving)?.sinceAt;
    if (sinceAt === undefined) return false;
    return talk?.shownBy !== "legs" || sinceAt <= this.at - this.settings.listLateMs;
  }

  #joinedUnder(callNumber: number, { dn }: Party, number: string): number | undefined {
    const users = consultantsOf(this.next.consultations, { dn, callNumber }, this.at);
    return this.#handedOverByAny(users, number);
  }

  /** Under a number that neither call had: it shows as they go. */
  #joinedAnew(
    row: ActiveCall,
    to: Party,
    { number }: Pick<Party, "number">,
    rows: readonly ActiveCall[],
  ): number | undefined {
    const listedAt = this.state.unseen.get(row.callNumber)?.seenAt ?? this.at;
    if (!talks(row) || listedAt < this.at - joinMsMax) return undefined;
    // Whom the list has with them still, beside it, has joined them with nobody.
    const apart = othersIn(rows, to);
    // As the row came, whenever it is seen that the party's call has gone.
    const partners = this.#partnersOf(to, number, listedAt);
    const users = partners.filter((user) => !apart.includes(user));
    const own = this.#handedOverByAny(users, number);
    // Nor what stood beside the party's own row, then or later.
    const theirs = this.#handedOverByAny(partners, number);
    if (theirs !== undefined && lists(rows, theirs) && this.#hasLeftBefore(theirs))
      this.noteApart(row.callNumber);
    return own !== undefined && this.#isTheirs(own) ? own : undefined;
  }

  /** Who spoke with this party until a moment before, by legs, or, where no leg shows it, by the last list. */
  #partnersOf(
    to: Pick<Party, "kind" | "dn" | "number">,
    brought: string,
    at = this.at,
  ): readonly string[] {
    const name = nameOf(to);
    // What rang there when it was seen last may have been answered, and joined, since; but who withholds the number may
    // be another one.
    const counts = (spoke: boolean) => spoke || brought !== "";
    const rows = [...this.state.unseen.values()].filter((row) => counts(talks(row)));
    const listed = othersIn(rows, to);
    // Their own leg, or the other's, is all that shows where one of the two is not monitored (any more).
    const other = ({ leg: { dn, party, status } }: TrackedLeg) => {
      if (!counts(status === "connected")) return [];
      if (nameOf(party) === name) return dn;
      return dn === to.dn ? party.dn : [];
    };
    const live = this.#insideOf(to.dn).flatMap((call) => call.legs.flatMap(other));
    return [...partnersOf(this.next.consultations, name, at), ...live, ...listed];
  }

  /** Where this DN speaks, or is spoken to, inside. */
  #insideOf(dn: string): readonly Call[] {
    return this.state.calls.insideOf(dn).filter((call) => !this.isHeard(call));
  }

  protected hasConsulted(leg: Leg, call: Call): boolean {
    const user = call.talk?.user ?? call.level?.dn;
    if (user === undefined || leg.dnKind !== "extension") return false;
    // Who picks up what rings for another has it by that, whatever was spoken before; the user who hands over is no other.
    const behalf = leg.onBehalfOf?.dn ?? user;
    if (behalf !== user && this.#mayHaveRung(behalf, call)) return false;
    // What rings for that user, too, as one who sent it to the own number.
    const dialsACode = ({ leg: { dn, status, party }, seenAt }: TrackedLeg) =>
      dn === leg.dn &&
      status === "dialing" &&
      dialsCode(party) &&
      seenAt >= this.at - lateJoinMsMax;
    if (this.#insideOf(leg.dn).some(({ legs }) => legs.some(dialsACode))) return false;
    // What was handed over before, and waits since (parked), is joined with nothing.
    if (call.handover !== null && this.at - call.handover.beganAt > joinMsMax) return false;
    const speaks = (inside: Call) =>
      mayBeJoined(inside, this.at) && inside.legs.some((t) => isConsultation(t.leg, leg.dn, user));
    return (
      this.#insideOf(leg.dn).some(speaks) ||
      wasConsulted(this.next.consultations, leg.dn, user, this.at) ||
      consultantsOf(this.next.consultations, leg, this.at).includes(user)
    );
  }

  /** It has rung for the outside party, or may have, as it is not monitored. */
  #mayHaveRung(dn: string, { reached }: Call): boolean {
    return get(reached, dn) !== undefined || !this.state.watched.includes(dn);
  }

  /** These two spoke inside until a moment ago, as a leg of either has shown. */
  spoke(dn: string, withDn: string): boolean {
    const speaks = ({ leg }: TrackedLeg) =>
      isConsultation(leg, dn, withDn) || isConsultation(leg, withDn, dn);
    return (
      this.#insideOf(dn).some(({ legs }) => legs.some(speaks)) ||
      wasConsulted(this.next.consultations, dn, withDn, this.at)
    );
  }

  /** Somebody spoke inside with this user a moment ago: a join may be under way. */
  consults(user: string): boolean {
    const speaksTo = ({ leg: { party } }: TrackedLeg) =>
      party.dn === user && party.kind === "extension";
    return (
      this.#insideOf(user).some(({ legs }) => legs.some(speaksTo)) ||
      wasConsulted(this.next.consultations, null, user, this.at)
    );
  }
}

function lists(rows: readonly ActiveCall[], callNumber: number): boolean {
  return rows.some((row) => row.callNumber === callNumber);
}

/** Who is with this party by these rows. */
function othersIn(
  rows: readonly Pick<ActiveCall, "caller" | "callee">[],
  to: Pick<Party, "kind" | "dn" | "number">,
): readonly string[] {
  const name = nameOf(to);
  const is = (party: Party) =>
    to.kind === "trunk"
      ? party.kind === "trunk" && party.number === to.number
      : nameOf(party) === name;
  return rows.flatMap(({ caller, callee }) => {
    if (is(callee)) return caller.dn;
    return is(caller) ? callee.dn : [];
  });
}
