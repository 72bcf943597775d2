/**
 * The wire between the simulated PBX and the source, in one process and on simulated time: the PBX's own request
 * handlers answer, so that what travels is real JSON. Faults are injected here, and noted for the oracle.
 */
import { answerHttp } from "../../src/simulator/callcontrol.ts";
import type { Directory } from "../../src/simulator/directory.ts";
import type { PbxEvent } from "../../src/simulator/model.ts";
import type { Pbx } from "../../src/simulator/pbx.ts";
import type { RequestHandler, SimRequest, SimulatorSeam } from "../../src/simulator/seam.ts";
import { bearerOf, TokenBook } from "../../src/simulator/tokens.ts";
import { type EVENT_TYPE, entityOf, frame, visibleDns } from "../../src/simulator/wire.ts";
import { registerXapi } from "../../src/simulator/xapi/xapi.ts";
import type { Http, HttpAnswer, HttpAsk } from "../../src/source/threecx/http.ts";
import type { SocketAnswer, SocketOptions } from "../../src/source/threecx/socket.ts";
import type { Transport } from "../../src/source/threecx/transport.ts";
import { assertNever } from "../../src/util/assertNever.ts";
import type { Clock } from "../../src/util/clock.ts";
import type { FaultPlan } from "./faults.ts";
import { CLIENT_ID } from "./office.ts";

const base = "http://127.0.0.1:5001";

interface Connection {
  readonly onFrame: (text: string) => void;
  readonly end: (reason: string) => void;
  sequence: number;
  silent: boolean;
  /** Frames of one socket never overtake one another, unless a fault says so. */
  notBefore: number;
}

export class SimWire {
  readonly transport: Transport;
  /** What went over the wire, newest last, for a failure's report; bounded. */
  readonly trail: string[] = [];
  keepTrail = false;
  /** When this program logged in. */
  readonly logIns: number[] = [];
  readonly #clock: Clock;
  readonly #pbx: Pbx;
  readonly #plan: FaultPlan;
  readonly #tokens: TokenBook;
  readonly #handlers: readonly RequestHandler[];
  readonly #connections = new Set<Connection>();
  #seen: { directory: Directory; dns: ReadonlySet<string> } | null = null;
  #serverSequence = 0;

