/** `offhook deliveries` and `backup`, beside the running service and without one. */
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { callEvent, settlement } from "../../test/conformance/outboxEvents.ts";
import { storedWorld, storeSettled } from "../../test/support/storedWorld.ts";
import { csvLine } from "./deliveriesPrint.ts";

const ids = (out: string) =>
  out
    .split("\n")
    .slice(1)
    .flatMap((line) => /^(\d+) /.exec(line)?.[1] ?? []);

async function settledWorld() {
  const world = await storedWorld();
  await world.store(storeSettled);
  return world;
}

describe("offhook deliveries without the service", () => {
  it("lists the newest first, as a table and as JSON Lines", async () => {
    const { run } = await settledWorld();
    const ran = await run("deliveries", "list");
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out.split("\n")[2]).toMatch(
      /^2 +2021-07-01T14:36:49.125Z +dead +default +ringing 420111222333 101 +210701165649_2-0 +all 1 attempts used up; refused with 500$/,
    );
    expect(ids(ran.out)).toEqual(["3", "2", "1"]);
    const json = await run("deliveries", "list", "--json", "--limit", "1");
    expect(JSON.parse(json.out)).toMatchObject({
      ...{ deliveryId: 3, state: "expired", reason: "older than 60 s", lastOutcome: null },
      facts: callEvent(3, 3),
    });
    expect(json.err).toContain("There are more than 1");
  });

  it.each([
    [
      ["--state", "dead,expired"],
      ["3", "2"],
    ],
    [["--call", `${callEvent(2).callId}-0`], ["2"]],
    [["--callerid", "1"], []],
    [
      ["--callerid", "+420111222333"],
      ["3", "2", "1"],
    ],
    [["--outcome", "older"], ["3"]],
    [
      ["--event", "ringing", "--user", "101", "--pbx", "main", "--endpoint", "default"],
      ["3", "2", "1"],
    ],
    [
      ["--event", "Incoming, ringing", "--user", "101"],
      ["3", "2", "1"],
    ],
    [["--event", "hangupincoming,ended"], []],
    [["--webhook-id", "evt_main_2_2"], ["2"]],
    [["--webhook-id", "evt_main_2_2", "--state", "expired"], []],
    [["--since", "1h"], []],
    [["--since", "2021-07-01T14:36:49.125Z", "--until", "2021-07-01T14:36:49.126Z"], ["2"]],
  ])("lists by %j", async (args, found) => {
    const { run } = await settledWorld();
    expect(ids((await run("deliveries", "list", ...args)).out)).toEqual(found);
  });

  it.each([
    ["--state", "lost", "Expected any of pending, delivered, dead, expired."],
    ["--event", "hangup", "Expected any of ringing, dialing,"],
    ["--call", "1", "Expected a call id such as"],
    ["--since", "yesterday", "Expected a time such as"],
    ["--since", "2026-02-30", "Expected a time such as"],
    ["--limit", "0", "Expected a number from 1 to"],
  ])("refuses %s %s", async (option, value, sentence) => {
    const { run } = await settledWorld();
    const ran = await run("deliveries", "list", option, value);
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toContain(sentence);
  });

  it.each(["list", "export", "replay"])("%s refuses a time that ends first", async (command) => {
    const { run } = await settledWorld();
    for (const until of ["2021-07-01T09:00Z", "2021-07-01T10:00Z"]) {
      const times = ["--since", "2021-07-01T10:00Z", "--until", until];
      const ran = await run("deliveries", command, ...times);
      expect(ran).toMatchObject({ code: 2, out: "" });
      expect(ran.err).toMatch(
        /^error: Expected --since before --until, got 2021-07-01T10:00:00.000Z and 2021-07-01T\d/,
      );
    }
  });

  it("takes a day alone as this machine's, as a time without a zone", async () => {
    const { run } = await settledWorld();
    const zone = process.env.TZ;
    process.env.TZ = "Pacific/Kiritimati"; // 14 hours before UTC: there it was the 2nd already.
    try {
      for (const [day, found] of [
        ["2021-07-02", ["3", "2", "1"]],
        ["2021-07-03", []],
      ] as const) {
        const ran = await run("deliveries", "list", "--since", day);
        expect(ids(ran.out), day).toEqual(found);
      }
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("shows one with its attempts, and lets nothing move the terminal's cursor", async () => {
    const { run } = await settledWorld();
    const ran = await run("deliveries", "show", "2");
    expect(ran.out).toMatch(/^webhook-id +evt_main_2_2$/m);
    expect(ran.out).toMatch(
      /^1 +2021-07-01T\S+ +12 ms +500 +refused with 500 +no \[31m such +route$/m,
    );
    expect((await run("deliveries", "show", "3")).out).toContain("No attempt was made.");
    const json = JSON.parse((await run("deliveries", "show", "2", "--json")).out);
    expect(json).toMatchObject({ deliveryId: 2, attemptsMade: [{ number: 1, status: 500 }] });
    const missing = await run("deliveries", "show", "9");
    expect(missing).toMatchObject({ code: 1, out: "" });
    expect(missing.err).toContain("Expected a delivery 9 in the store, found none.");
  });

  it("shows by webhook-id what was owed to each endpoint", async () => {
    const { run, store } = await settledWorld();
    const entry = { event: callEvent(4), endpoints: ["default", "crm"] };
    await store((outbox) => outbox.append([entry], []));
    const one = await run("deliveries", "show", "evt_main_2_2");
    expect(one).toEqual(await run("deliveries", "show", "2"));
    const first = await run("deliveries", "show", "4");
    const both = await run("deliveries", "show", "evt_main_4_1");
    expect(both).toMatchObject({ code: 0, out: expect.stringContaining(first.out), err: "" });
    const second = both.out.slice(first.out.length);
    expect(second).toMatch(/^\ndelivery +5$/m);
    expect(second).toMatch(/^endpoint +crm$/m);
    expect(second).not.toContain("event.user");
    const json = JSON.parse((await run("deliveries", "show", "evt_main_2_2", "--json")).out);
    expect(json).toMatchObject([{ deliveryId: 2, attemptsMade: [{ number: 1 }] }]);
  });

  it.each([
    ["evt_main_9_9", 1, 'Expected the webhook-id of a delivery in the store, got "evt_main_9_9".'],
    ["0", 1, "Expected a delivery 0 in the store, found none."],
    [`${callEvent(2).callId}-0`, 2, "a call's id: offhook deliveries list --call 210701165649_2-0"],
  ])("shows nothing by %s", async (id, code, sentence) => {
    const { run } = await settledWorld();
    const ran = await run("deliveries", "show", id);
    expect(ran).toMatchObject({ code, out: "" });
    expect(ran.err).toContain(sentence);
  });

  it("exports the oldest first, to a new file of the owner's alone", async () => {
    const { run, dir } = await settledWorld();
    const lines = (await run("deliveries", "export")).out.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).deliveryId)).toEqual([1, 2, 3]);
    const file = join(dir, "all.csv");
    const args = ["deliveries", "export", "--format", "csv", "--output", file];
    expect(await run(...args)).toMatchObject({ code: 0, out: "" });
    const [head, first] = (await readFile(file, "utf8")).split("\r\n");
    expect(head).toMatch(/^deliveryId,webhookId,endpoint,state,reason,/);
    expect(first).toMatch(/^1,evt_main_1_1,default,delivered,,1,main,ringing,2021-07-01T/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const again = await run(...args);
    expect(again.err).toMatch(/Expected a new file for --output, but .*all\.csv is there already/);
    const nowhere = await run("deliveries", "export", "--output", join(dir, "no", "all.jsonl"));
    expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining("ENOENT") });
  });

  it("counts first what it would replay, and makes it pending when told to", async () => {
    const { run, store } = await settledWorld();
    const dry = await run("deliveries", "replay");
    expect(dry.out).toBe("default  2\n2 to replay. Nothing was sent. Add --yes to replay them.\n");
    expect((await run("deliveries", "replay", "--dry-run", "--yes")).out).toContain(
      "Nothing was sent.",
    );
    const done = await run("deliveries", "replay", "--yes");
    expect(done.out).toMatch(/^default {2}2\n2 replayed, due until .*\nNo service runs: /);
    expect(await store((outbox) => outbox.counts())).toMatchObject({ pending: 2, delivered: 1 });
    expect((await run("deliveries", "replay", "--yes")).out).toBe(
      "Nothing to replay: nothing that matches is dead or expired.\n",
    );
    const one = await run("deliveries", "replay", "1", "2", "--json");
    expect(JSON.parse(one.out)).toMatchObject({ found: 1, pending: 1, replayed: 1 });
    expect(JSON.parse(one.out)).toMatchObject({ serviceRuns: false });
  });

  it("says of what is pending that it is, and when it is due", async () => {
    const { run, store } = await settledWorld();
    await store((outbox) => outbox.append([{ event: callEvent(4), endpoints: ["default"] }], []));
    const fresh = await run("deliveries", "replay", "4");
    expect(fresh).toMatchObject({ code: 0, out: "Nothing to replay.\n" });
    expect(fresh.err).toContain("Pending already: 4 (default: due at once).");
    await store((outbox) =>
      outbox.settle([settlement(4, 1, { state: "pending", spent: 1, dueAt: 1_625_150_300_000 })]),
    );
    expect((await run("deliveries", "replay", "4")).err).toContain(
      "Pending already: 4 (default: due 2021-07-01T14:38:20.000Z).",
    );
  });

  it("replays nothing for an endpoint that the configuration lacks", async () => {
    const { run, store } = await settledWorld();
    await store(async (outbox) => {
      const endpoints = ["gone"];
      const entries = [5, 6].map((call) => ({ event: callEvent(call), endpoints }));
      await outbox.append(entries, []);
      await outbox.settle([settlement(4, 1, { state: "dead", reason: "used up" })]);
    });
    for (const args of [["4"], ["--endpoint", "gone", "--yes"]]) {
      const ran = await run("deliveries", "replay", ...args);
      expect(ran).toMatchObject({ code: 2, out: "" });
      expect(ran.err).toContain(
        "Expected deliveries of an endpoint of the configuration (default), got those of gone.",
      );
      expect(ran.err).toContain("Put it back into the ini, then replay.");
    }
    expect(await store((outbox) => outbox.counts())).toMatchObject({ dead: 2, pending: 1 });
    expect((await run("deliveries", "replay", "5")).err).toContain(
      "Pending already: 5 (gone: kept until the ini has it again).",
    );
    const both = await run("deliveries", "replay", "--yes");
    expect(both.out).toMatch(/^default {2}2\ngone {5}1\n3 replayed, /);
    expect(both.err).toBe(
      "The configuration has no endpoint gone: 1 of these can only be sent when the ini has it again.\n",
    );
  });

  it("a broken Users.csv, with which the service runs on, is a warning", async () => {
    const { run, dir } = await settledWorld();
    await writeFile(join(dir, "Users.csv"), "101\nnobody\n102,nowhere\n");
    for (const args of [["deliveries", "list"], ["deliveries", "replay", "2"], ["endpoints"]]) {
      const ran = await run(...args);
      expect(ran).toMatchObject({ code: 0, out: expect.stringContaining("default") });
      expect(ran.err).toMatch(/^warning {2}\S+Users\.csv:2 .* found "nobody", expected/m);
      expect(ran.err).toMatch(/^warning {2}\S+Users\.csv:3 .* found "nowhere", expected/m);
    }
    expect(await run("send-test")).toMatchObject({ code: 2, out: "" });
  });

  it("replays nothing if it is told both ids and a filter, which the ids may not pass", async () => {
    const { run } = await settledWorld();
    const ran = await run("deliveries", "replay", "1", "--state", "dead");
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toContain("Expected ids or a filter, got both. Nothing was sent.");
  });

  it("says how a webhook-id is replayed", async () => {
    const { run } = await settledWorld();
    const ran = await run("deliveries", "replay", "evt_main_2_2");
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toContain("For a webhook-id there is --webhook-id.");
  });

  it("replays nothing if it is told of one that is not there", async () => {
    const { run, store } = await settledWorld();
    const ran = await run("deliveries", "replay", "2", "99999");
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toContain("found no delivery 99999. Nothing was sent.");
    expect(await store((outbox) => outbox.counts())).toMatchObject({ pending: 0 });
  });

  it.each([
    ["list", "--endpoint", "an endpoint of the configuration (default) or the store"],
    ["export", "--pbx", "a PBX of the configuration (main) or the store"],
    ["replay", "--webhook-id", "the webhook-id of a delivery in the store"],
    ["replay", "--endpoint", "an endpoint of the configuration (default) or the store"],
  ])("%s %s of nobody", async (command, option, sentence) => {
    const { run } = await settledWorld();
    const ran = await run("deliveries", command, option, "nobody");
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toContain(`Expected ${sentence}, got "nobody".`);
  });

  it("says what is missing", async () => {
    const { run } = await storedWorld();
    const ran = await run("deliveries", "list");
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toMatch(/^error: Expected a store in .*data, found none\. Check DATA_DIR/);
    expect((await run("endpoints", "resume", "default")).err).toContain(
      "it was never started there",
    );
  });
});

