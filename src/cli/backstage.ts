/**
 * How the commands reach what the service keeps. Looking goes through a connection of our own that only reads,
 * whether the service runs or not. Changing goes through the running service, as the store has one writer;
 * if there is none, we are the writer.
 */
import { request } from "undici";
import type { Config } from "../config/config.ts";
import { hostInUrl } from "../config/values.ts";
import { readToken } from "../http/adminToken.ts";
import type { EndpointReport, ReplayAnswer, ReplayOrder } from "../http/routes/api.ts";
import type { RecordingsChosen } from "../http/routes/recordings.ts";
import { OutboxError } from "../outbox/outbox.ts";
import { createReplayer } from "../outbox/replayer.ts";
import { openForReading } from "../outbox/sqlite/database.ts";
import { createLookup, type StoreLookup } from "../outbox/sqlite/lookup.ts";
import { createRecordingStore, type RecordingStore } from "../outbox/sqlite/recordingStore.ts";
import { openSqliteOutbox } from "../outbox/sqlite/sqliteOutbox.ts";
import { steadyClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";

const TIMEOUT_MS = 30_000;
/** Of thousands of files in a bucket each is removed, and looked after. */
const DEED_TIMEOUT_MS = 3_600_000;

export async function looking<T>(
  { dataDir }: Config,
  look: (lookup: StoreLookup) => T | Promise<T>,
): Promise<T> {
  const db = openForReading(dataDir);
  try {
    return await look(createLookup(db));
  } finally {
    db.close();
  }
}

/** One who can replay: the running service, or this process in its place. */
export interface Replaying {
  step(order: ReplayOrder): Promise<ReplayAnswer>;
  readonly serviceRuns: boolean;
  close(): Promise<void>;
}

export async function openReplaying(config: Config): Promise<Replaying> {
  try {
    const outbox = await openSqliteOutbox({ dataDir: config.dataDir, log: silentLog });
    const perS = () => config.replayPerS;
    const replayer = createReplayer({ outbox, clock: steadyClock(), perS, owed: () => {} });
    return { step: replayer.step, serviceRuns: false, close: () => outbox.close() };
  } catch (error) {
    if (!(error instanceof OutboxError) || error.fault !== "in-use") throw error;
  }
  const step = (order: ReplayOrder) => ask<ReplayAnswer>(config, "POST", "/api/replay", order);
  return { step, serviceRuns: true, close: async () => {} };
}

/** What the running service says of its endpoints; a text tells why none can be asked. */
export async function askEndpoints(config: Config): Promise<readonly EndpointReport[] | string> {
  try {
    type Answer = { readonly endpoints: readonly EndpointReport[] };
    return (await ask<Answer>(config, "GET", "/api/endpoints")).endpoints;
  } catch (error) {
    if (error instanceof NotRunning) return error.message;
    throw error;
  }
}

export async function resumeEndpoint(config: Config, name: string): Promise<void> {
  await ask(config, "POST", `/api/endpoints/${encodeURIComponent(name)}/resume`);
}

/** What is known of recordings, whether the service runs or not. */
export function lookingAtRecordings<T>(
  { dataDir }: Config,
  look: (store: Pick<RecordingStore, "find" | "counts">) => T,
): T {
  const db = openForReading(dataDir);
  try {
    return look(createRecordingStore(db));
  } finally {
    db.close();
  }
}

/** Only the running service touches recordings. */
export function askRecordings<T>(
  config: Config,
  deed: "retry" | "delete",
  chosen: RecordingsChosen,
): Promise<T> {
  return ask<T>(config, "POST", `/api/recordings/${deed}`, chosen, DEED_TIMEOUT_MS);
}

class NotRunning extends Error {}

async function ask<T>(
  config: Config,
  method: string,
  path: string,
  body?: object,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const url = originOf(config);
  const token = tokenOf(config);
  if (token === null) {
    throw new NotRunning(
      `Expected a running service, but ${config.dataDir} holds no admin token: it was never started there.`,
    );
  }
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (body) headers["content-type"] = "application/json";
  const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
  const answer = await request(`${url}${path}`, {
    method,
    headers,
    body: body ? JSON.stringify(body) : null,
    ...timeouts,
  }).catch((error: Error) => {
    throw new NotRunning(
      `Expected the running service at ${url} (LISTEN), got: ${error.message}. Start it, or check LISTEN.`,
    );
  });
  const text = await answer.body.text();
  if (answer.statusCode === 200) return JSON.parse(text) as T;
  throw new Error(refusalOf(url, answer.statusCode, text));
}

function refusalOf(url: string, status: number, text: string): string {
  if (status === 401) {
    return `The service at ${url} does not accept this admin token. Use the ini that it was started with.`;
  }
  return `The service at ${url} answered ${status}: ${errorIn(text) ?? "is it Offhook that listens there?"}`;
}

function errorIn(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return String(error ?? "") || null;
  } catch {
    return null;
  }
}

function tokenOf({ adminToken, dataDir }: Config): string | null {
  return adminToken?.reveal() ?? readToken(dataDir);
}

/** An address that means "any" is reached at this machine's own. */
function originOf({ listen: { host, port } }: Config): string {
  if (port === 0) {
    throw new NotRunning(
      "Expected LISTEN with a port, by which the running service can be reached; it says 0 (any free one).",
    );
  }
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${hostInUrl(reached)}:${port}`;
}
