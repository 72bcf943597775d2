/**
 * The token that opens the admin API: the configuration's, or one of our own, made at the first start and kept
 * in the data directory. Must hold: only its owner can read the file; it is told once, when it is made; the
 * comparison takes the same time whatever is wrong.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../util/messageOf.ts";

const TOKEN_FILE = "admin.token";
const TOKEN_BYTES = 32;

export interface AdminToken {
  readonly token: string;
  /** Where it is kept. */
  readonly file: string;
  /** It did not exist before. */
  readonly made: boolean;
}

/** Reads the token, makes one if there is none. */
export function ownToken(dataDir: string): AdminToken {
  const file = join(dataDir, TOKEN_FILE);
  const found = readToken(dataDir);
  if (found !== null) return { token: found, file, made: false };
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  writeFileSync(file, `${token}\n`, { mode: 0o600, flag: "w" });
  return { token, file, made: true };
}

/** The token kept in the data directory; null if there is none (yet). */
export function readToken(dataDir: string): string | null {
  try {
    return readFileSync(join(dataDir, TOKEN_FILE), "utf8").trim() || null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    const file = join(dataDir, TOKEN_FILE);
    throw new Error(
      `Expected the admin token in the file ${file}, got: ${messageOf(error)}. ` +
        "Run this as the service's user, or move it away: the next start makes a new one.",
    );
  }
}

/** Whether an `Authorization` header carries the token. */
export function isAuthorised(header: string | undefined, token: string): boolean {
  const said = /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(header ?? "")?.[1] ?? "";
  return said !== "" && timingSafeEqual(digest(said), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
