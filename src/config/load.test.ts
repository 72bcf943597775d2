import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { generate } from "selfsigned";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Config } from "./config.ts";
import { type Loaded, loadConfig } from "./load.ts";
import type { Env } from "./reader.ts";
import { describeConfig, formatProblems } from "./report.ts";

const PBX = [
  "PBX_URL = https://pbx.example.com:5001",
  "PBX_CLIENT_ID = hooks",
  "PBX_CLIENT_SECRET = pbx-pass",
];
const HOOK = "WEBHOOK_URL = https://crm.example.com/hook";
const KEY_A = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const KEY_B = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "offhook-config-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const put = (name: string, text: string, mode = 0o600) =>
  writeFile(join(dir, name), text, { mode });

async function load(lines: readonly string[], env: Env = {}): Promise<Loaded> {
  await put("TCXWebAPI.ini", lines.join("\n"));
  return loadConfig({ env, cwd: dir, systemFile: join(dir, "none.ini") });
}

async function loadGood(lines: readonly string[], env: Env = {}): Promise<Config> {
  const { config, problems } = await load(lines, env);
  if (config === null) throw new Error(formatProblems(problems));
  return config;
}

/** The problems as "severity key@line". */
const brief = ({ problems }: Loaded) =>
  problems.map(({ severity, key, line }) => `${severity} ${key}@${line}`).toSorted();
const endpoint = (config: Config, name: string) => {
  const found = config.endpoints.find((each) => each.name === name);
  if (found === undefined) throw new Error(`Expected an endpoint ${name}.`);
  return found;
};

describe("loadConfig: where the ini is", () => {
  it("takes --config, else the working directory's, else the system's", async () => {
    const text = [...PBX, HOOK].join("\n");
    await put("a.ini", text);
    await put("sys.ini", text);
    const at = async (file?: string) =>
      (await loadConfig({ file, env: {}, cwd: dir, systemFile: join(dir, "sys.ini") })).config
        ?.file;
    expect(await at("a.ini")).toBe(join(dir, "a.ini"));
    expect(await at()).toBe(join(dir, "sys.ini"));
    await put("TCXWebAPI.ini", text);
    expect(await at()).toBe(join(dir, "TCXWebAPI.ini"));
  });

  it("says where it looked", async () => {
    const none = await loadConfig({ env: {}, cwd: dir, systemFile: join(dir, "none.ini") });
    expect(none.config).toBeNull();
    expect(none.problems).toMatchObject([
      { file: join(dir, "TCXWebAPI.ini"), found: `no such file, nor ${join(dir, "none.ini")}` },
    ]);
    const folder = await loadConfig({ file: dir, env: {}, cwd: "/" });
    expect(folder.problems).toMatchObject([{ found: "is no plain file" }]);
  });
});

