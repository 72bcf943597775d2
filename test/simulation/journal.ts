/**
 * The truth: what the PBX did with each outside party, noted from the PBX's own state and never from the wire. One
 * chain is one outside party from its coming to its going, whatever call numbers it has had.
 * Must hold: what began and ended in the same instant is not noted, as nobody could have seen it.
 */
import type { DnKind } from "../../src/simulator/directory.ts";
import type { Call, Leg, LegStatus, PbxEvent } from "../../src/simulator/model.ts";
import type { Pbx } from "../../src/simulator/pbx.ts";
import type { Clock } from "../../src/util/clock.ts";

export type Fact = { readonly at: number } & (
  | {
      readonly what: "shown";
      readonly leg: Leg;
      readonly dn: string;
      readonly kind: DnKind;
      readonly status: LegStatus;
      /** Where routing had the call then; its own DN, or the queue or ring group that polls it; of a voicemail box its owner, if the list has it there. */
      readonly place: string;
    }
  | { readonly what: "gone"; readonly leg: Leg; readonly dn: string; readonly kind: DnKind }
  /** The outside party's leg is gone, or joined with another outside party. */
  | { readonly what: "over"; readonly joined: boolean }
  /** The script let `dn` complete a consultation with somebody who had answered. */
  | {
      readonly what: "attended";
      readonly dn: string;
      readonly spokeFromAt: number;
      /** Somebody listened in on the consultation. */
      readonly heard: boolean;
      /** The legs of the two who spoke. */
      readonly spoken: readonly Leg[];
    }
);

export interface Chain {
  readonly direction: "incoming" | "outgoing";
  /** The PBX's number of the first call. */
  readonly number: number;
  /** Counts the PBX's restarts. */
  readonly era: number;
  readonly startedAt: number;
  /** It began as a call from one of ours to another. */
  readonly isInside: boolean;
  /** When its owner dialled: later than its start if the own phone rang first. */
  readonly dialledAt: number;
  readonly outside: string;
  readonly ruleName: string;
  readonly did: string;
  /** Who dialled; "" for incoming calls. */
  readonly owner: string;
  readonly ownerKind: DnKind;
  readonly ownerLeg: Leg | null;
  /** The queue that calls back a caller who ordered it; "" = none. */
  readonly calledBackBy: string;
  /** Numbers that the PBX gave it later, as it was joined. */
  readonly later: number[];
  /** When the first of those calls came: a join may give it the number, and so the id, of a call that is older. */
  bornAt: number;
  readonly facts: Fact[];
  /** Which of the script's calls it is; -1 = of none. */
  script: number;
  call: Call;
  /** When a leg of it came to stand towards a conference. */
  conferredAt: number | null;
  overAt: number | null;
}

/** When the leg goes, or the call with it; one that lasts beyond the day never does. */
export function goneAtOf({ end }: Pick<Leg, "end">, { overAt }: Pick<Chain, "overAt">): number {
  return end?.at ?? overAt ?? Number.POSITIVE_INFINITY;
}

/** The extension that the list has a call at. */
function listedAt({ caller, callee }: Call): string | undefined {
  return [callee, caller].find(({ kind }) => kind === "extension")?.dn;
}

export class Journal {
  readonly chains: Chain[] = [];
  readonly #clock: Clock;
  readonly #byCall = new Map<Call, Chain>();
  readonly #byTrunk = new Map<Leg, Chain>();
  /** The outside party's leg: the last one, where a trunk refused and the next was tried. */
  readonly #trunkOf = new Map<Chain, Leg>();
  readonly #statuses = new Map<Leg, LegStatus>();
  readonly #rang = new WeakSet<Leg>();
  #batch: PbxEvent[] = [];
  #waiting = false;
  #era = 0;

