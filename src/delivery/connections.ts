/**
 * Connections to the endpoints: one undici pool for each origin, the least recently used let go.
 * How many requests are under way is the dispatcher's business, so the pools set no limit.
 */
import { Client, type Dispatcher, Pool, ProxyAgent } from "undici";

/** Origins whose connections are kept. */
export const ORIGINS_MAX = 256;
const CONNECT_TIMEOUT_MS = 10_000;
const RESPONSE_HEADER_BYTES_MAX = 16 * 1024;

/** Which proxy leads to an origin; null = none. */
export type ProxyFor = (origin: string) => string | null;

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

export interface Connections {
  to(origin: string): Dispatcher;
  /** A way there that shares no connection with `to`; the caller closes it. */
  fresh(origin: string): Dispatcher;
  close(): Promise<void>;
}

export function createConnections(proxyFor: ProxyFor): Connections {
  const pools = new Map<string, Dispatcher>();

  function open(origin: string): Dispatcher {
    const proxy = proxyFor(origin);
    if (proxy === null) return poolTo(origin, OPTIONS);
    return new ProxyAgent({ ...OPTIONS, uri: proxy, factory: poolTo });
  }

  return {
    to(origin) {
      const pool = pools.get(origin) ?? open(origin);
      pools.delete(origin);
      pools.set(origin, pool);
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
      await Promise.all(open.map((pool) => pool.destroy()));
    },
  };
}

function poolTo(origin: string | URL, options: object): Pool {
  return new Pool(origin, {
    ...options,
    factory: (to: string | URL, opts: object) => new TrackedClient(to, opts),
  });
}
