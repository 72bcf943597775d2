/** How endpoints are reached, written to and filtered, as the ini says it. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { brief, configFolder, endpointOf, HOOK, PBX } from "../../test/support/configFolder.ts";
import { type TlsFixture, tlsFixture } from "../../test/support/tlsReceiver.ts";
import { FACTS } from "../events/facts.ts";
import { describeConfig, formatProblems } from "./report.ts";

const { at, put, load, loadGood } = configFolder();
const section = (...lines: readonly string[]) => [
  ...PBX,
  "[endpoint.crm]",
  "URL = https://crm.example.com/in",
  ...lines,
];
const crm = async (...lines: readonly string[]) =>
  endpointOf(await loadGood(section(...lines)), "crm");
/** One problem each: key, line, and what was found. */
const wrong = async (...lines: readonly string[]) =>
  (await load(section(...lines))).problems.map(({ key, line, found }) => `${key}@${line} ${found}`);

let tls: TlsFixture;
let other: TlsFixture;
beforeAll(async () => {
  tls = await tlsFixture();
  other = await tlsFixture();
});

describe("TLS", () => {
  const files = ["CLIENT_CERT_FILE = client.pem", "CLIENT_KEY_FILE = client.key"];
  const putAll = async (key: string) => {
    await put("ca.pem", tls.ca);
    await put("client.pem", tls.client.cert);
    await put("client.key", key);
  };

  it("takes authority, certificate and key, and shows none of it", async () => {
    await putAll(tls.client.key);
    const config = await loadGood(section("CA_FILE = ca.pem", ...files));
    const { ca, client } = endpointOf(config, "crm");
    expect(ca).toBe(tls.ca);
    expect(client?.cert).toBe(tls.client.cert);
    expect(client?.key.reveal().trim()).toBe(tls.client.key.trim());
    expect(JSON.stringify(describeConfig(config))).not.toMatch(/BEGIN/);
    expect(JSON.stringify(config)).not.toContain(tls.client.key.slice(60, 90));
  });

  it("the top's authority is everybody's, its certificate is not", async () => {
    await putAll(tls.client.key);
    const config = await loadGood([
      ...[...PBX, HOOK, "WEBHOOK_CA_FILE = ca.pem"],
      ...files.map((line) => `WEBHOOK_${line}`),
      ...["[endpoint.crm]", "URL = https://crm.example.com/in"],
    ]);
    expect(endpointOf(config, "default").client).not.toBeNull();
    expect(endpointOf(config, "crm")).toMatchObject({ ca: tls.ca, client: null });
  });

  it("refuses half a pair, another's key, and what is none", async () => {
    await putAll(other.client.key);
    expect(await wrong(...files)).toEqual(["CLIENT_KEY_FILE@7 the key of another certificate"]);
    await put("client.key", "nonsense");
    expect(await wrong(...files)).toEqual(["CLIENT_KEY_FILE@7 no key that can be read"]);
    expect(await wrong("CLIENT_CERT_FILE = client.pem")).toEqual([
      "CLIENT_CERT_FILE@6 nothing for CLIENT_KEY",
    ]);
    expect(await wrong("CLIENT_KEY_FILE = client.key")).toEqual([
      "CLIENT_KEY_FILE@6 nothing for CLIENT_CERT_FILE",
    ]);
    await put("client.pem", "nonsense");
    expect(await wrong(...files)).toEqual([
      `CLIENT_CERT_FILE@6 ${at("client.pem")}, which holds no certificate in PEM`,
    ]);
  });
});

describe("log-in", () => {
  it("by user and password, or by token, from the ini, a file or the environment", async () => {
    const value = async (...lines: readonly string[]) =>
      (await crm(...lines)).authorization?.reveal();
    const basic = `Basic ${Buffer.from("Zoë:a:b").toString("base64")}`;
    expect(await value("BASIC_AUTH = Zoë:a:b")).toBe(basic);
    expect(await value("BEARER_TOKEN = abc.d-e")).toBe("Bearer abc.d-e");
    await put("token", "of-the-file\n");
    expect(await value("BEARER_TOKEN_FILE = token")).toBe("Bearer of-the-file");
    const env = { OFFHOOK_ENDPOINT_CRM_BEARER_TOKEN: "of-env" };
    const { authorization } = endpointOf(await loadGood(section(), env), "crm");
    expect(authorization?.reveal()).toBe("Bearer of-env");
  });

  it("only one way at once, and never shown", async () => {
    const shown: string[] = [];
    // One after another: all are the same file.
    for (const lines of [
      ["BASIC_AUTH = u:hunter1", "BEARER_TOKEN = hunter2"],
      ["BASIC_AUTH = u:hunter1", "HEADER_1 = Authorization: hunter3"],
      ["BASIC_AUTH = hunter4"],
      ["BEARER_TOKEN = hunter5 x"],
      ["PROXY = ftp://u:hunter6@proxy"],
    ]) {
      const { problems, config } = await load(section(...lines));
      expect(config).toBeNull();
      shown.push(formatProblems(problems));
    }
    expect(shown.join("\n")).not.toContain("hunter");
    const good = await loadGood(section("BASIC_AUTH = u:hunter1", "PROXY = http://u:hunter2@p"));
    expect(JSON.stringify([describeConfig(good), good])).not.toContain("hunter");
  });
});

