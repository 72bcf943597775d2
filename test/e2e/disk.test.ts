/**
 * The built program on a disk that is full or fails: nothing is told that is not stored, nothing stored is lost or
 * sent twice, /readyz says why, and it heals by itself (docs/contract.md §8).
 */
import { appendFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canMount, canTrace, failCalls, fillUp, smallDisk } from "../support/disk.ts";
import { type Offhook, pbxLines, quickRetries } from "../support/process.ts";
import { type Rig, rig } from "../support/processRig.ts";
import { field, firstOfEach, header } from "../support/receiverWebhook.ts";

async function configured(dataDir?: string): Promise<Rig> {
  const made = await rig();
  const { installation, pbx, receiver } = made;
  const url = `WEBHOOK_URL = ${receiver.url}/hook`;
  const own = dataDir === undefined ? [] : [`DATA_DIR = ${dataDir}`];
  await installation.configure([...pbxLines(pbx.url), url, quickRetries, ...own]);
  return made;
}

/** Ids that the program said are stored. */
function acknowledged(...programs: readonly Offhook[]): Set<string> {
  const lines = programs.flatMap((offhook) => offhook.lines('"msg":"event.stored"'));
  return new Set(lines.map((line) => /"eventId":"([^"]+)"/.exec(line)?.[1] ?? ""));
}

const refusal = "The store refuses to write";

/** Calls ring until the store takes no more of them; their numbers. */
async function ringUntilRefused({ incoming }: Rig, offhook: Offhook): Promise<number[]> {
  const callids: number[] = [];
  while (offhook.lines(refusal).length === 0) {
    const callid = 100 + callids.length;
    callids.push(callid);
    await incoming(callid).rings("101");
    const settled = () =>
      offhook.lines(refusal).length > 0 ||
      offhook.lines("event.stored").some((line) => line.includes(`_${callid}"`));
    await offhook.until(settled, `call ${callid} to be stored or refused`);
  }
  return callids;
}

const storeReason = (readiness: Awaited<ReturnType<Offhook["readiness"]>>) =>
  readiness.status === 503 && readiness.body.reasons?.map(({ reason }) => reason).join(" ");

/** Every call rang at the receiver, each webhook came once, and they are those that were stored. */
async function expectAllToldOnce(
  { receiver }: Rig,
  callids: readonly number[],
  ...programs: readonly Offhook[]
): Promise<void> {
  const told = (callid: number) =>
    receiver.at("/hook").some((each) => field(each, "id").includes(`_${callid}-`));
  await receiver.until(() => callids.every(told), "every call to be told");
  const ids = receiver.at("/hook").map((each) => header(each, "webhook-id"));
  // The log comes by another way than the webhook.
  const areStored = () => ids.every((id) => acknowledged(...programs).has(id));
  await programs.at(-1)?.until(areStored, "every webhook to have been stored");
  expect([...acknowledged(...programs)].filter((id) => !ids.includes(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
}

describe.skipIf(!canMount)("a full disk", () => {
  it("stops the intake, says so, and everything is told once there is room", async () => {
    const disk = smallDisk();
    const made = await configured(join(disk, "data"));
    const offhook = await made.installation.start().ready();
    await made.incoming(1).rings("101");
    await offhook.says("event.stored");
    const makeRoom = fillUp(disk);
    const callids = await ringUntilRefused(made, offhook);
    const readiness = await offhook.untilReadiness((each) => each.status === 503);
    expect(storeReason(readiness)).toMatch(/disk is full/);
    const last = callids.at(-1) ?? 0;
    const early = made.receiver.at("/hook").some((each) => field(each, "id").includes(`_${last}-`));
    expect(early).toBe(false);
    makeRoom();
    await offhook.ready();
    await expectAllToldOnce(made, [1, ...callids], offhook);
    expect(await offhook.stop()).toBe(0);
  });

  it("and kill -9 in the middle of it: what was acknowledged is delivered after the next start", async () => {
    const disk = smallDisk();
    const made = await configured(join(disk, "data"));
    made.receiver.answer = () => 500;
    const first = await made.installation.start().ready();
    const makeRoom = fillUp(disk);
    const callids = await ringUntilRefused(made, first);
    await first.crash();
    made.receiver.answer = () => 200;
    makeRoom();
    const second = await made.installation.start().ready();
    // What was refused is learnt again from the PBX.
    await expectAllToldOnce(made, callids, first, second);
  });
});

describe.skipIf(!canTrace)("a disk that fails", () => {
  it.each([
    ["fsync,fdatasync", "EIO", /disk I\/O error/],
    ["pwrite64", "EROFS", /disk I\/O error/],
    ["pwrite64", "ENOSPC", /disk is full/],
  ])("%s with %s: stops the intake, says so, and heals", async (calls, error, reason) => {
    const made = await configured();
    const { receiver } = made;
    const offhook = await made.installation.start().ready();
    const answered = Promise.withResolvers<void>();
    receiver.hold = answered.promise;
    await made.incoming(1).rings("101");
    await receiver.until(() => receiver.arrived === 1, "a webhook to be in flight");
    const heal = await failCalls(offhook.pid, calls, error);
    // What was taken cannot be noted, and must not be sent again for that.
    answered.resolve();
    await offhook.says("delivery.unrecorded");
    const callids = await ringUntilRefused(made, offhook);
    const readiness = await offhook.untilReadiness((each) => each.status === 503);
    expect(storeReason(readiness)).toMatch(reason);
    await heal();
    await offhook.ready();
    await expectAllToldOnce(made, [1, ...callids], offhook);
    expect(await offhook.stop()).toBe(0);
  });
});

describe("the end of the write-ahead log, spoilt after a kill -9", () => {
  it.each([
    ["half a frame", Buffer.alloc(1000, 0xa5)],
    ["zeros", Buffer.alloc(64 * 1024)],
  ])("by %s: what was acknowledged is delivered, in order", async (_, tail) => {
    const made = await configured();
    const { receiver, installation } = made;
    receiver.answer = () => 500;
    const first = await installation.start().ready();
    const callids = [1, 2, 3];
    for (const callid of callids) {
      const call = made.incoming(callid);
      await call.rings("101");
      await call.isAnsweredBy("101");
    }
    await first.says("event.stored", 2 * callids.length);
    await first.crash();
    const wal = join(installation.folder, "data", "outbox.sqlite-wal");
    expect(statSync(wal).size).toBeGreaterThan(0);
    appendFileSync(wal, tail);
    receiver.answer = () => 200;
    const second = await installation.start().ready();
    await expectAllToldOnce(made, callids, first, second);
    for (const callid of callids) {
      const own = receiver.at("/hook").filter((each) => field(each, "id").includes(`_${callid}-`));
      const sequences = firstOfEach(own).map((each) => header(each, "offhook-sequence"));
      expect(sequences).toEqual(sequences.map((_, index) => String(index + 1)));
    }
  });
});
