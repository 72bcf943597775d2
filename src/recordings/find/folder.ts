/**
 * The PBX's own folder of recordings, where this program runs on the PBX's machine (`RECORDINGS_DIR`): one
 * folder for each extension, the parties and the time in the name. Never throws.
 * Must hold: nothing outside the folder is read, whatever the names; a file that is still being written is
 * not there yet.
 */
import { constants } from "node:fs";
import { copyFile, lstat, open, readdir, realpath, rm } from "node:fs/promises";
import { join, sep } from "node:path";
import type { EpochMs } from "../../events/event.ts";
import { messageOf } from "../../util/messageOf.ts";
import type { Fetched, Found, Listing, RecordingSource } from "./recordingSource.ts";

export interface FolderOptions {
  readonly folder: string;
  /** IANA name: some builds write the time in the PBX's zone, some in UTC. */
  readonly timezone: string;
  /** By which files are dated. */
  readonly now: () => EpochMs;
  /** How far that clock is ahead of the one that calls are timed by: it may have been set since the start. */
  readonly aheadMs: () => number;
  readonly bytesMax: number;
}

/** `[<name>]_<from>-<to>_<yyyyMMddHHmmss>(<n>).wav`; the name may hold anything. */
const grammar = /^\[.*\]_([^_]*?)-([^_]*?)_(\d{14})\((\d{1,10})\)\.(?:wav|mp3)$/su;
const extensionName = /^\w[\w*#-]{0,31}$/;
const DAY_MS = 86_400_000;
/** Not written to for so long: closed. */
export const SETTLED_MS = 3_000;
/** The same for a file whose header does not tell its length. */
export const SETTLED_WITHOUT_LENGTH_MS = 60_000;
const FILES_MAX = 100_000;

export function folderSource(options: FolderOptions): RecordingSource {
  const { folder, bytesMax } = options;
  return {
    async list(fromAt, toAt, users): Promise<Listing> {
      try {
        const root = await realpath(folder);
        const aheadMs = options.aheadMs();
        const own = [...new Set(users)].map((user) =>
          filesOf(root, user, fromAt + aheadMs, toAt + aheadMs, options),
        );
        const found = (await Promise.all(own)).flat();
        return { kind: "listed", found: found.map((file) => earlier(file, aheadMs)) };
      } catch (error) {
        const reason =
          `Expected RECORDINGS_DIR to be the PBX's folder of recordings, but ${folder} cannot be read ` +
          `(${messageOf(error)}). Set it to the folder that holds one folder for each extension, and let this ` +
          "user read it.";
        return { kind: "failed", reason };
      }
    },
    async download(id, path): Promise<Fetched> {
      try {
        const file = await locate(await realpath(folder), id);
        if (file === null) return { kind: "refused", reason: "The file is no longer there." };
        if (file.bytes > bytesMax) {
          const megabytes = Math.floor(bytesMax / 1_048_576);
          return { kind: "refused", reason: `The recording is larger than ${megabytes} MB.` };
        }
        await copyFile(file.path, path, constants.COPYFILE_EXCL);
        return { kind: "fetched", bytes: file.bytes };
      } catch (error) {
        if (codeOf(error) !== "EEXIST") await rm(path, { force: true });
        return { kind: "failed", reason: `The recording cannot be read (${messageOf(error)}).` };
      }
    },
  };
}

function earlier(file: Found, ms: number): Found {
  const { startedAt, endedAt } = file;
  return { ...file, startedAt: startedAt - ms, endedAt: endedAt === null ? null : endedAt - ms };
}

async function filesOf(
  root: string,
  user: string,
  fromAt: EpochMs,
  toAt: EpochMs,
  options: FolderOptions,
): Promise<Found[]> {
  if (!extensionName.test(user)) return [];
  const names = await readdir(join(root, user)).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return []; // nothing recorded yet
    throw error;
  });
  const found: Found[] = [];
  for (const name of names.slice(-FILES_MAX)) {
    const parsed = parseName(name);
    // The stamp may be in any zone: the file's own time decides, for those that come into question.
    if (parsed === null || parsed.stampAt < fromAt - DAY_MS) continue;
    if (parsed.stampAt > toAt + DAY_MS) continue;
    const file = await locate(root, `${user}/${name}`);
    if (file === null || !(await isComplete(file, options.now()))) continue;
    const startedAt = startOf(parsed.stampAt, file.changedAt, options.timezone);
    if (startedAt < fromAt || startedAt > toAt) continue;
    found.push(foundOf(`${user}/${name}`, user, parsed, startedAt, file.changedAt));
  }
  return found;
}

