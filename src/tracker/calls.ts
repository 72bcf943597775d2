/**
 * All calls, with everything that they are found by: number, number taken over, leg, user, inside conversation, deadline.
 * A value as all state is: `with` gives a new one and leaves the old one as it was. Yet a change costs what it changes,
 * however many calls there are: the newest has the tables, and a value that is asked though there is a newer one makes
 * tables of its own. (Tests and simulations look back; the service never does, and lets go what it has done with.)
 */
import type { EpochMs } from "../events/event.ts";
import type { Leg, Party } from "./activity.ts";
import { Agenda, never } from "./agenda.ts";
import { noDn } from "./byDn.ts";
import { dialsCode } from "./codes.ts";
import { spokenTo } from "./consultation.ts";
import type { Call, TrackedLeg } from "./state.ts";

/** What calls became: null = forgotten. */
export type Changes = readonly (readonly [callNumber: number, call: Call | null])[];

/** Who has the call, or had it last. */
export function userOf({ talk, level, overAt }: Call): string | undefined {
  return overAt === null ? (talk?.user ?? level?.dn) : undefined;
}

const nobody: readonly number[] = [];

/** Many calls under one name; mostly it is one, which needs no set. */
class Register {
  readonly #calls = new Map<string, number | Set<number>>();

  get(name: string): readonly number[] {
    const there = this.#calls.get(name);
    if (there === undefined) return nobody;
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

/** When a deadline of the call itself is due. */
function dueAtOf(call: Call | null): EpochMs {
  if (call === null) return never;
  const { hidden, leaving, handover, numberDueAt, levelDueAt } = call;
  return Math.min(
    (hidden ?? leaving)?.dueAt ?? never,
    handover?.failedDueAt ?? never,
    numberDueAt ?? never,
    levelDueAt ?? never,
  );
}

/** Since when a phone has stopped ringing of which that is not told yet. */
function stoppedAtOf(call: Call | null): EpochMs {
  let first = never;
  for (const entry of call?.rings ?? noDn) first = Math.min(first, entry[1].stoppedAt ?? never);
  return first;
}

function overAtOf(call: Call | null): EpochMs {
  return call?.overAt ?? never;
}

class Tables {
  readonly calls = new Map<number, Call>();
  readonly legs = new Map<string, number>();
  readonly aliases = new Map<number, number>();
  readonly users = new Register();
  /** By either side of an inside conversation, and by who dials a code. */
  readonly inside = new Register();
  readonly due = new Agenda(this.calls, dueAtOf);
  readonly stopped = new Agenda(this.calls, stoppedAtOf);
  readonly over = new Agenda(this.calls, overAtOf);

  /** The call that was looked up last: a step asks for the same one again and again. */
  #asked = Number.NaN;
  #found: Call | undefined;

  get(callNumber: number): Call | undefined {
    if (callNumber !== this.#asked) {
      this.#found = this.calls.get(callNumber);
      this.#asked = callNumber;
    }
    return this.#found;
  }

  /** Gives what was there before. */
  put(callNumber: number, now: Call | null): Call | null {
    const was = this.get(callNumber) ?? null;
    if (now === null) this.calls.delete(callNumber);
    else this.calls.set(callNumber, now);
    this.#found = now ?? undefined;
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
    if (now === null) return was;
    this.due.plan(callNumber, dueAtOf(was), dueAtOf(now));
    this.over.plan(callNumber, overAtOf(was), overAtOf(now));
    if (was?.rings !== now.rings) this.stopped.plan(callNumber, stoppedAtOf(was), stoppedAtOf(now));
    return was;
  }

  #putLegs(callNumber: number, was: readonly TrackedLeg[], now: readonly TrackedLeg[]): void {
    let left = false;
    for (const tracked of was) {
      if (now.includes(tracked)) continue;
      const { leg } = tracked;
      // It may have gone over to another call meanwhile.
      if (!hasLeg(now, leg) && this.legs.get(leg.legId) === callNumber) this.legs.delete(leg.legId);
      if (!isInside(leg.party)) continue;
      left = true;
      this.inside.delete(leg.dn, callNumber);
      this.inside.delete(leg.party.dn, callNumber);
    }
    for (const tracked of now) {
      const { leg } = tracked;
      const isKept = was.includes(tracked);
      if (!isKept && !hasLeg(was, leg)) this.legs.set(leg.legId, callNumber);
      // Who left may have had the same names.
      if (!isInside(leg.party) || (isKept && !left)) continue;
      this.inside.add(leg.dn, callNumber);
      this.inside.add(leg.party.dn, callNumber);
    }
  }
}

function isInside(party: Party): boolean {
  return spokenTo.has(party.kind) || dialsCode(party);
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
  /** The value that came of this one, and what to change in it to get this one back. */
  #next: Calls | null = null;
  #callNumber = 0;
  #was: Call | null = null;

  private constructor(tables: Tables) {
    this.#tables = tables;
  }

  static of(calls: Iterable<Call>): Calls {
    return new Calls(tablesOf(calls));
  }

  // No getter: a private one costs a call of the engine's own each time it is asked.
  #own(): Tables {
    if (this.#tables === null) {
      this.#tables = tablesOf(this.#contents().values());
      this.#next = null;
    }
    return this.#tables;
  }

