/** What could not be asked: looks at the list of active calls that failed, and the log after a blind stretch. */
import type { FaultNote } from "./faults.ts";
import type { FaultName } from "./setting.ts";

export const blinding: ReadonlySet<FaultName> = new Set([
  "socketDrops",
  "pbxRestarts",
  "ownRestarts",
]);

/** A list that failed is asked again so much later. */
export const failedLookMs = 1_000;

/** We were blind then; and when we saw again, what was asked of XAPI failed. */
export function isUntold(
  { fault, fromAt, toAt }: FaultNote,
  at: number,
  notes: readonly FaultNote[],
): boolean {
  const fails = (note: FaultNote) =>
    note.fault === "xapiFails" && note.fromAt >= toAt - 100 && note.fromAt <= toAt + failedLookMs;
  return blinding.has(fault) && fromAt <= at && toAt >= at && notes.some(fails);
}

/** Of what lasted from then to then a look at the list failed, and the next one came too late. */
export function isUnread(
  fromAt: number,
  toAt: number,
  listMs: number,
  notes: readonly FaultNote[],
) {
  const failed = notes.filter(
    (note) => note.fault === "xapiFails" && note.fromAt >= fromAt && note.fromAt <= toAt,
  ).length;
  return failed > 0 && toAt <= fromAt + listMs + failed * Math.max(listMs, failedLookMs);
}

/**
 * Each look at the list failed from then to then, or until we were blind: it is asked at once, and again as often as it is
 * read or has failed.
 */
export function isAllUnread(
  fromAt: number,
  toAt: number,
  listMs: number,
  notes: readonly FaultNote[],
) {
  const within = notes.filter((note) => note.fromAt >= fromAt && note.fromAt <= toAt);
  const blind = within.filter((note) => blinding.has(note.fault) && note.toAt >= toAt);
  const untilAt = Math.min(toAt, ...blind.map((note) => note.fromAt));
  const fails = within.filter((note) => note.fault === "xapiFails" && note.fromAt <= untilAt);
  return fails.length >= 1 + Math.floor((untilAt - fromAt) / Math.max(listMs, failedLookMs));
}
