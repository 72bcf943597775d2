/**
 * The oracle: from the truth of the calls, the visibility and the log of injected faults alone, the webhooks that are
 * due (docs/contract.md §2-§3). Shares no code with the tracker. What cannot be known is exempt by a named rule.
 */
import type { Leg } from "../../src/simulator/model.ts";
import { beginningOf, isBegunUnseen } from "./beginning.ts";
import { type Departed, departedAt } from "./departure.ts";
import type { Due, Unknowable, Visibility } from "./due.ts";
import type { Chain, Fact } from "./journal.ts";
import {
  type Level,
  levelOf,
  phoneOf,
  places,
  type Talk,
  unseenTalk,
  usertypeOf,
} from "./levels.ts";
import { Said } from "./said.ts";
import type { Seen } from "./sight.ts";
import { isKnownAt, isOrdered, standIns, unseenMs } from "./standIns.ts";
import { staysMs } from "./withoutList.ts";

/** A leg of the same polling may show so late after the answer (SPEC.md, R12). */
const lateLoserMs = 2_000;
/** Who hands over without waiting is gone within this time (SPEC.md, R31). */
const leaveWithMs = 100;
/** The hops of one call in the log overlap by up to 0.1 s; and its times are that exact. */
const overlapMs = 200;
/** Who picks up what is handed over comes so soon before (SPEC.md, R31). */
const pickUpMs = 10;

/** Follows one chain from its first fact to its last. */
export class Telling {
  readonly due: readonly Due[];
  /** A conversation that nobody could see, and why: what follows from then on cannot be known in full. */
  unknowable: { readonly rule: Unknowable; readonly fromAt: number } | null = null;
  readonly #chain: Chain;
  readonly #visibility: Visibility;
  readonly #rings = new Map<string, Set<Leg>>();
  readonly #said: Said;
  #bargedAt = Number.NEGATIVE_INFINITY;
  readonly #places = new Set<Leg>();
  /** Extensions' legs that stand connected towards the outside party. */
  readonly #connected = new Map<Leg, Fact & { what: "shown" }>();
  /** The place that rang a phone last. */
  readonly #polledBy = new Map<string, string>();
  /** Levels reached since the last conversation, in order. */
  #levels: Level[] = [];
  #talk: Talk | null = null;
  #handover: { readonly link: number; readonly at: number; outside: boolean } | null = null;
  #lastLink = 0;
  /** Legs of second outside parties: of two trunks that are tried, one after another. */
  readonly #outsiders = new Set<Leg>();
  /** Something of it was to be seen. */
  readonly #isSeen: boolean;
  /** An outside phone has answered, and is told once who hands over has gone. */
  #answering: (() => void) | null = null;
  #attended: (Fact & { what: "attended" }) | null = null;
  /** From there the list alone shows who has it back; where a mobile rings with a phone of theirs, it names that. */
  #isParked = false;
  /** The last user who left. */
  #departed: Departed | null = null;
  /** When it must have been seen that the last attempt to hand over had failed. */
  #failed: Seen | null = null;
  /** An attempt failed of which nothing was to be seen. */
  #isUncounted = false;
  /** When it went outside after a hand-over, which only the list shows. */
  #outsideAt = Number.NEGATIVE_INFINITY;
  /** When it came back from outside since the last conversation. */
  #backAt: number | null = null;

  constructor(chain: Chain, visibility: Visibility) {
    this.#chain = chain;
    this.#visibility = visibility;
    this.#said = new Said(visibility);
    this.due = this.#said.due;
    // An inside call that was forwarded outside: the contract is silent.
    if (chain.isInside) this.#doubt("insideForwarded", chain.startedAt);
    // Who is not monitored dialled, or answered first: it is nobody's call until a monitored one gets it.
    const isShown = (fact: Fact) => fact.what === "shown" && visibility.sees(fact.dn, fact.at);
    const shown = chain.facts.find(isShown);
    this.#isSeen = shown !== undefined;
    if (shown && isBegunUnseen(chain, shown, visibility))
      this.#doubt("begunUnseen", chain.startedAt);
    this.#heedNeverSeen(chain, isShown);
    const begins = beginningOf(chain, visibility, isShown);
    if (begins !== null) {
      const { kind, level, leg, unseen } = begins;
      this.#levels = [level];
      const due = this.#said.tell(kind, level, 0, level.at, leg);
      if (unseen(due.latest)) due.unseen = true;
    }
    for (const fact of chain.facts) this.#heed(fact);
  }

