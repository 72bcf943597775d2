/**
 * A copy of the store while it is in use: one consistent moment, taken by a second connection that only reads.
 * Must hold: the copy appears under its name only when it is complete, checked and on the disk; it is readable
 * by its owner alone; nothing that is there is overwritten.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../util/messageOf.ts";
import { openForReading } from "./database.ts";
import { createLookup } from "./lookup.ts";

export interface Backup {
  readonly bytes: number;
  readonly events: number;
  readonly pending: number;
}

export function backUp(dataDir: string, file: string): Backup {
  if (existsSync(file)) {
    throw new Error(`Expected a new file for the backup, but ${file} is there. Name another one.`);
  }
  const part = `${file}.part`;
  rmSync(part, { force: true });
  const db = openForReading(dataDir);
  try {
    makePrivately(part);
    // What the store holds at this moment, without free pages; the writer goes on meanwhile.
    db.prepare("VACUUM INTO ?").run(part);
    const checked = check(part);
    sync(part);
    renameSync(part, file);
    sync(dirname(file));
    return { bytes: statSync(file).size, ...checked };
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    db.close();
  }
}

function makePrivately(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    throw new Error(
      `Expected a place for the backup that can be written, got: ${messageOf(error)}.`,
    );
  }
}

function check(path: string): Omit<Backup, "bytes"> {
  const copy = new DatabaseSync(path, { readOnly: true });
  try {
    const found = String(copy.prepare("PRAGMA integrity_check").get()?.integrity_check);
    if (found !== "ok") {
      throw new Error(
        `Expected a sound copy of the store, got: ${found}. The disk may be failing; try another one.`,
      );
    }
    const { events, pending } = createLookup(copy).counts();
    return { events, pending };
  } finally {
    copy.close();
  }
}

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
