/** The outbox in memory, as simple as can be: what every real one is held against, and a stand-in for tests. */

import type { OffhookEvent } from "../../src/events/event.ts";
import {
  type DeliveryFilter,
  type DeliveryRow,
  type DeliveryState,
  type EndpointCounts,
  EVENT_NAMES,
  type EventName,
  type ListPage,
} from "../../src/outbox/lookup.ts";
import {
  type Attempt,
  type Checkpoint,
  type Delivery,
  type Entry,
  type Outbox,
  OutboxError,
  type PruneCursor,
  type PruneLimits,
  type Replay,
  type Settlement,
} from "../../src/outbox/outbox.ts";
import type { Shelving, TakeUp } from "../../src/outbox/pending.ts";
import { numberOf } from "./outboxEvents.ts";
import { PendingModel } from "./pendingModel.ts";

interface Row {
  delivery: Delivery;
  state: DeliveryState;
  reason: string | null;
  replays: number;
  readonly attempts: Attempt[];
}

export class OutboxModel implements Outbox {
  /** By delivery id less one; null where retention was. */
  readonly rows: (Row | null)[] = [];
  readonly #pending = new PendingModel(this.rows);
  readonly #events = new Map<string, { position: number; event: OffhookEvent }>();
  readonly #sequences = new Map<string, number>();
  readonly #checkpoints = new Map<string, Checkpoint>();
  readonly #endpoints = new Map<string, { deadRemoved: number }>();
  #lastPosition = 0;
  /** While set, nothing can be written. */
  broken = false;
  /** Deliveries whose settlements it refuses. */
  readonly refuses = new Set<number>();

