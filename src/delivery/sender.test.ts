/** Store, dispatcher and HTTP together, as the service puts them. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { endpointConfig, secretOf } from "../../test/conformance/outboxEndpoint.ts";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import { OutboxModel } from "../../test/conformance/outboxModel.ts";
import { openSqliteOutbox } from "../outbox/sqlite/sqliteOutbox.ts";
import { steadyClock } from "../util/clock.ts";
import { type Log, silentLog } from "../util/log.ts";
import { createDispatcher } from "./dispatcher.ts";
import { createSender } from "./sender.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

test("what is appended arrives in order, signed, is retried, stored and logged without secrets", async () => {
  const seen: { sequence: string; attempt: string; body: unknown }[] = [];
  const all = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const { "offhook-sequence": sequence = "", "offhook-attempt": attempt = "" } = headers;
    seen.push({ sequence, attempt, body: new Webhook(SECRET).verify(body, headers) });
    response.writeHead(seen.length === 1 ? 500 : 200).end("noted");
    if (seen.length === 4) all.resolve();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const dataDir = await mkdtemp(join(tmpdir(), "offhook-delivery-"));
  const lines: string[] = [];
  const note = (fields: object, line: string) => lines.push(JSON.stringify({ ...fields, line }));
  const log: Log = { ...silentLog, info: note, warn: note, error: note };

  const outbox = await openSqliteOutbox({ dataDir, log });
  const sender = createSender({ version: "1.2.3", now: Date.now });
  const endpoint = endpointConfig({
    url: `http://127.0.0.1:${port}/hook?token=hidden`,
    secrets: [secretOf(SECRET)],
    timeoutMs: 60_000,
    retryScheduleMs: [20, 50],
  });
  const dispatcher = createDispatcher({
    outbox,
    endpoints: [endpoint],
    send: sender.send,
    clock: steadyClock(),
    log,
    random: Math.random,
  });
  await dispatcher.start();
  const entries = [1, 2, 3].map((n) => ({ event: callEvent(1, n), endpoints: ["default"] }));
  dispatcher.enqueue(await outbox.append(entries, []));
  await all.promise;
  await dispatcher.stop(60_000);

  expect(seen.map(({ sequence, attempt }) => `${sequence}.${attempt}`)).toEqual([
    "1.1",
    "1.2",
    "2.1",
    "3.1",
  ]);
  expect(seen[0]?.body).toMatchObject({ event: "ringing", user: "101" });
  expect(await outbox.counts()).toMatchObject({ delivered: 3, pending: 0 });
  expect(dispatcher.status()).toMatchObject([{ condition: { state: "healthy" }, queued: 0 }]);
  const attempted = lines.filter((line) => line.includes("delivery.attempted"));
  expect(attempted).toHaveLength(4);
  expect(attempted[0]).toContain('"outcome":"refused with 500"');
  for (const hidden of ["whsec_", "MfKQ9", "hidden", "420111222333"]) {
    expect(lines.join("\n")).not.toContain(hidden);
  }
  await sender.close();
  await outbox.close();
  server.close();
  await rm(dataDir, { recursive: true });
});

test("an endpoint has no more connections than requests at once", async () => {
  const concurrency = 4;
  const count = 100;
  let connections = 0;
  const server = createServer((_, response) => void response.end());
  // It says so, and no connection is let go for being idle while the test stands still.
  server.keepAliveTimeout = 60_000;
  server.on("connection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const outbox = new OutboxModel();
  const sender = createSender({ version: "1.2.3", now: Date.now });
  const url = `http://127.0.0.1:${port}/hook`;
  const dispatcher = createDispatcher({
    ...{ outbox, send: sender.send, clock: steadyClock(), log: silentLog, random: Math.random },
    endpoints: [endpointConfig({ url, concurrency, timeoutMs: 60_000 })],
  });
  const calls = Array.from({ length: count }, (_, call) => callEvent(call + 1));
  const entries = calls.map((event) => ({ event, endpoints: ["default"] }));
  dispatcher.enqueue(await outbox.append(entries, []));
  while ((await outbox.counts()).delivered < count) await nextTurn();
  expect(connections).toBe(concurrency);
  await sender.close();
  server.close();
});

test("an endpoint that cannot be addressed is told in a sentence", async () => {
  const sender = createSender({ version: "1.2.3", now: Date.now });
  const delivery = {
    deliveryId: 1,
    endpoint: "default",
    position: 1,
    sequence: 1,
    event: callEvent(1),
    attempts: 0,
    spent: 0,
    firstAttemptAt: null,
    dueAt: 0,
    replay: false,
  };
  await expect(sender.send(endpointConfig({ url: null }), delivery, 1)).rejects.toThrow(
    "Expected a URL for endpoint default, got none. Set it.",
  );
  await sender.close();
});