  constructor(pbx: Pbx, clock: Clock) {
    this.#clock = clock;
    pbx.on((event) => {
      this.#batch.push(event);
      if (this.#waiting) return;
      this.#waiting = true;
      queueMicrotask(() => this.#flush());
    });
  }

  /** To be called before the deed, with the leg that consults. */
  attended(call: Call, { dn, call: consultation }: Leg): void {
    const at = this.#clock.now();
    const heard = consultation.allLegs.some(({ barges }) => barges !== null);
    const spoken = [...consultation.legs].filter(({ barges }) => barges === null);
    // Whoever was consulted may have handed the consultation on, and that one answers it just now.
    const spokeFromAt = Math.max(...spoken.map(({ answeredAt }) => answeredAt ?? at));
    const fact = { at, what: "attended", dn, spokeFromAt, heard, spoken } as const;
    this.#byCall.get(call)?.facts.push(fact);
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    this.#waiting = false;
    const at = this.#clock.now();
    for (const event of batch) {
      if (event.kind !== "upsert") continue;
      if (event.leg.status === "ringing") this.#rang.add(event.leg);
      this.#noteTrunk(event.leg);
    }
    const over = new Map<Chain, boolean>();
    for (const event of batch) this.#noteEnd(event, over);
    const done = new Set<Leg>();
    for (const event of batch) {
      if (event.kind === "upsert") this.#noteShown(event.leg, at, done);
      if (event.kind === "remove") this.#noteGone(event.leg, at, over);
    }
    for (const [chain, joined] of over) {
      if (chain.overAt !== null) continue;
      chain.overAt = at;
      chain.facts.push({ at, what: "over", joined });
    }
    if (batch.some(({ kind }) => kind === "restarted")) this.#restarted(at);
  }

  #noteTrunk(leg: Leg): void {
    if (leg.kind !== "trunk") return;
    const { call } = leg;
    const known = this.#byTrunk.get(leg);
    if (known !== undefined) {
      // An attended transfer moved the outside party into the consultation's call.
      const other = this.#byCall.get(call);
      if (known.call !== call && (other === undefined || other.isInside)) {
        if (other !== undefined) this.#joinInside(other);
        known.call = call;
        known.later.push(call.id);
        known.bornAt = Math.min(known.bornAt, call.startedAt);
        this.#byCall.set(call, known);
      }
      return;
    }
    const present = this.#byCall.get(call);
    const anchor = leg.offer?.anchor;
    if (present !== undefined) {
      if (anchor && anchor === present.ownerLeg) this.#noteNextTrunk(present, leg);
      return;
    }
    // A mobile that rings for an inside call concerns nobody until it answers.
    if (call.direction === "internal" && leg.status !== "connected") return;
    const calledBackBy = call.caller.kind === "queue" ? call.caller.dn : "";
    if (call.direction === "outgoing" && anchor === undefined && calledBackBy === "") return;
    const isIncoming = call.direction === "incoming" || calledBackBy !== "";
    const chain: Chain = {
      direction: isIncoming ? "incoming" : "outgoing",
      number: call.id,
      era: this.#era,
      startedAt: call.startedAt,
      isInside: call.direction === "internal",
      dialledAt: this.#dialledAt(call),
      outside: leg.outside?.number ?? "",
      ruleName: call.rule?.ruleName ?? "",
      did: call.rule?.did ?? "",
      owner: anchor?.dn ?? "",
      ownerKind: anchor?.kind ?? "extension",
      ownerLeg: anchor ?? null,
      calledBackBy,
      later: [],
      bornAt: call.startedAt,
      facts: [],
      script: -1,
      call,
      conferredAt: null,
      overAt: null,
    };
    this.chains.push(chain);
    this.#byCall.set(call, chain);
    this.#byTrunk.set(leg, chain);
    this.#trunkOf.set(chain, leg);
    // Who was in the inside call before it came to an outside party.
    if (chain.isInside)
      for (const each of call.legs) this.#noteShown(each, this.#clock.now(), new Set());
  }

  /** The outside phone that an inside call was forwarded to is joined with another outside party. */
  #joinInside(chain: Chain): void {
    const at = this.#clock.now();
    chain.overAt = at;
    chain.facts.push({ at, what: "over", joined: true });
  }

  /** A trunk refused the number: it is dialled over another. */
  #noteNextTrunk(chain: Chain, leg: Leg): void {
    const last = this.#trunkOf.get(chain);
    if (!last?.end || last.answeredAt !== null || last.outside?.number !== leg.outside?.number)
      return;
    this.#byTrunk.set(leg, chain);
    this.#trunkOf.set(chain, leg);
  }

  #dialledAt({ startedAt, allLegs }: Call): number {
    const [first] = allLegs;
    const rang = first !== undefined && this.#rang.has(first);
    return rang ? this.#clock.now() : startedAt;
  }

  #noteEnd(event: PbxEvent, over: Map<Chain, boolean>): void {
    if (event.kind !== "callEnded") return;
    const chain = this.#byCall.get(event.call);
    if (chain === undefined || chain.call !== event.call) return;
    const trunk = this.#trunkOf.get(chain);
    // Replaced, it goes on as a new leg in the call that it was joined with.
    // Of a call that ends the legs may go a moment later.
    const goesOn = trunk?.end ? trunk.end.why === "replaced" : trunk?.call !== event.call;
    over.set(chain, trunk !== undefined && goesOn);
  }

  #noteShown(leg: Leg, at: number, done: Set<Leg>): void {
    if (leg.end !== null || done.has(leg)) return;
    done.add(leg);
    const chain = this.#byCall.get(leg.call);
    if (chain === undefined || chain.overAt !== null) return;
    if (leg.kind === "trunk" && this.#byTrunk.get(leg) === chain) return;
    if (leg.party.kind === "conference") chain.conferredAt ??= at;
    const held = leg.status === "hold" || leg.status === "held";
    const status = held ? "connected" : leg.status;
    if (this.#statuses.get(leg) === status && leg.legid === 1) return;
    this.#statuses.set(leg, status);
    const place = leg.kind === "specialmenu" ? listedAt(leg.call) : leg.call.step?.place.dn;
    chain.facts.push({
      at,
      what: "shown",
      leg,
      dn: leg.dn,
      kind: leg.kind,
      status,
      place: place ?? "",
    });
  }

  #noteGone(leg: Leg, at: number, over: ReadonlyMap<Chain, boolean>): void {
    const chain = this.#byCall.get(leg.call);
    if (chain === undefined || chain.overAt !== null || over.has(chain)) return;
    if (!this.#statuses.has(leg)) return;
    chain.facts.push({ at, what: "gone", leg, dn: leg.dn, kind: leg.kind });
  }

  /** Calls vanish without a word. */
  #restarted(at: number): void {
    this.#era += 1;
    for (const chain of this.chains) {
      if (chain.overAt !== null) continue;
      chain.overAt = at;
      chain.facts.push({ at, what: "over", joined: false });
    }
  }
}
