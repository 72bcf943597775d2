/** Which faults there are and when: drawn from the seed, noted for the oracle as stretches in which we may not see. */
import type { Clock } from "../../src/util/clock.ts";
import type { Chance } from "./random.ts";
import type { FaultName, Setting } from "./setting.ts";

/** From `fromAt` to `toAt` something of `subject` (a leg's entity, or everything) may not have been seen. */
export interface FaultNote {
  readonly fault: FaultName;
  readonly fromAt: number;
  toAt: number;
  /** null = everything. */
  readonly entity: string | null;
}

export interface Exchange {
  readonly thereMs: number;
  readonly backMs: number;
  readonly fails: boolean;
  /** Answered so, whatever the PBX would say. */
  readonly status: number | null;
}

export interface FrameTrip {
  readonly delayMs: number;
  readonly overtakes: boolean;
  readonly lost: boolean;
}

/** How far off our clock may be, before and after steps: a little, or hours. */
export function clockStepsOf({ situations }: Setting): readonly number[] {
  if (!situations.has("clockJumps")) return [-2_000, -500, 0, 500, 2_000];
  return [-5 * 3_600_000, -200_000, -2_000, 0, 200_000, 3_600_000];
}

export function clockOffMsMax(setting: Setting): number {
  if (!setting.faults.has("clockSteps")) return 0;
  return Math.max(...clockStepsOf(setting).map(Math.abs));
}

export class FaultPlan {
  readonly notes: FaultNote[] = [];
  readonly counts = new Map<FaultName, number>();
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #setting: Setting;
  #open: FaultNote[] = [];
  /** What was asked of a leg last, if the answer is late. */
  readonly #delayed = new Map<string, FaultNote>();
  /** The last frame that came through. */
  #told: readonly [entity: string, at: number] = ["", 0];
  /** Nothing is injected any more: the stretch is coming to its end. */
  over = false;
  /** The PBX does not answer until then. */
  downUntil = 0;

  readonly #onReadAll: () => void;

  constructor(clock: Clock, chance: Chance, setting: Setting, onReadAll: () => void) {
    this.#onReadAll = onReadAll;
    this.#clock = clock;
    this.#chance = chance;
    this.#setting = setting;
  }

  strikes(fault: FaultName, share: number): boolean {
    const { faults, faultRate } = this.#setting;
    return !this.over && faults.has(fault) && this.#chance.happens(share * faultRate);
  }

  note(fault: FaultName, lastsMs: number, entity: string | null = null): FaultNote {
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    const fromAt = this.#clock.now();
    const note = { fault, fromAt, toAt: fromAt + lastsMs, entity };
    this.notes.push(note);
    if (lastsMs === Number.POSITIVE_INFINITY && entity !== null) this.#open.push(note);
    return note;
  }

  /** All legs have been read: frames that were lost until now are made good. */
  readAll(): void {
    this.#onReadAll();
    const now = this.#clock.now();
    for (const note of this.#open) note.toAt = now + this.#setting.latencyMsMax;
    this.#open = [];
  }

  duplicates(): boolean {
    if (!this.strikes("duplicateFrames", 0.3)) return false;
    this.note("duplicateFrames", 0, "");
    return true;
  }

  exchange(path: string): Exchange {
    const { latencyMsMax } = this.#setting;
    const usual = { thereMs: this.#latency(), backMs: this.#latency(), fails: false, status: null };
    if (this.#clock.now() < this.downUntil) return { ...usual, fails: true };
    if (path.startsWith("/xapi")) {
      if (!this.strikes("xapiFails", 0.2)) return usual;
      this.note("xapiFails", 0);
      return this.#chance.happens(0.5) ? { ...usual, status: 503 } : { ...usual, fails: true };
    }
    if (!/\/participants\/\d+$/.test(path)) return usual;
    if (this.strikes("slowGets", 0.05)) {
      const thereMs = this.#chance.between(50, 3000);
      this.#delay("slowGets", thereMs + latencyMsMax, path);
      return { ...usual, thereMs };
    }
    if (this.strikes("staleGets", 0.05)) {
      const backMs = this.#chance.between(50, 3000);
      this.#delay("staleGets", backMs + latencyMsMax, path);
      return { ...usual, backMs };
    }
    if (this.strikes("missingGets", 0.03)) {
      this.note("missingGets", Number.POSITIVE_INFINITY, path);
      return { ...usual, status: 404 };
    }
    if (this.strikes("failingGets", 0.05)) {
      this.#delay("failingGets", 2_000, path);
      return this.#chance.happens(0.5) ? { ...usual, fails: true } : { ...usual, status: 503 };
    }
    return usual;
  }

  #delay(fault: FaultName, lastsMs: number, entity: string): void {
    this.#delayed.set(entity, this.note(fault, lastsMs, entity));
  }

  /** Another frame of a leg that is being read: it is to be read once more, which holds back what comes after, too. */
  #prolong(entity: string): void {
    const note = this.#delayed.get(entity);
    const fromAt = this.#clock.now();
    if (note !== undefined && note.toAt >= fromAt) this.notes.push({ ...note, fromAt });
  }

  /** A later frame of the leg came through: it is read, and what was lost with one before is known. */
  #heal(entity: string): void {
    const isHealed = (note: FaultNote) => note.fault === "lostFrames" && note.entity === entity;
    const toAt = this.#clock.now() + 3 * this.#setting.latencyMsMax;
    for (const note of this.#open.filter(isHealed)) note.toAt = toAt;
    this.#open = this.#open.filter((note) => !isHealed(note));
  }

  frame(entity: string): FrameTrip {
    const delayMs = this.#latency();
    const usual = { delayMs, overtakes: false, lost: false };
    if (this.strikes("lostFrames", 0.02)) {
      const [told, at] = this.#told;
      // Of two that are the same, the other came through.
      if (told !== entity || at !== this.#clock.now())
        this.note("lostFrames", Number.POSITIVE_INFINITY, entity);
      return { ...usual, lost: true };
    }
    this.#heal(entity);
    this.#prolong(entity);
    this.#told = [entity, this.#clock.now()];
    if (this.strikes("lateFrames", 0.01)) {
      const late = this.#chance.between(50, 3000);
      this.note("lateFrames", late);
      return { ...usual, delayMs: late };
    }
    if (this.strikes("reorderedFrames", 0.03)) {
      const late = this.#chance.between(20, 800);
      this.note("reorderedFrames", late, entity);
      return { delayMs: late, overtakes: true, lost: false };
    }
    return usual;
  }

  #latency(): number {
    return this.#chance.between(1, this.#setting.latencyMsMax);
  }
}
