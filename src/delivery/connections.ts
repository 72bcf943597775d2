/**
 * Connections to the endpoints: one undici pool for each origin and way there, the least recently used let go.
 * How many requests are under way is the dispatcher's business, so the pools set no limit.
 * Must hold: every address is looked at before it is connected to, and once more when it is, before a byte is
 * sent. A proxy is the operator's choice and exempt, but for it alone: what stands behind it is not.
 */

import { createHash } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { buildConnector, Client, type Dispatcher, Pool, ProxyAgent } from "undici";
import { messageOf } from "../util/messageOf.ts";
import { bare, createGuard, type Guard, type Resolve } from "./guard.ts";

/** Origins whose connections are kept. */
const ORIGINS_MAX = 256;
const CONNECT_TIMEOUT_MS = 10_000;
const RESPONSE_HEADER_BYTES_MAX = 16 * 1024;
const TLS_VERSION_MIN = "TLSv1.2";

/** Which proxy leads to an origin; null = none. */
export type ProxyFor = (origin: string) => string | null;

/** How an endpoint is reached. */
export interface Way {
  /** A proxy's URL; `none` = straight, whatever the environment says; null = as the environment says. */
  readonly proxy: string | null;
  /** PEM of the authorities that are believed; null = the system's. */
  readonly ca: string | null;
  /** PEM of what we show of ourselves. */
  readonly client: { readonly cert: string; readonly key: string } | null;
  /** Whether private and loopback addresses may be connected to. */
  readonly allowPrivate: boolean;
}

export const PLAIN_WAY: Way = { proxy: null, ca: null, client: null, allowPrivate: true };

/** A request that is told which connection carries it. */
export interface Carried extends Dispatcher.DispatchOptions {
  carrier?: Carrier;
}

/** What a connection has done so far. */
export interface Carrier {
  /** Answers received on the present socket; above 0, the socket is a reused one. */
  answers: number;
}

const OPTIONS = {
  allowH2: false,
  pipelining: 1,
  connectTimeout: CONNECT_TIMEOUT_MS,
  maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
  // An attempt has one total deadline of its own.
  headersTimeout: 0,
  bodyTimeout: 0,
} satisfies Pool.Options;

class TrackedClient extends Client implements Carrier {
  answers = 0;

  constructor(origin: string | URL, options: object) {
    super(origin, options);
    this.on("connect", () => {
      this.answers = 0;
    });
  }

  override dispatch(options: Carried, handler: Dispatcher.DispatchHandler): boolean {
    options.carrier = this;
    return super.dispatch(options, handler);
  }
}

export const PROXY_FAILED = "OFFHOOK_PROXY_FAILED";

/** The way to the proxy, or the proxy itself, is broken; the endpoint has no part in it. */
class ProxyFailure extends Error {
  readonly code = PROXY_FAILED;
}

/**
 * The hop to the proxy. An error with a code of undici's own would be taken for a broken connection behind the
 * proxy and tried again without pause, so each gets ours.
 */
class ProxyHop extends Pool {
  override connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData>;
  override connect(
    options: Dispatcher.ConnectOptions,
    callback: (error: Error | null, data: Dispatcher.ConnectData) => void,
  ): void;
  override connect(
    options: Dispatcher.ConnectOptions,
    callback?: (error: Error | null, data: Dispatcher.ConnectData) => void,
  ): Promise<Dispatcher.ConnectData> | undefined {
    if (callback !== undefined) {
      super.connect(options, callback);
      return undefined;
    }
    return super.connect(options).catch((error: unknown) => {
      const why = messageOf(error);
      throw new ProxyFailure(`the proxy did not open a way: ${why}`);
    });
  }
}

export interface Connections {
  /** Throws a `RefusedAddress` if the origin itself tells that nothing may go there. */
  to(origin: string, way: Way): Dispatcher;
  /** A way there that shares no connection with `to`; the caller closes it. */
  fresh(origin: string, way: Way): Dispatcher;
  close(): Promise<void>;
}

export interface ConnectionsOptions {
  /** By default none. */
  readonly proxyFor?: ProxyFor | undefined;
  /** The port of our own HTTP server, to which nothing is sent; by default there is none. */
  readonly ownPort?: (() => number | null) | undefined;
  readonly resolve?: Resolve | undefined;
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { proxyFor = () => null, ownPort = () => null, resolve } = options;
  /** The least recently used first. */
  const pools = new Map<string, Dispatcher>();
  let latest: { readonly origin: string; readonly way: Way; readonly pool: Dispatcher } | null =
    null;
  const keys = new WeakMap<Way, string>();
  const contexts = new WeakMap<Way, SecureContext>();

