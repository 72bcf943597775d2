/** `offhook recordings`, beside the running service and without one. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { endedLink } from "../../test/support/recordingWorld.ts";
import { storedWorld } from "../../test/support/storedWorld.ts";
import type { EmbeddedStore } from "../outbox/sqlite/sqliteOutbox.ts";
import { pathOf } from "../recordings/fetching.ts";
import type { LinkState, RecordedFile } from "../recordings/ledger.ts";

const FAR_AT = Date.UTC(2100, 0, 1);
const [kept, missing, sought] = [endedLink(1), endedLink(2), endedLink(3)];
const path = pathOf(kept, 1, "mp3");

function row(ended: typeof kept, state: LinkState, files: readonly RecordedFile[] = []) {
  const dueAt = state === "seeking" ? FAR_AT : null;
  const reason = state === "none" ? "The PBX has no recording of it." : "";
  return { key: ended.eventId, ended, state, dueAt, tries: 0, reason, files };
}

async function recordedWorld() {
  const world = await storedWorld();
  const file = { n: 1, sourceId: "7", startedAt: kept.at, state: "stored", path } as const;
  const rows = [
    row(kept, "announced", [{ ...file, bytes: 2_000_000, storedAt: kept.at, reason: "" }]),
    row(missing, "none"),
    row(sought, "seeking"),
  ];
  await world.store(async ({ ledger }: EmbeddedStore) => {
    for (const each of rows) await ledger.save(each, []);
  });
  const target = join(world.dataDir, "recordings", path);
  await mkdir(join(target, ".."), { recursive: true });
  await writeFile(target, "mp3");
  const files = async () =>
    (await readdir(join(world.dataDir, "recordings"), { recursive: true })).filter((name) =>
      name.endsWith(".mp3"),
    );
  return { ...world, files };
}

describe("offhook recordings list", () => {
  it("shows what became of each link, as a table and as JSON Lines", async () => {
    const { run } = await recordedWorld();
    const { out, code } = await run("recordings", "list");
    expect(code).toBe(0);
    expect(out).toMatch(/announced +\S+_1-1 +100 +420777000001 +1 \(2\.0 MB\)/);
    expect(out).toMatch(/none +\S+_2-1 .*The PBX has no recording of it\./);
    expect(out).toMatch(/seeking +\S+_3-1 .*next try 2100-01-01/);
    expect(out).toContain("Of all links: 1 seeking, 0 fetching, 1 announced, 1 none, 0 failed.");
    const json = await run("recordings", "list", "--call", kept.callId, "--json");
    expect(JSON.parse(json.out)).toMatchObject({
      ...{ id: `${kept.callId}-1`, state: "announced", callerid: "420777000001", dueTime: null },
      files: [{ n: 1, state: "stored", path, bytes: 2_000_000 }],
    });
  });

  it.each([
    [["--state", "none"], 1],
    [["--callerid", "+420 777 000 003"], 1],
    [["--call", `${kept.callId}-1`], 1],
    [["--call", `${kept.callId}-2`], 0],
    [["--limit", "2"], 2],
  ])("finds by %j", async (args, count) => {
    const { run } = await recordedWorld();
    const { out } = await run("recordings", "list", ...args);
    expect(out.trim().split("\n")).toHaveLength(3 + count);
  });

  it.each([
    [["list", "--call", "1"], "Expected --call with an id as webhooks have it", 2],
    [["list", "--limit", "0"], "Expected a number from 1 to 1000", 2],
    [["list", "--state", "lost"], "Allowed choices are", 2],
    [["retry", "--call", "1"], "Expected --call with an id as webhooks have it", 2],
    [["delete"], "Expected to be told which: --call ID or --callerid NUMBER.", 2],
    [["retry"], "Expected to be told which: --call ID, --callerid NUMBER or --state STATE.", 2],
    [["delete", "--state", "none"], "unknown option '--state'", 2],
    [["delete", "--call", kept.callId, "--callerid", "1"], "cannot be used with", 2],
  ])("%j is refused with the way out", async (args, sentence, code) => {
    const { run } = await recordedWorld();
    const ran = await run("recordings", ...args);
    expect(ran.err).toContain(sentence);
    expect(ran.code).toBe(code);
  });
});

describe("offhook recordings delete", () => {
  it("counts first, removes when told twice, and the file is gone", async () => {
    const { run, start, files } = await recordedWorld();
    await start();
    const counted = await run("recordings", "delete", "--call", kept.callId);
    expect(counted.out).toContain("1 link with 1 file. Nothing was removed. Add --yes");
    expect(await files()).toHaveLength(1);
    const done = await run("recordings", "delete", "--call", kept.callId, "--yes");
    expect(done).toMatchObject({
      code: 0,
      out: "1 file of 1 link removed, and seen to be gone.\n",
    });
    expect(await files()).toEqual([]);
    const { out } = await run("recordings", "list", "--callerid", "420777000001");
    expect(out).toMatch(/announced .* 0 +Removed on request\./);
  });

  it("ends the search for what is still sought", async () => {
    const { run, start } = await recordedWorld();
    await start();
    await run("recordings", "delete", "--callerid", "420777000003", "--yes");
    const { out } = await run("recordings", "list", "--callerid", "420777000003");
    expect(out).toMatch(/none .* Removed on request\./);
  });

  it("needs the running service", async () => {
    const { run } = await recordedWorld();
    const ran = await run("recordings", "delete", "--call", kept.callId, "--yes");
    expect(ran.err).toContain("Expected a running service");
    expect(ran.code).toBe(1);
  });
});

describe("offhook recordings retry", () => {
  it("looks anew for what was not found, and for nothing else", async () => {
    const { run, start } = await recordedWorld();
    await start();
    expect((await run("recordings", "retry", "--state", "none")).out).toBe("1 link tried anew.\n");
    const { out } = await run("recordings", "list", "--call", missing.callId);
    expect(out).toMatch(/seeking/);
    const none = await run("recordings", "retry", "--call", kept.callId);
    expect(none.out).toContain("Nothing to retry");
  });
});
