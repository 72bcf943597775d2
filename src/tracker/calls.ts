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

const nobody: ReadonlySet<number> = new Set();

/** Many calls under one name. */
class Register {
  readonly #calls = new Map<string, Set<number>>();

  get(name: string): ReadonlySet<number> {
    return this.#calls.get(name) ?? nobody;
  }

  add(name: string, callNumber: number): void {
    const there = this.#calls.get(name);
    if (there === undefined) this.#calls.set(name, new Set([callNumber]));
    else there.add(callNumber);
  }

  delete(name: string, callNumber: number): void {
    const there = this.#calls.get(name);
    if (there?.delete(callNumber) && there.size === 0) this.#calls.delete(name);
  }
}

const never = Number.POSITIVE_INFINITY;

/** Times of a call that something is due at, or some time after. */
const timesOf = {
  /** A deadline of the call itself. */
  due: ({ hidden, leaving, handover, numberDueAt, levelDueAt }: Call): EpochMs =>
    Math.min(
      (hidden ?? leaving)?.dueAt ?? never,
      handover?.failedDueAt ?? never,
      numberDueAt ?? never,
      levelDueAt ?? never,
    ),
  /** A phone has stopped ringing of which that is not told yet. */
  stopped: ({ rings }: Call): EpochMs => {
    let first = never;
    for (const [, { stoppedAt }] of rings) first = Math.min(first, stoppedAt ?? never);
    return first;
  },
  over: ({ overAt }: Call): EpochMs => overAt ?? never,
};
type Occasion = keyof typeof timesOf;
const occasions = Object.keys(timesOf) as Occasion[];

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
    for (const occasion of occasions) {
      const at = timesOf[occasion](now);
      const known = was === null ? never : timesOf[occasion](was);
      if (at !== known && at !== never) this.agendas[occasion].add(at, callNumber);
    }
  }

  #putLegs(callNumber: number, was: readonly TrackedLeg[], now: readonly TrackedLeg[]): void {
    for (const { leg } of was) {
      if (hasLeg(now, leg)) continue;
      // It may have gone over to another call meanwhile.
      if (this.legs.get(leg.legId) === callNumber) this.legs.delete(leg.legId);
    }
    for (const { leg } of now) if (!hasLeg(was, leg)) this.legs.set(leg.legId, callNumber);
    for (const dn of insidersOf(was)) this.inside.delete(dn, callNumber);
    for (const dn of insidersOf(now)) this.inside.add(dn, callNumber);
  }
}

function hasLeg(legs: readonly TrackedLeg[], { legId }: Leg): boolean {
  return legs.some(({ leg }) => leg.legId === legId);
}

/** Who stands towards an extension, and those extensions. */
function insidersOf(legs: readonly TrackedLeg[]): string[] {
  const inside = legs.filter(({ leg }) => leg.party.kind === "extension");
  return inside.flatMap(({ leg }) => [leg.dn, leg.party.dn]);
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
    return [...register.get(name)].sort((a, b) => a - b).map((number) => calls.get(number) as Call);
  }

  firstAt(occasion: Occasion): EpochMs | null {
    return this.#own.agendas[occasion].first();
  }

  until(occasion: Occasion, at: EpochMs): number[] {
    return this.#own.agendas[occasion].until(at);
  }
}
