/**
 * Brings the schema up to date: numbered files in migrations/, applied in order, never backwards.
 * `user_version` holds the number of the last one applied. Must hold: each is applied whole or not at all;
 * a store that a newer program has made is left alone.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { OutboxError } from "../outbox.ts";

const MIGRATIONS_DIR = new URL("./migrations/", import.meta.url);

export function migrate(db: DatabaseSync, path: string): void {
  const files = migrationFiles();
  const applied = schemaOf(db);
  refuseNewer(applied, files.length, path);
  if (applied === 0) refuseForeign(db, path);
  if (applied < files.length) applyFrom(db, applied, files);
  if (applied > 0) letItShrink(db);
  // A file that can only be read opens without complaint; writing tells.
  db.exec(`PRAGMA user_version = ${files.length}`);
}

/** Refuses what cannot be read as it is. */
export function checkSchema(db: DatabaseSync, path: string): void {
  const wanted = migrationFiles().length;
  const found = schemaOf(db);
  refuseNewer(found, wanted, path);
  if (found === wanted) return;
  throw new OutboxError(
    "schema",
    `Expected a store of schema ${wanted} at ${path}, got schema ${found}, made by an older Offhook. ` +
      "Start this version once: it brings the store up to date.",
  );
}

function applyFrom(db: DatabaseSync, applied: number, files: readonly string[]): void {
  // A table that is made anew is dropped under its references; this must be said outside the transaction.
  db.exec("PRAGMA foreign_keys = OFF");
  for (const [index, name] of files.entries()) {
    if (index < applied) continue;
    const sql = readFileSync(new URL(name, MIGRATIONS_DIR), "utf8");
    try {
      db.exec(`BEGIN IMMEDIATE;\n${sql}\nPRAGMA user_version = ${index + 1};\nCOMMIT;`);
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
  db.exec("PRAGMA foreign_keys = ON");
}

/** A store of the first schema was made without the map that giving space back needs: made anew, once. */
function letItShrink(db: DatabaseSync): void {
  if (db.prepare("PRAGMA auto_vacuum").get()?.auto_vacuum === 2) return;
  try {
    db.exec("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
  } catch {
    // No room for a second copy: it goes on as it is, re-uses its free space, and tries at the next start.
  }
}

function refuseNewer(found: number, known: number, path: string): void {
  if (found <= known) return;
  throw new OutboxError(
    "schema",
    `Expected a store of schema ${known} or older at ${path}, got schema ${found}, made ` +
      "by a newer Offhook. Start that version, or restore a backup made before the upgrade.",
  );
}

function refuseForeign(db: DatabaseSync, path: string): void {
  const table = db.prepare("SELECT name FROM sqlite_schema LIMIT 1").get()?.name;
  if (table === undefined) return;
  throw new OutboxError(
    "schema",
    `Expected an Offhook store or no file at ${path}, got another program's database (with "${table}"). ` +
      "Check DATA_DIR.",
  );
}

function migrationFiles(): string[] {
  return readdirSync(MIGRATIONS_DIR)
    .filter((name) => /^\d{3}-.*\.sql$/.test(name))
    .sort();
}

function schemaOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}
