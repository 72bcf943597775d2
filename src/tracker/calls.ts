/**
 * All calls, with everything that they are found by: number, number taken over, leg, user, inside conversation, deadline.
 * A value as all state is: `with` gives a new one and leaves the old one as it was. Yet a change costs what it changes,
 * however many calls there are: the newest has the tables, and a value that is asked though there is a newer one makes
 * tables of its own. (Tests and simulations look back; the service never does.)
 */
import type { EpochMs } from "../events/event.ts";
import type { Leg } from "./activity.ts";
import { Agenda } from "./agenda.ts";
import type { Call, TrackedLeg } from "./state.ts";

/** What calls became: null = forgotten. */
export type Changes = readonly (readonly [callNumber: number, call: Call | null])[];

/** Who has the call, or had it last. */
export function userOf({ talk, level, overAt }: Call): string | undefined {
  return overAt === null ? (talk?.user ?? level?.dn) : undefined;
}

/** Many calls under one name; mostly it is one, which needs no set. */
class Register {
  readonly #calls = new Map<string, number | Set<number>>();

  get(name: string): readonly number[] {
    const there = this.#calls.get(name);
    if (there === undefined) return [];
    return typeof there === "number" ? [there] : [...there].sort((a, b) => a - b);
  }

  add(name: string, callNumber: number): void {
    const there = this.#calls.get(name);
    if (there === undefined || there === callNumber) this.#calls.set(name, callNumber);
    else if (typeof there === "number") this.#calls.set(name, new Set([there, callNumber]));
    else there.add(callNumber);
  }

  delete(name: string, callNumber: number): void {
    const there = this.#calls.get(name);
    if (there === callNumber) this.#calls.delete(name);
    else if (typeof there === "object") {
      there.delete(callNumber);
      if (there.size === 0) this.#calls.delete(name);
    }
  }
}

const never = Number.POSITIVE_INFINITY;

/** When a deadline of the call itself is due. */
function dueAtOf({ hidden, leaving, handover, numberDueAt, levelDueAt }: Call): EpochMs {
  return Math.min(
    (hidden ?? leaving)?.dueAt ?? never,
    handover?.failedDueAt ?? never,
    numberDueAt ?? never,
    levelDueAt ?? never,
  );
}

/** Since when a phone has stopped ringing of which that is not told yet. */
function stoppedAtOf({ rings }: Call): EpochMs {
  let first = never;
  for (const entry of rings) first = Math.min(first, entry[1].stoppedAt ?? never);
  return first;
}

function overAtOf({ overAt }: Call): EpochMs {
  return overAt ?? never;
}

/** Times of a call that something is due at, or some time after. */
const timesOf = { due: dueAtOf, stopped: stoppedAtOf, over: overAtOf };
type Occasion = keyof typeof timesOf;

class Tables {
  readonly calls = new Map<number, Call>();
  readonly legs = new Map<string, number>();
  readonly aliases = new Map<number, number>();
  readonly users = new Register();
  /** By either side of an inside conversation. */
  readonly inside = new Register();
  readonly agendas: Readonly<Record<Occasion, Agenda>>;

  constructor() {
    const agenda = (occasion: Occasion) =>
      new Agenda((callNumber, at) => {
        const call = this.calls.get(callNumber);
        return call !== undefined && timesOf[occasion](call) === at;
      });
    this.agendas = { due: agenda("due"), stopped: agenda("stopped"), over: agenda("over") };
  }

  put(callNumber: number, now: Call | null): void {
    const was = this.calls.get(callNumber) ?? null;
    if (now === null) this.calls.delete(callNumber);
    else this.calls.set(callNumber, now);
    if (was?.legs !== now?.legs) this.#putLegs(callNumber, was?.legs ?? [], now?.legs ?? []);
    if (was?.aliases !== now?.aliases) {
      for (const alias of was?.aliases ?? []) this.aliases.delete(alias);
      for (const alias of now?.aliases ?? []) this.aliases.set(alias, callNumber);
    }
    const before = was === null ? undefined : userOf(was);
    const after = now === null ? undefined : userOf(now);
    if (before !== after) {
      if (before !== undefined) this.users.delete(before, callNumber);
      if (after !== undefined) this.users.add(after, callNumber);
    }
    if (now === null) return;
    this.#plan("due", callNumber, was === null ? never : dueAtOf(was), dueAtOf(now));
    this.#plan("over", callNumber, was === null ? never : overAtOf(was), overAtOf(now));
    if (was?.rings === now.rings) return;
    this.#plan("stopped", callNumber, was === null ? never : stoppedAtOf(was), stoppedAtOf(now));
  }

