/**
 * A receiver that errs, in one way or in several, in a share of its requests: refuses, asks for a rest, is gone (410),
 * does not answer, drips, cuts the connection, answers without end, shows a wrong certificate. Over TLS each request
 * has a connection of its own, so that each can meet the wrong certificate.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import {
  type AddressInfo,
  createServer as createNetServer,
  type Server,
  type Socket,
} from "node:net";
import { text } from "node:stream/consumers";
import { Chance, seedOf } from "../simulation/random.ts";
import type { TestCertificates } from "../support/standInTls.ts";
import { Ledger } from "./ledger.ts";

export const vices = ["5xx", "429", "410", "timeout", "drip", "reset", "huge", "tls"] as const;
export type Vice = (typeof vices)[number];

const dripEveryMs = 50;
const hugePage = Buffer.alloc(64 * 1024, "x");
const hugeHeader = "y".repeat(64 * 1024);
const answersWithinMs = 20;
const noAnswer = () => new Promise<never>(() => {});

export interface RascalOptions {
  readonly name: string;
  readonly vices: readonly Vice[];
  /** Of its requests. */
  readonly share: number;
  readonly seed: number;
  /** What Offhook believes, and one that it does not. */
  readonly good: TestCertificates;
  readonly bad: TestCertificates;
}

export class Rascal {
  readonly name: string;
  readonly share: number;
  readonly ledger = new Ledger();
  /** From the moment of an event to its being taken. */
  readonly delaysMs: number[] = [];
  attemptsMost = 0;
  faults = 0;
  /** Of one answer, in the hands of the kernel: what Offhook has read and what waited for it. */
  answerBytesMost = 0;
  readonly #options: RascalOptions;
  readonly #chance: Chance;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #isTls: boolean;

  constructor(options: RascalOptions) {
    this.#options = options;
    this.name = options.name;
    this.share = options.share;
    this.ledger.process = 1;
    this.#chance = new Chance(seedOf(options.seed, "rascal", options.name));
    this.#isTls = options.vices.includes("tls");
    const plain = this.#serve((listener) => createServer(listener));
    const good = this.#serve((listener) => createTlsServer(options.good.server, listener));
    const bad = this.#serve((listener) => createTlsServer(options.bad.server, listener));
    this.#server = createNetServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        this.#sockets.delete(socket);
        this.answerBytesMost = Math.max(this.answerBytesMost, socket.bytesWritten);
      });
      if (!this.#isTls) plain.emit("connection", socket);
      else if (!this.#errs("tls")) good.emit("connection", socket);
      else if (this.#chance.happens(0.5)) bad.emit("connection", socket);
      else socket.end("HTTP/1.1 400 This is no TLS\r\n\r\n");
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#isTls ? "https" : "http"}://127.0.0.1:${port}/hook`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(create: (listener: RequestListener) => ReturnType<typeof createServer>) {
    const server = create((request, response) => {
      this.#take(request).then(
        (taken) => response.writeHead(taken.status, taken.headers).end(),
        () => {}, // Cut in the middle.
      );
    });
    server.keepAliveTimeout = 0;
    return server;
  }

  /** Whether it errs now, and in this way. */
  #errs(vice: Vice): boolean {
    const { vices: own, share } = this.#options;
    if (!own.includes(vice) || !this.#chance.happens(share / own.length)) return false;
    this.faults += 1;
    return true;
  }

  /** Resolves with the answer, or never where the vice is to give none. */
  async #take(request: IncomingMessage): Promise<Answer> {
    const id = this.#note(request, await text(request));
    const { socket } = request;
    await new Promise((resolve) => setTimeout(resolve, this.#chance.between(0, answersWithinMs)));
    // Its deadline has passed meanwhile.
    if (socket.destroyed) return noAnswer();
    const vice = this.#options.vices.find((each) => each !== "tls" && this.#errs(each));
    if (vice === undefined) return this.#tookIt(id, request);
    switch (vice) {
      case "5xx":
        return { status: this.#chance.pick([500, 502, 503]), headers: this.#common() };
      case "429":
        return { status: 429, headers: { ...this.#common(), "retry-after": this.#aSecond() } };
      case "410":
        return { status: 410, headers: this.#common() };
      case "timeout":
        return noAnswer();
      case "reset":
        if (this.#chance.happens(0.5)) socket.write("HTTP/1.1 200 O");
        socket.resetAndDestroy();
        return noAnswer();
      case "drip":
        return this.#drip(id, request);
      case "huge":
        return this.#flood(id, request);
      default:
        throw new Error(`Expected a vice to be played, got ${vice}.`);
    }
  }

  #note({ headers }: IncomingMessage, body: string): string {
    const { event, id: callAndLink } = JSON.parse(body) as { event: string; id: string };
    const id = String(headers["webhook-id"]);
    const call = callAndLink.replace(/-\d+$/, "");
    const sequence = Number(headers["offhook-sequence"]);
    this.ledger.arrived({ id, call, sequence, isEnd: event === "incoming" });
    this.attemptsMost = Math.max(this.attemptsMost, Number(headers["offhook-attempt"]));
    return id;
  }

  #tookIt(id: string, { headers }: IncomingMessage): Answer {
    this.ledger.took(id, 1);
    this.delaysMs.push(Date.now() - Date.parse(String(headers["offhook-event-time"])));
    return { status: 204, headers: this.#common() };
  }

  #common(): Readonly<Record<string, string>> {
    return this.#isTls ? { connection: "close" } : {};
  }

  #aSecond(): string {
    return this.#chance.happens(0.5) ? "1" : new Date(Date.now() + 1000).toUTCString();
  }

  /** Byte by byte: the head, or the body after an answer that stands. */
  #drip(id: string, request: IncomingMessage): Promise<never> {
    const { socket } = request;
    const status = this.#chance.pick(["in the head", "200", "500"]);
    if (status === "200") this.#tookIt(id, request);
    const head = `HTTP/1.1 ${status === "500" ? 500 : 200} OK\r\n`;
    const length = "content-length: 1000000\r\n\r\n";
    socket.write(status === "in the head" ? `${head}x-drip: ` : head + length);
    const timer = setInterval(() => socket.write("x"), dripEveryMs);
    socket.once("close", () => clearInterval(timer));
    return noAnswer();
  }

  /** An answer without end, as fast as it is read. */
  #flood(id: string, request: IncomingMessage): Promise<never> {
    const { socket } = request;
    const how = this.#chance.pick(["200", "500", "head"]);
    if (how === "200") this.#tookIt(id, request);
    if (how === "head") {
      socket.write(`HTTP/1.1 200 OK\r\nx-huge: ${hugeHeader}`);
      return noAnswer();
    }
    socket.write(`HTTP/1.1 ${how} OK\r\ntransfer-encoding: chunked\r\n\r\n`);
    const page = Buffer.concat([
      Buffer.from(`${hugePage.length.toString(16)}\r\n`),
      hugePage,
      Buffer.from("\r\n"),
    ]);
    const flow = () => {
      while (!socket.destroyed && socket.write(page)) {}
    };
    socket.on("drain", flow);
    flow();
    return noAnswer();
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}
