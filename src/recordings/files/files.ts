/**
 * The port of where finished recordings are kept. Must hold: a file is there whole or not at all; a key is of one
 * grammar, checked before anything is touched; what was removed is gone.
 */
import type { Readable } from "node:stream";
import type { EpochMs } from "../../events/event.ts";

export interface StoredFile {
  /** `yyyy/mm/dd/name.mp3`. */
  readonly key: string;
  readonly bytes: number;
  readonly storedAt: EpochMs;
  /** Strong: other bytes, another tag. In double quotes. */
  readonly etag: string;
}

/** Positions of the first and the last byte. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface OpenFile extends StoredFile {
  /** The bytes that had this tag when it was opened, or an error on the way. Null: all. Called once at most. */
  read(range: ByteRange | null): Promise<Readable>;
  /** Must be called if nothing is read. */
  close(): Promise<void>;
}

export interface RecordingFiles {
  /** Takes a finished file away from its path, and is done when it is durable; replaces one of this key. */
  put(key: string, path: string): Promise<StoredFile>;
  /** Null if there is none. */
  stat(key: string): Promise<StoredFile | null>;
  open(key: string): Promise<OpenFile | null>;
  /** False if there was none. */
  remove(key: string): Promise<boolean>;
  /** All that are kept, by day, the oldest day first. */
  list(): AsyncIterable<StoredFile>;
  close(): Promise<void>;
}

const KEY =
  /^\d{4}\/(0[1-9]|1[0-2])\/(0[1-9]|[12]\d|3[01])\/[A-Za-z0-9][A-Za-z0-9_-]{0,119}\.(mp3|original)$/;

export function isFileKey(text: string): boolean {
  return KEY.test(text);
}

/** Throws on any other text, whoever made it: no path is made of what is not a key. */
export function checkedKey(text: string): string {
  if (isFileKey(text)) return text;
  const shown = JSON.stringify(text.slice(0, 200));
  throw new Error(`Expected a recording's key like 2027/01/15/name.mp3, got ${shown}.`);
}
