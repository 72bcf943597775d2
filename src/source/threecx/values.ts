/**
 * Reads single values out of JSON that nobody vouches for. Nothing here throws, whatever it is
 * given. Field names match in snake_case and PascalCase alike: the documentation of the Call
 * Control API writes frames in one and its prose in the other, and XAPI's twins of its shapes use
 * the second.
 */
export type Json = Readonly<Record<string, unknown>>;

/** Longest text that is taken over; names and numbers are far shorter. */
const textCharsMax = 1_000;

/** The parsed text, a byte order mark before it ignored (RFC 8259 §8.1); undefined (which JSON cannot say) if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

export function asObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Json)
    : null;
}

function bare(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** The field of that name in either spelling; the exact one goes first. */
export function field(object: Json, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const wanted = bare(name);
  for (const key of Object.keys(object)) if (bare(key) === wanted) return object[key];
  return undefined;
}

/** Text as it is, a number in digits, anything else "". */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value.slice(0, textCharsMax).trim();
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  return "";
}

export function textField(object: Json, name: string): string {
  return textOf(field(object, name));
}

/** A whole number, also one that is written as text; null for anything else. */
export function integerOf(value: unknown): number | null {
  const number =
    typeof value === "string" && /^\s*-?\d{1,16}\s*$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : null;
}

export function integerField(object: Json, name: string): number | null {
  return integerOf(field(object, name));
}

export function booleanField(object: Json, name: string): boolean {
  const value = field(object, name);
  return value === true || (typeof value === "string" && value.toLowerCase() === "true");
}

/** The list under that name; null if there is something else, [] if there is nothing. */
export function listField(object: Json, name: string): readonly unknown[] | null {
  const value = field(object, name);
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : null;
}

const zone = /(?:z|[+-]\d\d:?\d\d)$/i;
/** .NET writes "no time" as year 1; no PBX of ours is older than this. */
const earliestAt = Date.UTC(2000, 0, 1);

/** ISO 8601 to epoch milliseconds; UTC if no zone is given, null if it is no time. */
export function timeOf(value: unknown): number | null {
  const text = textOf(value);
  if (!/^\d{4}-\d\d-\d\dT/i.test(text)) return null;
  const at = Date.parse(zone.test(text) ? text : `${text}Z`);
  return Number.isFinite(at) && at >= earliestAt ? at : null;
}

/** No call is longer; beyond it times would leave the calendar. */
const durationMsMax = 31 * 86_400_000;
const isoDuration = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;
const clockDuration = /^(?:(\d+)\.)?(\d+):(\d{1,2}):(\d{1,2}(?:\.\d+)?)$/;

/** `PT1M5.2S` or `00:01:05.2` to milliseconds; null if it is no duration. */
export function durationOf(value: unknown): number | null {
  const text = textOf(value);
  const parts = isoDuration.exec(text) ?? clockDuration.exec(text);
  if (!parts) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((n) => Number(n ?? 0));
  const spanMs = Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000);
  return spanMs <= durationMsMax ? spanMs : null;
}
