/**
 * One HTTP exchange. Must hold: it ends by its deadline whatever the receiver does, keeps no more of
 * the answer than the head, follows no redirect, and never throws: everything is an outcome.
 * The status is the answer: what the receiver does to the body afterwards changes nothing.
 */
import type { Dispatcher } from "undici";
import type { EpochMs } from "../events/event.ts";
import { assertNever } from "../util/assertNever.ts";
import { saidBy } from "../util/tlsFault.ts";
import {
  type Carried,
  type Connections,
  type ConnectionsOptions,
  createConnections,
  PLAIN_WAY,
  PROXY_FAILED,
  type Way,
} from "./connections.ts";
import { REFUSED_ADDRESS } from "./guard.ts";
import type { FailedStage, Outcome } from "./outcome.ts";
import type { HttpRequest } from "./request.ts";
import { parseRetryAfter } from "./retryAfter.ts";

/** Of the answer's body, for the log. */
export const RESPONSE_HEAD_BYTES_MAX = 2048;
/** Read (and thrown away) so that the connection can be used again; beyond, it is cut. */
const RESPONSE_BYTES_MAX = 64 * 1024;
const MESSAGE_CHARS_MAX = 300;
const PACKING_CHARS_MAX = 40;

export interface AttemptSender {
  attempt(request: HttpRequest, timeoutMs: number, way?: Way): Promise<Outcome>;
  /** Cuts every connection. */
  close(): Promise<void>;
}

export interface AttemptSenderOptions extends ConnectionsOptions {
  /** The wall clock; reads Retry-After dates. */
  readonly now: () => EpochMs;
}

export function createAttemptSender(options: AttemptSenderOptions): AttemptSender {
  const connections = createConnections(options);
  return {
    async attempt(request, timeoutMs, way = PLAIN_WAY) {
      const deadlineAt = performance.now() + timeoutMs;
      let ending = await exchange(() => connections.to(request.origin, way), request, timeoutMs);
      if (ending.kind === "broken" && ending.staleSocket) {
        const leftMs = deadlineAt - performance.now();
        ending = await exchangeOnce(connections, way, request, leftMs);
      }
      return outcomeOf(ending, timeoutMs, options.now());
    },
    close: () => connections.close(),
  };
}

/** The same request on a connection of its own: another kept one may be as stale as the first. */
async function exchangeOnce(
  connections: Connections,
  way: Way,
  request: HttpRequest,
  timeoutMs: number,
): Promise<Ending> {
  let fresh: Dispatcher | null = null;
  const open = (): Dispatcher => {
    fresh = connections.fresh(request.origin, way);
    return fresh;
  };
  const ending = await exchange(open, request, timeoutMs);
  void (fresh as Dispatcher | null)?.destroy();
  return ending;
}

/** How an exchange ended. */
type Ending =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly retryAfter: string | null;
      readonly head: string;
    }
  | { readonly kind: "timedOut" }
  | { readonly kind: "broken"; readonly error: unknown; readonly staleSocket: boolean };

function exchange(
  open: () => Dispatcher,
  request: HttpRequest,
  timeoutMs: number,
): Promise<Ending> {
  return new Promise((resolve) => {
    const reading = new Reading(request, timeoutMs, resolve);
    try {
      open().dispatch(reading.options, reading);
    } catch (error) {
      reading.end({ kind: "broken", error, staleSocket: false });
    }
  });
}

/** Follows one exchange and ends it once, by answer, error or deadline, whichever is first. */
class Reading implements Dispatcher.DispatchHandler {
  readonly options: Carried;
  readonly #resolve: (ending: Ending) => void;
  readonly #deadline: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | null = null;
  #ended = false;
  #onReusedSocket = false;
  #status: number | null = null;
  #retryAfter: string | null = null;
  /** How the body is packed, "" if it is not. */
  #packed = "";
  #head: Buffer[] = [];
  #bytes = 0;

  constructor(request: HttpRequest, timeoutMs: number, resolve: (ending: Ending) => void) {
    this.options = {
      origin: request.origin,
      path: request.target,
      method: request.method,
      headers: request.headers,
      body: request.body,
    };
    this.#resolve = resolve;
    this.#deadline = setTimeout(() => this.#cut({ kind: "timedOut" }), Math.max(0, timeoutMs));
  }

