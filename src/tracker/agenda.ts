/**
 * Who is due when: a heap of times. An entry is struck out by no longer being true, which is asked when it comes up.
 */
import type { EpochMs } from "../events/event.ts";

interface Entry {
  readonly at: EpochMs;
  readonly callNumber: number;
}

const nobody: readonly number[] = [];

export class Agenda {
  readonly #heap: Entry[] = [];
  readonly #isTrue: (callNumber: number, at: EpochMs) => boolean;

  constructor(isTrue: (callNumber: number, at: EpochMs) => boolean) {
    this.#isTrue = isTrue;
  }

  /** The earliest time; null if nobody is due. */
  first(): EpochMs | null {
    for (;;) {
      const [top] = this.#heap;
      if (top === undefined) return null;
      if (this.#isTrue(top.callNumber, top.at)) return top.at;
      this.#pop();
    }
  }

  /** Who is due until then; they stay until it is no longer true. */
  until(at: EpochMs): readonly number[] {
    const earliest = this.first();
    if (earliest === null || earliest > at) return nobody;
    const due: Entry[] = [];
    for (
      let first: EpochMs | null = earliest;
      first !== null && first <= at;
      first = this.first()
    ) {
      due.push(this.#pop());
    }
    for (const { at: dueAt, callNumber } of due) this.add(dueAt, callNumber);
    return due.map(({ callNumber }) => callNumber);
  }

  add(at: EpochMs, callNumber: number): void {
    const heap = this.#heap;
    const entry = { at, callNumber };
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const up = (place - 1) >> 1;
      const parent = heap[up] as Entry;
      if (parent.at <= at) break;
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
