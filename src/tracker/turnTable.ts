/** The turns of one step by the number of their call, in the order of their coming. Mostly it is one, which needs no table. */
import type { Turn } from "./turn.ts";

const nobody: readonly Turn[] = [];

export class TurnTable {
  /** As long as there is no other. */
  #only: Turn | null = null;
  #all: Map<number, Turn> | null = null;

  get(callNumber: number): Turn | undefined {
    const only = this.#only;
    if (only !== null) return only.call.callNumber === callNumber ? only : undefined;
    return this.#all?.get(callNumber);
  }

  add(turn: Turn): void {
    const { callNumber } = turn.call;
    const only = this.#only;
    if (this.#all !== null) this.#all.set(callNumber, turn);
    else if (only === null) this.#only = turn;
    else {
      this.#all = new Map([
        [only.call.callNumber, only],
        [callNumber, turn],
      ]);
      this.#only = null;
    }
  }

  delete(callNumber: number): void {
    if (this.#all !== null) this.#all.delete(callNumber);
    else this.#only = null;
  }

  list(): readonly Turn[] {
    if (this.#all !== null) return [...this.#all.values()];
    return this.#only === null ? nobody : [this.#only];
  }
}
