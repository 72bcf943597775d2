/**
 * The log: pino, one JSON line for each thing. Lines of one turn of the event loop are written together: a write for
 * each costs several times what the line does. Must hold: when the process ends by itself, all lines are written.
 */
import { pino } from "pino";
import type { Config } from "../config/config.ts";
import { isoWriter } from "../util/isoTime.ts";

/** `destination`: a file by its name, or what is open already by its number. */
export function makeLogger(level: Config["logLevel"], destination: string | number) {
  const written = pino.destination({ dest: destination });
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length > 0) written.write(lines.join(""));
    lines = [];
  };
  // Before pino's own, which empties and closes what is behind.
  process.prependListener("exit", flush);
  const gathering = {
    write(line: string): void {
      if (lines.length === 0) setImmediate(flush);
      lines.push(line);
    },
  };
  const timeOf = isoWriter();
  const timestamp = () => `,"time":"${timeOf(Date.now())}"`;
  return pino({ level, base: null, timestamp }, gathering);
}
