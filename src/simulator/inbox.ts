/**
 * A receiver of webhooks: shows what arrives, verifies it as a customer would, and fails when told to.
 * Takes GET and POST at any path but its own control addresses (inboxControl.ts).
 * Must hold: it keeps and reads no more than its limits, whatever is sent.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Log } from "../util/log.ts";
import { makeCertificate } from "./certificate.ts";
import { control, say } from "./inboxControl.ts";
import { FailurePlan, fail, readPlan } from "./inboxFailure.ts";
import { Ledger } from "./inboxLedger.ts";
import { readSecret } from "./inboxSignature.ts";
import type { Webhook } from "./inboxWebhook.ts";

export { formatWebhook } from "./inboxFormat.ts";
export type { Webhook } from "./inboxWebhook.ts";

export interface InboxOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** `whsec_…`; without it signatures are not checked. */
  readonly secret?: string;
  /** A plan of failures from the start: `500x3,timeout`. */
  readonly fail?: string;
  /** Serves https with a certificate made for it. */
  readonly tls?: boolean;
  /** Called for each webhook, before it is answered. */
  readonly onWebhook?: (webhook: Webhook) => void;
  readonly log: Log;
  /** Decides for failures by percentage; Math.random if left out. */
  readonly random?: () => number;
}

export interface Inbox {
  /** Origin, e.g. `http://127.0.0.1:8481`. */
  readonly url: string;
  /** PEM of the certificate made for it, null without TLS. */
  readonly certificate: string | null;
  /** The last ones that came, oldest first. */
  webhooks(): readonly Webhook[];
  /** Replaces the failures still to come; throws a sentence if the plan cannot be read. */
  fail(plan: string): void;
  clear(): void;
  /** Ends at once, with the requests that it left hanging. */
  stop(): Promise<void>;
}

/** Room for a GET scheme's query of the longest kind. */
const headerBytesMax = 65_536;
const bodyBytesMax = 262_144;

export async function createInbox(options: InboxOptions): Promise<Inbox> {
  const key = options.secret === undefined ? null : readSecret(options.secret);
  const ledger = new Ledger(key);
  const plan = new FailurePlan(options.random ?? Math.random);
  plan.set(readPlan(options.fail ?? ""));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: target = "/" } = request;
    const body = await readBody(request);
    if (body === null) {
      response.setHeader("connection", "close");
      say(response, 413, `Expected a body of at most ${bodyBytesMax} bytes.`);
    } else if (target.startsWith("/_inbox/")) {
      control(`${method} ${target.replace(/\?.*$/s, "")}`, body, ledger, plan, response);
    } else if (method === "POST" || method === "GET") {
      const failure = plan.next();
      const headers = plainHeaders(request);
      const webhook = ledger.enter({ method, target, headers, body }, failure, Date.now());
      options.onWebhook?.(webhook);
      if (failure === null) say(response, 200, "ok");
      else fail(failure.mode, response);
    } else {
      response.setHeader("allow", "GET, POST");
      say(response, 405, `Expected GET or POST, got ${method}.`);
    }
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    answer(request, response).catch((error: unknown) => {
      options.log.warn({ error: String(error) }, "The inbox lost a request before its end.");
      response.destroy();
    });
  }

  const pems = options.tls ? await makeCertificate() : null;
  const limits = { maxHeaderSize: headerBytesMax };
  const server =
    pems === null
      ? createServer(limits, onRequest)
      : createTlsServer({ ...limits, ...pems }, onRequest);
  const port = await listen(server, options.host, options.port);
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `${pems === null ? "http" : "https"}://${host}:${port}`,
    certificate: pems?.cert ?? null,
    webhooks: () => ledger.webhooks(),
    fail: (text) => plan.set(readPlan(text)),
    clear: () => ledger.clear(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Resolves with the port; rejects with a sentence that tells the way out. */
function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "EADDRINUSE"
          ? "that port is in use. Choose another port (0 takes any free one), " +
            "or stop the program that has it"
          : `it cannot be had (${error.message}). Choose an address of this machine and a free port`;
      reject(new Error(`Expected to listen on ${host}:${port}, but ${reason}.`, { cause: error }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/** The whole body, null if it is too long: the rest is left unread, so that an answer can still go out. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    if (bytes > bodyBytesMax) return null;
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

function plainHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
  );
}
