import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { INI_BYTES_MAX, INI_LINE_CHARS_MAX, type IniFile, parseIni } from "./ini.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => parseIni(bytes(text));
const values = (file: IniFile, at = 0) =>
  Object.fromEntries(
    [...(file.sections[at]?.entries ?? [])].map(([key, { value }]) => [key, value]),
  );

describe("parseIni", () => {
  it("reads keys whatever their case, with the line of each", () => {
    const file = parse(
      "; a comment\r\n\r\nwebhook_URL = https://a.example\r\n# more\r\nPOST=1\r\n",
    );
    expect(file.problems).toEqual([]);
    expect(file.sections[0]?.entries.get("WEBHOOK_URL")).toEqual({
      key: "webhook_URL",
      value: "https://a.example",
      line: 3,
    });
    expect(file.sections[0]?.entries.get("POST")?.line).toBe(5);
  });

  it("leaves ; # and = inside a value to it", () => {
    const file = parse("WEBHOOK_URL = https://a.example/x;y?a=b&c=#d ; not a comment");
    expect(values(file)).toEqual({ WEBHOOK_URL: "https://a.example/x;y?a=b&c=#d ; not a comment" });
  });

  it("drops quotes around a whole value and keeps every other", () => {
    const file = parse(`A = "x y"\nB = 'z'\nC = "open\nD = say "hi"\nE = ""\nF = "`);
    expect(values(file)).toEqual({ A: "x y", B: "z", C: '"open', D: 'say "hi"', E: "", F: '"' });
  });

  it("reads sections and keeps their keys apart", () => {
    const file = parse("A=1\n[endpoint.crm]\nURL=u\n[ PBX.Prague-2 ]\nURL=v");
    expect(file.problems).toEqual([]);
    expect(file.sections.map(({ kind, name, line }) => [kind, name, line])).toEqual([
      ["top", "", 0],
      ["endpoint", "crm", 2],
      ["pbx", "Prague-2", 4],
    ]);
    expect(values(file, 2)).toEqual({ URL: "v" });
  });

  it("skips a byte order mark", () => {
    expect(values(parse("\ufeffA=1"))).toEqual({ A: "1" });
  });

  it.each([
    ["a key twice", "A=1\nb=2\na=3", 3, "a", "line 1"],
    ["a section twice", "[endpoint.x]\nA=1\n[endpoint.X]", 3, "", "line 1"],
    ["no =", "A=1\nPBX_URL https://pbx.example", 2, "", "KEY = value"],
    ["no key", "= 1", 1, "", "KEY = value"],
    ["an odd key", "two words = 1", 1, "", "letters, digits and _"],
    ["an odd section", "[endpont.x]", 1, "", "[endpoint.NAME]"],
    ["a long name", `[endpoint.${"x".repeat(41)}]`, 1, "", "1 to 40"],
    ["text after a section", "[endpoint.x] ; mine", 1, "", "[endpoint.NAME]"],
    ["a control character", "A=1\nB=\u0000", 2, "", "printable"],
    ["a long line", `A=${"x".repeat(INI_LINE_CHARS_MAX)}`, 1, "", "characters in a line"],
  ])("reports %s", (_what, text, line, key, expected) => {
    const { problems } = parse(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ line, key });
    expect(problems[0]?.expected).toContain(expected);
  });

  it("names the line of invalid UTF-8 and of UTF-16", () => {
    const latin1 = new Uint8Array([...bytes("A=1\r\nB="), 0xe9, 0x0a]);
    expect(parseIni(latin1).problems).toMatchObject([
      { line: 2, found: "bytes that are not UTF-8", expected: expect.stringContaining("UTF-8") },
    ]);
    expect(parseIni(new Uint8Array([0xff, 0xfe, 0x41, 0])).problems).toMatchObject([
      { found: "UTF-16 text" },
    ]);
  });

  it("refuses a file beyond the limit", () => {
    const { problems } = parseIni(new Uint8Array(INI_BYTES_MAX + 1));
    expect(problems[0]?.found).toBe(`${INI_BYTES_MAX + 1} bytes`);
  });

  it("does not quote a line that it does not understand", () => {
    const { problems } = parse("PBX_CLIENT_SECRET hunter2\nmy pass word = hunter2");
    expect(problems).toHaveLength(2);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  it("never throws, and each line is accounted for, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        const { sections, problems } = parseIni(data);
        if (sections.length > 0) expect(sections[0]?.kind).toBe("top");
        else expect(problems).toHaveLength(1);
      }),
    );
    const line = fc.oneof(
      fc.string({ maxLength: 20, unit: "binary" }),
      fc.constantFrom("A=1", "[pbx.x]", "[", "; c", "=", '"', "K = \u2028"),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        const text = lines.join("\n");
        const { sections, problems } = parse(text);
        const places = [
          ...sections.slice(1).map((section) => section.line),
          ...sections.flatMap(({ entries }) => [...entries.values()].map((entry) => entry.line)),
          ...problems.map((problem) => problem.line),
        ];
        const unaccounted = text
          .replace(/^\ufeff/, "")
          .split(/\r\n|\n|\r/)
          .filter((raw, index) => places.includes(index + 1) === /^\s*([;#]|$)/u.test(raw));
        expect(unaccounted).toEqual([]);
      }),
    );
  });

  it("gives back what was written, with any line end, mark, quotes and comments", () => {
    const key = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,12}$/);
    const value = fc
      .stringMatching(/^[ -~\u00a1-\u02ff]{0,30}$/u)
      .map((text) => text.trim())
      .filter((text) => !/^["']/.test(text));
    const entries = fc.uniqueArray(fc.tuple(key, value, fc.constantFrom("", '"', "'")), {
      selector: ([name]) => name,
      maxLength: 12,
    });
    fc.assert(
      fc.property(entries, fc.constantFrom("\n", "\r\n"), fc.boolean(), (written, end, mark) => {
        const lines = written.flatMap(([k, v, q]) => ["; =", `  ${k} =  ${q}${v}${q} `]);
        const file = parse((mark ? "\ufeff" : "") + lines.join(end));
        expect(file.problems).toEqual([]);
        expect(values(file)).toEqual(Object.fromEntries(written.map(([k, v]) => [k, v])));
      }),
    );
  });
});