interface Parsed {
  readonly from: string;
  readonly to: string;
  /** The stamp, read as UTC. */
  readonly stampAt: EpochMs;
}

export function parseName(name: string): Parsed | null {
  const [, from, to, stamp] = grammar.exec(name) ?? [];
  if (from === undefined || to === undefined || stamp === undefined) return null;
  const parts = stamp.match(/^(....)(..)(..)(..)(..)(..)$/)?.slice(1) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  const stampAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(stampAt) ? null : { from, to, stampAt };
}

function foundOf(
  id: string,
  user: string,
  { from, to }: Parsed,
  startedAt: EpochMs,
  endedAt: EpochMs,
): Found {
  const ownIsFrom = from === user;
  const side = (number: string, isOwn: boolean) => ({
    dn: isOwn ? user : "",
    number,
    isQueue: false,
  });
  return {
    id,
    startedAt,
    endedAt,
    from: side(from, ownIsFrom),
    to: side(to, !ownIsFrom),
    call: null,
    transcript: null,
  };
}

/** The stamp in UTC or in the PBX's zone, whichever is the last before the file was finished. */
export function startOf(stampAt: EpochMs, finishedAt: EpochMs, timezone: string): EpochMs {
  const localAt = stampAt - offsetOf(stampAt, timezone);
  const possible = [stampAt, localAt].filter((at) => at <= finishedAt + 1_000);
  return possible.length === 0 ? Math.min(stampAt, localAt) : Math.max(...possible);
}

/** How far the zone's clocks are ahead of UTC about then. */
function offsetOf(at: EpochMs, timezone: string): number {
  const text = new Date(at).toLocaleString("sv-SE", { timeZone: timezone });
  return Date.parse(`${text.replace(" ", "T")}Z`) - at;
}

interface Located {
  readonly path: string;
  readonly bytes: number;
  readonly changedAt: EpochMs;
}

/** A regular file in an extension's folder; null for everything else, links too. */
async function locate(root: string, id: string): Promise<Located | null> {
  const [user = "", name = "", more] = id.split("/");
  if (more !== undefined || !extensionName.test(user) || parseName(name) === null) return null;
  if (name.includes("\0") || name.includes(sep)) return null;
  const folder = await realpath(join(root, user)).catch(() => null);
  if (folder === null || folder !== join(root, user)) return null;
  const path = join(folder, name);
  const stats = await lstat(path).catch(() => null);
  if (stats === null || !stats.isFile()) return null;
  return { path, bytes: stats.size, changedAt: Math.round(stats.mtimeMs) };
}

async function isComplete({ path, bytes, changedAt }: Located, now: EpochMs): Promise<boolean> {
  const quietMs = now - changedAt;
  if (quietMs < SETTLED_MS) return false;
  return quietMs >= SETTLED_WITHOUT_LENGTH_MS || (await riffBytesOf(path)) === bytes;
}

/** The length that a RIFF header tells; null if it is none. */
async function riffBytesOf(path: string): Promise<number | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    const isRiff = bytesRead === 8 && buffer.toString("latin1", 0, 4) === "RIFF";
    return isRiff ? buffer.readUInt32LE(4) + 8 : null;
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
