/**
 * Recordings that are served as the service serves them: our HTTP server, the room's own route, files in a folder;
 * the ledger is the test's, in memory.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { startHttp } from "../../src/http/server.ts";
import { convertFile } from "../../src/recordings/convert/convertFile.ts";
import { createLame, type Lame } from "../../src/recordings/convert/encode.ts";
import { pathOf } from "../../src/recordings/fetching.ts";
import { openDiskFiles } from "../../src/recordings/files/disk.ts";
import type { RecordingFiles } from "../../src/recordings/files/files.ts";
import { openRecordings } from "../../src/recordings/recordings.ts";
import { addressOf, type SigningKey, signingKey } from "../../src/recordings/serve/address.ts";
import { type Clock, steadyClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { endedLink, MemoryLedger, SEARCH, TRANSCRIPTS } from "./recordingWorld.ts";

export interface ServedRecordings {
  /** Origin of the server. */
  readonly url: string;
  /** Everything of ours lies here; the recordings in `recordings`. */
  readonly folder: string;
  readonly settings: { isOpen: boolean };
  /** The access log. */
  readonly asked: { readonly status: number; readonly first?: number; readonly agent: string }[];
  /** Keeps an MP3 for a call and tells its address, signed. */
  add(call: number, mp3: Uint8Array, expiresAt?: number): Promise<string>;
  /** Takes it away again. */
  remove(call: number): Promise<void>;
  stop(): Promise<void>;
}

export const KEY: SigningKey = signingKey("a key that signs in the tests");

/** `bytesPerS`: a line no faster than that; default as fast as it goes. `keeper`: default a folder. */
export async function serveRecordings({
  clock = steadyClock(),
  bytesPerS = 0,
  keeper = null,
}: {
  readonly clock?: Clock;
  readonly bytesPerS?: number;
  readonly keeper?: RecordingFiles | null;
} = {}): Promise<ServedRecordings> {
  const folder = await mkdtemp(join(tmpdir(), "offhook-served-"));
  const kept = join(folder, "recordings");
  const files = keeper ?? (await openDiskFiles(kept));
  const ledger = new MemoryLedger();
  const changing = { isOpen: false };
  const asked: ServedRecordings["asked"] = [];
  const note = (line: object, text: string) => {
    if (text === "recording.asked") asked.push(line as (typeof asked)[number]);
  };
  const recordings = await openRecordings({
    ledger,
    files: bytesPerS === 0 ? files : slowed(files, bytesPerS),
    tempDir: join(folder, "incoming"),
    settings: () => ({
      searchAtMs: SEARCH,
      transcriptAtMs: TRANSCRIPTS,
      publicUrl: "",
      keys: [KEY],
      urlTtlMs: 0,
      keepDays: 0,
      keepMb: 0,
      forgetDays: 0,
      ...changing,
    }),
    source: () => null,
    route: () => [],
    owed: () => {},
    clock,
    wallNow: Date.now,
    log: { ...silentLog, info: note },
  });
  const http = await startHttp({
    host: "127.0.0.1",
    port: 0,
    version: "test",
    unready: async () => [],
    recordings: recordings.routes,
  });
  const linkOf = async (call: number) => {
    const { callId } = endedLink(call);
    const [link] = await recordings.find({ by: "call", callId, link: 1 }, 1);
    return link;
  };
  return {
    url: http.url,
    folder,
    settings: changing,
    asked,
    async add(call, mp3, expiresAt) {
      const ended = endedLink(call);
      const made = join(folder, "made.mp3");
      await writeFile(made, mp3);
      const path = pathOf(ended, 1, "mp3");
      const { bytes, storedAt } = await files.put(path, made);
      const told = { path, bytes, storedAt, state: "stored", reason: "" } as const;
      const file = { n: 1, sourceId: String(call), startedAt: ended.at, ...told };
      const link = { key: ended.eventId, ended, state: "announced", files: [file] } as const;
      await ledger.save({ ...link, dueAt: null, tries: 0, reason: "" }, []);
      const name = { callId: ended.callId, link: 1, n: 1 };
      return addressOf(http.url, name, KEY, expiresAt ?? null);
    },
    async remove(call) {
      const link = await linkOf(call);
      if (link) await recordings.remove(link, "asked for");
    },
    async stop() {
      await http.stop();
      await recordings.stop();
      await rm(folder, { recursive: true });
    },
  };
}

const PIECES_PER_S = 10;

function slowed(files: RecordingFiles, bytesPerS: number): RecordingFiles {
  const pieceBytes = Math.ceil(bytesPerS / PIECES_PER_S);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 1000 / PIECES_PER_S));
  async function* slowly(whole: Readable) {
    for await (const bytes of whole) {
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        yield bytes.subarray(at, at + pieceBytes);
        await pause();
      }
    }
  }
  return {
    put: (key, path) => files.put(key, path),
    stat: (key) => files.stat(key),
    remove: (key) => files.remove(key),
    list: () => files.list(),
    close: () => files.close(),
    async open(key) {
      const file = await files.open(key);
      return (
        file && { ...file, read: async (range) => Readable.from(slowly(await file.read(range))) }
      );
    },
  };
}

export function lame(): Promise<Lame> {
  const wasm = fileURLToPath(import.meta.resolve("wasm-media-encoders/wasm/mp3"));
  return createLame(readFileSync(wasm));
}

/** An MP3 as a recording's WAV becomes one. */
export async function mp3Of(wav: Uint8Array): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "offhook-mp3-"));
  try {
    const [from, to] = [join(folder, "a.wav"), join(folder, "a.mp3")];
    await writeFile(from, wav);
    const conversion = convertFile(await lame(), from, to);
    if (conversion.kind !== "converted") throw new Error(conversion.reason);
    return await readFile(to);
  } finally {
    await rm(folder, { recursive: true });
  }
}
