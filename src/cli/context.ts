/** What every command is handed, and the few things that several of them do alike. */
import { InvalidArgumentError } from "commander";
import type { Config } from "../config/config.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { formatProblems } from "../config/report.ts";

export interface CliContext {
  /** Handed to config, the only room that reads it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
  /** What the process ends with if the command does not throw. */
  exitCode: number;
}

export interface Configured extends Loaded {
  readonly config: Config;
}

export const CONFIG_OPTION = [
  "--config <file>",
  "the ini; else ./TCXWebAPI.ini, else /etc/offhook/TCXWebAPI.ini",
] as const;

/**
 * Loads the configuration and prints its problems; null (and exit code 2) if it is wrong. Who routes nothing
 * sets Users.csv aside: the service may well run on with the former one.
 */
export async function configured(
  context: CliContext,
  file: string | undefined,
  users: "needed" | "aside" = "needed",
): Promise<Configured | null> {
  const loaded = await loadConfig({ file, env: context.env, cwd: context.cwd, users });
  const report = formatProblems(loaded.problems);
  if (report !== "") process.stderr.write(`${report}\n`);
  const { config } = loaded;
  if (config !== null) return { ...loaded, config };
  process.stderr.write("error: The configuration is wrong; nothing was done.\n");
  context.exitCode = 2;
  return null;
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process as usual. */
export function stopAsked(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const asked = (signal: NodeJS.Signals): void => {
      process.removeListener("SIGINT", asked);
      process.removeListener("SIGTERM", asked);
      resolve(signal);
    };
    process.on("SIGINT", asked);
    process.on("SIGTERM", asked);
  });
}

export function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

export function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Expected a port from 0 to 65535.");
}

const gap = "  ";
/** A last column narrower than this is not worth wrapping. */
const wrapCharsMin = 30;

/**
 * Rows in columns as wide as their widest cell. The last column wraps at `charsMax`; that is the terminal's
 * width, and none if the output goes to a file or a program, which would rather have one line for each row.
 */
export function table(
  rows: readonly (readonly string[])[],
  charsMax = process.stdout.columns ?? Number.POSITIVE_INFINITY,
): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: Math.max(0, columns - 1) }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const indent = widths.reduce((sum, width) => sum + width + gap.length, 0);
  return rows.flatMap((row) => {
    const head = widths.map((width, column) => (row[column] ?? "").padEnd(width) + gap).join("");
    const lines = wrapped(row[widths.length] ?? "", Math.max(wrapCharsMin, charsMax - indent));
    return lines.map((line, at) => (at === 0 ? head + line : " ".repeat(indent) + line).trimEnd());
  });
}

/** Breaks at spaces; a longer word stays whole. */
function wrapped(text: string, charsMax: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= charsMax) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
