/**
 * The store on a disk that is full, fails, or was torn: what was acknowledged is there, the reason is told, and it
 * goes on by itself. The faults are the kernel's, in this process (a small file system) or in one of its own.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { callEvent } from "../../../test/conformance/outboxEvents.ts";
import { listAll } from "../../../test/conformance/outboxLookup.ts";
import { canMount, canTrace, fillUp, smallDisk, temporary } from "../../../test/support/disk.ts";
import { Facts } from "../../../test/support/facts.ts";
import { storedWorld } from "../../../test/support/storedWorld.ts";
import { silentLog } from "../../util/log.ts";
import { openSqliteOutbox } from "./sqliteOutbox.ts";

const APPENDER = fileURLToPath(
  new URL("../../../test/conformance/outboxAppender.ts", import.meta.url),
);

const canLimit = spawnSync("prlimit", ["--version"]).status === 0;

/** Appends in a process of its own, under whatever makes it fail. */
class Appender {
  readonly acknowledged: string[] = [];
  readonly refusals: string[] = [];
  readonly #facts = new Facts();
  readonly #child: ChildProcess;

  constructor(dataDir: string, under: readonly string[] = []) {
    const [command = "", ...args] = [...under, process.execPath, APPENDER, dataDir, "x"];
    this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
    onTestFinished(() => void this.#child.kill("SIGKILL"));
    let rest = "";
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("! ")) this.refusals.push(line.slice(2));
        else this.acknowledged.push(line);
      }
      this.#facts.changed();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  until(fact: () => boolean, what: string): Promise<void> {
    const last = () => JSON.stringify([this.acknowledged.length, this.refusals.slice(-3)]);
    return this.#facts.until(fact, what, last);
  }

  async more(count = 20): Promise<void> {
    const wanted = this.acknowledged.length + count;
    await this.until(() => this.acknowledged.length >= wanted, `${count} more to be stored`);
  }

  async refused(): Promise<void> {
    const before = this.refusals.length;
    await this.until(() => this.refusals.length > before, "the store to refuse");
  }

  /** `pid` where it is not our child itself. */
  async kill(pid = this.pid): Promise<void> {
    process.kill(pid, "SIGKILL");
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await once(this.#child, "exit");
    }
  }
}

/** Everything that was acknowledged is there, once, and the store is sound. */
async function expectWhole(dataDir: string, acknowledged: readonly string[]): Promise<void> {
  const outbox = await openSqliteOutbox({ dataDir, log: silentLog });
  const rows = await listAll(outbox, {}, { order: "oldest", limit: 1000 });
  const stored = new Set(rows.map(({ event }) => event.eventId));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, index) => index + 1));
  expect(await outbox.counts()).toMatchObject({ events: rows.length, pending: rows.length });
  await outbox.close();
  const db = new DatabaseSync(join(dataDir, "outbox.sqlite"), { readOnly: true });
  expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  db.close();
}

describe.skipIf(!canMount)("a full disk", () => {
  test("takes nothing, says why, can be read, and goes on when there is room", async () => {
    const disk = smallDisk();
    const dataDir = join(disk, "data");
    const outbox = await openSqliteOutbox({ dataDir, log: silentLog });
    const acknowledged: string[] = [];
    const append = async (number: number) => {
      const event = { ...callEvent(1), eventId: `evt_${number}` };
      await outbox.append([{ event, endpoints: ["a"] }], []);
      acknowledged.push(event.eventId);
    };
    for (let number = 0; number < 50; number += 1) await append(number);
    const makeRoom = fillUp(disk);
    // The write-ahead log may have pages to write over; then there are none.
    const filling = async () => {
      for (let number = 1000; ; number += 1) await append(number);
    };
    await expect(filling()).rejects.toThrow(/did not take append: database or disk is full/);
    await expect(outbox.probe()).rejects.toMatchObject({ fault: "failed" });
    expect(await outbox.counts()).toMatchObject({ pending: acknowledged.length });
    makeRoom();
    await outbox.probe();
    await append(99_999);
    await outbox.close();
    await expectWhole(dataDir, acknowledged);
  });

  test("makes the service unready until there is room", async () => {
    const disk = smallDisk();
    const { start } = await storedWorld([`DATA_DIR = ${join(disk, "data")}`]);
    const service = await start();
    const store = async () => (await service.unready()).filter(({ part }) => part === "store");
    expect(await store()).toEqual([]);
    const makeRoom = fillUp(disk);
    let amiss = await store();
    // As above.
    while (amiss.length === 0) amiss = await store();
    expect(amiss[0]?.reason).toMatch(/disk is full/);
    makeRoom();
    expect(await store()).toEqual([]);
  });
});