  function guardOf({ allowPrivate }: Way): Guard {
    return createGuard({ allowPrivate, ownPort, ...(resolve && { resolve }) });
  }

  function proxyOf(origin: string, { proxy }: Way): string | null {
    if (proxy === null) return proxyFor(origin);
    return proxy === "none" ? null : proxy;
  }

  /**
   * One context for all connections of a way: each would make its own, and what it weighs outside the heap is
   * given back long after the connection is gone.
   */
  function tlsTo(way: Way): buildConnector.BuildOptions {
    const { ca, client } = way;
    const secureContext =
      contexts.get(way) ??
      createSecureContext({
        minVersion: TLS_VERSION_MIN,
        ...(ca === null ? {} : { ca }),
        ...(client === null ? {} : { cert: client.cert, key: client.key }),
      });
    contexts.set(way, secureContext);
    return { secureContext, timeout: CONNECT_TIMEOUT_MS };
  }

  function open(origin: string, way: Way): Dispatcher {
    const guard = guardOf(way);
    const url = new URL(origin);
    const refused = guard.checkHost(url.hostname, portOf(url));
    if (refused !== null) throw refused;
    const proxy = proxyOf(origin, way);
    const tls = url.protocol === "https:" ? tlsTo(way) : {};
    if (proxy === null) {
      return poolTo(origin, { ...OPTIONS, connect: guardedConnector(guard, tls) });
    }
    const proxyTls = { minVersion: TLS_VERSION_MIN } as const;
    return new ProxyAgent({
      ...OPTIONS,
      uri: proxy,
      clientFactory: (to, opts) => new ProxyHop(to, opts),
      factory: poolTo,
      requestTls: tls,
      proxyTls,
    });
  }

  /** Ways of the same settings share their connections, over a reload too. */
  function keyOf(origin: string, way: Way): string {
    let known = keys.get(way);
    if (known === undefined) {
      known = createHash("sha256").update(JSON.stringify(way)).digest("hex");
      keys.set(way, known);
    }
    return `${origin} ${known}`;
  }

  return {
    to(origin, way) {
      if (latest !== null && latest.way === way && latest.origin === origin) return latest.pool;
      const key = keyOf(origin, way);
      const pool = pools.get(key) ?? open(origin, way);
      latest = { origin, way, pool };
      pools.delete(key);
      pools.set(key, pool);
      if (pools.size > ORIGINS_MAX) {
        const [oldest] = pools;
        if (oldest) {
          pools.delete(oldest[0]);
          void oldest[1].close();
        }
      }
      return pool;
    },
    fresh: open,
    async close() {
      const open = [...pools.values()];
      pools.clear();
      latest = null;
      await Promise.all(open.map((pool) => pool.destroy()));
    },
  };
}

/**
 * TCP first, then a look at where it led, then TLS. A guarded lookup alone does not do: it is never called for
 * literal addresses.
 */
function guardedConnector(
  guard: Guard,
  tls: buildConnector.BuildOptions,
): buildConnector.connector {
  const secure = buildConnector({ ...OPTIONS, ...tls });
  return (options, callback) => {
    const overTls = options.protocol === "https:";
    const port = Number(options.port) || (overTls ? 443 : 80);
    const host = bare(options.hostname);
    const refused = guard.checkHost(host, port);
    if (refused !== null) {
      callback(refused, null);
      return;
    }
    const plain = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guard.lookup(port) });
    const tcp = { ...options, hostname: host, protocol: "http:", port: String(port) };
    plain(tcp, (error, socket) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      const wrong = guard.checkAddress(host, socket.remoteAddress ?? "", port);
      if (wrong !== null) {
        socket.destroy();
        callback(wrong, null);
      } else if (overTls) secure({ ...options, httpSocket: socket }, callback);
      else callback(null, socket);
    });
  };
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === "https:" ? 443 : 80);
}

function poolTo(origin: string | URL, options: object): Pool {
  return new Pool(origin, {
    ...options,
    factory: (to: string | URL, opts: object) => new TrackedClient(to, opts),
  });
}
