/**
 * The calls that a step concerns, each with its turn, as the step has them so far: found by number, also by one that
 * a join made another name of.
 */
import type { EpochMs } from "../events/event.ts";
import type { ActiveCall, Leg, Party } from "./activity.ts";
import { isSameNumber, legIn } from "./legs.ts";
import { type ListedCall, outsideParty } from "./recognise.ts";
import type { TrackerSettings } from "./settings.ts";
import type { Call, TrackedLeg, TrackerState } from "./state.ts";
import { newCall } from "./state.ts";
import { beginTurn, type Turn } from "./turn.ts";
import { TurnTable } from "./turnTable.ts";

/** A limit that was reached: of what comes beyond it, nothing is told. */
export interface Limit {
  readonly name: "calls" | "legs" | "links";
  readonly max: number;
  readonly callNumber: number;
}

export class StepCalls {
  readonly state: TrackerState;
  /** What the state becomes; its calls by their turns, at the end. */
  protected readonly next: { -readonly [K in keyof TrackerState]: TrackerState[K] };
  protected readonly at: EpochMs;
  protected readonly settings: TrackerSettings;
  protected readonly turns = new TurnTable();
  /** Calls of before a restart of the PBX, whose numbers may be in use anew. */
  protected buried: Set<number> | null = null;
  protected limits: Limit[] | null = null;
  /** Calls that are new in this step. */
  #begun = 0;
  /** Calls whose outside party only the list shows, though legs show them. */
  #apart: Set<number> | null = null;
  /** Numbers that came to mean another call in this step. */
  protected joined: Map<number, number> | null = null;

  constructor(state: TrackerState, at: EpochMs, settings: TrackerSettings) {
    this.state = state;
    this.at = at;
    this.settings = settings;
    this.next = { ...state };
  }

  /** The call that a number of the PBX's means: after a join, the outside party's own. */
  callOf(callNumber: number): number {
    const own = this.joined?.get(callNumber) ?? this.state.calls.alias(callNumber) ?? callNumber;
    return this.isBuried(own) ? callNumber : own;
  }

  turn(callNumber: number): Turn {
    let turn = this.turns.get(callNumber);
    if (turn === undefined) {
      const before = this.before(callNumber);
      const listed = (before === undefined ? this.next.unseen.get(callNumber) : null) ?? null;
      const call = before ?? this.#begin(callNumber, listed);
      turn = beginTurn(call, before, listed, this.at, this.settings, this.state);
      this.turns.add(turn);
    }
    return turn;
  }

  /** It is followed, or can be. */
  admits(callNumber: number): boolean {
    const { callsMax } = this.settings;
    if (this.knows(callNumber) || this.state.calls.size + this.#begun < callsMax) return true;
    this.reached("calls", callsMax, callNumber);
    return false;
  }

  protected reached(name: Limit["name"], max: number, callNumber: number): void {
    this.limits ??= [];
    this.limits.push({ name, max, callNumber });
  }

  #begin(callNumber: number, listed: ListedCall | null): Call {
    this.#begun += 1;
    const call = newCall(callNumber, this.at);
    if (listed === null) return call;
    this.dropListed(callNumber);
    const { establishedAt, seenAt: listedAt } = listed;
    return { ...call, establishedAt, listedAt };
  }

  /** Legs tell of the call from now on. */
  protected dropListed(callNumber: number): void {
    if (!this.next.unseen.has(callNumber)) return;
    this.next.unseen = new Map([...this.next.unseen].filter(([number]) => number !== callNumber));
  }

  /** What the list had with the number of this new call is of one of before a restart of the PBX: it has other parties. */
  protected dropUnlike({ callNumber, party }: Leg): void {
    const row = this.next.unseen.get(callNumber);
    if (row === undefined || party.kind !== "trunk" || party.number === "") return;
    const outside = [row.caller, row.callee].filter((one) => one.kind === "trunk");
    const isIt = ({ number }: Party) => number === "" || isSameNumber(number, party.number);
    if (outside.length > 0 && !outside.some(isIt)) this.dropListed(callNumber);
  }

  knows(callNumber: number): boolean {
    return this.now(callNumber) !== undefined;
  }

  /** The call as this step has it so far. */
  protected now(callNumber: number): Call | undefined {
    return this.turns.get(callNumber)?.call ?? this.before(callNumber);
  }

  protected before(callNumber: number): Call | undefined {
    return this.isBuried(callNumber) ? undefined : this.state.calls.get(callNumber);
  }

  protected isBuried(callNumber: number): boolean {
    return this.buried?.has(callNumber) === true;
  }

  protected legOf(callNumber: number, legId: string): TrackedLeg | undefined {
    const call = this.now(callNumber);
    return call && legIn(call, legId);
  }

  /** Its first leg is inside: that the list had an outside party before is still to be known. */
  protected keepListed({ call, listed }: Turn): void {
    if (listed === null) return;
    this.next.unseen = new Map([...this.next.unseen, [call.callNumber, listed]]);
  }

  /** Its outside party was there before its legs, or beside the other call: this is none of a join, now or later. */
  protected noteApart(callNumber: number): void {
    this.#apart ??= new Set();
    this.#apart.add(callNumber);
  }

  /** Its legs show nobody outside, but the list had an outside party in it before any of them: who shows there listens to that conversation. */
  protected isHeard({ callNumber }: Pick<Call, "callNumber">): boolean {
    const row = this.next.unseen.get(callNumber);
    return row !== undefined && outsideParty(row) !== null;
  }

  /** Remembers the rows of calls of which no leg shows the outside party, and since when they are listed. */
  noteUnseen(calls: readonly ActiveCall[]): void {
    const isUnseen = (number: number) => !this.before(number) || this.#apart?.has(number);
    const unseen = calls.filter(({ callNumber }) => isUnseen(callNumber));
    const listed = (row: ActiveCall): ListedCall => {
      const { seenAt = this.at, isApart = false } = this.next.unseen.get(row.callNumber) ?? {};
      return { ...row, seenAt, isApart: isApart || this.#apart?.has(row.callNumber) === true };
    };
    this.next.unseen = new Map(unseen.map((row) => [row.callNumber, listed(row)]));
  }

  /** Just listed at a place that is monitored: its leg is on its way, and tells more, as the DID and the caller's name. */
  isToShow({ callNumber, callee }: ActiveCall): boolean {
    const listed = this.next.unseen.get(callNumber);
    const isNew = listed !== undefined && this.at < listed.seenAt + this.settings.listLagMs;
    return isNew && this.state.watched.includes(callee.dn);
  }
}
