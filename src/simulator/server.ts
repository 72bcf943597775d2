/**
 * The simulated PBX on the wire: log-in, Call Control REST and WebSocket, XAPI and the control API
 * on one port. What must hold: whatever a client sends, the simulator answers or ignores it and lives.
 */
import {
  createServer as createHttp,
  type IncomingMessage,
  type Server as NodeServer,
  type ServerResponse,
} from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { assertNever } from "../util/assertNever.ts";
import { type Clock, steadyClock } from "../util/clock.ts";
import { type Log, silentLog } from "../util/log.ts";
import { type Behaviour, type Deviation, deviationFor, type Occasion } from "./behaviours.ts";
import { answerHttp, legOf, partsOf } from "./callcontrol.ts";
import { makeCertificate } from "./certificate.ts";
import { type Controlled, controlHandler, unknownScene } from "./control.ts";
import { type ApiClient, type Directory, defaultDirectory } from "./directory.ts";
import { EndingClock } from "./endingClock.ts";
import { readBody, send, sendPaced, upgradeRefusal, withoutBody } from "./http.ts";
import { PatientClock } from "./patientClock.ts";
import { Pbx } from "./pbx.ts";
import { scenes } from "./scenes/index.ts";
import { makeStage } from "./scenes/scene.ts";
import type { RequestHandler, SimAnswer, SimRequest, SimulatorSeam } from "./seam.ts";
import { defaultSettings, type Settings, type SettingsPatch, settingsSchema } from "./settings.ts";
import { SocketHub } from "./socket.ts";
import { answerStream } from "./streams.ts";
import { bearerOf, PERSON_PATH, TokenBook } from "./tokens.ts";
import { visibleDns } from "./wire.ts";
import { registerXapi } from "./xapi/xapi.ts";

const SOCKET_PATH = "/callcontrol/ws";

export interface SimulatorOptions {
  readonly directory?: Directory;
  readonly settings?: SettingsPatch;
  /** Serve https with a certificate made for localhost and 127.0.0.1. */
  readonly tls?: boolean;
  /** 0 (the default) = any free one. */
  readonly port?: number;
  readonly host?: string;
  readonly clock?: Clock;
  /** Calls go on only when every client has read what has changed; a real PBX does not wait. */
  readonly waitsForClients?: boolean;
  readonly random?: () => number;
  readonly behaviours?: readonly Behaviour[];
  readonly log?: Log;
}

export interface Simulator {
  readonly url: string;
  readonly pbx: Pbx;
  /** PEM of the certificate, to be trusted by clients; null without TLS. */
  readonly certificate: string | null;
  /** The first API client of the directory. */
  readonly client: ApiClient;
  readonly scenes: Controlled["scenes"];
  /** Plays a scene to its end, or until the simulator closes; `pace` 0 = without its waits. */
  play(scene: string, pace?: number): Promise<void>;
  /** Changes switches while it runs. */
  change(patch: Readonly<Record<string, unknown>>): Settings;
  /** Puts a behaviour in front; returns the way to take it back. */
  deviate(behaviour: Behaviour): () => void;
  /** Open WebSockets. */
  sockets(): number;
  /** Cuts every WebSocket; returns how many there were. */
  cutSockets(): number;
  /** Answers at 127.0.0.1 in plain http too, as a PBX does on port 5004; resolves with the URL. */
  listenOnLoopback(port: number): Promise<string>;
  /** Ends within a second, cutting what is open. */
  close(): Promise<void>;
}

export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new Server(options);
  await simulator.listen(options);
  return simulator;
}

class Server implements Simulator, Controlled {
  readonly pbx: Pbx;
  readonly scenes = scenes;
  url = "";
  certificate: string | null = null;
  readonly #clock: EndingClock;
  /** That calls run by. */
  readonly #callClock: EndingClock;
  /** Clients are: what they read is noted. */
  readonly #isWaitedFor: boolean;
  readonly #closing = new AbortController();
  readonly #log: Log;
  readonly #tokens: TokenBook;
  readonly #behaviours: Behaviour[];
  readonly #seam: SimulatorSeam;
  readonly #hub: SocketHub;
  readonly #handlers: readonly RequestHandler[];
  readonly #servers: NodeServer[] = [];
  #turn = 0;

