/**
 * When a link's recordings are looked for, and when the search is over. Pure.
 * Must hold: nothing is announced while more of it may still appear; a search that could not be made uses up
 * no look.
 */
import type { EpochMs } from "../../events/event.ts";
import type { RecordedFile, RecordedLink } from "../ledger.ts";
import type { Found } from "./recordingSource.ts";

export interface SearchSchedule {
  /** Looks, as times after the link's end. */
  readonly searchAtMs: readonly number[];
  /** Looks for transcripts, as times after the recording was stored. They come late, if at all. */
  readonly transcriptAtMs: readonly number[];
}

export type Next =
  | { readonly kind: "complete" }
  | { readonly kind: "lookAgain"; readonly dueAt: EpochMs }
  | { readonly kind: "none" };

/** A file that begins or ends this near to the link's beginning or end is the first or the last. */
const EDGE_SLACK_MS = 3_000;
/** Parts of one recording are listed within this time of one another. */
const PARTS_WITHIN_MS = 30_000;
/** However late we come, so many looks are made … */
const LOOKS_MIN = 3;
/** … this far apart, or less if the whole search is shorter. */
const LATE_LOOK_MS_MAX = 30_000;
/** Pauses after a look that could not be made. */
const FAILED_MS_MIN = 2_000;
const FAILED_MS_MAX = 300_000;
/** The longer ago the end, the longer the pause. */
const FAILED_SHARE = 0.25;
/** A keeper that cannot be asked is asked this long. */
export const SEARCH_MS_MAX = 7 * 86_400_000;

type Searches = Pick<SearchSchedule, "searchAtMs">;

export interface Look {
  /** The conversation. */
  readonly talkedFrom: EpochMs;
  readonly endedAt: EpochMs;
  /** Looks made, with this one. */
  readonly looks: number;
  /** Ids that the look before found. */
  readonly before: readonly string[];
  readonly found: readonly Found[];
}

/** What follows from a look. */
export function afterLook(look: Look, schedule: Searches, now: EpochMs): Next {
  const { found } = look;
  const nextAt = nextLookAt(look, schedule, now);
  if (found.length > 0 && (nextAt === null || isWhole(look, now))) return { kind: "complete" };
  return nextAt === null ? { kind: "none" } : { kind: "lookAgain", dueAt: nextAt };
}

/**
 * The files reach from the link's beginning to its end; or, where recording was begun late or stopped early, no
 * more of them have come for a while.
 */
function isWhole({ talkedFrom, endedAt, before, found }: Look, now: EpochMs): boolean {
  const firstAt = found[0]?.startedAt ?? Number.POSITIVE_INFINITY;
  const lastEndAt = found.at(-1)?.endedAt ?? null;
  const fromStart = firstAt <= talkedFrom + EDGE_SLACK_MS;
  if (fromStart && lastEndAt !== null && lastEndAt >= endedAt - EDGE_SLACK_MS) return true;
  const isSame = before.length > 0 && found.every(({ id }) => before.includes(id));
  const isUntold = fromStart && lastEndAt === null;
  return isSame && (isUntold || now >= endedAt + PARTS_WITHIN_MS);
}

function nextLookAt(
  { endedAt, looks }: Look,
  { searchAtMs }: Searches,
  now: EpochMs,
): EpochMs | null {
  const next = searchAtMs.find((afterMs) => endedAt + afterMs > now);
  if (next !== undefined) return endedAt + next;
  if (looks >= LOOKS_MIN) return null;
  return now + Math.min(LATE_LOOK_MS_MAX, searchAtMs.at(-1) ?? LATE_LOOK_MS_MAX);
}

/** When transcripts are looked for after so many looks; null: no more. */
export function transcriptDueAt(
  { files }: Pick<RecordedLink, "files">,
  looks: number,
  { transcriptAtMs }: Pick<SearchSchedule, "transcriptAtMs">,
): EpochMs | null {
  const afterMs = transcriptAtMs[looks];
  return afterMs === undefined ? null : Math.max(0, ...files.map(storedAtOf)) + afterMs;
}

function storedAtOf({ storedAt }: RecordedFile): EpochMs {
  return storedAt ?? 0;
}

/** When a look that could not be made is made again; null: too much time has gone by. */
export function afterFailedLook(endedAt: EpochMs, now: EpochMs): EpochMs | null {
  if (now > endedAt + SEARCH_MS_MAX) return null;
  const pauseMs = FAILED_SHARE * (now - endedAt);
  return now + Math.min(Math.max(pauseMs, FAILED_MS_MIN), FAILED_MS_MAX);
}
