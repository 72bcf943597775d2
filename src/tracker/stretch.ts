/** A blind stretch as a value: what it is known by, and when its log is to be read. Pure looks (SPEC.md, R19-R21). */
import type { EpochMs, GapEvent } from "../events/event.ts";
import type { BlindCause, LoggedCall } from "./activity.ts";
import { isSame } from "./callLog.ts";
import type { BlindStretch, CallIdentity, Gap } from "./state.ts";

/** Sight is lost, or has not been regained since. */
export function lost(
  before: BlindStretch | null,
  sinceAt: EpochMs,
  told: BlindStretch["told"],
): BlindStretch {
  const fromAt = Math.min(sinceAt, before?.fromAt ?? sinceAt);
  return { fromAt, told: before?.told ?? told, toAt: null, looks: 0, dueAt: null };
}

/** The gap that a stretch leaves if something of it stays unknown; one that was told is not told again. */
export function gapFrom(
  before: Gap,
  { sinceAt, cause }: { readonly sinceAt: EpochMs; readonly cause: BlindCause },
): Gap {
  const fromAt = before.told ? sinceAt : Math.min(before.fromAt, sinceAt);
  return { fromAt, toAt: null, reason: cause, told: false };
}

export function gapEvent({ fromAt, toAt, reason }: Gap, pbx: string, at: EpochMs): GapEvent {
  const eventId = `${pbx}_gap_${fromAt}-${toAt ?? at}`;
  return { kind: "gap", eventId, pbx, callId: "", at, fromAt, toAt: toAt ?? at, reason };
}

/** Remembers a call whose state goes before the log of the stretch has been read for the last time. */
export function withTold(
  stretch: BlindStretch | null,
  identity: CallIdentity,
): BlindStretch | null {
  if (stretch === null) return stretch;
  return { ...stretch, told: [...stretch.told, identity] };
}

export function isTold(stretch: BlindStretch | null, logged: LoggedCall): boolean {
  return stretch?.told.some((identity) => isSame(identity, logged)) === true;
}

export function isWithin(stretch: BlindStretch | null, startedAt: EpochMs): boolean {
  return stretch !== null && startedAt >= stretch.fromAt && startedAt <= (stretch.toAt ?? 0);
}

/** A log from `fromAt` to `toAt` was read: all of the stretch's is read again, as the PBX writes it late. */
export function afterLog(
  stretch: BlindStretch | null,
  log: { readonly fromAt: EpochMs; readonly toAt: EpochMs; readonly at: EpochMs },
  logAgainMs: readonly number[],
): BlindStretch | null {
  if (stretch === null || stretch.toAt === null) return stretch;
  if (log.fromAt > stretch.fromAt || log.toAt < stretch.toAt) return stretch;
  // What was asked for a call's sake, before the next look is due, takes the place of none.
  if (stretch.dueAt !== null) return stretch;
  const pause = logAgainMs[stretch.looks];
  if (pause === undefined) return null;
  return { ...stretch, looks: stretch.looks + 1, dueAt: log.at + pause };
}
