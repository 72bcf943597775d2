/**
 * The PBX's call-history id: when the call began, and its number. Pure. Three spellings are known:
 * `00000000-01dc-27dd-cc8a-799100000029` (V20: FILETIME and number, official CDR guide),
 * `00000C21DE5C2470_6531` (milliseconds since 1601) and `4cc2c72490010000_26808` (Unix
 * milliseconds, bytes reversed; both of older builds).
 */
import type { EpochMs } from "../../events/event.ts";

export interface HistoryId {
  readonly startedAt: EpochMs;
  readonly callNumber: number;
}

/** From 1601-01-01, where Windows begins to count, to 1970-01-01. */
const epochGapMs = 11_644_473_600_000;
const ticksPerMs = 10_000n;
/** Outside of these the digits are no time, or not in the spelling tried. */
const earliestAt = Date.UTC(2000, 0, 1);
const latestAt = Date.UTC(2100, 0, 1);

function isPlausible(at: number): boolean {
  return at >= earliestAt && at < latestAt;
}

/** Null if it is none, or tells no plausible time. */
export function parseHistoryId(text: string): HistoryId | null {
  const hex = text.replace(/[{}-]/g, "").toLowerCase();
  if (/^0{8}[0-9a-f]{24}$/.test(hex)) {
    const startedAt = Number(BigInt(`0x${hex.slice(8, 24)}`) / ticksPerMs) - epochGapMs;
    return made(startedAt, Number.parseInt(hex.slice(24), 16));
  }
  const [, time, number] = /^([0-9a-f]{16})_(\d{1,10})$/.exec(hex) ?? [];
  if (time === undefined || number === undefined) return null;
  const reversed = (time.match(/../g) ?? []).reverse().join("");
  const since1601 = Number(BigInt(`0x${time}`)) - epochGapMs;
  const sinceUnix = Number(BigInt(`0x${reversed}`));
  return made(isPlausible(since1601) ? since1601 : sinceUnix, Number(number));
}

function made(startedAt: number, callNumber: number): HistoryId | null {
  return isPlausible(startedAt) && callNumber > 0 ? { startedAt, callNumber } : null;
}
