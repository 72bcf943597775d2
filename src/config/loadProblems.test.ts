import { chmod } from "node:fs/promises";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  brief,
  configFolder,
  endpointOf,
  HOOK,
  KEY_A,
  PBX,
} from "../../test/support/configFolder.ts";
import type { Env } from "./reader.ts";
import { describeConfig, formatProblems } from "./report.ts";

const { at, put, load, loadGood } = configFolder();

describe("loadConfig: secrets", () => {
  const [url = "", id = ""] = PBX;

  it("environment before file before ini", async () => {
    await put("pbx.key", "from-file\n");
    const lines = [url, id, HOOK];
    const secretOf = async (more: readonly string[], env: Env = {}) =>
      (await loadGood([...lines, ...more], env)).pbxs[0]?.clientSecret.reveal();
    const file = "PBX_CLIENT_SECRET_FILE = pbx.key";
    const ini = "PBX_CLIENT_SECRET = from-ini";
    expect(await secretOf([ini])).toBe("from-ini");
    expect(await secretOf([file, ini])).toBe("from-file");
    expect(await secretOf([file, ini], { OFFHOOK_PBX_CLIENT_SECRET: "from-env" })).toBe("from-env");
    expect(await secretOf([], { OFFHOOK_PBX_CLIENT_SECRET: "from-env" })).toBe("from-env");
  });

  it("every secret has its file and its variable", async () => {
    await put("hook.key", `${KEY_A}\r\n`);
    const lines = ["[pbx.Brno-1]", "URL=https://p.example", "CLIENT_ID=x", "[endpoint.crm]"];
    const config = await loadGood([...lines, "URL = https://a.example", "SECRET_FILE = hook.key"], {
      OFFHOOK_PBX_BRNO_1_CLIENT_SECRET: "pass",
      OFFHOOK_ADMIN_TOKEN: "t".repeat(20),
    });
    expect(config.pbxs[0]?.clientSecret.reveal()).toBe("pass");
    expect(config.adminToken?.reveal()).toBe("t".repeat(20));
    expect(endpointOf(config, "crm").secrets[0]?.reveal()).toBe(KEY_A);
  });

  it("warns of a file that everybody reads, refuses none or an empty one", async () => {
    await put("open.key", "pass");
    await chmod(at("open.key"), 0o644);
    await put("empty.key", "\n");
    const of = async (name: string) =>
      brief(await load([url, id, HOOK, `PBX_CLIENT_SECRET_FILE = ${name}`]));
    expect(await of("open.key")).toEqual(["warning PBX_CLIENT_SECRET_FILE@4"]);
    expect(await of("empty.key")).toEqual(["error PBX_CLIENT_SECRET_FILE@4"]);
    expect(await of("none.key")).toEqual(["error PBX_CLIENT_SECRET_FILE@4"]);
  });

  it("warns of an API key that is not alone", async () => {
    for (const [name, text] of [
      ["blank.key", "pass \n"],
      ["lines.key", "pass\nnote\n"],
      ["quoted.key", '"pass"\n'],
    ] as const) {
      await put(name, text);
      await chmod(at(name), 0o600);
      const loaded = await load([url, id, HOOK, `PBX_CLIENT_SECRET_FILE = ${name}`]);
      expect(brief(loaded), name).toEqual(["warning PBX_CLIENT_SECRET_FILE@4"]);
    }
  });

  it("print nowhere: not in problems, the description, JSON or inspect", async () => {
    const words = ["hunter1", "hunter2", "hunter3", "hunter4", "hunter5", "hunter6", "hunter7"];
    const bad = await load([
      ...PBX,
      "WEBHOOK_URL = https://u:hunter1@a.example/?k=hunter2",
      "WEBHOOK_SECRET = hunter3",
      "WEBHOOK_HEADER_1 = Host: hunter4",
      "PBX_CLIENT_SECERT = hunter5",
      "DATABASE_URL = postgres://u:hunter6@db/x",
      "ADMIN_TOKEN = hunter7",
    ]);
    const good = await loadGood([
      ...["PBX_URL = https://p.example", "PBX_CLIENT_ID = x", "PBX_CLIENT_SECRET = hunter1"],
      "WEBHOOK_URL = https://a.example/?k=hunter2",
      `WEBHOOK_SECRET = ${KEY_A}`,
      "WEBHOOK_HEADER_1 = X-Key: hunter4",
      "ADMIN_TOKEN = hunter7hunter7hunter7",
    ]);
    const described =
      JSON.stringify(describeConfig(good)) + inspect(describeConfig(good), { depth: 9 });
    const shown = JSON.stringify(bad.problems) + formatProblems(bad.problems) + described;
    for (const word of [...words, KEY_A, "pbx-pass"]) expect(shown).not.toContain(word);
    const { url: _url, ...rest } = endpointOf(good, "default");
    const raw =
      JSON.stringify([rest, good.pbxs, good.adminToken]) + inspect([rest, good.pbxs], { depth: 9 });
    for (const word of [...words, KEY_A]) expect(raw).not.toContain(word);
  });
});

