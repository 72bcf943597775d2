/**
 * A process of the backlog bench: `fill DIR ROWS` stores deliveries and ends; `drain DIR SECONDS HELD`
 * opens the store as a start does, sends what is owed to receivers that answer at once, and prints a line
 * of JSON with what it took. A process of its own, so that its memory is the service's alone.
 */
import { createDispatcher } from "../src/delivery/dispatcher.ts";
import { openSqliteOutbox } from "../src/outbox/sqlite/sqliteOutbox.ts";
import { steadyClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { endpointConfig } from "../test/conformance/outboxEndpoint.ts";
import { callEvent } from "../test/conformance/outboxEvents.ts";

const ENDPOINTS = ["one", "two", "three", "four"];
const EVENTS_OF_A_CALL = 5;
const BATCH_CALLS = 100;
/** What is sent meanwhile is not counted: caches fill. */
const WARM_MS = 2000;

const [deed = "", dataDir = "", amount = "", held = ""] = process.argv.slice(2);
const bornAt = performance.now();
const outbox = await openSqliteOutbox({ dataDir, log: silentLog });
if (deed === "fill") await fill(Number(amount));
else await drain(Number(amount) * 1000, Number(held));
await outbox.close();

/** Calls that overlap, as in life: the first events of a hundred calls, then their second ones … */
async function fill(rows: number): Promise<void> {
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

async function drain(forMs: number, heldOfOneMax: number): Promise<void> {
  const firsts = new Map<string, number>();
  let sent = 0;
  const dispatcher = createDispatcher({
    outbox,
    endpoints: ENDPOINTS.map((name) => endpointConfig({ name, concurrency: 16 })),
    clock: steadyClock(),
    log: silentLog,
    random: Math.random,
    ...(heldOfOneMax > 0 ? { heldOfOneMax } : {}),
    send: async ({ name }) => {
      if (!firsts.has(name)) firsts.set(name, Math.round(performance.now() - bornAt));
      sent += 1;
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
  const firstMs = [...firsts.values()];
  const rssMb = Math.round(rssMax / 1e6);
  process.stdout.write(`${JSON.stringify({ firstMs, perS, rssMb, sent })}\n`);
}
