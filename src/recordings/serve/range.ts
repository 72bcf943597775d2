/**
 * Which bytes of a file are asked for (RFC 9110 §13-14). Pure. Single ranges only: several would make a
 * receiver's wish for crumbs our work, and a server may answer them with the whole.
 */

export interface Conditions {
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

export type Part =
  | { readonly kind: "whole" }
  /** Both inclusive. */
  | { readonly kind: "part"; readonly first: number; readonly last: number }
  | { readonly kind: "unsatisfiable" }
  | { readonly kind: "unchanged" };

const RANGE_CHARS_MAX = 100;
const TAGS_CHARS_MAX = 2_000;

/** `etag` is strong, in quotes. */
export function partOf(conditions: Conditions, bytes: number, etag: string): Part {
  const { range, ifRange, ifNoneMatch } = conditions;
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, etag)) return { kind: "unchanged" };
  if (range === undefined || range.length > RANGE_CHARS_MAX) return { kind: "whole" };
  if (ifRange !== undefined && ifRange.trim() !== etag) return { kind: "whole" };
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/i.exec(range.replaceAll(/\s/g, "")) ?? [];
  if (from === "" && to === "") return { kind: "whole" };
  if (from === "") {
    const count = Math.min(Number(to), bytes);
    if (count === 0) return { kind: "unsatisfiable" };
    return { kind: "part", first: bytes - count, last: bytes - 1 };
  }
  const first = Number(from);
  const last = to === "" ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (to !== "" && Number(to) < first) return { kind: "whole" };
  return first >= bytes ? { kind: "unsatisfiable" } : { kind: "part", first, last };
}

/** If-None-Match compares weakly. */
function matches(tags: string, etag: string): boolean {
  if (tags.length > TAGS_CHARS_MAX) return false;
  const listed = tags.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return listed.includes("*") || listed.includes(etag);
}
