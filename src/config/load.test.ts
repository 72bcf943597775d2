import { writeFile } from "node:fs/promises";
import { generate } from "selfsigned";
import { describe, expect, it } from "vitest";
import { NO_FILTER } from "../../test/conformance/outboxEndpoint.ts";
import {
  brief,
  configFolder,
  endpointOf,
  HOOK,
  KEY_A,
  KEY_B,
  PBX,
} from "../../test/support/configFolder.ts";
import { loadConfig } from "./load.ts";

const { folder, at, put, load, loadGood } = configFolder();

describe("loadConfig: where the ini is", () => {
  it("takes --config, else the working directory's, else the system's", async () => {
    const text = [...PBX, HOOK].join("\n");
    await put("a.ini", text);
    await put("sys.ini", text);
    const fileOf = async (file?: string) =>
      (await loadConfig({ file, env: {}, cwd: folder(), systemFile: at("sys.ini") })).config?.file;
    expect(await fileOf("a.ini")).toBe(at("a.ini"));
    expect(await fileOf()).toBe(at("sys.ini"));
    await put("TCXWebAPI.ini", text);
    expect(await fileOf()).toBe(at("TCXWebAPI.ini"));
  });

  it("says where it looked", async () => {
    const none = await loadConfig({ env: {}, cwd: folder(), systemFile: at("none.ini") });
    expect(none.config).toBeNull();
    expect(none.problems).toMatchObject([
      { file: at("TCXWebAPI.ini"), found: `no such file, nor ${at("none.ini")}` },
    ]);
    const unread = await loadConfig({ file: folder(), env: {}, cwd: "/" });
    expect(unread.problems).toMatchObject([{ found: "is no plain file" }]);
  });
});

describe("loadConfig: a file that is no text", () => {
  it("is told as such, and none of its keys is called missing", async () => {
    for (const bytes of [
      Buffer.from(`\ufeff${PBX.join("\n")}`, "utf16le"),
      Buffer.of(0x41, 0xe8),
    ]) {
      await writeFile(at("TCXWebAPI.ini"), bytes);
      const loaded = await loadConfig({ env: {}, cwd: folder(), systemFile: at("none.ini") });
      expect(loaded.config).toBeNull();
      expect(loaded.problems).toMatchObject([
        { severity: "error", key: "", line: 1, expected: expect.stringContaining("UTF-8") },
      ]);
    }
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
      dataDir: at("data"),
      retentionDays: 90,
      retentionMb: 0,
      replayPerS: 50,
      adminToken: null,
      callbackHoldMs: 3000,
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
        encoding: "json",
        template: null,
        authorization: null,
        ca: null,
        client: null,
        proxy: null,
        allowPrivate: true,
        secrets: [],
        headers: [],
        filter: NO_FILTER,
        extraEvents: [],
        timeoutMs: 10_000,
        concurrency: 8,
        retryScheduleMs: [1, 5, 15, 60, 300, 1800, 7200, 18e3, 36e3, 50400, 72e3, 86400].map(
          (s) => s * 1000,
        ),
        order: "bounded",
        orderHoldMs: 120_000,
        ratePerS: 0,
        rateBurst: 1,
        expireRingingMs: 0,
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
    const crm = endpointOf(config, "CRM");
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
    expect(endpointOf(config, "plain")).toMatchObject({
      timeoutMs: 700,
      method: "GET",
      secrets: [],
    });
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
      const { secrets, headers, receives } = endpointOf(config, name);
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
      { file: at("Users.csv"), line: 1, key: "101", found: '"crn"' },
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
