/**
 * The SQL of the look-ups. A listing is a walk through deliveries by id, along the narrowest index that the
 * filter allows, and then a sieve over what was walked: so its cost is bounded, and any filter can be had.
 */
import type { SQLInputValue, StatementSync } from "node:sqlite";
import {
  type DeliveryFilter,
  type DeliveryState,
  EVENT_NAMES,
  type EventName,
  type ListPage,
} from "../lookup.ts";

const COLUMNS = `
  d.delivery_id AS deliveryId, d.endpoint, d.state, d.sequence, d.attempts, d.replays,
  d.due_at AS dueAt, d.reason, e.body,
  a.number, a.started_at AS startedAt, a.duration_ms AS durationMs, a.status, a.outcome`;

const JOINS = `
  JOIN events e ON e.position = d.event_position
  LEFT JOIN attempts a ON a.delivery_id = d.delivery_id AND a.number = d.attempts`;

export const ROW = `SELECT ${COLUMNS} FROM deliveries d ${JOINS}`;

export const LATEST_ATTEMPTS = `
  SELECT number, started_at AS startedAt, duration_ms AS durationMs, status, outcome,
    response_head AS responseHead
  FROM attempts WHERE delivery_id = ? ORDER BY number DESC LIMIT ?`;

export const TALLIES = `
  SELECT t.endpoint, t.state, t.count, t.removed,
    CASE WHEN t.state = 'pending' AND t.count > 0 THEN (
      SELECT e.at FROM deliveries d INDEXED BY deliveries_pending_of
      JOIN events e ON e.position = d.event_position
      WHERE d.endpoint = t.endpoint AND d.state = 'pending'
      ORDER BY d.delivery_id LIMIT 1
    ) END AS oldestPendingAt
  FROM tallies t ORDER BY t.endpoint, t.state`;

export const TOTALS = "SELECT state, sum(count) AS count FROM tallies GROUP BY state";

/** The positions of the events of a time; by the index alone. */
const POSITIONS = `
  SELECT min(position) AS least, max(position) AS most FROM events
  WHERE at >= :fromAt AND at < :toAt`;

/** Ids of deliveries rise with the positions of their events: both are handed out in one go. */
const ID_FROM = `
  SELECT delivery_id AS id FROM deliveries WHERE event_position >= ?
  ORDER BY event_position, delivery_id LIMIT 1`;
const ID_TO = `
  SELECT delivery_id AS id FROM deliveries WHERE event_position <= ?
  ORDER BY event_position DESC, delivery_id DESC LIMIT 1`;

type Values = Record<string, SQLInputValue>;

export interface Walk {
  /** `WITH walked AS (…)`: the ids that are examined, at most `:walk`. */
  readonly sql: string;
  /** The rows among them that match, to be limited. */
  readonly matches: string;
  /** What the walk needs, and what the matches need besides. */
  readonly bounds: Readonly<Values>;
  readonly wanted: Readonly<Values>;
}

export function walkOf(
  filter: DeliveryFilter,
  { order, after }: ListPage,
  prepare: (sql: string) => StatementSync,
): Walk {
  const [beyond, direction] = order === "newest" ? ["<", "DESC"] : [">", "ASC"];
  const bounds: Values = {};
  const wanted: Values = {};
  const narrow = [...narrowing(filter, bounds, prepare)];
  if (after !== null) {
    narrow.push(`d.delivery_id ${beyond} :after`);
    bounds.after = after;
  }
  const sieve = [...sieving(filter, wanted)];
  const sql = `WITH walked AS (
    SELECT d.delivery_id FROM ${tableFor(filter)} WHERE ${["true", ...narrow].join(" AND ")}
    ORDER BY d.delivery_id ${direction} LIMIT :walk)`;
  const matches = `
    SELECT ${COLUMNS} FROM walked CROSS JOIN deliveries d ON d.delivery_id = walked.delivery_id ${JOINS}
    WHERE ${["true", ...sieve].join(" AND ")} ORDER BY d.delivery_id ${direction}`;
  return { sql, matches, bounds, wanted };
}

const UNDELIVERED: readonly DeliveryState[] = ["dead", "expired"];

