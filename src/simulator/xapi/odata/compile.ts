/**
 * Turns a parsed expression into a function of a row, and checks it against the entity type while
 * doing so: unknown properties, unknown functions and comparisons across kinds are refused before
 * any row is looked at. Null follows OData: only `eq` and `ne` look at it, `and`, `or` and `not`
 * pass it on, and a filter keeps a row only for `true`.
 */
import { assertNever } from "../../../util/assertNever.ts";
import { badRequest } from "./error.ts";
import type { Expression } from "./expression.ts";
import { callFunction } from "./functions.ts";
import type { EntityType, Kind, Row } from "./schema.ts";
import { holds, parseDuration, parseInstant, type Value } from "./value.ts";

/** What an expression yields; `open` fits everything. */
export type Yield = Kind | "day" | "open";

export interface Compiled {
  readonly yields: Yield;
  read(scope: Scope): unknown;
}

export interface Scope {
  readonly row: Row;
  readonly variables: ReadonlyMap<string, unknown>;
}

export interface CompileContext {
  /** Absent for related entities, into which we do not look. */
  readonly type: EntityType | undefined;
  readonly nowMs: number;
  readonly variables?: ReadonlySet<string>;
}

export function compilePredicate(
  expression: Expression,
  context: CompileContext,
): (row: Row) => boolean {
  const compiled = compile(expression, context);
  expectYield(compiled.yields, "flag", "a filter");
  return (row) => compiled.read({ row, variables: new Map() }) === true;
}

export function compile(expression: Expression, context: CompileContext): Compiled {
  switch (expression.kind) {
    case "literal":
      return literal(expression.value);
    case "path":
      return path(expression.names, context);
    case "count": {
      const over = path(expression.names, context);
      return { yields: "number", read: (scope) => listOf(over.read(scope)).length };
    }
    case "call":
      return call(expression.name, expression.args, context);
    case "compare": {
      const left = compile(expression.left, context);
      const right = compile(expression.right, context);
      expectComparable(left.yields, right.yields);
      const { op } = expression;
      return { yields: "flag", read: (scope) => holds(op, left.read(scope), right.read(scope)) };
    }
    case "in":
      return membership(expression.left, expression.items, context);
    case "and":
    case "or":
      return junction(expression.kind, expression.left, expression.right, context);
    case "not": {
      const operand = compile(expression.operand, context);
      expectYield(operand.yields, "flag", "'not'");
      return {
        yields: "flag",
        read: (scope) => {
          const value = operand.read(scope);
          return typeof value === "boolean" ? !value : null;
        },
      };
    }
    case "any":
    case "all":
      return quantifier(expression.kind, expression.names, expression.each, context);
    default:
      return assertNever(expression);
  }
}

function literal(value: Value): Compiled {
  return { yields: yieldOf(value), read: () => value };
}

function yieldOf(value: Value): Yield {
  if (value === null) return "open";
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "flag";
  if ("instantMs" in value) return "time";
  return "day" in value ? "day" : "duration";
}

function path(names: readonly string[], context: CompileContext): Compiled {
  const [first = "", ...rest] = names;
  if (first === "$it" || context.variables?.has(first)) {
    return {
      yields: "open",
      read: (scope) => walk(first === "$it" ? scope.row : scope.variables.get(first), rest),
    };
  }
  const kind = kindOf(first, context.type);
  const yields = rest.length > 0 ? "open" : kind;
  return { yields, read: (scope) => typed(walk(own(scope.row, first), rest), yields) };
}

function kindOf(property: string, type: EntityType | undefined): Yield {
  if (!type) return "open";
  const kind = type.kinds.get(property);
  if (kind) return kind;
  throw badRequest(`Could not find a property named '${property}' on type 'Pbx.${type.name}'.`);
}

function walk(start: unknown, names: readonly string[]): unknown {
  let value = start;
  for (const name of names) value = own(value, name);
  return value ?? null;
}

function own(holder: unknown, name: string): unknown {
  if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, name)) return null;
  return (holder as Row)[name] ?? null;
}

/** Wire texts of times and durations become values that compare by time, not by letter. */
function typed(value: unknown, yields: Yield): unknown {
  if (typeof value !== "string") return value;
  if (yields === "time") return parseInstant(value) ?? null;
  if (yields !== "duration") return value;
  const spanMs = parseDuration(value);
  return spanMs === undefined ? null : { spanMs };
}

function call(name: string, args: readonly Expression[], context: CompileContext): Compiled {
  return callFunction(
    name,
    args.map((arg) => compile(arg, context)),
    context.nowMs,
  );
}

function membership(
  operand: Expression,
  items: readonly Expression[],
  context: CompileContext,
): Compiled {
  const left = compile(operand, context);
  const candidates = items.map((item) => compile(item, context));
  for (const candidate of candidates) expectComparable(left.yields, candidate.yields);
  return {
    yields: "flag",
    read(scope) {
      const value = left.read(scope);
      return candidates.some((candidate) => holds("eq", value, candidate.read(scope)));
    },
  };
}

function junction(
  kind: "and" | "or",
  leftSide: Expression,
  rightSide: Expression,
  context: CompileContext,
): Compiled {
  const left = compile(leftSide, context);
  const right = compile(rightSide, context);
  for (const side of [left, right]) expectYield(side.yields, "flag", `'${kind}'`);
  const deciding = kind === "or";
  return {
    yields: "flag",
    read(scope) {
      const first = left.read(scope);
      if (first === deciding) return deciding;
      const second = right.read(scope);
      if (second === deciding) return deciding;
      return typeof first === "boolean" && typeof second === "boolean" ? !deciding : null;
    },
  };
}

function quantifier(
  kind: "any" | "all",
  names: readonly string[],
  each: { variable: string; body: Expression } | undefined,
  context: CompileContext,
): Compiled {
  const over = path(names, context);
  if (!each) {
    if (kind === "all") throw badRequest("'all' needs a predicate.");
    return { yields: "flag", read: (scope) => listOf(over.read(scope)).length > 0 };
  }
  const { variable, body } = each;
  const inner = { ...context, variables: new Set([...(context.variables ?? []), variable]) };
  const predicate = compile(body, inner);
  expectYield(predicate.yields, "flag", `'${kind}'`);
  return {
    yields: "flag",
    read(scope) {
      const test = (item: unknown): boolean => {
        const variables = new Map(scope.variables).set(variable, item);
        return predicate.read({ row: scope.row, variables }) === true;
      };
      const list = listOf(over.read(scope));
      return kind === "any" ? list.some(test) : list.every(test);
    },
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function expectYield(actual: Yield, wanted: Yield, where: string): void {
  if (actual === wanted || actual === "open") return;
  throw badRequest(`Expected a value of kind ${wanted} for ${where}, got ${actual}.`);
}

function expectComparable(left: Yield, right: Yield): void {
  const timely = (kind: Yield): boolean => kind === "time" || kind === "day";
  if (left === right || left === "open" || right === "open" || (timely(left) && timely(right))) {
    return;
  }
  throw badRequest(
    "A binary operator with incompatible types was detected. " +
      `Found operand types '${left}' and '${right}'.`,
  );
}