describe("loadConfig: problems", () => {
  it("an empty file lacks the PBX and something to send to", async () => {
    expect(brief(await load([]))).toEqual([
      "error PBX_CLIENT_ID@0",
      "error PBX_CLIENT_SECRET@0",
      "error PBX_URL@0",
      "error WEBHOOK_URL@0",
    ]);
  });

  it("all at once, each with its line", async () => {
    const loaded = await load([
      "PBX_URL = http://pbx.example.com",
      "PBX_CLIENT_ID = x",
      "PBX_CLIENT_SECRET = x",
      "PBX_TIMEZONE = Mars/Olympus",
      "PBX_RECONNECT_MIN_MS = 70000",
      "WEBHOOK_URL = crm.example.com",
      "PROFILE = clasic",
      "ORDER = always",
      "LISTEN = here",
      "POST = maybe",
      "REQUEST_TIMEOUT_MS = 1",
      "[endpoint.main]",
      "URL = https://a.example",
      "[endpoint.x]",
      "HEADER_51 = a: b",
    ]);
    const lines = loaded.problems.map(({ line }) => line).toSorted((a, b) => a - b);
    expect(lines).toEqual([1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15]);
    expect(loaded.config).toBeNull();
  });

  it.each([
    ["WEBHOK_URL = x", "WEBHOOK_URL"],
    ["RETRY_SHEDULE = 1", "RETRY_SCHEDULE"],
    ["WEBHOOK_SECRET_FILES = 1", "WEBHOOK_SECRET_FILE"],
  ])("an unknown key names the nearest: %s", async (line, nearest) => {
    const loaded = await load([...PBX, HOOK, line]);
    expect(brief(loaded)).toEqual([`warning ${line.split(" ")[0]}@5`]);
    expect(loaded.problems[0]?.expected).toContain(`nearest: ${nearest}`);
    expect(loaded.config).not.toBeNull();
  });

  it("a key of the top below a section is told where it belongs", async () => {
    const loaded = await load([
      ...PBX,
      HOOK,
      "[endpoint.x]",
      "URL = https://a.example",
      "LOG_LEVEL=info",
    ]);
    expect(loaded.problems[0]?.expected).toContain("LOG_LEVEL above the first [section]");
  });

  it.each([
    ["EVENTS = ended", "EVENTS in a section [endpoint.NAME]"],
    ["CLIENT_ID = x", "CLIENT_ID in a section [pbx.NAME]"],
  ])(
    "a section's key above the first section is told where it belongs: %s",
    async (line, place) => {
      const loaded = await load([...PBX, HOOK, line]);
      expect(loaded.problems[0]?.expected).toContain(`${place}, where it belongs`);
    },
  );

  it.each([
    ["WEBHOOK_URL", "http://127.0.0.1:8480/x"],
    ["WEBHOOK_POST_URL", "http://localhost:8480/x"],
    ["WEBHOOK_URL", "http://[::1]:8480/x"],
  ])("%s is not our own server: %s", async (key, url) => {
    const loaded = await load([...PBX, `${key} = ${url}`, "PUBLIC_URL = https://a.example"]);
    expect(brief(loaded)).toEqual([`error ${key}@4`]);
    expect(loaded.problems[0]?.found).toContain("Offhook's own server");
    const there = ["LISTEN = 0.0.0.0:8499", "[endpoint.x]", "URL = https://127.0.0.1:8499/"];
    expect(brief(await load([...PBX, ...there]))).toEqual(["error URL@6"]);
    expect(brief(await load([...PBX, "LISTEN = 8499", `WEBHOOK_URL = ${url}`]))).toEqual([]);
  });

  it("a filter that lets nothing through is warned of", async () => {
    const missed = ["[endpoint.x]", "URL = https://a.example", "MISSED_ONLY = 1"];
    expect(brief(await load([...PBX, ...missed, "EVENTS = ringing"]))).toEqual([
      "warning MISSED_ONLY@6",
    ]);
    expect(brief(await load([...PBX, ...missed, "EVENTS = ringing, ended"]))).toEqual([]);
    expect(brief(await load([...PBX, ...missed]))).toEqual([]);
  });

  it.each([
    ["PBX_URL", "http://pbx.example.com", "PBX_ALLOW_HTTP = 1"],
    ["WEBHOOK_URL", "http://crm.example.com", ""],
    ["PBX_TLS_VERIFY", "0", ""],
    ["ADMIN_TOKEN", "short", ""],
  ])("warns of %s = %s, and starts", async (key, value, more) => {
    const others = [...PBX, HOOK].filter((line) => !line.startsWith(`${key} `));
    const loaded = await load([...others, `${key} = ${value}`, more]);
    expect(brief(loaded)).toEqual([`warning ${key}@${others.length + 1}`]);
    expect(loaded.config).not.toBeNull();
  });

  it("http:// to the PBX on this machine, and to receivers nearby, is no matter", async () => {
    const near = ["PBX_URL = http://127.0.0.1:5000", "WEBHOOK_URL = http://192.168.1.2/x"];
    expect(brief(await load([...near, ...PBX.slice(1)]))).toEqual([]);
  });

  it("recordings with no PUBLIC_URL: only this machine can fetch them", async () => {
    const recording = "WEBHOOK_POST_URL = https://a.example";
    const lines = [...PBX, HOOK, recording];
    expect(brief(await load(lines))).toContain("warning PUBLIC_URL@0");
    const named = await load([...lines, "PUBLIC_URL = https://pbx.example.com/"]);
    expect(brief(named)).toEqual([]);
    expect(named.config?.publicUrl).toBe("https://pbx.example.com");
  });

  it("recordings for anyone who guesses an id are warned of, once there are any", async () => {
    const open = [...PBX, HOOK, "PUBLIC_URL = https://pbx.example.com", "RECORDING_OPEN = 1"];
    expect(brief(await load(open))).toEqual([]);
    const sent = await load([...open, "WEBHOOK_POST_URL = https://a.example"]);
    expect(brief(sent)).toEqual([`warning RECORDING_OPEN@${open.length}`]);
    expect(sent.config?.recordings.isOpen).toBe(true);
  });

  it("a bucket needs its key, and secrets of recordings are not printed", async () => {
    const bucket = ["RECORDINGS_URL = s3://calls/pbx/", "S3_ACCESS_KEY_ID = AKIA"];
    expect(brief(await load([...PBX, HOOK, ...bucket]))).toEqual(["error S3_SECRET_ACCESS_KEY@0"]);
    const keys = [
      "S3_SECRET_ACCESS_KEY = very-secret",
      "RECORDING_URL_KEYS = a-key-that-is-new,a-key-that-is-old",
    ];
    const { config, problems } = await load([...PBX, HOOK, ...bucket, ...keys]);
    expect(problems).toEqual([]);
    expect(config?.bucket).toMatchObject({
      bucket: "calls",
      prefix: "pbx",
      endpoint: "https://s3.us-east-1.amazonaws.com",
      region: "us-east-1",
      keyId: "AKIA",
    });
    expect(config?.bucket?.secretKey.reveal()).toBe("very-secret");
    expect(config?.recordings.urlKeys?.map((each) => each.reveal())).toEqual([
      "a-key-that-is-new",
      "a-key-that-is-old",
    ]);
    expect(JSON.stringify(config)).not.toMatch(/very-secret|a-key-that/);
  });

  it.each([
    ["RECORDING_SEARCH_S", "5,1"],
    ["RECORDINGS_URL", "https://bucket.example.com"],
    ["RECORDINGS_URL", "s3://../x"],
    ["RECORDINGS_URL", "s3://calls/a//b"],
    ["RECORDINGS_URL", "s3://calls/a/../b"],
    ["RECORDINGS_URL", "s3://calls/a b"],
    ["RECORDINGS_URL", `s3://calls/${"a".repeat(201)}`],
    ["RECORDING_URL_KEYS", "short"],
    ["RECORDINGS_KEEP_DAYS", "-1"],
    ["TRUSTED_PROXIES", "proxy.example.com"],
  ])("%s = %s is refused", async (key, value) => {
    const lines = [...PBX, HOOK, `${key} = ${value}`];
    expect(brief(await load(lines))).toContain(`error ${key}@${lines.length}`);
  });

  it("a database is refused rather than passed over", async () => {
    const loaded = await load([...PBX, HOOK, "DATABASE_URL = postgres://db/x"]);
    expect(brief(loaded)).toEqual(["error DATABASE_URL@5"]);
  });

  it("never throws, and is null exactly with an error, whatever the file", async () => {
    const names = [
      "PBX_URL",
      "WEBHOOK_URL",
      "LISTEN",
      "POST",
      "RETRY_SCHEDULE",
      "WEBHOOK_HEADER_1",
      "X",
    ];
    const line = fc.oneof(
      fc
        .tuple(fc.constantFrom(...names), fc.string({ unit: "binary" }))
        .map((pair) => pair.join("=")),
      fc.constantFrom(...PBX, HOOK, "[endpoint.a]", "[pbx.b]", "[endpoint.a", "URL=http://a"),
      fc.string({ unit: "binary" }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
        const { config, problems } = await load(lines);
        expect(config === null).toBe(problems.some(({ severity }) => severity === "error"));
        for (const { found, expected } of problems) expect(found && expected).not.toBe("");
      }),
      { numRuns: 60 },
    );
  });
});
