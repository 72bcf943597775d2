/**
 * A stand-in for a 3CX V20, written from the public facts and apart from the program and its simulator.
 * It knows no calls: a test says on the lowest level what is on the wire (`upsert`, `remove`,
 * `setActiveCalls`) and the stand-in keeps the PBX's manners: one token in force, only listed DNs visible,
 * frames without data after the state can be read, 404 for a leg that is gone, at most 100 rows a page.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { text } from "node:stream/consumers";
import { type WebSocket, WebSocketServer } from "ws";
import { Facts } from "./facts.ts";
import { ownPort } from "./port.ts";
import { StandInRecordings } from "./standInRecordings.ts";
import { type ActiveCallRow, directoryRows, type Participant, typeOfDn } from "./standInWire.ts";

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string;
  /** A file, likewise. */
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** After so many bytes of the file the connection is cut, or nothing more comes. */
  readonly cutAfter?: number;
  readonly stallAfter?: number;
}

export interface StandInOptions {
  /** Of the server's certificate; without it, plain http. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Builds before 20.0.9 tell minutes, later ones seconds. */
  readonly expiresIn?: 60 | 3600;
  /** Whether the client may use the Configuration API. */
  readonly xapi?: "open" | "forbidden";
  /** The DNs that this client may see, beside its own route point. */
  readonly visible?: readonly string[];
}

const version = "20.0.8.1109";
export const clientId = "offhook";
export const clientSecret = "pbx-client-secret-4711";

const levelsAndPhones = Object.keys(typeOfDn).filter((dn) => dn !== clientId);

const unauthorised: Reply = {
  status: 401,
  body: {
    error: "unauthorized",
    error_description: "The request requires valid user authentication.",
  },
};
const forbidden: Reply = { status: 403, body: {} };
const notFound: Reply = { status: 404, body: {} };

/** A field of a log-in, URL-encoded or as multipart: 3CX documents the one and its samples send the other. */
function loginField(request: IncomingMessage, body: string, name: string): string {
  if (!request.headers["content-type"]?.startsWith("multipart/form-data")) {
    return new URLSearchParams(body).get(name) ?? "";
  }
  return new RegExp(`name="?${name}"?\\r\\n[^]*?\\r\\n([^\\r]*)\\r\\n`).exec(body)?.[1] ?? "";
}

function send(response: ServerResponse, reply: Reply, now: Date): void {
  const { status, bytes, headers, cutAfter, stallAfter } = reply;
  const length = bytes && { "content-length": String(bytes.length) };
  const usual = { "content-type": "application/json; charset=utf-8", "x-3cx-version": version };
  response.writeHead(status, { ...usual, date: now.toUTCString(), ...length, ...headers });
  if (stallAfter !== undefined) response.write(bytes?.subarray(0, stallAfter) ?? "");
  else if (cutAfter === undefined) response.end(bytes ?? reply.text ?? JSON.stringify(reply.body));
  else response.write(bytes?.subarray(0, cutAfter) ?? "", () => response.destroy());
}

export class StandIn {
  readonly facts = new Facts();
  /** `GET /callcontrol` and the like, as they came. */
  readonly asked: string[] = [];
  /** May answer in the PBX's place; undefined = as usual. */
  instead: (path: string) => Reply | undefined = () => undefined;
  /** Nothing of this path is answered before. */
  hold: (path: string) => Promise<void> | undefined = () => undefined;
  readonly recordings = new StandInRecordings();
  /** Of the clock that all its times and the `Date` of its answers are by. */
  clockAheadMs = 0;
  readonly #legs = new Map<string, Participant>();
  /** Upserts whose leg was not read since. */
  readonly #unread = new Set<string>();
  readonly #options: StandInOptions;
  readonly #server;
  readonly #upgrades = new WebSocketServer({ noServer: true });
  /** Connection → number of its last frame. */
  readonly #sockets = new Map<WebSocket, number>();
  #activeCalls: readonly ActiveCallRow[] = [];
  /** Answers that the list of active calls got since it was set last. */
  #listAnswers = 0;
  #token = "";
  #tokens = 0;
  #legId = 9000;
  #port = 0;