  /** What a value without tables held: from the next that has some, back. */
  #contents(): ReadonlyMap<number, Call> {
    const steps: Calls[] = [];
    let holder: Calls = this;
    while (holder.#tables === null && holder.#next !== null) {
      steps.push(holder);
      holder = holder.#next;
    }
    if (holder.#tables === null) throw new Error("Expected calls that were not let go.");
    const calls = new Map(holder.#tables.calls);
    for (const step of steps.reverse()) {
      if (step.#was === null) calls.delete(step.#callNumber);
      else calls.set(step.#callNumber, step.#was);
    }
    return calls;
  }

  with(callNumber: number, call: Call | null): Calls {
    const own = this.#own();
    // The state that all begins with is never over: it would hold all that follows.
    if (own.calls.size === 0) return Calls.of(call === null ? [] : [call]);
    const next = new Calls(own);
    this.#callNumber = callNumber;
    this.#was = own.put(callNumber, call);
    this.#tables = null;
    this.#next = next;
    return next;
  }

  /**
   * Nobody asks this value any more. One that lived when all memory was cleared would otherwise hold what came after
   * it, step by step, until all memory is cleared again: half of a busy service's time went into that.
   */
  letGo(): void {
    this.#next = null;
    this.#was = null;
  }

  get size(): number {
    return this.#own().calls.size;
  }

  get(callNumber: number): Call | undefined {
    return this.#own().get(callNumber);
  }

  /** In the order of their numbers, so that it does not depend on how they came to be there. */
  values(): Call[] {
    return [...this.#own().calls.values()].sort((a, b) => a.callNumber - b.callNumber);
  }

  /** The call that a number means which is not its own. */
  alias(callNumber: number): number | undefined {
    return this.#own().aliases.get(callNumber);
  }

  withLeg(legId: string): number | undefined {
    return this.#own().legs.get(legId);
  }

  ofUser(user: string): Call[] {
    return this.#named(this.#own().users, user);
  }

  /** With a leg of this extension that stands towards an inside party, or with one that stands towards it. */
  insideOf(dn: string): Call[] {
    return this.#named(this.#own().inside, dn);
  }

  #named(register: Register, name: string): Call[] {
    const { calls } = this.#own();
    return register.get(name).map((number) => calls.get(number) as Call);
  }

  /** By a deadline of their own. */
  get due(): Agenda {
    return this.#own().due;
  }

  /** By the time when a phone stopped ringing of which that is not told yet. */
  get stopped(): Agenda {
    return this.#own().stopped;
  }

  get over(): Agenda {
    return this.#own().over;
  }
}
