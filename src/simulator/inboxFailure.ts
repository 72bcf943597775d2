/**
 * The ways in which the inbox fails when it is told to, so that a sender's retries can be watched.
 * A plan is a list: each entry fails its number of webhooks, then the next entry's turn comes.
 */
import type { ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";

export type FailureMode =
  /** An answer with this status, and perhaps a header (`retry-after`, `location`). */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly header: readonly [string, string] | null;
    }
  /** The request is read and never answered. */
  | { readonly kind: "timeout" }
  /** The connection is reset in place of an answer (closed, where TLS knows no reset). */
  | { readonly kind: "reset" }
  /** An answer that begins well and never ends, a byte at a time. */
  | { readonly kind: "drip" };

export interface Failure {
  /** As it was written, for people. */
  readonly name: string;
  readonly mode: FailureMode;
  /** How many webhooks it still fails; Infinity = always. */
  readonly times: number;
  /** Of those that come while it is in force, how many it fails. */
  readonly percent: number;
}

const planLengthMax = 100;
const dripEveryMs = 250;

const grammar =
  "a status (500, 410, 429:retry-after=5), timeout, reset or drip, " +
  "with x3 for three times, @20% for one in five, and commas between several";

/** Reads `500x3,429:retry-after=5x1,timeout@20%`; `none` is the empty plan. */
export function readPlan(text: string): readonly Failure[] {
  if (text.trim() === "" || text.trim() === "none") return [];
  const entries = text.split(",");
  if (entries.length > planLengthMax) {
    throw new Error(`Expected at most ${planLengthMax} failures in a plan, got ${entries.length}.`);
  }
  return entries.map((entry) => readFailure(entry.trim()));
}

function readFailure(entry: string): Failure {
  const [, modeText = "", times, percent] =
    /^(.+?)(?:x(\d{1,9}))?(?:@(\d{1,3})%)?$/.exec(entry) ?? [];
  return failureOf(modeText, times === undefined ? null : Number(times), Number(percent ?? 100));
}

/** The parts given one by one, as the control address takes them; `times` null = always. */
export function failureOf(modeText: string, times: number | null, percent: number): Failure {
  const mode = readMode(modeText);
  if (mode === null) {
    throw new Error(`Expected a way to fail, got "${modeText}". Say ${grammar}.`);
  }
  if (times !== null && !(Number.isInteger(times) && times >= 1)) {
    throw new Error(`Expected a number of times from 1 on, got ${times}.`);
  }
  if (!(percent > 0 && percent <= 100)) {
    throw new Error(`Expected a percentage from 1 to 100, got ${percent}.`);
  }
  return { name: modeText, mode, times: times ?? Number.POSITIVE_INFINITY, percent };
}

function readMode(text: string): FailureMode | null {
  if (text === "timeout" || text === "reset" || text === "drip") return { kind: text };
  const [, status, name, value] =
    /^([2-5]\d\d)(?::([A-Za-z][A-Za-z0-9-]*)=([\x20-\x7e]+))?$/.exec(text) ?? [];
  if (status === undefined) return null;
  const header = name === undefined || value === undefined ? null : ([name, value] as const);
  return { kind: "status", status: Number(status), header };
}

/** A plan in force. */
export class FailurePlan {
  #failures: readonly Failure[] = [];
  readonly #random: () => number;

  /** `random` gives numbers from 0 to below 1; it decides for `percent`. */
  constructor(random: () => number) {
    this.#random = random;
  }

  set(failures: readonly Failure[]): void {
    this.#failures = failures;
  }

  /** The failure that meets the next webhook; null lets it in. */
  next(): Failure | null {
    const [first, ...rest] = this.#failures;
    if (first === undefined || this.#random() * 100 >= first.percent) return null;
    const left = { ...first, times: first.times - 1 };
    this.#failures = left.times > 0 ? [left, ...rest] : rest;
    return first;
  }

  /** What is still to come, as JSON can say it. */
  describe(): readonly { mode: string; times: number | "always"; percent: number }[] {
    return this.#failures.map(({ name, times, percent }) => ({
      mode: name,
      times: Number.isFinite(times) ? times : "always",
      percent,
    }));
  }
}

/** Whether a receiver that fails so has taken the webhook: any 2xx that is answered to the end. */
export function takes(failure: Failure | null): boolean {
  return failure === null || (failure.mode.kind === "status" && failure.mode.status < 300);
}

/** Fails the request. What never ends by itself ends with the connection. */
export function fail(mode: FailureMode, response: ServerResponse): void {
  switch (mode.kind) {
    case "status":
      if (mode.header !== null) response.setHeader(...mode.header);
      response.writeHead(mode.status, { "content-type": "text/plain" });
      response.end(`the inbox was told to answer ${mode.status}\n`);
      return;
    case "timeout":
      return;
    case "reset":
      if (response.socket instanceof TLSSocket) response.socket.destroy();
      else response.socket?.resetAndDestroy();
      return;
    case "drip": {
      response.writeHead(200, { "content-type": "text/plain" });
      response.flushHeaders();
      const timer = setInterval(() => response.write("."), dripEveryMs);
      response.on("close", () => clearInterval(timer));
      return;
    }
  }
}