  constructor(pbx: Pbx, clock: Clock, plan: FaultPlan) {
    this.#clock = clock;
    this.#pbx = pbx;
    this.#plan = plan;
    this.#tokens = new TokenBook(clock);
    const seam: SimulatorSeam = {
      pbx,
      clock,
      directory: () => pbx.directory,
      settings: () => pbx.settings,
      authorise: (request) => this.#tokens.clientOf(bearerOf(request, true), pbx.directory),
    };
    this.#handlers = [
      (request) => {
        if (request.path !== "/connect/token") return undefined;
        this.logIns.push(clock.now());
        return this.#tokens.logIn(request, pbx.directory, pbx.settings);
      },
      (request) => answerHttp(seam, request),
      registerXapi(seam),
    ];
    pbx.on((event) => this.#tell(event));
    this.transport = {
      makeHttp: () => this.#makeHttp(),
      openSocket: (options, token, signal) => this.#open(options, token, signal),
    };
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** The connections stay open, but nothing comes through them any more, until they are cut. */
  silence(): () => void {
    const silent = [...this.#connections];
    for (const connection of silent) connection.silent = true;
    return () => this.#cut(silent);
  }

  cutAll(): void {
    this.#cut([...this.#connections]);
  }

  #cut(connections: readonly Connection[]): void {
    for (const connection of connections) {
      this.#connections.delete(connection);
      connection.end("The connection was cut.");
    }
  }

  note(line: string): void {
    if (this.keepTrail) this.trail.push(`${this.#clock.now()} ${line}`);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(delayMs, resolve);
    });
  }

  #makeHttp(): Http {
    const open = { closed: false };
    return {
      exchange: (ask) => this.#exchange(ask, open),
      aheadMs: () => 0,
      download: async () => ({ kind: "failed", reason: "No recordings are played here." }),
      close: async () => {
        open.closed = true;
      },
    };
  }

  async #exchange(ask: HttpAsk, open: { closed: boolean }): Promise<HttpAnswer> {
    const request = requestOf(ask);
    const trip = this.#plan.exchange(request.path);
    const late = { kind: "failed", reason: `No whole answer within ${ask.timeoutMs} ms.` } as const;
    if (trip.thereMs + trip.backMs > ask.timeoutMs) {
      await this.#pause(ask.timeoutMs);
      return late;
    }
    await this.#pause(trip.thereMs);
    if (open.closed) return { kind: "failed", reason: "Closed." };
    if (trip.fails) return { kind: "failed", reason: "The connection broke." };
    const answer =
      trip.status === null ? await this.#answerFor(request) : { status: trip.status, body: {} };
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {});
    if (request.path === "/callcontrol" && answer.status === 200) this.#plan.readAll();
    await this.#pause(trip.backMs);
    if (open.closed) return { kind: "failed", reason: "Closed." };
    if (!request.path.startsWith("/xapi"))
      this.note(`GET ${request.path} ${answer.status} ${text}`);
    else if (request.path.includes("ActiveCalls")) this.note(`LIST ${text}`);
    else if (request.path.includes("CallLog")) this.note(`CALLLOG ${text}`);
    return { kind: "answer", status: answer.status, text };
  }

  async #answerFor(request: SimRequest): Promise<{ status: number; body?: unknown }> {
    for (const handler of this.#handlers) {
      const answer = await handler(request);
      if (answer) return answer;
    }
    return { status: 404, body: {} };
  }

  async #open(options: SocketOptions, token: string, signal: AbortSignal): Promise<SocketAnswer> {
    const trip = this.#plan.exchange("/callcontrol/ws");
    await this.#pause(trip.thereMs);
    if (trip.fails || signal.aborted) return { kind: "failed", reason: "The connection broke." };
    if (this.#tokens.clientOf(token, this.#pbx.directory) === null) {
      return { kind: "status", status: 401, text: "" };
    }
    let end: (reason: string) => void = () => {};
    const closed = new Promise<string>((resolve) => {
      end = resolve;
    });
    const connection: Connection = {
      onFrame: options.onFrame,
      end,
      sequence: 0,
      silent: false,
      notBefore: 0,
    };
    const close = () => {
      this.#connections.delete(connection);
      end("Closed.");
    };
    signal.addEventListener("abort", close, { once: true });
    this.#connections.add(connection);
    this.note("SOCKET open");
    return { kind: "open", socket: { closed, close } };
  }

  #tell(event: PbxEvent): void {
    switch (event.kind) {
      case "upsert": {
        this.#push(event.leg.dn, "upsert", entityOf(event.leg));
        if (this.#plan.duplicates()) this.#push(event.leg.dn, "upsert", entityOf(event.leg));
        return;
      }
      case "remove":
        this.#push(event.leg.dn, "remove", entityOf(event.leg));
        return;
      case "dtmf":
      case "callEnded":
        return;
      case "restarted":
        this.cutAll();
        this.#tokens.forgetAll();
        this.#serverSequence = 0;
        return;
      default:
        assertNever(event);
    }
  }

  #sees(dn: string): boolean {
    const { directory, settings } = this.#pbx;
    if (this.#seen?.directory !== directory) {
      const client = directory.clients.find(({ clientId }) => clientId === CLIENT_ID);
      const dns = new Set(client ? visibleDns(directory, settings, client) : []);
      this.#seen = { directory, dns };
    }
    return this.#seen.dns.has(dn);
  }

  #push(dn: string, type: keyof typeof EVENT_TYPE, entity: string): void {
    this.#serverSequence += 1;
    if (!this.#sees(dn)) return;
    for (const connection of this.#connections) {
      connection.sequence += 1;
      const perServer = this.#pbx.settings.sequence === "perServer";
      const sequence = perServer ? this.#serverSequence : connection.sequence;
      const trip = this.#plan.frame(entity);
      if (trip.lost) {
        this.note(`LOST ${type} ${entity}`);
        continue;
      }
      const text = JSON.stringify(frame(sequence, type, entity, null));
      const now = this.#clock.now();
      const at = trip.overtakes
        ? now + trip.delayMs
        : Math.max(now + trip.delayMs, connection.notBefore);
      if (!trip.overtakes) connection.notBefore = at;
      this.#clock.after(at - now, () => {
        if (!this.#connections.has(connection) || connection.silent) return;
        this.note(`FRAME ${sequence} ${type} ${entity}`);
        connection.onFrame(text);
      });
    }
  }
}

function requestOf(ask: HttpAsk): SimRequest {
  const url = new URL(ask.path, base);
  return {
    method: ask.method,
    url,
    path: decodeURIComponent(url.pathname),
    headers: ask.headers,
    body: ask.body ?? "",
    remoteAddress: "127.0.0.1",
  };
}
