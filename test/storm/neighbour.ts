/** A receiver beside others: well, dead (nobody listens), or dripping (a byte of its answer's head now and then). */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { ownPort } from "../support/port.ts";

export type Health = "well" | "dead" | "dripping";

const dripEveryMs = 200;

/** One webhook reached it: the number of its call at the PBX, and its event. */
export type OnWebhook = (callid: number, event: string, at: number) => void;

export class Neighbour {
  readonly #health: Health;
  readonly #onWebhook: OnWebhook;
  readonly #server;
  #port = 0;
  requests = 0;

  constructor(health: Health, onWebhook: OnWebhook = () => {}) {
    this.#health = health;
    this.#onWebhook = onWebhook;
    this.#server = createServer(async (request, response) => {
      const at = performance.now();
      this.requests += 1;
      const body = await bodyOf(request);
      if (body === null) return;
      const { event, id } = JSON.parse(body) as Webhook;
      this.#onWebhook(Number(/_(\d+)-\d+$/.exec(id)?.[1]), event, at);
      if (this.#health === "well") response.writeHead(204).end();
      else this.#drip(request);
    });
    this.#server.keepAliveTimeout = 0;
  }

  async listen(): Promise<this> {
    this.#port = await ownPort();
    // Its port stays free: whoever connects to it is refused.
    if (this.#health === "dead") return this;
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #drip({ socket }: IncomingMessage): void {
    if (socket.destroyed) return;
    socket.write("HTTP/1.1 200 OK\r\nx-drip: ");
    const timer = setInterval(() => socket.write("x"), dripEveryMs);
    socket.once("close", () => clearInterval(timer));
  }
}

interface Webhook {
  readonly event: string;
  readonly id: string;
}

/** Null if it was cut in the middle. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  try {
    return await text(request);
  } catch {
    return null;
  }
}
