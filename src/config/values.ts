/**
 * How the text of a key becomes a value. Pure. A parser says what it expects in words that finish
 * the sentence "expected …"; it never sees an empty text (an empty value means "not set").
 */
import { isIP } from "node:net";

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  /**
   * `found` replaces the value in the report, where the value is secret or only a part of it is
   * wrong.
   */
  | { readonly ok: false; readonly expected: string; readonly found?: string };

export type Parser<T> = (text: string) => Parsed<T>;

export const TEXT_CHARS_MAX = 4096;
export const URL_CHARS_MAX = 8192;
export const RETRIES_MAX = 100;
export const RETRY_DELAY_S_MAX = 30 * 86_400;
export const LIST_ITEMS_MAX = 5000;
export const SECRETS_MAX = 10;
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

export const ok = <T>(value: T): Parsed<T> => ({ ok: true, value });
export const no = (expected: string, found?: string): Parsed<never> =>
  found === undefined ? { ok: false, expected } : { ok: false, expected, found };

export const flag: Parser<boolean> = (text) => {
  const word = text.toLowerCase();
  if (["1", "true", "yes", "on"].includes(word)) return ok(true);
  if (["0", "false", "no", "off"].includes(word)) return ok(false);
  return no("1 or 0 (also true, false, yes, no, on, off)");
};

export function integer(min: number, max: number, unit: string): Parser<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max
      ? ok(value)
      : no(`a whole number of ${unit} from ${min} to ${max}`);
  };
}

/** Seconds, fractions allowed → milliseconds. */
export function seconds(max: number): Parser<number> {
  return (text) => {
    const ms = toMs(text, max);
    return ms === null ? no(`seconds from 0 to ${max}, fractions allowed`) : ok(ms);
  };
}

export const RATE_PER_S_MAX = 10_000;

/** A rate, fractions down to one in a thousand seconds. */
export function perSecond(max: number): Parser<number> {
  return (text) => {
    const rate = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : max + 1;
    return rate <= max ? ok(rate) : no(`a number from 0 to ${max}, up to three decimals`);
  };
}

export const retrySchedule: Parser<readonly number[]> = (text) => {
  const delays: number[] = [];
  const parts = text.split(",").map((part) => part.trim());
  const shape = `seconds from 0 to ${RETRY_DELAY_S_MAX}, fractions allowed, comma-separated`;
  if (parts.length > RETRIES_MAX)
    return no(`at most ${RETRIES_MAX} delays`, `${parts.length} delays`);
  for (const part of parts) {
    const ms = toMs(part, RETRY_DELAY_S_MAX);
    if (ms === null) return no(`${shape}, e.g. 1,5,0.5,60`);
    delays.push(ms);
  }
  return ok(delays);
};

function toMs(text: string, maxS: number): number | null {
  if (!/^(\d{1,12}(\.\d{0,9})?|\.\d{1,9})$/.test(text)) return null;
  const ms = Math.round(Number(text) * 1000);
  return ms <= maxS * 1000 ? ms : null;
}

/** One of a few words, whatever the case. */
export function word<const T extends string>(words: readonly T[]): Parser<T> {
  return (text) => {
    const value = words.find((each) => each === text.toLowerCase());
    return value === undefined ? no(`one of ${words.join(", ")}`) : ok(value);
  };
}

/** Words separated by comma, semicolon or space; each is replaced by those that it stands for. */
export function words<T extends string>(
  meanings: ReadonlyMap<string, readonly T[]>,
): Parser<readonly T[]> {
  return (text) => {
    const values = new Set<T>();
    for (const part of splitList(text)) {
      const meaning = meanings.get(part.toLowerCase());
      if (meaning === undefined) {
        return no(
          `any of ${[...meanings.keys()].join(", ")}, comma-separated`,
          JSON.stringify(part),
        );
      }
      for (const value of meaning) values.add(value);
    }
    return ok([...values]);
  };
}

export const userList: Parser<readonly string[]> = (text) => {
  const users = splitList(text);
  if (users.length > LIST_ITEMS_MAX) return no(`at most ${LIST_ITEMS_MAX} numbers`);
  const odd = users.find((user) => !/^[0-9*][0-9A-Za-z*#_.-]{0,31}$/.test(user));
  if (odd !== undefined) {
    return no("numbers of extensions, queues … of the PBX, comma-separated", JSON.stringify(odd));
  }
  return ok([...new Set(users)]);
};

function splitList(text: string): string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== "");
}

export const plainText: Parser<string> = (text) =>
  text.length <= TEXT_CHARS_MAX
    ? ok(text)
    : no(`at most ${TEXT_CHARS_MAX} characters`, `${text.length} characters`);

export const timeZone: Parser<string> = (text) => {
  const expected = "the IANA name of a time zone, e.g. Europe/Prague or UTC";
  if (!/^[A-Za-z]/.test(text)) return no(expected);
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return ok(text);
  } catch {
    return no(expected);
  }
};

