/**
 * Signed requests to a bucket, each with a limit on its time, and tried again where that may help.
 */

import type { Readable } from "node:stream";
import { AwsV4Signer } from "aws4fetch";
import { type Dispatcher, request } from "undici";
import type { Clock } from "../../util/clock.ts";
import { messageOf } from "../../util/messageOf.ts";

/** As config.ts has it: a value that does not print. */
interface Hidden {
  reveal(): string;
}

export interface BucketAccess {
  /** `https://host[:port]`; of Amazon: `https://s3.REGION.amazonaws.com`. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Hidden;
  /** Where the bucket's name goes: `https://host/bucket/…` or `https://bucket.host/…`. */
  readonly addressing: "path" | "host";
  /** Until the answer begins, and between two of its pieces; default 30 s. */
  readonly answerTimeoutMs?: number;
}

export interface BucketRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** Of the object; "" for the bucket itself. */
  readonly name: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bodySha256?: string;
  /** Opened anew for each try. */
  readonly body?: () => Readable;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
  /** Whether the body is an object's, rather than a text about it. */
  readonly isFile: boolean;
}

const TRIES_MAX = 4;
const PAUSE_MS = 200;
const ANSWER_TIMEOUT_MS = 30_000;
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** The bucket is busy or has a trouble of its own. */
const PASSING = new Set([429, 500, 502, 503, 504]);

export class BucketRequests {
  readonly #access: BucketAccess;
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;

  constructor(access: BucketAccess, dispatcher: Dispatcher, clock: Clock) {
    this.#access = access;
    this.#dispatcher = dispatcher;
    this.#clock = clock;
  }

  /** The answer to the last try, whatever its status; throws if there was none. */
  async send(wanted: BucketRequest): Promise<Answer> {
    for (let tries = 1; ; tries += 1) {
      const isLast = tries === TRIES_MAX;
      try {
        const answer = await this.#once(wanted);
        if (isLast || !PASSING.has(answer.status)) return answer;
        answer.body.resume().on("error", () => {});
      } catch (error) {
        if (isLast) throw unreachable(this.#access, error);
      }
      const pauseMs = PAUSE_MS * 4 ** (tries - 1);
      await new Promise<void>((resolve) => this.#clock.after(pauseMs, resolve));
    }
  }

  async #once({ method, name, query, headers, bodySha256, body }: BucketRequest): Promise<Answer> {
    const signed = await this.#signed(method, this.#urlOf(name, query), {
      ...headers,
      "x-amz-content-sha256": bodySha256 ?? EMPTY_SHA256,
    });
    const stream = body?.();
    const answerTimeoutMs = this.#access.answerTimeoutMs ?? ANSWER_TIMEOUT_MS;
    try {
      const answer = await request(signed.url, {
        dispatcher: this.#dispatcher,
        method,
        headers: signed.headers,
        body: stream ?? null,
        headersTimeout: answerTimeoutMs,
        bodyTimeout: answerTimeoutMs,
      });
      const flat = Object.entries(answer.headers).map(([key, value]) => [key, String(value)]);
      const isFile = method === "GET" && name !== "" && answer.statusCode < 300;
      return {
        status: answer.statusCode,
        headers: Object.fromEntries(flat),
        body: answer.body,
        isFile,
      };
    } finally {
      stream?.destroy();
    }
  }

  async #signed(method: string, url: string, headers: Record<string, string>) {
    // The length is told by the transport; signing it would have to agree with how it writes it.
    const { "content-length": length, ...signable } = headers;
    const { accessKeyId, secretAccessKey, region } = this.#access;
    const signer = new AwsV4Signer({
      method,
      url,
      headers: signable,
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      region,
      service: "s3",
    });
    const signed = await signer.sign();
    const rest = length === undefined ? {} : { "content-length": length };
    return { url: signed.url, headers: { ...Object.fromEntries(signed.headers), ...rest } };
  }

  #urlOf(name: string, query: Readonly<Record<string, string>> = {}): string {
    const { endpoint, bucket, addressing } = this.#access;
    const url = new URL(endpoint);
    const parts = [addressing === "path" ? bucket : "", ...name.split("/")].filter(Boolean);
    if (addressing === "host") url.hostname = `${bucket}.${url.hostname}`;
    url.pathname = `/${parts.map(encodeURIComponent).join("/")}`;
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    return url.href;
  }
}

function unreachable({ endpoint, bucket }: BucketAccess, error: unknown): Error {
  const found = messageOf(error);
  return new Error(
    `Expected bucket ${bucket} at ${endpoint} to answer, but: ${found}. ` +
      "Check RECORDINGS_URL and the network.",
  );
}
