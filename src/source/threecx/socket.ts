/**
 * The WebSocket that the PBX pushes frames through. It pings, because a quiet PBX says nothing for
 * hours, and gives up a connection that shows no sign of life (half-open).
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import WebSocket from "ws";
import { type Clock, every } from "../../util/clock.ts";
import type { Limits } from "./limits.ts";
import { openTunnel, type TlsOptions } from "./proxy.ts";
import { failureReason, type Refused, refusedBy } from "./refusal.ts";

export interface LiveSocket {
  /** Settles with the reason when the connection is over, whoever ended it. */
  readonly closed: Promise<string>;
  close(): void;
}

export type SocketAnswer =
  | { readonly kind: "open"; readonly socket: LiveSocket }
  | { readonly kind: "status"; readonly status: number; readonly text: string }
  | { readonly kind: "failed"; readonly reason: string };

/** What an answer means that is no WebSocket. */
export function whyNotOpen(
  answer: Exclude<SocketAnswer, { kind: "open" }>,
  clientId: string,
):
  | { readonly kind: "refused"; readonly refused: Refused }
  | { readonly kind: "failed"; readonly reason: string } {
  if (answer.kind === "failed") return answer;
  const refused = refusedBy("socket", answer.status, answer.text, clientId);
  if (refused !== null) return { kind: "refused", refused };
  return { kind: "failed", reason: `The PBX answered the WebSocket with ${answer.status}.` };
}

export interface SocketOptions {
  /** Origin of the PBX, http or https. */
  readonly url: string;
  readonly tls: TlsOptions;
  readonly proxy: URL | null;
  readonly clock: Clock;
  readonly limits: Limits;
  /** The text of each frame; too large for sense is told by its size alone. */
  readonly onFrame: (text: string) => void;
  readonly onTooLarge: (bytes: number) => void;
}

function sizeOf(data: WebSocket.RawData): number {
  return Array.isArray(data)
    ? data.reduce((sum, part) => sum + part.length, 0)
    : "byteLength" in data
      ? data.byteLength
      : 0;
}

function textOfData(data: WebSocket.RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return (Buffer.isBuffer(data) ? data : Buffer.from(data)).toString("utf8");
}

/** The options by which ws takes its socket from the tunnel. */
function throughProxy({ url, tls, proxy, limits }: SocketOptions): object {
  if (proxy === null) return {};
  type Created = (error: Error | null, socket?: Duplex) => void;
  // Node calls a createConnection that returns nothing back when its socket is there.
  const createConnection = (_options: object, created: Created): void => {
    openTunnel(proxy, new URL(url), tls, limits.connectTimeoutMs).then(
      (socket) => created(null, socket),
      (error: unknown) => created(error instanceof Error ? error : new Error(String(error))),
    );
  };
  return { createConnection };
}

/** Ends with the reason as soon as a ping gets no answer; returns the way to stop watching. */
function watch(ws: WebSocket, options: SocketOptions, giveUp: (reason: string) => void) {
  const { clock, limits } = options;
  let seenAt = clock.now();
  let cancelCheck: (() => void) | null = null;
  const seen = () => {
    seenAt = clock.now();
  };
  for (const sign of ["message", "ping", "pong"] as const) ws.on(sign, seen);
  const check = (askedAt: number) => {
    cancelCheck = null;
    // Let what lies in the socket be read first, should this process itself have been held up.
    setImmediate(() => {
      if (ws.readyState !== WebSocket.OPEN || seenAt >= askedAt) return;
      giveUp(`The PBX showed no sign of life for ${clock.now() - seenAt} ms.`);
    });
  };
  const cancelBeat = every(clock, limits.pingMs, () => {
    const askedAt = clock.now();
    ws.ping();
    cancelCheck ??= clock.after(limits.pongTimeoutMs, () => check(askedAt));
  });
  return () => {
    cancelBeat();
    cancelCheck?.();
  };
}

function readRefusal(response: IncomingMessage, bytesMax: number): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > bytesMax) response.destroy();
    });
    response.once("close", () => resolve(text));
    response.once("error", () => resolve(text));
  });
}

export function openSocket(
  options: SocketOptions,
  token: string,
  signal: AbortSignal,
): Promise<SocketAnswer> {
  const { url, tls, limits } = options;
  const { host } = new URL(url);
  if (signal.aborted) return Promise.resolve({ kind: "failed", reason: "Stopped." });
  const ws = new WebSocket(`${url.replace(/^http/i, "ws")}/callcontrol/ws`, {
    ...tls,
    ...throughProxy(options),
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: limits.handshakeTimeoutMs,
    maxPayload: limits.framePayloadBytesMax,
    perMessageDeflate: false,
    followRedirects: false,
  });
  return new Promise((resolve) => {
    let over: (reason: string) => void = () => {};
    const closed = new Promise<string>((settle) => {
      over = settle;
    });
    let unwatch = () => {};
    const abort = () => ws.terminate();
    signal.addEventListener("abort", abort, { once: true });

    ws.on("message", (data) => {
      const bytes = sizeOf(data);
      if (bytes > limits.frameBytesMax) options.onTooLarge(bytes);
      else options.onFrame(textOfData(data));
    });
    ws.once("open", () => {
      unwatch = watch(ws, options, (reason) => {
        over(reason);
        ws.terminate();
      });
      resolve({ kind: "open", socket: { closed, close: () => ws.terminate() } });
    });
    ws.once("unexpected-response", (_request, response) => {
      readRefusal(response, limits.smallBytesMax).then((text) => {
        resolve({ kind: "status", status: response.statusCode ?? 0, text });
        ws.terminate();
      });
    });
    ws.on("error", (error) => {
      const reason = failureReason(error, host);
      over(reason);
      resolve({ kind: "failed", reason });
    });
    ws.once("close", (code, reason) => {
      unwatch();
      signal.removeEventListener("abort", abort);
      const words = reason.length > 0 ? `${code}: ${reason.toString("utf8")}` : String(code);
      over(`The PBX closed the connection (${words}).`);
      resolve({ kind: "failed", reason: `The PBX closed the connection (${words}).` });
    });
  });
}