  constructor(options: SimulatorOptions) {
    const random = options.random ?? Math.random;
    const clock = options.clock ?? steadyClock();
    this.#clock = new EndingClock(clock);
    this.#isWaitedFor = options.waitsForClients === true;
    this.#callClock = this.#isWaitedFor
      ? new EndingClock(new PatientClock(clock, () => this.#hub.isRead))
      : this.#clock;
    this.#log = options.log ?? silentLog;
    this.#tokens = new TokenBook(this.#clock);
    this.#behaviours = [...(options.behaviours ?? [])];
    const directory = options.directory ?? defaultDirectory();
    this.pbx = new Pbx(directory, defaultSettings(options.settings), this.#callClock, random);
    this.#seam = {
      pbx: this.pbx,
      clock: this.#clock,
      directory: () => this.pbx.directory,
      settings: () => this.pbx.settings,
      authorise: (request) => this.#clientOf(request, !/^\/callcontrol\b/i.test(request.path)),
    };
    this.#hub = new SocketHub(this.#seam, (occasion) => this.#deviation(occasion), random);
    this.#handlers = [
      (request) => this.#logIn(request),
      (request) => answerHttp(this.#seam, request),
      registerXapi(this.#seam),
      controlHandler(this),
    ];
    this.pbx.on((event) => {
      if (event.kind === "restarted") this.#tokens.forgetAll();
    });
  }

  get client(): ApiClient {
    const [client] = this.pbx.directory.clients;
    if (!client) throw new Error("Expected an API client in the directory, it has none.");
    return client;
  }

  async listen({ tls = false, port = 0, host = "127.0.0.1" }: SimulatorOptions): Promise<void> {
    const server = tls ? await this.#https() : createHttp(this.#onRequest);
    const shown = host.includes(":") ? `[${host}]` : host;
    this.url = `${tls ? "https" : "http"}://${shown}:${await this.#open(server, port, host)}`;
  }

  async listenOnLoopback(port: number): Promise<string> {
    const host = "127.0.0.1";
    return `http://${host}:${await this.#open(createHttp(this.#onRequest), port, host)}`;
  }

  /** Resolves with the port that was really taken. */
  async #open(server: NodeServer, port: number, host: string): Promise<number> {
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve();
      });
    });
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  async #https(): Promise<NodeServer> {
    const made = await makeCertificate();
    this.certificate = made.cert;
    return createHttps({ ...made }, this.#onRequest);
  }

  // Requests.

  readonly #onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    this.#answer(request, response).catch((error: unknown) => {
      this.#log.error({ err: error, path: request.url }, "simulator.failed");
      send(response, { status: 500, body: {} });
    });
  };

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => response.destroy());
    const head = withoutBody(incoming);
    const parts = partsOf(head.url.pathname);
    if (parts?.[1] === "participants" && parts[3] === "stream") {
      this.#stream(parts, head, incoming, response);
      return;
    }
    const body = await readBody(incoming);
    if (body === null) {
      send(response, { status: 413, body: {} });
      return;
    }
    const request = { ...head, body };
    const deviation = this.#deviation({ kind: "request", request });
    switch (deviation?.do) {
      case "answer":
        send(response, deviation);
        return;
      case "cut":
        incoming.socket.destroy();
        return;
      case "drop":
        return;
      case "delay":
        await this.#pause(deviation.ms);
        break;
      case "twice":
      case "garble":
      case undefined:
        break;
      default:
        assertNever(deviation);
    }
    await sendPaced(response, await this.#answerFor(request), (ms) => this.#pause(ms));
  }

  async #answerFor(request: SimRequest): Promise<SimAnswer> {
    const { changes } = this.#hub;
    for (const handler of this.#handlers) {
      const answer = await handler(request);
      if (!answer) continue;
      const isRead = this.#isWaitedFor && answer.status === 200;
      const client = isRead ? this.#seam.authorise(request) : null;
      if (client) this.#hub.hasRead(client, request.path, changes);
      return answer;
    }
    return { status: 404, body: {} };
  }

  #logIn(request: SimRequest): SimAnswer | undefined {
    const isPersons = request.path === PERSON_PATH;
    if (request.path !== "/connect/token" && !isPersons) return undefined;
    if (request.method !== "POST") return { status: 405, body: {} };
    const { directory, settings } = this.pbx;
    return isPersons
      ? this.#tokens.logInPerson(request, directory, settings)
      : this.#tokens.logIn(request, directory, settings);
  }

  #clientOf(request: SimRequest, fromQuery: boolean): ApiClient | null {
    return this.#tokens.clientOf(bearerOf(request, fromQuery), this.pbx.directory);
  }

  #stream(
    parts: readonly string[],
    head: SimRequest,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): void {
    const [dn = "", , id = ""] = parts;
    const client = this.#seam.authorise(head);
    const sees = client?.callControl
      ? visibleDns(this.pbx.directory, this.pbx.settings, client).includes(dn)
      : false;
    if (!client || !sees) {
      incoming.resume();
      send(response, { status: client ? 403 : 401, body: {} });
      return;
    }
    answerStream(this.#seam, legOf(this.#seam, dn, id), incoming, response);
  }

  // The socket.

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const request = withoutBody(incoming);
    const go = () => this.#upgradeNow(request, incoming, socket, head);
    const deviation = this.#deviation({ kind: "upgrade", request });
    switch (deviation?.do) {
      case "answer":
        socket.end(upgradeRefusal(deviation));
        return;
      case "cut":
        socket.destroy();
        return;
      case "drop":
        return;
      case "delay":
        this.#clock.after(deviation.ms, go);
        return;
      case "twice":
      case "garble":
      case undefined:
        go();
        return;
      default:
        assertNever(deviation);
    }
  }

  #upgradeNow(request: SimRequest, incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (socket.destroyed) return;
    const client = this.#clientOf(request, false);
    const { callControlOff } = this.pbx.settings;
    const status =
      request.path.toLowerCase() !== SOCKET_PATH
        ? 404
        : !client
          ? 401
          : client.callControl
            ? null
            : callControlOff;
    if (status !== null || !client) {
      socket.end(upgradeRefusal({ status: status ?? 401, body: {} }));
      return;
    }
    this.#hub.accept(incoming, socket, head, client);
  }

  #deviation(occasion: Occasion): Deviation | undefined {
    return deviationFor(this.#behaviours, occasion);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }

  // What its owner does.

  async play(name: string, pace = 1): Promise<void> {
    const scene = scenes.find((row) => row.name === name);
    if (!scene) throw unknownScene(this, name);
    this.#turn += 1;
    const { signal } = this.#closing;
    const stage = makeStage(this.pbx, this.#callClock, pace, this.#turn);
    await new Promise<void>((resolve, reject) => {
      const closed = () => resolve();
      signal.addEventListener("abort", closed, { once: true });
      scene
        .run(stage)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener("abort", closed));
    });
  }

  failed(scene: string, error: unknown): void {
    this.#log.error({ err: error, scene }, "simulator.sceneFailed");
  }

  change(patch: Readonly<Record<string, unknown>>): Settings {
    this.pbx.settings = settingsSchema.parse({ ...this.pbx.settings, ...patch });
    return this.pbx.settings;
  }

  deviate(behaviour: Behaviour): () => void {
    this.#behaviours.unshift(behaviour);
    return () => {
      const at = this.#behaviours.indexOf(behaviour);
      if (at >= 0) this.#behaviours.splice(at, 1);
    };
  }

  sockets(): number {
    return this.#hub.size;
  }

  cutSockets(): number {
    return this.#hub.cutAll();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#clock.end();
    this.#callClock.end();
    this.#hub.cutAll();
    await Promise.all(this.#servers.splice(0).map(endServer));
  }
}

function endServer(server: NodeServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
