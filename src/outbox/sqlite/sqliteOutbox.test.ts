/** What is the SQLite outbox's own, beyond the port's conformance suite (test/conformance/outbox.ts). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { callEvent } from "../../../test/conformance/outboxEvents.ts";
import { listAll } from "../../../test/conformance/outboxLookup.ts";
import { writeSchema1 } from "../../../test/conformance/outboxSchema1.ts";
import { pendingOf } from "../../../test/conformance/pendingOf.ts";
import { silentLog } from "../../util/log.ts";
import { type Outbox, OutboxError } from "../outbox.ts";
import { openForReading } from "./database.ts";
import { openSqliteOutbox } from "./sqliteOutbox.ts";

const GOLDEN_SCHEMA = new URL("../../../test/conformance/outbox.schema.sql", import.meta.url);
const APPENDING_PROCESS = fileURLToPath(
  new URL("../../../test/conformance/outboxAppender.ts", import.meta.url),
);

let parent: string;
let dataDir: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "offhook-sqlite-"));
  dataDir = join(parent, "data");
});

afterEach(() => rm(parent, { recursive: true }));

const open = (): Promise<Outbox> => openSqliteOutbox({ dataDir, log: silentLog });

/** Opens the store's file when no outbox holds it. */
function look<T>(read: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(dataDir, "outbox.sqlite"));
  try {
    return read(db);
  } finally {
    db.close();
  }
}

async function faultOf(opening: Promise<Outbox>): Promise<OutboxError> {
  const outcome = await opening.catch((error: unknown) => error);
  if (outcome instanceof OutboxError) return outcome;
  throw new Error("Expected the store not to open.");
}

