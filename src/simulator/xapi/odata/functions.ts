/**
 * The canonical functions a filter may call, as a table: what each takes, what it yields, what it
 * does. An argument that is null makes the result null.
 */
import type { Compiled, Yield } from "./compile.ts";
import { badRequest } from "./error.ts";
import { dayOfInstant, instantIn } from "./value.ts";

interface CanonicalFunction {
  readonly takes: readonly Yield[];
  /** How many of the arguments may be left out. */
  readonly optional?: number;
  readonly yields: Yield;
  apply(args: readonly unknown[]): unknown;
}

const text = (value: unknown): string => String(value);

function texts(yields: Yield, apply: (a: string, b: string) => unknown): CanonicalFunction {
  return { takes: ["text", "text"], yields, apply: ([a, b]) => apply(text(a), text(b)) };
}

function oneText(yields: Yield, apply: (a: string) => unknown): CanonicalFunction {
  return { takes: ["text"], yields, apply: ([a]) => apply(text(a)) };
}

function rounding(apply: (value: number) => number): CanonicalFunction {
  return { takes: ["number"], yields: "number", apply: ([a]) => apply(Number(a)) };
}

function datePart(part: (date: Date) => number): CanonicalFunction {
  return {
    takes: ["time"],
    yields: "number",
    apply: ([a]) => {
      const instant = instantIn(a);
      return instant ? part(new Date(instant.instantMs)) : null;
    },
  };
}

const FUNCTIONS: ReadonlyMap<string, CanonicalFunction> = new Map<string, CanonicalFunction>([
  ["contains", texts("flag", (a, b) => a.includes(b))],
  ["startswith", texts("flag", (a, b) => a.startsWith(b))],
  ["endswith", texts("flag", (a, b) => a.endsWith(b))],
  ["indexof", texts("number", (a, b) => a.indexOf(b))],
  ["concat", texts("text", (a, b) => a + b)],
  ["tolower", oneText("text", (a) => a.toLowerCase())],
  ["toupper", oneText("text", (a) => a.toUpperCase())],
  ["trim", oneText("text", (a) => a.trim())],
  ["length", oneText("number", (a) => a.length)],
  [
    "substring",
    {
      takes: ["text", "number", "number"],
      optional: 1,
      yields: "text",
      apply: ([a, from, length]) =>
        text(a).substring(
          Number(from),
          length === undefined ? undefined : Number(from) + Number(length),
        ),
    },
  ],
  ["round", rounding(Math.round)],
  ["floor", rounding(Math.floor)],
  ["ceiling", rounding(Math.ceil)],
  [
    "date",
    {
      takes: ["time"],
      yields: "day",
      apply: ([a]) => {
        const instant = instantIn(a);
        return instant ? { day: dayOfInstant(instant) } : null;
      },
    },
  ],
  ["year", datePart((date) => date.getUTCFullYear())],
  ["month", datePart((date) => date.getUTCMonth() + 1)],
  ["day", datePart((date) => date.getUTCDate())],
  ["hour", datePart((date) => date.getUTCHours())],
  ["minute", datePart((date) => date.getUTCMinutes())],
  ["second", datePart((date) => date.getUTCSeconds())],
]);

export function callFunction(name: string, args: readonly Compiled[], nowMs: number): Compiled {
  if (name === "now" && args.length === 0) {
    return { yields: "time", read: () => ({ instantMs: nowMs }) };
  }
  const found = FUNCTIONS.get(name);
  if (!found) throw badRequest(`An unknown function with name '${name}' was found.`);
  const { takes, yields, apply, optional = 0 } = found;
  if (args.length > takes.length || args.length < takes.length - optional) {
    throw badRequest(`'${name}' takes ${takes.length} argument(s), got ${args.length}.`);
  }
  for (const [index, arg] of args.entries()) {
    if (arg.yields === takes[index] || arg.yields === "open") continue;
    throw badRequest(
      `Argument ${index + 1} of '${name}' must be of kind ${takes[index]}, got ${arg.yields}.`,
    );
  }
  return {
    yields,
    read(scope) {
      const values = args.map((arg) => arg.read(scope));
      return values.some((value) => value === null) ? null : apply(values);
    },
  };
}
