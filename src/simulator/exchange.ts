/**
 * The exchange's book-keeping: calls, legs, numbers, events. No routing here.
 * What must hold: an event is raised only after the state that it tells of can be read, and each
 * leg gets exactly one `remove`, after its last `upsert`.
 */
import type { Clock } from "../util/clock.ts";
import { type Directory, type DnKind, findDn } from "./directory.ts";
import { type ListedCall, ListHistory } from "./listHistory.ts";
import { UserMistake } from "./mistake.ts";
import type { Call, CallState, DnRef, Leg, LegEnd, LegStatus, Party, PbxEvent } from "./model.ts";
import type { Settings } from "./settings.ts";

/** Ended calls kept for reports; the oldest go first. */
export const ENDED_CALLS_MAX = 1000;
/** Spread of the cancelling of legs that were answered elsewhere (real: 3-10 ms). */
const CANCEL_SPREAD_MS = 7;

export const NOBODY: Party = { dn: "", kind: null, number: "", name: "" };
/** What V20 shows as the caller while a click-to-call rings the own phone. */
export const MAKE_CALL: Party = { dn: "MakeCall", kind: "specialmenu", number: "", name: "" };

export interface NewLeg {
  readonly dn: string;
  readonly kind: DnKind;
  readonly status: LegStatus;
  readonly party: Party;
  readonly deviceId?: string;
  readonly directControl?: boolean;
  readonly originatedBy?: DnRef | null;
  readonly referredBy?: DnRef | null;
  readonly onBehalfOf?: DnRef | null;
  readonly outside?: { readonly number: string; readonly name: string };
}

export class Exchange {
  directory: Directory;
  settings: Settings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly calls = new Map<number, Call>();
  readonly ended: Call[] = [];
  /** Where round-robin polling stands, by queue. */
  readonly nextAgent = new Map<string, number>();
  readonly #listed = new ListHistory();
  readonly #legs = new Map<number, Leg>();
  readonly #legsByDn = new Map<string, Set<Leg>>();
  readonly #listeners = new Set<(event: PbxEvent) => void>();
  #lastLegId = 0;
  #lastCallId = 0;

  constructor(directory: Directory, settings: Settings, clock: Clock, random: () => number) {
    this.directory = directory;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
  }

