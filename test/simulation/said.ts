/**
 * What is due of one chain, as the oracle works it out, one after another; and what of it nobody may have seen, because
 * it was too short or came too soon after the last of its kind.
 */
import type { Leg } from "../../src/simulator/model.ts";
import type { Due, DueKind, Visibility } from "./due.ts";
import type { Fact } from "./journal.ts";
import type { Level } from "./levels.ts";
import type { FaultName } from "./setting.ts";
import type { Seen } from "./sight.ts";

/** A `ringing` is no end. */
const nothing = { finish: null, transfer: null, talkMs: null, trtype: null } as const;

/** So long after a place has given the call away, who rings on is told as having it (SPEC.md, R8). */
const followMs = 300;

export class Said {
  readonly due: Due[] = [];
  readonly #visibility: Visibility;
  /** The last `ringing` of each user and place. */
  readonly #told = new Map<string, Due>();
  /** When it must have been seen that nothing rings there any more. */
  readonly #freeAt = new Map<string, Seen>();
  #talks = false;
  /** Who seemed to ring on alone. */
  readonly #lingered = new Set<string>();
  readonly #veiled: Due[] = [];

  constructor(visibility: Visibility) {
    this.#visibility = visibility;
  }

  tell(
    kind: DueKind,
    level: Level,
    link: number,
    at: number,
    leg: Leg | null,
    more: Partial<Due> = {},
  ): Due {
    const seen = this.#visibility.seen(at, leg);
    const due: Due = {
      kind,
      user: level.user,
      usertype: level.usertype,
      link,
      at,
      latest: seen.at,
      slackMs: 0,
      lostMs: 0,
      fault: seen.fault,
      trtype: null,
      finish: null,
      transfer: null,
      talkMs: null,
      ordered: false,
      unseen: !this.#visibility.sees(level.user, at),
      instead: [],
      ...more,
    };
    this.due.push(due);
    this.#heedVeil(due);
    if (due.transfer === "True") this.#lingerOn(due);
    if (kind === "answered") this.#answered(at);
    if (kind === "dialing") this.#told.set(level.user, due);
    if (kind === "ringing") {
      this.#told.set(level.user, due);
      level.due = due;
      // No pause was to be seen since it rang there last.
      const free = this.#freeAt.get(level.user);
      if (free !== undefined && free.at + this.#visibility.briefMs >= at) {
        due.unseen = true;
        due.fault = free.fault;
      }
    }
    return due;
  }

  /**
   * Another phone of who hands over seems to ring on: as if they had sent the call to their own number. So does one that
   * rang with theirs, and was not seen before the answer: as if it were rung now.
   */
  #lingerOn(due: Due): void {
    const { user, at, link } = due;
    const told = [...this.#told.values()];
    for (const dn of this.lingering(at)) {
      const polled = told.find((one) => one.user === dn && one.usertype === "ext" && one.unseen);
      if (dn !== user && polled === undefined) continue;
      const fault = this.#freeAt.get(dn)?.fault ?? null;
      const rings = { kind: "ringing", link: link + 1, unseen: true, fault, ...nothing } as const;
      const again = { ...due, ...rings };
      this.due.push({ ...again, user: dn, usertype: (polled ?? due).usertype });
      // Which it says rings it.
      for (const { user: by, usertype } of dn === user ? told : []) {
        if (usertype !== "ext") this.due.push({ ...again, user: by, usertype });
      }
    }
  }

  /** What rang or held the call, and was not seen before the answer, is told of no more. */
  #answered(at: number): void {
    for (const told of this.#told.values()) if (told.latest >= at) told.unseen = true;
    this.#lingered.clear();
  }

