/**
 * Recordings in a folder of this machine, one sub-folder a day. Must hold: nothing outside the folder is read or
 * written, no link is followed, whatever lies in it; names and bytes are on the disk before a file counts as kept.
 */
import { constants, type Stats } from "node:fs";
import {
  copyFile,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  unlink,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  checkedKey,
  isFileKey,
  type OpenFile,
  type RecordingFiles,
  type StoredFile,
} from "./files.ts";

const PARTIAL = ".part";
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Reading a pipe would wait for a writer; what is opened must turn out to be a file first. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A day's folder that was empty may go just as a file is put into it. */
const PUT_TRIES_MAX = 10;

const WAYS_OUT: Readonly<Record<string, string>> = {
  ENOSPC: "Free some space, or set RECORDINGS_KEEP_MB.",
  EDQUOT: "Free some space, or set RECORDINGS_KEEP_MB.",
  EACCES: "Let the user that we run as own the folder.",
  EPERM: "Let the user that we run as own the folder.",
  EROFS: "Mount the disk so that it can be written.",
  ENOTDIR: "Something that is no folder lies there: move it away.",
  EEXIST: "Something that is no folder lies there: move it away.",
  EIO: "Look after the disk.",
};

/** Makes the folder if need be, and clears away what a crash left half-written. */
export async function openDiskFiles(folder: string): Promise<RecordingFiles> {
  return explained(`keep recordings in ${folder}`, async () => {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    const root = await realpath(folder);
    await synced(dirname(root));
    const files = new DiskFiles(root);
    await files.sweep();
    return files;
  });
}

class DiskFiles implements RecordingFiles {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(key: string, path: string): Promise<StoredFile> {
    const target = this.#pathOf(key);
    await explained(`keep ${target}`, async () => {
      await synced(path);
      for (let tries = 1; ; tries += 1) {
        try {
          await this.#makeFolders(dirname(target));
          await this.#requireReal(dirname(target));
          await move(path, target);
          break;
        } catch (error) {
          if (codeOf(error) !== "ENOENT" || tries === PUT_TRIES_MAX) throw error;
        }
      }
      await synced(dirname(target));
    });
    const stored = await this.stat(key);
    if (stored) return stored;
    throw new Error(`Expected ${key} to be kept, but it was removed at the same moment.`);
  }

  async stat(key: string): Promise<StoredFile | null> {
    const file = await this.open(key);
    await file?.close();
    if (!file) return null;
    const { bytes, storedAt, etag } = file;
    return { key, bytes, storedAt, etag };
  }

  async open(key: string): Promise<OpenFile | null> {
    const path = this.#pathOf(key);
    const handle = await opened(path);
    if (!handle) return null;
    try {
      const stats = await handle.stat();
      // The last part is no link, as it was opened so; a folder above might be.
      if (!stats.isFile() || (await realpath(path)) !== path) throw notOurs(path);
      return openFile(storedFile(key, stats), handle);
    } catch (error) {
      await handle.close();
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  }

  async remove(key: string): Promise<boolean> {
    const path = this.#pathOf(key);
    try {
      await this.#requireReal(dirname(path));
      await unlink(path);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
    // The folder may have gone with it, by another's hand: then its own name was synced.
    await synced(dirname(path)).catch(unlessGone);
    await this.#removeEmpty(dirname(path));
    return true;
  }

  async *list(): AsyncIterable<StoredFile> {
    for (const day of await this.#days()) {
      for (const name of await namesIn(join(this.#root, day))) {
        const key = `${day}/${name}`;
        if (!isFileKey(key)) continue;
        const stats = await lstat(join(this.#root, key)).catch(() => null);
        if (stats?.isFile()) yield storedFile(key, stats);
      }
    }
  }

  async close(): Promise<void> {}

  async sweep(): Promise<void> {
    for (const day of await this.#days()) {
      const names = await namesIn(join(this.#root, day));
      for (const name of names.filter((entry) => entry.endsWith(PARTIAL))) {
        await rm(join(this.#root, day, name), { force: true });
      }
    }
  }

  #pathOf(key: string): string {
    return join(this.#root, ...checkedKey(key).split("/"));
  }

  async #requireReal(folder: string): Promise<void> {
    if ((await realpath(folder)) !== folder) throw notOurs(folder);
  }

  /** Each folder's name is on the disk before there is a file in it. */
  async #makeFolders(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    // Also if it was there: who made it may not have come so far.
    for (let made = folder; made !== this.#root; made = dirname(made)) await synced(dirname(made));
  }

  /** A folder that is in use again meanwhile stays. */
  async #removeEmpty(folder: string): Promise<void> {
    for (let empty = folder; empty !== this.#root; empty = dirname(empty)) {
      const removed = await rmdir(empty).then(
        () => true,
        () => false,
      );
      if (!removed) return;
      await synced(dirname(empty)).catch(unlessGone);
    }
  }

  /** `yyyy/mm/dd`, in order; links are no folders. */
  async #days(): Promise<string[]> {
    let paths = [""];
    for (const pattern of [/^\d{4}$/, /^\d\d$/, /^\d\d$/]) {
      const deeper = paths.map(async (path) => {
        const names = await namesIn(join(this.#root, path), true);
        return names.filter((name) => pattern.test(name)).map((name) => join(path, name));
      });
      paths = (await Promise.all(deeper)).flat();
    }
    return paths;
  }
}

function openFile(stored: StoredFile, handle: FileHandle): OpenFile {
  return {
    ...stored,
    async read(range) {
      if (stored.bytes === 0) return handle.createReadStream();
      const { first: start, last: end } = range ?? { first: 0, last: stored.bytes - 1 };
      return handle.createReadStream({ start, end });
    },
    close: () => handle.close(),
  };
}

function storedFile(key: string, stats: Stats): StoredFile {
  const parts = [stats.size, Math.round(stats.mtimeMs * 1000), stats.ino];
  const etag = `"${parts.map((part) => part.toString(36)).join("-")}"`;
  return { key, bytes: stats.size, storedAt: Math.floor(stats.mtimeMs), etag };
}

async function opened(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, READ);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    if (codeOf(error) === "ELOOP") throw notOurs(path);
    throw error;
  }
}

async function move(path: string, target: string): Promise<void> {
  try {
    await rename(path, target);
  } catch (error) {
    if (codeOf(error) !== "EXDEV") throw error;
    await moveByCopy(path, target);
  }
}

/** From another file system: the bytes first, then the name. */
async function moveByCopy(path: string, target: string): Promise<void> {
  const partial = `${target}${PARTIAL}`;
  try {
    await copyFile(path, partial, constants.COPYFILE_FICLONE);
    await synced(partial);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await rm(path);
}

/** A file's bytes, or a folder's names, are on the disk. */
async function synced(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stats = await handle.stat();
    if (stats.isFile()) await handle.chmod(FILE_MODE);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function namesIn(folder: string, foldersOnly = false): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  });
  const wanted = entries.filter((entry) => !foldersOnly || entry.isDirectory());
  return wanted.map((entry) => entry.name).sort();
}

function notOurs(path: string): Error {
  return new Error(
    `Expected ${path} to be a file that we made, but a link, folder or device lies on the way. ` +
      "Look who put it there, and remove it.",
  );
}

/** An error of the disk, with the way out where there is one. */
async function explained<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const wayOut = WAYS_OUT[codeOf(error)];
    if (wayOut === undefined || !(error instanceof Error)) throw error;
    throw new Error(`Expected to ${doing}, but: ${error.message}. ${wayOut}`, { cause: error });
  }
}

function unlessGone(error: unknown): void {
  if (codeOf(error) !== "ENOENT") throw error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
