/**
 * What one connection knows of the legs, and which of two answers is the younger. Answers are
 * ordered by when they were asked for, never by when they came: the PBX tells the state at some
 * moment after the question. A leg that a frame spoke of after a snapshot was asked for is not
 * that snapshot's to decide.
 */
import type { DnKind, Leg } from "../../tracker/activity.ts";
import type { Clock } from "../../util/clock.ts";
import type { Limits } from "./limits.ts";
import {
  hearParty,
  type Knowledge,
  legIdOf,
  type NormalisedLeg,
  normaliseParticipant,
} from "./normalise.ts";
import type { WireDnInfo, WireParticipant } from "./wire.ts";

interface Known {
  readonly wire: WireParticipant;
  readonly leg: Leg;
}

export interface LegsOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly knowledge: Knowledge;
  /** Told of legs that are left out, with why. */
  readonly onLeftOut: (wire: WireParticipant, why: Exclude<NormalisedLeg, { kind: "leg" }>) => void;
}

/** The time, in ms, no two alike: in the order of questions and frames. */
export type Moment = number;

export class Legs {
  readonly #options: LegsOptions;
  readonly #known = new Map<string, Known>();
  /** Leg → when it was removed, for as long as a question from before that may be answered. */
  readonly #removed = new Map<string, Moment>();
  /** Those of them whose removal had its turn. */
  readonly #gone = new Set<string>();
  /** Leg → the last frame that spoke of it, since the last snapshot was asked for. */
  readonly #touched = new Map<string, Moment>();
  /** Those of them of which no answer has come yet. */
  readonly #unread = new Set<string>();
  #snapshotAsked: Moment = 0;
  #moment: Moment = 0;

  constructor(options: LegsOptions) {
    this.#options = options;
  }

  /** Now, in the order of questions and frames. */
  next(): Moment {
    this.#moment = Math.max(this.#options.clock.now(), this.#moment + 0.001);
    return this.#moment;
  }

  touch(legId: string): void {
    this.#touched.set(legId, this.next());
    this.#unread.add(legId);
  }

  /**
   * How long until an answer about this leg can be believed; 0 = now. What is asked for before its Remove, or within a
   * moment after it, may be of before: the PBX shows a change up to a second late. What is asked for later is the truth,
   * as a Remove may come out of its order, or be meant for nothing.
   */
  staleForMs(legId: string, asked: Moment): number {
    const removed = this.#removed.get(legId) ?? Number.NEGATIVE_INFINITY;
    return Math.max(0, removed + this.#options.limits.removedLagMs - asked);
  }

  /** The PBX removed it. */
  bury(legId: string): void {
    const { limits } = this.#options;
    const now = this.next();
    // Since it had gone it may have been there: what is under way may tell of that.
    if (this.staleForMs(legId, now) === 0) this.#gone.delete(legId);
    this.#removed.delete(legId); // to the end of the order
    this.#removed.set(legId, now);
    for (const [oldest, at] of this.#removed) {
      const tooOld = now - at >= limits.removedKeptMs;
      if (!tooOld && this.#removed.size <= limits.removedMax) break;
      this.#removed.delete(oldest);
      this.#gone.delete(oldest);
    }
  }

  /** The removal had its turn: an answer that may be of before it is too late. */
  isGone(legId: string, asked: Moment): boolean {
    return this.#gone.has(legId) && this.staleForMs(legId, asked) > 0;
  }

  /** The removal has its turn. True if the leg was known. */
  remove(legId: string): boolean {
    this.#gone.add(legId);
    return this.forget(legId);
  }

  /** Its Remove has come, and is yet to have its turn. */
  #isGoing(legId: string): boolean {
    return this.#removed.has(legId) && !this.#gone.has(legId);
  }

  /** True if it was known. */
  forget(legId: string): boolean {
    this.#unread.delete(legId);
    return this.#known.delete(legId);
  }

  /** True if an answer that was asked for then may say more than the last snapshot. */
  isFresh(asked: Moment): boolean {
    return asked > this.#snapshotAsked;
  }

  /** The leg as it is now, null if there is none to show. */
  learn(wire: WireParticipant): Leg | null {
    hearParty(wire, this.#options.knowledge);
    return this.#read(wire);
  }

  #read(wire: WireParticipant): Leg | null {
    const legId = legIdOf(wire.dn, wire.id);
    this.#unread.delete(legId);
    const before = this.#known.get(legId);
    const { knowledge } = this.#options;
    const now = normaliseParticipant(wire, knowledge, before?.leg ?? null);
    if (now.kind !== "leg") {
      this.#options.onLeftOut(wire, now);
      return null;
    }
    this.#known.set(legId, { wire, leg: now.leg });
    return now.leg;
  }

  /** All legs, once this snapshot has had its say. */
  learnAll(dns: readonly WireDnInfo[], asked: Moment): readonly Leg[] {
    const isNewer = (legId: string) => (this.#touched.get(legId) ?? 0) > asked;
    const shown = new Set<string>();
    const wires = dns.flatMap((info) => info.participants);
    // One leg may tell what another only names.
    for (const wire of wires) hearParty(wire, this.#options.knowledge);
    for (const wire of wires) {
      const legId = legIdOf(wire.dn, wire.id);
      // One whose removal is yet to have its turn goes then, after what came before; and one that has just come, and is yet
      // to be read, is shown all the same: it may take the place of one that is not there any more.
      const isFirst = !this.#known.has(legId) && !this.#removed.has(legId);
      const hasCome = isFirst && this.#unread.has(legId);
      if ((isNewer(legId) && !hasCome) || this.isGone(legId, asked)) continue;
      this.#read(wire);
      shown.add(legId);
    }
    // What takes the place of one that was removed meanwhile may be yet to come, too, and came first.
    for (const legId of this.#known.keys()) {
      const stays = shown.has(legId) || isNewer(legId) || this.#isGoing(legId);
      if (!stays) this.#known.delete(legId);
    }
    for (const [legId, moment] of this.#touched) {
      if (moment > asked) continue;
      this.#touched.delete(legId);
      this.#unread.delete(legId);
    }
    this.#snapshotAsked = Math.max(this.#snapshotAsked, asked);
    return this.all();
  }

  all(): readonly Leg[] {
    return [...this.#known.values()].map(({ leg }) => leg);
  }

  /** The legs that read otherwise with what is known now. */
  readAgain(): readonly Leg[] {
    return [...this.#known.values()].flatMap(({ wire, leg }) => {
      const again = this.learn(wire);
      return again && JSON.stringify(again) !== JSON.stringify(leg) ? [again] : [];
    });
  }
}

/** The DNs of the last snapshot: what this API client may see. */
export class VisibleDns {
  #kinds: ReadonlyMap<string, DnKind | null> = new Map();
  #dns: readonly string[] = [];

  set(entries: readonly { readonly dn: string; readonly kind: DnKind | null }[]): void {
    this.#kinds = new Map(entries.map(({ dn, kind }) => [dn.toLowerCase(), kind]));
    this.#dns = entries.map(({ dn }) => dn);
  }

  get list(): readonly string[] {
    return this.#dns;
  }

  has(dn: string): boolean {
    return this.#kinds.has(dn.toLowerCase());
  }

  kindOf(dn: string): DnKind | null {
    return this.#kinds.get(dn.toLowerCase()) ?? null;
  }
}
