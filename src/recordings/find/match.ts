/**
 * Which recording belongs to which link. Pure.
 * Must hold: a recording goes to one link at most, and only if extension, outside number and time agree; a
 * link's recordings keep the order in which they were made. Source: docs/contract.md §6, and the fields of
 * XAPI `Recordings`, which name no call.
 */
import type { EpochMs } from "../../events/event.ts";
import type { Found, Side } from "./recordingSource.ts";

/** An answered link that has ended, as its end event told it. */
export interface Sought {
  readonly key: string;
  readonly user: string;
  readonly callerid: string;
  readonly callNumber: number;
  readonly callStartedAt: EpochMs;
  /** The conversation. */
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
}

/** So much longer than the links' own time is asked for: a clock that differs, an answer that we saw late. */
export const SLACK_MS = 5_000;
/** By which a recording and what we saw of its link differ as a matter of course. */
const EDGE_MS = 1_000;
/** A recording that goes on for so long after the link is another's. */
const LATER_MS_MAX = 10_000;
/** Of the shorter of the two, recording and link, so much is common to both. */
const COMMON_SHARE_MIN = 0.5;
/** Two starts of one call, as the PBX logs it and as we saw it. */
const SAME_START_MS = 5_000;
/** Countries and prefixes are written or left out: the rest is compared. */
const COMPARED_DIGITS = 9;

/**
 * For each link its recordings, in order; links without any are left out. `rivals` are other links that may be
 * owners as well: what is theirs goes to nobody here.
 */
export function match(
  sought: readonly Sought[],
  found: readonly Found[],
  rivals: readonly Sought[] = [],
): Map<string, readonly Found[]> {
  const matched = new Map<string, Found[]>();
  const links = [...sought, ...rivals];
  const own = new Set(sought.map(({ key }) => key));
  for (const recording of once(found).sort(byStart)) {
    const key = bestFor(recording, links);
    if (key === null || !own.has(key)) continue;
    const list = matched.get(key) ?? [];
    list.push(recording);
    matched.set(key, list);
  }
  return matched;
}

/** A list that grows while it is read page by page names some twice. */
function once(found: readonly Found[]): Found[] {
  return [...new Map(found.map((recording) => [recording.id, recording])).values()];
}

function byStart(a: Found, b: Found): number {
  return a.startedAt - b.startedAt || a.id.localeCompare(b.id, "en", { numeric: true });
}

function bestFor(recording: Found, sought: readonly Sought[]): string | null {
  let best: { key: string; distance: number } | null = null;
  for (const link of sought) {
    const distance = distanceOf(recording, link);
    if (distance === null || (best !== null && distance >= best.distance)) continue;
    best = { key: link.key, distance };
  }
  return best?.key ?? null;
}

/** How far the recording is from the link, in milliseconds and penalties; null: it is another's. */
function distanceOf(recording: Found, link: Sought): number | null {
  const outsideMs = outsideMsOf(recording, link);
  if (outsideMs === null) return null;
  const [own, other] = sidesFor(recording, link.user);
  if (own === null || other === null) return null;
  const numbers = compareNumbers(other.number, link.callerid);
  if (numbers === "differ") return null;
  const call = compareCalls(recording.call, link);
  return (
    (call === "same" ? 0 : HEAVY * HEAVY) +
    (numbers === "same" ? 0 : HEAVY) +
    (own.isQueue ? HEAVY / 2 : 0) +
    outsideMs +
    Math.abs(recording.startedAt - link.fromAt) / HEAVY
  );
}

/**
 * How much of the recording lies outside the link; null: too little of it lies inside. It may begin before the
 * link (a consultation that became one, an answer that we saw late), but not before the call.
 */
function outsideMsOf({ startedAt, endedAt }: Found, link: Sought): number | null {
  const [fromAt, toAt] = [link.fromAt - EDGE_MS, link.toAt + EDGE_MS];
  if (startedAt < Math.min(link.callStartedAt, link.fromAt) - SLACK_MS) return null;
  if (endedAt === null) {
    return startedAt < link.fromAt - SLACK_MS || startedAt > toAt ? null : 0;
  }
  if (endedAt > link.toAt + LATER_MS_MAX) return null;
  const lengthMs = Math.max(0, endedAt - startedAt);
  const commonMs = Math.min(endedAt, toAt) - Math.max(startedAt, fromAt);
  const shorterMs = Math.min(lengthMs, link.toAt - link.fromAt);
  if (commonMs < 0 || commonMs < COMMON_SHARE_MIN * shorterMs) return null;
  return lengthMs - commonMs;
}

/** More than any distance in time. */
const HEAVY = 1e6;

/** Which side is ours, and which is outside. */
function sidesFor({ from, to }: Found, user: string): [Side | null, Side | null] {
  if (from.dn === user) return [from, to];
  if (to.dn === user) return [to, from];
  // A keeper that tells no DN tells the extension as a number.
  if (from.dn === "" && from.number === user) return [from, to];
  if (to.dn === "" && to.number === user) return [to, from];
  if (to.isQueue) return [to, from];
  if (from.isQueue) return [from, to];
  return [null, null];
}

function compareNumbers(a: string, b: string): "same" | "unknown" | "differ" {
  const [left, right] = [digitsOf(a), digitsOf(b)];
  if (left === "" && right === "") return "same";
  if (left === "" || right === "") return "unknown";
  if (left === right) return "same";
  const length = Math.min(left.length, right.length, COMPARED_DIGITS);
  if (length < SHORTEST_COMPARED) return "differ";
  return left.slice(-length) === right.slice(-length) ? "same" : "differ";
}

/** Shorter numbers are compared as a whole: 100 is not the end of 420777000100. */
const SHORTEST_COMPARED = 6;

/** A withheld number has none. */
function digitsOf(number: string): string {
  return number.replaceAll(/\D/g, "");
}

function compareCalls(call: Found["call"], link: Sought): "same" | "unknown" {
  // Another number may be another way of counting: it speaks for nobody, but against nobody either.
  if (call === null || call.number !== link.callNumber) return "unknown";
  return Math.abs(call.startedAt - link.callStartedAt) <= SAME_START_MS ? "same" : "unknown";
}
