import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { ended, last, open, post } from "../../test/support/inboxes.ts";
import { silentLog } from "../util/log.ts";
import type { Webhook } from "./inbox.ts";

describe("what arrives", () => {
  it("keeps a POST with its fields in order", async () => {
    const seen: Webhook[] = [];
    const inbox = await open({ onWebhook: (webhook) => seen.push(webhook) });
    const response = await post(inbox, { path: "/calls?key=1" });
    expect(response.status).toBe(200);
    expect(seen).toEqual(inbox.webhooks());
    expect(Object.entries(last(inbox).fields)).toEqual(Object.entries(ended));
    expect(last(inbox)).toMatchObject({
      number: 1,
      method: "POST",
      path: "/calls?key=1",
      body: JSON.stringify(ended),
      problem: null,
      signature: { state: "absent" },
      duplicate: false,
      order: { state: "unknown" },
      answer: "200",
    });
  });

  it("keeps a GET with the fields of its query", async () => {
    const inbox = await open();
    await fetch(`${inbox.url}/in?key=1&event=ringing&did=&title=a%20b%2B%C4%8D`);
    expect(last(inbox).fields).toEqual({ key: "1", event: "ringing", did: "", title: "a b+č" });
    await fetch(`${inbox.url}/in`);
    expect(last(inbox).fields).toEqual({});
  });

  it("reads a form, and the query of a POST without a body", async () => {
    const inbox = await open();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await post(inbox, { body: "event=ringing&did=&title=a%20b%2B", headers });
    expect(last(inbox)).toMatchObject({
      fields: { event: "ringing", did: "", title: "a b+" },
      problem: null,
    });
    await post(inbox, { path: "/in?event=ringing&user=101", body: "" });
    expect(last(inbox)).toMatchObject({ fields: { event: "ringing", user: "101" }, problem: null });
  });

  it.each(["", "nonsense", "[1]", "null", '"text"'])(
    "shows the body %j as unread",
    async (body) => {
      const inbox = await open();
      expect((await post(inbox, { body })).status).toBe(200);
      expect(last(inbox)).toMatchObject({ fields: {}, body });
      expect(last(inbox).problem).toContain("Expected a JSON object");
    },
  );

  it("keeps no more than the last thousand", async () => {
    const inbox = await open();
    for (let sent = 0; sent < 1_005; sent += 15) {
      await Promise.all(Array.from({ length: 15 }, () => post(inbox, { body: "{}" })));
    }
    expect(inbox.webhooks()).toHaveLength(1_000);
    expect(last(inbox).number).toBe(1_005);
  });

  it("refuses a body that is too long, and methods that no webhook uses", async () => {
    const inbox = await open();
    const response = await post(inbox, { body: "x".repeat(262_145) });
    expect(response.status).toBe(413);
    const put = await fetch(inbox.url, { method: "PUT" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, POST"]);
    expect(inbox.webhooks()).toEqual([]);
  });

  it("outlives a sender that goes away in the middle", async () => {
    const lost: string[] = [];
    let tell = (): void => {};
    const told = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const log = {
      ...silentLog,
      warn: (_fields: object, line: string) => {
        lost.push(line);
        tell();
      },
    };
    const inbox = await open({ log });
    const socket = connect(Number(new URL(inbox.url).port), "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf", () => {
      socket.resetAndDestroy();
    });
    await told;
    expect(lost).toEqual(["The inbox lost a request before its end."]);
    expect((await post(inbox)).status).toBe(200);
  });
});

describe("failing on purpose", () => {
  it("answers a plan in turn, then takes all", async () => {
    const inbox = await open({ fail: "500x2, 429:retry-after=5x1,410x1" });
    const answers: (string | number | null)[][] = [];
    for (let sent = 0; sent < 5; sent += 1) {
      const response = await post(inbox);
      answers.push([response.status, response.headers.get("retry-after")]);
    }
    expect(answers).toEqual([
      [500, null],
      [500, null],
      [429, "5"],
      [410, null],
      [200, null],
    ]);
    expect(inbox.webhooks().map((webhook) => webhook.answer)).toEqual([
      "500",
      "500",
      "429:retry-after=5",
      "410",
      "200",
    ]);
  });

  it("fails a share of them, always", async () => {
    const dice = [0.1, 0.9, 0.3, 0.19];
    const inbox = await open({ fail: "503@20%", random: () => dice.shift() ?? 1 });
    const statuses: number[] = [];
    for (let sent = 0; sent < 4; sent += 1) statuses.push((await post(inbox)).status);
    expect(statuses).toEqual([503, 200, 200, 503]);
  });

  it("hangs, until it is stopped", async () => {
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const inbox = await open({ fail: "timeout", onWebhook: () => arrived() });
    const hanging = post(inbox).catch((error: unknown) => error);
    await arrival;
    await inbox.stop();
    expect(await hanging).toBeInstanceOf(Error);
  });

  it("resets the connection", async () => {
    const inbox = await open({ fail: "resetx1" });
    await expect(post(inbox)).rejects.toThrow("fetch failed");
    expect((await post(inbox)).status).toBe(200);
  });

  it("drips an answer that never ends", async () => {
    const inbox = await open({ fail: "drip" });
    const response = await post(inbox);
    expect(response.status).toBe(200);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toMatch(/^\.+$/);
    await reader?.cancel();
  });

  it("is told over HTTP, too", async () => {
    const inbox = await open();
    const tell = (body: string) => fetch(`${inbox.url}/_inbox/fail`, { method: "POST", body });
    const told = await tell('[{"mode":500,"times":1},{"mode":"410","percent":50}]');
    expect(await told.json()).toEqual({
      failures: [
        { mode: "500", times: 1, percent: 100 },
        { mode: "410", times: "always", percent: 50 },
      ],
    });
    expect((await post(inbox)).status).toBe(500);
    expect(await (await tell('{"plan":"timeoutx2,reset"}')).json()).toMatchObject({
      failures: [{ mode: "timeout", times: 2 }, { mode: "reset" }],
    });
    expect(await (await tell('{"mode":"none"}')).json()).toEqual({ failures: [] });
    await tell('{"mode":"500"}');
    await fetch(`${inbox.url}/_inbox/fail`, { method: "DELETE" });
    expect((await post(inbox)).status).toBe(200);
    const known = await (await fetch(`${inbox.url}/_inbox/webhooks?pretty`)).json();
    expect(known).toMatchObject({ webhooks: [{ answer: "500" }, { answer: "200" }], failures: [] });
    await fetch(`${inbox.url}/_inbox/webhooks`, { method: "DELETE" });
    expect(inbox.webhooks()).toEqual([]);
  });

  it.each([
    ["nonsense", 400, "Expected JSON"],
    ["null", 400, 'Expected a "mode"'],
    ["{}", 400, 'Expected a "mode"'],
    ['{"mode":"700"}', 400, "Expected a way to fail"],
    ['{"mode":"500","times":0}', 400, "Expected a number of times"],
    ['{"mode":"500","percent":101}', 400, "Expected a percentage"],
    [`{"plan":"${"500,".repeat(101)}500"}`, 400, "at most 100 failures"],
  ])("refuses %s", async (body, status, sentence) => {
    const inbox = await open();
    const response = await fetch(`${inbox.url}/_inbox/fail`, { method: "POST", body });
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(sentence);
  });

  it("names its control addresses to who misses them", async () => {
    const inbox = await open();
    const response = await fetch(`${inbox.url}/_inbox/elsewhere`);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("GET or DELETE /_inbox/webhooks");
  });

  it("takes a plan from its owner and refuses a wrong one", async () => {
    const inbox = await open();
    inbox.fail("503");
    expect((await post(inbox)).status).toBe(503);
    inbox.fail("none");
    expect((await post(inbox)).status).toBe(200);
    expect(() => inbox.fail("sometimes")).toThrow('got "sometimes"');
    await expect(open({ fail: "99" })).rejects.toThrow("Expected a way to fail");
  });
});

describe("where it listens", () => {
  it("says in a sentence that a port is in use", async () => {
    const inbox = await open();
    const port = Number(new URL(inbox.url).port);
    await expect(open({ port })).rejects.toThrow(
      `Expected to listen on 127.0.0.1:${port}, but that port is in use.`,
    );
  });

  it("says in a sentence that an address is not this machine's", async () => {
    await expect(open({ host: "203.0.113.1" })).rejects.toThrow("cannot be had");
  });

  it("serves https with its own certificate", async () => {
    const inbox = await open({ tls: true, fail: "resetx1" });
    expect(inbox.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const send = () =>
      new Promise<number>((resolve, reject) => {
        const options = { method: "POST", ca: inbox.certificate ?? "", agent: false } as const;
        const sent = httpsRequest(inbox.url, options, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        sent.on("error", reject);
        sent.end(JSON.stringify(ended));
      });
    await expect(send()).rejects.toThrow();
    expect(await send()).toBe(200);
    expect(last(inbox).fields).toEqual(ended);
  });
});