  #plan(occasion: Occasion, callNumber: number, before: EpochMs, now: EpochMs): void {
    if (now !== before && now !== never) this.agendas[occasion].add(now, callNumber);
  }

  #putLegs(callNumber: number, was: readonly TrackedLeg[], now: readonly TrackedLeg[]): void {
    for (const { leg } of was) {
      if (hasLeg(now, leg)) continue;
      // It may have gone over to another call meanwhile.
      if (this.legs.get(leg.legId) === callNumber) this.legs.delete(leg.legId);
    }
    for (const { leg } of now) if (!hasLeg(was, leg)) this.legs.set(leg.legId, callNumber);
    for (const { leg } of was) {
      if (leg.party.kind !== "extension") continue;
      this.inside.delete(leg.dn, callNumber);
      this.inside.delete(leg.party.dn, callNumber);
    }
    for (const { leg } of now) {
      if (leg.party.kind !== "extension") continue;
      this.inside.add(leg.dn, callNumber);
      this.inside.add(leg.party.dn, callNumber);
    }
  }
}

function hasLeg(legs: readonly TrackedLeg[], { legId }: Leg): boolean {
  for (const { leg } of legs) if (leg.legId === legId) return true;
  return false;
}

function tablesOf(calls: Iterable<Call>): Tables {
  const tables = new Tables();
  for (const call of calls) tables.put(call.callNumber, call);
  return tables;
}

export class Calls {
  #tables: Tables | null;
  /** The value that has the tables now, and what to change in it to get this one. */
  #newer: { readonly calls: Calls; readonly undo: Changes } | null = null;

  private constructor(tables: Tables) {
    this.#tables = tables;
  }

  static of(calls: Iterable<Call>): Calls {
    return new Calls(tablesOf(calls));
  }

  get #own(): Tables {
    if (this.#tables === null) {
      this.#tables = tablesOf(this.#contents().values());
      this.#newer = null;
    }
    return this.#tables;
  }

  /** What a value without tables held: from the next that has some, back. */
  #contents(): ReadonlyMap<number, Call> {
    const steps: Changes[] = [];
    let holder: Calls = this;
    while (holder.#tables === null && holder.#newer !== null) {
      steps.push(holder.#newer.undo);
      holder = holder.#newer.calls;
    }
    const calls = new Map(holder.#tables?.calls);
    for (const undo of steps.reverse()) {
      for (const [callNumber, call] of undo.toReversed()) {
        if (call === null) calls.delete(callNumber);
        else calls.set(callNumber, call);
      }
    }
    return calls;
  }

  with(changes: Changes): Calls {
    if (changes.length === 0) return this;
    // The state that all begins with is never over: it would hold all that follows.
    const tables = this.size === 0 ? new Tables() : this.#own;
    const undo = changes.map(([callNumber, call]) => {
      const was = tables.calls.get(callNumber) ?? null;
      tables.put(callNumber, call);
      return [callNumber, was] as const;
    });
    const calls = new Calls(tables);
    if (this.#tables === tables) {
      this.#tables = null;
      this.#newer = { calls, undo };
    }
    return calls;
  }

  get size(): number {
    return this.#own.calls.size;
  }

  get(callNumber: number): Call | undefined {
    return this.#own.calls.get(callNumber);
  }

  has(callNumber: number): boolean {
    return this.#own.calls.has(callNumber);
  }

  /** In the order of their numbers, so that it does not depend on how they came to be there. */
  values(): Call[] {
    return [...this.#own.calls.values()].sort((a, b) => a.callNumber - b.callNumber);
  }

  /** The call that a number means which is not its own. */
  alias(callNumber: number): number | undefined {
    return this.#own.aliases.get(callNumber);
  }

  withLeg(legId: string): number | undefined {
    return this.#own.legs.get(legId);
  }

  ofUser(user: string): Call[] {
    return this.#named(this.#own.users, user);
  }

  /** With a leg of this extension that stands towards an inside party, or with one that stands towards it. */
  insideOf(dn: string): Call[] {
    return this.#named(this.#own.inside, dn);
  }

  #named(register: Register, name: string): Call[] {
    const { calls } = this.#own;
    return register.get(name).map((number) => calls.get(number) as Call);
  }

  firstAt(occasion: Occasion): EpochMs | null {
    return this.#own.agendas[occasion].first();
  }

  until(occasion: Occasion, at: EpochMs): readonly number[] {
    return this.#own.agendas[occasion].until(at);
  }
}
