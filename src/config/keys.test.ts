import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseIni } from "./ini.ts";
import type { AnyKey, Scope } from "./key.ts";
import { allKeys } from "./keys.ts";
import { loadConfig } from "./load.ts";
import { namesIn, namesOf, nearest, unknownKeys } from "./unknownKeys.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const docs = await readFile(join(root, "docs", "configuration.md"), "utf8");
const example = await readFile(join(root, "TCXWebAPI.example.ini"), "utf8");
const scopes: readonly Scope[] = ["top", "pbx", "endpoint"];

/** Each scope's chapter of the documentation. */
const chapters: Readonly<Record<Scope, string>> = {
  top: chapter("## Keys above the first section"),
  endpoint: chapter("## Keys of an `[endpoint.NAME]` section"),
  pbx: chapter("## Keys of a `[pbx.NAME]` section"),
};

function chapter(title: string): string {
  const [, body = ""] = docs.split(`\n${title}\n`);
  return body.split("\n## ")[0] ?? "";
}

function row({ name, doc, defaultText, limits }: AnyKey): string {
  return `| \`${name}\` | ${doc} | ${defaultText} | ${limits} |`;
}

const iniBlocks = [...docs.matchAll(/```ini\n(.*?)```/gs)].map(([, text = ""]) => text);
const parse = (text: string) => parseIni(new TextEncoder().encode(text));

describe("the table of keys", () => {
  it("has each name once in its scope", () => {
    for (const scope of scopes) {
      const names = namesIn(scope);
      expect(names.length).toBeGreaterThan(10);
      expect(names).toHaveLength(new Set(names).size);
    }
  });

  it("prints as default what holds by default", () => {
    const literal = allKeys.filter((key) => key.fallback !== null && String(key.fallback) !== "");
    expect(literal.length).toBeGreaterThan(15);
    for (const key of literal) {
      expect(key.parse(key.defaultText), key.name).toEqual({ ok: true, value: key.fallback });
    }
  });

  it("finds the nearest key, whatever prefix was left on", () => {
    expect(nearest("WEBHOOK_ULR_2", "top")).toBe("WEBHOOK_URL_2");
    expect(nearest("PBX_CLIENT_ID", "pbx")).toBe("CLIENT_ID");
    expect(nearest("REQUEST_TIMEOUT_MS", "endpoint")).toBe("TIMEOUT_MS");
  });
});

describe("docs/configuration.md", () => {
  it.each(scopes)("has the row of every key of %s, and no other", (scope) => {
    const rows = chapters[scope].split("\n").filter((line) => line.startsWith("| `"));
    const expected = allKeys.filter((key) => key.scope === scope).map(row);
    expect(rows.toSorted()).toEqual(expected.toSorted());
  });

  it("names no key that there is not, and every alias", () => {
    const known = new Set(allKeys.flatMap(namesOf));
    const environment = /^OFFHOOK_((PBX|ENDPOINT)_[A-Z]+_)?(?<key>[A-Z_]+)$/;
    const named = [...docs.matchAll(/`([A-Z]+(?:_[A-Z0-9n]+)+)(?: = [^`]*)?`/g)];
    expect(named.length).toBeGreaterThan(80);
    for (const [, name = ""] of named) {
      const key = environment.exec(name)?.groups?.key ?? name;
      expect(known.has(key) || key === "KEY" || key === "KEY_FILE", name).toBe(true);
    }
    for (const alias of allKeys.flatMap((key) => key.aliases))
      expect(docs).toContain(`\`${alias}\``);
  });

  it("has examples of known keys with good values only, as the example file has", () => {
    expect(iniBlocks.length).toBeGreaterThan(4);
    for (const text of [...iniBlocks, example]) {
      const uncommented = text.replaceAll(/^;(?=[A-Z_0-9]+ =|\[)/gm, "");
      const { sections, problems } = parse(uncommented);
      expect(problems).toEqual([]);
      for (const section of sections) {
        expect(unknownKeys("docs", section)).toEqual([]);
        for (const [name, { value }] of section.entries) {
          const shape = name.replace(/HEADER_\d+/, "HEADER_n");
          const key = allKeys.find((each) => each.scope === section.kind && each.name === shape);
          if (key !== undefined && value !== "")
            expect(key.parse(value), name).toMatchObject({ ok: true });
        }
      }
    }
  });

  it("leads to the example file, which is a good configuration", async () => {
    expect(docs).toContain("(../TCXWebAPI.example.ini)");
    const loaded = await loadConfig({ file: "TCXWebAPI.example.ini", env: {}, cwd: root });
    expect(loaded.problems).toEqual([]);
    expect(loaded.config?.endpoints).toHaveLength(1);
  });
});
