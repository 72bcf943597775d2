/**
 * How many events there are, and how many deliveries each endpoint has in each state: counted as they change and
 * written once a transaction. So no count reads what it counts, and no row pays for being counted.
 * Must hold: what is counted is written in its own transaction, or forgotten with it.
 */
import type { DatabaseSync } from "node:sqlite";
import type { DeliveryState } from "../lookup.ts";

const ADD = `
  INSERT INTO tallies (endpoint, state, count, removed) VALUES (?, ?, ?, ?)
  ON CONFLICT (endpoint, state) DO UPDATE SET
    count = count + excluded.count, removed = removed + excluded.removed`;

interface Change {
  count: number;
  removed: number;
}

export class Tallies {
  readonly #add: ReturnType<DatabaseSync["prepare"]>;
  /** By endpoint, then by state; the events under an endpoint without a name. */
  readonly #changes = new Map<string, Map<string, Change>>();

  constructor(db: DatabaseSync) {
    this.#add = db.prepare(ADD);
  }

  eventMade(): void {
    this.#changeOf("", "event").count += 1;
  }

  eventRemoved(): void {
    this.#remove("", "event");
  }

  made(endpoint: string, state: DeliveryState): void {
    this.#changeOf(endpoint, state).count += 1;
  }

  moved(endpoint: string, from: DeliveryState, to: DeliveryState): void {
    if (from === to) return;
    this.#changeOf(endpoint, from).count -= 1;
    this.#changeOf(endpoint, to).count += 1;
  }

  removed(endpoint: string, state: DeliveryState): void {
    this.#remove(endpoint, state);
  }

  write(): void {
    for (const [endpoint, states] of this.#changes) {
      for (const [state, { count, removed }] of states) {
        if (count !== 0 || removed !== 0) this.#add.run(endpoint, state, count, removed);
      }
    }
    this.forget();
  }

  forget(): void {
    this.#changes.clear();
  }

  #remove(endpoint: string, state: string): void {
    const change = this.#changeOf(endpoint, state);
    change.count -= 1;
    change.removed += 1;
  }

  #changeOf(endpoint: string, state: string): Change {
    let states = this.#changes.get(endpoint);
    if (states === undefined) {
      states = new Map();
      this.#changes.set(endpoint, states);
    }
    let change = states.get(state);
    if (change === undefined) {
      change = { count: 0, removed: 0 };
      states.set(state, change);
    }
    return change;
  }
}
