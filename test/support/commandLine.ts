/** The command line of a long run or a bench, such as `npm run soak -- --seeds 100`. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { messageOf } from "../../src/util/messageOf.ts";

type Range = { readonly least?: number; readonly most?: number; readonly whole?: boolean };

export interface CommandLine<Name extends string> {
  readonly values: Readonly<Record<Name, string>>;
  /** What was said without an option's name. */
  readonly words: readonly string[];
  /** A whole number from 1 on, unless told otherwise. */
  numberOf(name: Name, range?: Range): number;
  /** Of something else that was said: a way that leads on, and the end. */
  refuse(message: string): never;
}

interface Said {
  /** By default what was said to this process. */
  readonly args?: readonly string[];
  /** Words without an option's name are no mistake. */
  readonly takesWords?: boolean;
}

/**
 * What was said to the run in the file `moduleUrl`, and the defaults. `--help` prints the comment at the head of that
 * file; so does what cannot be understood, with exit code 2.
 */
export function commandLine<Name extends string>(
  moduleUrl: string,
  defaults: Readonly<Record<Name, string>>,
  { args = process.argv.slice(2), takesWords = false }: Said = {},
): CommandLine<Name> {
  const usage = headOf(readFileSync(new URL(moduleUrl), "utf8"));
  const refuse = (message: string): never => {
    console.error(`${message}\n\n${usage}`);
    process.exit(2);
  };
  const values: Record<Name, string> = { ...defaults };
  const named = Object.keys(defaults).map((name) => [name, { type: "string" }] as const);
  const parsed = attempt(() => {
    const options = {
      ...Object.fromEntries(named),
      help: { type: "boolean", short: "h" },
    } as const;
    return parseArgs({ args: [...args], allowPositionals: takesWords, options });
  }, refuse);
  for (const [name, said] of Object.entries(parsed.values)) {
    if (name === "help") {
      console.log(usage);
      process.exit(0);
    }
    values[name as Name] = String(said);
  }
  return {
    values,
    words: parsed.positionals,
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

function attempt<T>(work: () => T, refuse: (message: string) => never): T {
  try {
    return work();
  } catch (error) {
    return refuse(messageOf(error));
  }
}

/** The comment that a file begins with, without its marks. */
function headOf(source: string): string {
  const [, comment = ""] = /^\/\*\*(.*?)\*\//s.exec(source) ?? [];
  return comment.replace(/^[ \t]*\*? ?/gm, "").trim();
}