  /** All its legs came and went while a fault hid them, and it goes on without any: the log has it too late. */
  #heedNeverSeen({ facts, startedAt, overAt }: Chain, isShown: (fact: Fact) => boolean): void {
    const endAt = overAt ?? Number.POSITIVE_INFINITY;
    const looks = facts.flatMap((fact) =>
      fact.what === "shown" && isShown(fact)
        ? [{ goneAt: fact.leg.end?.at ?? endAt, ...this.#visibility.seen(fact.at, fact.leg) }]
        : [],
    );
    const [first] = looks;
    const isNever = looks.every(({ at, goneAt }) => at >= goneAt);
    if (first?.fault && isNever && endAt > first.at) this.#doubt(first.fault, startedAt);
  }

  #heed(fact: Fact): void {
    switch (fact.what) {
      case "shown":
        if (fact.kind === "extension") this.#extension(fact);
        else if (places.has(fact.kind)) this.#place(fact);
        else if (fact.kind === "trunk") this.#outside(fact);
        else if (fact.kind === "parking") this.#isParked = true;
        // In a conference the link's user is who made it, until the outside party goes.
        else if (fact.kind === "conference") this.#talk?.legs.add(fact.leg);
        return;
      case "gone":
        this.#gone(fact);
        return;
      case "attended":
        this.#attended = fact;
        return;
      case "over":
        this.#over(fact.at, fact.joined);
        return;
    }
  }

