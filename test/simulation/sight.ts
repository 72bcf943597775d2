/**
 * What could be seen when, by the log of injected faults alone: each fault blinds us for a stretch, to one leg or to
 * everything, and what is true at the end of the stretch is seen then.
 */
import type { Leg } from "../../src/simulator/model.ts";
import type { FaultNote } from "./faults.ts";
import type { FaultName } from "./setting.ts";
import { blinding } from "./unread.ts";

/** An answer that is late holds back what came after it for so long at most; with some slack. */
const holdMs = 300;

interface Blind {
  readonly fault: FaultName;
  readonly fromAt: number;
  readonly toAt: number;
}

export interface Seen {
  /** The latest moment at which it must have been known. */
  readonly at: number;
  /** What kept it from being known at once; null = nothing. */
  readonly fault: FaultName | null;
}

const byStart = (a: Blind, b: Blind) => a.fromAt - b.fromAt;

export class Sight {
  readonly briefMs: number;
  readonly #all: Blind[] = [];
  readonly #clockOffMsMax: number;
  /** When our clock was set. */
  readonly #steps: readonly number[];
  readonly #restarts: readonly number[];
  readonly #byEntity = new Map<string, Blind[]>();

  constructor(notes: readonly FaultNote[], briefMs: number, clockOffMsMax: number) {
    this.#clockOffMsMax = clockOffMsMax;
    this.briefMs = briefMs;
    this.#steps = notes.flatMap(({ fault, fromAt }) => (fault === "clockSteps" ? [fromAt] : []));
    this.#restarts = notes.flatMap(({ fault, fromAt }) =>
      fault === "pbxRestarts" ? [fromAt] : [],
    );
    for (const { fault, fromAt, toAt, entity } of notes) {
      if (["duplicateFrames", "xapiFails", "clockSteps"].includes(fault)) continue;
      const blind = { fault, fromAt: fromAt - briefMs, toAt: toAt + briefMs };
      if (entity === null) this.#all.push(blind);
      else {
        const known = this.#byEntity.get(entity);
        if (known === undefined) this.#byEntity.set(entity, [blind]);
        else known.push(blind);
        this.#all.push({ ...blind, toAt: Math.min(blind.toAt, fromAt + holdMs + briefMs) });
      }
    }
    this.#all.sort(byStart);
  }

  /** When what became true of a leg at `at` must have been known. */
  seen(at: number, leg: Leg | null): Seen {
    const entity = leg === null ? "" : `/callcontrol/${leg.dn}/participants/${leg.id}`;
    const own = this.#byEntity.get(entity) ?? [];
    let seen: Seen = { at, fault: null };
    for (const blind of [...own, ...this.#all].sort(byStart)) {
      if (blind.fromAt > seen.at) break;
      if (blind.toAt > seen.at) seen = { at: blind.toAt, fault: blind.fault };
    }
    return seen;
  }

  /** How far two times may be apart more than they were: our clock was set between them, or before, and the PBX's tells one. */
  clockOffMs(fromAt: number, toAt: number): number {
    const stepped = this.#steps.some((at) => at <= toAt);
    const isBlind = this.#all.some((blind) => blind.fromAt <= toAt && blind.toAt >= fromAt);
    return stepped && isBlind ? 2 * this.#clockOffMsMax : 0;
  }

  /** For how long we were blind already at `at`, if the PBX restarted then, or before we saw again; 0 if it did not. */
  lostMs(at: number): number {
    const seenAt = this.seen(at, null).at;
    const restarts = this.#restarts.some((restartAt) => restartAt >= at && restartAt <= seenAt);
    return restarts ? this.blindMs(at) : 0;
  }

  /** For how long we were blind already at `at`. */
  blindMs(at: number): number {
    let since = at;
    for (const { fault, fromAt, toAt } of this.#all.toReversed()) {
      if (blinding.has(fault) && fromAt < since && toAt >= since) since = fromAt;
    }
    return at - since;
  }

  /** We saw nothing for a while of that time. */
  blinded(fromAt: number, toAt: number): boolean {
    const within = (blind: Blind) => blind.fromAt <= toAt && blind.toAt >= fromAt;
    return this.#all.some((blind) => blinding.has(blind.fault) && within(blind));
  }

  troubled(dn: string, fromAt: number, toAt: number): boolean {
    const within = (blind: Blind) => blind.fromAt <= toAt && blind.toAt >= fromAt;
    const own = [...this.#byEntity].filter(([entity]) => entity.split("/")[2] === dn);
    return own.some(([, blinds]) => blinds.some(within)) || this.#all.some(within);
  }
}
