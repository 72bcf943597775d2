/**
 * The path of a request behind `/xapi/v1`: `Users`, `Users(12)`, `Users(Number='100')`,
 * `Users(12)/Groups`, `Users/$count`, `Queues/Pbx.GetFirstAvailableQueueNumber()`,
 * `Recordings/Pbx.DownloadRecording(recId=5)`. A path that is none of these is 404.
 */
import { notFound } from "./error.ts";
import { splitOutside } from "./options.ts";
import { excerpt, unquote } from "./token.ts";

export interface Segment {
  readonly name: string;
  /** What stands in the brackets, unread; undefined = no brackets. */
  readonly args: string | undefined;
}

/** The key in the brackets: `(12)`, `('name')` or `(Number='100')`. */
export interface Key {
  /** "" = the entity's own key. */
  readonly property: string;
  readonly value: string | number;
}

const SEGMENTS_MAX = 4;

export function parseAddress(path: string): Segment[] {
  const raw = path.split("/").filter((part) => part !== "");
  if (raw.length > SEGMENTS_MAX) throw notFound("The path has too many segments.");
  return raw.map((part) => segment(decode(part)));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw notFound(`The path segment '${excerpt(part)}' is not percent-encoded UTF-8.`);
  }
}

function segment(text: string): Segment {
  const found = /^(\$?[A-Za-z_][\w.]*)(?:\((.*)\))?$/s.exec(text);
  if (!found?.[1]) throw notFound(`No resource is named '${excerpt(text)}'.`);
  return { name: found[1], args: found[2] };
}

export function parseKey(args: string): Key {
  const named = /^([A-Za-z_]\w*)=(.*)$/s.exec(args);
  const property = named?.[1] ?? "";
  const literal = (named?.[2] ?? args).trim();
  if (/^'(?:[^']|'')*'$/.test(literal)) return { property, value: unquote(literal) };
  if (/^-?\d{1,15}$/.test(literal)) return { property, value: Number(literal) };
  throw notFound(`'${excerpt(args)}' is no key.`);
}

/** The arguments of a function call, by name, still as literals. */
export function parseArguments(args: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const item of splitOutside(args, ",")) {
    const pair = /^([A-Za-z_]\w*)=(.*)$/s.exec(item);
    if (!pair?.[1] || pair[2] === undefined || found.has(pair[1])) {
      throw notFound(`Expected name=value in the call, got '${excerpt(item)}'.`);
    }
    found.set(pair[1], pair[2].trim());
  }
  return found;
}