const allOf = (states: DeliveryFilter["states"], among: readonly DeliveryState[]): boolean =>
  states !== null && states.length > 0 && states.every((state) => among.includes(state));

/** Said outright, as the planner knows nothing of how few of a state there are. */
function tableFor({ eventId, states, endpoint, callId }: DeliveryFilter): string {
  if (eventId !== null) return "deliveries d INDEXED BY deliveries_of_event";
  if (callId !== null) return "deliveries d INDEXED BY deliveries_of_lane";
  if (endpoint !== null && allOf(states, ["pending"])) {
    return "deliveries d INDEXED BY deliveries_pending_of";
  }
  if (allOf(states, UNDELIVERED)) return "deliveries d INDEXED BY deliveries_undelivered";
  return "deliveries d NOT INDEXED";
}

/** What the chosen index can tell, and nothing else: what is walked in vain has to be counted. */
function* narrowing(
  { ids, eventId, states, endpoint, callId, fromAt, toAt }: DeliveryFilter,
  values: Values,
  prepare: (sql: string) => StatementSync,
): Iterable<string> {
  if (ids !== null) {
    yield "d.delivery_id IN (SELECT value FROM json_each(:ids))";
    values.ids = JSON.stringify(ids);
  }
  if (eventId !== null) {
    yield "d.event_position = (SELECT position FROM events WHERE event_id = :eventId)";
    values.eventId = eventId;
  }
  if (callId !== null) {
    yield "d.lane_id IN (SELECT lane_id FROM lanes WHERE call_id = :callId)";
    values.callId = callId;
  } else if (endpoint !== null && allOf(states, ["pending"])) {
    yield "d.state = 'pending' AND d.endpoint = :endpoint";
    values.endpoint = endpoint;
  } else if (allOf(states, UNDELIVERED)) yield "d.state IN ('dead', 'expired')";
  if (fromAt === null && toAt === null) return;
  const bounds = {
    fromAt: fromAt ?? Number.MIN_SAFE_INTEGER,
    toAt: toAt ?? Number.MAX_SAFE_INTEGER,
  };
  const positions = prepare(POSITIONS).get(bounds);
  yield "d.delivery_id BETWEEN :idFrom AND :idTo";
  values.idFrom = idOf(prepare(ID_FROM).get(positions?.least ?? null));
  values.idTo = idOf(prepare(ID_TO).get(positions?.most ?? null));
}

/** −1, so that nothing lies between, where there is none. */
function idOf(row: Record<string, unknown> | undefined): number {
  return row === undefined ? -1 : Number(row.id);
}

function* sieving(
  { states, endpoint, pbx, kinds, user, callerid, fromAt, toAt, outcome }: DeliveryFilter,
  values: Values,
): Iterable<string> {
  if (states !== null) {
    yield "d.state IN (SELECT value FROM json_each(:states))";
    values.states = JSON.stringify(states);
  }
  if (endpoint !== null) {
    yield "d.endpoint = :endpoint";
    values.endpoint = endpoint;
  }
  const facts = { pbx, user, callerid };
  for (const [name, value] of Object.entries(facts)) {
    if (value === null) continue;
    yield `e.body ->> '$.${name}' = :${name}`;
    values[name] = value;
  }
  if (kinds !== null) {
    yield `concat_ws(' ', e.body ->> '$.kind', e.body ->> '$.direction')
      IN (SELECT value FROM json_each(:kinds))`;
    values.kinds = JSON.stringify(kinds.flatMap(kindsNamed));
  }
  if (fromAt !== null) {
    yield "e.at >= :fromAt";
    values.fromAt = fromAt;
  }
  if (toAt !== null) {
    yield "e.at < :toAt";
    values.toAt = toAt;
  }
  if (outcome !== null) {
    yield "instr(lower(coalesce(d.reason, '') || ' ' || coalesce(a.outcome, '')), lower(:outcome)) > 0";
    values.outcome = outcome;
  }
}

/** Each with its direction, as the events are looked at; a gap has none. */
function kindsNamed(name: EventName): readonly string[] {
  const [kind, direction] = EVENT_NAMES[name];
  if (direction !== undefined) return [`${kind} ${direction}`];
  return [kind, `${kind} incoming`, `${kind} outgoing`];
}
