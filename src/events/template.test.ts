/** Templates: what fills a place, what changes nothing around it, what is refused. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FACTS, factsOf } from "./facts.ts";
import { sampleEvents } from "./samples.ts";
import {
  FACT_CHARS_MAX,
  hasPlaces,
  PLACES_MAX,
  parseTemplate,
  renderTemplate,
  TEMPLATE_CHARS_MAX,
  type Template,
  type TemplateKind,
} from "./template.ts";

const AT = Date.UTC(2026, 10, 21, 2, 27, 1, 236);

function template(text: string, kind: TemplateKind): Template {
  const parsed = parseTemplate(text, kind);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.template;
}

const filled = (text: string, kind: TemplateKind, facts: Record<string, string>) =>
  renderTemplate(template(text, kind), new Map(Object.entries(facts)));

const problems = (text: string, kind: TemplateKind) => {
  const parsed = parseTemplate(text, kind);
  return parsed.ok ? [] : parsed.problems;
};

describe("a place is filled by where it stands", () => {
  const facts = { displayname: 'A "b"\\\n\u2028\u2029é&=', talkseconds: "75", did: "" };

  it("in JSON: a string's content, a value with its quotes, a number, a part of a URL", () => {
    const text =
      '{"s": "<{{displayname}}>", "v": {{ displayname }},\n "n":{{number:talkseconds}},"t":{{talkseconds}},' +
      ' "u": "https://x/?q={{url:displayname}}", "none": [{{number:links}}, {{did}}, "{{title}}"]}';
    const json = filled(text, "json", facts);
    expect(json).toContain("\\u2028\\u2029");
    expect(JSON.parse(json)).toEqual({
      s: `<${facts.displayname}>`,
      v: facts.displayname,
      n: 75,
      t: "75",
      u: "https://x/?q=A%20%22b%22%5C%0A%E2%80%A8%E2%80%A9%C3%A9%26%3D",
      none: [null, "", ""],
    });
  });

  it("alone, as the whole body", () => {
    expect(filled("{{user}}", "json", { user: "101" })).toBe('"101"');
  });

  it("in forms, queries and URLs: percent-encoded, and in a path no dots alone", () => {
    expect(filled("n={{displayname}}&{{url:user}}=1", "form", { ...facts, user: "a b" })).toBe(
      "n=A%20%22b%22%5C%0A%E2%80%A8%E2%80%A9%C3%A9%26%3D&a%20b=1",
    );
    expect(filled("a={{USER}}", "query", { user: ".." })).toBe("a=..");
    const url = "https://x/{{user}}/{{did}}-{{callerid}}?u={{user}}";
    expect(filled(url, "url", { user: "..", callerid: "a/b" })).toBe("https://x/__/-a%2Fb?u=..");
  });

  it("by well-formed text, cut at its limit", () => {
    expect(filled("a={{user}}", "query", { user: "\ud800" })).toBe("a=%EF%BF%BD");
    const long = filled("{{user}}", "query", { user: "x".repeat(FACT_CHARS_MAX + 1) });
    expect(long).toHaveLength(FACT_CHARS_MAX);
  });

  it("whatever is in a value, the body around it stays", () => {
    const text = '{"a":{{displayname}},"b":["{{displayname}}{{user}}",{{user}}],"c":1}';
    const anything = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(anything, anything, (displayname, user) => {
        const [a, b] = [displayname.toWellFormed(), user.toWellFormed()];
        const got: unknown = JSON.parse(filled(text, "json", { displayname, user }));
        expect(got).toEqual({ a, b: [`${a}${b}`, b], c: 1 });
        const form = new URLSearchParams(
          filled("x={{displayname}}&y={{user}}", "form", { displayname, user }),
        );
        expect([...form]).toEqual([
          ["x", a],
          ["y", b],
        ]);
        const url = new URL(
          filled("https://h/p/{{displayname}}/q?z={{user}}", "url", { displayname, user }),
        );
        expect(url.pathname.split("/")).toHaveLength(4);
        expect([url.host, url.hash, url.searchParams.get("z")]).toEqual(["h", "", b]);
      }),
    );
  });
});

describe("a template is refused", () => {
  it.each([
    ['{"a":{{calerid}}}', "json", "{{calerid}}"],
    ['{"a":{{__proto__}}}', "json", "{{__proto__}}"],
    ['{"a":{{constructor}}}', "json", "{{constructor}}"],
    ['{"a":{{user.length}}}', "json", "{{user.length}}"],
    [`{"a":{{${"x".repeat(90)}}}}`, "json", `{{${"x".repeat(58)}…`],
    ['{"a":"\\{{user}}"}', "json", "\\ before {{user}}"],
    ['{"a":1{{user}}}', "json", "{{user}} as a part of something"],
    ['{"a":{{user}}1}', "json", "{{user}} as a part of something"],
    ['{"a":{{user}}{{did}}}', "json", "{{user}} as a part of something"],
    ["{{{user}}:1}", "json", "{{user}} as a part of something"],
    ['{"a":{{url:user}}}', "json", "{{url:user}}"],
    ['{"a":"{{number:link}}"}', "json", "{{number:link}}"],
    ['{"a":{{number:user}}}', "json", "{{number:user}}"],
    ["a={{number:link}}", "query", "{{number:link}}"],
    ["a={{user", "form", "{{ without }}"],
    ['{"a":"{{user}"}', "json", "{{ without }}"],
    ["a=b c", "query", '" "'],
    ["a=b#c", "query", '"#"'],
    ["a=é", "form", '"é"'],
  ] as const)("%s as %s: found %s", (text, kind, found) => {
    expect(problems(text, kind).map((problem) => problem.found)).toContain(found);
  });

  it("with the line of each problem, all at once", () => {
    const text = '{\n"a": {{x}},\n"b": "\\{{user}}",\n"c": {{y}}}';
    expect(problems(text, "json").map(({ line }) => line)).toEqual([2, 3, 4]);
  });

  it("when it is too long, or has too many places", () => {
    expect(problems("x".repeat(TEMPLATE_CHARS_MAX + 1), "form")).toHaveLength(1);
    expect(problems("{{user}}".repeat(PLACES_MAX + 1), "query")).toMatchObject([
      { found: "201 places" },
    ]);
    expect(problems("{{user}}".repeat(PLACES_MAX), "query")).toEqual([]);
  });

  it("but not for a brace more or less in JSON", () => {
    expect(problems('{"a":"{ \\"x\\\\","b":{"c":{{user}}}}', "json")).toEqual([]);
  });
});

it("tells whether there is anything to fill", () => {
  expect(hasPlaces("https://x/{{user}}")).toBe(true);
  expect(hasPlaces("https://x/{user}")).toBe(false);
});

describe("the facts of the samples", () => {
  const samples = sampleEvents("main", "Europe/Prague", AT);

  it("are known ones, and all of the known ones", () => {
    const told = new Set(samples.flatMap((event) => [...factsOf(event).keys()]));
    expect([...told].toSorted()).toEqual([...FACTS.keys()].toSorted());
  });

  it("that count as numbers are digits", () => {
    const numbers = [...FACTS].filter(([, type]) => type === "number").map(([name]) => name);
    for (const facts of samples.map(factsOf)) {
      for (const name of numbers) expect(facts.get(name) ?? "").toMatch(/^\d*$/);
    }
  });

  it("say the same as the profile classic, and more", () => {
    const ended = samples.filter(({ kind }) => kind === "ended").map(factsOf);
    expect(Object.fromEntries(ended[0] ?? [])).toMatchObject({
      event: "incoming",
      id: "261121032701_1-1",
      callid: "261121032701_1",
      title: "Offhook test:Answered call from 420777000001 (0:07)",
      talkseconds: "7",
      duration: "0:07",
      userkind: "extension",
      usertype: "ext",
      time: "2026-11-21T02:27:01.236Z",
      callback: "False",
    });
    expect(ended[1]?.get("talkseconds")).toBe("0");
    const [missed] = samples.flatMap((event) => (event.kind === "ended" ? [event] : []));
    const asked = missed && factsOf({ ...missed, callbackRequested: true });
    expect(asked?.get("callback")).toBe("True");
  });

  it("are each of an event with an id of its own", () => {
    const ids = samples.map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(samples.length);
    for (const id of ids) expect(id).toMatch(/^test_[^.]+$/);
  });
});
