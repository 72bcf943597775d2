/**
 * The addresses that are announced, on the built program: who may fetch, how long, under which key, and how; and
 * where recordings come from when it is not the PBX's API (docs/contract.md §6).
 */
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { factMsMax } from "../support/facts.ts";
import {
  announcedIn,
  configureWith,
  expectFetched,
  filesIn,
  hooksOf,
  listen,
  type RecordingRig,
  record,
  recordingRig,
  SOUND_S,
  startWith,
  talked,
  untilAnnounced,
} from "../support/recordingRig.ts";
import { wav } from "../support/sound.ts";

let made: RecordingRig;
beforeEach(async () => {
  made = await recordingRig();
});
afterEach(() => expectFetched(made));

const start = (...more: string[]) => startWith(made, [...hooksOf(made), ...more]);
const statusOf = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).status;

/** A call is answered, over and recorded; the address that is announced. */
async function announced(callid: number): Promise<string> {
  const before = made.receiver.at("/rec").length;
  record(made.pbx, await talked(made.incoming(callid), "101", `420777${callid}`));
  await untilAnnounced(made, before + 1);
  return filesIn(made.receiver.at("/rec").at(-1)?.body ?? "")[0] ?? "";
}

async function until(fact: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + factMsMax;
  while (!(await fact())) {
    if (performance.now() > deadline) throw new Error(`Expected ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("an announced address", () => {
  it("opens by its signature alone, and plays from any place", async () => {
    await start();
    const url = await announced(1);
    const bare = url.replace(/\?.*/, "");
    expect(await statusOf(bare)).toBe(403);
    for (const place of [/(?<=sig=)./, /(?<=sig=\S+\.)./]) {
      expect(await statusOf(url.replace(place, (is) => (is === "A" ? "B" : "A")))).toBe(403);
    }
    expect(await statusOf(url.replace("-1-1.mp3", "-1-2.mp3"))).toBe(403);
    const whole = await fetch(url);
    const bytes = Buffer.from(await whole.arrayBuffer());
    const etag = whole.headers.get("etag") ?? "";
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, `${bytes.length}`]);
    const part = await fetch(url, { headers: { range: "bytes=100-199", "if-range": etag } });
    expect([part.status, part.headers.get("content-range")]).toEqual([
      206,
      `bytes 100-199/${bytes.length}`,
    ]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(100, 200));
    expect(await statusOf(url, { headers: { "if-none-match": etag } })).toBe(304);
  });

  it("closes when RECORDING_URL_TTL is over", async () => {
    // Whether it is open is asked below, as long as it is to be.
    made.receiver.meanwhile = async () => {};
    await start("RECORDING_URL_TTL = 2");
    const url = await announced(1);
    const closesAt = 1000 * Number(/[?&]exp=(\d{10})/.exec(url)?.[1]);
    const isClosed = async () => {
      const status = await statusOf(url);
      if (Date.now() < closesAt) expect(status).toBe(200);
      return status === 403;
    };
    await until(isClosed, "the address to close");
    expect(Date.now()).toBeGreaterThanOrEqual(closesAt);
    expect(await statusOf(url.replace(/exp=\d+/, "exp=9999999999"))).toBe(403);
  });

  it("is bare and open to anyone with RECORDING_OPEN", async () => {
    const offhook = await start("RECORDING_OPEN = 1");
    expect(offhook.output).toContain("RECORDING_OPEN");
    expect(await announced(1)).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/webapi\/recording\/[\d_-]+\.mp3$/,
    );
  });

  it("begins with PUBLIC_URL", async () => {
    // By another name of this machine, with a path of its own in front, as behind a reverse proxy.
    made.receiver.meanwhile = async () => {};
    await start("PUBLIC_URL = https://pbx.example.com:5001/calls/");
    const url = await announced(1);
    expect(url).toMatch(
      /^https:\/\/pbx\.example\.com:5001\/calls\/webapi\/recording\/[\d_-]+\.mp3\?sig=/,
    );
    const { pathname, search } = new URL(url);
    const own = `http://127.0.0.1:${made.port}${pathname.replace("/calls", "")}${search}`;
    expect(await statusOf(own)).toBe(200);
  });

  it("follows the keys as they change: new ones sign, old ones open, until they are taken out", async () => {
    const [old, fresh] = ["o".repeat(32), "f".repeat(32)];
    const offhook = await start(`RECORDING_URL_KEYS = ${old}`);
    const first = await announced(1);
    const reload = async (keys: string, times: number) => {
      await configureWith(made, [...hooksOf(made), `RECORDING_URL_KEYS = ${keys}`]);
      offhook.signal("SIGHUP");
      await offhook.says("config.reloaded", times);
    };
    await reload(`${fresh}, ${old}`, 1);
    expect(await statusOf(first)).toBe(200);
    const second = await announced(2);
    const keyOf = (url: string) => new URL(url).searchParams.get("sig")?.split(".")[0];
    expect(keyOf(second)).not.toBe(keyOf(first));
    await reload(fresh, 2);
    expect(await statusOf(first)).toBe(403);
    expect(await statusOf(second)).toBe(200);
    for (const secret of [old, fresh]) expect(offhook.output).not.toContain(secret);
  });

  it("outlives a restart, its own key kept beside the recordings", async () => {
    const first = await start();
    const url = await announced(1);
    expect(await first.stop()).toBe(0);
    await made.installation.start().ready();
    expect(await listen(url)).toEqual({ ...made.fetched[0], path: undefined });
  });
});

describe("the PBX's own folder", () => {
  it("is read instead of its API, each file once it is whole", async () => {
    const folder = join(made.installation.folder, "Recordings");
    await mkdir(join(folder, "101"), { recursive: true });
    await start(`RECORDINGS_DIR = ${folder}`);
    const { fromAt, toAt } = await talked(made.incoming(1), "101", "4207771");
    const stamp = new Date(fromAt).toISOString().replace(/\D/g, "").slice(0, 14);
    const path = join(folder, "101", `[Novák, Jan]_4207771-101_${stamp}(1).wav`);
    const sound = wav({ seconds: SOUND_S, toneHz: 1240 });
    await writeFile(path, sound.subarray(0, 3000));
    await utimes(path, toAt / 1000, toAt / 1000);
    const other = path.replace("4207771", "4207772");
    await writeFile(other, wav({ seconds: SOUND_S, toneHz: 2000 }));
    await utimes(other, toAt / 1000, toAt / 1000);
    await writeFile(path, sound);
    await utimes(path, toAt / 1000, toAt / 1000);
    await untilAnnounced(made, 1);
    expect(announcedIn(made)).toEqual(["1-1-1 1240"]);
    expect(made.pbx.recordings.lists).toBe(0);
    expect(await readFile(path)).toEqual(sound);
  });
});
