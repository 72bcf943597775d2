import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  folderSource,
  parseName,
  SETTLED_MS,
  SETTLED_WITHOUT_LENGTH_MS,
  startOf,
} from "./folder.ts";

const T = Date.UTC(2026, 1, 24, 20, 10, 47);
const NAME = "[Surname, Name]_116-4207770001_20260224201047(789).wav";
const never = new AbortController().signal;
let folder = "";
let now = 0;
let aheadMs = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "offhook-folder-"));
  now = T + 120_000;
  aheadMs = 0;
});
afterEach(() => rm(folder, { recursive: true }));

function wav(bytes: number): Buffer {
  const data = Buffer.alloc(bytes);
  data.write("RIFF", 0, "latin1");
  data.writeUInt32LE(bytes - 8, 4);
  return data;
}

async function put(id: string, data = wav(100), finishedAt = T + 60_000): Promise<void> {
  const path = join(folder, id);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, data);
  await utimes(path, finishedAt / 1000, finishedAt / 1000);
}

const source = () =>
  folderSource({
    folder,
    timezone: "Europe/Prague",
    now: () => now,
    aheadMs: () => aheadMs,
    bytesMax: 1000,
  });
const idsIn = async (fromAt = T - 5_000, toAt = T + 60_000, users = ["116"]) => {
  const listing = await source().list(fromAt, toAt, users);
  return listing.kind === "listed" ? listing.found.map(({ id }) => id) : listing;
};

describe("the list", () => {
  test("tells parties and times of an extension's files", async () => {
    await put(`116/${NAME}`);
    expect(await source().list(T - 5_000, T + 5_000, ["116", "117"])).toEqual({
      kind: "listed",
      found: [
        {
          id: `116/${NAME}`,
          startedAt: T,
          endedAt: T + 60_000,
          from: { dn: "116", number: "116", isQueue: false },
          to: { dn: "", number: "4207770001", isQueue: false },
          call: null,
          transcript: null,
        },
      ],
    });
    expect(await idsIn(T + 1, T + 60_000)).toEqual([]);
    expect(await idsIn(T - 60_000, T - 1)).toEqual([]);
    expect(await idsIn(undefined, undefined, ["117"])).toEqual([]);
  });

  test("is by the clock that calls are timed by, whatever this machine's was set to", async () => {
    await put(`116/${NAME}`);
    aheadMs = 3_600_000;
    const listing = await source().list(T - 3_605_000, T - 3_595_000, ["116"]);
    const [found] = listing.kind === "listed" ? listing.found : [];
    expect(found).toMatchObject({ startedAt: T - 3_600_000, endedAt: T - 3_540_000 });
    expect(await idsIn(T, T)).toEqual([]);
  });

  test("an incoming call has the extension on the other side, whatever number stands there", async () => {
    await put("116/[4207]_4207-800_20260224201047(3).wav");
    const listing = await source().list(T, T, ["116"]);
    const [found] = listing.kind === "listed" ? listing.found : [];
    expect(found).toMatchObject({ from: { dn: "", number: "4207" }, to: { dn: "116" } });
  });

  test("waits until a file is finished", async () => {
    const growing = wav(100).subarray(0, 60);
    await put(`116/${NAME}`, growing, now - SETTLED_MS);
    expect(await idsIn()).toEqual([]);
    await put(`116/${NAME}`, wav(100), now - SETTLED_MS + 1);
    expect(await idsIn()).toEqual([]);
    await put(`116/${NAME}`, wav(100), now - SETTLED_MS);
    expect(await idsIn()).toEqual([`116/${NAME}`]);
    await put(`116/${NAME}`, growing, now - SETTLED_WITHOUT_LENGTH_MS);
    expect(await idsIn()).toEqual([`116/${NAME}`]);
    await put(`116/${NAME}`, Buffer.from("ID3"), now - SETTLED_WITHOUT_LENGTH_MS + 1);
    expect(await idsIn()).toEqual([]);
  });

  test("leaves out what is no recording, no file or not in the folder", async () => {
    await put("116/notes.txt");
    await put("116/[a]_1-2_20261324201047(1).wav");
    await put("secret.wav");
    await mkdir(join(folder, "116", `${NAME}`), { recursive: true });
    await symlink(join(folder, "secret.wav"), join(folder, "116", "[x]_1-2_20260224201047(9).wav"));
    await symlink("/", join(folder, "118"));
    expect(await idsIn(undefined, undefined, ["116", "118", "..", "", "../116"])).toEqual([]);
  });

  test("says what to do if the folder cannot be read", async () => {
    const missing = {
      folder: join(folder, "x"),
      timezone: "UTC",
      now: () => now,
      aheadMs: () => 0,
      bytesMax: 1,
    };
    expect(await folderSource(missing).list(T, T, ["116"])).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("RECORDINGS_DIR"),
    });
    await writeFile(join(folder, "119"), "");
    expect(await idsIn(T, T, ["119"])).toMatchObject({ kind: "failed" });
  });
});

