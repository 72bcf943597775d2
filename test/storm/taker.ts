/** A receiver that keeps nothing but the ledger: answers after a while, and refuses some, as the seed says. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { Chance, seedOf } from "../simulation/random.ts";
import { Facts } from "../support/facts.ts";
import { Ledger } from "./ledger.ts";

interface ClassicBody {
  readonly event: string;
  readonly id: string;
}

export interface TakerOptions {
  readonly seed: number;
  readonly answersWithinMs: number;
  /** Of its answers, how many are 500. */
  readonly refusesShare: number;
}

export class Taker {
  readonly ledger = new Ledger();
  readonly facts = new Facts();
  readonly #options: TakerOptions;
  readonly #chance: Chance;
  readonly #server = createServer((request, response) => void this.#take(request, response));
  readonly #connections = new Set<Socket>();
  #answering = 0;

  constructor(options: TakerOptions) {
    this.#options = options;
    this.#chance = new Chance(seedOf(options.seed, "taker"));
    // A connection that it closes by itself would make Offhook send again.
    this.#server.keepAliveTimeout = 0;
    this.#server.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.once("close", () => {
        this.#connections.delete(socket);
        this.facts.changed();
      });
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** Everything that a killed process had sent is here and answered. */
  async isAlone(): Promise<void> {
    const alone = () => this.#connections.size === 0 && this.#answering === 0;
    await this.facts.until(alone, "all connections to be closed");
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#answering += 1;
    try {
      await this.#answer(request, response);
    } catch {
      // Killed in the middle of its request.
    }
    this.#answering -= 1;
    this.facts.changed();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { process } = this.ledger;
    const { event, id } = JSON.parse(body) as ClassicBody;
    const webhook = {
      id: String(request.headers["webhook-id"]),
      call: id.replace(/-\d+$/, ""),
      sequence: Number(request.headers["offhook-sequence"]),
      isEnd: event === "incoming",
    };
    this.ledger.arrived(webhook);
    this.facts.changed();
    const refuses = this.#chance.happens(this.#options.refusesShare);
    const latencyMs = this.#chance.between(0, this.#options.answersWithinMs);
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
    if (!refuses) this.ledger.took(webhook.id, process);
    response.writeHead(refuses ? 500 : 204).end();
  }
}
