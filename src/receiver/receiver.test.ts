/** The published verifier: every vector, what it tells, and real requests of our own sender. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { endpointConfig, secretOf } from "../../test/conformance/outboxEndpoint.ts";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import { AT, BAD_SECRETS, SECOND, SECRET, VECTORS } from "../../test/receiving/vectors.ts";
import type { EndpointConfig } from "../config/config.ts";
import { createSender } from "../delivery/sender.ts";
import { createReceiver, readBody, type Webhook, WebhookRefused } from "./index.ts";

describe("the vectors", () => {
  test.each(VECTORS)("$name", ({ secrets, headers, target, body, now, good }) => {
    const receiver = createReceiver({ secrets, now: () => now * 1000 });
    const verify = () => receiver.verify({ url: target, headers, body });
    if (good) expect(verify().id).toBe(headers["webhook-id"]);
    else expect(verify).toThrow(WebhookRefused);
    const web = () => receiver.verify({ url: target, headers: new Headers(headers), body });
    if (good) expect(web().id).toBe(headers["webhook-id"]);
    else expect(web).toThrow(WebhookRefused);
  });

  test.each(BAD_SECRETS)("the secret %j is refused and not repeated", (secret) => {
    const shown = secret.slice(6);
    expect(() => createReceiver({ secrets: [SECRET, secret] })).toThrow("Expected a secret");
    if (shown !== "") expect(() => createReceiver({ secrets: secret })).not.toThrow(shown);
  });

  test("no secret at all is refused", () => {
    expect(() => createReceiver({ secrets: `${SECRET}, ${SECOND}` })).not.toThrow();
    expect(() => createReceiver({ secrets: [] })).toThrow("at least one secret");
  });

  test("the reason is told", () => {
    const receiver = createReceiver({
      secrets: SECRET,
      toleranceSeconds: 10,
      now: () => AT * 1000,
    });
    const reason = (headers: Record<string, string>) => {
      try {
        receiver.verify({ url: "/", headers, body: "x" });
        return null;
      } catch (error) {
        return error instanceof WebhookRefused ? error.reason : error;
      }
    };
    const headers = (at: number) => ({
      "webhook-id": "a",
      "webhook-timestamp": String(at),
      "webhook-signature": "v1,x",
    });
    expect(reason({})).toBe("headers");
    expect(reason(headers(AT - 11))).toBe("time");
    expect(reason(headers(AT - 10))).toBe("signature");
  });
});

/** Sends one event to a server that verifies it, and gives what it made of it. */
async function exchange(changes: Partial<EndpointConfig>, path = "/hook?key=1"): Promise<Webhook> {
  const receiver = createReceiver({ secrets: [SECOND, SECRET] });
  const found = Promise.withResolvers<Webhook>();
  const server = createServer(async (request, response) => {
    try {
      const { url = "", headers } = request;
      found.resolve(receiver.verify({ url, headers, body: await readBody(request) }));
      response.writeHead(204).end();
    } catch (error) {
      found.reject(error);
      response.writeHead(401).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sender = createSender({ version: "1", now: Date.now });
  onTestFinished(async () => {
    await sender.close();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const endpoint = endpointConfig({
    url,
    secrets: [secretOf(SECRET)],
    timeoutMs: 60_000,
    ...changes,
  });
  const event = { ...callEvent(7), displayName: 'Zoë "☎"' };
  const delivery = {
    deliveryId: 1,
    endpoint: "default",
    position: 1,
    sequence: 3,
    event,
    attempts: 0,
    spent: 0,
    firstAttemptAt: null,
    dueAt: 0,
    replay: true,
  };
  const [webhook, outcome] = await Promise.all([found.promise, sender.send(endpoint, delivery, 2)]);
  expect(outcome).toMatchObject({ kind: "accepted" });
  return webhook;
}

describe("what our sender sends", () => {
  test("by POST, with all that the headers tell", async () => {
    const { fields, ...told } = await exchange({});
    expect(fields).toMatchObject({ event: "ringing", user: "101" });
    expect(told).toMatchObject({ id: "evt_main_7_1", sequence: 3, attempt: 2, replay: true });
    expect(told.happenedAt?.toISOString()).toBe("2021-07-01T14:36:49.124Z");
    expect(Math.abs(told.sentAt.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test.each([
    [{ method: "GET", encoding: "query" }],
    [{ method: "POST", encoding: "query" }],
    [{ method: "POST", encoding: "form" }],
    [{ template: '{"event":"{{event}}","user":{{user}},"who":"{{displayname}}"}' }],
    [{ method: "GET", encoding: "query", template: "event={{event}}&user={{user}}" }],
  ] as const)("as %j", async (changes) => {
    const { fields } = await exchange(changes);
    expect(fields).toMatchObject({ event: "ringing", user: "101" });
  });

  test("the URL's own parameters are among the fields of a query", async () => {
    const { fields } = await exchange({ method: "GET", encoding: "query" });
    expect(fields).toMatchObject({ key: "1", event: "ringing" });
  });
});

describe("bodies", () => {
  test("that never end are not read to their end", async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(1024);
    }
    await expect(readBody(endless(), 10_000)).rejects.toMatchObject({ reason: "body" });
    const bytes = await readBody(Readable.from([Buffer.from("ab"), Buffer.from("c")]));
    expect(bytes.toString()).toBe("abc");
  });
});
