/** Templates and URLs with places: whatever the facts are, what is around them stays. */
import { callUrl } from "../../src/config/webValues.ts";
import { FACTS } from "../../src/events/facts.ts";
import { parseTemplate, renderTemplate, type TemplateKind } from "../../src/events/template.ts";
import type { Chance } from "../simulation/random.ts";
import { anyText, check, mutated, type Target } from "./target.ts";

const NAMES = [...FACTS.keys()];

const place = (chance: Chance): string => {
  const name = chance.happens(0.97) ? chance.pick(NAMES) : chance.pick(["__proto__", "x.y", ""]);
  const filter = chance.weighed({ none: 9, url: 1, number: 1 });
  return `{{${filter === "none" ? "" : `${filter}:`}${name}}}`;
};

function facts(chance: Chance): Map<string, string> {
  return new Map(
    NAMES.map((name) => [
      name,
      chance.happens(0.2) ? String(chance.between(0, 999)) : anyText(chance, 6),
    ]),
  );
}

function jsonValue(chance: Chance, depth: number): string {
  switch (chance.between(0, depth > 2 ? 3 : 5)) {
    case 0:
      return place(chance);
    case 1:
      return `"${place(chance)}${chance.pick(["", " x", "\\\\", '\\"', "\\"])}${place(chance)}${chance.pick(["", "n"])}"`;
    case 2:
      return String(chance.between(0, 99));
    case 3:
      return '"{ }"';
    case 4:
      return `[${[1, 2].map(() => jsonValue(chance, depth + 1)).join(", ")}]`;
    default:
      return `{"a": ${jsonValue(chance, depth + 1)},\n"b":${jsonValue(chance, depth + 1)}}`;
  }
}

/** Objects, lists and their keys; what a value says is left out. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== "object" || value === null) return "value";
  return Object.entries(value).map(([key, each]) => [key, shape(each)]);
}

function parsedJson(text: string): unknown {
  try {
    return shape(JSON.parse(text));
  } catch {
    return null;
  }
}

function source(chance: Chance, kind: TemplateKind): string {
  const text =
    kind === "json"
      ? jsonValue(chance, 0)
      : Array.from({ length: chance.between(1, 4) }, (_, at) => `k${at}=${place(chance)}`).join(
          "&",
        );
  return chance.happens(0.3) ? mutated(chance, text) : text;
}

function tryBody(chance: Chance, kind: "json" | "form" | "query", say: (input: unknown) => void) {
  const text = source(chance, kind);
  const [first, second] = [facts(chance), facts(chance)];
  say({ kind, text, first: [...first], second: [...second] });
  const parsed = parseTemplate(text, kind);
  if (!parsed.ok) {
    const lines = text.split("\n").length;
    check(parsed.problems.length > 0, "refused without a problem");
    for (const { line } of parsed.problems) check(line >= 1 && line <= lines, `line ${line}`);
    return;
  }
  const [one, other, none] = [first, second, new Map<string, string>()].map((each) =>
    renderTemplate(parsed.template, each),
  );
  if (kind === "json") {
    const wanted = parsedJson(none ?? "");
    // What is no JSON is refused by the configuration, which tries it.
    if (wanted === null) return;
    for (const filled of [one, other]) {
      const got = JSON.stringify(parsedJson(filled ?? ""));
      // A key may be made of a fact, so keys are compared only where none is.
      const keysFixed = !/\{\{[^}]*\}\}[^"]*"\s*:/.test(text);
      check(got !== "null", "no JSON any more");
      if (keysFixed) check(got === JSON.stringify(wanted), "another structure");
    }
    return;
  }
  const names = (filled: string | undefined) =>
    (filled ?? "")
      .split("&")
      .map((pair) => pair.split("=").length)
      .join();
  check(names(one) === names(none) && names(other) === names(none), "other parameters");
  for (const filled of [one, other]) check(/^[\x21-\x7e]*$/.test(filled ?? ""), "not encoded");
}

function tryUrl(chance: Chance, say: (input: unknown) => void) {
  const path = [1, 2].map(() => chance.pick(["a", place(chance), `.${place(chance)}`, ".."]));
  const plain = `https://crm.example.com/${path.join("/")}?q=${place(chance)}`;
  const text = chance.happens(0.4) ? mutated(chance, plain) : plain;
  const filledBy = facts(chance);
  say({ text, facts: [...filledBy] });
  const checked = callUrl(text);
  if (!checked.ok || !text.includes("{{")) return;
  const url = new URL(checked.value);
  const parsed = parseTemplate(checked.value, "url");
  check(parsed.ok, "a URL that was taken has a template that is not");
  if (!parsed.ok) return;
  const filled = new URL(renderTemplate(parsed.template, filledBy));
  const segments = (of: URL) => of.pathname.split("/").length;
  const parameters = (of: URL) => of.search.split("&").length;
  check(filled.origin === url.origin && filled.username === "", `another host: ${filled.href}`);
  check(filled.hash === "", `a fragment: ${filled.href}`);
  check(segments(filled) === segments(url), `another path: ${filled.pathname}`);
  check(parameters(filled) === parameters(url), `other parameters: ${filled.search}`);
}

export const templates: Target = {
  name: "templates",
  holds: "no fact changes structure, parameters, host or path",
  share: 2,
  run(chance, say) {
    const kind = chance.pick(["json", "json", "form", "query", "url"] as const);
    if (kind === "url") tryUrl(chance, say);
    else tryBody(chance, kind, say);
  },
};