  end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#deadline);
    this.#resolve(ending);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Too late: the deadline passed while the connection was being made.
    if (this.#ended) controller.abort(new Error("deadline"));
    this.#onReusedSocket = (this.options.carrier?.answers ?? 0) > 0;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    this.#status = status;
    const retryAfter = headers["retry-after"];
    this.#retryAfter = typeof retryAfter === "string" ? retryAfter : null;
    const encoding = String(headers["content-encoding"] ?? "").toLowerCase();
    this.#packed = encoding === "identity" ? "" : encoding.slice(0, PACKING_CHARS_MAX);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = RESPONSE_HEAD_BYTES_MAX - this.#bytes;
    // A copy: a view would hold on to the whole chunk.
    if (room > 0) this.#head.push(Buffer.from(chunk.subarray(0, room)));
    this.#bytes += chunk.length;
    if (this.#bytes > RESPONSE_BYTES_MAX) this.#cut(null);
  }

  onResponseEnd(): void {
    if (this.options.carrier) this.options.carrier.answers += 1;
    const ending = this.#answer() ?? { kind: "broken", error: null, staleSocket: false };
    // undici, too, frees the connection at the turn's end: who was told before would open another one.
    setImmediate(() => this.end(ending));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const staleSocket = this.#onReusedSocket && isSocketLoss(error);
    this.end(this.#answer() ?? { kind: "broken", error, staleSocket });
  }

  /** Ends with what is known, or else as told, and drops the connection. */
  #cut(otherwise: Ending | null): void {
    const ending = this.#answer() ?? otherwise;
    if (ending) this.end(ending);
    this.#controller?.abort(new Error("cut"));
  }

  #answer(): Ending | null {
    if (this.#status === null) return null;
    const head = this.#headText();
    return { kind: "answered", status: this.#status, retryAfter: this.#retryAfter, head };
  }

  #headText(): string {
    // Never unpacked: a few bytes may stand for gigabytes.
    if (this.#packed !== "") return `(an answer packed as ${this.#packed}, not shown)`;
    return this.#head.length === 0 ? "" : Buffer.concat(this.#head).toString("utf8");
  }
}

function outcomeOf(ending: Ending, timeoutMs: number, now: EpochMs): Outcome {
  switch (ending.kind) {
    case "answered": {
      const { status, head: responseHead } = ending;
      if (status >= 200 && status < 300) return { kind: "accepted", status, responseHead };
      const retryAfterAt = parseRetryAfter(ending.retryAfter, now);
      return { kind: "refused", status, retryAfterAt, responseHead };
    }
    case "timedOut":
      return {
        kind: "failed",
        stage: "timeout",
        message: `no answer within ${timeoutMs} ms`,
      };
    case "broken": {
      if (isUnasked(ending.error)) {
        const message =
          "expected one final answer, got an interim 100 Continue that nobody asked for";
        return { kind: "failed", stage: "protocol", message };
      }
      const stage = stageOf(codeOf(ending.error));
      const said = stage === "tls" ? saidBy(ending.error) : messageOf(ending.error);
      return { kind: "failed", stage, message: clipped(said) };
    }
    default:
      return assertNever(ending);
  }
}

/** undici breaks such an exchange off, in these words; it says nothing else in them while a request is under way. */
function isUnasked(error: unknown): boolean {
  return error instanceof Error && error.message === "bad response";
}

function isSocketLoss(error: unknown): boolean {
  if (isUnasked(error)) return false;
  return ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"].includes(codeOf(error));
}

/** Node's and undici's error codes by the stage of the exchange. */
function stageOf(code: string): FailedStage {
  switch (code) {
    case "UND_ERR_INVALID_ARG":
      return "request";
    case REFUSED_ADDRESS:
      return "address";
    case "ENOTFOUND":
      return "dns";
    case PROXY_FAILED:
    case "EAI_AGAIN":
    case "EMFILE":
    case "ENFILE":
    case "ENETDOWN":
    case "UND_ERR_CLOSED":
    case "UND_ERR_DESTROYED":
      return "local";
    case "ECONNREFUSED":
    case "EHOSTUNREACH":
    case "EHOSTDOWN":
    case "ENETUNREACH":
    case "EADDRNOTAVAIL":
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
      return "connect";
    case "UND_ERR_ABORTED":
      // The only abort that is not ours is the proxy's refusal to open a tunnel.
      return "local";
    case "UND_ERR_SOCKET":
    case "ECONNRESET":
    case "EPIPE":
      return "reset";
    default:
      return /CERT|TLS|SSL|SIGNATURE|EPROTO/.test(code) ? "tls" : "protocol";
  }
}

/** The first code found; attempts on several addresses of one host come as an AggregateError. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return "no answer";
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return error.message || (first instanceof Error ? first.message : "") || codeOf(error);
}

function clipped(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, MESSAGE_CHARS_MAX);
}
