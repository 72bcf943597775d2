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

/** A binary heap: the earliest appointment first, of equal ones any. */
export class Agenda<T> {
  #heap: Appointment<T>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  get first(): Appointment<T> | null {
    return this.#heap[0] ?? null;
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

  take(): Appointment<T> | null {
    const first = this.first;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  keep(wanted: (appointment: Appointment<T>) => boolean): void {
    const kept = this.#heap.filter(wanted);
    this.#heap = [];
    for (const { at, item } of kept) this.add(at, item);
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

/** Who sleeps until a time, each with one appointment at most, which can be called off. */
export interface Sleeper {
  /** The appointment that wakes it, null if there is none. */
  wakeAt: number | null;
}

/** Appointments called off stay in the heap until there are more of them than of the others. */
const STALE_MIN = 64;

export class Alarms<T extends Sleeper> {
  readonly #agenda = new Agenda<T>();
  #live = 0;

  get nextAt(): number | null {
    this.#dropStale();
    return this.#agenda.first?.at ?? null;
  }

  set(item: T, at: number): void {
    if (item.wakeAt === at) return;
    this.cancel(item);
    item.wakeAt = at;
    this.#live += 1;
    this.#agenda.add(at, item);
  }

  cancel(item: T): void {
    if (item.wakeAt === null) return;
    item.wakeAt = null;
    this.#live -= 1;
    if (this.#agenda.size > 2 * this.#live + STALE_MIN) this.#agenda.keep(isLive);
  }

  /** The next whose time has come, its appointment kept. */
  takeDue(now: number): T | null {
    this.#dropStale();
    const first = this.#agenda.first;
    if (first === null || first.at > now) return null;
    this.#agenda.take();
    first.item.wakeAt = null;
    this.#live -= 1;
    return first.item;
  }

  #dropStale(): void {
    for (let first = this.#agenda.first; first !== null && !isLive(first); ) {
      this.#agenda.take();
      first = this.#agenda.first;
    }
  }
}

function isLive({ at, item }: Appointment<Sleeper>): boolean {
  return item.wakeAt === at;
}
