/**
 * One HTTP exchange with the PBX: a status and a text, or a reason why there is none. Never
 * throws, reads no more than it was told to, and ends by its deadline. Sockets are kept, so that
 * the GET after a frame costs one round trip.
 */
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import type { Clock } from "../../util/clock.ts";
import { errorCodeOf } from "../../util/tlsFault.ts";
import type { Limits } from "./limits.ts";
import { proxyAuthorization, type TlsOptions } from "./proxy.ts";
import { failureReason } from "./refusal.ts";
import { ServerClock } from "./serverClock.ts";

export interface HttpAsk {
  readonly method: "GET" | "POST";
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bytesMax: number;
  readonly timeoutMs: number;
}

export type HttpAnswer =
  | { readonly kind: "answer"; readonly status: number; readonly text: string }
  | { readonly kind: "tooLarge"; readonly status: number }
  | { readonly kind: "failed"; readonly reason: string };

/** A large answer, which goes into a new file. */
export interface DownloadAsk {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Must not exist; is there afterwards only if the answer is `saved`. */
  readonly file: string;
  readonly bytesMax: number;
  /** Longest silence in the middle of it. */
  readonly idleMs: number;
  /** The whole of it. */
  readonly totalMs: number;
  readonly signal: AbortSignal;
}

export type DownloadAnswer = HttpAnswer | { readonly kind: "saved"; readonly bytes: number };

export interface Http {
  exchange(ask: HttpAsk): Promise<HttpAnswer>;
  /** Anything but 2xx is read as a text. */
  download(ask: DownloadAsk): Promise<DownloadAnswer>;
  /** How far the PBX's clock is ahead of ours, as far as its answers tell. */
  aheadMs(): number;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/** What a kept socket says when the PBX closed it while we were asking: ask again on a new one. */
const staleCodes = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);

type Body = Dispatcher.ResponseData["body"];

/** What is packed although we ask for it as it is (a proxy's doing). Null beyond the limit. */
function unpacked(bytes: Buffer, encoding: string, bytesMax: number): Buffer | null {
  const unpack = unpackers.get(encoding.toLowerCase().trim());
  if (unpack === undefined) return bytes;
  try {
    return unpack(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    if (errorCodeOf(error) === "ERR_BUFFER_TOO_LARGE") return null;
    throw error;
  }
}

const unpackers: ReadonlyMap<string, typeof gunzipSync> = new Map([
  ["gzip", gunzipSync],
  ["x-gzip", gunzipSync],
  ["deflate", inflateSync],
  ["br", brotliDecompressSync],
]);

/** Null beyond the limit. */
async function readBody(body: Body, encoding: string, bytesMax: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) return null; // leaving the loop destroys the stream
    chunks.push(chunk);
  }
  const [only, ...others] = chunks;
  const whole = only && others.length === 0 ? only : Buffer.concat(chunks);
  return unpacked(whole, encoding, bytesMax)?.toString("utf8") ?? null;
}

class TooLarge extends Error {}

/** Passes on at most so many bytes, and tells of each piece that comes. */
async function* bounded(body: Body, bytesMax: number, onBytes: (bytes: number) => void) {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new TooLarge();
    onBytes(bytes);
    yield chunk;
  }
}

export interface HttpOptions {
  /** Origin of the PBX. */
  readonly url: string;
  readonly tls: TlsOptions;
  readonly proxy: URL | null;
  readonly clock: Clock;
  readonly limits: Limits;
}

function makeDispatcher({ tls, proxy, limits }: HttpOptions): Dispatcher {
  const shared = {
    connections: limits.connectionsMax,
    // One question at a time on a socket: a slow answer must not stand before a fast one.
    pipelining: 1,
    keepAliveTimeout: limits.idleSocketMs,
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxy === null) {
    return new Agent({ ...shared, connect: { ...tls, timeout: limits.connectTimeoutMs } });
  }
  const token = proxyAuthorization(proxy);
  return new ProxyAgent({
    ...shared,
    uri: proxy.origin,
    ...(token === null ? {} : { token }),
    requestTls: { ...tls, timeout: limits.connectTimeoutMs },
  });
}

export function makeHttp(options: HttpOptions): Http {
  const { url, clock, limits } = options;
  const dispatcher = makeDispatcher(options);
  const { host } = new URL(url);
  const serverClock = new ServerClock();

  async function attempt(ask: HttpAsk): Promise<{ answer: HttpAnswer; isStale: boolean }> {
    const abort = new AbortController();
    const late = new Error(`No whole answer within ${ask.timeoutMs} ms.`);
    const cancelDeadline = clock.after(ask.timeoutMs, () => abort.abort(late));
    const askedAt = clock.now();
    try {
      const { statusCode, headers, body } = await dispatcher.request({
        origin: url,
        path: ask.path,
        method: ask.method,
        headers: { "accept-encoding": "identity", ...ask.headers },
        body: ask.body ?? null,
        signal: abort.signal,
      });
      serverClock.heard(String(headers.date ?? ""), askedAt, clock.now());
      const encoding = String(headers["content-encoding"] ?? "");
      const text = await readBody(body, encoding, ask.bytesMax);
      const answer: HttpAnswer =
        text === null
          ? { kind: "tooLarge", status: statusCode }
          : { kind: "answer", status: statusCode, text };
      return { answer, isStale: false };
    } catch (error) {
      const answer: HttpAnswer = { kind: "failed", reason: failureReason(error, host) };
      return { answer, isStale: staleCodes.has(errorCodeOf(error)) };
    } finally {
      cancelDeadline();
    }
  }

  async function download(ask: DownloadAsk): Promise<DownloadAnswer> {
    const abort = new AbortController();
    const late = new Error(`Nothing came for ${ask.idleMs} ms.`);
    const endless = new Error(`It did not come to its end within ${ask.totalMs} ms.`);
    const cancelEnd = clock.after(ask.totalMs, () => abort.abort(endless));
    let cancelDeadline = clock.after(ask.idleMs, () => abort.abort(late));
    const postpone = () => {
      cancelDeadline();
      cancelDeadline = clock.after(ask.idleMs, () => abort.abort(late));
    };
    const signal = AbortSignal.any([abort.signal, ask.signal]);
    let status = 0;
    try {
      const { statusCode, body } = await dispatcher.request({
        origin: url,
        path: ask.path,
        method: "GET",
        headers: { "accept-encoding": "identity", ...ask.headers },
        signal,
      });
      status = statusCode;
      if (status < 200 || status > 299) {
        const text = await readBody(body, "", limits.smallBytesMax);
        return text === null ? { kind: "tooLarge", status } : { kind: "answer", status, text };
      }
      let bytes = 0;
      const counted = bounded(body, ask.bytesMax, (sum) => {
        bytes = sum;
        postpone();
      });
      await pipeline(counted, createWriteStream(ask.file, { flags: "wx", flush: true }), {
        signal,
      });
      return { kind: "saved", bytes };
    } catch (error) {
      if (errorCodeOf(error) !== "EEXIST") await rm(ask.file, { force: true });
      if (error instanceof TooLarge) return { kind: "tooLarge", status };
      return { kind: "failed", reason: failureReason(error, host) };
    } finally {
      cancelDeadline();
      cancelEnd();
    }
  }

  return {
    download,
    aheadMs: () => serverClock.aheadMs(),
    async exchange(ask) {
      const first = await attempt(ask);
      return first.isStale ? (await attempt(ask)).answer : first.answer;
    },
    close: () => dispatcher.destroy(),
  };
}
