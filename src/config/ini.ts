/**
 * Bytes of an ini → its keys, each with the line that it stands on. Pure, and never throws.
 * Every report needs the line and a value may hold `;` or `#`; the npm package `ini` knows no
 * lines and cuts values at `;`, so it does not fit this format (docs/contract.md §5).
 * What must hold: every line is a comment, a section, a key or a problem; a problem never quotes a
 * line that could hold a secret.
 */
import { decodeUtf8 } from "./utf8.ts";

export const INI_BYTES_MAX = 1024 * 1024;
export const INI_LINE_CHARS_MAX = 16 * 1024;

export interface IniEntry {
  /** As written; compared in upper case. */
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

export interface IniSection {
  /**
   * `top` for the lines before the first header; `broken` for those under a header that is not
   * understood.
   */
  readonly kind: "top" | "pbx" | "endpoint" | "broken";
  readonly name: string;
  /** Line of the header, 0 for `top`. */
  readonly line: number;
  /** By the key in upper case. */
  readonly entries: ReadonlyMap<string, IniEntry>;
}

export interface IniProblem {
  readonly line: number;
  readonly key: string;
  readonly found: string;
  readonly expected: string;
}

export interface IniFile {
  /** The top first; none if the file is no text that can be read. */
  readonly sections: readonly IniSection[];
  readonly problems: readonly IniProblem[];
}

interface OpenSection extends IniSection {
  readonly entries: Map<string, IniEntry>;
}

const KEY_SHAPE = /^[A-Za-z][A-Za-z0-9_]{0,59}$/;
const HEADER_SHAPE = /^\[\s*(pbx|endpoint)\s*\.\s*([A-Za-z0-9_-]{1,40})\s*\]$/i;
/** Control characters other than the tab. */
const CONTROL_CHARS = /[^\t\P{Cc}]/u;

export function parseIni(bytes: Uint8Array): IniFile {
  const top: OpenSection = { kind: "top", name: "", line: 0, entries: new Map() };
  const sections = [top];
  const problems: IniProblem[] = [];
  const decoded = decodeUtf8(bytes, INI_BYTES_MAX);
  if (decoded.kind === "bad") return { sections: [], problems: [{ key: "", ...decoded.problem }] };

  let open = top;
  for (const [index, raw] of decoded.lines.entries()) {
    const line = index + 1;
    const text = raw.trim();
    if (text === "" || text.startsWith(";") || text.startsWith("#")) continue;
    const lineProblem = checkLine(text, line);
    if (lineProblem !== null) problems.push(lineProblem);
    else if (text.startsWith("[")) {
      open = openSection(text, line, sections, problems);
      sections.push(open);
    } else readEntry(text, line, open, problems);
  }
  return { sections, problems };
}

function checkLine(text: string, line: number): IniProblem | null {
  if (text.length > INI_LINE_CHARS_MAX) {
    const expected = `at most ${INI_LINE_CHARS_MAX} characters in a line`;
    return { line, key: "", found: `a line of ${text.length} characters`, expected };
  }
  if (CONTROL_CHARS.test(text)) {
    return { line, key: "", found: "a control character", expected: "printable text" };
  }
  return null;
}

function openSection(
  text: string,
  line: number,
  sections: readonly IniSection[],
  problems: IniProblem[],
): OpenSection {
  const header = HEADER_SHAPE.exec(text);
  const entries = new Map<string, IniEntry>();
  if (header === null) {
    problems.push({
      line,
      key: "",
      found: `the section ${quote(text)}`,
      expected:
        "[endpoint.NAME] or [pbx.NAME], NAME of 1 to 40 letters, digits, _ or -; " +
        "all other keys stand above the first of them, under no section",
    });
    return { kind: "broken", name: text, line, entries };
  }
  const kind = header[1]?.toLowerCase() === "pbx" ? "pbx" : "endpoint";
  const name = header[2] ?? "";
  const earlier = sections.find(
    (section) => section.kind === kind && section.name.toLowerCase() === name.toLowerCase(),
  );
  if (earlier === undefined) return { kind, name, line, entries };
  const found = `[${kind}.${name}] a second time`;
  const expected = `one section of that name; it begins on line ${earlier.line}`;
  problems.push({ line, key: "", found, expected });
  return { kind: "broken", name, line, entries };
}

function readEntry(text: string, line: number, open: OpenSection, problems: IniProblem[]): void {
  const at = text.indexOf("=");
  if (at < 0) {
    const found = `a line of ${text.length} characters without "="`;
    problems.push({ line, key: "", found, expected: "KEY = value, or a ; in front of a comment" });
    return;
  }
  const key = text.slice(0, at).trim();
  if (!KEY_SHAPE.test(key)) {
    const found = key === "" ? 'nothing before the "="' : 'a key that is no word before the "="';
    problems.push({ line, key: "", found, expected: "KEY = value, KEY of letters, digits and _" });
    return;
  }
  const earlier = open.entries.get(key.toUpperCase());
  if (earlier !== undefined) {
    const expected = `the key once; it stands on line ${earlier.line} already`;
    problems.push({ line, key, found: "the key a second time", expected });
    return;
  }
  open.entries.set(key.toUpperCase(), { key, value: unquote(text.slice(at + 1).trim()), line });
}

/** Quotes around a whole value are dropped; any other quote belongs to the value. */
function unquote(value: string): string {
  const first = value.at(0);
  const quoted = value.length >= 2 && (first === '"' || first === "'") && value.at(-1) === first;
  return quoted ? value.slice(1, -1) : value;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
