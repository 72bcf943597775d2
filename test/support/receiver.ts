/**
 * A customer's receiver, as plain as can be: keeps every request as it came, in the order of arrival,
 * and answers what the test wants. It knows nothing of Offhook.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { Facts } from "./facts.ts";
import { ownPort } from "./port.ts";

export interface Received {
  /** By `performance.now()`, when the head of the request was read. */
  readonly at: number;
  readonly method: string;
  /** The request-target, exactly as sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What we answered. */
  readonly status: number;
}

export class Receiver {
  readonly requests: Received[] = [];
  readonly facts = new Facts();
  /** The status of the answer; null: the connection is cut without one. */
  answer: (request: Omit<Received, "status">) => number | null = () => 200;
  /** No answer before this. */
  hold: Promise<void> = Promise.resolve();
  /** What the receiver does with a webhook before it answers; if that fails, it does not answer. */
  meanwhile: (request: Omit<Received, "status">) => Promise<void> = async () => {};
  /** Requests read whole, answered or not. */
  arrived = 0;
  readonly #server = createServer((request, response) => void this.#take(request, response));
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Again on the same port after `close`. */
  async listen(): Promise<this> {
    this.#port ||= await ownPort();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** What came to this path, by default only what was accepted. */
  at(path: string, { refused = false } = {}): Received[] {
    const ofPath = (target: string) => target === path || target.startsWith(`${path}?`);
    return this.requests.filter(
      ({ target, status }) => ofPath(target) && (refused || (status >= 200 && status < 300)),
    );
  }

  until(fact: () => boolean, what: string): Promise<void> {
    return this.facts.until(fact, what, () => {
      const got = this.requests.map(
        ({ method, target, body, status }) => `${status} ${method} ${target} ${body}`,
      );
      return `Got ${got.length} requests:\n${got.join("\n")}`;
    });
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = performance.now();
    const body = await text(request);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const got = {
      at,
      method: request.method ?? "",
      target: request.url ?? "",
      headers,
      body,
    };
    this.arrived += 1;
    this.facts.changed();
    await this.hold;
    const isDone = await this.meanwhile(got).then(
      () => true,
      () => false,
    );
    const status = isDone ? this.answer(got) : null;
    this.requests.push({ ...got, status: status ?? 0 });
    if (status === null) request.socket.destroy();
    else response.writeHead(status).end();
    this.facts.changed();
  }
}