test.skipIf(!canLimit)("a quota that is reached is got over when it is lifted", async () => {
  const dataDir = join(temporary(), "data");
  const limited = "trap '' XFSZ; ulimit -S -f 600; exec \"$@\"";
  const appender = new Appender(dataDir, ["sh", "-c", limited, "sh"]);
  await appender.refused();
  const before = appender.acknowledged.length;
  expect(before).toBeGreaterThan(0);
  execFileSync("prlimit", ["--pid", String(appender.pid), "--fsize=unlimited"]);
  await appender.more();
  await appender.kill();
  expect(new Set(appender.refusals.map((reason) => reason.replace(/.*append: /, "")))).toEqual(
    new Set(["disk I/O error."]),
  );
  await expectWhole(dataDir, appender.acknowledged);
});

describe.skipIf(!canTrace)("system calls that fail for a while", () => {
  test.each([
    ["fsync,fdatasync", "EIO", "60..120", "disk I/O error"],
    ["pwrite64", "ENOSPC", "200..400", "database or disk is full"],
    ["pwrite64", "EROFS", "200..400", "disk I/O error"],
    ["pwrite64", "EIO", "200..400", "disk I/O error"],
  ])("%s with %s, calls %s", async (call, error, when, reason) => {
    const dataDir = join(temporary(), "data");
    const tracing = ["-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`];
    const inject = `inject=${call}:error=${error}:when=${when}`;
    const appender = new Appender(dataDir, ["strace", ...tracing, "-e", inject]);
    await appender.refused();
    await appender.more(100);
    await appender.kill(childOf(appender.pid));
    expect(appender.refusals.join("\n")).toContain(reason);
    expect(appender.refusals.join("\n")).not.toContain("stored before");
    await expectWhole(dataDir, appender.acknowledged);
  });
});

/** strace's own child, the process that is looked at. */
function childOf(pid: number): number {
  return Number(execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" }));
}

describe("the end of the write-ahead log after a crash", () => {
  const tails: [string, (wal: string) => void][] = [
    ["with half a frame behind it", (wal) => appendFileSync(wal, Buffer.alloc(1000, 0xa5))],
    ["with frames of noise behind it", (wal) => appendFileSync(wal, noise(3 * 4120))],
    ["with zeros behind it", (wal) => appendFileSync(wal, Buffer.alloc(64 * 1024))],
  ];

  test.each(tails)("%s loses nothing", async (_, spoil) => {
    const dataDir = join(temporary(), "data");
    mkdirSync(dataDir, { mode: 0o700 });
    const appender = new Appender(dataDir);
    await appender.more(200);
    await appender.kill();
    const wal = join(dataDir, "outbox.sqlite-wal");
    expect(statSync(wal).size).toBeGreaterThan(0);
    spoil(wal);
    await expectWhole(dataDir, appender.acknowledged);
  });

  test("torn off loses what was in it and nothing before", async () => {
    const dataDir = join(temporary(), "data");
    const appender = new Appender(dataDir);
    await appender.more(200);
    await appender.kill();
    const wal = join(dataDir, "outbox.sqlite-wal");
    truncateSync(wal, statSync(wal).size - 100);
    // At most what was in flight went with the last transaction.
    await expectWhole(dataDir, appender.acknowledged.slice(0, -8));
  });
});

/** The same noise in every run. */
function noise(bytes: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length: bytes }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state & 0xff;
    }),
  );
}
