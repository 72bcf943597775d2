/**
 * The values that expressions work on, and how two of them compare. Rows hold times and durations as
 * texts; they are compared by what they mean.
 */
import { assertNever } from "../../../util/assertNever.ts";

export type CompareOp = "eq" | "ne" | "gt" | "ge" | "lt" | "le";

export type Value = null | boolean | number | string | Instant | Day | Span;
/** A point in time. */
export interface Instant {
  readonly instantMs: number;
}
/** A calendar day in UTC, `2026-05-04`. */
export interface Day {
  readonly day: string;
}
/** A length of time. */
export interface Span {
  readonly spanMs: number;
}

const DURATION = /^(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The milliseconds of `PT1M5.2S`, or undefined where the text is no ISO 8601 duration. */
export function parseDuration(text: string): number | undefined {
  const found = DURATION.exec(text);
  if (!found || text.endsWith("P") || text.endsWith("T")) return undefined;
  const [, minus, days, hours, minutes, seconds] = found;
  const sizeMs =
    Number(days ?? 0) * DAY_MS +
    Number(hours ?? 0) * HOUR_MS +
    Number(minutes ?? 0) * MINUTE_MS +
    Number(seconds ?? 0) * SECOND_MS;
  return minus ? -sizeMs : sizeMs;
}

/** The instant of an ISO 8601 text; undefined where it names none, such as 30 February. */
export function parseInstant(text: string): Instant | undefined {
  const instantMs = Date.parse(text);
  return Number.isNaN(instantMs) ? undefined : { instantMs };
}

/** Whether `left op right`. Values of unlike kinds are unequal and in no order. */
export function holds(op: CompareOp, left: unknown, right: unknown): boolean {
  const bothNull = left === null && right === null;
  const order = left === null || right === null ? undefined : compareValues(left, right);
  switch (op) {
    case "eq":
      return bothNull || order === 0;
    case "ne":
      return !bothNull && order !== 0;
    case "gt":
      return order !== undefined && order > 0;
    case "ge":
      return order !== undefined && order >= 0;
    case "lt":
      return order !== undefined && order < 0;
    case "le":
      return order !== undefined && order <= 0;
    default:
      return assertNever(op);
  }
}

/** Negative, zero or positive; undefined where the two cannot be compared. */
export function compareValues(left: unknown, right: unknown): number | undefined {
  const days = dayIn(left) !== undefined || dayIn(right) !== undefined;
  const [a, b] = days ? [asDay(left), asDay(right)] : [plain(left, right), plain(right, left)];
  if (a === undefined || b === undefined || typeof a !== typeof b) return undefined;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function plain(value: unknown, other: unknown): number | string | boolean | undefined {
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") {
    if (instantIn(other)) return parseInstant(value)?.instantMs;
    return isSpan(other) ? parseDuration(value) : value;
  }
  if (isSpan(value)) return value.spanMs;
  return instantIn(value)?.instantMs;
}

function asDay(value: unknown): string | undefined {
  const instant = typeof value === "string" ? parseInstant(value) : instantIn(value);
  return dayIn(value) ?? (instant && dayOfInstant(instant));
}

export function dayOfInstant(instant: Instant): string {
  return new Date(instant.instantMs).toISOString().slice(0, 10);
}

function dayIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("day" in value)) return undefined;
  return typeof value.day === "string" ? value.day : undefined;
}

export function instantIn(value: unknown): Instant | undefined {
  if (typeof value !== "object" || value === null || !("instantMs" in value)) return undefined;
  return typeof value.instantMs === "number" ? { instantMs: value.instantMs } : undefined;
}

function isSpan(value: unknown): value is { spanMs: number } {
  return typeof value === "object" && value !== null && "spanMs" in value;
}
