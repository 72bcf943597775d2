/**
 * The repository tests itself: imports follow the path, the heart stays pure, files stay short, and what must
 * not be in it is not. A failure names file and line and what to do instead.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const sources = tracked.filter((file) => /^src\/.*\.ts$/.test(file) && !file.endsWith(".test.ts"));

/** What each room may import of the others; a path means this file of the room alone. */
const rooms: Record<string, readonly string[]> = {
  util: [],
  events: [],
  tracker: ["events", "util/assertNever.ts"],
  source: [
    "events/event.ts",
    "tracker/activity.ts",
    "recordings/find/recordingSource.ts",
    "config/config.ts",
    "util",
  ],
  outbox: ["events/event.ts", "recordings/ledger.ts", "util"],
  delivery: [
    "events/event.ts",
    "events/render.ts",
    "events/facts.ts",
    "events/template.ts",
    "outbox/outbox.ts",
    "outbox/pending.ts",
    "config/config.ts",
    "util",
  ],
  config: ["events/event.ts", "events/facts.ts", "events/samples.ts", "events/template.ts", "util"],
  http: ["outbox/lookup.ts", "recordings/ledger.ts", "recordings/links.ts", "util"],
  receiver: [],
  recordings: ["events/event.ts", "events/callId.ts", "outbox/outbox.ts", "util"],
  simulator: ["source/threecx/wire.ts", "util"],
};
/** These see both ends. */
const openRooms = new Set([
  "cli",
  "admin.ts",
  "service.ts",
  "watchRecordings.ts",
  "pipeline.ts",
  "lastRun.ts",
  "main.ts",
]);

function importsOf(file: string): string[] {
  return [...read(file).matchAll(/(?<!")\b(?:from|import\()\s*"([^"]+)"/g)].map(
    (match) => match[1] ?? "",
  );
}

/** `src/tracker/rules.ts` → `tracker/rules.ts`. */
const inSrc = (file: string) => relative("src", file);
const roomOf = (file: string) => inSrc(file).split("/")[0] ?? "";

function findAll(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((text, index) =>
        pattern.test(text) ? [`${file}:${index + 1} ${text.trim()}`] : [],
      ),
  );
}

describe("imports", () => {
  it("follow the path: a room takes the vocabulary it needs, never its neighbour's machinery", () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const room = roomOf(file);
      if (openRooms.has(room)) continue;
      const allowed = rooms[room];
      if (allowed === undefined) wrong.push(`${file}: room "${room}" is not in the table`);
      for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
        const target = inSrc(normalize(join(dirname(file), specifier)));
        const other = target.split("/")[0] ?? "";
        const fine = other === room || allowed?.includes(other) || allowed?.includes(target);
        if (!fine) wrong.push(`${file} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("of the simulator from the source are types only", () => {
    const simulator = sources.filter((file) => roomOf(file) === "simulator");
    expect(findAll(simulator, /^import (?!type).*source\/threecx/)).toEqual([]);
  });

  it("go to declared dependencies, each with its reason in CONTRIBUTING.md", () => {
    const manifest = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    const used = new Set(
      sources
        .flatMap(importsOf)
        .filter((name) => !name.startsWith(".") && !name.startsWith("node:")),
    );
    expect([...used].sort()).toEqual(Object.keys(manifest.dependencies).sort());
    const contributing = read("CONTRIBUTING.md");
    const silent = [...used].filter((name) => !contributing.includes(`| \`${name}\` |`));
    expect(silent).toEqual([]);
  });
});

