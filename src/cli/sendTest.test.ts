/** `offhook send-test` into receivers that take, refuse and are not there. */
import { describe, expect, it, onTestFinished } from "vitest";
import { offhook } from "../../test/support/cli.ts";
import { iniFolder } from "../../test/support/iniFolder.ts";
import { createInbox } from "../simulator/inbox.ts";
import { silentLog } from "../util/log.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
/** Nobody asks it anything. */
const pbx = {
  url: "http://127.0.0.1:9",
  client: { clientId: "offhook", clientSecret: "s", callControl: true, xapi: true, monitored: [] },
  certificate: null,
};

async function world(lines: readonly string[] = []) {
  const inbox = await createInbox({ host: "127.0.0.1", port: 0, secret, log: silentLog });
  onTestFinished(() => inbox.stop());
  const { ini } = await iniFolder(pbx, `${inbox.url}/calls`, [
    `WEBHOOK_SECRET = ${secret}`,
    ...lines,
  ]);
  return { inbox, run: (...args: string[]) => offhook(["send-test", "--config", ini, ...args]) };
}

const events = [
  ...["ringing", "ringing", "hangupincoming", "incoming", "ringing", "incoming"],
  ...["dialing", "hangupoutgoing", "outgoing", "dialing", "outgoing"],
];

describe("offhook send-test", () => {
  it("shows what is sent, without the URL's own query", async () => {
    const { inbox, run } = await world();
    const { out } = await run();
    for (const { body } of inbox.webhooks()) expect(out).toContain(`\n      ${body}\n`);
    const get = await world(["POST = 0"]);
    expect((await get.run()).out).toMatch(/\n {6}event=ringing&callerid=420777000001&/);
  });

  it("sends the opt-in events that the endpoint asked for, and templates", async () => {
    const { inbox, run } = await world([
      "WEBHOOK_URL_MONITOR = http://127.0.0.1:9/x",
      "EXTRA_EVENTS = ringstop, callsummary, norecording, ai, gap",
    ]);
    expect((await run("--endpoint", "default")).code).toBe(0);
    const got = inbox.webhooks().map(({ fields }) => fields.event);
    expect(got).toHaveLength(events.length + 6);
    expect(got).toEqual(expect.arrayContaining(["ringstop", "callsummary", "ai", "gap"]));
    const form = await world([
      "[endpoint.form]",
      "URL = http://127.0.0.1:9/x",
      "ENCODING = form",
      "TEMPLATE = who={{user}}",
    ]);
    const ran = await form.run("--endpoint", "form");
    expect(ran.out).toMatch(/^form \(POST, form, template\)\n.*\n {6}who=800\n/);
  });

  it.each(["POST", "GET"] as const)(
    "sends every event by %s, signed and in order",
    async (method) => {
      const { inbox, run } = await world([`POST = ${method === "POST" ? 1 : 0}`]);
      const ran = await run();
      expect(ran).toMatchObject({ code: 0, err: "" });
      expect(ran.out).toMatch(new RegExp(`^default \\(${method}, classic\\)\n`));
      expect(ran.out).toMatch(/\nAll samples were accepted\.\n$/);
      const got = inbox.webhooks();
      expect(got.map(({ fields }) => fields.event)).toEqual(events);
      for (const webhook of got) {
        expect(webhook).toMatchObject({
          method,
          signature: { state: "ok" },
          order: { state: "next" },
          duplicate: false,
        });
        expect(webhook.headers["webhook-id"]).toMatch(/^test_/);
      }
    },
  );

  it("sends a recording, the last, to who has a URL for such, also if for nothing else", async () => {
    const { inbox, run } = await world(["PUBLIC_URL = https://offhook.example.com"]);
    const alone = await world([
      "PUBLIC_URL = https://offhook.example.com/pbx/",
      "[endpoint.archive]",
      `RECORDING_URL = ${inbox.url}/archive`,
      "PROFILE = k2m",
    ]);
    expect(await alone.run("--endpoint", "archive")).toMatchObject({ code: 0, err: "" });
    expect(inbox.webhooks().map(({ path, fields }) => [path, fields.Event])).toEqual([
      ["/archive", "recording"],
    ]);
    const [url] = [inbox.webhooks()[0]?.fields.FileUrls].flat();
    expect(url).toMatch(
      /^https:\/\/offhook\.example\.com\/pbx\/webapi\/recording\/\d{12}_1-1-1\.mp3$/,
    );
    const both = await world([
      `WEBHOOK_POST_URL = ${inbox.url}/archive`,
      "PUBLIC_URL = https://offhook.example.com",
    ]);
    expect((await both.run()).out).toMatch(/✓ {2}recording .*\n {6}\{"FILES":\["https:.*\n\nAll/);
    expect((await run()).out).not.toContain("recording");
  });

  it("tells which were refused", async () => {
    const { inbox, run } = await world();
    inbox.fail("500x2");
    const ran = await run();
    expect(ran.code).toBe(1);
    expect(ran.out.match(/✗ .*refused with 500/g)).toHaveLength(2);
    expect(ran.out.match(/✓/g)).toHaveLength(events.length - 2);
    expect(ran.out).toMatch(/\nNot all samples were accepted\.\n$/);
  });

  it("leaves an endpoint that is not reached after the first sample", async () => {
    const { inbox, run } = await world(["WEBHOOK_URL_MONITOR = http://127.0.0.1:9/x"]);
    const ran = await run();
    expect(ran.code).toBe(1);
    expect(inbox.webhooks()).toHaveLength(events.length);
    expect(ran.out).toMatch(
      /✗ {2}ringing .*ECONNREFUSED.*\n {6}.*\n {2}- {2}10 more .*not reached\n/,
    );
  });

  it("sends to the endpoint that is asked for, and names them all if there is none such", async () => {
    const { inbox, run } = await world(["WEBHOOK_URL_MONITOR = http://127.0.0.1:9/x"]);
    expect((await run("--endpoint", "default")).code).toBe(0);
    expect(inbox.webhooks()).toHaveLength(events.length);
    const ran = await run("--endpoint", "crm");
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toBe(
      'error: Expected an endpoint of the configuration (default, monitor), got "crm".\n',
    );
  });
});
