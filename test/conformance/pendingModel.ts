/** The pending side of the store in memory (src/outbox/pending.ts), as simple as can be. */
import type { Delivery } from "../../src/outbox/outbox.ts";
import type { Backlog, Shelving, TakenUp, TakeUp, WokenLane } from "../../src/outbox/pending.ts";

/** What of a model's row it has to know. */
export interface PendingRow {
  delivery: Delivery;
  readonly state: string;
  readonly attempts: readonly { readonly status: number | null }[];
}

interface ShelvedLane {
  readonly lane: string;
  readonly endpoint: string;
  readonly wakeAt: number;
}

export class PendingModel {
  readonly #all: readonly (PendingRow | null)[];
  readonly #shelved = new Map<string, ShelvedLane>();
  readonly #laneOf = new Map<number, string>();
  /** The lane's first delivery. */
  readonly #firstOf = new Map<string, number>();
  readonly #standings = new Map<string, string>();

  constructor(rows: readonly (PendingRow | null)[]) {
    this.#all = rows;
  }

  get #rows(): PendingRow[] {
    return this.#all.filter((row) => row !== null);
  }

  backlog(): Backlog[] {
    const pending = this.#rows.filter(({ state }) => state === "pending");
    const names = new Set([
      ...pending.map(({ delivery }) => delivery.endpoint),
      ...this.#standings.keys(),
    ]);
    return [...names].sort().map((endpoint) => ({
      endpoint,
      pending: pending.filter(({ delivery }) => delivery.endpoint === endpoint).length,
      standing: this.#standings.get(endpoint) ?? null,
    }));
  }

  takeUp(request: TakeUp): TakenUp {
    const { endpoint, after, limit } = request;
    const own = this.#pending(endpoint);
    const stretch = own.filter(({ position }) => position > after).slice(0, limit);
    const next = stretch.filter((delivery) => !this.#shelved.has(this.#lane(delivery)));
    return {
      woken: this.#wake(request, own),
      next,
      after: stretch.at(-1)?.position ?? after,
      end: stretch.length < limit,
      wakeAt: this.#lanes(endpoint)[0]?.wakeAt ?? null,
    };
  }

  shelve(shelvings: readonly Shelving[]): void {
    for (const { deliveryId, wakeAt } of shelvings) {
      const row = this.#all[deliveryId - 1];
      if (!row) throw new Error(`No delivery ${deliveryId}.`);
      const { endpoint } = row.delivery;
      const lane = this.#lane(row.delivery);
      this.#shelved.set(lane, { lane, endpoint, wakeAt });
      const first = this.#rows.find(({ delivery }) => this.#lane(delivery) === lane);
      this.#firstOf.set(lane, first?.delivery.deliveryId ?? 0);
    }
  }

  hasten(endpoint: string, now: number, limit: number, refusedToo: boolean): boolean {
    const later = this.#lanes(endpoint).filter(({ wakeAt }) => wakeAt > now);
    const hastened = later.slice(0, limit);
    for (const { lane } of hastened) {
      this.#shelved.set(lane, { lane, endpoint, wakeAt: now });
      for (const row of this.#rows) {
        if (row.state !== "pending" || this.#lane(row.delivery) !== lane) continue;
        const status = row.attempts[row.delivery.attempts - 1]?.status ?? 500;
        if (row.delivery.replay && row.delivery.firstAttemptAt === null) continue;
        if (row.delivery.dueAt <= now || (status < 500 && !refusedToo)) continue;
        row.delivery = { ...row.delivery, dueAt: now };
      }
    }
    return hastened.length === limit;
  }

  saveStanding(endpoint: string, standing: string | null): void {
    if (standing === null) this.#standings.delete(endpoint);
    else this.#standings.set(endpoint, standing);
  }

  #wake({ now, wakeAtMax, endpoint, limit, laneMax }: TakeUp, own: Delivery[]): WokenLane[] {
    const woken: WokenLane[] = [];
    const isDue = ({ wakeAt }: { wakeAt: number }) => wakeAt <= now || wakeAt > wakeAtMax;
    for (let count = 0; count < limit; ) {
      const due = this.#lanes(endpoint).find(isDue);
      if (due === undefined) break;
      this.#shelved.delete(due.lane);
      const all = own.filter((delivery) => this.#lane(delivery) === due.lane);
      const deliveries = all.slice(0, laneMax);
      count += Math.max(1, Math.min(all.length, laneMax + 1));
      if (all.length > 0) woken.push({ deliveries, more: all.length > laneMax });
    }
    return woken;
  }

  #pending(endpoint: string): Delivery[] {
    const pending = this.#rows.filter(({ state }) => state === "pending");
    return pending.map(({ delivery }) => delivery).filter((each) => each.endpoint === endpoint);
  }

  /** Shelved lanes of an endpoint, the first due first, then as they were made. */
  #lanes(endpoint: string): ShelvedLane[] {
    const first = ({ lane }: ShelvedLane) => this.#firstOf.get(lane) ?? 0;
    return [...this.#shelved.values()]
      .filter((each) => each.endpoint === endpoint)
      .sort((a, b) => a.wakeAt - b.wakeAt || first(a) - first(b));
  }

  #lane({ deliveryId, endpoint, event }: Delivery): string {
    const known = this.#laneOf.get(deliveryId);
    if (known !== undefined) return known;
    const lane = JSON.stringify([endpoint, event.pbx, event.callId]);
    this.#laneOf.set(deliveryId, lane);
    return lane;
  }
}
