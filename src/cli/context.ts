/** What every command is handed, and the few things that several of them do alike. */
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

/** Loads the configuration and prints its problems; null (and exit code 2) if it is wrong. */
export async function configured(
  context: CliContext,
  file: string | undefined,
): Promise<Configured | null> {
  const loaded = await loadConfig({ file, env: context.env, cwd: context.cwd });
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

/** Rows in columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
