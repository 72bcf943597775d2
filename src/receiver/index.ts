/**
 * `offhook/receiver`: for programs that receive webhooks. Tells whether a request is Offhook's, unchanged and
 * fresh, and what it says. Depends on nothing but Node.
 * Must hold: what is returned was signed. A request with a body is signed by its body, one without by its
 * target, whatever its headers claim; so neither can be passed off as the other.
 * Source: Standard Webhooks 1.0, docs/contract.md §8; how to use it: docs/receiving.md.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Why a request was refused. */
export type RefusalReason =
  /** A header that every webhook has is missing or no such header. */
  | "headers"
  /** Signed too long ago, or in the future: a repetition by somebody else, or a clock that is wrong. */
  | "time"
  /** Not signed with any of the secrets, or changed on its way. */
  | "signature"
  /** Longer than allowed, or not what its content type says. */
  | "body";

export class WebhookRefused extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.name = "WebhookRefused";
    this.reason = reason;
  }
}

/** Headers as `node:http` has them, or as the web's `Headers`. */
export type ReceivedHeaders =
  | { readonly [name: string]: string | readonly string[] | undefined }
  | { get(name: string): string | null };

export interface Received {
  /**
   * Path and query as the sender wrote them: `request.url`, or Express' `originalUrl`. Behind a proxy that
   * rewrites paths, the path that the sender called.
   */
  readonly url: string;
  readonly headers: ReceivedHeaders;
  /** The bytes as they came, before anything parsed them; empty or left out for a GET. */
  readonly body?: Uint8Array | string | undefined;
}

export interface Webhook {
  /** The same over retries and replays: what to tell duplicates by. */
  readonly id: string;
  /** When this attempt was signed. */
  readonly sentAt: Date;
  /** When it happened; null if the sender did not say. */
  readonly happenedAt: Date | null;
  /** 1, 2, 3 … within the call, at this endpoint: a hole means that one is late or lost. 0 = not said. */
  readonly sequence: number;
  /** 1 for the first. */
  readonly attempt: number;
  /** An operator had it sent again. */
  readonly replay: boolean;
  /** The fields of the body, or of the query with the URL's own parameters; `{}` for a body of another kind. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface ReceiverOptions {
  /** `whsec_…`, one or, while they are being changed, several; in a text with blanks or commas between, as in the ini. */
  readonly secrets: string | readonly string[];
  /** How far `webhook-timestamp` may be from our clock. Default 300 s. */
  readonly toleranceSeconds?: number;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

export interface Receiver {
  /** Throws a `WebhookRefused`: answer 401 then. */
  verify(received: Received): Webhook;
}

/** Of a body that is read by `readBody`, unless said otherwise. */
export const BODY_BYTES_MAX = 1024 * 1024;
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;
const TOLERANCE_SECONDS = 300;
const SIGNATURES_MAX = 20;

/** Throws at once, without repeating it, if a secret is none. */
export function createReceiver(options: ReceiverOptions): Receiver {
  const { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now } = options;
  const secrets =
    typeof options.secrets === "string" ? options.secrets.trim().split(/[\s,]+/) : options.secrets;
  const keys = secrets.map(keyOf);
  if (keys.length === 0) throw new Error("Expected at least one secret, got none.");
  return {
    verify({ url, headers, body }) {
      const bytes =
        typeof body === "string" ? Buffer.from(body, "utf8") : (body ?? Buffer.alloc(0));
      const id = header(headers, "webhook-id");
      const timestamp = header(headers, "webhook-timestamp");
      const signatures = header(headers, "webhook-signature");
      if (id === "" || signatures === "" || !/^\d{1,12}$/.test(timestamp)) {
        const names = "webhook-id, webhook-timestamp (seconds) and webhook-signature";
        throw new WebhookRefused("headers", `Expected the headers ${names}.`);
      }
      const sentAtMs = Number(timestamp) * 1000;
      if (Math.abs(Math.floor(now() / 1000) * 1000 - sentAtMs) > toleranceSeconds * 1000) {
        const expected = `within ${toleranceSeconds} s of our clock`;
        throw new WebhookRefused("time", `Expected a webhook signed ${expected}.`);
      }
      const payload = bytes.length > 0 ? bytes : Buffer.from(`"${url}"`, "utf8");
      if (!isSigned(keys, `${id}.${timestamp}.`, payload, signatures)) {
        throw new WebhookRefused("signature", "Expected a signature by one of the secrets.");
      }
      const number = (name: string) => Number(/^\d{1,9}$/.exec(header(headers, name))?.[0] ?? 0);
      const happened = Date.parse(header(headers, "offhook-event-time"));
      return {
        id,
        sentAt: new Date(sentAtMs),
        happenedAt: Number.isNaN(happened) ? null : new Date(happened),
        sequence: number("offhook-sequence"),
        attempt: number("offhook-attempt"),
        replay: header(headers, "offhook-replay") === "1",
        fields: fieldsOf(bytes, url, header(headers, "content-type")),
      };
    },
  };
}

/** Reads a request of `node:http` (or any stream of bytes) to its end, and refuses to read without end. */
export async function readBody(
  stream: AsyncIterable<Uint8Array>,
  bytesMax = BODY_BYTES_MAX,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw new WebhookRefused("body", `Expected a body of at most ${bytesMax} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function keyOf(secret: string): Buffer {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret.trim())?.[1] ?? "";
  const key = Buffer.from(encoded, "base64");
  const whole = key.toString("base64").replace(/=+$/, "") === encoded.replace(/=+$/, "");
  if (!whole || key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX) {
    const form = `whsec_ and the base64 of ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes`;
    throw new Error(`Expected a secret of the form ${form}, got something else.`);
  }
  return key;
}

/** Every key is tried with every signature, in a time that tells nothing of either. */
function isSigned(
  keys: readonly Buffer[],
  prefix: string,
  payload: Uint8Array,
  signatures: string,
): boolean {
  const given = signatures
    .split(" ", SIGNATURES_MAX)
    .filter((signature) => signature.startsWith("v1,"))
    .map((signature) => Buffer.from(signature.slice("v1,".length), "utf8"));
  let found = false;
  for (const key of keys) {
    const mac = createHmac("sha256", key).update(prefix).update(payload).digest("base64");
    const expected = Buffer.from(mac, "utf8");
    for (const signature of given) {
      const same = signature.length === expected.length && timingSafeEqual(signature, expected);
      found ||= same;
    }
  }
  return found;
}

function header(headers: ReceivedHeaders, name: string): string {
  if (isWebHeaders(headers)) return headers.get(name) ?? "";
  const value = headers[name];
  return typeof value === "string" ? value : (value?.[0] ?? "");
}

function isWebHeaders(headers: ReceivedHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === "function";
}

function fieldsOf(body: Uint8Array, url: string, contentType: string): Record<string, unknown> {
  if (body.length === 0) {
    const at = url.indexOf("?");
    return at < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(at + 1)));
  }
  const text = Buffer.from(body).toString("utf8");
  if (contentType.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  if (!contentType.startsWith("application/json")) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    throw new WebhookRefused("body", "Expected JSON, as the content type says.");
  }
}
