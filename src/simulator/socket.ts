/**
 * The WebSocket `/callcontrol/ws`: pushes what changed, never what it is; pongs; ignores what it
 * does not understand; answers requests with frames of type 4. Nothing is replayed after a
 * reconnect.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { WireFrame } from "../source/threecx/wire.ts";
import { assertNever } from "../util/assertNever.ts";
import type { Deviation, Occasion } from "./behaviours.ts";
import { answerCallControl, parseObject, partsOf } from "./callcontrol.ts";
import type { ApiClient } from "./directory.ts";
import type { PbxEvent } from "./model.ts";
import type { SimulatorSeam } from "./seam.ts";
import { type EVENT_TYPE, entityOf, frame, visibleDns } from "./wire.ts";

const LIST_PATH = "/xapi/v1/activecalls";
/** Longer client frames close the connection (the PBX has a limit too). */
const CLIENT_FRAME_BYTES_MAX = 64 * 1024;

interface Connection {
  readonly socket: WebSocket;
  readonly clientId: string;
  sequence: number;
  /** Legs that it was told of and has not read since; after which change. */
  readonly unread: Map<string, number>;
  /** After how many changes it read the list of active calls last; null: never. */
  listAt: number | null;
}

export class SocketHub {
  readonly #seam: SimulatorSeam;
  readonly #deviate: (occasion: Occasion) => Deviation | undefined;
  readonly #random: () => number;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: CLIENT_FRAME_BYTES_MAX });
  readonly #connections = new Set<Connection>();
  #serverSequence = 0;
  /** Of legs, so far. */
  #changes = 0;

