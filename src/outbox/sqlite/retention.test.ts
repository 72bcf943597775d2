/** What the SQLite store's retention does to the file, and what live traffic notices of it. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { callEvent, settlement } from "../../../test/conformance/outboxEvents.ts";
import { silentLog } from "../../util/log.ts";
import type { Outbox, PruneCursor, PruneLimits } from "../outbox.ts";
import { openSqliteOutbox } from "./sqliteOutbox.ts";

let dataDir: string;
let outbox: Outbox;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "offhook-retention-"));
  outbox = await openSqliteOutbox({ dataDir, log: silentLog });
});

afterEach(async () => {
  await outbox.close();
  rmSync(dataDir, { recursive: true });
});

/** `count` calls from the first one on, each with a long name; all delivered. */
async function store(first: number, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, index) => {
    const call = first + index;
    const event = { ...callEvent(call), at: callEvent(0).at + call, displayName: "x".repeat(2000) };
    return { event, endpoints: ["a"] };
  });
  const made = await outbox.append(entries, []);
  const delivered = { state: "delivered" } as const;
  await outbox.settle(made.map(({ deliveryId }) => settlement(deliveryId, 1, delivered)));
}

async function pruneAll(limits: PruneLimits): Promise<void> {
  let after: PruneCursor | null = null;
  do {
    ({ next: after } = await outbox.prune(limits, after, 25));
  } while (after !== null);
}

const fileBytes = () => statSync(join(dataDir, "outbox.sqlite")).size;
const beforeAll = { beforeAt: Number.MIN_SAFE_INTEGER, keepFromAt: Number.MAX_SAFE_INTEGER };

test("by size: the oldest go until it is small enough, and no further", async () => {
  await store(1, 2000);
  const bytesMax = 3e6;
  await pruneAll({ ...beforeAll, bytesMax });
  const { events } = await outbox.counts();
  // Each takes between 2 and 5 kB.
  expect(events).toBeGreaterThan(bytesMax / 5000);
  expect(events).toBeLessThan(bytesMax / 2000);
  expect(await outbox.show(1)).toBeNull();
  expect(await outbox.show(2000)).not.toBeNull();
  await pruneAll({ ...beforeAll, bytesMax });
  expect(await outbox.counts()).toMatchObject({ events });
});

test("by size: what is young stays, however large", async () => {
  await store(1, 200);
  await pruneAll({ ...beforeAll, bytesMax: 1, keepFromAt: callEvent(0).at + 101 });
  expect(await outbox.counts()).toMatchObject({ events: 100 });
});

test("the file shrinks, also that of a store which goes on", async () => {
  for (let first = 1; first < 4000; first += 1000) await store(first, 1000);
  // A checkpoint of its own accord comes with the log's thousandth page.
  const before = fileBytes();
  expect(before).toBeGreaterThan(5e6);
  await pruneAll({ ...beforeAll, beforeAt: Number.MAX_SAFE_INTEGER, bytesMax: null });
  let steps = 0;
  while (await outbox.compact()) steps += 1;
  expect(steps).toBeGreaterThan(10);
  await store(5000, 500);
  expect(fileBytes()).toBeLessThan(before / 2);
  expect(await outbox.compact()).toBe(false);
});
