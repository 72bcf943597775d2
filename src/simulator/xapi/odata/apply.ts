/**
 * Query options over rows: which rows, in which order, and how each is written.
 */
import { type CompileContext, compile, compilePredicate } from "./compile.ts";
import { badRequest } from "./error.ts";
import type { Options } from "./options.ts";
import type { EntityType, Row } from "./schema.ts";
import { compareValues } from "./value.ts";

export interface ApplyRules {
  readonly type: EntityType | undefined;
  readonly nowMs: number;
  /** A larger `$top` is refused with 400. */
  readonly topMax: number;
  /** The report quirk: the page is cut first, then filtered, and the count is the page's. */
  readonly pageBeforeFilter?: boolean;
  /** Reports leave out properties that are null. */
  readonly omitNulls?: boolean;
}

export interface Page {
  readonly rows: Row[];
  /** Present when `$count=true` asked for it. */
  readonly count: number | undefined;
}

export function applyOptions(rows: readonly Row[], options: Options, rules: ApplyRules): Page {
  const { top, skip } = options;
  if (top !== undefined && top > rules.topMax) {
    throw badRequest(
      `The limit of '${rules.topMax}' for Top query has been exceeded. ` +
        `The value from the incoming request is '${top}'.`,
    );
  }
  const write = writer(options, rules);
  const keeps = matcher(options, rules);
  const ordered = (list: readonly Row[]): readonly Row[] =>
    options.orderby.length === 0 ? list : list.toSorted(order(options, rules));
  const cut = (list: readonly Row[]): Row[] =>
    list.slice(skip, top === undefined ? undefined : skip + top);
  if (rules.pageBeforeFilter) {
    const page = cut(ordered(rows)).filter(keeps);
    return { rows: page.map(write), count: options.count ? page.length : undefined };
  }
  const found = rows.filter(keeps);
  return { rows: cut(ordered(found)).map(write), count: options.count ? found.length : undefined };
}

/** `$select` and `$expand` alone, as they apply to a single entity. */
export function writeEntity(row: Row, options: Options, rules: ApplyRules): Row {
  return writer(options, rules)(row);
}

function matcher(options: Options, rules: ApplyRules): (row: Row) => boolean {
  const context: CompileContext = { type: rules.type, nowMs: rules.nowMs };
  const filter = options.filter ? compilePredicate(options.filter, context) : () => true;
  return (row) => filter(row) && options.search.every((term) => hasTerm(row, term));
}

function hasTerm(row: Row, term: string): boolean {
  return Object.values(row).some(
    (value) => typeof value === "string" && value.toLowerCase().includes(term),
  );
}

/** Nulls come first; rows that compare equal keep their order. */
function order(options: Options, rules: ApplyRules): (a: Row, b: Row) => number {
  const variables = new Map<string, unknown>();
  const keys = options.orderby.map(({ by, descending }) => ({
    key: compile(by, { type: rules.type, nowMs: rules.nowMs }),
    sign: descending ? -1 : 1,
  }));
  return (a, b) => {
    for (const { key, sign } of keys) {
      const left = key.read({ row: a, variables });
      const right = key.read({ row: b, variables });
      const outcome =
        left === null || right === null
          ? Number(left !== null) - Number(right !== null)
          : (compareValues(left, right) ?? 0);
      if (outcome !== 0) return outcome * sign;
    }
    return 0;
  };
}

function writer(options: Options, rules: ApplyRules): (row: Row) => Row {
  const { type } = rules;
  for (const property of options.select ?? []) expectProperty(property, type);
  const expanded = new Map(
    options.expand.map(({ property, options: inner }) => [property, related(inner, rules)]),
  );
  for (const property of expanded.keys()) expectNavigation(property, type);
  const selected = options.select && new Set(options.select);
  const hasNav = type !== undefined && [...type.kinds.values()].includes("nav");
  if (!hasNav && !selected && !rules.omitNulls) return (row) => row;
  return (row) => {
    const written: Row = {};
    for (const [property, value] of Object.entries(row)) {
      const write = expanded.get(property) ?? expanded.get("*");
      const nav = type?.kinds.get(property) === "nav";
      if (nav) {
        if (write) written[property] = write(value);
        continue;
      }
      if (selected && !selected.has(property)) continue;
      if (value === null && rules.omitNulls) continue;
      written[property] = value;
    }
    return written;
  };
}

/** How an expanded property is written: a collection with its own options, or one entity. */
function related(options: Options, rules: ApplyRules): (value: unknown) => unknown {
  const inner: ApplyRules = { type: undefined, nowMs: rules.nowMs, topMax: rules.topMax };
  return (value) => {
    if (Array.isArray(value)) return applyOptions(value.filter(isRow), options, inner).rows;
    return isRow(value) ? writeEntity(value, options, inner) : (value ?? null);
  };
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function expectProperty(property: string, type: EntityType | undefined): void {
  if (!type || type.kinds.has(property)) return;
  throw badRequest(`Could not find a property named '${property}' on type 'Pbx.${type.name}'.`);
}

function expectNavigation(property: string, type: EntityType | undefined): void {
  if (property === "*" || !type) return;
  expectProperty(property, type);
  if (type.kinds.get(property) === "nav") return;
  throw badRequest(
    `Property '${property}' on type 'Pbx.${type.name}' is not a navigation property.`,
  );
}
