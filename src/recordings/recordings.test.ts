/** The front of the room with real files, a real converter and a real socket; ledger and PBX are the test's. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify from "fastify";
import { request } from "undici";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import { START, TestClock } from "../../test/support/deliveryWorld.ts";
import { factMsMax } from "../../test/support/facts.ts";
import { endedLink, foundFor, MemoryLedger } from "../../test/support/recordingWorld.ts";
import { wav } from "../../test/support/sound.ts";
import type { EndedEvent } from "../events/event.ts";
import { silentLog } from "../util/log.ts";
import { pathOf } from "./fetching.ts";
import { openDiskFiles } from "./files/disk.ts";
import type { RecordingFiles } from "./files/files.ts";
import type { Found } from "./find/recordingSource.ts";
import type { LinkState, RecordedLink } from "./ledger.ts";
import { openRecordings, type Recordings, recordingFolders } from "./recordings.ts";
import { signingKey } from "./serve/address.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const app = () => fastify();

let dataDir: string;
let clock: TestClock;
let ledger: MemoryLedger;
let files: RecordingFiles;
let recordings: Recordings;
let server: ReturnType<typeof app>;
let found: Found[];
let audio: Uint8Array;
let settings = settingsWith({});
let wants: readonly string[];

function settingsWith(changes: { keepDays?: number; keepMb?: number; forgetDays?: number }) {
  const limits = { keepDays: 0, keepMb: 0, forgetDays: 0, ...changes };
  const keys = [signingKey("k".repeat(32))];
  const address = { publicUrl: "https://pbx.test", urlTtlMs: 0, isOpen: false, keys };
  return { searchAtMs: [1_000, 2_000], transcriptAtMs: [], ...address, ...limits };
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "offhook-recordings-"));
  clock = new TestClock();
  ledger = new MemoryLedger();
  [found, wants, settings] = [[], ["recording"], settingsWith({})];
  audio = wav({ seconds: 1 });
  const { kept, temp } = recordingFolders(dataDir);
  await mkdir(temp, { recursive: true });
  await writeFile(join(temp, "left-by-a-crash.original"), "x");
  files = await openDiskFiles(kept);
  recordings = await openRecordings({
    ...{ ledger, files, tempDir: temp, clock, log: silentLog },
    settings: () => settings,
    source: () => ({
      list: async () => ({ kind: "listed", found }),
      async download(_id, path) {
        await writeFile(path, audio, { flag: "wx" });
        return { kind: "fetched", bytes: audio.length };
      },
    }),
    route: ({ kind }) => (wants.includes(kind) ? ["default"] : []),
    owed: () => {},
    wallNow: () => clock.now(),
  });
  server = app();
  await server.register(recordings.routes);
  await server.listen();
  recordings.start();
});
afterEach(async () => {
  await server.close();
  await recordings.stop();
  await rm(dataDir, { recursive: true });
});

/** All files below the data directory. */
async function tree(): Promise<string[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** Seeks a link's recording until it has come so far; its row. */
async function bring(ended: EndedEvent, state: LinkState): Promise<RecordedLink> {
  ledger.seek(ended);
  recordings.sought(clock.now());
  await comesTo(ended, state);
  return linkOf(ended);
}

async function comesTo(ended: EndedEvent, state: LinkState): Promise<void> {
  await vi.waitFor(async () => {
    await clock.pass(1_000);
    expect(linkOf(ended).state).toBe(state);
  }, factMsMax);
}

function linkOf({ eventId }: EndedEvent): RecordedLink {
  const link = ledger.links.get(eventId);
  if (link === undefined) throw new Error(`There is no link ${eventId}.`);
  return link;
}

/** The announced address, at the server's own origin. */
function announced(): string {
  const event = ledger.events.at(-1)?.event;
  if (event?.kind !== "recording") throw new Error(`Expected a recording, got ${event?.kind}.`);
  const { pathname, search } = new URL(event.files[0] ?? "");
  return `${server.listeningOrigin}${pathname}${search}`;
}

async function get(url: string): Promise<number> {
  const { statusCode, body } = await request(url);
  await body.dump();
  return statusCode;
}

describe("what is wanted", () => {
  test("is the recording of answered links that somebody is told of", () => {
    const ended = endedLink(1);
    const firstLookAt = ended.at + 1_000;
    for (const kind of ["recording", "norecording", "ai"]) {
      wants = [kind];
      expect(recordings.seekAt(ended)).toBe(firstLookAt);
    }
    expect(recordings.seekAt(endedLink(1, { finish: "Missed" }))).toBe(null);
    expect(recordings.seekAt(callEvent(1))).toBe(null);
    wants = ["ended"];
    expect(recordings.seekAt(ended)).toBe(null);
  });
});

describe("an announced address", () => {
  test("opens the file, and only with its signature", async () => {
    const ended = endedLink(1);
    found = [foundFor(ended)];
    await bring(ended, "announced");
    expect(await get(announced())).toBe(200);
    expect(await get(announced().replace(/\?.*/, ""))).toBe(403);
    expect(await tree()).toEqual([`${ended.callId}-1-1.mp3`]);
  });

  test("is of one PBX's call, though another's has the same id", async () => {
    const [here, there] = [endedLink(1), endedLink(1, { pbx: "east", eventId: "east_1_ended" })];
    found = [foundFor(here)];
    await bring(here, "announced");
    const first = announced();
    found = [foundFor(there, { id: "elsewhere" })];
    await bring(there, "announced");
    expect(announced()).toMatch(/-1-2\.mp3/);
    expect([await get(first), await get(announced())]).toEqual([200, 200]);
    expect(await tree()).toHaveLength(2);
  });

  test("answers 410 once the recording was removed, 404 when the file was lost", async () => {
    const [lost, removed] = [endedLink(1), endedLink(2)];
    found = [foundFor(lost)];
    const { files: rows } = await bring(lost, "announced");
    await files.remove(rows[0]?.path ?? "");
    expect(await get(announced())).toBe(404);
    found = [foundFor(removed)];
    expect(await recordings.remove(await bring(removed, "announced"), "Asked for.")).toBe(1);
    expect(await get(announced())).toBe(410);
    expect(await tree()).toEqual([]);
  });
});

describe("removal", () => {
  test("of a recording that is still sought: nothing comes later", async () => {
    const ended = endedLink(1);
    ledger.seek(ended, START + HOUR_MS);
    expect(await recordings.remove(linkOf(ended), "Asked for.")).toBe(0);
    found = [foundFor(ended)];
    await clock.pass(2 * HOUR_MS);
    expect(linkOf(ended)).toMatchObject({ state: "none", dueAt: null, reason: "Asked for." });
    expect(await tree()).toEqual([]);
  });

  test("takes away also what was kept, but not noted before a crash", async () => {
    const ended = endedLink(1);
    ledger.seek(ended, START + HOUR_MS);
    const wanted = { state: "wanted", path: "", bytes: 0, storedAt: null, reason: "" } as const;
    const file = { ...wanted, n: 1, sourceId: "11", startedAt: START };
    ledger.links.set(ended.eventId, { ...linkOf(ended), state: "fetching", files: [file] });
    const mp3 = join(dataDir, "kept.mp3");
    await writeFile(mp3, "x");
    await files.put(pathOf(ended, 1, "mp3"), mp3);
    await recordings.remove(linkOf(ended), "Asked for.");
    expect(await tree()).toEqual([]);
  });

  test("is not claimed of a file that is still there", async () => {
    const ended = endedLink(1);
    found = [foundFor(ended)];
    const link = await bring(ended, "announced");
    vi.spyOn(files, "remove").mockResolvedValue(true);
    await expect(recordings.remove(link, "Asked for.")).rejects.toThrow(/still there/);
    expect(linkOf(ended).files[0]?.state).toBe("stored");
  });

  test("by age: what is older goes, and its link later", async () => {
    settings = settingsWith({ keepDays: 2, forgetDays: 30 });
    const [old, young] = [endedLink(1), endedLink(2, { at: START + 2 * DAY_MS - 2 * HOUR_MS })];
    found = [foundFor(old)];
    await bring(old, "announced");
    await clock.pass(2 * DAY_MS - HOUR_MS);
    found = [foundFor(young)];
    await bring(young, "announced");
    await clock.pass(2 * HOUR_MS);
    const stateOfOld = () => linkOf(old).files[0]?.state;
    await vi.waitFor(() => expect(stateOfOld()).toBe("removed"), factMsMax);
    expect(await tree()).toEqual([`${young.callId}-1-1.mp3`]);
    await vi.waitFor(async () => {
      await clock.pass(10 * DAY_MS);
      expect([...ledger.links.keys()]).toEqual([]);
    }, factMsMax);
  });

  test("by size: the longest kept go until the rest is small enough", async () => {
    const all = [1, 2, 3].map((call) => endedLink(call));
    for (const ended of all) {
      found = [foundFor(ended)];
      await bring(ended, "announced");
    }
    const bytes = linkOf(endedLink(1)).files[0]?.bytes ?? 0;
    settings = settingsWith({ keepMb: (2.5 * bytes) / 1e6 });
    await vi.waitFor(async () => {
      await clock.pass(HOUR_MS);
      const states = all.map((ended) => linkOf(ended).files[0]?.state);
      expect(states).toEqual(["removed", "stored", "stored"]);
    }, factMsMax);
    await clock.pass(HOUR_MS);
    expect(await tree()).toHaveLength(2);
  });
});

describe("what cannot be converted", () => {
  test("is kept as it came, and fetched anew when asked for", async () => {
    const ended = endedLink(1);
    found = [foundFor(ended)];
    const sound = audio;
    audio = Buffer.from("RIFF but no sound");
    const failed = await bring(ended, "failed");
    expect(await tree()).toEqual([`${ended.callId}-1-1.original`]);
    audio = sound;
    expect(await recordings.retry(failed)).toBe(true);
    await comesTo(ended, "announced");
    expect(await tree()).toEqual([`${ended.callId}-1-1.mp3`]);
    expect(await get(announced())).toBe(200);
    expect(await recordings.retry(linkOf(ended))).toBe(false);
  });
});
