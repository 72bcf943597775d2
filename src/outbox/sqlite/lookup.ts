/**
 * The look-ups of the port on a connection that only reads, synchronous. Must hold: no statement examines
 * more than WALK_MAX deliveries, so that none runs long, however much is stored and however little matches.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import {
  ATTEMPTS_SHOWN_MAX,
  type DeliveryDetail,
  type DeliveryFilter,
  type DeliveryRow,
  type EndpointCounts,
  type Listed,
  type ListPage,
  type StoreCounts,
} from "../lookup.ts";
import type { Attempt } from "../outbox.ts";
import { LATEST_ATTEMPTS, ROW, TALLIES, TOTALS, walkOf } from "./lookupSql.ts";

export const LIST_ROWS_MAX = 1000;
const WALK_MAX = 20_000;

export interface StoreLookup {
  list(filter: DeliveryFilter, page: ListPage): Listed;
  show(deliveryId: number): DeliveryDetail | null;
  endpointCounts(): readonly EndpointCounts[];
  counts(): StoreCounts;
}

/** Keeps what it has prepared: the same filter asks with the same words. */
type Prepare = (sql: string) => StatementSync;

export function createLookup(db: DatabaseSync): StoreLookup {
  const prepared = new Map<string, StatementSync>();
  const prepare: Prepare = (sql) => {
    const found = prepared.get(sql) ?? db.prepare(sql);
    prepared.set(sql, found);
    return found;
  };
  return {
    list: (filter, page) => list(prepare, filter, page),
    show: (deliveryId) => show(prepare, deliveryId),
    endpointCounts: () => endpointCounts(prepare),
    counts: () => counts(prepare),
  };
}

type Row = Record<string, SQLInputValue>;

function list(prepare: Prepare, filter: DeliveryFilter, page: ListPage): Listed {
  const limit = Math.max(1, Math.min(page.limit, LIST_ROWS_MAX));
  const { sql, matches, bounds, wanted } = walkOf(filter, page, prepare);
  const walk = { ...bounds, walk: WALK_MAX };
  const found = prepare(`${sql} ${matches} LIMIT :limit`).all({ ...walk, ...wanted, limit });
  const rows = (found as Row[]).map(rowOf);
  if (rows.length === limit) return { rows, next: rows.at(-1)?.deliveryId ?? null };
  const end = prepare(
    `${sql} SELECT count(*) AS walked, min(delivery_id) AS least, max(delivery_id) AS most FROM walked`,
  ).get(walk);
  if (Number(end?.walked) < WALK_MAX) return { rows, next: null };
  return { rows, next: Number(page.order === "newest" ? end?.least : end?.most) };
}

function show(prepare: Prepare, deliveryId: number): DeliveryDetail | null {
  const row = prepare(`${ROW} WHERE d.delivery_id = ?`).get(deliveryId) as Row | undefined;
  if (row === undefined) return null;
  const latest = prepare(LATEST_ATTEMPTS).all(deliveryId, ATTEMPTS_SHOWN_MAX);
  // The rows carry exactly the fields of an attempt; the tables are STRICT.
  const attemptsMade = (latest as unknown as Attempt[]).map((attempt) => ({ ...attempt }));
  return { ...rowOf(row), attemptsMade: attemptsMade.reverse() };
}

function rowOf(row: Row): DeliveryRow {
  const { number, startedAt, durationMs, status, outcome, body, ...rest } = row;
  const lastAttempt = number === null ? null : { number, startedAt, durationMs, status, outcome };
  const event = JSON.parse(String(body));
  return { ...rest, event, lastAttempt } as unknown as DeliveryRow;
}

interface Tally {
  readonly endpoint: string;
  readonly state: string;
  readonly count: number;
  readonly removed: number;
  readonly oldestPendingAt: number | null;
}

function endpointCounts(prepare: Prepare): readonly EndpointCounts[] {
  const byName = new Map<string, EndpointCounts>();
  for (const tally of prepare(TALLIES).all() as unknown as Tally[]) {
    const { endpoint, state, count, removed, oldestPendingAt } = tally;
    if (endpoint === "") continue;
    const none = { pending: 0, delivered: 0, dead: 0, expired: 0, deadRemoved: 0 };
    const before = byName.get(endpoint) ?? { endpoint, ...none, oldestPendingAt: null };
    byName.set(endpoint, {
      ...before,
      [state]: count,
      ...(state === "dead" ? { deadRemoved: removed } : {}),
      ...(state === "pending" ? { oldestPendingAt } : {}),
    });
  }
  return [...byName.values()];
}

function counts(prepare: Prepare): StoreCounts {
  const sums = { events: 0, pending: 0, delivered: 0, dead: 0, expired: 0 };
  for (const { state, count } of prepare(TOTALS).all() as unknown as Tally[]) {
    sums[state === "event" ? "events" : (state as keyof StoreCounts)] = count;
  }
  return sums;
}
