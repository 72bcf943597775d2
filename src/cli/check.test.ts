/** What `offhook check` finds at a simulated PBX and at receivers. */
import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { offhook } from "../../test/support/cli.ts";
import { iniFolder } from "../../test/support/iniFolder.ts";
import { defaultDirectory } from "../simulator/directory.ts";
import { createInbox } from "../simulator/inbox.ts";
import { createSimulator, type SimulatorOptions } from "../simulator/server.ts";
import { silentLog } from "../util/log.ts";

async function simulator(options: SimulatorOptions = {}) {
  const made = await createSimulator(options);
  onTestFinished(() => made.close());
  return made;
}

async function inbox(tls = false) {
  const made = await createInbox({ host: "127.0.0.1", port: 0, tls, log: silentLog });
  onTestFinished(() => made.stop());
  return made;
}

/** The API client of the default directory, changed. */
function client(patch: object) {
  const directory = defaultDirectory();
  return { ...directory, clients: directory.clients.map((row) => ({ ...row, ...patch })) };
}

interface Said {
  readonly pbx?: SimulatorOptions;
  readonly lines?: readonly string[];
}

async function check({ pbx = {}, lines = [] }: Said = {}) {
  const receiver = await inbox();
  const { ini } = await iniFolder(await simulator(pbx), `${receiver.url}/calls`, lines);
  const ran = await offhook(["check", "--config", ini]);
  expect(receiver.webhooks()).toEqual([]);
  return ran;
}

describe("offhook check", () => {
  it("finds all well, and names what is not monitored", async () => {
    const ran = await check();
    expect(ran.code).toBe(0);
    const lines = ran.out.split("\n").map((line) => line.replace(/127\.0\.0\.1:\d+/, "HOST"));
    expect(lines).toEqual([
      expect.stringMatching(/^ok {4}configuration {10}.*TCXWebAPI\.ini: no problems$/),
      expect.stringMatching(/^ok {4}data directory {9}.*data: is made at the first start$/),
      "ok    pbx main               log-in accepted at http://HOST",
      "ok    pbx main call control  8 DNs are monitored",
      "ok    pbx main events        the WebSocket opens",
      expect.stringMatching(
        /^warn {2}pbx main directory {5}Not monitored: 1 of 9 extensions, queues/,
      ),
      "warn    820                  ring group Sales",
      "ok    pbx main active calls  can be read",
      "ok    pbx main call log      can be read",
      "ok    endpoint default       http://HOST: can be reached",
      "",
      "Nothing failed.",
      "",
    ]);
  });

  it("names each extension, queue and IVR that stays silent", async () => {
    const ran = await check({ pbx: { directory: client({ monitored: ["101", "800"] }) } });
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/2 DNs are monitored/);
    expect(ran.out).toMatch(/Not monitored: 7 of 9/);
    const named = [...ran.out.matchAll(/^warn {4}(\d+) +(\w+)/gm)].map(([, dn, kind]) => [
      dn,
      kind,
    ]);
    expect(named).toEqual([
      ...["102", "103", "104", "105", "150"].map((dn) => [dn, "extension"]),
      ["801", "IVR"],
      ["820", "ring"],
    ]);
  });

  it("counts what is not monitored as one check, however many they are", async () => {
    const pbx = { directory: client({ monitored: ["101", "800"] }) };
    const ran = await check({ pbx, lines: ["WEBHOOK_URL = http://127.0.0.1:9/x"] });
    expect(ran.out).toMatch(/^warn {4}105/m);
    expect(ran.out).toMatch(/\n1 of 9 checks failed\.\n$/);
  });

  it("is content when everything is monitored", async () => {
    const ran = await check({ pbx: { settings: { showRingGroups: true } } });
    expect(ran.out).toMatch(/^ok +pbx main directory.*9 extensions, .*, all monitored$/m);
    expect(ran.out).not.toMatch(/^warn/m);
  });

  it("trusts a PBX by PBX_CA_FILE, and says what to do without it", async () => {
    const trusted = await check({ pbx: { tls: true }, lines: ["PBX_CA_FILE = ca.pem"] });
    expect(trusted.code).toBe(0);
    const ran = await check({ pbx: { tls: true } });
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(
      /^FAIL {2}pbx main +The certificate of .* is not trusted .*PBX_CA_FILE/m,
    );
  });

  it.each<readonly [what: string, said: Said, finds: RegExp]>([
    [
      "wrong secret",
      { lines: ["PBX_CLIENT_SECRET = no-such-secret"] },
      /^FAIL {2}pbx main +The PBX does not accept client id .* make a new API key/m,
    ],
    [
      "call control not allowed",
      { pbx: { directory: client({ callControl: false }) } },
      /^FAIL {2}pbx main call control .*Tick "3CX Call Control API Access"/m,
    ],
    [
      "nothing monitored",
      { pbx: { directory: client({ monitored: [] }) } },
      /^FAIL {2}pbx main call control .*No extension is monitored.*Select Extensions/m,
    ],
    [
      "no PBX",
      { lines: ["PBX_URL = http://127.0.0.1:9"] },
      /^FAIL {2}pbx main +No connection to 127\.0\.0\.1:9/m,
    ],
    [
      "no receiver",
      { lines: ["WEBHOOK_URL = http://127.0.0.1:9/x"] },
      /^FAIL {2}endpoint default +http:\/\/127\.0\.0\.1:9: cannot be reached: .*ECONNREFUSED/m,
    ],
  ])("fails for %s, with the way out and without the secret", async (_what, said, finds) => {
    const ran = await check(said);
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(finds);
    expect(ran.out).toMatch(/\n1 of \d+ checks failed\.\n$/);
    expect(ran.out + ran.err).not.toMatch(/no-such-secret|simulated-secret/);
  });

  it("looks whether the data directory can be written to, and makes nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "offhook-test-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const line = async (dataDir: string) => {
      const { out } = await check({ lines: [`DATA_DIR = ${dataDir}`] });
      return out.split("\n").find((said) => said.includes("data directory"));
    };
    expect(await line(folder)).toMatch(/^ok .*: can be written to$/);
    expect(await line(join(folder, "a", "b"))).toMatch(/^ok .*b: is made at the first start$/);
    expect(await readdir(folder)).toEqual([]);
    await symlink(join(folder, "outbox.sqlite"), join(folder, "outbox.sqlite"));
    expect(await line(folder)).toMatch(/^FAIL .*outbox\.sqlite cannot be written to \(ELOOP\)\. /);
    await writeFile(join(folder, "file"), "");
    expect(await line(join(folder, "file"))).toMatch(/^FAIL .*\(ENOTDIR\)\. Check DATA_DIR/);
  });

  it.each(["forbidden", "absent"] as const)("warns when XAPI is %s", async (xapi) => {
    const ran = await check({ pbx: { settings: { xapi } } });
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^warn {2}pbx main directory .*"3CX Configuration API Access"/m);
    expect(ran.out).toMatch(/this check cannot tell which DNs are not monitored/);
  });

  it("looks behind each URL, and at a receiver's certificate", async () => {
    const { url } = await inbox(true);
    const ran = await check({ lines: [`WEBHOOK_URL_MONITOR = ${url}/x`] });
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/^ok {4}endpoint default/m);
    expect(ran.out).toMatch(/^FAIL {2}endpoint monitor .*self-signed.* WEBHOOK_CA_FILE/m);
  });

  it("says where no TLS is spoken", async () => {
    const { url } = await inbox();
    const { out } = await check({
      lines: [`WEBHOOK_URL_MONITOR = ${url.replace("http:", "https:")}/x`],
    });
    expect(out).toMatch(/^FAIL {2}endpoint monitor .*No TLS is spoken at .* Check the URL's port/m);
  });

  it("finds what a proxy cannot be asked for", async () => {
    const proxy = await inbox();
    const lines = [
      "[endpoint.x]",
      `PROXY = ${proxy.url}`,
      "URL = https://metadata.google.internal/",
    ];
    const { out, code } = await check({ lines });
    expect(code).toBe(1);
    expect(out).toMatch(/^FAIL {2}endpoint x .*metadata/m);
  });

  it("counts the oddities of the configuration", async () => {
    const ran = await check({ lines: ["WEBHOOK_URI = x"] });
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/^warning .*WEBHOOK_URI .*nearest: WEBHOOK_URL/);
    expect(ran.out).toMatch(/^warn {2}configuration .*: 1 warning, see above$/m);
  });
});

