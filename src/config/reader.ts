/**
 * Reads the keys of one section: typed values out, every problem noted with its place.
 * What must hold: a bad value never throws, it is reported and the fallback takes its place, so
 * that one run finds all problems; a secret's value enters no problem.
 */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Problem } from "./config.ts";
import type { IniSection } from "./ini.ts";
import { type AnyKey, HEADERS_MAX, type Key } from "./key.ts";
import { MASK } from "./secret.ts";
import { maskUrl } from "./urls.ts";
import { decodeUtf8 } from "./utf8.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** No file of the configuration is longer; the formats set lower limits for themselves. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const SECRET_FILE_BYTES_MAX = 64 * 1024;
const FOUND_CHARS_MAX = 80;
const WORLD_READABLE = 0o004;

/** Where a value stands. */
export type Place = Pick<Problem, "file" | "line" | "key">;

/** What one run of `load` gathers. */
export interface Gathered {
  readonly file: string;
  /** Folder of the ini; relative paths count from here. */
  readonly dir: string;
  readonly env: Env;
  readonly problems: Problem[];
  /** Every file that was looked at, the ini first, with the fingerprint of what it held. */
  readonly contents: Map<string, string>;
}

interface Raw {
  readonly text: string;
  readonly place: Place;
}

export interface Numbered<T> {
  readonly value: T;
  readonly place: Place;
}

export class SectionReader {
  readonly section: IniSection;
  readonly #gathered: Gathered;

  constructor(section: IniSection, gathered: Gathered) {
    this.section = section;
    this.#gathered = gathered;
  }

  /** The key's value, else its fallback. Secrets are read by `secret`. */
  get<T, Fallback>(key: Key<T, Fallback>): T | Fallback {
    const raw = this.#fromIni(key);
    return raw === null ? key.fallback : this.#parse(key, raw);
  }

  /** Environment before `…_FILE` before the ini. */
  async secret<T, Fallback>(key: Key<T, Fallback>): Promise<T | Fallback> {
    const inIni = this.#fromIni(key);
    const raw = this.#fromEnv(key) ?? (await this.#fromFile(key)) ?? inIni;
    return raw === null ? key.fallback : this.#parse(key, raw);
  }

  /** Values of `NAME_1`, `NAME_2` …, by their numbers. */
  numbered<T>(key: Key<T, null>): readonly Numbered<T>[] {
    const values: Numbered<T>[] = [];
    for (let n = 1; n <= HEADERS_MAX; n++) {
      const raw = this.#raw(key.name.replace("_n", `_${n}`));
      if (raw === null) continue;
      const value = this.#parse(key, raw);
      if (value !== null) values.push({ value, place: raw.place });
    }
    return values;
  }