describe("beside the running service", () => {
  it("lists, replays through it, and the receiver sees that it is a replay", async () => {
    const { run, store, start, inbox, facts } = await storedWorld();
    await store(storeSettled);
    await start();
    const ran = await run("deliveries", "replay", "--yes");
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out).toMatch(/^default {2}2\n2 replayed, due until /);
    await facts.until(() => inbox.webhooks().length === 2, "two replays");
    const got = inbox.webhooks().map(({ headers }) => headers);
    expect(got.map((headers) => headers["webhook-id"]).sort()).toEqual([
      "evt_main_2_2",
      "evt_main_3_3",
    ]);
    expect(got.map((headers) => headers["offhook-replay"])).toEqual(["1", "1"]);
    const listed = await run("deliveries", "list", "--state", "dead,expired");
    expect(ids(listed.out)).toEqual([]);
  });

  it("backs the store up, and the copy is a store", async () => {
    const { run, store, start, dir } = await storedWorld();
    await store(storeSettled);
    await start();
    const ran = await run("backup", "copy.sqlite");
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out).toMatch(
      /^copy\.sqlite: 3 events, 0 deliveries pending, 0\.\d MB; checked\.\n$/,
    );
    expect((await stat(join(dir, "copy.sqlite"))).mode & 0o777).toBe(0o600);
    const again = await run("backup", "copy.sqlite");
    expect(again.err).toMatch(/Expected a new file for the backup, but .*copy\.sqlite is there/);
    expect((await run("backup", join("no", "copy.sqlite"))).err).toMatch(
      /Expected a place for the backup that can be written, got: ENOENT/,
    );
    // As operations.md says: the copy in place of the store.
    const other = await storedWorld();
    await mkdir(other.dataDir, { mode: 0o700 });
    await copyFile(join(dir, "copy.sqlite"), join(other.dataDir, "outbox.sqlite"));
    expect(ids((await other.run("deliveries", "list")).out)).toEqual(["3", "2", "1"]);
    expect(await other.store((outbox) => outbox.counts())).toMatchObject({ events: 3, dead: 1 });
  });
});

it("a spreadsheet takes no cell for a formula, and commas and quotes stay within theirs", () => {
  expect(csvLine(["=1+1", 'a "b", c', -5, null, "+420", "plain"])).toBe(
    '\'=1+1,"a ""b"", c",-5,,\'+420,plain\r\n',
  );
});
