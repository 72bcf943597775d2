/**
 * The query options of a request: `$filter $orderby $select $expand $search $top $skip $count`, also
 * without the dollar sign. An option that OData reserves and XAPI does not take is refused; a query
 * parameter of the client's own, such as `access_token`, is left alone.
 */
import { badRequest } from "./error.ts";
import { type Expression, parseExpression } from "./expression.ts";
import { excerpt } from "./token.ts";

export interface Options {
  readonly filter: Expression | undefined;
  readonly orderby: readonly { readonly by: Expression; readonly descending: boolean }[];
  /** undefined = every property. */
  readonly select: readonly string[] | undefined;
  readonly expand: readonly Expansion[];
  /** Terms in lower case; a row must have them all. */
  readonly search: readonly string[];
  readonly top: number | undefined;
  readonly skip: number;
  readonly count: boolean;
}

export interface Expansion {
  readonly property: string;
  readonly options: Options;
}

export const EXPAND_DEPTH_MAX = 5;
export const LIST_ITEMS_MAX = 200;

const NAMES = ["filter", "orderby", "select", "expand", "search", "top", "skip", "count"] as const;
type Name = (typeof NAMES)[number];
const ALSO_IGNORED: ReadonlySet<string> = new Set(["format"]);

/** `query` is what follows the question mark, undecoded. */
export function parseQuery(query: string): Options {
  const given = new Map<Name, string>();
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const cut = pair.indexOf("=");
    const [rawName, rawValue] = cut < 0 ? [pair, ""] : [pair.slice(0, cut), pair.slice(cut + 1)];
    put(given, decode(rawName), decode(rawValue));
  }
  return optionsOf(given, 0);
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll("+", " "));
  } catch {
    throw badRequest(`The query text '${excerpt(raw)}' is not percent-encoded UTF-8.`);
  }
}

function put(given: Map<Name, string>, rawName: string, value: string): void {
  const dollar = rawName.startsWith("$");
  const bare = (dollar ? rawName.slice(1) : rawName).toLowerCase();
  const name = NAMES.find((known) => known === bare);
  if (!name) {
    if (!dollar || ALSO_IGNORED.has(bare)) return;
    throw badRequest(`The query parameter '${excerpt(rawName)}' is not supported.`);
  }
  if (given.has(name)) {
    throw badRequest(`Query option '$${name}' was specified more than once.`);
  }
  given.set(name, value);
}

function optionsOf(given: ReadonlyMap<Name, string>, depth: number): Options {
  const filter = given.get("filter");
  const select = given.get("select");
  const top = given.get("top");
  return {
    filter: filter === undefined ? undefined : parseExpression(filter),
    orderby: splitOutside(given.get("orderby") ?? "", ",").map(orderItem),
    select: select === undefined ? undefined : selection(select),
    expand: splitOutside(given.get("expand") ?? "", ",").map((item) => expansion(item, depth)),
    search: searchTerms(given.get("search") ?? ""),
    top: top === undefined ? undefined : wholeNumber("$top", top),
    skip: wholeNumber("$skip", given.get("skip") ?? "0"),
    count: flag("$count", given.get("count") ?? "false"),
  };
}

function orderItem(item: string): { by: Expression; descending: boolean } {
  const found = /^(.*?)(?:\s+(asc|desc))?$/is.exec(item);
  const by = parseExpression(found?.[1] ?? item);
  return { by, descending: found?.[2]?.toLowerCase() === "desc" };
}

/** `*` takes every property; of a path such as `Groups/Id` the first step counts. */
function selection(value: string): readonly string[] | undefined {
  const names = splitOutside(value, ",").map((item) => /^[^/(]*/.exec(item)?.[0] ?? item);
  return names.length === 0 || names.includes("*") ? undefined : names;
}

function expansion(item: string, depth: number): Expansion {
  if (depth >= EXPAND_DEPTH_MAX) {
    throw badRequest(`The expand is nested deeper than ${EXPAND_DEPTH_MAX} levels.`);
  }
  const found = /^([\w*]+)(?:\/[\w./$]+)?(?:\((.*)\))?$/s.exec(item);
  if (!found?.[1]) throw badRequest(`The $expand item '${excerpt(item)}' is not understood.`);
  const given = new Map<Name, string>();
  for (const part of splitOutside(found[2] ?? "", ";")) {
    const cut = part.indexOf("=");
    if (cut < 0) throw badRequest(`Expected option=value in $expand, got '${excerpt(part)}'.`);
    const name = part.slice(0, cut).trim();
    if (name !== "$levels") put(given, name, part.slice(cut + 1));
  }
  return { property: found[1], options: optionsOf(given, depth + 1) };
}

function searchTerms(value: string): string[] {
  const terms = value.match(/"[^"]*"|[^\s"]+/g) ?? [];
  return terms
    .slice(0, LIST_ITEMS_MAX)
    .map((term) => term.replaceAll('"', "").toLowerCase())
    .filter((term) => term !== "" && term !== "and");
}

function wholeNumber(option: string, value: string): number {
  const number = Number(value);
  if (/^\d{1,10}$/.test(value.trim()) && number <= 2 ** 31 - 1) return number;
  throw badRequest(`Invalid value '${excerpt(value)}' for ${option} query option found.`);
}

function flag(option: string, value: string): boolean {
  const word = value.trim().toLowerCase();
  if (word === "true" || word === "false") return word === "true";
  throw badRequest(`Invalid value '${excerpt(value)}' for ${option} query option found.`);
}

/** Splits at a mark that stands outside quotes and brackets; empty items are dropped. */
export function splitOutside(text: string, mark: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const char = text[at];
    if (char === "'") quoted = !quoted;
    else if (!quoted && char === "(") depth += 1;
    else if (!quoted && char === ")") depth -= 1;
    const ends = char === undefined || (char === mark && depth === 0 && !quoted);
    if (!ends) continue;
    items.push(text.slice(start, at).trim());
    start = at + 1;
    if (items.length > LIST_ITEMS_MAX) throw badRequest(`More than ${LIST_ITEMS_MAX} items.`);
  }
  return items.filter((item) => item !== "");
}