  /** The fault for which a phone that rings along is seen only after the answer. */
  lateLoser(user: string, at: number): FaultName | null {
    const isLate = (told: Due) => told.usertype === "ext" && !told.unseen && told.latest >= at;
    return (
      [...this.#told.values()].find((told) => told.user !== user && isLate(told))?.fault ?? null
    );
  }

  /** Handed over to where no leg shows, while its user still talks: shown when they leave, or when a phone rings there. */
  #heedVeil(due: Due): void {
    if (!due.unseen || due.kind === "ended") {
      for (const veiled of this.#veiled.splice(0)) veiled.latest = Math.max(veiled.latest, due.at);
    }
    if (due.kind === "ringing" && due.unseen && this.#talks) this.#veiled.push(due);
    if (due.kind !== "ringing") this.#talks = due.kind === "answered";
  }

  /** The last `ringing` of a user or place. */
  lastOf(dn: string): Due | undefined {
    return this.#told.get(dn);
  }

  /** It rings there already; if this leg is seen late, or the other one was lost, it may look as if it rang anew after a pause. */
  maybeAgain(level: Level, { at, leg }: Fact & { what: "shown" }, link: number): void {
    const told = this.#told.get(level.user);
    const isLate = this.#visibility.seen(at, leg).fault !== null;
    if (!isLate && !this.#visibility.troubled(level.user, told?.at ?? at, at)) return;
    this.tell("ringing", { ...level }, link, at, leg).unseen = true;
    if (told !== undefined) this.#told.set(level.user, told);
  }

  /** Why a leg of somebody else seems to stand that is gone; null if none does. */
  lingerFault(at: number, user: string): FaultName | null {
    const found = [...this.#freeAt].find(([dn, seen]) => dn !== user && seen.at > at);
    return found?.[1].fault ?? null;
  }

  /** Somebody was seen to ring for this link. */
  isTold(link: number): boolean {
    return this.due.some((one) => one.kind === "ringing" && one.link === link && !one.unseen);
  }

  /** Who seemed to ring for this link, or to ring on alone, by a fault: as if the call were there. */
  seeming(link: number): string[] {
    const seems = (one: Due) => one.kind === "ringing" && one.unseen && one.fault !== null;
    const rang = this.due.filter((one) => one.link === link && seems(one));
    return [...rang.map(({ user }) => user), ...this.#lingered];
  }

  /** It rings there no longer: for so short a time nobody may have seen it. */
  ceased(dn: string, at: number): void {
    const told = this.#told.get(dn);
    if (told !== undefined && at - told.latest <= this.#visibility.briefMs) told.unseen = true;
  }

  allCeased(at: number): void {
    for (const dn of this.#told.keys()) this.ceased(dn, at);
  }

  /** A leg of it is gone. */
  isFree(dn: string, at: number, leg: Leg): void {
    const seen = this.#visibility.seen(at, leg);
    this.#heedOther(dn, at);
    if (seen.at >= (this.#freeAt.get(dn)?.at ?? 0)) this.#freeAt.set(dn, seen);
    if (seen.fault !== null && seen.at >= at + followMs) this.#lingered.add(dn);
  }

  /** The leg was gone before it was seen to ring: another phone of theirs, if any, is what shows it. */
  #heedOther(dn: string, at: number): void {
    const told = this.#told.get(dn);
    if (told === undefined || told.fault === null || told.latest < at) return;
    const others = this.due.filter(
      ({ kind, user, link }) => kind === "ringing" && user === dn && link === told.link,
    );
    told.latest = Math.max(...others.map(({ latest }) => latest));
  }

  /** When it must have been seen that the legs of it that are gone are gone. */
  silent(dn: string): Seen {
    return this.#freeAt.get(dn) ?? { at: 0, fault: null };
  }

  /** What only the list shows is known when no leg seems to stand that is gone. */
  freed(seen: Seen): Seen {
    const { listMs } = this.#visibility;
    const stands = [...this.#freeAt.values()].filter(({ fault, at }) => fault && at > seen.at);
    const latest = Math.max(...stands.map(({ at }) => at));
    const last = stands.find(({ at }) => at === latest);
    return last === undefined ? seen : { ...last, at: latest + (listMs ?? 0) };
  }

  /** The fault for which a leg seems to stand that is gone. */
  lingers(at: number): FaultName | null {
    return [...this.#freeAt.values()].find((seen) => seen.at > at)?.fault ?? null;
  }

  /** Where a leg seems to stand that is gone. */
  lingering(at: number): string[] {
    const lingers = ({ at: seenAt, fault }: Seen) => fault !== null && seenAt > at;
    return [...this.#freeAt].flatMap(([dn, seen]) => (lingers(seen) ? [dn] : []));
  }
}
