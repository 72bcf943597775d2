/** Requests as bytes, one after the other over a kept connection: what a client of good manners would never send. */
import { connect, type Socket } from "node:net";
import { Facts } from "./facts.ts";

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export class RawClient {
  readonly #port: number;
  readonly #facts = new Facts();
  #socket: Socket | null = null;
  #received = Buffer.alloc(0);
  #isOver = false;

  constructor(port: number) {
    this.#port = port;
  }

  /** Rejects if the answer is not whole in time. */
  async ask(request: Buffer, isHead: boolean): Promise<RawAnswer> {
    const isKept = this.#socket !== null && !this.#isOver;
    const answer = await this.#once(request, isHead);
    // A connection that was kept may go just then, unheard.
    const heard = answer ?? (isKept ? await this.#once(request, isHead) : null);
    if (heard === null) throw new Error("Expected an answer, but the connection was closed.");
    return heard;
  }

  /** Null if the connection is closed before there is a whole answer. */
  async #once(request: Buffer, isHead: boolean): Promise<RawAnswer | null> {
    const socket = this.#connected();
    socket.write(request);
    let answer: RawAnswer | null = null;
    await this.#facts.until(
      () => {
        answer = parsed(this.#received, isHead, this.#isOver);
        return answer !== null || this.#isOver;
      },
      "an answer",
      () => this.#received.toString("latin1").slice(0, 500),
    );
    const whole = answer as RawAnswer | null;
    this.#received = Buffer.alloc(0);
    if (whole === null || whole.headers.get("connection") === "close") this.close();
    return whole;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #connected(): Socket {
    if (this.#socket && !this.#isOver) return this.#socket;
    this.#received = Buffer.alloc(0);
    this.#isOver = false;
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    const over = () => {
      if (this.#socket !== socket) return;
      this.#isOver = true;
      this.#facts.changed();
    };
    socket.on("error", over).on("close", over);
    socket.on("data", (piece) => {
      this.#received = Buffer.concat([this.#received, piece]);
      this.#facts.changed();
    });
    this.#socket = socket;
    return socket;
  }
}

function parsed(bytes: Buffer, isHead: boolean, isOver: boolean): RawAnswer | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const status = Number(first.split(" ")[1]);
  const headers = new Map(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
    }),
  );
  const rest = bytes.subarray(end + 4);
  const isEmpty = isHead || status === 304 || status === 204;
  if (isEmpty) return { status, headers, body: rest };
  const length = headers.get("content-length");
  const isWhole = length === undefined ? isOver : rest.length >= Number(length);
  return isWhole ? { status, headers, body: rest } : null;
}
