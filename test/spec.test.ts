/** The tracker's SPEC.md says of each rule what shows it: those tests are there, and no number is without or twice. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { defaultSettings } from "../src/tracker/settings.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const spec = readFileSync(join(root, "src/tracker/SPEC.md"), "utf8");

/** Numbered rows of tables and of lists, whole: `R1` → its text; so `R3a`, under the heading row `R3`. */
const numbered = [
  ...spec.matchAll(
    /^(?:\| ([A-Z]\d+[a-z]?) \| .*|- \*\*([A-Z]\d+)\*\*(?:[^\n]|\n(?! *- |\n|#))*)/gm,
  ),
].map(([text, row, item]) => ({ number: row ?? item ?? "", text: text.replace(/\n\s+/g, " ") }));

/** What is longer is read by nobody. */
const ruleCharsMax = 1_000;
const headingCharsMax = 160;

const rules = numbered.filter(({ number }) => number.startsWith("R"));

/** `R3` → `R3a`, `R3b` …: a heading row says nothing itself, its lettered rules do. */
function letteredOf(heading: string): string[] {
  const isLettered = (number: string) => number.replace(/[a-z]$/, "") === heading;
  return rules.map(({ number }) => number).filter((n) => n !== heading && isLettered(n));
}

const headings = rules.filter(({ number }) => letteredOf(number).length > 0);

/** `file "title", "title"` → the titles, by the file of the tracker's tests. */
function citations(text: string): { file: string; title: string }[] {
  const cited = text.matchAll(/`(\w+)` ((?:"[^"]+"(?:,? and |, )?)+)/g);
  return [...cited].flatMap(([, file = "", titles = ""]) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file, title })),
  );
}

describe("the tracker's SPEC.md", () => {
  it("cites tests that are there, by their titles", () => {
    const all = citations(spec.replace(/\n\s+/g, " "));
    expect(all.length).toBeGreaterThan(80);
    const missing = all.filter(({ file, title }) => {
      const path = join(root, `src/tracker/${file}.test.ts`);
      return !existsSync(path) || !readFileSync(path, "utf8").includes(title);
    });
    expect(missing).toEqual([]);
  });

  it("names files that are there", () => {
    const named = [...spec.matchAll(/`((?:src|test|docs)\/[\w./]+\.\w+|\w+\.ts)`/g)];
    const missing = named.flatMap(([, name = ""]) => {
      const path = name.includes("/") ? name : `src/tracker/${name}`;
      return existsSync(join(root, path)) ? [] : [name];
    });
    expect(missing).toEqual([]);
  });

  it.each(["P", "A", "R", "I", "C", "L", "S", "G"])("counts its %s from 1, each once", (letter) => {
    const own = numbered.filter(({ number }) => RegExp(`^${letter}\\d+$`).test(number));
    expect(own.map(({ number }) => number)).toEqual(own.map((_, at) => `${letter}${at + 1}`));
    expect(own.length).toBeGreaterThan(0);
  });

  it("splits a rule into letters from a on, each once, right under a row that names the first and last", () => {
    expect(headings.length).toBeGreaterThan(10);
    const whole = rules.filter(({ number }) => /^R\d+$/.test(number));
    const inOrder = whole.flatMap(({ number }) => [number, ...letteredOf(number).toSorted()]);
    expect(rules.map(({ number }) => number)).toEqual(inOrder);
    for (const { number, text } of headings) {
      const lettered = letteredOf(number);
      expect(lettered.length).toBeGreaterThan(1);
      expect(lettered).toEqual(
        lettered.map((_, at) => `${number}${String.fromCharCode("a".charCodeAt(0) + at)}`),
      );
      expect(text).toMatch(RegExp(`\\*\\* \\| \\| ${lettered[0]}–${lettered.at(-1)} \\|$`));
      expect(text.length).toBeLessThanOrEqual(headingCharsMax);
    }
  });

  it("has no rule that is too long to be read: it is split into letters", () => {
    const long = rules.filter(({ text }) => text.length > ruleCharsMax);
    expect(long.map(({ number, text }) => `${number}: ${text.length}`)).toEqual([]);
  });

  it("says of every phase and rule which test shows it, and of every rule its source", () => {
    const bare = numbered.filter(({ number, text }) => {
      if (letteredOf(number).length > 0) return false;
      return /^[PR]/.test(number) && citations(text).length === 0;
    });
    expect(bare.map(({ number }) => number)).toEqual([]);
    const sayings = rules.filter(({ number }) => letteredOf(number).length === 0);
    const sourceless = sayings.filter(
      ({ text }) => (text.split(/ \|(?= |$)/)[2] ?? "").trim() === "",
    );
    expect(sourceless.map(({ number }) => number)).toEqual([]);
  });

  it("refers to numbers that are there", () => {
    const there = new Set(numbered.map(({ number }) => number));
    const used = [...spec.matchAll(/\b([PRICLSG]\d+[a-z]?)\b/g)].map(([, number = ""]) => number);
    expect(used.filter((number) => !there.has(number))).toEqual([]);
  });

  it("names the settings as they are", () => {
    const named = [...spec.matchAll(/`(\w+(?:Ms|Max|Looks))`/g)].map(([, name = ""]) => name);
    const known = new Set([...Object.keys(defaultSettings), "joinLooksMax"]);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    const said = new Map(
      [...spec.matchAll(/`(\w+Max)` \(([\d,]+)\)/g)].map(([, name = "", value = ""]) => [
        name,
        Number(value.replaceAll(",", "")),
      ]),
    );
    const { callsMax, legsMax, linksMax } = defaultSettings;
    expect(Object.fromEntries(said)).toEqual({ callsMax, legsMax, linksMax });
  });
});