describe("the stamp", () => {
  test("is read in UTC or in the PBX's zone, as the file's own time allows", () => {
    const local = Date.UTC(2026, 1, 24, 21, 10, 47);
    expect(startOf(T, T + 60_000, "Europe/Prague")).toBe(T);
    expect(startOf(local, T + 60_000, "Europe/Prague")).toBe(T);
    const inNewYork = Date.UTC(2026, 1, 24, 15, 10, 47);
    expect(startOf(T, T + 60_000, "America/New_York")).toBe(T);
    expect(startOf(inNewYork, T + 60_000, "America/New_York")).toBe(T);
    expect(startOf(T, T - 86_400_000, "Europe/Prague")).toBe(T - 3_600_000);
  });

  test.each([
    ["[]_100-0420_20190211124709(2).wav", ["100", "0420"]],
    ["[a]_b_[c]_302-+1206_20260504080500(84).wav", ["302", "+1206"]],
    ["[a\nb]_1-2_20260504080500(84).mp3", ["1", "2"]],
    ["[a]_1-2_20260504080500.wav", null],
    ["a_1-2_20260504080500(1).wav", null],
  ])("name %j", (name, parties) => {
    const parsed = parseName(name);
    expect(parsed && [parsed.from, parsed.to]).toEqual(parties);
  });
});

describe("a file", () => {
  test("is copied, and nothing is overwritten", async () => {
    await put(`116/${NAME}`);
    const path = join(folder, "copy.wav");
    expect(await source().download(`116/${NAME}`, path, never)).toEqual({
      kind: "fetched",
      bytes: 100,
    });
    expect(await readFile(path)).toEqual(wav(100));
    await writeFile(path, "mine");
    expect(await source().download(`116/${NAME}`, path, never)).toMatchObject({ kind: "failed" });
    expect(await readFile(path, "utf8")).toBe("mine");
  });

  test.each([
    "116/missing.wav",
    `../116/${NAME}`,
    `116/../116/${NAME}`,
    `117/${NAME}`,
    "116/[x]_1-2_20260224201047(9).wav",
    `116/[\0]_1-2_20260224201047(9).wav`,
    "",
  ])("that is not there or not ours is refused: %j", async (id) => {
    await put(`116/${NAME}`);
    await writeFile(join(folder, "secret.wav"), "s");
    await symlink(join(folder, "secret.wav"), join(folder, "116", "[x]_1-2_20260224201047(9).wav"));
    const path = join(folder, "copy.wav");
    expect(await source().download(id, path, never)).toMatchObject({ kind: "refused" });
  });

  test("that is too large is refused", async () => {
    await put(`116/${NAME}`, wav(1001));
    const fetched = await source().download(`116/${NAME}`, join(folder, "copy.wav"), never);
    expect(fetched).toMatchObject({ kind: "refused", reason: expect.stringContaining("larger") });
  });
});
