/**
 * Tells when a file of the configuration has other content than before.
 * What must hold: a file that is replaced by renaming (editors, configuration management) or
 * through symbolic links (mounted secrets) is noticed like one that is written to; a change is
 * told once, after it has settled; calls of `onChange` never overlap. Directories are watched, as
 * a watch on a file ends with its inode; a slow poll covers file systems that tell nothing.
 */
import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { type Clock, every, steadyClock } from "../util/clock.ts";
import { fingerprint, readBytes } from "./reader.ts";

export const SETTLE_MS = 250;
const POLL_MS = 15_000;

/** What `loadConfig` says of the files that it read. */
export interface WatchedFiles {
  readonly file: string;
  readonly alsoFiles: readonly string[];
  /** What the configuration in force was made of; without it, what the files hold now. */
  readonly contents?: ReadonlyMap<string, string>;
}

export interface WatchOptions extends WatchedFiles {
  /** A rejection counts as done: the owner reports its own failures. */
  readonly onChange: () => void | Promise<void>;
  readonly settleMs?: number;
  readonly pollMs?: number;
  readonly clock?: Clock;
}

export interface ConfigWatch {
  /** After a reload: the files on which the new configuration depends. */
  follow(files: WatchedFiles): void;
  close(): void;
}

export function watchConfig(options: WatchOptions): ConfigWatch {
  const watched = new Watched(options);
  watched.follow(options);
  return watched;
}

class Watched implements ConfigWatch {
  readonly #onChange: WatchOptions["onChange"];
  readonly #settleMs: number;
  readonly #clock: Clock;
  #files: readonly string[] = [];
  #folders = new Map<string, FSWatcher>();
  /** Content of each file as last told; a promise, so that looks happen one after the other. */
  #known: Promise<ReadonlyMap<string, string>> = Promise.resolve(new Map());
  #cancelLook: (() => void) | null = null;
  readonly #cancelPoll: () => void;
  #closed = false;

  constructor({ onChange, settleMs = SETTLE_MS, pollMs = POLL_MS, clock }: WatchOptions) {
    this.#onChange = onChange;
    this.#settleMs = settleMs;
    this.#clock = clock ?? steadyClock();
    this.#cancelPoll = every(this.#clock, pollMs, () => {
      // A folder that was replaced or came into being is watched from now on.
      this.#watchFolders();
      this.#look();
    });
  }

  follow({ file, alsoFiles, contents = new Map() }: WatchedFiles): void {
    if (this.#closed) return;
    const files = [...new Set([file, ...alsoFiles])];
    this.#files = files;
    this.#known = this.#known.then(async (known) => {
      const before = new Map([...known, ...contents]);
      const fresh = await contentOf(files.filter((path) => !before.has(path)));
      return new Map([...before, ...fresh].filter(([path]) => files.includes(path)));
    });
    this.#watchFolders();
    // A change between the reading of the files and this moment gave no sign.
    this.#lookSoon();
  }

  close(): void {
    this.#closed = true;
    this.#cancelLook?.();
    this.#cancelPoll();
    for (const folder of this.#folders.values()) folder.close();
    this.#folders.clear();
  }

  #watchFolders(): void {
    const wanted = new Set(this.#files.map((file) => dirname(file)));
    for (const [path, folder] of this.#folders) {
      if (wanted.delete(path)) continue;
      folder.close();
      this.#folders.delete(path);
    }
    for (const path of wanted) {
      try {
        const folder = watch(path, { persistent: false }, () => this.#lookSoon());
        folder.on("error", () => this.#forget(path, folder));
        this.#folders.set(path, folder);
      } catch {
        // No such folder, or no watches left: the poll sees to it.
      }
    }
  }

  #forget(path: string, folder: FSWatcher): void {
    folder.close();
    if (this.#folders.get(path) === folder) this.#folders.delete(path);
  }

  /** Each sign of a change starts the wait anew, so that a file is read when its writer is done. */
  #lookSoon(): void {
    if (this.#closed) return;
    this.#cancelLook?.();
    this.#cancelLook = this.#clock.after(this.#settleMs, () => this.#look());
  }

  #look(): void {
    this.#known = this.#known.then(async (known) => {
      if (this.#closed) return known;
      const files = this.#files;
      const now = await contentOf(files);
      if (this.#closed || files.every((file) => known.get(file) === now.get(file))) return now;
      await Promise.resolve()
        .then(() => this.#onChange())
        .catch(() => {});
      return now;
    });
  }
}

async function contentOf(files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const contents = await Promise.all(
    files.map(async (file) => {
      const read = await readBytes(file);
      return [file, fingerprint(read)] as const;
    }),
  );
  return new Map(contents);
}