describe("loadConfig: what it makes", () => {
  it("an original ini needs only the PBX lines, and has every default", async () => {
    const original = ["POST = 1", HOOK, "WEBHOOK_POST_URL =", "RECORDING_FULL_INFO = 1"];
    const loaded = await load([...original, ...PBX]);
    expect(loaded.problems).toEqual([]);
    const config = loaded.config;
    expect(config).toMatchObject({
      listen: { host: "127.0.0.1", port: 8480 },
      publicUrl: "http://127.0.0.1:8480",
      dataDir: join(dir, "data"),
      databaseUrl: null,
      adminToken: null,
      logLevel: "info",
    });
    expect(config?.pbxs).toMatchObject([
      {
        name: "main",
        url: "https://pbx.example.com:5001",
        clientId: "hooks",
        ca: null,
        tlsVerify: true,
        timezone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
        reconnectMinMs: 1000,
        reconnectMaxMs: 60_000,
        activeCallsPollMs: 1000,
      },
    ]);
    expect(config?.pbxs[0]?.clientSecret.reveal()).toBe("pbx-pass");
    expect(config?.endpoints).toEqual([
      {
        name: "default",
        pbx: "main",
        receives: "unlisted",
        url: "https://crm.example.com/hook",
        recordingUrl: null,
        method: "POST",
        profile: "classic",
        recordingFullInfo: true,
        secrets: [],
        headers: [],
        filter: { events: null, users: null, direction: null },
        extraEvents: [],
        timeoutMs: 10_000,
        concurrency: 8,
        retryScheduleMs: [1, 5, 15, 60, 300, 1800, 7200, 18e3, 36e3, 50400, 72e3, 86400].map(
          (s) => s * 1000,
        ),
        order: "bounded",
        orderHoldMs: 120_000,
      },
    ]);
  });

  it.each(["POST", "WEBHOOK_POST_ENABLED", "HTTP_REQUEST_METHOD_POST"])(
    "%s is the scheme",
    async (key) => {
      const method = async (value: string) =>
        (await loadGood([...PBX, HOOK, `${key} = ${value}`])).endpoints[0]?.method;
      expect([await method("true"), await method("1")]).toEqual(["POST", "POST"]);
      expect([await method("false"), await method("0")]).toEqual(["GET", "GET"]);
    },
  );

  it("two names of one setting may agree only", async () => {
    const lines = [...PBX, HOOK, "POST=1", "WEBHOOK_POST_ENABLED=1"];
    expect(brief(await load(lines))).toEqual([]);
    expect(brief(await load([...lines, "HTTP_REQUEST_METHOD_POST=0"]))).toEqual([
      "error HTTP_REQUEST_METHOD_POST@7",
    ]);
  });

  it("sections take from the top what they do not set", async () => {
    const config = await loadGood([
      ...PBX,
      HOOK,
      "POST = 0",
      "REQUEST_TIMEOUT_MS = 700",
      "ORDER = strict",
      "[endpoint.CRM]",
      "url = http://10.0.0.1/x?k=v",
      "TIMEOUT_MS = 900",
      "PROFILE = K2M",
      `SECRET = ${KEY_A} ${KEY_B}`,
      "HEADER_1 = X-Key: one",
      "HEADER_3 = X-Other: a: b",
      "EVENTS = ended",
      "USERS = 101;102",
      "DIRECTION = incoming",
      "RETRY_SCHEDULE = 0.2,1",
      "[endpoint.plain]",
      "URL = https://b.example",
    ]);
    const crm = endpoint(config, "CRM");
    expect(crm).toMatchObject({
      receives: "all",
      pbx: "main",
      url: "http://10.0.0.1/x?k=v",
      method: "GET",
      timeoutMs: 900,
      profile: "k2m",
      order: "strict",
      retryScheduleMs: [200, 1000],
      filter: {
        events: ["incoming", "outgoing", "recording"],
        users: ["101", "102"],
        direction: "incoming",
      },
    });
    expect(crm.secrets.map((each) => each.reveal())).toEqual([KEY_A, KEY_B]);
    expect(crm.headers.map(({ name, value }) => [name, value.reveal()])).toEqual([
      ["X-Key", "one"],
      ["X-Other", "a: b"],
    ]);
    expect(endpoint(config, "plain")).toMatchObject({ timeoutMs: 700, method: "GET", secrets: [] });
  });

  it("the three pairs have secrets and headers of their own", async () => {
    await put("Users.csv", "101");
    const config = await loadGood([
      ...PBX,
      HOOK,
      `WEBHOOK_SECRET = ${KEY_A}`,
      "WEBHOOK_HEADER_1 = X-A: 1",
      "WEBHOOK_URL_2 = https://b.example",
      `WEBHOOK_SECRET_2 = ${KEY_B}`,
      "WEBHOOK_HEADER_1_2 = X-B: 2",
      "WEBHOOK_URL_MONITOR = https://c.example",
      "WEBHOOK_HEADER_2_MONITOR = X-C: 3",
    ]);
    const of = (name: string) => {
      const { secrets, headers, receives } = endpoint(config, name);
      return [receives, secrets.map((each) => each.reveal()), headers.map((each) => each.name)];
    };
    expect(of("default")).toEqual(["unlisted", [KEY_A], ["X-A"]]);
    expect(of("second")).toEqual(["listed", [KEY_B], ["X-B"]]);
    expect(of("monitor")).toEqual(["all", [], ["X-C"]]);
  });

  it("reads a private CA", async () => {
    const { cert } = await generate([{ name: "commonName", value: "pbx.example.com" }]);
    await put("ca.pem", cert);
    await put("no.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----");
    const config = await loadGood([...PBX, HOOK, "PBX_CA_FILE = ca.pem"]);
    expect(config.pbxs[0]?.ca).toBe(cert);
    expect(brief(await load([...PBX, HOOK, "PBX_CA_FILE = no.pem"]))).toEqual([
      "error PBX_CA_FILE@5",
    ]);
    expect(brief(await load([...PBX, HOOK, "PBX_CA_FILE = x.pem"]))).toEqual([
      "error PBX_CA_FILE@5",
    ]);
  });
});