  constructor(
    seam: SimulatorSeam,
    deviate: (occasion: Occasion) => Deviation | undefined,
    random: () => number,
  ) {
    this.#seam = seam;
    this.#deviate = deviate;
    this.#random = random;
    seam.pbx.on((event) => this.#tell(event));
  }

  get size(): number {
    return this.#connections.size;
  }

  /** The client is known to be allowed. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, client: ApiClient): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const { clientId } = client;
      const connection: Connection = {
        ...{ socket: webSocket, clientId, sequence: 0 },
        ...{ unread: new Map(), listAt: null },
      };
      this.#connections.add(connection);
      webSocket.on("close", () => this.#connections.delete(connection));
      webSocket.on("error", () => webSocket.terminate());
      webSocket.on("message", (data) => {
        void this.#asked(connection, data.toString());
      });
    });
  }

  get changes(): number {
    return this.#changes;
  }

  /** Everybody has read every leg that they were told of, and who reads the list has read it since the last change. */
  get isRead(): boolean {
    return [...this.#connections].every(
      ({ unread, listAt }) => unread.size === 0 && (listAt === null || listAt >= this.#changes),
    );
  }

  /** A client got what stands at a path, as it was no earlier than after so many changes. */
  hasRead({ clientId }: ApiClient, path: string, changes: number): void {
    const asked = path.toLowerCase();
    for (const connection of this.#connections) {
      if (connection.clientId !== clientId) continue;
      if (asked === LIST_PATH) connection.listAt = changes;
      for (const [entity, at] of connection.unread) {
        const isIn = entity === asked || entity.startsWith(`${asked}/`);
        if (isIn && at <= changes) connection.unread.delete(entity);
      }
    }
  }

  /** Cuts every connection without a goodbye; returns how many there were. */
  cutAll(): number {
    const { size } = this.#connections;
    for (const { socket } of this.#connections) socket.terminate();
    this.#connections.clear();
    return size;
  }

  #client(connection: Connection): ApiClient | undefined {
    return this.#seam.directory().clients.find((row) => row.clientId === connection.clientId);
  }

  #tell(event: PbxEvent): void {
    switch (event.kind) {
      case "upsert": {
        this.#changes += 1;
        this.#push(event.leg.dn, "upsert", entityOf(event.leg), null);
        const { duplicateUpsertChance } = this.#seam.settings();
        if (duplicateUpsertChance > 0 && this.#random() < duplicateUpsertChance) {
          this.#push(event.leg.dn, "upsert", entityOf(event.leg), null);
        }
        return;
      }
      case "remove":
        this.#changes += 1;
        this.#push(event.leg.dn, "remove", entityOf(event.leg), null);
        return;
      case "dtmf":
        this.#push(event.leg.dn, "dtmf", entityOf(event.leg), { dtmf_input: event.digits });
        return;
      case "callEnded":
        return;
      case "restarted":
        this.cutAll();
        this.#serverSequence = 0;
        return;
      default:
        assertNever(event);
        return;
    }
  }

  #push(dn: string, type: keyof typeof EVENT_TYPE, entity: string, data: unknown): void {
    this.#serverSequence += 1;
    for (const connection of this.#connections) {
      const client = this.#client(connection);
      if (!client?.callControl) continue;
      const sees =
        type === "dtmf"
          ? client.clientId === dn
          : visibleDns(this.#seam.directory(), this.#seam.settings(), client).includes(dn);
      if (!sees) continue;
      if (type === "remove") connection.unread.delete(entity.toLowerCase());
      if (type === "upsert") connection.unread.set(entity.toLowerCase(), this.#changes);
      this.#send(connection, type, entity, data);
    }
  }

  #send(
    connection: Connection,
    type: keyof typeof EVENT_TYPE,
    entity: string,
    data: unknown,
  ): void {
    const settings = this.#seam.settings();
    connection.sequence += 1;
    const sequence = settings.sequence === "perServer" ? this.#serverSequence : connection.sequence;
    const made = frame(sequence, type, entity, data);
    const occasion: Occasion = { kind: "frame", frame: made, clientId: connection.clientId };
    const deviation = this.#deviate(occasion);
    switch (deviation?.do) {
      case undefined:
      case "answer":
        this.#out(connection, made, settings.frameDelayMs);
        return;
      case "delay":
        this.#out(connection, made, settings.frameDelayMs + deviation.ms);
        return;
      case "twice":
        this.#out(connection, made, settings.frameDelayMs);
        connection.sequence += 1;
        this.#out(connection, { ...made, sequence: made.sequence + 1 }, settings.frameDelayMs);
        return;
      case "garble":
        connection.socket.send(deviation.text);
        return;
      case "cut":
        connection.socket.terminate();
        return;
      case "drop":
        return;
      default:
        assertNever(deviation);
        return;
    }
  }

  #out(connection: Connection, made: WireFrame, delayMs: number): void {
    const text = JSON.stringify(made);
    if (delayMs === 0) connection.socket.send(text);
    else this.#seam.clock.after(delayMs, () => connection.socket.send(text));
  }

  /** `{"RequestID","Path","RequestData"}` is answered; anything else is ignored. */
  async #asked(connection: Connection, text: string): Promise<void> {
    const asked = parseObject(text);
    const path = asked.Path;
    const client = this.#client(connection);
    if (typeof path !== "string" || !client) return;
    const parts = partsOf(path.split("?", 1)[0] ?? "");
    const { RequestData: data } = asked;
    const control = parts !== undefined && parts.length > 1 && isAction(parts);
    const body = control && typeof data === "object" && data !== null ? lowerKeys(data) : {};
    const answer = parts
      ? await answerCallControl(this.#seam, {
          method: control ? "POST" : "GET",
          parts,
          body,
          visible: visibleDns(this.#seam.directory(), this.#seam.settings(), client),
        })
      : { status: 404, body: {} };
    if (!this.#connections.has(connection)) return;
    this.#send(connection, "response", path, {
      RequestID: typeof asked.RequestID === "string" ? asked.RequestID : "",
      Path: path,
      StatusCode: answer.status,
      Response: answer.body ?? {},
    });
  }
}

function isAction(parts: readonly string[]): boolean {
  return parts.at(-1) === "makecall" || (parts[1] === "participants" && parts.length === 4);
}

/** Requests over the socket spell the keys in PascalCase. */
function lowerKeys(data: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key.toLowerCase(), value]));
}
