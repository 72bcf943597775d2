/**
 * The way to the PBX through a proxy. REST and WebSocket must go the same way, so the choice is
 * made once, here, from what the configuration read of HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
 */
import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import * as tls from "node:tls";

export interface ProxyEnv {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  readonly noProxy?: string | undefined;
}

function portOf(url: URL): string {
  return url.port || (url.protocol === "https:" ? "443" : "80");
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
}

/** `host`, `.domain`, `*.domain`, each with or without `:port`; `*` is everything. */
function isExcepted(url: URL, noProxy: string): boolean {
  return noProxy.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const [, name = "", port] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    const isIpV6 = entry.includes("::") || entry.startsWith("[");
    const bare = (isIpV6 ? entry.toLowerCase() : name).replace(/^\*?\./, "").replace(/[[\]]/g, "");
    if (bare === "" || (port !== undefined && !isIpV6 && port !== portOf(url))) return false;
    return hostOf(url) === bare || hostOf(url).endsWith(`.${bare}`);
  });
}

/** The proxy for this target, null for the straight way. */
export function proxyFor(target: string, env: ProxyEnv): URL | null {
  const url = new URL(target);
  const chosen = url.protocol === "https:" ? env.httpsProxy || env.httpProxy : env.httpProxy;
  if (!chosen || isExcepted(url, env.noProxy ?? "")) return null;
  return new URL(/^[a-z]+:\/\//i.test(chosen) ? chosen : `http://${chosen}`);
}

/** The proxy's own credentials, if its URL carries any. */
export function proxyAuthorization(proxy: URL): string | null {
  if (proxy.username === "") return null;
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

export interface TlsOptions {
  readonly ca?: string;
  readonly rejectUnauthorized: boolean;
}

/** A socket to the target through the proxy, with TLS inside for https. */
export function openTunnel(
  proxy: URL,
  target: URL,
  tlsOptions: TlsOptions,
  timeoutMs: number,
): Promise<Socket> {
  const authority = `${target.hostname}:${portOf(target)}`;
  const authorization = proxyAuthorization(proxy);
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === "https:" ? https : http).request({
      host: hostOf(proxy),
      port: portOf(proxy),
      method: "CONNECT",
      path: authority,
      agent: false,
      headers: {
        host: authority,
        ...(authorization === null ? {} : { "proxy-authorization": authorization }),
      },
      timeout: timeoutMs,
    });
    request.once("timeout", () => request.destroy(new Error("The proxy did not answer in time.")));
    request.once("error", reject);
    request.once("response", (response) => {
      response.resume();
      request.destroy(new Error(`The proxy answered CONNECT with ${response.statusCode}.`));
    });
    request.once("connect", (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(new Error(`The proxy answered CONNECT ${authority} with ${response.statusCode}.`));
        return;
      }
      socket.setTimeout(0);
      if (target.protocol !== "https:") {
        resolve(socket);
        return;
      }
      const secure = tls.connect({ ...tlsOptions, socket, servername: serverName(target) });
      secure.once("secureConnect", () => resolve(secure));
      secure.once("error", reject);
    });
    request.end();
  });
}

/** TLS takes no address as a server name. */
function serverName(target: URL): string {
  return /^[\d.]+$|:/.test(hostOf(target)) ? "" : hostOf(target);
}
