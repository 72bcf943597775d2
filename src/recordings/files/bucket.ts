/**
 * Recordings in a bucket of Amazon's S3, or of anything that speaks its protocol. Must hold: what was sent is what
 * is kept (its SHA-256 is signed); a request that may have been heard is only repeated because all of them are
 * idempotent; keys and secrets are in no message.
 * Source: Amazon S3 API Reference, 2006-03-01 (PutObject, GetObject, HeadObject, DeleteObject, ListObjectsV2).
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Dispatcher } from "undici";
import type { Clock } from "../../util/clock.ts";
import { messageOf } from "../../util/messageOf.ts";
import { listedPage } from "./bucketList.ts";
import { type Answer, type BucketAccess, BucketRequests } from "./bucketRequests.ts";
import {
  checkedKey,
  isFileKey,
  type OpenFile,
  type RecordingFiles,
  type StoredFile,
} from "./files.ts";

export interface BucketOptions extends BucketAccess {
  /** Before every key, like `recordings/eu-1`; "" for none. */
  readonly prefix: string;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Files that are listed at once; the bucket may give fewer. */
  readonly pageFiles?: number;
}

const PAGE_FILES = 1000;
/** Of one file: one for each time it was put anew. */
const VERSIONS_MAX = 100;

/** What every server writes alike, in signatures and lists. */
const PREFIX = /^([A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?$/;
const PREFIX_LENGTH_MAX = 200;

/** Throws if the prefix is none. */
export function openBucketFiles(options: BucketOptions): RecordingFiles {
  const { prefix } = options;
  if (!PREFIX.test(prefix) || prefix.length > PREFIX_LENGTH_MAX) {
    const expected = "letters, digits, dots, dashes and underscores between single slashes";
    throw new Error(
      `Expected the path of RECORDINGS_URL to be at most ${PREFIX_LENGTH_MAX} ${expected}, ` +
        `got ${JSON.stringify(prefix.slice(0, PREFIX_LENGTH_MAX))}.`,
    );
  }
  return new BucketFiles(options);
}

class BucketFiles implements RecordingFiles {
  readonly #requests: BucketRequests;
  readonly #before: string;
  readonly #pageFiles: number;

  constructor({ prefix, dispatcher, clock, pageFiles, ...access }: BucketOptions) {
    this.#pageFiles = pageFiles ?? PAGE_FILES;
    this.#requests = new BucketRequests(access, dispatcher, clock);
    this.#before = prefix === "" ? "" : `${prefix}/`;
  }

  async put(key: string, path: string): Promise<StoredFile> {
    const { size } = await stat(path);
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    const answer = await this.#requests.send({
      method: "PUT",
      name: this.#nameOf(key),
      headers: { "content-type": typeOf(key), "content-length": String(size) },
      bodySha256: hash.digest("hex"),
      body: () => createReadStream(path),
    });
    await expectStatus(answer, [200], `keep ${key}`);
    const stored = await this.stat(key);
    if (stored?.bytes !== size) {
      const found = stored ? `one of ${stored.bytes}` : "none";
      throw new Error(`Expected the bucket to keep ${key} of ${size} bytes, got ${found}.`);
    }
    await rm(path);
    return stored;
  }

  async stat(key: string): Promise<StoredFile | null> {
    const answer = await this.#requests.send({ method: "HEAD", name: this.#nameOf(key) });
    if (answer.status === 404) return null;
    await expectStatus(answer, [200], `look at ${key}`);
    return storedFile(key, answer);
  }

  async open(key: string): Promise<OpenFile | null> {
    const stored = await this.stat(key);
    if (!stored) return null;
    return {
      ...stored,
      read: async (range) => {
        const span = range ? { range: `bytes=${range.first}-${range.last}` } : {};
        const headers = { "if-match": stored.etag, ...span };
        const name = this.#nameOf(key);
        const answer = await this.#requests.send({ method: "GET", name, headers });
        // 412: it is not the one that was opened.
        const isOther = answer.status === 412;
        if (!isOther) await expectStatus(answer, [range ? 206 : 200], `read ${key}`);
        // Not every server minds "if-match", or every range.
        const bytes = range ? range.last - range.first + 1 : stored.bytes;
        const isSame = !isOther && answer.headers.etag === stored.etag;
        if (isSame && Number(answer.headers["content-length"]) === bytes) return answer.body;
        answer.body.on("error", () => {}).destroy();
        const found = isSame ? "other bytes" : "another, which replaced it";
        throw new Error(`Expected ${bytes} bytes of ${key} as it was opened, got ${found}.`);
      },
      close: async () => {},
    };
  }

  /**
   * Gone is what a look does not find. A bucket that keeps versions hides what is deleted, unless the version is
   * named, and shows the one before it then.
   */
  async remove(key: string): Promise<boolean> {
    const name = this.#nameOf(key);
    for (let removed = 0; removed <= VERSIONS_MAX; removed += 1) {
      const found = await this.#requests.send({ method: "HEAD", name });
      if (found.status === 404) return removed > 0;
      await expectStatus(found, [200], `look at ${key}`);
      const versionId = found.headers["x-amz-version-id"];
      const query = versionId === undefined ? {} : { versionId };
      const answer = await this.#requests.send({ method: "DELETE", name, query });
      await expectStatus(answer, [200, 204, 404], `remove ${key}`);
    }
    throw new Error(
      `Expected the bucket to remove ${key}, but it still has it after ${VERSIONS_MAX + 1} times. ` +
        "Check what its key may do, and whether the bucket is locked.",
    );
  }

  async *list(): AsyncIterable<StoredFile> {
    let next: string | null = null;
    do {
      const query: Record<string, string> = { "list-type": "2", "encoding-type": "url" };
      query["max-keys"] = String(this.#pageFiles);
      if (this.#before !== "") query.prefix = this.#before;
      if (next !== null) query["continuation-token"] = next;
      const answer = await this.#requests.send({ method: "GET", name: "", query });
      const text = await expectStatus(answer, [200], "list the recordings");
      const page = listedPage(text);
      for (const { name, ...file } of page.files) {
        const key = name.slice(this.#before.length);
        if (name.startsWith(this.#before) && isFileKey(key)) yield { key, ...file };
      }
      next = page.next;
    } while (next !== null);
  }

  async close(): Promise<void> {}

  #nameOf(key: string): string {
    return `${this.#before}${checkedKey(key)}`;
  }
}

function typeOf(key: string): string {
  return key.endsWith(".mp3") ? "audio/mpeg" : "application/octet-stream";
}

function storedFile(key: string, { headers }: Answer): StoredFile {
  const bytes = Number(headers["content-length"]);
  const storedAt = Date.parse(headers["last-modified"] ?? "");
  const etag = headers.etag ?? "";
  if (Number.isSafeInteger(bytes) && Number.isFinite(storedAt) && /^"[^"]+"$/.test(etag)) {
    return { key, bytes, storedAt, etag };
  }
  throw new Error(`Expected the bucket to tell length, date and ETag of ${key}, got not all.`);
}

/** Answers that carry no file are short; what they say of an error is for the operator. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

/** The answer's text, unless it is a file that the caller reads. */
async function expectStatus(answer: Answer, wanted: number[], what: string): Promise<string> {
  const isWanted = wanted.includes(answer.status);
  if (isWanted && answer.isFile) return "";
  const text = await textOf(answer.body);
  if (isWanted) return text;
  const code = /<Code>([\w.-]{1,80})<\/Code>/.exec(text)?.[1] ?? "no code";
  const suspect =
    code === "RequestTimeTooSkewed"
      ? "this machine's clock"
      : "RECORDINGS_URL, its region, and what its key may do";
  throw new Error(
    `Expected the bucket to ${what}, but it answered ${answer.status} (${code}). Check ${suspect}.`,
  );
}

async function textOf(body: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of body) {
      bytes += piece.length;
      if (bytes > TEXT_BYTES_MAX) throw new Error(`it is longer than ${TEXT_BYTES_MAX} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    const found = messageOf(error);
    throw new Error(`Expected the whole answer of the bucket, but ${found}. Check the network.`);
  }
  return Buffer.concat(pieces).toString("utf8");
}
