/**
 * The oracle: from the truth of the calls, the visibility and the log of injected faults alone, the webhooks that are
 * due (docs/contract.md §2-§3). Shares no code with the tracker. What cannot be known is exempt by a named rule.
 */
import type { DnKind } from "../../src/simulator/directory.ts";
import type { Leg } from "../../src/simulator/model.ts";
import type { Chain, Fact } from "./journal.ts";

export type DueKind = "ringing" | "dialing" | "answered" | "ended";

/** A webhook that is due, in the words of the classic profile. */
export interface Due {
  readonly kind: DueKind;
  readonly user: string;
  readonly usertype: string;
  readonly link: number;
  readonly at: number;
  /** Answered: NotDef, Blind or Accomp. */
  readonly trtype: string | null;
  /** Ended: Ok or Missed, and whether passed on. */
  readonly finish: string | null;
  readonly transfer: string | null;
  readonly talkMs: number | null;
  /** Cannot be seen (a place that is not among the visible DNs), or not for long enough: may be left out. */
  unseen: boolean;
  /** Users that may stand there instead, as the true one cannot be seen. */
  readonly instead: readonly string[];
}

export interface Visibility {
  sees(dn: string): boolean;
  /** What lasts no longer than this may be over before it can be read. */
  readonly briefMs: number;
}

interface Talk {
  readonly user: string;
  readonly usertype: string;
  readonly link: number;
  readonly at: number;
  readonly legs: Set<Leg>;
}

interface Level {
  readonly user: string;
  readonly usertype: string;
  readonly kind: DnKind;
}

function usertypeOf(kind: DnKind): string {
  return kind === "extension" ? "ext" : kind === "queue" ? "queue" : "other";
}

const places: ReadonlySet<DnKind> = new Set(["queue", "ivr", "ringgroup", "routepoint"]);

/** Follows one chain from its first fact to its last. */
export class Telling {
  readonly due: Due[] = [];
  readonly #chain: Chain;
  readonly #visibility: Visibility;
  readonly #rings = new Map<string, Set<Leg>>();
  /** The last `ringing` of each user and place. */
  readonly #told = new Map<string, Due>();
  readonly #places = new Set<Leg>();
  /** Levels reached since the last conversation, in order. */
  #levels: Level[] = [];
  #talk: Talk | null = null;
  #handover: { readonly link: number; outside: boolean } | null = null;
  #lastLink = 0;
  #attended: { readonly dn: string; readonly at: number } | null = null;
  #outsideLegs = 0;

  constructor(chain: Chain, visibility: Visibility) {
    this.#chain = chain;
    this.#visibility = visibility;
    if (chain.direction === "outgoing") {
      const level = {
        user: chain.owner,
        usertype: usertypeOf(chain.ownerKind),
        kind: chain.ownerKind,
      };
      this.#levels = [level];
      this.#tell("dialing", level, 0, chain.startedAt);
    }
    for (const fact of chain.facts) this.#heed(fact);
  }

  #heed(fact: Fact): void {
    switch (fact.what) {
      case "shown":
        if (fact.kind === "extension") this.#extension(fact);
        else if (places.has(fact.kind)) this.#place(fact);
        else if (fact.kind === "trunk") this.#outside(fact);
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

  #tell(kind: DueKind, level: Level, link: number, at: number, more: Partial<Due> = {}): void {
    const due: Due = {
      kind,
      user: level.user,
      usertype: level.usertype,
      link,
      at,
      trtype: null,
      finish: null,
      transfer: null,
      talkMs: null,
      unseen: !this.#visibility.sees(level.user),
      instead: [],
      ...more,
    };
    this.due.push(due);
    if (kind === "ringing") this.#told.set(level.user, due);
  }

  /** It rings there no longer: for so short a time nobody may have seen it. */
  #ceased(dn: string, at: number): void {
    const told = this.#told.get(dn);
    if (told !== undefined && at - told.at <= this.#visibility.briefMs) told.unseen = true;
  }

