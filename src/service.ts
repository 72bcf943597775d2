/**
 * The composition root, in the order of the path: PBX → source → tracker → events → outbox → delivery →
 * endpoint. Stopping goes the same way, so that nothing is taken in which cannot be stored, and nothing
 * stored is lost.
 */

import { createAdmin } from "./admin.ts";
import type { Config, PbxConfig } from "./config/config.ts";
import { createDispatcher, type Dispatcher } from "./delivery/dispatcher.ts";
import { endpointsFor } from "./delivery/endpoint.ts";
import type { EndpointStatus } from "./delivery/outlet.ts";
import { createSender } from "./delivery/sender.ts";
import type { EpochMs, OffhookEvent } from "./events/event.ts";
import { type AdminToken, ownToken } from "./http/adminToken.ts";
import { startHttp, type Unready } from "./http/server.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { createReplayer } from "./outbox/replayer.ts";
import { startRetention } from "./outbox/retention.ts";
import { openSqliteOutbox } from "./outbox/sqlite/sqliteOutbox.ts";
import { createPipeline, type Pipeline } from "./pipeline.ts";
import type { Recordings } from "./recordings/recordings.ts";
import type { Source, SourceStatus } from "./source/source.ts";
import { createThreecxSource } from "./source/threecx/index.ts";
import { defaultSettings } from "./tracker/settings.ts";
import { assertNever } from "./util/assertNever.ts";
import { type Clock, steadyClock, type TimeBase, timeBaseOf } from "./util/clock.ts";
import type { Log } from "./util/log.ts";
import { messageOf } from "./util/messageOf.ts";
import { type ProxyEnv, proxyFor } from "./util/proxy.ts";
import { revealed } from "./util/revealed.ts";
import { watchStandstill } from "./util/standstill.ts";
import { watchWallClock } from "./util/wallClock.ts";
import { watchRecordings } from "./watchRecordings.ts";

export interface ServiceOptions {
  readonly config: Config;
  readonly log: Log;
  readonly version: string;
  readonly proxyEnv: ProxyEnv;
}

export interface Service {
  /** Origin of our HTTP server. */
  readonly url: string;
  /** The token of our own that opens the admin API; null if the configuration brings one. */
  readonly adminToken: AdminToken | null;
  unready(): Promise<readonly Unready[]>;
  endpoints(): readonly EndpointStatus[];
  sources(): ReadonlyMap<string, SourceStatus>;
  /** Puts a checked new configuration in force. LISTEN and DATA_DIR wait for a restart. */
  reload(config: Config): Promise<void>;
  /** Takes nothing in any more, finishes what is in flight, closes the store. */
  stop(): Promise<void>;
}

/** A connection may have been dead for this long before it was found so. */
const silenceMsMax = 30_000;
/** What a leg did meanwhile cannot be read any more: the PBX says how it is now. */
const stoodLine = "This process stood still. All is read anew, as after a lost connection.";
/** How long a stop waits for requests in flight. */
const stopGraceMs = 15_000;

/** Rejects with a sentence that tells the way out if a part cannot start. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { log, version, proxyEnv } = options;
  let { config } = options;
  const clock = steadyClock();
  const timeBase = timeBaseOf(clock);
  const outbox = await openSqliteOutbox({ dataDir: config.dataDir, log });
  let ownPort: number | null = null;
  const sender = createSender({
    version,
    now: Date.now,
    proxyFor: (origin) => proxyFor(origin, proxyEnv)?.href ?? null,
    ownPort: () => ownPort,
  });
  const dispatcher = createDispatcher({
    outbox,
    endpoints: config.endpoints,
    send: sender.send,
    clock,
    log,
    random: Math.random,
  });
  const route = (event: OffhookEvent) =>
    endpointsFor(event, config.endpoints, config.userEndpoints);
  const watches = new Map<string, Watch>();
  const wantsExtras = () => config.endpoints.some(({ extraEvents }) => extraEvents.length > 0);
  const callbackHoldMs = () => config.callbackHoldMs;
  const asConfigured = { wantsExtras, callbackHoldMs };
  const recordings = await watchRecordings({
    config: () => config,
    ledger: outbox.ledger,
    overApi: (pbx) => watches.get(pbx)?.source.recordings ?? null,
    route,
    owed: (deliveries) => dispatcher.enqueue(deliveries),
    clock,
    log,
    proxyEnv,
  }).catch(async (error) => {
    await outbox.close();
    throw error;
  });
  const shared = {
    outbox,
    dispatcher,
    recordings,
    clock,
    timeBase,
    log,
    proxyEnv,
    route,
    ...asConfigured,
  };

  const unready = async () => [
    ...config.pbxs.flatMap(({ name }) => troubleOf(name, watches.get(name))),
    ...(await storeTrouble(outbox)),
  ];
  let own: AdminToken | null = null;
  const token = () => {
    if (config.adminToken !== null) return config.adminToken.reveal();
    own ??= ownToken(config.dataDir);
    return own.token;
  };
  const replayer = createReplayer({
    outbox,
    clock,
    perS: () => config.replayPerS,
    owed: (deliveries) => dispatcher.enqueue(deliveries),
  });
  const admin = createAdmin({ outbox, dispatcher, replayer, recordings, token });
  const { host, port } = config.listen;
  const listening = async () => {
    token();
    const { trustedProxies } = config;
    const routes = recordings.routes;
    return startHttp({ host, port, version, unready, admin, trustedProxies, recordings: routes });
  };
  const http = await listening().catch(async (error) => {
    await recordings.stop();
    await outbox.close();
    throw error;
  });
  const unwatchWallClock = watchWallClock({ clock, wallNow: Date.now, log });
  const retention = startRetention({ outbox, clock, log, settings: () => config });
  ownPort = Number(new URL(http.url).port);
  async function stop(): Promise<void> {
    unwatchWallClock();
    await Promise.all([...watches.values()].map((watch) => watch.stop()));
    await recordings.stop();
    await dispatcher.stop(stopGraceMs);
    await sender.close();
    await http.stop();
    await retention.stop();
    await outbox.close();
  }
  try {
    await dispatcher.start();
    for (const pbx of config.pbxs) watches.set(pbx.name, await watchPbx(pbx, shared));
    recordings.start();
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    url: http.url,
    adminToken: own,
    unready,
    endpoints: () => dispatcher.status(),
    sources: () => new Map([...watches].map(([name, { source }]) => [name, source.status()])),
    async reload(next) {
      const before = new Map(config.pbxs.map((pbx) => [pbx.name, pbx]));
      config = next;
      dispatcher.update(next.endpoints);
      for (const [name, watch] of watches) {
        const pbx = next.pbxs.find((candidate) => candidate.name === name);
        if (pbx !== undefined && revealed(pbx) === revealed(before.get(name))) {
          watch.source.connectNow();
          continue;
        }
        await watch.stop();
        watches.delete(name);
      }
      for (const pbx of next.pbxs) {
        if (!watches.has(pbx.name)) watches.set(pbx.name, await watchPbx(pbx, shared));
      }
    },
    stop,
  };
}

/** One PBX being watched: its source and its tracker. */
interface Watch {
  readonly source: Source;
  readonly pipeline: Pipeline;
  stop(): Promise<void>;
}