  constructor(options: StandInOptions = {}) {
    this.#options = options;
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response);
    this.#server = options.tls ? createTlsServer(options.tls, answer) : createServer(answer);
    this.#server.on("upgrade", (request, socket, head) => {
      if (request.url !== "/callcontrol/ws" || !this.#isLoggedIn(request)) {
        socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
      }
      this.#upgrades.handleUpgrade(request, socket, head, (ws) => {
        this.#sockets.set(ws, 0);
        ws.on("error", () => {});
        ws.once("close", () => this.#sockets.delete(ws));
      });
    });
  }

  get url(): string {
    return `${this.#options.tls ? "https" : "http"}://127.0.0.1:${this.#port}`;
  }

  get visible(): readonly string[] {
    return [clientId, ...(this.#options.visible ?? levelsAndPhones)];
  }

  async listen(): Promise<this> {
    this.#port ||= await ownPort();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  async close(): Promise<void> {
    for (const ws of this.#sockets.keys()) ws.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  now(): number {
    return Date.now() + this.clockAheadMs;
  }

  /** Leg ids are handed out PBX-wide; legs that the client cannot see take theirs as well. */
  nextLegId(): number {
    this.#legId += 1;
    return this.#legId;
  }

  /** A leg is there or has changed. Of a DN that the client may not see, nothing shows. */
  upsert(leg: Participant): void {
    if (!this.visible.includes(leg.dn)) return;
    const entity = `/callcontrol/${leg.dn}/participants/${leg.id}`;
    this.#legs.set(entity, leg);
    if (this.#sockets.size > 0) this.#unread.add(entity);
    this.#frame(0, entity);
  }

  remove(dn: string, id: number): void {
    const entity = `/callcontrol/${dn}/participants/${id}`;
    if (!this.#legs.delete(entity)) return;
    this.#unread.delete(entity);
    this.#frame(1, entity);
  }

  activeCalls(): readonly ActiveCallRow[] {
    return this.#activeCalls;
  }

  setActiveCalls(rows: readonly ActiveCallRow[]): void {
    this.#activeCalls = rows;
    this.#listAnswers = 0;
  }

  /** Whatever a test likes, to every open connection. */
  say(text: string): void {
    for (const ws of this.#sockets.keys()) ws.send(text);
  }

  /** Every leg that was spoken of has been read. */
  read(): Promise<void> {
    return this.facts.until(
      () => this.#unread.size === 0,
      "every leg that was spoken of to be read",
      () => `Not read: ${[...this.#unread].join(" ")}.`,
    );
  }

  /** The list of active calls was read since it was set last: whoever asks again has taken the answer in. */
  async listRead(): Promise<void> {
    if (this.#options.xapi === "forbidden") return;
    await this.facts.until(() => this.#listAnswers > 1, "the list of active calls to be read");
  }

  #frame(type: 0 | 1, entity: string): void {
    const event = { event_type: type, entity, attached_data: null };
    for (const [ws, last] of this.#sockets) {
      this.#sockets.set(ws, last + 1);
      ws.send(JSON.stringify({ sequence: last + 1, event }));
    }
  }

  #isLoggedIn(request: IncomingMessage): boolean {
    return this.#token !== "" && request.headers.authorization === `Bearer ${this.#token}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = request.url ?? "";
    this.asked.push(`${request.method} ${path}`);
    await this.hold(path);
    // From here on at one go: a leg counts as read only with the answer that tells of it.
    this.#unread.delete(decodeURIComponent(path));
    const reply = this.instead(path) ?? this.#reply(request, path, body);
    send(response, reply, new Date(this.now()));
    this.facts.changed();
  }

  #reply(request: IncomingMessage, path: string, body: string): Reply {
    if (path === "/connect/token") return this.#login(request, body);
    if (!this.#isLoggedIn(request)) return unauthorised;
    if (path.startsWith("/xapi/v1/")) return this.#xapi(new URL(path, this.url));
    return this.#callControl(decodeURIComponent(path));
  }

  #login(request: IncomingMessage, body: string): Reply {
    const field = (name: string) => loginField(request, body, name);
    const isGood =
      field("grant_type") === "client_credentials" &&
      field("client_id") === clientId &&
      field("client_secret") === clientSecret;
    if (request.method !== "POST" || !isGood) return unauthorised;
    this.#tokens += 1;
    this.#token = `token-${this.#tokens}`;
    const expires_in = this.#options.expiresIn ?? 3600;
    const token = { token_type: "Bearer", expires_in, access_token: this.#token };
    return { status: 200, body: { ...token, refresh_token: null } };
  }

  #callControl(path: string): Reply {
    if (path === "/callcontrol") {
      this.#unread.clear();
      return { status: 200, body: this.visible.map((dn) => this.#dnInfo(dn)) };
    }
    const [, dn = "", rest = ""] = /^\/callcontrol\/([^/]+)(.*)$/.exec(path) ?? [];
    if (dn === "") return notFound;
    if (!this.visible.includes(dn)) return forbidden;
    if (rest === "") return { status: 200, body: this.#dnInfo(dn) };
    if (rest === "/participants") return { status: 200, body: this.#legsOf(dn) };
    const leg = this.#legs.get(path);
    return leg ? { status: 200, body: leg } : notFound;
  }

  #legsOf(dn: string): Participant[] {
    return [...this.#legs.values()].filter((leg) => leg.dn === dn);
  }

  #dnInfo(dn: string) {
    const isPhone = typeOfDn[dn] === "Wextension";
    const device = { dn, device_id: `sip:${dn}@127.0.0.1:5483`, user_agent: "3CX Mobile Client" };
    const devices = isPhone ? [device] : [];
    return { dn, type: typeOfDn[dn] ?? "None", devices, participants: this.#legsOf(dn) };
  }

  #xapi(url: URL): Reply {
    if (this.#options.xapi === "forbidden") return forbidden;
    const ofRecordings = this.recordings.answer(url);
    if (ofRecordings) return ofRecordings;
    const set = url.pathname.slice("/xapi/v1/".length);
    if (set === "Defs") return { status: 200, body: { Id: 0 } };
    if (set === "SystemStatus") return { status: 200, body: { Version: version } };
    const rows = set === "ActiveCalls" ? this.#activeCalls : directoryRows[set];
    const top = Number(url.searchParams.get("$top") ?? 100);
    if (!rows) return notFound;
    if (top > 100) return { status: 400, body: { error: { message: "The limit of '100' …" } } };
    if (set === "ActiveCalls") this.#listAnswers += 1;
    const skip = Number(url.searchParams.get("$skip") ?? 0);
    return { status: 200, body: { value: rows.slice(skip, skip + top) } };
  }
}
