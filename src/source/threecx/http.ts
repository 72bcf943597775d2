/**
 * One HTTP exchange with the PBX: a status and a text, or a reason why there is none. Never
 * throws, reads no more than it was told to, and ends by its deadline. Sockets are kept, so that
 * the GET after a frame costs one round trip.
 */
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import type { Clock } from "../../util/clock.ts";
import type { Limits } from "./limits.ts";
import { proxyAuthorization, type TlsOptions } from "./proxy.ts";
import { errorCodeOf, failureReason } from "./refusal.ts";

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

export interface Http {
  exchange(ask: HttpAsk): Promise<HttpAnswer>;
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
  const { url, clock } = options;
  const dispatcher = makeDispatcher(options);
  const { host } = new URL(url);

  async function attempt(ask: HttpAsk): Promise<{ answer: HttpAnswer; isStale: boolean }> {
    const abort = new AbortController();
    const late = new Error(`No whole answer within ${ask.timeoutMs} ms.`);
    const cancelDeadline = clock.after(ask.timeoutMs, () => abort.abort(late));
    try {
      const { statusCode, headers, body } = await dispatcher.request({
        origin: url,
        path: ask.path,
        method: ask.method,
        headers: { "accept-encoding": "identity", ...ask.headers },
        body: ask.body ?? null,
        signal: abort.signal,
      });
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

  return {
    async exchange(ask) {
      const first = await attempt(ask);
      return first.isStale ? (await attempt(ask)).answer : first.answer;
    },
    close: () => dispatcher.destroy(),
  };
}
