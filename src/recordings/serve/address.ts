/**
 * The address of a recording, and the signature that opens it (docs/contract.md §6). Must hold: ids can be
 * guessed, so nothing is told to whoever has no valid signature; the check takes the same time whatever is
 * wrong; a key that is taken out of force closes every address that was signed with it.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linkId } from "../../events/callId.ts";
import type { EpochMs } from "../../events/event.ts";

/** What an address names. */
export interface RecordingName {
  readonly callId: string;
  readonly link: number;
  readonly n: number;
}

export interface SigningKey {
  /** Tells which key signed, and nothing of the key. */
  readonly id: string;
  readonly bytes: Buffer;
}

export const KEYS_FILE = "recording-url.key";
const KEY_BYTES = 32;
const KEY_ID_CHARS = 6;
export const KEY_CHARS_MIN = 16;
/** Other uses of the same key sign other texts. */
const PURPOSE = "offhook recording 1";
const grammar = /^(\d{12}_\d{1,10})-(\d{1,6})-(\d{1,4})\.mp3$/;

export function signingKey(text: string): SigningKey {
  const id = createHash("sha256").update(`id of ${text}`).digest("base64url");
  return { id: id.slice(0, KEY_ID_CHARS), bytes: Buffer.from(text, "utf8") };
}

/** A key of our own, made at first use and kept in the data directory for its owner alone. */
export function ownSigningKey(dataDir: string): SigningKey {
  const file = join(dataDir, KEYS_FILE);
  try {
    const found = readFileSync(file, "utf8").trim();
    if (found.length >= KEY_CHARS_MIN) return signingKey(found);
    throw new Error(
      `Expected a key of at least ${KEY_CHARS_MIN} characters in ${file}, got ${found.length}. ` +
        "Restore it from a backup, or delete it: then a new one is made, and addresses sent so far no longer open.",
    );
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  const key = randomBytes(KEY_BYTES).toString("base64url");
  writeFileSync(file, `${key}\n`, { mode: 0o600, flag: "wx" });
  return signingKey(key);
}

/** `{id}-{n}.mp3` */
export function fileNameOf({ callId, link, n }: RecordingName): string {
  return `${linkId(callId, link)}-${n}.mp3`;
}

/** Null if it is none. */
export function parseFileName(text: string): RecordingName | null {
  const [, callId, link, n] = grammar.exec(text) ?? [];
  if (callId === undefined) return null;
  const name = { callId, link: Number(link), n: Number(n) };
  // One spelling for each: no leading zeros.
  return fileNameOf(name) === text ? name : null;
}

/** The whole address. `key` null: open to anyone; `expiresAt` null: for ever. */
export function addressOf(
  publicUrl: string,
  name: RecordingName,
  key: SigningKey | null,
  expiresAt: EpochMs | null,
): string {
  const url = `${publicUrl.replace(/\/+$/, "")}/webapi/recording/${fileNameOf(name)}`;
  if (key === null) return url;
  const exp = expiresAt === null ? null : String(Math.floor(expiresAt / 1000));
  const sig = `${key.id}.${macOf(key, name, exp).toString("base64url")}`;
  return `${url}?sig=${sig}${exp === null ? "" : `&exp=${exp}`}`;
}

/** Whether a signature opens the file now. */
export function isSigned(
  name: RecordingName,
  sig: string,
  exp: string | null,
  keys: readonly SigningKey[],
  now: EpochMs,
): boolean {
  const [keyId = "", mac = "", more] = sig.split(".");
  const key = keys.find(({ id }) => id === keyId);
  const given = Buffer.from(mac, "base64url");
  // A key is always tried, so that the time does not tell which ids are in force.
  const due = macOf(key ?? DUMMY, name, exp);
  const isSame = given.length === due.length && timingSafeEqual(given, due);
  if (key === undefined || !isSame || more !== undefined) return false;
  // One spelling for each: base64url may be written with other last bits.
  if (given.toString("base64url") !== mac) return false;
  if (exp === null) return true;
  return /^\d{1,12}$/.test(exp) && now < Number(exp) * 1000;
}

const DUMMY = signingKey("a key that nobody has in force");

function macOf(key: SigningKey, name: RecordingName, exp: string | null): Buffer {
  const text = `${PURPOSE}\n${fileNameOf(name)}\n${exp ?? ""}`;
  return createHmac("sha256", key.bytes).update(text).digest();
}