describe("proxy and addresses", () => {
  it("of the section before the top's", async () => {
    const of = async (...lines: readonly string[]) => {
      const { proxy } = await crm(...lines);
      return proxy === null || proxy === "none" ? proxy : proxy.reveal();
    };
    expect(await of()).toBeNull();
    expect(await of("PROXY = none")).toBe("none");
    expect(await of("PROXY = http://u:p@proxy.example.com:3128")).toBe(
      "http://u:p@proxy.example.com:3128/",
    );
    const top = ["WEBHOOK_PROXY = http://top.example.com:1", "ALLOW_PRIVATE = 0"];
    const sections = ["[endpoint.a]", "URL = https://a.example", "PROXY = none"];
    const more = ["[endpoint.b]", "URL = https://b.example", "ALLOW_PRIVATE = 1"];
    const config = await loadGood([...PBX, ...top, ...sections, ...more]);
    const [a, b] = [endpointOf(config, "a"), endpointOf(config, "b")];
    expect([a.proxy, a.allowPrivate, b.allowPrivate]).toEqual(["none", false, true]);
    expect(b.proxy !== null && b.proxy !== "none" && b.proxy.reveal()).toMatch(/top/);
  });

  it.each([
    ["http://169.254.169.254/latest", ""],
    ["http://[::ffff:a9fe:a9fe]/", ""],
    ["http://2852039166/", ""],
    ["http://192.168.1.2/", "ALLOW_PRIVATE = 0"],
    ["http://127.1/", "ALLOW_PRIVATE = 0"],
  ])("a literal that would be refused is told at once: %s", async (url, more) => {
    const loaded = await load([...PBX, `WEBHOOK_URL = ${url}`, more]);
    expect(brief(loaded)).toContain("error WEBHOOK_URL@4");
    expect(loaded.config).toBeNull();
  });
});

describe("URLs with places", () => {
  it("keep them, and are normalised around them", async () => {
    const { url } = endpointOf(
      await loadGood([...PBX, "WEBHOOK_URL = HTTPS://CRM.example.com/ä/{{user}}?q={{ callerid }}"]),
      "default",
    );
    expect(url).toBe("https://crm.example.com/%C3%A4/{{user}}?q={{ callerid }}");
  });

  it.each([
    "https://{{user}}.example.com/",
    "https://crm.example.com:{{link}}/",
    "https://crm.example.com{{user}}",
    "{{user}}://crm.example.com/",
    "https://crm.example.com/.{{user}}/x",
    "https://crm.example.com/%2e{{user}}/x",
    "https://crm.example.com/{{usr}}",
    "https://crm.example.com/{{user}",
    "https://crm.example.com/{{user}}#x",
    "https://u:p@crm.example.com/{{user}}",
  ])("%s is refused", async (url) => {
    expect(brief(await load([...PBX, `WEBHOOK_URL = ${url}`]))).toEqual(["error WEBHOOK_URL@4"]);
  });
});

