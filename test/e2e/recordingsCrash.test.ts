/**
 * kill -9 in every stage of a recording, and start again: the same webhook, the same file, nothing left lying about
 * (docs/contract.md §6). A stage is held open by the PBX or the receiver until the blow has fallen.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { Chance } from "../simulation/random.ts";
import { factMsMax } from "../support/facts.ts";
import { type Offhook, quickRetries } from "../support/process.ts";
import { header } from "../support/receiverWebhook.ts";
import {
  announcedIn,
  expectFetched,
  filesIn,
  hooksOf,
  keptFiles,
  nameIn,
  type RecordingRig,
  record,
  recordingRig,
  startWith,
  type Talk,
  talked,
  untilAnnounced,
} from "../support/recordingRig.ts";
import { heard, strength } from "../support/sound.ts";

let made: RecordingRig;
beforeEach(async () => {
  made = await recordingRig();
});

const start = () => startWith(made, [...hooksOf(made), quickRetries]);

/** Two recordings of one call, so that there is a first and a second in every stage. */
async function recorded(callid: number): Promise<number[]> {
  const talk = await talked(made.incoming(callid), "101", `420777${callid}`);
  const middle = (talk.fromAt + talk.toAt) / 2;
  const halves: Talk[] = [
    { ...talk, toAt: middle },
    { ...talk, fromAt: middle },
  ];
  return halves.map((half) => record(made.pbx, half));
}

/** As it is without any blow: one webhook, both files, nothing else on the disk. */
async function expectAsEver(tones: readonly number[]): Promise<void> {
  await untilAnnounced(made, 1);
  const first = made.fetched.slice(0, 2).map(({ url, toneHz }) => `${nameIn(url)} ${toneHz}`);
  expect(first).toEqual([`1-1-1 ${tones[0]}`, `1-1-2 ${tones[1]}`]);
  expect(await namesKept()).toEqual(["1-1-1.mp3", "1-1-2.mp3"]);
  const ids = made.receiver.requests
    .filter(({ target }) => target === "/rec")
    .map((each) => header(each, "webhook-id"));
  expect(new Set(ids).size).toBe(1);
  expectFetched(made);
}

/** Each file's path without what differs from day to day; whatever else is there, as it is. */
async function namesKept(): Promise<string[]> {
  const pattern = /^\d{4}\/\d\d\/\d\d\/\d{12}_(\d+-\d+-\d+\.mp3)$/;
  return (await keptFiles(made)).map((path) => path.replace(pattern, "$1"));
}

/** Holds what `isHeld` names open, kills the program there, and starts it again. */
async function killedAt(offhook: Offhook, isHeld: (path: string) => boolean): Promise<number[]> {
  const { pbx } = made;
  const reached = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  pbx.hold = (path) => {
    if (!isHeld(decodeURIComponent(path))) return undefined;
    reached.resolve();
    return gone.promise;
  };
  const tones = await recorded(1);
  await reached.promise;
  await offhook.crash();
  pbx.hold = () => undefined;
  gone.resolve();
  await made.installation.start().ready();
  return tones;
}

describe("killed", () => {
  it("while it looks", async () => {
    const tones = await killedAt(await start(), (path) => path.startsWith("/xapi/v1/Recordings?"));
    await expectAsEver(tones);
  });

  it.each([1, 2])("before file %i comes", async (nth) => {
    let asked = 0;
    const isHeld = (path: string) => {
      if (path.includes("DownloadRecording")) asked += 1;
      return asked === nth && path.includes("DownloadRecording");
    };
    await expectAsEver(await killedAt(await start(), isHeld));
    expect(made.pbx.recordings.downloads.length).toBeGreaterThanOrEqual(2);
  });

  it.each([1, 2])("in the middle of file %i", async (nth) => {
    const offhook = await start();
    const { recordings, facts } = made.pbx;
    recordings.download = (id) => {
      if (recordings.downloads.length !== nth) return undefined;
      return { status: 200, bytes: recordings.files.get(id) ?? Buffer.alloc(0), stallAfter: 3000 };
    };
    const tones = await recorded(1);
    await facts.until(() => recordings.downloads.length === nth, "the download");
    await untilIncoming(/\.original$/, 3000);
    await offhook.crash();
    expect((await keptFiles(made)).some((path) => path.startsWith("incoming/"))).toBe(true);
    await made.installation.start().ready();
    await expectAsEver(tones);
  });

  it("while it converts", async () => {
    let offhook = await start();
    const minutes = 3;
    made.receiver.meanwhile = async () => {};
    const told = () => made.receiver.at("/rec").flatMap(({ body }) => filesIn(body));
    const urlOf = (callid: number) => told().find((url) => nameIn(url) === `${callid}-1-1`);
    let [callid, tone, isCaught] = [0, 0, false];
    // Where this machine stalls, one may be converted before the blow falls: then the next will do.
    while (!isCaught) {
      callid += 1;
      const talk = await talked(made.incoming(callid), "101", `420777${callid}`);
      tone = record(made.pbx, talk, {}, minutes * 60);
      await untilIncoming(/\.mp3\.part$/, 1, () => urlOf(callid) !== undefined);
      await offhook.crash();
      const left = await keptFiles(made);
      isCaught = left.some((path) => /^incoming\/.*\.mp3\.part$/.test(path));
      if (isCaught) expect(left.join()).not.toContain(`_${callid}-1-1`);
      offhook = await made.installation.start().ready();
    }
    await made.receiver.until(() => urlOf(callid) !== undefined, "the recording");
    expect(await namesKept()).toEqual(
      Array.from({ length: callid }, (_, index) => `${index + 1}-1-1.mp3`),
    );
    const url = urlOf(callid) ?? "";
    const { channels, rateHz, seconds } = await heard(
      new Uint8Array(await (await fetch(url)).arrayBuffer()),
    );
    expect(Math.abs(seconds - minutes * 60)).toBeLessThan(0.1);
    expect(strength(channels[0] ?? new Float32Array(), rateHz, tone)).toBeGreaterThan(0.3);
  });

  it("while the receiver has the webhook and has not answered: it comes again, the same", async () => {
    const offhook = await start();
    const reached = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const fetching = made.receiver.meanwhile;
    made.receiver.meanwhile = async (request) => {
      await fetching(request);
      if (request.target !== "/rec") return;
      reached.resolve();
      await gone.promise;
    };
    const tones = await recorded(1);
    await reached.promise;
    await offhook.crash();
    made.receiver.meanwhile = fetching;
    await made.installation.start().ready();
    await untilAnnounced(made, 1);
    await expectAsEver(tones);
    gone.resolve();
    const bodies = made.receiver.requests.filter(({ target }) => target === "/rec");
    expect(new Set(bodies.map(({ body }) => body)).size).toBe(1);
  });

  it("while the webhook waits to be sent again", async () => {
    const offhook = await start();
    made.receiver.answer = ({ target }) => (target === "/rec" ? 503 : 200);
    const tones = await recorded(1);
    const refused = () => made.receiver.requests.filter(({ status }) => status === 503);
    await made.receiver.until(() => refused().length >= 2, "the webhook to be refused");
    await offhook.crash();
    made.receiver.answer = () => 200;
    await made.installation.start().ready();
    await expectAsEver(tones);
  });
});

