/**
 * The length of a conversation as people read it: whole seconds, rounded down; minutes run on past 59.
 * Source: docs/contract.md §3 Titles.
 */

/** `m:ss`, e.g. `0:07`, `75:03`; `minuteDigits` pads the minutes (`00:06`). Null counts as none: `0:00`. */
export function formatTalk(talkMs: number | null, minuteDigits = 1): string {
  const seconds = Math.max(0, Math.floor((talkMs ?? 0) / 1000));
  const minutes = String(Math.floor(seconds / 60)).padStart(minuteDigits, "0");
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}