describe("opening", () => {
  test("makes directory and files for the owner alone", async () => {
    const outbox = await open();
    await outbox.probe();
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect(await mode(dataDir)).toBe("700");
    const files = await readdir(dataDir);
    expect(files).toContain("outbox.sqlite-wal");
    for (const file of files)
      expect([file, await mode(join(dataDir, file))]).toEqual([file, "600"]);
    await outbox.close();
  });

  test("refuses a second one on the same directory, and lets it in afterwards", async () => {
    const first = await open();
    const refusal = await faultOf(open());
    expect(refusal.fault).toBe("in-use");
    expect(refusal.message).toContain(dataDir);
    // The refused one must not have broken the first one's hold.
    expect((await faultOf(open())).fault).toBe("in-use");
    await first.append([], [{ pbx: "main", key: "still", state: "works" }]);
    await first.close();
    const second = await open();
    expect(await second.loadCheckpoints("main")).toHaveLength(1);
    await second.close();
  });

  test("says what is wrong with a directory that cannot be made", async () => {
    await writeFile(join(parent, "file"), "");
    dataDir = join(parent, "file", "data");
    const refusal = await faultOf(open());
    expect(refusal.fault).toBe("unusable");
    expect(refusal.message).toMatch(/Expected a data directory .*ENOTDIR.*Check DATA_DIR/s);
  });

  test.skipIf(process.getuid?.() === 0)("says so when it cannot write there", async () => {
    await (await open()).close();
    await chmod(join(dataDir, "outbox.sqlite"), 0o400);
    expect((await faultOf(open())).fault).toBe("unusable");
  });

  test("says so when the file is no store", async () => {
    await (await open()).close();
    await writeFile(join(dataDir, "outbox.sqlite"), "x".repeat(8192));
    const refusal = await faultOf(open());
    expect(refusal.fault).toBe("unusable");
    expect(refusal.message).toContain("not a database");
  });

  test("leaves a store of a newer schema alone", async () => {
    await (await open()).close();
    look((db) => db.exec("PRAGMA user_version = 99"));
    const refusal = await faultOf(open());
    expect(refusal.fault).toBe("schema");
    expect(refusal.message).toContain("schema 99");
  });

  test("takes no other program's database, and says of a damaged one what to do", async () => {
    await mkdir(dataDir);
    look((db) => db.exec("CREATE TABLE songs (title TEXT)"));
    expect(await faultOf(open())).toMatchObject({
      fault: "schema",
      message: expect.stringContaining(`another program's database (with "songs")`),
    });
    await writeFile(join(dataDir, "outbox.sqlite"), "x".repeat(8192));
    expect(await faultOf(open())).toMatchObject({
      fault: "unusable",
      message: expect.stringMatching(/a sound store at .*file is not a database\. Put a backup/),
    });
    expect(() => openForReading(dataDir)).toThrow(/a sound store at/);
  });

  test("brings a store of the first schema up to date, with all that is in it", async () => {
    await mkdir(dataDir);
    writeSchema1(join(dataDir, "outbox.sqlite"));
    const outbox = await open();
    expect(await outbox.counts()).toEqual({
      ...{ events: 4, pending: 3, delivered: 1, dead: 1, expired: 0 },
    });
    const told = (await listAll(outbox, {}, { order: "oldest" })).map(
      ({ endpoint, state, sequence, event, reason, attempts }) =>
        `${endpoint} ${state} ${sequence} ${event.eventId} ${attempts} ${reason}`,
    );
    expect(told).toEqual([
      "a delivered 1 evt_main_1_1 1 null",
      "a dead 2 evt_main_1_2 3 all 3 attempts used up",
      "a pending 3 evt_main_1_3 1 null",
      "a pending 4 evt_main_1_4 0 null",
      "b pending 1 evt_main_1_4 0 null",
    ]);
    expect((await outbox.show(2))?.attemptsMade).toMatchObject([{ number: 3, status: 500 }]);
    expect((await pendingOf(outbox)).at(0)).toMatchObject({
      spent: 1,
      firstAttemptAt: 300,
      dueAt: 350,
    });
    // Everything goes on from there: the lane's sequence, and what is pending.
    const [next] = await outbox.append([{ event: callEvent(1, 5), endpoints: ["a"] }], []);
    expect(next).toMatchObject({ sequence: 5, deliveryId: 6 });
    expect(await outbox.loadCheckpoints("main")).toHaveLength(1);
    await outbox.close();
    look((db) => {
      expect(db.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
      expect(db.prepare("PRAGMA auto_vacuum").get()).toEqual({ auto_vacuum: 2 });
    });
  });

  test("every migration together gives the golden schema", async () => {
    await (await open()).close();
    const schema = look((db) =>
      db
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name")
        .all()
        .map(({ sql }) => `${sql};\n`)
        .join("\n"),
    );
    expect(schema).toBe(await readFile(GOLDEN_SCHEMA, "utf8"));
  });
});

describe("writing", () => {
  test("what gathers is stored together, and one that fails harms none beside it", async () => {
    const outbox = await open();
    const good = (call: number) =>
      outbox.append([{ event: callEvent(call), endpoints: ["a"] }], []);
    const bad = outbox.append(
      [
        { event: callEvent(50), endpoints: ["a"] },
        // A time that no column takes.
        { event: { ...callEvent(51), at: Number.NaN }, endpoints: ["a"] },
      ],
      [{ pbx: "main", key: "k", state: "s" }],
    );
    const results = await Promise.allSettled([good(1), bad, good(2)]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await expect(bad).rejects.toBeInstanceOf(OutboxError);
    const pending = await pendingOf(outbox);
    expect(pending.map(({ event }) => event.callId)).toEqual([
      callEvent(1).callId,
      callEvent(2).callId,
    ]);
    expect(await outbox.loadCheckpoints("main")).toEqual([]);
    await outbox.close();
  });

  test("what comes turn by turn while others are committed is answered in its order", async () => {
    const outbox = await open();
    const answered: number[] = [];
    const appends: Promise<unknown>[] = [];
    for (let turn = 0; turn < 60; turn += 1) {
      for (let each = 0; each < 20; each += 1) {
        const call = appends.length;
        const bad = call % 100 === 99;
        const event = { ...callEvent(call), at: bad ? Number.NaN : call };
        const append = outbox.append([{ event, endpoints: ["a"] }], []);
        appends.push(append.catch(() => null).then(() => answered.push(call)));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(appends);
    expect(answered).toEqual(Array.from({ length: 1200 }, (_, call) => call));
    const kept = answered.filter((call) => call % 100 !== 99);
    expect((await pendingOf(outbox)).map(({ event }) => event.at)).toEqual(kept);
    await outbox.close();
  });

  test("one that fails takes no sequence and is not counted", async () => {
    const outbox = await open();
    const event = (number: number) => ({ event: callEvent(1, number), endpoints: ["a"] });
    const first = outbox.append([event(1)], []);
    const bad = { event: { ...callEvent(1, 3), at: Number.NaN }, endpoints: ["a"] };
    const results = await Promise.allSettled([
      first,
      outbox.append([event(2), bad], []),
      outbox.append([event(4)], []),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await pendingOf(outbox)).map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(await outbox.counts()).toMatchObject({ events: 2, pending: 2 });
    await outbox.close();
  });

  test("a call whose lane retention has removed begins a new one", async () => {
    const outbox = await open();
    const append = (number: number) =>
      outbox.append([{ event: callEvent(1, number), endpoints: ["a"] }], []);
    for (const number of [1, 2]) {
      const [made] = await append(number);
      const deliveryId = made?.deliveryId ?? 0;
      await outbox.settle([{ deliveryId, attempt: null, fate: { state: "expired", reason: "x" } }]);
    }
    const all = { beforeAt: Number.MAX_SAFE_INTEGER, bytesMax: null, keepFromAt: 0 };
    expect(await outbox.prune(all, null, 10)).toMatchObject({ events: 2, deliveries: 2 });
    expect(await append(3)).toMatchObject([{ sequence: 1 }]);
    expect(await outbox.counts()).toMatchObject({ events: 1, pending: 1, expired: 0 });
    await outbox.close();
  });

  test("close stores what was asked before it and refuses what comes after", async () => {
    const outbox = await open();
    const appends = Array.from({ length: 600 }, (_, call) =>
      outbox.append([{ event: callEvent(call), endpoints: ["a"] }], []),
    );
    const closed = outbox.close();
    await expect(outbox.probe()).rejects.toMatchObject({ fault: "closed" });
    await closed;
    await Promise.all(appends);
    const again = await open();
    expect(await again.counts()).toMatchObject({ events: 600, pending: 600 });
    await again.close();
  });

  test("attempts are kept", async () => {
    const outbox = await open();
    const [delivery] = await outbox.append([{ event: callEvent(1), endpoints: ["a"] }], []);
    const attempt = {
      number: 1,
      startedAt: 5,
      durationMs: 7,
      status: 503,
      outcome: "refused with 503",
      responseHead: "Přestávka ☕",
    };
    const fate = { state: "pending", spent: 1, dueAt: 9 } as const;
    await outbox.settle([{ deliveryId: delivery?.deliveryId ?? 0, attempt, fate }]);
    await outbox.close();
    expect(look((db) => ({ ...db.prepare("SELECT * FROM attempts").get() }))).toEqual({
      delivery_id: delivery?.deliveryId,
      number: 1,
      started_at: 5,
      duration_ms: 7,
      status: 503,
      outcome: "refused with 503",
      response_head: "Přestávka ☕",
    });
  });
});

describe("kill -9", () => {
  test("loses nothing that was acknowledged, and the lock goes with the process", async () => {
    const acknowledged: string[] = [];
    for (const killAfter of [1, 40, 150]) {
      const child = spawn(process.execPath, [APPENDING_PROCESS, dataDir, String(killAfter)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let count = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(line);
        count += 1;
        if (count === killAfter) child.kill("SIGKILL");
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      expect(child.signalCode).toBe("SIGKILL");
      const outbox = await open();
      const stored = await pendingOf(outbox);
      const ids = new Set(stored.map(({ event }) => event.eventId));
      expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
      const sequences = stored.map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
      await outbox.close();
    }
    expect(look((db) => db.prepare("PRAGMA integrity_check").get())).toEqual({
      integrity_check: "ok",
    });
  });
});
