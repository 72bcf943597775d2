/** How deliveries are written: for people in tables, for programs as JSON, JSON Lines and CSV. */

import type { DeliveryDetail, DeliveryRow } from "../outbox/lookup.ts";
import type { Attempt } from "../outbox/outbox.ts";
import { table } from "./context.ts";

const iso = (at: number): string => new Date(at).toISOString();

export const LIST_HEAD = ["ID", "EVENT TIME", "STATE", "ENDPOINT", "EVENT", "CALL", "OUTCOME"];

export function listRow(row: DeliveryRow): string[] {
  const { deliveryId, event, state, endpoint } = row;
  const who = "user" in event ? `${event.kind} ${event.callerid} ${event.user}` : event.kind;
  const call = "link" in event ? `${event.callId}-${event.link}` : event.callId;
  return [String(deliveryId), iso(event.at), state, endpoint, who, call, outcomeOf(row)];
}

function outcomeOf({ state, attempts, reason, lastAttempt, dueAt }: DeliveryRow): string {
  const last = lastAttempt === null ? "" : lastAttempt.outcome;
  const due = state === "pending" && dueAt > 0 ? `due ${iso(dueAt)}` : "";
  const tried = attempts > 1 ? `${attempts} attempts` : "";
  return [reason, last, tried, due].filter(Boolean).join("; ") || "not tried yet";
}

/** Without its event where that stands above already. */
export function details(shown: DeliveryDetail, eventToo = true): string[] {
  const { event, attemptsMade } = shown;
  const rows = [
    ["delivery", String(shown.deliveryId)],
    ["webhook-id", event.eventId],
    ["endpoint", shown.endpoint],
    ["state", `${shown.state}${shown.reason === null ? "" : `: ${shown.reason}`}`],
    ["sequence", String(shown.sequence)],
    ["attempts", String(shown.attempts)],
    ["replays", String(shown.replays)],
    ...(shown.state === "pending" && shown.dueAt > 0 ? [["due", iso(shown.dueAt)]] : []),
    ...(eventToo ? Object.entries(event) : []).map(([name, value]) => [
      `event.${name}`,
      written(name, value),
    ]),
  ];
  return [
    ...table(rows),
    "",
    ...(attemptsMade.length === 0 ? ["No attempt was made."] : table(attemptRows(attemptsMade))),
  ];
}

function attemptRows(attempts: readonly Attempt[]): string[][] {
  return [
    ["ATTEMPT", "STARTED", "TOOK", "STATUS", "OUTCOME", "RESPONSE"],
    ...attempts.map((each) => [
      String(each.number),
      iso(each.startedAt),
      `${each.durationMs} ms`,
      String(each.status ?? "-"),
      each.outcome,
      printable(each.responseHead),
    ]),
  ];
}

function written(name: string, value: unknown): string {
  if (typeof value === "number" && /(^at$|At$)/.test(name)) return iso(value);
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

/** What a receiver or a caller has said must not move the terminal's cursor. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
}

/** One flat object for each delivery; its names are the columns of the CSV. */
export function flat(row: DeliveryRow): Record<string, string | number | null> {
  const { event, lastAttempt } = row;
  const of = (name: string): string => {
    const value = (event as unknown as Record<string, unknown>)[name];
    return value === undefined ? "" : String(value);
  };
  return {
    deliveryId: row.deliveryId,
    webhookId: event.eventId,
    endpoint: row.endpoint,
    state: row.state,
    reason: row.reason,
    sequence: row.sequence,
    pbx: event.pbx,
    event: event.kind,
    eventTime: iso(event.at),
    callId: event.callId,
    link: of("link"),
    direction: of("direction"),
    callerid: of("callerid"),
    user: of("user"),
    did: of("did"),
    attempts: row.attempts,
    replays: row.replays,
    dueTime: row.state === "pending" && row.dueAt > 0 ? iso(row.dueAt) : null,
    lastAttemptTime: lastAttempt === null ? null : iso(lastAttempt.startedAt),
    lastStatus: lastAttempt?.status ?? null,
    lastOutcome: lastAttempt?.outcome ?? null,
  };
}

export function jsonLine(row: DeliveryRow): string {
  return `${JSON.stringify({ ...flat(row), facts: row.event })}\n`;
}

export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

/**
 * RFC 4180. A text that a spreadsheet would take for a formula is led by an apostrophe: callers choose their
 * display name, and `=HYPERLINK(…)` is one.
 */
function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
