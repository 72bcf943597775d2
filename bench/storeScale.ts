/**
 * The store with a million deliveries: `node bench/storeScale.ts [ROWS]`. Prints what opening, the first page of
 * a backlog, counts, listings and a step of retention cost, each in a fresh process's store. Asserts nothing.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ANY_DELIVERY, type DeliveryFilter } from "../src/outbox/lookup.ts";
import { backUp } from "../src/outbox/sqlite/backup.ts";
import { openSqliteOutbox } from "../src/outbox/sqlite/sqliteOutbox.ts";
import { silentLog } from "../src/util/log.ts";
import { callEvent, settlement } from "../test/conformance/outboxEvents.ts";

const ROWS = Number(process.argv[2] ?? 1_000_000);
/** Endpoint "old" has delivered all of its half; "default" owes its half. */
const ENDPOINTS = ["old", "default"] as const;
const dataDir = mkdtempSync(join(tmpdir(), "offhook-scale-"));

async function fill(): Promise<void> {
  const outbox = await openSqliteOutbox({ dataDir, log: silentLog });
  const batch = 1000;
  for (let made = 0; made < ROWS; made += batch) {
    const endpoint = made < ROWS / 2 ? ENDPOINTS[0] : ENDPOINTS[1];
    const entries = Array.from({ length: batch }, (_, index) => {
      const id = made + index;
      const event = { ...callEvent(id >> 2, id), at: 1_700_000_000_000 + id * 100 };
      return { event, endpoints: [endpoint] };
    });
    const deliveries = await outbox.append(entries, []);
    if (made >= ROWS / 2) continue;
    const delivered = { state: "delivered" } as const;
    await outbox.settle(deliveries.map(({ deliveryId }) => settlement(deliveryId, 1, delivered)));
  }
  await outbox.close();
}

async function timed<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  console.log(`${(performance.now() - startedAt).toFixed(1).padStart(10)} ms  ${what}`);
  return result;
}

/** Median and worst, as one call alone shows what else the machine does. */
async function often(what: string, work: () => Promise<unknown>): Promise<void> {
  const tookMs: number[] = [];
  for (let time = 0; time < 51; time += 1) {
    const startedAt = performance.now();
    await work();
    tookMs.push(performance.now() - startedAt);
  }
  tookMs.sort((a, b) => a - b);
  const [median, worst] = [tookMs[25] ?? 0, tookMs[50] ?? 0];
  console.log(
    `${median.toFixed(1).padStart(10)} ms  ${what}: median of 51; worst ${worst.toFixed(1)} ms`,
  );
}

try {
  await timed(`${ROWS} deliveries written, half of them delivered`, fill);
  const size = statSync(join(dataDir, "outbox.sqlite")).size;
  console.log(
    `${(size / 1e6).toFixed(0).padStart(10)} MB  the file, ${Math.round(size / ROWS)} bytes each`,
  );
  const outbox = await timed("open", () => openSqliteOutbox({ dataDir, log: silentLog }));
  await timed("backlog of every endpoint", () => outbox.backlog());
  const take = { endpoint: "default", now: Date.now(), wakeAtMax: Number.MAX_SAFE_INTEGER };
  const page = { ...take, after: 0, limit: 1000, laneMax: 100 };
  await timed("first page of the backlog, 1000 deliveries", () => outbox.takeUp(page));
  await timed("counts, with the reader's start", () => outbox.counts());
  await often("counts", () => outbox.counts());
  await timed("counts of every endpoint", () => outbox.endpointCounts());
  const list = (what: string, filter: Partial<DeliveryFilter>) =>
    timed(`list: ${what}`, async () => {
      let after: number | null = null;
      let found = 0;
      do {
        const wanted = { order: "newest", after, limit: 50 } as const;
        const { rows, next } = await outbox.list({ ...ANY_DELIVERY, ...filter }, wanted);
        found += rows.length;
        after = found >= 50 ? null : next;
      } while (after !== null);
    });
  await list("the newest 50", {});
  await list("the newest 50 pending of an endpoint", { states: ["pending"], endpoint: "default" });
  await list("50 delivered, which lie behind all that is pending", { states: ["delivered"] });
  await list("dead, of which there are none", { states: ["dead"] });
  await list("one call", { callId: callEvent(7).callId });
  const fromAt = 1_700_000_000_000 + 1_000_000;
  await list("a second long ago", { fromAt, toAt: fromAt + 1000 });
  await list("a caller who never called, all looked through", { callerid: "0" });
  const limits = { beforeAt: Number.MAX_SAFE_INTEGER, bytesMax: null, keepFromAt: 0 };
  let cursor = null;
  const steps: number[] = [];
  for (let step = 0; step < 200; step += 1) {
    const startedAt = performance.now();
    ({ next: cursor } = await outbox.prune(limits, cursor, 25));
    steps.push(performance.now() - startedAt);
  }
  steps.sort((a, b) => a - b);
  const at = (share: number) => steps[Math.floor(share * steps.length)]?.toFixed(1);
  console.log(
    `${at(0.5)?.padStart(10)} ms  a step of retention (25 events): median; p99 ${at(0.99)} ms`,
  );
  await timed("backup, checked", () => backUp(dataDir, join(dataDir, "copy.sqlite")));
  await timed("close", () => outbox.close());
} finally {
  rmSync(dataDir, { recursive: true });
}
