/**
 * Opens the store's files in the data directory and brings the schema up to date.
 * Must hold: one process at a time; nothing readable by others is created; a schema newer than this
 * program is left alone; every commit is on the disk when it returns (WAL, synchronous=FULL).
 */

import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../util/messageOf.ts";
import { OutboxError } from "../outbox.ts";
import { checkSchema, migrate } from "./schema.ts";

/** Older ones can corrupt a database when the WAL is reset (sqlite.org, fixed in 3.51.3). */
const SQLITE_MIN = [3, 51, 3] as const;
/** Readers (backup, export) may hold the file shortly. */
const BUSY_TIMEOUT_MS = 5000;
const WAL_BYTES_MAX = 64 * 1024 * 1024;
/** Of pages in memory; a backlog's indexes should not be read from the disk again and again. */
const CACHE_KIB = 16 * 1024;
const FILE_NAME = "outbox.sqlite";

export interface StoreFiles {
  readonly db: DatabaseSync;
  close(): void;
}

export function openDatabase(dataDir: string): StoreFiles {
  try {
    makeDirectory(dataDir);
    const lock = takeLock(dataDir);
    try {
      const db = openStore(join(dataDir, FILE_NAME));
      return {
        db,
        close() {
          db.close();
          lock.close();
        },
      };
    } catch (error) {
      lock.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof OutboxError) throw error;
    if (isNoStore(error)) throw noStore(join(dataDir, FILE_NAME), error);
    const found = messageOf(error);
    throw new OutboxError(
      "unusable",
      `Expected a data directory that can be written at ${dataDir}, got: ${found}. ` +
        "Check DATA_DIR, its owner and the free space.",
    );
  }
}

/** With its parents. Not `recursive`: that never returns where nothing can be made (/proc, Node 24). */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeDirectory(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

/**
 * An exclusive transaction on a database of its own, held for the life of the process: the kernel lets
 * go of it when the process dies, however it dies. The file must never be opened by other means here:
 * closing any descriptor of it would drop the lock (POSIX fcntl).
 */
function takeLock(dataDir: string): DatabaseSync {
  const path = join(dataDir, "outbox.lock");
  createPrivately(path);
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new OutboxError(
      "in-use",
      `Expected to be the only process on the data directory ${dataDir}, but another one holds ` +
        "outbox.lock there. Stop the other Offhook, or give this one a DATA_DIR of its own.",
    );
  }
}

function openStore(path: string): DatabaseSync {
  createPrivately(path);
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    checkVersion(db);
    // How space is given back must be said before the first table is made.
    db.exec(`
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA journal_size_limit = ${WAL_BYTES_MAX};
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA mmap_size = 0;
    `);
    migrate(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * A second connection that can only read, beside the process that writes or without one. Its statements should
 * be short: while one runs, the write-ahead log cannot be begun anew.
 */
export function openForReading(dataDir: string): DatabaseSync {
  const path = join(dataDir, FILE_NAME);
  if (!existsSync(path)) {
    throw new OutboxError(
      "unusable",
      `Expected a store in ${dataDir}, found none. Check DATA_DIR; the first start makes it.`,
    );
  }
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    checkSchema(db, path);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof OutboxError) throw error;
    if (isNoStore(error)) throw noStore(path, error);
    const found = messageOf(error);
    throw new OutboxError(
      "unusable",
      `Expected a store that can be read at ${path}, got: ${found}. Run this as the service's user.`,
    );
  }
}

/** Makes the file readable by its owner alone; SQLite gives its side files the same mode. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

function checkVersion(db: DatabaseSync): void {
  const found = String(db.prepare("SELECT sqlite_version() AS version").get()?.version);
  const parts = found.split(".").map(Number);
  for (const [index, least] of SQLITE_MIN.entries()) {
    const part = parts[index] ?? 0;
    if (part > least) return;
    if (part < least) {
      throw new OutboxError(
        "unusable",
        `Expected SQLite ${SQLITE_MIN.join(".")} or later (older ones can corrupt a store), got ` +
          `${found}. Use the Node.js that package.json asks for.`,
      );
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === 5;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const noStoreCodes = new Set([11, 26]);

function isNoStore(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
  return noStoreCodes.has(code & 0xff);
}

function noStore(path: string, error: unknown): OutboxError {
  return new OutboxError(
    "unusable",
    `Expected a sound store at ${path}, got: ${messageOf(error)}. Put a backup in its place, ` +
      "without its -wal and -shm (docs/operations.md), or move it away: the next start makes an empty one.",
  );
}
