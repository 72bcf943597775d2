/**
 * Our own HTTP server (`LISTEN`): `/healthz` answers while the process runs, `/readyz` tells whether it
 * does its work, and if not, why. These two need no log-in, so they tell of no calls; the rest is in routes/.
 */

import fastify, { type FastifyError, type FastifyInstance } from "fastify";
import { messageOf } from "../util/messageOf.ts";
import { type Admin, adminRoutes } from "./routes/api.ts";

/** One thing that keeps the service from its work. */
export interface Unready {
  /** What it concerns: `pbx.main`, `store` … */
  readonly part: string;
  readonly reason: string;
}

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly version: string;
  /** Everything that is not well; empty = ready. */
  readonly unready: () => Promise<readonly Unready[]>;
  /** Opens `/api/…`. */
  readonly admin?: Admin;
  /** Proxies whose word on the client's address is believed. */
  readonly trustedProxies?: readonly string[];
  /** More routes. */
  readonly recordings?: (app: FastifyInstance) => Promise<void>;
}

export interface HttpServer {
  /** Origin, with the port that was really taken. */
  readonly url: string;
  stop(): Promise<void>;
}

const bodyBytesMax = 64 * 1024;
const requestTimeoutMs = 10_000;

/** Rejects with a sentence that tells the way out if the address cannot be had. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { host, port, version } = options;
  const app = fastify({
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    // Whoever listens to a recording does not hold up a stop.
    forceCloseConnections: true,
    trustProxy: options.trustedProxies?.length ? [...options.trustedProxies] : false,
    // What is asked is taken as it is or refused: no null made a "", no misspelt filter left out.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });
  // One shape for whatever goes wrong, ours or the library's: a sentence under `error`.
  app.setErrorHandler(({ statusCode = 500, message }: FastifyError, _request, reply) =>
    reply.code(statusCode).send({
      error: statusCode === 415 ? "Expected the header Content-Type: application/json." : message,
    }),
  );
  app.setNotFoundHandler(({ method, url }, reply) =>
    reply.code(404).send({ error: `There is nothing at ${method} ${url.split("?", 1)[0]}.` }),
  );
  app.get("/healthz", async () => ({ status: "ok", version }));
  app.get("/readyz", async (_request, reply) => {
    const reasons = await options.unready();
    reply.header("cache-control", "no-store");
    return reply.code(reasons.length === 0 ? 200 : 503).send({
      status: reasons.length === 0 ? "ready" : "not ready",
      reasons,
    });
  });
  if (options.recordings) await app.register(options.recordings);
  if (options.admin) await app.register(adminRoutes(options.admin), { prefix: "/api" });
  try {
    const url = await app.listen({ host, port });
    return { url, stop: () => app.close() };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const found =
      code === "EADDRINUSE"
        ? "another program listens there. Stop it, or set LISTEN to another address"
        : `got ${messageOf(error)}. ` +
          "Set LISTEN to an address of this machine and a port that this user may have";
    throw new Error(`Expected LISTEN = ${host}:${port} for our HTTP server, but ${found}.`);
  }
}