  has(key: AnyKey): boolean {
    return [key.name, ...key.aliases].some((name) => this.#raw(name) !== null);
  }

  /** Where the key stands, else where it is missing. */
  place(key: AnyKey): Place {
    const own = [key.name, ...key.aliases];
    const names = key.secret ? [...own, ...own.map((each) => `${each}_FILE`)] : own;
    const name = names.find((each) => this.#raw(each) !== null);
    const entry = name === undefined ? undefined : this.section.entries.get(name);
    return this.#placeOf(entry?.key ?? key.name, entry?.line ?? this.section.line);
  }

  /** How the environment names the key. */
  envName(key: AnyKey): string {
    const { kind, name } = this.section;
    const owner = kind === "top" ? "" : `${kind}_${name.replaceAll("-", "_")}_`;
    return `OFFHOOK_${owner}${key.name}`.toUpperCase();
  }

  /** A path of the ini as an absolute one. */
  path(text: string): string {
    return resolve(this.#gathered.dir, text);
  }

  error(key: AnyKey, found: string, expected: string): void {
    this.#note("error", this.place(key), found, expected);
  }

  warning(key: AnyKey, found: string, expected: string): void {
    this.#note("warning", this.place(key), found, expected);
  }

  errorAt(place: Place, found: string, expected: string): void {
    this.#note("error", place, found, expected);
  }

  /** Reads another file and remembers that the configuration depends on it. */
  async file(path: string): Promise<ReadFile> {
    const read = await readBytes(path);
    this.#gathered.contents.set(path, fingerprint(read));
    return read;
  }

  #placeOf(key: string, line: number): Place {
    return { file: this.#gathered.file, line, key };
  }

  #note(severity: Problem["severity"], place: Place, found: string, expected: string): void {
    this.#gathered.problems.push({ severity, ...place, found, expected });
  }

  #raw(name: string): Raw | null {
    const entry = this.section.entries.get(name);
    if (entry === undefined || entry.value === "") return null;
    return { text: entry.value, place: this.#placeOf(entry.key, entry.line) };
  }

  #fromIni(key: AnyKey): Raw | null {
    const [first, ...others] = [key.name, ...key.aliases]
      .map((name) => this.#raw(name))
      .filter((raw) => raw !== null);
    if (first === undefined) return null;
    for (const other of others) {
      if (other.text === first.text) continue;
      const found = `another value than ${first.place.key} on line ${first.place.line}`;
      this.#note("error", other.place, found, "one of the two, as they name the same setting");
    }
    return first;
  }

  #fromEnv(key: AnyKey): Raw | null {
    const name = this.envName(key);
    const text = this.#gathered.env[name]?.trim() ?? "";
    return text === "" ? null : { text, place: { file: "environment", line: 0, key: name } };
  }

  async #fromFile(key: AnyKey): Promise<Raw | null> {
    const names = [key.name, ...key.aliases].map((name) => `${name}_FILE`);
    const named = names.map((name) => this.#raw(name)).find((raw) => raw !== null);
    if (named === undefined) return null;
    const { place } = named;
    const path = this.path(named.text);
    const file = await this.file(path);
    if (file.kind === "unread") {
      this.#note("error", place, `${path}: ${file.why}`, "a file that holds the secret alone");
      return null;
    }
    if ((file.mode & WORLD_READABLE) !== 0 && process.platform !== "win32") {
      const expected = "a file that others cannot read (chmod o-r)";
      this.#note("warning", place, `${path}, readable by every user`, expected);
    }
    const decoded = decodeUtf8(file.bytes, SECRET_FILE_BYTES_MAX);
    const text = decoded.kind === "lines" ? decoded.lines.join("\n").replace(/\n+$/, "") : "";
    if (text === "") {
      const found = decoded.kind === "bad" ? decoded.problem.found : "an empty file";
      this.#note("error", place, `${path}: ${found}`, "a file that holds the secret alone");
      return null;
    }
    return { text, place };
  }

  #parse<T, Fallback>(key: Key<T, Fallback>, raw: Raw): T | Fallback {
    const parsed = key.parse(raw.text);
    if (!parsed.ok) {
      const shown = key.secret ? MASK : quoteFound(raw.text);
      this.#note("error", raw.place, parsed.found ?? shown, parsed.expected);
      return key.fallback;
    }
    return parsed.value;
  }
}

export type ReadFile =
  | { readonly kind: "read"; readonly bytes: Uint8Array; readonly mode: number }
  | { readonly kind: "unread"; readonly missing: boolean; readonly why: string };

/** Reads a plain file of sane size; why another is not read is told in words. */
export async function readBytes(path: string): Promise<ReadFile> {
  try {
    // Looked at before it is opened: opening a pipe would wait for a writer.
    const found = await stat(path);
    if (!found.isFile()) return { kind: "unread", missing: false, why: "is no plain file" };
    if (found.size > FILE_BYTES_MAX) {
      const why = `has ${found.size} bytes, more than ${FILE_BYTES_MAX}`;
      return { kind: "unread", missing: false, why };
    }
    return { kind: "read", bytes: await readFile(path), mode: found.mode };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") {
      return { kind: "unread", missing: true, why: "no such file" };
    }
    const why = code === "EACCES" ? "no permission to read it" : String(error);
    return { kind: "unread", missing: false, why };
  }
}

/** Equal for equal content; a file that cannot be read has one too. */
export function fingerprint(read: ReadFile): string {
  if (read.kind === "unread") return read.why;
  return createHash("sha256").update(read.bytes).digest("hex");
}

/** A value as a report shows it: on one line, not too long, without what a URL may hide. */
function quoteFound(text: string): string {
  const shown = maskUrl(text);
  const cut = shown.length > FOUND_CHARS_MAX ? `${shown.slice(0, FOUND_CHARS_MAX)}…` : shown;
  return JSON.stringify(cut);
}