/** `https://host/path?query`, normalised as any HTTP client would. */
export const webUrl: Parser<string> = (text) => {
  const url = readUrl(text);
  if (typeof url === "string") return no(url);
  return ok(url.href);
};

/** Scheme, host and port alone, without a trailing slash. */
export const originUrl: Parser<string> = (text) => {
  const url = parseUrl(text);
  if (typeof url === "string") return no(url);
  if (url.href !== `${url.origin}/`) return no(`scheme, host and port alone: ${url.origin}`);
  return ok(url.origin);
};

/** A URL to which paths are appended. */
export const baseUrl: Parser<string> = (text) => {
  const url = readUrl(text);
  if (typeof url === "string") return no(url);
  if (url.search !== "") return no("a URL without a query, as paths are appended to it");
  return ok(url.href.replace(/\/+$/, ""));
};

function parseUrl(text: string): URL | string {
  if (text.length > URL_CHARS_MAX) return `a URL of at most ${URL_CHARS_MAX} characters`;
  // The URL parser takes tabs out, and what stood on both sides of one becomes a word, or a place {{fact}}.
  if (/\p{Cc}/u.test(text)) return "a URL without tabs and other control characters";
  if (!/^https?:\/\//i.test(text)) return "a URL that begins with https:// or http://";
  if (!URL.canParse(text))
    return "a host after the //, and a port of at most 65535 if there is one";
  return new URL(text);
}

function readUrl(text: string): URL | string {
  const url = parseUrl(text);
  if (typeof url === "string") return url;
  if (url.username !== "" || url.password !== "") {
    return "a URL without user name and password; put them into a header instead";
  }
  if (url.href.includes("#")) return "a URL without a #fragment, which is never sent";
  return url;
}

export const listenAddress: Parser<{ readonly host: string; readonly port: number }> = (text) => {
  const expected = "HOST:PORT, [IPv6]:PORT or a PORT alone, ports from 0 (any free one) to 65535";
  const parts = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+|\*)):)?(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port > 65_535) return no(expected);
  const bracketed = parts[1];
  if (bracketed !== undefined) {
    return isIP(bracketed) === 6 ? ok({ host: bracketed, port }) : no(expected);
  }
  const host = parts[2] ?? "127.0.0.1";
  if (/^[0-9.]+$/.test(host) && isIP(host) !== 4) return no(expected);
  return ok({ host: host === "*" ? "0.0.0.0" : host, port });
};

/** Standard Webhooks secrets, the newest first. */
export const signingSecrets: Parser<readonly string[]> = (text) => {
  const secrets = splitList(text);
  const shape = `whsec_ and the base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} random bytes`;
  if (secrets.length > SECRETS_MAX) return no(`at most ${SECRETS_MAX} secrets`);
  for (const [index, value] of secrets.entries()) {
    const found = `*** (secret ${index + 1} of ${secrets.length})`;
    const base64 = value.startsWith("whsec_") ? value.slice("whsec_".length) : null;
    if (base64 === null) return no(shape, found);
    const bytes = Buffer.from(base64, "base64");
    if (bytes.toString("base64") !== base64) return no(shape, `${found}, not base64`);
    if (bytes.length < SECRET_BYTES_MIN || bytes.length > SECRET_BYTES_MAX) {
      return no(shape, `${found}, ${bytes.length} bytes`);
    }
  }
  return ok([...new Set(secrets)]);
};

export interface HeaderLine {
  readonly name: string;
  readonly value: string;
}

/** Set by the HTTP client or promised by docs/contract.md §4 and §8; not for anyone to replace. */
const RESERVED_HEADERS = new Set([
  "host",
  "content-length",
  "content-type",
  "connection",
  "transfer-encoding",
  "keep-alive",
  "upgrade",
  "expect",
  "te",
  "trailer",
]);

export const headerLine: Parser<HeaderLine> = (text) => {
  const at = text.indexOf(":");
  const name = text.slice(0, Math.max(at, 0)).trim();
  const value = text.slice(at + 1).trim();
  const masked = /^[A-Za-z0-9-]{1,64}$/.test(name) ? `${name}: ***` : "***";
  if (at < 0 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(name)) {
    return no('"Name: value" with the name of a header', masked);
  }
  if (RESERVED_HEADERS.has(name.toLowerCase()) || /^(webhook|offhook|proxy)-/i.test(name)) {
    return no("another header; this one is ours or the connection's", masked);
  }
  if (value === "") return no("a value after the colon", masked);
  if (!/^[\t\x20-\x7e]*$/.test(value) || value.length > TEXT_CHARS_MAX) {
    return no(`at most ${TEXT_CHARS_MAX} printable ASCII characters as the value`, masked);
  }
  return ok({ name, value });
};

/** What a line of `HOST` looks like in a URL. */
export function hostInUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