it("killed again and again, at any moment: each link told once, with its own files, and nothing else kept", async () => {
  const seed = Math.trunc(Math.random() * 1e9);
  const chance = new Chance(seed);
  const calls = [1, 2, 3, 4, 5, 6];
  const tones = new Map<number, number[]>();
  let offhook = await start();
  // The blow falls with the n-th thing that the program does, whatever that is.
  let blowIn = Number.POSITIVE_INFINITY;
  let isStruck = false;
  const strike = () => {
    isStruck = true;
    offhook.signal("SIGKILL");
    made.receiver.facts.changed();
  };
  const done = () => {
    blowIn -= 1;
    if (blowIn === 0) strike();
  };
  made.pbx.instead = (path) => {
    if (path.startsWith("/xapi/v1/Recordings")) done();
    return undefined;
  };
  made.receiver.answer = ({ target }) => {
    if (target === "/rec") done();
    return 200;
  };
  for (const callid of calls) {
    tones.set(callid, await recorded(callid));
    // What was not stored when the blow falls is not to be had again: the end is stored first.
    // Killed before it noted an answer, the program sends that webhook again.
    const ids = () => new Set(made.receiver.at("/hook").map((each) => header(each, "webhook-id")));
    await made.receiver.until(() => ids().size >= 3 * callid, "the end");
    blowIn = chance.between(1, 6);
    const isTold = () => made.receiver.at("/rec").some(({ body }) => body.includes(`_${callid}-1`));
    await made.receiver.until(() => isTold() || isStruck, "word or the blow");
    blowIn = Number.POSITIVE_INFINITY;
    // Also right after the word, when it may not have been noted yet.
    if (!isStruck && chance.happens(0.5)) strike();
    if (!isStruck) continue;
    await offhook.exited();
    isStruck = false;
    offhook = await made.installation.start().ready();
  }
  const told = () => new Set(announcedIn(made).map((line) => line.split("-")[0]));
  await made.receiver.until(() => told().size === calls.length, `every call (seed ${seed})`);
  expect(await offhook.stop()).toBe(0);
  const expected = calls.flatMap((callid) =>
    (tones.get(callid) ?? []).map((tone, index) => `${callid}-1-${index + 1} ${tone}`),
  );
  expect([...new Set(announcedIn(made))].sort(), `seed ${seed}`).toEqual(expected.sort());
  expect(await namesKept(), `seed ${seed}`).toEqual(
    calls.flatMap((callid) => [`${callid}-1-1.mp3`, `${callid}-1-2.mp3`]),
  );
  // Killed between an answer and its note, the program sends the same webhook again: never another.
  const webhooks = made.receiver.at("/rec");
  const ids = new Set(webhooks.map((each) => header(each, "webhook-id")));
  expect(ids.size, `seed ${seed}`).toBe(calls.length);
  expect(new Set(webhooks.map(({ body }) => body)).size, `seed ${seed}`).toBe(calls.length);
});

/** A file on its way has come so far, or it is over. */
async function untilIncoming(pattern: RegExp, bytes: number, isOver = () => false): Promise<void> {
  const folder = join(made.installation.folder, "data", "recordings", "incoming");
  const deadline = performance.now() + factMsMax;
  while (performance.now() < deadline) {
    if (isOver()) return;
    for (const name of await readdir(folder)) {
      if (!pattern.test(name)) continue;
      const { size } = await stat(join(folder, name)).catch(() => ({ size: 0 }));
      if (size >= bytes) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`Expected ${bytes} bytes of a file like ${pattern} in ${folder}.`);
}
