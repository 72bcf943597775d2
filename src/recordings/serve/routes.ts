/**
 * `/webapi/recording/{id}-{n}.mp3`: hands out recordings (docs/contract.md §6). Must hold: signature first,
 * then look-up, so that whoever has none learns nothing; no part of the address ever becomes a path; a client
 * that guesses is slowed down, one that leaves ends its stream; who fetched what is in the log.
 */

import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { EpochMs } from "../../events/event.ts";
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";
import { messageOf } from "../../util/messageOf.ts";
import { isSigned, parseFileName, type RecordingName, type SigningKey } from "./address.ts";
import { Misses } from "./misses.ts";
import { type Part, partOf } from "./range.ts";

/** A file that can be served. */
export interface Served {
  readonly bytes: number;
  /** Strong, in quotes. */
  readonly etag: string;
  readonly storedAt: EpochMs;
  /** Both inclusive. */
  read(first: number, last: number): Promise<Readable>;
  close(): Promise<void>;
}

export type Sought =
  | { readonly kind: "found"; readonly file: Served }
  | { readonly kind: "none" }
  /** It was there once. */
  | { readonly kind: "removed" };

export interface RecordingRoutes {
  find(name: RecordingName): Promise<Sought>;
  /** In force, the newest first. */
  keys(): readonly SigningKey[];
  /** Anyone may fetch (`RECORDING_OPEN`). */
  isOpen(): boolean;
  /** Wall clock: an address expires by everybody's. */
  now(): EpochMs;
  readonly clock: Clock;
  readonly log: Log;
}

/** Streams that one client may hold open. */
export const STREAMS_MAX = 64;

export function recordingRoutes(options: RecordingRoutes) {
  const { clock, log } = options;
  const misses = new Misses();
  const streams = new Map<string, number>();

  function refuse(request: FastifyRequest, reply: FastifyReply, status: number, error: string) {
    misses.add(request.ip, clock.now());
    note(request, status);
    return reply.code(status).send({ error });
  }

  function note(request: FastifyRequest, status: number, part?: Part): void {
    const { name } = request.params as { name: string };
    const recording = name.slice(0, 100);
    const { ip: client, method } = request;
    const agent = String(request.headers["user-agent"] ?? "").slice(0, 200);
    const bytes = part?.kind === "part" ? { first: part.first, last: part.last } : {};
    log.info({ recording, client, method, status, ...bytes, agent }, "recording.asked");
  }

  /** Where recordings are kept is nobody's business but the operator's. */
  function unable(request: FastifyRequest, reply: FastifyReply, error: unknown) {
    const reason = messageOf(error);
    const { name } = request.params as { name: string };
    log.error({ recording: name.slice(0, 100), reason }, "recording.unavailable");
    note(request, 503);
    const text = "The recording cannot be had at the moment.";
    return withoutFile(reply).code(503).header("retry-after", "30").send({ error: text });
  }

  async function serve(request: FastifyRequest, reply: FastifyReply) {
    reply.header("cache-control", "private, no-cache").header("referrer-policy", "no-referrer");
    reply.header("x-content-type-options", "nosniff");
    const name = parseFileName((request.params as { name: string }).name);
    const isOpen = options.isOpen();
    const isGuess = isOpen || name === null || !hasSignature(request, name);
    // Who has a signature does not guess, and does not wait for another behind the same proxy who does.
    const waitMs = isGuess ? misses.waitMs(request.ip, clock.now()) : 0;
    if (waitMs > 0) {
      note(request, 429);
      reply.header("retry-after", String(Math.ceil(waitMs / 1000)));
      return reply.code(429).send({ error: "Too many requests for what is not there." });
    }
    if (isGuess && !isOpen) {
      return refuse(request, reply, 403, "Expected the address as it was sent, signature and all.");
    }
    const sought = name === null ? ({ kind: "none" } as const) : await options.find(name);
    if (sought.kind === "none") return refuse(request, reply, 404, "There is no such recording.");
    if (sought.kind === "removed") {
      note(request, 410);
      return reply.code(410).send({ error: "This recording was removed." });
    }
    return send(request, reply, sought.file);
  }

  function hasSignature(request: FastifyRequest, name: RecordingName): boolean {
    const { sig, exp } = request.query as Record<string, unknown>;
    // Given twice, either is a list: refused, as nobody can say which is meant.
    if (typeof sig !== "string" || (exp !== undefined && typeof exp !== "string")) return false;
    return isSigned(name, sig, exp ?? null, options.keys(), options.now());
  }

  async function send(request: FastifyRequest, reply: FastifyReply, file: Served) {
    const { bytes, etag } = file;
    const { "if-range": ifRange, "if-none-match": ifNoneMatch } = request.headers;
    const range = request.method === "GET" ? request.headers.range : undefined;
    const part = partOf(
      { range, ifRange: one(ifRange), ifNoneMatch: one(ifNoneMatch) },
      bytes,
      etag,
    );
    reply.header("etag", etag).header("accept-ranges", "bytes");
    reply.header("last-modified", new Date(file.storedAt).toUTCString());
    const status = { whole: 200, part: 206, unsatisfiable: 416, unchanged: 304 }[part.kind];
    note(request, status, part);
    reply.code(status);
    if (part.kind === "unchanged" || part.kind === "unsatisfiable") {
      await file.close();
      if (part.kind === "unsatisfiable") reply.header("content-range", `bytes */${bytes}`);
      return reply.send();
    }
    const [first, last] = part.kind === "part" ? [part.first, part.last] : [0, bytes - 1];
    if (part.kind === "part") reply.header("content-range", `bytes ${first}-${last}/${bytes}`);
    const { name } = request.params as { name: string };
    // Parsed before: letters that need no escape. `inline`, so that a browser plays it.
    const shown = parseFileName(name) === null ? "recording.mp3" : name;
    reply.header("content-type", "audio/mpeg").header("content-length", String(last - first + 1));
    reply.header("content-disposition", `inline; filename="${shown}"`);
    if (request.method === "HEAD" || bytes === 0) {
      await file.close();
      return reply.send();
    }
    return stream(request, reply, file, first, last);
  }

  async function stream(
    request: FastifyRequest,
    reply: FastifyReply,
    file: Served,
    first: number,
    last: number,
  ) {
    const open = streams.get(request.ip) ?? 0;
    if (open >= STREAMS_MAX) {
      await file.close();
      return withoutFile(reply)
        .code(429)
        .header("retry-after", "5")
        .send({ error: "Too many at once." });
    }
    streams.set(request.ip, open + 1);
    let body: Readable | null = null;
    const release = () => {
      const left = (streams.get(request.ip) ?? 1) - 1;
      if (left === 0) streams.delete(request.ip);
      else streams.set(request.ip, left);
      body?.destroy();
      void file.close();
    };
    try {
      body = await file.read(first, last);
    } catch (error) {
      release();
      throw error;
    }
    if (reply.raw.destroyed) release();
    else reply.raw.once("close", release);
    return reply.send(body);
  }

  return async (app: FastifyInstance): Promise<void> => {
    app.route({
      method: ["GET", "HEAD"],
      url: "/webapi/recording/:name",
      exposeHeadRoute: false,
      handler: (request, reply) =>
        serve(request, reply).catch((error) => unable(request, reply, error)),
    });
  };
}

/** What was said of a file that is not sent after all. */
function withoutFile(reply: FastifyReply): FastifyReply {
  const of = ["content-length", "content-range", "content-type", "content-disposition"];
  for (const header of [...of, "etag", "last-modified", "accept-ranges"])
    reply.removeHeader(header);
  return reply;
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(", ") : header;
}