describe("bodies", () => {
  it("are JSON by POST and a query by GET, unless said otherwise", async () => {
    expect((await crm()).encoding).toBe("json");
    expect((await crm("POST = 0")).encoding).toBe("query");
    expect((await crm("ENCODING = form")).encoding).toBe("form");
    expect((await crm("ENCODING = Query")).encoding).toBe("query");
    expect(await wrong("POST = 0", "ENCODING = form")).toEqual(["ENCODING@7 form"]);
  });

  it("take a template, in the line or in a file", async () => {
    expect((await crm("ENCODING = form", "TEMPLATE = a={{user}}")).template).toBe("a={{user}}");
    await put("body.json", '\ufeff{\r\n  "who": {{user}}\r\n}\r\n');
    expect((await crm("TEMPLATE_FILE = body.json")).template).toBe('{\n  "who": {{user}}\n}');
    expect(await wrong("TEMPLATE = {{user}}", "TEMPLATE_FILE = body.json")).toEqual([
      "TEMPLATE_FILE@7 a second template",
    ]);
  });

  it("report each fault of a template with its file and line, and the nearest fact", async () => {
    await put("body.json", '{\n "a": {{calerid}},\n "b": "\\{{user}}",\n "c": {{user}}x\n}');
    const { problems } = await load(section("TEMPLATE_FILE = body.json"));
    const places = problems.map(({ file, line, key }) => [file, line, key]);
    expect(places).toEqual([2, 3, 4].map((line) => [at("body.json"), line, "TEMPLATE_FILE"]));
    expect(problems[0]?.expected).toContain("nearest: callerid");
    expect(await wrong("TEMPLATE = {{number:user}}")).toEqual(["TEMPLATE@6 {{number:user}}"]);
  });

  it("are warned of JSON that would go as a query or a form", async () => {
    const json = 'TEMPLATE = {"who":{{user}}}';
    const query = "POST = 0 puts it into the query";
    expect(await wrong(json, "POST = 0")).toEqual([`TEMPLATE@6 JSON, while ${query}`]);
    expect(await wrong(json, "ENCODING = form")).toEqual([
      "TEMPLATE@6 JSON, while ENCODING = form",
    ]);
    await put("body.json", "[\n{{user}} ]");
    const { problems } = await load(section("TEMPLATE_FILE = body.json", "POST = 0"));
    const told = problems.map(({ severity, key, found }) => [severity, key, found]);
    expect(told).toContainEqual(["warning", "TEMPLATE_FILE", `JSON, while ${query}`]);
    for (const good of ["{{user}}", "who={{user}}", "a[]={{user}}"]) {
      expect(await wrong(`TEMPLATE = ${good}`, "POST = 0")).toEqual([]);
    }
  });

  it("try it with every sample event", async () => {
    await put("body.json", '{\n "a": {{user}},\n "b": "{{did}}" "c"\n}');
    const { problems } = await load(section("TEMPLATE_FILE = body.json"));
    expect(problems).toMatchObject([
      { line: 3, found: expect.stringContaining("no JSON when filled with ringing") },
    ]);
  });

  it("need a file that can be read and holds something", async () => {
    await put("empty", "\n");
    expect(brief(await load(section("TEMPLATE_FILE = none")))).toEqual(["error TEMPLATE_FILE@6"]);
    expect(brief(await load(section("TEMPLATE_FILE = empty")))).toEqual(["error TEMPLATE_FILE@6"]);
  });
});

describe("docs/webhooks.md", () => {
  const docs = readFileSync(new URL("../../docs/webhooks.md", import.meta.url), "utf8");
  const [, chapter = ""] = docs.split("\n## Templates\n");

  it("lists every fact and no other", () => {
    const [, table = ""] = chapter.split("| fact | what |\n");
    const rows = table.split("\n\n")[0]?.split("\n").slice(1) ?? [];
    const named = rows.flatMap((row) =>
      [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect(named.toSorted()).toEqual([...FACTS.keys()].toSorted());
  });

  it("shows templates that are good", async () => {
    const ini = /```ini\n(.*?)```/s.exec(chapter)?.[1] ?? "";
    const config = await loadGood([...PBX, ...ini.split("\n")]);
    expect(config.endpoints.map(({ template }) => template !== null)).toEqual([true, true]);
  });
});

describe("filters", () => {
  it("take queues, DIDs by name or number, missed calls and a pattern", async () => {
    const { filter } = await crm(
      "QUEUES = 800 801",
      "DIDS = Sales line; 420222000100, Sales line",
      "MISSED_ONLY = 1",
      "CALLERID = ^(420|421)\\d{9}$",
    );
    expect(filter).toMatchObject({
      queues: ["800", "801"],
      dids: ["Sales line", "420222000100"],
      missedOnly: true,
      callerid: "^(420|421)\\d{9}$",
    });
  });

  it.each([
    "CALLERID = (a",
    "CALLERID = (?=a)b",
    `CALLERID = ${"a".repeat(257)}`,
    "DIDS = ;",
    `DIDS = ${"x".repeat(201)}`,
    "QUEUES = Sales",
    "MISSED_ONLY = often",
  ])("refuse %s", async (line) => {
    expect(brief(await load(section(line)))).toEqual([`error ${line.split(" ")[0]}@6`]);
  });
});