  on(listener: (event: PbxEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  raise(event: PbxEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  newCall(direction: Call["direction"], caller: Party, callee: Party): Call {
    this.#lastCallId += 1;
    const now = this.clock.now();
    const call: Call = {
      id: this.#lastCallId,
      direction,
      startedAt: now,
      changedAt: now,
      state: "Initiating",
      caller,
      callee,
      rule: null,
      legs: new Set(),
      allLegs: [],
      lastLegid: 0,
      step: null,
      transferrer: null,
      callbackOrdered: false,
      joinedTo: null,
      callersBefore: [],
      endedAt: null,
    };
    this.calls.set(call.id, call);
    this.noteListed(call);
    return call;
  }

  /** Uses up the numbers of a leg that nobody ever sees (router, inbound rule). */
  skipLeg(call: Call): void {
    this.#lastLegId += 1;
    call.lastLegid += 1;
  }

  /** An application's own leg always does as its client says. */
  #heedsClients(kind: DnKind): boolean {
    return kind !== "extension" || this.settings.directControl;
  }

  /** Makes a leg readable; `show` tells of it. */
  addLeg(call: Call, leg: NewLeg): Leg {
    this.#lastLegId += 1;
    call.lastLegid += 1;
    const now = this.clock.now();
    const added: Leg = {
      id: this.#lastLegId,
      legid: call.lastLegid,
      call,
      dn: leg.dn,
      kind: leg.kind,
      deviceId: leg.deviceId ?? this.defaultDevice(leg.dn, leg.kind),
      directControl: leg.directControl === true && this.#heedsClients(leg.kind),
      status: leg.status,
      party: leg.party,
      originatedBy: leg.originatedBy ?? null,
      referredBy: leg.referredBy ?? null,
      onBehalfOf: leg.onBehalfOf ?? null,
      startedAt: now,
      answeredAt: leg.status === "connected" ? now : null,
      end: null,
      outside: leg.outside ?? null,
      peer: null,
      offer: null,
      barges: null,
    };
    this.#legs.set(added.id, added);
    const there = this.#legsByDn.get(added.dn);
    if (there === undefined) this.#legsByDn.set(added.dn, new Set([added]));
    else there.add(added);
    call.legs.add(added);
    call.allLegs.push(added);
    return added;
  }

  defaultDevice(dn: string, kind: DnKind): string {
    if (kind !== "extension") return "";
    const row = this.directory.extensions.find((extension) => extension.number === dn);
    return row?.devices[0]?.deviceId ?? "";
  }

  show(leg: Leg): void {
    if (leg.end === null) this.raise({ kind: "upsert", leg });
  }

  /** Once for each leg: a second call does nothing. */
  remove(leg: Leg, why: LegEnd): void {
    if (leg.end !== null) return;
    leg.end = { at: this.clock.now(), why };
    leg.offer?.legs.delete(leg);
    leg.offer = null;
    leg.call.legs.delete(leg);
    this.#legs.delete(leg.id);
    this.#legsByDn.get(leg.dn)?.delete(leg);
    this.raise({ kind: "remove", leg });
    for (const other of [...leg.call.legs]) {
      if (other.barges === leg) this.remove(other, "otherSideHungUp");
    }
  }

  /** A leg that lost the race goes a few milliseconds after the answer. */
  removeSoon(leg: Leg, why: LegEnd, extraMs = 0): void {
    leg.offer = null;
    const jitterMs = extraMs > 0 ? extraMs : Math.floor(this.random() * (CANCEL_SPREAD_MS + 1));
    this.clock.after(this.settings.cancelMs + jitterMs, () => this.remove(leg, why));
  }

  /** The holder of a call (queue) goes after the last of its polled legs. */
  removeHolderSoon(leg: Leg): void {
    this.removeSoon(leg, "replaced", CANCEL_SPREAD_MS + 1);
  }

  /** How a leg looks from the other side. */
  partyOf(leg: Leg): Party {
    if (leg.outside) {
      return { dn: leg.dn, kind: leg.kind, number: leg.outside.number, name: leg.outside.name };
    }
    return this.partyOfDn(leg.dn, leg.kind);
  }

  partyOfDn(dn: string, kind: DnKind): Party {
    return { dn, kind, number: dn, name: findDn(this.directory, dn)?.name ?? "" };
  }

  /** Two legs talk. `party` of `b` keeps what its offer showed (a queue's prefix). */
  bridge(a: Leg, b: Leg): void {
    const now = this.clock.now();
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const party = this.partyOf(other);
      const kept = one.party.dn === party.dn && one.party.number === party.number;
      const changed = one.status !== "connected" || !kept || one.referredBy !== null;
      one.status = "connected";
      one.answeredAt ??= now;
      one.peer = other;
      one.referredBy = null;
      if (!kept) one.party = party;
      if (changed) this.show(one);
    }
  }

  /** Says where the call is: the side away from `anchor` is now `party`. */
  place(call: Call, anchor: Leg, party: Party, state: CallState): void {
    const me = this.partyOf(anchor);
    // Of two outside parties each has a trunk's DN, and its own number.
    const isAnchor = ({ dn, number }: Party) => dn === me.dn && number === me.number;
    if (isAnchor(call.callee) && !isAnchor(call.caller)) call.caller = party;
    else call.callee = party;
    this.setState(call, state);
  }

  setState(call: Call, state: CallState): void {
    call.state = state;
    call.changedAt = this.clock.now();
    this.noteListed(call);
  }

  /** What the list of active calls tells of it has changed. */
  noteListed(call: Call): void {
    this.#listed.note(call, this.clock.now());
  }

  /** The calls as a list has them that lags by `lagMs`. */
  listed(lagMs: number): ListedCall[] {
    return this.#listed.at(this.clock.now() - lagMs);
  }

  /** Everything of the call goes: first what rings, then the rest, youngest first; or as switched. */
  endCall(call: Call, why: LegEnd, by: Leg | null = null): void {
    if (call.endedAt !== null) return;
    call.endedAt = this.clock.now();
    this.calls.delete(call.id);
    this.noteListed(call);
    const held = call.step?.abandon() ?? [];
    call.step = null;
    const heldWhy = why === "hungUp" || why === "otherSideHungUp" ? "callerGone" : why;
    const otherWhy = why === "hungUp" ? "otherSideHungUp" : why;
    const first = by ? [by] : [];
    const rest = [...call.legs].reverse();
    const youngest = this.settings.legEnds === "youngestFirst";
    const order = youngest ? [...held, ...first, ...rest] : [...first, ...rest.reverse()];
    this.#removeInTurn([...new Set(order)], (leg) =>
      leg === by ? "hungUp" : held.includes(leg) ? heldWhy : otherWhy,
    );
    this.ended.push(call);
    if (this.ended.length > ENDED_CALLS_MAX) this.ended.shift();
    this.raise({ kind: "callEnded", call });
  }

  /** One after another; nobody can answer what is still to go. */
  #removeInTurn(legs: readonly Leg[], whyOf: (leg: Leg) => LegEnd): void {
    const { legEndSpreadMs } = this.settings;
    if (legEndSpreadMs === 0) {
      for (const leg of legs) this.remove(leg, whyOf(leg));
      return;
    }
    const delaysMs = legs.map((_leg, index) =>
      index === 0 ? 0 : Math.floor(this.random() * (legEndSpreadMs + 1)),
    );
    delaysMs.sort((a, b) => a - b);
    for (const [index, leg] of legs.entries()) {
      leg.offer = null;
      const delayMs = delaysMs[index] ?? 0;
      if (delayMs === 0) this.remove(leg, whyOf(leg));
      else this.clock.after(delayMs, () => this.remove(leg, whyOf(leg)));
    }
  }

  leg(id: number): Leg | undefined {
    return this.#legs.get(id);
  }

  legsOf(dn: string): Leg[] {
    return [...(this.#legsByDn.get(dn) ?? [])];
  }

  /** The live legs, oldest first. */
  legs(): Leg[] {
    return [...this.#legs.values()];
  }

  call(id: number): Call {
    const call = this.calls.get(id);
    if (!call) {
      const live = [...this.calls.keys()].join(", ") || "none";
      throw new UserMistake(`Expected the number of a live call, got ${id}. Live calls: ${live}.`);
    }
    return call;
  }

  /** The service restarts: calls vanish without a word, numbers begin anew. */
  restart(): void {
    for (const leg of this.#legs.values()) {
      leg.end = { at: this.clock.now(), why: "restart" };
      leg.offer = null;
    }
    for (const call of this.calls.values()) {
      call.endedAt = this.clock.now();
      call.legs.clear();
      call.step?.end("restart");
      call.step = null;
    }
    this.calls.clear();
    this.#listed.forget();
    this.#legs.clear();
    this.#legsByDn.clear();
    this.#lastLegId = 0;
    this.#lastCallId = 0;
    this.raise({ kind: "restarted" });
  }
}
