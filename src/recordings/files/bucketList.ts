/**
 * A page of a bucket's list: the few fields that we read of it, whose values have no tags in them; anything else
 * is passed over. Names come percent-encoded if the server does as we ask. Must hold: never throws.
 */
import type { StoredFile } from "./files.ts";

export interface ListedFile extends Omit<StoredFile, "key"> {
  readonly name: string;
}

export interface ListedPage {
  readonly files: readonly ListedFile[];
  /** What brings the next page; null at the end. */
  readonly next: string | null;
}

export function listedPage(xml: string): ListedPage {
  const files: ListedFile[] = [];
  const isEncoded = field(xml, "EncodingType").trim() === "url";
  for (const [, entry = ""] of xml.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)) {
    const text = unescaped(field(entry, "Key"));
    const name = isEncoded ? decoded(text) : text;
    const bytes = Number(field(entry, "Size"));
    const storedAt = Date.parse(field(entry, "LastModified"));
    const tag = unescaped(field(entry, "ETag")).replaceAll('"', "");
    if (!name || !Number.isSafeInteger(bytes) || Number.isNaN(storedAt)) continue;
    files.push({ name, bytes, storedAt, etag: `"${tag}"` });
  }
  const isCut = field(xml, "IsTruncated").trim() === "true";
  const token = unescaped(field(xml, "NextContinuationToken"));
  return { files, next: isCut && token !== "" ? token : null };
}

function field(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
}

const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  "#34": '"',
  "#x22": '"',
  amp: "&",
  lt: "<",
  gt: ">",
  apos: "'",
  "#39": "'",
};

function unescaped(text: string): string {
  return text.replaceAll(/&([#\w]{1,6});/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return "";
  }
}
