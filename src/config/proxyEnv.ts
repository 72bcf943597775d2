/** The proxies that the environment names: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, in either case. */
import type { ProxyEnv } from "../util/proxy.ts";
import type { Env } from "./reader.ts";

export function readProxyEnv(env: Env): ProxyEnv {
  return {
    httpProxy: env.http_proxy || env.HTTP_PROXY,
    httpsProxy: env.https_proxy || env.HTTPS_PROXY,
    noProxy: env.no_proxy || env.NO_PROXY,
  };
}
