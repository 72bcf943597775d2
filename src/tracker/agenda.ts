/**
 * Who is due when: a heap of times. An entry is struck out by no longer being true, which is asked when it comes up.
 */
import type { EpochMs } from "../events/event.ts";
import type { Call } from "./state.ts";

interface Entry {
  readonly at: EpochMs;
  readonly callNumber: number;
}

/** The time of a call that is not due. */
export const never = Number.POSITIVE_INFINITY;
const nobody: readonly number[] = [];

export class Agenda {
  readonly #heap: Entry[] = [];
  readonly #calls: ReadonlyMap<number, Call>;
  readonly #timeOf: (call: Call) => EpochMs;

  constructor(calls: ReadonlyMap<number, Call>, timeOf: (call: Call) => EpochMs) {
    this.#calls = calls;
    this.#timeOf = timeOf;
  }

  /** The earliest time; null if nobody is due. */
  first(): EpochMs | null {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined) return null;
      if (this.#isTrue(top)) return top.at;
      this.#pop();
    }
  }

  #isTrue({ callNumber, at }: Entry): boolean {
    const call = this.#calls.get(callNumber);
    return call !== undefined && this.#timeOf(call) === at;
  }

  /** Takes note of when the call is due now, which was due then. */
  plan(callNumber: number, thenAt: EpochMs, nowAt: EpochMs): void {
    if (nowAt !== never && nowAt !== thenAt) this.#add({ at: nowAt, callNumber });
  }

  /** Who is due until then, by number; they stay until it is no longer true. */
  until(at: EpochMs): readonly number[] {
    const earliest = this.first();
    if (earliest === null || earliest > at) return nobody;
    const due: number[] = [];
    this.#gather(0, at, due);
    return due.length > 1 ? due.sort((a, b) => a - b) : due;
  }

  /** In a heap, nobody is due before who stands above. */
  #gather(place: number, at: EpochMs, due: number[]): void {
    const entry = this.#heap[place];
    if (entry === undefined || entry.at > at) return;
    if (this.#isTrue(entry)) due.push(entry.callNumber);
    this.#gather(2 * place + 1, at, due);
    this.#gather(2 * place + 2, at, due);
  }

  #add(entry: Entry): void {
    const heap = this.#heap;
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const up = (place - 1) >> 1;
      const parent = heap[up] as Entry;
      if (parent.at <= entry.at) break;
      heap[place] = parent;
      place = up;
    }
    heap[place] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0] as Entry;
    const last = heap.pop() as Entry;
    const { length } = heap;
    if (length === 0) return top;
    let place = 0;
    for (let down = 1; down < length; down = 2 * place + 1) {
      const right = down + 1;
      if (right < length && (heap[right] as Entry).at < (heap[down] as Entry).at) down = right;
      const child = heap[down] as Entry;
      if (child.at >= last.at) break;
      heap[place] = child;
      place = down;
    }
    heap[place] = last;
    return top;
  }
}
