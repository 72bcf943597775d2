/** How an endpoint's body is written: its encoding and its template, which is tried before it is used. */

import { distance } from "fastest-levenshtein";
import { FACTS, factsOf } from "../events/facts.ts";
import { sampleEvents } from "../events/samples.ts";
import {
  parseTemplate,
  renderTemplate,
  type Template,
  type TemplateKind,
  type TemplateProblem,
} from "../events/template.ts";
import { messageOf } from "../util/messageOf.ts";
import type { EndpointConfig } from "./config.ts";
import { keys } from "./keys.ts";
import type { Place, SectionReader } from "./reader.ts";
import { decodeUtf8 } from "./utf8.ts";

const TEMPLATE_BYTES_MAX = 128 * 1024;
/** Any instant does: a template is tried, not sent. */
const SAMPLE_AT = Date.UTC(2026, 0, 1);

/** Allowed in a query, and hardly ever meant: a section takes POST = 0 from the top. */
const BEGINS_AS_JSON = /^\s*(\{(?!\{)|\[)/;

type Body = Pick<EndpointConfig, "encoding" | "template">;

export function defaultBody(method: EndpointConfig["method"]): Body {
  return { encoding: method === "POST" ? "json" : "query", template: null };
}

export async function readBody(
  reader: SectionReader,
  method: EndpointConfig["method"],
): Promise<Body> {
  const names = keys.endpoint;
  const fallback = defaultBody(method);
  const encoding = reader.get(names.encoding) ?? fallback.encoding;
  if (method === "GET" && encoding !== "query") {
    reader.error(names.encoding, encoding, "query, as POST = 0 sends no body");
  }
  const found = await readText(reader);
  if (found === null) return { encoding, template: null };
  if (encoding !== "json" && BEGINS_AS_JSON.test(found.text)) {
    const key = found.ofFile ? names.templateFile : names.template;
    const odd = method === "GET" ? "POST = 0 puts it into the query" : `ENCODING = ${encoding}`;
    const expected = "name={{fact}}&…, or for a body of JSON POST = 1 without ENCODING";
    reader.warning(key, `JSON, while ${odd}`, expected);
  }
  const problems = problemsOf(found.text, encoding);
  for (const problem of problems) {
    const line = found.ofFile ? problem.line : found.place.line;
    reader.errorAt({ ...found.place, line }, problem.found, withNearest(problem));
  }
  return { encoding, template: found.text };
}

interface FoundText {
  readonly text: string;
  readonly place: Place;
  /** Its lines are the file's. */
  readonly ofFile: boolean;
}

async function readText(reader: SectionReader): Promise<FoundText | null> {
  const names = keys.endpoint;
  const inline = reader.get(names.template);
  const named = reader.get(names.templateFile);
  if (inline !== null && named !== null) {
    reader.error(names.templateFile, "a second template", "TEMPLATE or TEMPLATE_FILE, not both");
  }
  if (inline !== null) return { text: inline, place: reader.place(names.template), ofFile: false };
  if (named === null) return null;
  const path = reader.path(named);
  const file = await reader.file(path);
  const expected = "a text file with the template";
  if (file.kind === "unread") {
    reader.error(names.templateFile, `${path}: ${file.why}`, expected);
    return null;
  }
  const decoded = decodeUtf8(file.bytes, TEMPLATE_BYTES_MAX);
  const text = decoded.kind === "lines" ? decoded.lines.join("\n").trimEnd() : "";
  if (decoded.kind === "bad" || text === "") {
    const found = decoded.kind === "bad" ? decoded.problem.found : "an empty file";
    reader.error(names.templateFile, `${path}: ${found}`, expected);
    return null;
  }
  const place = { file: path, line: 1, key: names.templateFile.name };
  return { text, place, ofFile: true };
}

function problemsOf(text: string, kind: TemplateKind): readonly TemplateProblem[] {
  const parsed = parseTemplate(text, kind);
  if (!parsed.ok) return parsed.problems;
  const problem = kind === "json" ? tried(parsed.template) : null;
  return problem === null ? [] : [problem];
}

/** Filled with every sample, and with nothing, it must be JSON. */
function tried(template: Template): TemplateProblem | null {
  const samples = sampleEvents("main", "UTC", SAMPLE_AT).map(factsOf);
  for (const facts of [...samples, new Map<string, string>()]) {
    try {
      JSON.parse(renderTemplate(template, facts));
    } catch (error) {
      const why = messageOf(error);
      const line = Number(/\(line (\d+)/.exec(why)?.[1] ?? 1);
      const event = facts.get("event") ?? "an event without facts";
      const found = `no JSON when filled with ${event}: ${why.slice(0, 120)}`;
      return { line, found, expected: "JSON, with {{fact}} for a string's content or a value" };
    }
  }
  return null;
}

function withNearest({ found, expected }: TemplateProblem): string {
  const name = /^\{\{\s*(?:url:|number:)?\s*([A-Za-z_]+)\s*\}\}$/.exec(found)?.[1];
  if (name === undefined) return expected;
  const far = (fact: string) => distance(name.toLowerCase(), fact);
  const [nearest = ""] = [...FACTS.keys()].toSorted((a, b) => far(a) - far(b));
  return FACTS.has(name.toLowerCase()) ? expected : `${expected}; nearest: ${nearest}`;
}
