/**
 * Regular expressions that people write, matched in time linear in the text (the engine of RE2): none can hang
 * the process, whatever it and the text are. So no look-around and no back-references.
 */
import { RE2JS } from "re2js";

export const PATTERN_CHARS_MAX = 256;
/** Of the text that is looked at; no number of a phone is nearly as long. */
export const SUBJECT_CHARS_MAX = 256;

export interface Pattern {
  /** Whether it is found anywhere in the text. */
  foundIn(text: string): boolean;
}

/** Throws an error whose message says what is wrong with the pattern. */
export function compilePattern(source: string): Pattern {
  if (source.length > PATTERN_CHARS_MAX) {
    throw new Error(`longer than ${PATTERN_CHARS_MAX} characters`);
  }
  const compiled = RE2JS.compile(source);
  return { foundIn: (text) => compiled.matcher(text.slice(0, SUBJECT_CHARS_MAX)).find() };
}
