/** What a fuzz target is, and pieces that several draw from. */
import { Chance, seedOf } from "../simulation/random.ts";

/** One case: draws its input and throws if something does not hold. A few words about it, for a failure. */
export type Case = (chance: Chance, say: (input: unknown) => void) => void | Promise<void>;

export interface Target {
  readonly name: string;
  /** What would be wrong: shown in the report. */
  readonly holds: string;
  /** Its part of all cases. */
  readonly share: number;
  /** Before the first case, and after the last. */
  readonly start?: () => Promise<void>;
  readonly stop?: () => Promise<void>;
  readonly run: Case;
}

export const chanceOf = (seed: number, name: string, index: number): Chance =>
  new Chance(seedOf(seed, name, index));

export function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** A machine that stalls takes none of it. */
export function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

const NASTY = [
  "\u0000",
  "\ufeff",
  "\u2028",
  "\ud800",
  "\udc00",
  "%00",
  "%2e%2e",
  "..",
  "/",
  "\\",
  '"',
  "'",
  "{{",
  "}}",
  "\r\n",
  "\n",
  "#",
  "?",
  "&",
  "=",
  ";",
  ",",
  "[",
  "]",
  "é",
  "☎",
  "①",
  "__proto__",
  "constructor",
  " ",
  "\t",
];

/** Text of letters, digits and what parsers stumble over. */
export function anyText(chance: Chance, lengthMax = 24): string {
  const pieces = Array.from({ length: chance.between(0, lengthMax) }, () =>
    chance.happens(0.5)
      ? chance.pick(NASTY)
      : String.fromCharCode(
          chance.happens(0.9) ? chance.between(32, 126) : chance.between(0, 65_535),
        ),
  );
  return pieces.join("");
}

/** Some of a text, with something in it changed. */
export function mutated(chance: Chance, text: string): string {
  const at = chance.between(0, text.length);
  const to = Math.min(text.length, at + chance.between(0, 4));
  return text.slice(0, at) + anyText(chance, 3) + text.slice(to);
}