describe("the heart", () => {
  const pure = sources.filter((file) => ["tracker", "events"].includes(roomOf(file)));

  it("imports no platform and keeps no time", () => {
    expect(pure.flatMap((file) => importsOf(file).filter((n) => n.startsWith("node:")))).toEqual(
      [],
    );
    const impure =
      /\bDate\.now|new Date\(\)|setTimeout|setInterval|\bprocess\.|Math\.random|fetch\(/;
    expect(findAll(pure, impure)).toEqual([]);
  });
});

describe("calls", () => {
  it("for the environment are made at the process edge, which hands it to config", () => {
    const elsewhere = sources.filter((file) => file !== "src/main.ts");
    expect(findAll(elsewhere, /process\.env\b/)).toEqual([]);
  });

  it("for HTTP go through undici's request, not the slower fetch", () => {
    expect(findAll(sources, /(?<![.\w])fetch\(/)).toEqual([]);
  });

  it("for time go through a Clock, save at the edges", () => {
    const edges =
      /^src\/(cli\/|util\/clock\.ts|service\.ts|watchRecordings\.ts|delivery\/attempt\.ts|simulator\/|receiver\/)/;
    const inner = sources.filter((file) => !edges.test(file));
    expect(findAll(inner, /\bDate\.now\b|(?<!\.)\bset(Timeout|Interval)\(/)).toEqual([]);
  });
});

describe("files", () => {
  it("are under 400 lines", () => {
    const code = tracked.filter((file) => /\.tsx?$/.test(file));
    const long = code
      .filter((file) => !/^src\/tracker\/.*\.test\.ts$/.test(file))
      .filter((file) => read(file).split("\n").length > 400);
    expect(long).toEqual([]);
  });

  it("say what they are at their top", () => {
    const silent = sources.filter((file) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(read(file)));
    expect(silent).toEqual([]);
  });

  it("export no value that they alone use", () => {
    const code = tracked.filter((file) => /\.(tsx?|mjs)$/.test(file));
    const users = new Map<string, number>();
    for (const file of code) {
      for (const name of new Set(read(file).match(/[\w$]+/g))) {
        users.set(name, (users.get(name) ?? 0) + 1);
      }
    }
    const exported = /^export (?:async )?(?:const|let|class|function\*?) ([\w$]+)/gm;
    const unused = code.flatMap((file) =>
      [...read(file).matchAll(exported)]
        .filter(([, name = ""]) => users.get(name) === 1)
        .map(([, name]) => `${file} ${name}`),
    );
    expect(unused).toEqual([]);
  });

  it("hold no left-overs", () => {
    const own = "test/tidy.test.ts";
    const code = tracked.filter((file) => /\.(ts|mjs|sql)$/.test(file) && file !== own);
    expect(findAll(code, /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|expect-error)/)).toEqual([]);
    expect(findAll(code, /\.only\(|\b(it|test|describe)\.skip\(/)).toEqual([]);
  });

  it("name no path of a machine, no registry and no secret", () => {
    const text = tracked.filter((file) => !/package-lock\.json|\.(png|ico)$/.test(file));
    const own = (file: string) => file !== "test/tidy.test.ts";
    const paths = /\/(home|root|Users)\/[a-z]|\/work\/|registry\.npmjs|BEGIN [A-Z ]*PRIVATE KEY/;
    expect(findAll(text.filter(own), paths)).toEqual([]);
  });
});

/** The anchors of a document, as GitHub makes them of its headings. */
function headingsOf(file: string): ReadonlySet<string> {
  const prose = read(file).replace(/^```.*?^```/gms, "");
  const headings = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

describe("documents", () => {
  const documents = tracked.filter((file) => file.endsWith(".md"));

  it("link to what is there", () => {
    const dead: string[] = [];
    for (const file of documents) {
      for (const [, target = ""] of read(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        if (!existsSync(join(root, dirname(file), target))) dead.push(`${file} → ${target}`);
      }
    }
    expect(dead).toEqual([]);
  });

  it("link to headings that are there", () => {
    const dead: string[] = [];
    for (const file of documents) {
      for (const [, target = "", heading = ""] of read(file).matchAll(
        /\]\(([^)#\s]*)#([^)\s]+)\)/g,
      )) {
        if (/^[a-z]+:/.test(target)) continue;
        const other = target === "" ? file : normalize(join(dirname(file), target));
        if (!headingsOf(other).has(heading)) dead.push(`${file} → ${target}#${heading}`);
      }
    }
    expect(dead).toEqual([]);
  });

  it("name files of the source that are there", () => {
    const gone: string[] = [];
    for (const file of documents.filter((name) => name !== "docs/contract.md")) {
      for (const [, target = ""] of read(file).matchAll(/`(src\/[\w/.-]+|test\/[\w/.-]+)`/g)) {
        if (!existsSync(join(root, target))) gone.push(`${file}: ${target}`);
      }
    }
    expect(gone).toEqual([]);
  });
});