  #doubt(rule: Unknowable, fromAt: number): void {
    if (this.unknowable === null || fromAt < this.unknowable.fromAt) {
      this.unknowable = { rule, fromAt };
    }
  }

  #link(): number {
    return this.#handover?.link ?? this.#lastLink;
  }

  #beginHandover(at: number): void {
    if (this.#handover !== null) return;
    // Nobody saw the conversation before it was handed over.
    this.#heedTalk(at);
    // Nothing showed the attempt before, so whether it has a number is not known.
    if (this.#isUncounted) this.#doubt("unseenAttempt", at);
    // Whether who hands over without a leg that shows has left is not told by the list either.
    const user = this.#talk?.user;
    if (user !== undefined && !this.#visibility.sees(user, at)) this.#doubt("unseenUser", at);
    this.#lastLink += 1;
    this.#handover = { link: this.#lastLink, at, outside: false };
  }

  /** What comes now came before anybody could see the conversation. */
  #heedTalk(at: number, isOutside = false): void {
    if (this.#talk === null) return;
    const rule = unseenTalk(this.#talk, at, this.#visibility, isOutside);
    if (rule !== null) this.#doubt(rule, this.#talk.at);
    // While a phone of theirs seems to ring on, no look at the list tells of an answer outside.
    const { fault, at: silentAt } = this.#said.silent(this.#talk.user);
    const { briefMs, listMs } = this.#visibility;
    if (isOutside && fault !== null && silentAt + briefMs + (listMs ?? 0) >= at)
      this.#doubt(fault, this.#talk.at);
  }

  #extension(fact: Fact & { what: "shown" }): void {
    // Who only hears the conversation takes no part in it, but looks as if it were theirs.
    if (fact.leg.barges !== null) {
      this.#heedTalk(fact.at);
      this.#bargedAt = fact.at;
      return;
    }
    const level: Level = phoneOf(fact.dn, fact.at);
    if (fact.status === "ringing") {
      const rings = this.#rings.get(fact.dn) ?? new Set();
      const isNew = rings.size === 0;
      rings.add(fact.leg);
      this.#rings.set(fact.dn, rings);
      if (this.#talk?.user === fact.dn) {
        // A group rings the very phone that handed the call to it: the contract is silent.
        const isUnseen = !this.#visibility.sees(fact.dn, fact.at);
        if (this.#handover !== null || isUnseen) this.#doubt("ringsWhoHandsOver", fact.at);
        return;
      }
      this.#heedPolledAgain(fact);
      if (this.#talk !== null) {
        this.#heedTurned(fact);
        this.#beginHandover(fact.at);
      }
      const direct = fact.place === "" || fact.place === fact.dn;
      if (direct) this.#levels.push(level);
      // Another phone of theirs: told already.
      const told = this.#said.lastOf(fact.dn);
      if (!isNew && told !== undefined) level.due = told;
      if (!isNew) this.#said.maybeAgain(level, fact, this.#link());
      else this.#said.tell("ringing", level, this.#link(), fact.at, fact.leg);
      return;
    }
    if (fact.status !== "connected") return;
    this.#rings.get(fact.dn)?.delete(fact.leg);
    this.#said.ceased(fact.dn, fact.at);
    if (!this.#connected.has(fact.leg)) this.#connected.set(fact.leg, fact);
    if (this.#talk === null) this.#answer(fact, fact.at);
    else if (this.#talk.user === fact.dn) this.#talk.legs.add(fact.leg);
  }

  /** A leg that rang in a consultation, and was not read before it turned, looks like one that lost the polling. */
  #heedTurned({ leg, at }: Fact & { what: "shown" }): void {
    const { briefMs } = this.#visibility;
    const first = leg.startedAt < at ? this.#visibility.seen(leg.startedAt, leg) : null;
    if (first?.fault && first.at + briefMs >= at) this.#doubt(first.fault, at);
  }

  /** Back at the unseen place that brought it, so soon that its phones look like late ones of the first polling. */
  #heedPolledAgain({ place, dn, at }: Fact & { what: "shown" }): void {
    const talk = this.#talk;
    // What an unseen place gave the call to looks as if the place still polled it.
    const last = this.#levels.findLast(({ user }) => user !== dn);
    const isUnseen = last !== undefined && !this.#visibility.sees(last.user, at);
    if (talk === null) this.#polledBy.set(dn, place === dn && isUnseen ? last.user : place);
    else if (place !== "" && place !== dn) {
      const isSame = place === this.#polledBy.get(talk.user) || this.#visibility.namesRouter;
      const isSeen = this.#visibility.sees(place, at) && !this.#said.lastOf(place)?.fault;
      if (isSame && !isSeen && at - talk.at <= lateLoserMs) this.#doubt("unseenAttempt", at);
    }
  }

  /** Nobody saw before this came what had become of the last user, or of the caller then. */
  #heedDeparture(at: number, what: "left" | "stayed"): void {
    const seen = this.#departed?.[what];
    if (seen?.fault && seen.at + this.#visibility.briefMs >= at) {
      this.#doubt(seen.fault, this.#departed?.at ?? at);
    }
  }

  #answer({ dn, leg }: Fact & { what: "shown" }, at: number): void {
    this.#isParked = false;
    // Who picks it up has it from where it rang.
    if (leg.originatedBy && !this.#polledBy.has(dn)) this.#polledBy.set(dn, leg.originatedBy.dn);
    this.#heedDeparture(at, "left");
    // Who is back at another phone so soon seems to have gone on there.
    const { dn: left, at: leftAt = Number.NEGATIVE_INFINITY } = this.#departed ?? {};
    const isSoon = at - leftAt <= leaveWithMs + this.#visibility.briefMs;
    if (left === dn && isSoon) this.#doubt("briefHandOver", leftAt);
    this.#departed = null;
    this.#backAt = null;
    // Who is not monitored shows in the list alone.
    const isUnseen = this.#visibility.listMs === null && !this.#visibility.sees(dn, at);
    if (isUnseen && this.#isSeen) this.#doubt("unseenUser", at);
    const level = phoneOf(dn, at);
    const link = this.#handover?.link ?? Math.max(1, this.#lastLink);
    const attended = this.#attended?.at === at;
    const spokeMs = at - (this.#attended?.spokeFromAt ?? at);
    // Whether they had spoken is told by the consultation's legs alone.
    const { startedAt } = this.#chain;
    const isClear = this.#visibility.sees(dn, at) && !this.#visibility.troubled(dn, startedAt, at);
    const isUnsure = attended && (!isClear || spokeMs <= this.#visibility.briefMs);
    const known = this.#handover === null ? "NotDef" : attended ? "Accomp" : "Blind";
    const trtype = isUnsure ? null : known;
    // Whom nothing shows to have been rung with the one who answers looks as if the call were handed over to them.
    const isNamed =
      this.#visibility.namesHolder || this.#visibility.sees(this.#polledBy.get(dn) ?? "", at);
    const late = isNamed ? null : this.#said.lateLoser(dn, at);
    if (late !== null) this.#doubt(late, at);
    const seen = this.#visibility.answerSeen(dn, at, leg);
    const { at: latest, fault } = seen;
    const more = fault === null ? { trtype } : { trtype, latest, fault };
    this.#said.tell("answered", level, link, at, leg, more);
    this.#talk = { user: dn, usertype: "ext", link, at, seen, legs: new Set([leg]) };
    this.#lastLink = link;
    this.#handover = null;
    this.#levels = [level];
  }

  #place(fact: Fact & { what: "shown" }): void {
    if (this.#places.has(fact.leg)) return;
    // A menu that leads back to itself is still the same place.
    const isThere = [...this.#places].some(({ dn }) => dn === fact.dn);
    this.#places.add(fact.leg);
    if (fact.leg.legid === 1 && this.#chain.direction === "outgoing") return;
    if (this.#talk !== null) this.#beginHandover(fact.at);
    const { dn: user, kind, at } = fact;
    const level: Level = { user, usertype: usertypeOf(kind), kind, at };
    if (isThere) {
      this.#said.maybeAgain(level, fact, this.#link());
      return;
    }
    if (fact.kind !== "routepoint" || this.#levels.length === 0) this.#levels.push(level);
    const before = this.#said.lastOf(fact.dn);
    const due = this.#said.tell("ringing", level, this.#link(), fact.at, fact.leg);
    // Named by the list alone while a fault hid its leg, it may look as if it had had the call since.
    if (before?.unseen && before.fault !== null && before.link === due.link) due.unseen = true;
  }

  /** A second outside party: passed on, or forwarded, out of the PBX. */
  #outside(fact: Fact & { what: "shown" }): void {
    if (fact.leg.call.allLegs[0] === fact.leg) return;
    const { onBehalfOf } = fact.leg;
    const isHidden = onBehalfOf !== null && !this.#visibility.sees(onBehalfOf.dn, fact.at);
    if (this.#isParked && isHidden) this.#doubt("forwardUnseen", fact.at);
    if (onBehalfOf !== null && this.#isMobile(fact, onBehalfOf.dn)) {
      if (fact.status === "connected") this.#mobile(fact, onBehalfOf.dn);
      return;
    }
    const level = this.#levels.at(-1);
    // From where it was offered last it is that one's forward; a place's own is nobody's call once it is answered.
    const isPlace = level?.kind !== "extension" && fact.status === "connected";
    const isForward = this.#talk === null && (level?.due ?? level?.mobile) && !isPlace;
    // To whom it went in between was hidden: it looks as if it had gone outside from where it was before.
    if (isForward && level?.due?.unseen && level.due.fault) this.#doubt(level.due.fault, level.at);
    if (this.#talk !== null) this.#beginHandover(fact.at);
    this.#outsiders.add(fact.leg);
    if (this.#handover !== null && !isForward) {
      if (!this.#handover.outside) this.#outsideAt = fact.at;
      // Of whom a phone seems to ring on, that seems to be the forward.
      const lingers = this.#said.lingers(fact.at);
      if (lingers !== null) this.#doubt(lingers, fact.at);
      this.#handover.outside = true;
    } else if (fact.status === "connected") this.#answeredOutside(fact);
  }

  /** It rings along with the phones of this user, or for them, as there are none: that shows in the list alone. */
  #isMobile({ leg, place, at }: Fact & { what: "shown" }, dn: string): boolean {
    const known = this.#levels.some(({ mobile }) => mobile === leg);
    if (known || (this.#rings.get(dn)?.size ?? 0) > 0) return true;
    if (place !== dn || this.#levels.length === 0) return false;
    if (this.#talk !== null) this.#beginHandover(at);
    this.#levels.push({ ...phoneOf(dn, at), mobile: leg });
    return true;
  }

  /** The mobile that rang with a phone answers; who hands over to it may still be there. */
  #mobile(fact: Fact & { what: "shown" }, dn: string): void {
    const level = this.#levels.findLast(({ user }) => user === dn);
    if (this.#talk === null) this.#answeredOutside(fact, level);
    else this.#answering = () => this.#answeredOutside(fact, level);
  }

  /** An extension's call was forwarded to an outside phone, which answers; only the list shows it. */
  #answeredOutside(
    { at, leg }: Fact & { what: "shown" },
    level: Level | undefined = this.#levels.at(-1),
  ): void {
    // From outside straight to outside: it never came to anybody.
    if (level === undefined && this.#handover === null) return;
    const { listMs } = this.#visibility;
    const leftAt = Math.max(level?.at ?? at, this.#departed?.at ?? 0);
    // A place that gave the call away unseen seems to have it still.
    const isBlurred = this.#said.lingering(level?.at ?? at).length > 0;
    const isKnown =
      level !== undefined && isKnownAt(level, this.#levels, at, leftAt, this.#visibility);
    // Of a call that nobody saw before, no list that names a phone tells.
    if (!isKnown || isBlurred || !this.#isSeen) {
      this.#doubt("forwardUnseen", level?.at ?? at);
      return;
    }
    if (listMs === null) this.#doubt("forwardUnseen", level.at);
    const inView = this.#visibility.seen(at + (listMs ?? 0), null);
    const latest = inView.at;
    const link = this.#handover?.link ?? Math.max(1, this.#lastLink);
    const trtype = this.#handover === null ? "NotDef" : "Blind";
    this.#said.tell("answered", level, link, at, leg, { trtype, latest });
    const seen = { at: latest, fault: inView.fault };
    const { user, usertype } = level;
    this.#talk = { user, usertype, link, at, seen, legs: new Set([leg]) };
    this.#lastLink = link;
    this.#handover = null;
  }

  #gone(fact: Fact & { what: "gone" }): void {
    const own = this.#rings.get(fact.dn);
    own?.delete(fact.leg);
    this.#places.delete(fact.leg);
    this.#said.isFree(fact.dn, fact.at, fact.leg);
    if ((own?.size ?? 0) === 0) this.#said.ceased(fact.dn, fact.at);
    const wasOutside = this.#outsiders.delete(fact.leg);
    if (wasOutside && this.#outsiders.size === 0 && this.#handover !== null) {
      this.#handover.outside = false;
      this.#backAt = fact.at;
    }
    this.#connected.delete(fact.leg);
    const talk = this.#talk;
    if (talk === null) {
      // Who handed it over seems to talk still, and the attempt to have failed.
      const left = this.#departed?.left;
      const rings = [...this.#rings].some(
        ([dn, legs]) => dn !== this.#departed?.dn && legs.size > 0,
      );
      if (left?.fault && left.at > fact.at && !rings) this.#doubt(left.fault, fact.at);
      return;
    }
    talk.legs.delete(fact.leg);
    if (talk.legs.size === 0) {
      this.#endTalk(talk, fact.at, fact.leg, true);
      this.#departed = departedAt(fact.at, fact.leg, this.#visibility);
      if (this.#handover === null) {
        this.#beginHandover(fact.at);
        this.#levels = [levelOf(talk)];
      }
      // Who was rung while the one who hands over stayed on has answered.
      const [next] = this.#connected.values();
      const rings = (this.#rings.get(talk.user)?.size ?? 0) > 0;
      // Picked up by who is not monitored, it seems to ring there until it falls silent.
      const unseen = next !== undefined && !this.#visibility.sees(next.dn, fact.at);
      if (rings && (next === undefined || unseen)) this.#ringsAgain(talk.user, fact.at, unseen);
      if (next !== undefined) this.#answer(next, fact.at);
      else this.#answering?.();
      this.#answering = null;
      return;
    }
    this.#heedMoved(talk, fact);
    const ringing = [...this.#rings].filter(([dn, legs]) => dn !== talk.user && legs.size > 0);
    const rings = ringing.some(([dn]) => this.#visibility.sees(dn, fact.at));
    const answered = [...this.#connected.values()].some(({ dn }) => dn !== talk.user);
    if (rings || answered || this.#outsiders.size > 0 || this.#handover === null) return;
    const places = [...this.#places];
    // Between two members of an unseen place nothing shows that the attempt still goes on.
    const isAtPlace = places.some(({ dn }) => this.#visibility.sees(dn, fact.at));
    const goesOn = places.length > 0 || ringing.length > 0;
    if (goesOn && !isAtPlace) this.#doubt("unseenAttempt", fact.at);
    if (!goesOn) {
      this.#failed = this.#visibility.seen(fact.at, fact.leg);
      this.#isUncounted ||= !this.#said.isTold(this.#handover.link);
      this.#handover = null;
      this.#levels = [levelOf(talk)];
    }
  }

  /** The conversation goes on, though a leg went. */
  #heedMoved(talk: Talk, { at, leg }: Fact & { what: "gone" }): void {
    const gone = this.#visibility.seen(at, leg);
    // While a leg seems to stand, no look at the list tells of an answer outside.
    const isOutside = [...talk.legs].some(({ kind }) => kind === "trunk");
    if (isOutside && gone.at > talk.seen.at) talk.seen = gone;
    // Whose other phone is seen to be lifted only then seems to have left, and to take the call back.
    const lifted = [...talk.legs].flatMap((one) => this.#connected.get(one) ?? []);
    const known = lifted.map((one) => this.#visibility.seen(one.at, one.leg));
    const [late] = known;
    if (late?.fault && known.every((one) => one.at > at)) this.#doubt(late.fault, at);
  }

  /** Who handed the call to the own number has a phone ringing. */
  #ringsAgain(user: string, at: number, unseen: boolean): void {
    const level = phoneOf(user, at);
    const [leg = null] = this.#rings.get(user) ?? [];
    this.#levels.push(level);
    // Whether the caller went, too, shows a moment later (SPEC.md, R31).
    const { at: latest } = this.#visibility.seen(at + staysMs(this.#visibility), leg);
    const due = this.#said.tell("ringing", level, this.#link(), at, leg, { latest });
    if (unseen) due.unseen = true;
  }

  #endTalk(
    talk: Talk,
    at: number,
    leg: Leg | null,
    passedOn: boolean,
    more: Partial<Due> = {},
  ): void {
    const level = levelOf(talk);
    const isOutside = leg?.kind === "trunk";
    const isDark = !this.#visibility.sees(talk.user, talk.at);
    this.#heedTalk(at, isOutside);
    const off = this.#visibility.clockOffMs(talk.at, at);
    const isListed = isOutside || isDark || leg?.kind === "conference";
    const lookedAt = isListed ? this.#visibility.listedBy(at) : at;
    const lastAt = this.#visibility.seen(lookedAt, leg).at;
    // Another phone of theirs, which went before, may seem to talk on.
    const late = Math.max(lastAt, this.#said.silent(talk.user).at) - at + talk.seen.at - talk.at;
    this.#said.tell("ended", level, talk.link, at, leg, {
      slackMs: late + off,
      lostMs: this.#visibility.lostMs(at),
      finish: "Ok",
      transfer: passedOn ? "True" : "False",
      talkMs: at - talk.at,
      // In a conference no leg of theirs shows, though they are monitored by now.
      ...(isDark && leg?.kind === "conference" ? { unseen: true } : {}),
      ...more,
    });
    this.#talk = null;
  }

  /** It came to nobody who could be rung, or was over before: that can only be known from the log, which names where it was sent. */
  #routedTo(at: number): Level | null {
    const { facts, call } = this.#chain;
    if (facts.some((fact) => fact.what === "shown" && fact.kind !== "trunk")) return null;
    const isShown = facts.some(({ what }) => what === "shown");
    const sent = isShown ? call.allLegs.findLast((leg) => places.has(leg.kind)) : call.callee;
    if (!sent?.kind || (sent.kind !== "extension" && !places.has(sent.kind))) return null;
    return { user: sent.dn, usertype: usertypeOf(sent.kind), kind: sent.kind, at };
  }

  /** Where only the log tells, whom it came to a moment before may have it: the log's hops overlap. */
  #loggedTo(at: number): string[] {
    if (this.#visibility.seen(at, null).fault === null) return [];
    const { dn, kind } = this.#chain.call.callee;
    const routed = kind === "extension" || (kind !== null && places.has(kind)) ? [dn] : [];
    const legs = [...this.#rings.values()].flatMap((each) => [...each]);
    const late = legs.filter(({ startedAt }) => startedAt >= at - overlapMs);
    // Of a call-back the log has no queue, only the phones that it rang.
    const rung = this.#chain.calledBackBy === "" ? [] : this.due.map(({ user }) => user);
    return [...routed, ...late.map((leg) => leg.dn), ...rung];
  }

  #over(at: number, joined: boolean): void {
    if (this.#talk !== null) {
      const [leg = null] = this.#talk.legs;
      this.#heedBlur(at, leg);
      this.#heedBarge(at);
      // Whose leg seems to stand still seems to have the call from then on.
      const lingers = this.#said.lingerFault(at, this.#talk.user);
      if (lingers !== null) this.#doubt(lingers, at);
      this.#said.allCeased(at);
      // That two calls ended together, and that they did so joined, nobody saw.
      const isHidden = joined && this.#visibility.seen(at, leg).fault !== null;
      this.#endTalk(this.#talk, at, leg, joined, isHidden ? { transfer: null } : {});
      return;
    }
    for (const what of ["left", "stayed"] as const) this.#heedDeparture(at, what);
    // Nobody saw to whom it was passed on.
    const brief =
      this.#handover !== null &&
      at - this.#handover.at <= unseenMs(this.#levels.at(-1), this.due, this.#visibility);
    if (brief) this.#doubt("briefHandOver", this.#handover?.at ?? at);
    const { briefMs, listMs } = this.#visibility;
    const isShown = at - this.#outsideAt > briefMs + (listMs ?? 0);
    if (this.#handover?.outside && !isShown) this.#doubt("briefHandOver", this.#outsideAt);
    // Nobody saw that it was back.
    const back = this.#backAt === null ? null : this.#visibility.seen(this.#backAt, null);
    if (back?.fault && back.at >= at) this.#doubt(back.fault, this.#backAt ?? at);
    if (joined || this.#handover?.outside) return;
    if (this.#handover === null && this.#lastLink > 0) return;
    const level = this.#levels.at(-1) ?? this.#routedTo(at);
    if (level === null) return;
    this.#said.allCeased(at);
    const here = standIns(this.#levels, this.#rings.values(), at, this.due, this.#visibility);
    const link = this.#handover?.link ?? 0;
    const seeming = [...this.#said.lingering(at), ...this.#said.seeming(link)];
    const instead = [...here, ...seeming, ...this.#loggedTo(at)];
    const ordered = isOrdered(this.#chain, at, this.#visibility);
    const missed = { finish: "Missed", transfer: "False", instead, ordered };
    this.#said.tell("ended", level, link, at, null, missed);
  }

  /** Who comes as the user goes looks as if they had picked the call up. */
  #heedBarge(at: number): void {
    if (at - this.#bargedAt <= pickUpMs + this.#visibility.briefMs)
      this.#doubt("briefHandOver", at);
  }

  /** Who goes first, and who a moment later, is all that tells an end from a hand-over. */
  #heedBlur(at: number, talks: Leg | null): void {
    const ringing = [...this.#rings.values()].flatMap((legs) => [...legs]);
    const faults = [talks, ...ringing].map((leg) => this.#visibility.seen(at, leg).fault);
    const blurred = faults.find((fault) => fault !== null);
    // Their own phone that seems to ring on: as if the call had been sent there, where no list can be asked.
    const rings = (this.#rings.get(this.#talk?.user ?? "")?.size ?? 0) > 0;
    const isSent = this.#handover !== null || (rings && this.#visibility.listMs === null);
    if (isSent && blurred) this.#doubt(blurred, at);
    // Who hangs up as the next phone begins to ring looks as if they had handed over (SPEC.md, G1).
    const begunAt = this.#handover?.at ?? Number.NEGATIVE_INFINITY;
    if (at - begunAt <= leaveWithMs + this.#visibility.briefMs) this.#doubt("briefHandOver", at);
    // Where a phone seems to ring on, and no list can be asked, the caller seems to stay.
    const lingers = this.#visibility.listMs === null ? this.#said.lingers(at) : null;
    if (lingers !== null) this.#doubt(lingers, at);
    const failed = this.#failed;
    if (failed?.fault && failed.at + this.#visibility.briefMs >= at) this.#doubt(failed.fault, at);
  }
}
