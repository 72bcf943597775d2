/** Keys that the table does not know: each a warning with the nearest one that it does. */
import { distance } from "fastest-levenshtein";
import type { Problem } from "./config.ts";
import type { IniEntry, IniSection } from "./ini.ts";
import { type AnyKey, HEADERS_MAX, type Scope } from "./key.ts";
import { allKeys } from "./keys.ts";

/**
 * Every name under which a key of the scope may stand in the file; numbered ones with their `_n`.
 */
export function namesIn(scope: Scope): readonly string[] {
  return allKeys.filter((key) => key.scope === scope).flatMap(namesOf);
}

export function namesOf(key: AnyKey): readonly string[] {
  const names = [key.name, ...key.aliases];
  return key.secret && !key.numbered ? [...names, ...names.map((name) => `${name}_FILE`)] : names;
}

const KNOWN: Readonly<Record<Scope, ReadonlySet<string>>> = {
  top: new Set(namesIn("top")),
  pbx: new Set(namesIn("pbx")),
  endpoint: new Set(namesIn("endpoint")),
};

const PLACE: Readonly<Record<Scope, string>> = {
  top: "above the first [section]",
  pbx: "in a section [pbx.NAME]",
  endpoint: "in a section [endpoint.NAME]",
};

/** The prefixes that a section's keys go without. */
const NEEDLESS_PREFIX: Readonly<Record<Scope, RegExp>> = {
  top: /^$/,
  pbx: /^PBX_/,
  endpoint: /^(WEBHOOK|REQUEST)_/,
};

export function unknownKeys(file: string, section: IniSection): readonly Problem[] {
  const { kind } = section;
  if (kind === "broken") return [];
  const problems: Problem[] = [];
  for (const entry of section.entries.values()) {
    const problem = judge(kind, entry);
    if (problem !== null) problems.push({ file, line: entry.line, key: entry.key, ...problem });
  }
  return problems;
}

function judge(scope: Scope, entry: IniEntry) {
  const name = entry.key.toUpperCase();
  if (KNOWN[scope].has(name)) return null;
  const number = /^(?:WEBHOOK_)?HEADER_(\d+)(?:_2|_MONITOR)?$/.exec(name)?.[1];
  if (number !== undefined && KNOWN[scope].has(name.replace(/_\d+/, "_n"))) {
    if (/^[1-9]\d*$/.test(number) && Number(number) <= HEADERS_MAX) return null;
    const found = `number ${number.slice(0, 9)}`;
    return { severity: "error" as const, found, expected: `a number from 1 to ${HEADERS_MAX}` };
  }
  const near = nearest(name, scope);
  const elsewhere = (["top", "endpoint", "pbx"] as const).find((other) => KNOWN[other].has(name));
  const expected =
    elsewhere === undefined
      ? `a known key; nearest: ${near}`
      : `${name} ${PLACE[elsewhere]}, where it belongs; nearest here: ${near}`;
  return { severity: "warning" as const, found: "an unknown key, which is ignored", expected };
}

/** The known key that takes the fewest changes to reach. */
export function nearest(name: string, scope: Scope): string {
  const short = name.replace(NEEDLESS_PREFIX[scope], "");
  let best = { name: "", changes: Number.POSITIVE_INFINITY };
  for (const known of KNOWN[scope]) {
    const changes = Math.min(distance(name, known), distance(short, known));
    if (changes < best.changes) best = { name: known, changes };
  }
  return best.name;
}