  #link(): number {
    return this.#handover?.link ?? this.#lastLink;
  }

  #beginHandover(): void {
    if (this.#handover !== null) return;
    this.#lastLink += 1;
    this.#handover = { link: this.#lastLink, outside: false };
  }

  #extension(fact: Fact & { what: "shown" }): void {
    const level: Level = { user: fact.dn, usertype: "ext", kind: "extension" };
    if (fact.status === "ringing") {
      const rings = this.#rings.get(fact.dn) ?? new Set();
      const isNew = rings.size === 0;
      rings.add(fact.leg);
      this.#rings.set(fact.dn, rings);
      if (this.#talk?.user === fact.dn) return;
      if (this.#talk !== null) this.#beginHandover();
      const direct = fact.place === "" || fact.place === fact.dn;
      if (direct) this.#levels.push(level);
      if (isNew) this.#tell("ringing", level, this.#link(), fact.at);
      return;
    }
    if (fact.status !== "connected") return;
    this.#rings.get(fact.dn)?.delete(fact.leg);
    this.#ceased(fact.dn, fact.at);
    if (this.#talk !== null) {
      if (this.#talk.user === fact.dn) this.#talk.legs.add(fact.leg);
      return;
    }
    const link = this.#handover?.link ?? Math.max(1, this.#lastLink);
    const attended = this.#attended?.at === fact.at;
    const trtype = this.#handover === null ? "NotDef" : attended ? "Accomp" : "Blind";
    this.#tell("answered", level, link, fact.at, { trtype });
    const { at, leg } = fact;
    this.#talk = { user: fact.dn, usertype: "ext", link, at, legs: new Set([leg]) };
    this.#lastLink = link;
    this.#handover = null;
    this.#levels = [level];
  }

  #place(fact: Fact & { what: "shown" }): void {
    if (this.#places.has(fact.leg)) return;
    // A menu that leads back to itself is still the same place.
    const isThere = [...this.#places].some(({ dn }) => dn === fact.dn);
    this.#places.add(fact.leg);
    if (isThere) return;
    if (fact.leg.legid === 1 && this.#chain.direction === "outgoing") return;
    if (this.#talk !== null) this.#beginHandover();
    const level: Level = { user: fact.dn, usertype: usertypeOf(fact.kind), kind: fact.kind };
    if (fact.kind !== "routepoint" || this.#levels.length === 0) this.#levels.push(level);
    this.#tell("ringing", level, this.#link(), fact.at);
  }

  /** A second outside party: passed on, or forwarded, out of the PBX. */
  #outside(fact: Fact & { what: "shown" }): void {
    if (fact.leg.call.allLegs[0] === fact.leg) return;
    this.#outsideLegs += 1;
    if (this.#talk !== null) this.#beginHandover();
    if (this.#handover !== null) this.#handover.outside = true;
  }

  #gone(fact: Fact & { what: "gone" }): void {
    const rings = this.#rings.get(fact.dn);
    rings?.delete(fact.leg);
    this.#places.delete(fact.leg);
    if ((rings?.size ?? 0) === 0) this.#ceased(fact.dn, fact.at);
    if (fact.kind === "trunk" && this.#handover !== null) this.#handover.outside = false;
    const talk = this.#talk;
    if (talk === null) return;
    talk.legs.delete(fact.leg);
    if (talk.legs.size === 0) {
      this.#endTalk(talk, fact.at, true);
      if (this.#handover === null) {
        this.#beginHandover();
        this.#levels = [{ user: talk.user, usertype: talk.usertype, kind: "extension" }];
      }
      return;
    }
    const offered = [...this.#rings].some(([dn, legs]) => dn !== talk.user && legs.size > 0);
    if (!offered && this.#places.size === 0) {
      this.#handover = null;
      this.#levels = [{ user: talk.user, usertype: talk.usertype, kind: "extension" }];
    }
  }

  #endTalk(talk: Talk, at: number, passedOn: boolean): void {
    const level: Level = { user: talk.user, usertype: talk.usertype, kind: "extension" };
    this.#tell("ended", level, talk.link, at, {
      finish: "Ok",
      transfer: passedOn ? "True" : "False",
      talkMs: at - talk.at,
    });
    this.#talk = null;
  }

  #over(at: number, joined: boolean): void {
    if (this.#talk !== null) {
      this.#endTalk(this.#talk, at, joined);
      return;
    }
    if (joined || this.#handover?.outside) return;
    if (this.#handover === null && this.#lastLink > 0) return;
    const level = this.#levels.at(-1);
    if (level === undefined) return;
    for (const dn of this.#told.keys()) this.#ceased(dn, at);
    // What an unseen place passed the call on to looks as if it still polled for the place.
    const unseen = this.#levels.flatMap(({ user }) => (this.#visibility.sees(user) ? [] : user));
    const instead = this.#visibility.sees(level.user) ? unseen : this.#users();
    const link = this.#handover?.link ?? 0;
    this.#tell("ended", level, link, at, { finish: "Missed", transfer: "False", instead });
  }

  /** Everybody who was told as ringing: one of them stands for a place that cannot be seen. */
  #users(): string[] {
    return [...new Set(this.due.map(({ user }) => user))];
  }
}
