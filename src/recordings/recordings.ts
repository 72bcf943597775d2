/**
 * The front of the room: what the service needs of recordings, put together. Which link's recording is
 * wanted, the recorder that brings it, the files, the route that hands them out, retention, and what an
 * operator may ask.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import type { CallEvent, EndedEvent, EpochMs, OffhookEvent } from "../events/event.ts";
import type { Delivery } from "../outbox/outbox.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { createConverter } from "./convert/converter.ts";
import type { OpenFile, RecordingFiles } from "./files/files.ts";
import type { RecordingSource } from "./find/recordingSource.ts";
import type { Ledger, LinkQuery, RecordedLink } from "./ledger.ts";
import { createRecorder } from "./recorder.ts";
import { removalOf } from "./removal.ts";
import { addressOf, type RecordingName, type SigningKey } from "./serve/address.ts";
import { recordingRoutes, type Served, type Sought } from "./serve/routes.ts";
import { noRecordingEvent, recordingEvent, transcriptEvent } from "./telling.ts";

/** As they are in force at the moment. */
export interface RecordingsSettings {
  /** Looks, as times after a link's end. */
  readonly searchAtMs: readonly number[];
  /** Looks for transcripts, as times after the recording was stored. */
  readonly transcriptAtMs: readonly number[];
  readonly publicUrl: string;
  /** In force, the one that signs first. */
  readonly keys: readonly SigningKey[];
  /** 0 = addresses are valid for ever. */
  readonly urlTtlMs: number;
  readonly isOpen: boolean;
  readonly keepDays: number;
  readonly keepMb: number;
  readonly forgetDays: number;
}

export interface RecordingsOptions {
  readonly ledger: Ledger;
  readonly files: RecordingFiles;
  /** Files on their way lie here; whatever a crash left is removed at the start. */
  readonly tempDir: string;
  readonly settings: () => RecordingsSettings;
  readonly source: (pbx: string) => RecordingSource | null;
  readonly route: (event: CallEvent) => readonly string[];
  readonly owed: (deliveries: readonly Delivery[]) => void;
  readonly clock: Clock;
  /** Addresses expire by everybody's clock. */
  readonly wallNow: () => EpochMs;
  readonly log: Log;
}

export interface Recordings {
  /** From when the recording of what has ended is to be looked for; null if nobody wants it. */
  seekAt(event: OffhookEvent): EpochMs | null;
  /** One is to be looked for from then on. */
  sought(at: EpochMs): void;
  readonly routes: (app: FastifyInstance) => Promise<void>;
  find(what: LinkQuery, limit: number): Promise<readonly RecordedLink[]>;
  retry(link: RecordedLink): Promise<boolean>;
  remove(link: RecordedLink, reason: string): Promise<number>;
  /** Begins to look, to fetch, and to tidy up. */
  start(): void;
  stop(): Promise<void>;
}

const RETENTION_FIRST_MS = 90_000;
const RETENTION_EVERY_MS = 3_600_000;
/** Links of an id: one, and one more for each other PBX at worst. */
const LINKS_OF_ID_MAX = 100;

/** Rejects with the reason if the folder for files on their way cannot be made. */
export async function openRecordings(options: RecordingsOptions): Promise<Recordings> {
  const { ledger, files, tempDir, settings, source, route, owed, clock, wallNow, log } = options;
  await rm(tempDir, { recursive: true, force: true });
  await mkdir(tempDir, { recursive: true, mode: 0o700 });
  const converter = createConverter({ clock });
  let isStopped = false;
  let cancelPass = () => {};
  let pass: Promise<void> = Promise.resolve();

  const urlOf = ({ callId, link }: EndedEvent, n: number): string => {
    const { publicUrl, keys, isOpen, urlTtlMs } = settings();
    const expiresAt = urlTtlMs === 0 ? null : wallNow() + urlTtlMs;
    return addressOf(publicUrl, { callId, link, n }, isOpen ? null : (keys[0] ?? null), expiresAt);
  };

  const recorder = createRecorder({
    ledger,
    clock,
    log,
    tempDir,
    source,
    route,
    owed,
    urlOf,
    schedule: settings,
    convert: (from, to, signal) => converter.convert(from, to, signal),
    keep: async (file, path) => (await files.put(path, file)).bytes,
    discard: async (path) => void (await files.remove(path)),
  });
  const removal = removalOf({ files, ledger, recorder, clock, log });

  function retainLater(afterMs: number): void {
    cancelPass = clock.after(afterMs, () => {
      pass = removal
        .retain(settings(), () => isStopped)
        .catch((error) => log.warn({ err: error }, "recordings.retention: tried again in an hour"))
        .finally(() => isStopped || retainLater(RETENTION_EVERY_MS));
    });
  }

  async function findFile({ callId, link, n }: RecordingName): Promise<Sought> {
    const links = await ledger.find({ by: "call", callId, link }, LINKS_OF_ID_MAX);
    const named = links.flatMap((each) => each.files).filter((file) => file.n === n);
    const stored = named.find(({ state }) => state === "stored");
    if (stored !== undefined) {
      const file = await files.open(stored.path);
      return file === null ? { kind: "none" } : { kind: "found", file: servedOf(file) };
    }
    return { kind: named.some(({ state }) => state === "removed") ? "removed" : "none" };
  }

  return {
    seekAt(event) {
      if (event.kind !== "ended" || event.finish !== "Ok") return null;
      if (!isWanted(event, route)) return null;
      return event.at + (settings().searchAtMs[0] ?? 0);
    },
    sought: (at) => recorder.wakeAt(at),
    routes: recordingRoutes({
      find: findFile,
      keys: () => settings().keys,
      isOpen: () => settings().isOpen,
      now: wallNow,
      clock,
      log,
    }),
    find: (what, limit) => ledger.find(what, limit),
    retry: (link) => recorder.retry(link),
    remove: (link, reason) => removal.remove(link, reason),
    start() {
      recorder.wakeAt(clock.now());
      retainLater(RETENTION_FIRST_MS);
    },
    async stop() {
      isStopped = true;
      cancelPass();
      await pass;
      await recorder.stop();
      await converter.close();
      await files.close();
    },
  };
}

/** Whether anybody is told of the recording, of there being none, or of what was said. */
function isWanted(ended: EndedEvent, route: (event: CallEvent) => readonly string[]): boolean {
  const { at } = ended;
  const told = [
    recordingEvent(ended, at, [], true),
    noRecordingEvent(ended, at, ""),
    transcriptEvent(ended, at, []),
  ];
  return told.some((event) => route(event).length > 0);
}

function servedOf(file: OpenFile): Served {
  return {
    bytes: file.bytes,
    etag: file.etag,
    storedAt: file.storedAt,
    read: (first, last) => file.read({ first, last }),
    close: () => file.close(),
  };
}

/** Where files on their way lie, and where finished ones are kept if not in a bucket. */
export function recordingFolders(dataDir: string): {
  readonly kept: string;
  readonly temp: string;
} {
  const kept = join(dataDir, "recordings");
  return { kept, temp: join(kept, "incoming") };
}
