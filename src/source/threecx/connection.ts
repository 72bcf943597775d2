/**
 * What every conversation with one PBX shares: its sockets, its token, its way through a proxy.
 */
import type { PbxConfig } from "../../config/config.ts";
import type { Clock } from "../../util/clock.ts";
import { type ProxyEnv, proxyFor } from "../../util/proxy.ts";
import type { SourceCounters } from "../source.ts";
import type { Http } from "./http.ts";
import type { Limits } from "./limits.ts";
import type { TlsOptions } from "./proxy.ts";
import { makeRest, type Rest } from "./rest.ts";
import { makeTokens, type Tokens } from "./token.ts";
import { networkTransport, type Transport } from "./transport.ts";

export type ConnectionConfig = Pick<
  PbxConfig,
  "url" | "clientId" | "clientSecret" | "ca" | "tlsVerify"
>;

export interface Connection {
  readonly config: ConnectionConfig;
  readonly tls: TlsOptions;
  readonly proxy: URL | null;
  readonly http: Http;
  readonly tokens: Tokens;
  readonly rest: Rest;
  readonly openSocket: Transport["openSocket"];
}

export function makeConnection(options: {
  readonly config: ConnectionConfig;
  readonly proxyEnv: ProxyEnv;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly onTokenFetched: () => void;
  readonly transport?: Transport;
}): Connection {
  const { config, clock, limits, transport = networkTransport } = options;
  const tls: TlsOptions = {
    rejectUnauthorized: config.tlsVerify,
    ...(config.ca === null ? {} : { ca: config.ca }),
  };
  const proxy = proxyFor(config.url, options.proxyEnv);
  const http = transport.makeHttp({ url: config.url, tls, proxy, clock, limits });
  const tokens = makeTokens({
    http,
    clientId: config.clientId,
    clientSecret: config.clientSecret,
    clock,
    limits,
    onFetched: options.onTokenFetched,
  });
  const rest = makeRest({ http, tokens, clock, limits });
  return { config, tls, proxy, http, tokens, rest, openSocket: transport.openSocket };
}

export function zeroCounters(): SourceCounters {
  return {
    frames: 0,
    framesNotUnderstood: 0,
    answersNotUnderstood: 0,
    phantomLegs: 0,
    entityGets: 0,
    snapshots: 0,
    reconnects: 0,
    tokensFetched: 0,
  };
}
