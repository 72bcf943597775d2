/**
 * The external party's number as a webhook carries it (docs/contract.md §3, `callerid`).
 */

/** What PBXs and carriers write in place of a number that the caller does not show. */
const withheldWords: ReadonlySet<string> = new Set([
  "",
  "anonymous",
  "unknown",
  "withheld",
  "private",
  "restricted",
]);

/**
 * The number as the PBX gives it, without white space around it and less one leading "+".
 * `anonymous` if nothing is left, or one of the words for a withheld number in any case of letters:
 * a receiver then has one value to compare with, and never takes a word for a number.
 */
export function publicNumber(number: string): string {
  const trimmed = number.trim();
  const bare = trimmed.startsWith("+") ? trimmed.slice(1).trim() : trimmed;
  return withheldWords.has(bare.toLowerCase()) ? "anonymous" : bare;
}
