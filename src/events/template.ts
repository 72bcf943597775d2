/**
 * A body, query or URL with `{{fact}}` in it (docs/webhooks.md#templates). Pure.
 * Must hold: whatever the facts say, they fill their places and change nothing around them: the structure of
 * the JSON, the number of parameters, the path's segments are the template's. There is no code in it, and no
 * way to anything but the facts.
 * Where a place stands decides how it is filled: inside a JSON string as its content, as a JSON value with
 * its quotes, percent-encoded elsewhere.
 */
import { FACTS, type Facts } from "./facts.ts";
import { percentEncode } from "./render.ts";

export type TemplateKind = "json" | "form" | "query" | "url";

export const TEMPLATE_CHARS_MAX = 32 * 1024;
export const PLACES_MAX = 200;
/** Of one fact; a longer one is cut. */
export const FACT_CHARS_MAX = 64 * 1024;

/** How a fact is written at its place. */
type Writing = "string" | "value" | "number" | "percent" | "segment";

interface Place {
  readonly fact: string;
  readonly writing: Writing;
}

export interface Template {
  readonly kind: TemplateKind;
  readonly parts: readonly (string | Place)[];
}

/** `found` and `expected` as in a problem of the configuration; `line` from 1. */
export interface TemplateProblem {
  readonly line: number;
  readonly found: string;
  readonly expected: string;
}

export type ParsedTemplate =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly problems: readonly TemplateProblem[] };

const PLACE = /\{\{([^{}]*)\}\}/g;
const PLACE_SHAPE = /^\s*(?:(url|number)\s*:)?\s*([A-Za-z_]{1,40})\s*$/;
/** What may stand in a query or form as it is; the rest must be percent-encoded by who writes it. */
const URL_TEXT = /^[\x21\x22\x24-\x7e]*$/;

export function parseTemplate(text: string, kind: TemplateKind): ParsedTemplate {
  if (text.length > TEMPLATE_CHARS_MAX) {
    const expected = `at most ${TEMPLATE_CHARS_MAX} characters`;
    return { ok: false, problems: [{ line: 1, found: `${text.length} characters`, expected }] };
  }
  const parser = new Parser(text, kind);
  const parts = parser.parts();
  const { problems } = parser;
  return problems.length > 0 ? { ok: false, problems } : { ok: true, template: { kind, parts } };
}

/** Whether a text has places at all. */
export function hasPlaces(text: string): boolean {
  return text.includes("{{");
}

export function renderTemplate({ parts }: Template, facts: Facts): string {
  return parts.map((part) => (typeof part === "string" ? part : write(part, facts))).join("");
}

function write({ fact, writing }: Place, facts: Facts): string {
  const text = (facts.get(fact) ?? "").slice(0, FACT_CHARS_MAX).toWellFormed();
  switch (writing) {
    case "string":
      return jsonString(text).slice(1, -1);
    case "value":
      return jsonString(text);
    case "number":
      return /^\d{1,15}$/.test(text) ? String(Number(text)) : "null";
    case "percent":
      return percentEncode(text);
    case "segment":
      // "." and ".." cannot be encoded: a URL's parser takes %2e for the dot that it means.
      return /^\.+$/.test(text) ? "_".repeat(text.length) : percentEncode(text);
  }
}

/** JSON is also read as JavaScript by old receivers, which end a string at these two. */
function jsonString(text: string): string {
  return JSON.stringify(text)
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");
}

class Parser {
  readonly problems: TemplateProblem[] = [];
  readonly #text: string;
  readonly #kind: TemplateKind;
  /** In JSON: inside a string, and right after a backslash there. */
  #inString = false;
  #escaped = false;
  /** In a URL: behind the `?`. */
  #inQuery = false;
  /** What stood last but for blanks. */
  #before = "";

  constructor(text: string, kind: TemplateKind) {
    this.#text = text;
    this.#kind = kind;
  }

  parts(): (string | Place)[] {
    const parts: (string | Place)[] = [];
    let from = 0;
    let places = 0;
    for (const match of this.#text.matchAll(PLACE)) {
      parts.push(this.#literal(from, match.index));
      from = match.index + match[0].length;
      const place = this.#place(match.index, match[0], from);
      if (place !== null) parts.push(place);
      places += 1;
    }
    parts.push(this.#literal(from, this.#text.length));
    if (places > PLACES_MAX) {
      this.#problem(0, `${places} places`, `at most ${PLACES_MAX} places {{…}}`);
    }
    return parts.filter((part) => part !== "");
  }

  /** Follows the text between two places. */
  #literal(from: number, to: number): string {
    const text = this.#text.slice(from, to);
    const open = text.indexOf("{{");
    if (open >= 0) this.#problem(from + open, "{{ without }}", "a fact and }} behind it");
    if (this.#kind === "json") this.#followJson(text);
    else if (this.#kind === "url") this.#inQuery ||= text.includes("?");
    else if (!URL_TEXT.test(text)) {
      const at = from + Math.max(0, text.search(/[^\x21\x22\x24-\x7e]/));
      const expected = "printable ASCII without blanks and #; write others percent-encoded";
      this.#problem(at, JSON.stringify(this.#text.charAt(at)), expected);
    }
    return text;
  }

  #followJson(text: string): void {
    for (const character of text) {
      if (this.#escaped) this.#escaped = false;
      else if (this.#inString && character === "\\") this.#escaped = true;
      else if (character === '"') this.#inString = !this.#inString;
      if (!/\s/.test(character)) this.#before = character;
    }
  }

  #place(at: number, shown: string, end: number): Place | null {
    const parts = PLACE_SHAPE.exec(shown.slice(2, -2));
    const fact = parts?.[2]?.toLowerCase() ?? "";
    const type = FACTS.get(fact);
    if (type === undefined) {
      const found = shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
      this.#problem(at, found, "{{fact}}, {{url:fact}} or {{number:fact}} with a known fact");
      return null;
    }
    const filter = parts?.[1];
    if (filter === "number" && (type !== "number" || this.#kind !== "json" || this.#inString)) {
      const numbers = [...FACTS].filter(([, each]) => each === "number").map(([name]) => name);
      const expected = `number: outside quotes in JSON, with one of ${numbers.join(", ")}`;
      this.#problem(at, shown, expected);
    }
    if (this.#kind === "url") return { fact, writing: this.#inQuery ? "percent" : "segment" };
    if (this.#kind !== "json") return { fact, writing: "percent" };
    return { fact, writing: this.#jsonWriting(at, shown, end, filter) };
  }

  #jsonWriting(at: number, shown: string, end: number, filter: string | undefined): Writing {
    if (this.#inString) {
      if (this.#escaped) this.#problem(at, `\\ before ${shown}`, "no backslash there");
      this.#escaped = false;
      return filter === "url" ? "percent" : "string";
    }
    const after = /\S/.exec(this.#text.slice(end))?.[0] ?? "";
    if (!["", ":", ",", "["].includes(this.#before) || !["", ",", "]", "}"].includes(after)) {
      this.#problem(at, `${shown} as a part of something`, "a whole value there, or quotes around");
    }
    this.#before = "0";
    if (filter === "url") this.#problem(at, shown, "url: inside quotes alone");
    return filter === "number" ? "number" : "value";
  }

  #problem(at: number, found: string, expected: string): void {
    const line = this.#text.slice(0, at).split("\n").length;
    this.problems.push({ line, found, expected });
  }
}
