/** The command line of a long run, such as `npm run soak -- --seeds 100`. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { messageOf } from "../../src/util/messageOf.ts";

type Range = { readonly least?: number; readonly most?: number; readonly whole?: boolean };

export interface CommandLine<Name extends string> {
  readonly values: Readonly<Record<Name, string>>;
  /** A whole number from 1 on, unless told otherwise. */
  numberOf(name: Name, range?: Range): number;
  /** Of something else that was said: a way that leads on, and the end. */
  refuse(message: string): never;
}

/**
 * What was said to the run in the file `moduleUrl`, and the defaults. `--help` prints the comment at the head of that
 * file; so does what cannot be understood, with exit code 2.
 */
export function commandLine<Name extends string>(
  moduleUrl: string,
  defaults: Readonly<Record<Name, string>>,
): CommandLine<Name> {
  const usage = headOf(readFileSync(new URL(moduleUrl), "utf8"));
  const refuse = (message: string): never => {
    console.error(`${message}\n\n${usage}`);
    process.exit(2);
  };
  const values: Record<Name, string> = { ...defaults };
  for (const [name, said] of read(Object.keys(defaults), refuse)) {
    if (name === "help") {
      console.log(usage);
      process.exit(0);
    }
    values[name as Name] = said;
  }
  return {
    values,
    refuse,
    numberOf(name, { least = 1, most = Number.MAX_SAFE_INTEGER, whole = true } = {}) {
      const number = values[name].trim() === "" ? Number.NaN : Number(values[name]);
      const isRight = whole ? Number.isSafeInteger(number) : Number.isFinite(number);
      if (isRight && number >= least && number <= most) return number;
      const upTo = most === Number.MAX_SAFE_INTEGER ? "on" : `to ${most}`;
      const kind = whole ? "a whole number" : "a number";
      return refuse(
        `Expected --${name} to be ${kind} from ${least} ${upTo}, got "${values[name]}".`,
      );
    },
  };
}

function read(names: readonly string[], refuse: (message: string) => never): [string, string][] {
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" }] as const));
  try {
    const { values } = parseArgs({
      options: { ...options, help: { type: "boolean", short: "h" } },
    });
    return Object.entries(values).map(([name, value]) => [name, String(value)]);
  } catch (error) {
    return refuse(messageOf(error));
  }
}

/** The comment that a file begins with, without its marks. */
function headOf(source: string): string {
  const [, comment = ""] = /^\/\*\*(.*?)\*\//s.exec(source) ?? [];
  return comment.replace(/^[ \t]*\*? ?/gm, "").trim();
}
