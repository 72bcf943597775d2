/** The two queues of the dispatcher: first in first out, and by time. Neither slows down as it grows. */

const COMPACT_AFTER = 1024;

export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.#head < this.#items.length) this.#head += 1;
    if (this.#head > COMPACT_AFTER && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}

interface Appointment<T> {
  readonly at: number;
  readonly item: T;
}

/** A binary heap: the earliest appointment first. */
export class Agenda<T> {
  readonly #heap: Appointment<T>[] = [];

  /** When the next one is due, null if there is none. */
  get nextAt(): number | null {
    return this.#heap[0]?.at ?? null;
  }

  add(at: number, item: T): void {
    const heap = this.#heap;
    const added = { at, item };
    let index = heap.length;
    heap.push(added);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || parent.at <= at) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = added;
  }

  /** The earliest that is due, removed; null if none is due yet. */
  takeDue(now: number): Appointment<T> | null {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return null;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  /** Puts `moved` at the top and lets it sink to its place. */
  #sink(moved: Appointment<T>): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = heap[leftIndex];
      const right = heap[leftIndex + 1];
      const [child, childIndex] =
        left && right && right.at < left.at ? [right, leftIndex + 1] : [left, leftIndex];
      if (child === undefined || child.at >= moved.at) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = moved;
  }
}
