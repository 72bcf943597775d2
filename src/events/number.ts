/**
 * The external party's number as a webhook carries it (docs/contract.md §3, `callerid`).
 */

/** What PBXs and carriers write in place of a number that the caller does not show. */
const withheldWords: ReadonlySet<string> = new Set([
  "",
  "anonymous",
  "unknown",
  "unavailable",
  "withheld",
  "private",
  "restricted",
  "blocked",
]);

/** SIP's: the host of a caller who withholds everything (RFC 3323 §4.1.1.3). */
const withheldHost = "@anonymous.invalid";

/** Also as a SIP address, as a trunk may hand it on: `anonymous@anonymous.invalid`, `sip:Restricted@10.0.0.1`. */
function isWithheld(number: string): boolean {
  // Mostly it is digits alone.
  if (/^\d+$/.test(number)) return false;
  const address = number.toLowerCase().replace(/^sips?:/, "");
  const name = address.replace(/@.*$/, "").trim();
  return withheldWords.has(name) || address.endsWith(withheldHost);
}

/**
 * The number as the PBX gives it, without white space around it and less one leading "+".
 * `anonymous` if nothing is left, or one of the words for a withheld number in any case of letters, with or without
 * a host: a receiver then has one value to compare with, and never takes a word for a number.
 */
export function publicNumber(number: string): string {
  const trimmed = number.trim();
  const bare = trimmed.startsWith("+") ? trimmed.slice(1).trim() : trimmed;
  return isWithheld(bare) ? "anonymous" : bare;
}
