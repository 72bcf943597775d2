/** HTTP as the handlers see it: a whole request in, an answer out. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { SimAnswer, SimRequest } from "./seam.ts";

/** Longer bodies are refused with 413. */
export const BODY_BYTES_MAX = 1024 * 1024;

/** What the real server puts on every answer. */
const USUAL_HEADERS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "SAMEORIGIN",
};

export function withoutBody(request: IncomingMessage): SimRequest {
  const url = new URL(request.url ?? "/", "http://pbx.invalid");
  return {
    method: request.method ?? "GET",
    url,
    path: decoded(url.pathname),
    headers: request.headers,
    body: "",
    remoteAddress: request.socket.remoteAddress ?? "",
  };
}

/** The body as text; null = too long. */
export async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export function send(response: ServerResponse, answer: SimAnswer): void {
  if (response.destroyed || response.headersSent) return;
  const { status, body, headers } = answer;
  const raw = typeof body === "string" || Buffer.isBuffer(body);
  const bytes = body === undefined ? "" : raw ? body : JSON.stringify(body);
  const type = raw || body === undefined ? {} : { "content-type": "application/json" };
  response.writeHead(status, { ...USUAL_HEADERS, ...type, ...headers });
  response.end(bytes);
}

/** Between two pieces of a body that comes slowly. */
const PIECE_MS = 50;

/** The same, with the body at its pace. */
export async function sendPaced(
  response: ServerResponse,
  answer: SimAnswer,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  const { status, body, headers, pace } = answer;
  const isPaced = pace !== undefined && (pace.bytesPerS !== null || pace.breaksOff);
  if (!isPaced || !Buffer.isBuffer(body)) return send(response, answer);
  const length = { "content-length": String(body.length) };
  response.writeHead(status, { ...USUAL_HEADERS, ...length, ...headers });
  const end = pace.breaksOff ? Math.floor(body.length / 2) : body.length;
  const pieceBytes = Math.max(1, Math.floor(((pace.bytesPerS ?? 1e9) * PIECE_MS) / 1000));
  for (let at = 0; at < end && !response.destroyed; at += pieceBytes) {
    response.write(body.subarray(at, Math.min(end, at + pieceBytes)));
    await pause(PIECE_MS);
  }
  if (pace.breaksOff) response.destroy();
  else response.end();
}

/** An answer to a request for an upgrade that is not granted. */
export function upgradeRefusal(answer: SimAnswer): string {
  const body = answer.body === undefined ? "" : JSON.stringify(answer.body);
  return [
    `HTTP/1.1 ${answer.status} Refused`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    "",
    body,
  ].join("\r\n");
}
