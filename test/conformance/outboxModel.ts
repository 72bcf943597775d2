/** The outbox in memory, as simple as can be: what every real one is held against, and a stand-in for tests. */
import {
  type Attempt,
  type Checkpoint,
  type Delivery,
  type Entry,
  type Outbox,
  OutboxError,
  type Settlement,
} from "../../src/outbox/outbox.ts";

interface Row {
  delivery: Delivery;
  state: "pending" | "delivered" | "dead";
  readonly attempts: Attempt[];
}

export class OutboxModel implements Outbox {
  readonly rows: Row[] = [];
  readonly #events = new Set<string>();
  readonly #sequences = new Map<string, number>();
  readonly #checkpoints = new Map<string, Checkpoint>();
  readonly #meta = new Map<string, string>();
  /** While set, nothing can be written. */
  broken = false;
  /** Deliveries whose settlements it refuses. */
  readonly refuses = new Set<number>();

  async append(entries: readonly Entry[], checkpoints: readonly Checkpoint[]) {
    this.#write();
    const made: Delivery[] = [];
    for (const { event, endpoints } of entries) {
      if (this.#events.has(event.eventId)) continue;
      this.#events.add(event.eventId);
      for (const endpoint of endpoints) {
        const lane = JSON.stringify([endpoint, event.pbx, event.callId]);
        const sequence = (this.#sequences.get(lane) ?? 0) + 1;
        this.#sequences.set(lane, sequence);
        const position = this.rows.length + 1;
        const fresh = { attempts: 0, spent: 0, firstAttemptAt: null, dueAt: 0 };
        made.push({ deliveryId: position, position, endpoint, sequence, event, ...fresh });
        this.rows.push({ delivery: made.at(-1) as Delivery, state: "pending", attempts: [] });
      }
    }
    for (const checkpoint of checkpoints) {
      const key = JSON.stringify([checkpoint.pbx, checkpoint.key]);
      if (checkpoint.state === null) this.#checkpoints.delete(key);
      else this.#checkpoints.set(key, checkpoint);
    }
    return made;
  }

  async settle(settlements: readonly Settlement[]) {
    this.#write();
    for (const { deliveryId, attempt, fate } of settlements) {
      const row = this.rows[deliveryId - 1];
      if (row === undefined || this.refuses.has(deliveryId))
        throw new OutboxError("failed", `No delivery ${deliveryId}.`);
      row.state = fate.state;
      row.attempts[attempt.number - 1] = attempt;
      const due = fate.state === "pending" ? { spent: fate.spent, dueAt: fate.dueAt } : {};
      const firstAttemptAt = row.delivery.firstAttemptAt ?? attempt.startedAt;
      row.delivery = { ...row.delivery, ...due, attempts: attempt.number, firstAttemptAt };
    }
  }

  async loadPending(afterPosition: number, limit: number) {
    return this.rows
      .filter(({ state, delivery }) => state === "pending" && delivery.position > afterPosition)
      .slice(0, limit)
      .map(({ delivery }) => delivery);
  }

  async loadCheckpoints(pbx: string) {
    const own = [...this.#checkpoints.values()].filter((checkpoint) => checkpoint.pbx === pbx);
    return own.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async counts() {
    const count = (state: Row["state"]) => this.rows.filter((row) => row.state === state).length;
    return {
      events: this.#events.size,
      pending: count("pending"),
      delivered: count("delivered"),
      dead: count("dead"),
    };
  }

  async getMeta(name: string) {
    return this.#meta.get(name) ?? null;
  }

  async setMeta(name: string, value: string) {
    this.#write();
    this.#meta.set(name, value);
  }

  async probe() {
    this.#write();
  }

  async close() {}

  #write(): void {
    if (this.broken) throw new OutboxError("failed", "The store is broken.");
  }
}
