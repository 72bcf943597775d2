/**
 * The least PBX that a test of the source needs: it says on the wire what the test tells it to, right or wrong.
 * The simulator is the product; this is a puppet, so that the source is tested against something else.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { WireParticipant } from "../../src/source/threecx/wire.ts";

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
}

export interface WirePbxOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** false: a WebSocket that never answers a ping. */
  readonly pongs?: boolean;
}

export function participant(
  dn: string,
  id: number,
  more: Partial<WireParticipant> = {},
): WireParticipant {
  return {
    id,
    status: "Ringing",
    dn,
    party_caller_name: "Novak Jan",
    party_dn: "10007",
    party_caller_id: "420777000001",
    party_did: "",
    device_id: "",
    party_dn_type: "Wexternalline",
    direct_control: false,
    originated_by_dn: "ROUTER",
    originated_by_type: "Wroutepoint",
    referred_by_dn: "",
    referred_by_type: "None",
    on_behalf_of_dn: "",
    on_behalf_of_type: "None",
    callid: 1264,
    legid: 4,
    ...more,
  };
}

export class WirePbx {
  /** DN → type; what the API client may see. */
  readonly dns = new Map<string, string>([
    ["100", "Wextension"],
    ["101", "Wextension"],
    ["102", "Wextension"],
    ["800", "Wqueue"],
  ]);
  readonly legs = new Map<string, WireParticipant>();
  /** XAPI set → rows, or a status. */
  readonly xapi = new Map<string, unknown[] | number>();
  readonly requests: string[] = [];
  /** May answer instead of the PBX, or delay it by a promise; undefined = as usual. */
  intercept: (path: string) => Promise<Reply | undefined> | Reply | undefined = () => undefined;
  /** It gives no more rows at once, whatever is asked for, and says nothing of that. */
  rowsMax = Number.POSITIVE_INFINITY;
  expiresIn: unknown = 3600;
  token = "";
  tokensGiven = 0;
  sequence = 0;
  url = "";
  readonly sockets = new Set<WebSocket>();
  readonly #server;
  readonly #upgrades: WebSocketServer;

  constructor(options: WirePbxOptions = {}) {
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response);
    this.#server = options.tls ? createTlsServer(options.tls, answer) : createServer(answer);
    this.#upgrades = new WebSocketServer({ noServer: true, autoPong: options.pongs ?? true });
    this.#server.on("upgrade", async (request, socket, head) => {
      const path = request.url ?? "";
      this.requests.push(`WS ${path}`);
      const reply = (await this.intercept(`WS ${path}`)) ?? this.#denied(request);
      if (reply) {
        socket.end(`HTTP/1.1 ${reply.status} No\r\nConnection: close\r\n\r\n${reply.text ?? ""}`);
        return;
      }
      this.#upgrades.handleUpgrade(request, socket, head, (ws) => {
        this.sockets.add(ws);
        ws.on("error", () => {});
        ws.once("close", () => this.sockets.delete(ws));
      });
    });
    this.#isTls = options.tls !== undefined;
  }
  readonly #isTls: boolean;

  async listen(port = 0): Promise<this> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address() as AddressInfo;
    this.url = `${this.#isTls ? "https" : "http"}://127.0.0.1:${address.port}`;
    return this;
  }

  async close(): Promise<void> {
    for (const ws of this.sockets) ws.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** How often this was asked for. */
  count(start: string): number {
    return this.requests.filter((request) => request.startsWith(start)).length;
  }

  send(text: string): void {
    for (const ws of this.sockets) ws.send(text);
  }

  frame(eventType: number, entity: string): void {
    this.sequence += 1;
    const event = { event_type: eventType, entity, attached_data: null };
    this.send(JSON.stringify({ sequence: this.sequence, event }));
  }

  /** A leg appears or changes, and is spoken of. */
  upsert(leg: WireParticipant): void {
    this.legs.set(`${leg.dn}/${leg.id}`, leg);
    this.frame(0, `/callcontrol/${leg.dn}/participants/${leg.id}`);
  }

  remove(dn: string, id: number): void {
    this.legs.delete(`${dn}/${id}`);
    this.frame(1, `/callcontrol/${dn}/participants/${id}`);
  }

  /** What `GET /callcontrol` says now. */
  snapshot(): unknown[] {
    return [...this.dns].map(([dn, type]) => ({
      dn,
      type,
      devices: [],
      participants: [...this.legs.values()].filter((leg) => leg.dn === dn),
    }));
  }

  #denied(request: IncomingMessage): Reply | undefined {
    const isGood = request.headers.authorization === `Bearer ${this.token}` && this.token !== "";
    return isGood ? undefined : { status: 401, body: {} };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    this.requests.push(`${request.method} ${path}`);
    request.resume();
    const reply = (await this.intercept(path)) ?? this.#reply(request, path);
    response.writeHead(reply.status, { "content-type": "application/json" });
    response.end(reply.text ?? JSON.stringify(reply.body ?? {}));
  }

  #reply(request: IncomingMessage, path: string): Reply {
    if (path === "/connect/token") {
      this.tokensGiven += 1;
      this.token = `token-${this.tokensGiven}`;
      const body = { token_type: "Bearer", expires_in: this.expiresIn, access_token: this.token };
      return { status: 200, body };
    }
    const denied = this.#denied(request);
    if (denied) return denied;
    if (path === "/callcontrol") return { status: 200, body: this.snapshot() };
    const [, dn, id] = /^\/callcontrol\/([^/]+)\/participants\/(\d+)$/.exec(path) ?? [];
    if (dn && id) {
      const leg = this.legs.get(`${dn}/${id}`);
      return leg ? { status: 200, body: leg } : { status: 404 };
    }
    // A report is a set with a function behind it.
    const asked = /^\/xapi\/v1\/(\w+)(?:\/[^?]*)?\?\$top=(\d+)&\$skip=(\d+)/.exec(path);
    const [, set = "", top = "0", skip = "0"] = asked ?? [];
    const rows = this.xapi.get(set);
    if (typeof rows === "number") return { status: rows };
    const page =
      rows?.slice(Number(skip), Number(skip) + Math.min(Number(top), this.rowsMax)) ?? [];
    return rows || set !== "" ? { status: 200, body: { value: page } } : { status: 404 };
  }
}