describe("offhook check of recordings", () => {
  const wanted = "WEBHOOK_POST_URL = http://127.0.0.1:9/recordings";
  const found = (out: string) => out.split("\n").filter((line) => line.includes("recordings"));

  it("lists them at the PBX, and says where they are kept", async () => {
    const { out } = await check({ lines: [wanted] });
    expect(found(out)).toEqual([
      expect.stringMatching(/^ok +pbx main recordings +can be listed, 0 of the last 24 hours$/),
      expect.stringMatching(/^ok +recordings kept in +.*data\/recordings$/),
    ]);
  });

  it("names the way out where the API client may not list them, or the folder is none", async () => {
    const denied = await check({ lines: [wanted], pbx: { directory: client({ xapi: false }) } });
    expect(denied.code).toBe(1);
    expect(denied.out).toMatch(/FAIL +pbx main recordings +.*Give the client the role/);
    const lines = [wanted, "RECORDINGS_DIR = /nowhere/at/all"];
    expect((await check({ lines })).out).toMatch(/FAIL +pbx main recordings +.*RECORDINGS_DIR/);
  });

  it("asks for nothing of the kind where nobody is told of recordings", async () => {
    expect(found((await check()).out)).toEqual([]);
  });

  it("tries the bucket", async () => {
    const key = ["S3_ACCESS_KEY_ID = a", "S3_SECRET_ACCESS_KEY = b"];
    const url = ["RECORDINGS_URL = s3://calls/main", "S3_ENDPOINT = http://127.0.0.1:9"];
    const { out } = await check({ lines: [wanted, ...url, ...key] });
    expect(out).toMatch(/FAIL +recordings kept in +bucket calls at http:\/\/127\.0\.0\.1:9: /);
  });
});
