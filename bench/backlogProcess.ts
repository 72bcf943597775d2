/**
 * A process of the backlog bench: `fill DIR ROWS` stores deliveries and ends; `drain DIR SECONDS URL` opens
 * the store as a start does, sends what is owed there by HTTP, and prints a line of JSON with what it took;
 * with the URL `none`, receivers are functions that answer at once; `sink` is a receiver that takes
 * everything. Processes of their own, so that the memory is the service's alone.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type * as Dispatching from "../src/delivery/dispatcher.ts";
import type * as Sending from "../src/delivery/sender.ts";
import type { Outbox } from "../src/outbox/outbox.ts";
import type * as Storing from "../src/outbox/sqlite/sqliteOutbox.ts";
import { steadyClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { endpointConfig } from "../test/conformance/outboxEndpoint.ts";
import { callEvent } from "../test/conformance/outboxEvents.ts";

/** The built program: reading TypeScript takes memory of its own. */
const built = (file: string) => import(new URL(`../dist/${file}`, import.meta.url).href);
const { createDispatcher }: typeof Dispatching = await built("delivery/dispatcher.js");
const { createSender }: typeof Sending = await built("delivery/sender.js");
const { openSqliteOutbox }: typeof Storing = await built("outbox/sqlite/sqliteOutbox.js");

const ENDPOINTS = ["one", "two", "three", "four"];
const EVENTS_OF_A_CALL = 5;
const BATCH_CALLS = 100;
/** What is sent meanwhile is not counted: caches fill. */
const WARM_MS = 2000;

const [deed = "", dataDir = "", amount = "", url = ""] = process.argv.slice(2);
const bornAt = performance.now();
if (deed === "sink") sink();
else await work();

function sink(): void {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1", () => {
    process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
}

async function work(): Promise<void> {
  const outbox = await openSqliteOutbox({ dataDir, log: silentLog });
  if (deed === "fill") await fill(outbox, Number(amount));
  else await drain(outbox, Number(amount) * 1000);
  await outbox.close();
}

/** Calls that overlap, as in life: the first events of a hundred calls, then their second ones … */
async function fill(outbox: Outbox, rows: number): Promise<void> {
  for (let call = 0, made = 0; made < rows; call += BATCH_CALLS) {
    for (let number = 1; number <= EVENTS_OF_A_CALL && made < rows; number += 1) {
      const calls = Array.from({ length: BATCH_CALLS }, (_, index) => call + index);
      const entries = calls.map((each) => ({
        event: callEvent(each, number),
        endpoints: ENDPOINTS,
      }));
      made += (await outbox.append(entries, [])).length;
    }
  }
}

async function drain(outbox: Outbox, forMs: number): Promise<void> {
  const firsts = new Map<string, number>();
  let sent = 0;
  const sender = createSender({ version: "bench", now: Date.now });
  const dispatcher = createDispatcher({
    outbox,
    endpoints: ENDPOINTS.map((name) => endpointConfig({ name, url, concurrency: 16 })),
    clock: steadyClock(),
    log: silentLog,
    random: Math.random,
    send: async (...request) => {
      const [{ name }] = request;
      if (!firsts.has(name)) firsts.set(name, Math.round(performance.now() - bornAt));
      sent += 1;
      if (url !== "none") return sender.send(...request);
      return { kind: "accepted", status: 200, responseHead: "" };
    },
  });
  await dispatcher.start();
  let rssMax = 0;
  const sampling = setInterval(() => {
    rssMax = Math.max(rssMax, process.memoryUsage().rss);
  }, 50);
  await new Promise((resolve) => setTimeout(resolve, WARM_MS));
  const from = { sent, at: performance.now() };
  while (performance.now() - from.at < forMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (dispatcher.status().every(({ queued }) => queued === 0)) break;
  }
  const perS = Math.round((1000 * (sent - from.sent)) / (performance.now() - from.at));
  clearInterval(sampling);
  await dispatcher.stop(1000);
  await sender.close();
  const firstMs = [...firsts.values()];
  const rssMb = Math.round(rssMax / 1e6);
  process.stdout.write(`${JSON.stringify({ firstMs, perS, rssMb, sent })}\n`);
}
