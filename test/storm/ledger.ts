/**
 * What one endpoint's receiver has seen, and what broke a promise of docs/contract.md §4: a later event of a call
 * before an earlier one was taken, a gap, an event after the end. It knows requests and answers only. The order is that of `strict`, and of `bounded` while no hold runs out.
 */

interface Event {
  readonly id: string;
  readonly sequence: number;
  /** Which process of Offhook sent it when it was taken; null: not taken yet. */
  takenFrom: number | null;
  /** The last process that repeated it. */
  repeatedBy: number;
}

export interface Webhook {
  readonly id: string;
  readonly call: string;
  readonly sequence: number;
  /** Of the only link that the calls here have. */
  readonly isEnd: boolean;
}

const faultsShown = 20;

export class Ledger {
  /** The first of them; all are counted. */
  readonly faults: string[] = [];
  faultCount = 0;
  requests = 0;
  /** Taken, and sent again by the same process: no kill explains it, a lost answer may. */
  readonly repeatedBySame: string[] = [];
  /** By the process that repeated them: what had been taken from one before. */
  readonly repeated = new Map<number, number>();
  /** Calls that were told of and have had no end. */
  readonly open = new Set<string>();
  /** The process of Offhook that lives, from 1. */
  process = 0;
  readonly #events = new Map<string, Event>();
  readonly #calls = new Map<string, Event[]>();

  get calls(): number {
    return this.#calls.size;
  }

  isTaken(id: string): boolean {
    return (this.#events.get(id)?.takenFrom ?? null) !== null;
  }

  arrived(webhook: Webhook): void {
    this.requests += 1;
    const { id, call, sequence } = webhook;
    const lane = this.#calls.get(call) ?? [];
    this.#calls.set(call, lane);
    const event = this.#events.get(id);
    if (event === undefined) {
      this.#isNew(webhook, lane);
      return;
    }
    if (event.sequence !== sequence) this.#say(`${id} was ${event.sequence}, now ${sequence}`);
    if (lane.at(-1) !== event) this.#say(`${call}: ${sequence} came again after a later one`);
    if (event.takenFrom === null) return;
    if (event.takenFrom === this.process) this.repeatedBySame.push(id);
    // A repetition that is refused is tried again: one repetition.
    if (event.repeatedBy === this.process) return;
    event.repeatedBy = this.process;
    this.repeated.set(this.process, (this.repeated.get(this.process) ?? 0) + 1);
  }

  /** The receiver answered 2xx to a request of this process. */
  took(id: string, process: number): void {
    const event = this.#events.get(id);
    if (event === undefined) throw new Error(`Expected a known event, got ${id}.`);
    event.takenFrom = Math.max(event.takenFrom ?? 0, process);
  }

  #isNew({ id, call, sequence, isEnd }: Webhook, lane: Event[]): void {
    const event = { id, sequence, takenFrom: null, repeatedBy: 0 };
    this.#events.set(id, event);
    const untaken = lane.find(({ takenFrom }) => takenFrom === null);
    if (untaken) this.#say(`${call}: ${sequence} came before ${untaken.sequence} was taken`);
    if (sequence !== lane.length + 1) this.#say(`${call}: ${sequence} came after ${lane.length}`);
    if (lane.length > 0 && !this.open.has(call))
      this.#say(`${call}: ${sequence} came after the end`);
    lane.push(event);
    if (isEnd) this.open.delete(call);
    else this.open.add(call);
  }

  #say(fault: string): void {
    this.faultCount += 1;
    if (this.faults.length < faultsShown) this.faults.push(fault);
  }
}