  async append(entries: readonly Entry[], checkpoints: readonly Checkpoint[]) {
    this.#write();
    const made: Delivery[] = [];
    for (const { event, endpoints } of entries) {
      if (this.#events.has(event.eventId)) continue;
      this.#lastPosition += 1;
      this.#events.set(event.eventId, { position: this.#lastPosition, event });
      for (const endpoint of endpoints) {
        const lane = laneOf(endpoint, event);
        if (!this.#endpoints.has(endpoint)) this.#endpoints.set(endpoint, { deadRemoved: 0 });
        const sequence = (this.#sequences.get(lane) ?? 0) + 1;
        this.#sequences.set(lane, sequence);
        const position = this.rows.length + 1;
        const fresh = { attempts: 0, spent: 0, firstAttemptAt: null, dueAt: 0, replay: false };
        const delivery = { deliveryId: position, position, endpoint, sequence, event, ...fresh };
        made.push(delivery);
        this.rows.push({ delivery, state: "pending", reason: null, replays: 0, attempts: [] });
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
    const refused = settlements.find(({ deliveryId }) => this.refuses.has(deliveryId));
    if (refused) throw new OutboxError("failed", `No delivery ${refused.deliveryId}.`);
    for (const { deliveryId, attempt, fate, standing } of settlements) {
      const row = this.rows[deliveryId - 1];
      if (!row) throw new OutboxError("failed", `No delivery ${deliveryId}.`);
      row.state = fate.state;
      row.reason = "reason" in fate ? fate.reason : null;
      const due = fate.state === "pending" ? { spent: fate.spent, dueAt: fate.dueAt } : {};
      row.delivery = { ...row.delivery, ...due };
      if (standing !== undefined) this.#pending.saveStanding(row.delivery.endpoint, standing);
      if (attempt === null) continue;
      row.attempts[attempt.number - 1] = attempt;
      const firstAttemptAt = row.delivery.firstAttemptAt ?? attempt.startedAt;
      row.delivery = { ...row.delivery, attempts: attempt.number, firstAttemptAt };
    }
  }

  async backlog() {
    return this.#pending.backlog();
  }

  async takeUp(request: TakeUp) {
    this.#write();
    return this.#pending.takeUp(request);
  }

  async shelve(shelvings: readonly Shelving[]) {
    this.#write();
    this.#pending.shelve(shelvings);
  }

  async hasten(...request: Parameters<PendingModel["hasten"]>) {
    this.#write();
    return this.#pending.hasten(...request);
  }

  async saveStanding(endpoint: string, standing: string | null) {
    this.#write();
    this.#pending.saveStanding(endpoint, standing);
  }

  async replay(replays: readonly Replay[]) {
    this.#write();
    const again: Delivery[] = [];
    for (const { deliveryId, dueAt } of replays) {
      const row = this.rows[deliveryId - 1];
      if (!row || row.state === "pending") continue;
      row.state = "pending";
      row.reason = null;
      row.replays += 1;
      row.delivery = { ...row.delivery, spent: 0, firstAttemptAt: null, dueAt, replay: true };
      again.push(row.delivery);
    }
    return again;
  }

  /** Knows of no bytes. */
  async prune({ beforeAt }: PruneLimits, after: PruneCursor | null, eventsMax: number) {
    this.#write();
    const from = after ?? { at: Number.NEGATIVE_INFINITY, position: 0 };
    const walk = [...this.#events]
      .map(([eventId, { event, position }]) => ({ eventId, event, at: event.at, position }))
      .filter(({ at, position }) => at > from.at || (at === from.at && position > from.position))
      .filter(({ at }) => at < beforeAt)
      .sort((a, b) => a.at - b.at || a.position - b.position)
      .slice(0, eventsMax);
    const gone = { events: 0, deliveries: 0, dead: 0, expired: 0 };
    for (const { eventId, event } of walk) {
      const rows = this.#kept().filter(({ delivery }) => delivery.event.eventId === eventId);
      if (this.#follows(event) || rows.some(({ state }) => state === "pending")) continue;
      for (const row of rows) this.#remove(row, gone);
      this.#events.delete(eventId);
      gone.events += 1;
    }
    const last = walk.length < eventsMax ? undefined : walk.at(-1);
    return { ...gone, next: last ? { at: last.at, position: last.position } : null };
  }

  async compact() {
    this.#write();
    return false;
  }

  async list(filter: DeliveryFilter, { order, after, limit }: ListPage) {
    const found = this.#kept()
      .filter((row) => matches(filter, row))
      .map(rowOf);
    if (order === "newest") found.reverse();
    const sign = order === "newest" ? -1 : 1;
    const rest = found.filter(
      ({ deliveryId }) => after === null || sign * (deliveryId - after) > 0,
    );
    const rows = rest.slice(0, limit);
    return { rows, next: rest.length > limit ? (rows.at(-1)?.deliveryId ?? null) : null };
  }

  async show(deliveryId: number) {
    const row = this.rows[deliveryId - 1];
    return row ? { ...rowOf(row), attemptsMade: row.attempts.filter(Boolean) } : null;
  }

  async endpointCounts(): Promise<EndpointCounts[]> {
    const names = [...this.#endpoints.keys()].sort();
    return names.map((endpoint) => {
      const own = this.#kept().filter((row) => row.delivery.endpoint === endpoint);
      const count = (state: DeliveryState) => own.filter((row) => row.state === state).length;
      return {
        endpoint,
        pending: count("pending"),
        delivered: count("delivered"),
        dead: count("dead"),
        expired: count("expired"),
        oldestPendingAt: own.find(({ state }) => state === "pending")?.delivery.event.at ?? null,
        deadRemoved: this.#endpoints.get(endpoint)?.deadRemoved ?? 0,
      };
    });
  }

  async loadCheckpoints(pbx: string) {
    const own = [...this.#checkpoints.values()].filter((checkpoint) => checkpoint.pbx === pbx);
    return own.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async counts() {
    const count = (state: DeliveryState) =>
      this.#kept().filter((row) => row.state === state).length;
    return {
      events: this.#events.size,
      pending: count("pending"),
      delivered: count("delivered"),
      dead: count("dead"),
      expired: count("expired"),
    };
  }

  async probe() {
    this.#write();
  }

  async close() {}

  #write(): void {
    if (this.broken) throw new OutboxError("failed", "The store is broken.");
  }

  #kept(): Row[] {
    return this.rows.filter((row) => row !== null);
  }

  #follows(event: OffhookEvent): boolean {
    return this.#checkpoints.has(JSON.stringify([event.pbx, String(numberOf(event))]));
  }

  #remove({ delivery, state }: Row, gone: { deliveries: number; dead: number; expired: number }) {
    this.rows[delivery.deliveryId - 1] = null;
    gone.deliveries += 1;
    if (state === "dead" || state === "expired") gone[state] += 1;
    const endpoint = this.#endpoints.get(delivery.endpoint);
    if (state === "dead" && endpoint) endpoint.deadRemoved += 1;
    const lane = laneOf(delivery.endpoint, delivery.event);
    const left = this.#kept().some(
      (row) => laneOf(row.delivery.endpoint, row.delivery.event) === lane,
    );
    if (!left && delivery.event.callId !== "") this.#sequences.delete(lane);
  }
}

function laneOf(endpoint: string, { pbx, callId }: Delivery["event"]): string {
  return JSON.stringify([endpoint, pbx, callId]);
}

function rowOf({ delivery, state, reason, replays, attempts }: Row): DeliveryRow {
  const { deliveryId, endpoint, sequence, event, dueAt } = delivery;
  const last = attempts[delivery.attempts - 1];
  let lastAttempt: DeliveryRow["lastAttempt"] = null;
  if (last) {
    const { responseHead: _, ...rest } = last;
    lastAttempt = rest;
  }
  const facts = {
    deliveryId,
    endpoint,
    state,
    sequence,
    event,
    dueAt,
    reason,
    replays,
    lastAttempt,
  };
  return { ...facts, attempts: delivery.attempts };
}

function matches(filter: DeliveryFilter, row: Row): boolean {
  const { event, endpoint } = row.delivery;
  const same = (wanted: string | null, found: string | null) => wanted === null || wanted === found;
  const last = row.attempts[row.delivery.attempts - 1];
  const said = `${row.reason ?? ""} ${last?.outcome ?? ""}`.toLowerCase();
  return (
    (filter.ids === null || filter.ids.includes(row.delivery.deliveryId)) &&
    same(filter.eventId, event.eventId) &&
    (filter.states === null || filter.states.includes(row.state)) &&
    same(filter.endpoint, endpoint) &&
    same(filter.pbx, event.pbx) &&
    (filter.kinds === null || filter.kinds.some((name) => isNamed(event, name))) &&
    same(filter.user, "user" in event ? event.user : null) &&
    same(filter.callerid, "callerid" in event ? event.callerid : null) &&
    same(filter.callId, event.callId) &&
    event.at >= (filter.fromAt ?? Number.NEGATIVE_INFINITY) &&
    event.at < (filter.toAt ?? Number.POSITIVE_INFINITY) &&
    said.includes(filter.outcome?.toLowerCase() ?? "")
  );
}

function isNamed(event: OffhookEvent, name: EventName): boolean {
  const [kind, direction] = EVENT_NAMES[name];
  return (
    event.kind === kind && (!direction || (event.kind !== "gap" && event.direction === direction))
  );
}