interface Shared {
  readonly outbox: Outbox;
  readonly dispatcher: Dispatcher;
  readonly recordings: Recordings;
  readonly clock: Clock;
  readonly timeBase: TimeBase | null;
  readonly log: Log;
  readonly proxyEnv: ProxyEnv;
  readonly route: (event: OffhookEvent) => readonly string[];
  /** An endpoint wants opt-in events. */
  readonly wantsExtras: () => boolean;
  readonly callbackHoldMs: () => number;
}

async function watchPbx(pbx: PbxConfig, shared: Shared): Promise<Watch> {
  const { outbox, dispatcher, recordings, clock, timeBase, log, proxyEnv, route } = shared;
  const source = createThreecxSource({ pbx, log, clock, proxyEnv });
  const pipeline = await createPipeline({
    tracker: {
      ...defaultSettings,
      pbx: pbx.name,
      timezone: pbx.timezone,
      get extras() {
        return shared.wantsExtras();
      },
      get callbackHoldMs() {
        return shared.callbackHoldMs();
      },
    },
    outbox,
    clock,
    timeBase,
    log,
    route,
    ask: () => source.askActiveCalls(),
    inquire: (fromAt, toAt) => source.askCallLog(fromAt, toAt),
    readAgain: () => source.readAgain(),
    owed: (deliveries) => dispatcher.enqueue(deliveries),
    recordings,
  });
  let liveFromAt: EpochMs | null = null;
  source.onStatus((status) => {
    const at = clock.now();
    // What was hidden before a blind stretch is asked for once we see again.
    if (status.state === "live") source.askActiveCalls();
    else if (liveFromAt !== null) {
      // What went before we looked for the first time is not ours to tell.
      const sinceAt = Math.max(at - silenceMsMax, liveFromAt);
      pipeline.take({ kind: "sightLost", at, sinceAt, cause: "connection" });
    }
    liveFromAt = status.state === "live" ? status.sinceAt : null;
  });
  const unwatchStandstill = watchStandstill(clock, (sinceAt) => {
    if (liveFromAt === null) return;
    const at = clock.now();
    log.warn({ pbx: pbx.name, forMs: at - sinceAt }, stoodLine);
    pipeline.take({ kind: "sightLost", at, sinceAt, cause: "connection" });
    source.readAgain();
  });
  source.start(pipeline.take);
  return {
    source,
    pipeline,
    async stop() {
      unwatchStandstill();
      await source.stop();
      await pipeline.stop();
    },
  };
}

function troubleOf(name: string, watch: Watch | undefined): Unready[] {
  const part = `pbx.${name}`;
  if (watch === undefined) return [{ part, reason: "starting" }];
  const found: Unready[] = [];
  const status = watch.source.status();
  switch (status.state) {
    case "live":
      break;
    case "refused":
    case "waiting":
      found.push({ part, reason: status.reason });
      break;
    case "connecting":
      found.push({ part, reason: `connecting, attempt ${status.attempt}` });
      break;
    case "stopped":
      found.push({ part, reason: "stopped" });
      break;
    default:
      assertNever(status);
  }
  const trouble = watch.pipeline.trouble();
  if (trouble !== null) found.push({ part: "store", reason: trouble });
  return found;
}

async function storeTrouble(outbox: Outbox): Promise<Unready[]> {
  try {
    await outbox.probe();
    return [];
  } catch (error) {
    return [{ part: "store", reason: messageOf(error) }];
  }
}
