/**
 * Cuts a `$filter` or `$orderby` text into tokens. It is linear in the length of the text, and it
 * throws nothing but `ODataError`.
 */
import { badRequest } from "./error.ts";
import { parseDuration, parseInstant, type Value } from "./value.ts";

export type Token =
  | { readonly kind: "literal"; readonly value: Value; readonly at: number }
  | { readonly kind: "name"; readonly name: string; readonly at: number }
  | { readonly kind: "mark"; readonly mark: string; readonly at: number }
  | { readonly kind: "end"; readonly at: number };

const QUOTED = "'(?:[^']|'')*'";
const TOKEN = new RegExp(
  [
    "(?<space>\\s+)",
    `(?<text>${QUOTED})`,
    "(?<time>\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,12})?)?(?:Z|[+-]\\d\\d:\\d\\d))",
    "(?<day>\\d{4}-\\d\\d-\\d\\d)(?!\\d|T)",
    "(?<number>-?\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)(?![\\w.-])",
    `(?<typed>[A-Za-z_][\\w.]*)(?<content>${QUOTED})`,
    "(?<name>\\$?[A-Za-z_][\\w.]*)",
    "(?<mark>[(),/:])",
  ].join("|"),
  "iy",
);
export function unquote(quoted: string): string {
  return quoted.slice(1, -1).replaceAll("''", "'");
}

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found?.groups) throw badRequest(`Syntax error at position ${at} in '${excerpt(text)}'.`);
    const token = read(found.groups, at);
    if (token) tokens.push(token);
    at += found[0].length;
  }
  tokens.push({ kind: "end", at });
  return tokens;
}

function read(groups: Record<string, string | undefined>, at: number): Token | undefined {
  const { text, time, day, number, typed, content, name, mark } = groups;
  if (text !== undefined) return { kind: "literal", value: unquote(text), at };
  if (time !== undefined) return { kind: "literal", value: instant(time), at };
  if (day !== undefined) return { kind: "literal", value: dayOf(day), at };
  if (number !== undefined) return { kind: "literal", value: Number(number), at };
  if (typed !== undefined && content !== undefined) {
    return { kind: "literal", value: typedLiteral(typed, unquote(content)), at };
  }
  if (name === "true" || name === "false") return { kind: "literal", value: name === "true", at };
  if (name === "null") return { kind: "literal", value: null, at };
  if (name !== undefined) return { kind: "name", name, at };
  if (mark !== undefined) return { kind: "mark", mark, at };
  return undefined;
}

/** `duration'PT5S'` is a span; `Pbx.PeerType'Queue'` is an enum's member, which is its name. */
function typedLiteral(type: string, content: string): Value {
  if (type.toLowerCase() !== "duration") return content;
  const spanMs = parseDuration(content);
  if (spanMs === undefined) throw badRequest(`'${excerpt(content)}' is no duration.`);
  return { spanMs };
}

function instant(text: string): Value {
  const parsed = parseInstant(text);
  if (!parsed) throw badRequest(`'${text}' is no date and time.`);
  return parsed;
}

function dayOf(text: string): Value {
  if (!parseInstant(text)) throw badRequest(`'${text}' is no date.`);
  return { day: text };
}

const EXCERPT_CHARS = 80;

export function excerpt(text: string): string {
  return text.length > EXCERPT_CHARS ? `${text.slice(0, EXCERPT_CHARS)}…` : text;
}