describe("loadConfig: several PBXs", () => {
  const second = (name: string) => [
    `[pbx.${name}]`,
    `URL = https://${name}.example.com`,
    "CLIENT_ID = hooks",
    `CLIENT_SECRET = pass-${name}`,
  ];

  it("endpoints name theirs, else get the main one, else the only one", async () => {
    const crm = ["[endpoint.crm]", "URL = https://a.example"];
    const both = await loadGood([...PBX, HOOK, ...second("brno"), ...crm, "PBX = BRNO"]);
    expect(both.endpoints.map(({ pbx }) => pbx)).toEqual(["main", "brno"]);
    const only = await loadGood([HOOK, "PBX_RECONNECT_MIN_MS=5000", ...second("brno"), ...crm]);
    expect(only.endpoints.map(({ pbx }) => pbx)).toEqual(["brno", "brno"]);
    expect(only.pbxs).toMatchObject([{ name: "brno", reconnectMinMs: 5000 }]);
    const none = await load([HOOK, ...second("brno"), ...second("ostrava"), ...crm]);
    expect(brief(none)).toEqual(["error PBX@10", "error WEBHOOK_URL@1"]);
    expect(brief(await load([...PBX, HOOK, ...crm, "PBX = x"]))).toEqual(["error PBX@7"]);
  });

  it("names that the environment cannot tell apart are refused", async () => {
    const loaded = await load([...PBX, HOOK, ...second("a-b"), ...second("a_b")]);
    expect(loaded.problems).toMatchObject([
      { found: expect.stringContaining("OFFHOOK_PBX_A_B_CLIENT") },
    ]);
  });
});

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
    expect(endpoint(config, "crm").secrets[0]?.reveal()).toBe(KEY_A);
  });

  it("warns of a file that everybody reads, refuses none or an empty one", async () => {
    await put("open.key", "pass");
    await chmod(join(dir, "open.key"), 0o644);
    await put("empty.key", "\n");
    const of = async (name: string) =>
      brief(await load([url, id, HOOK, `PBX_CLIENT_SECRET_FILE = ${name}`]));
    expect(await of("open.key")).toEqual(["warning PBX_CLIENT_SECRET_FILE@4"]);
    expect(await of("empty.key")).toEqual(["error PBX_CLIENT_SECRET_FILE@4"]);
    expect(await of("none.key")).toEqual(["error PBX_CLIENT_SECRET_FILE@4"]);
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
    const { url: _url, ...rest } = endpoint(good, "default");
    const raw =
      JSON.stringify([rest, good.pbxs, good.adminToken]) + inspect([rest, good.pbxs], { depth: 9 });
    for (const word of [...words, KEY_A]) expect(raw).not.toContain(word);
  });
});

describe("loadConfig: Users.csv", () => {
  const second = "WEBHOOK_URL_2 = https://b.example";
  const crm = ["[endpoint.Crm]", "URL = https://c.example"];

  it("sends users to the second pair or to a section", async () => {
    await put("Users.csv", "101\n102,crm\n103,second\n104,default");
    const config = await loadGood([...PBX, HOOK, second, ...crm]);
    expect([...config.userEndpoints]).toEqual([
      ["101", "second"],
      ["102", "Crm"],
      ["103", "second"],
    ]);
    expect(config.endpoints.map(({ receives }) => receives)).toEqual([
      "unlisted",
      "listed",
      "listed",
    ]);
  });

  it("an endpoint that is not there, and the monitor, are errors", async () => {
    await put("Users.csv", "101,crn\n102,monitor");
    const loaded = await load([...PBX, HOOK, "WEBHOOK_URL_MONITOR = https://m.example", ...crm]);
    expect(loaded.problems).toMatchObject([
      { file: join(dir, "Users.csv"), line: 1, key: "101", found: '"crn"' },
      { line: 2, found: "monitor, which gets everything" },
    ]);
    expect(loaded.problems[0]?.expected).toContain("default, Crm");
  });

  it("a second pair without users, and users without one, are warnings", async () => {
    expect(brief(await load([...PBX, HOOK, second]))).toEqual(["warning WEBHOOK_URL_2@5"]);
    await put("Users.csv", "101");
    const loaded = await load([...PBX, HOOK]);
    expect(brief(loaded)).toEqual(["warning @1"]);
    expect(loaded.config?.userEndpoints.size).toBe(0);
  });

  it("a file that is named must exist", async () => {
    expect(brief(await load([...PBX, HOOK, "USERS_FILE = u.csv"]))).toEqual(["error USERS_FILE@5"]);
    await put("u.csv", "101,default");
    expect(brief(await load([...PBX, HOOK, "USERS_FILE = u.csv"]))).toEqual([]);
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
    ["PBX_URL", "http://pbx.example.com", "PBX_ALLOW_HTTP = 1"],
    ["WEBHOOK_URL", "http://crm.example.com", ""],
    ["PBX_TLS_VERIFY", "0", ""],
    ["EXTRA_EVENTS", "ringstop", ""],
    ["RECORDING_OPEN", "1", ""],
    ["RECORDING_URL_TTL", "60", ""],
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
    expect(brief(named)).toEqual(["warning WEBHOOK_POST_URL@5"]);
    expect(named.config?.publicUrl).toBe("https://pbx.example.com");
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
