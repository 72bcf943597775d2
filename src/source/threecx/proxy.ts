/** The way to the PBX through a proxy: its credentials, and the tunnel for the WebSocket. */
import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import * as tls from "node:tls";
import { hostOf, portOf } from "../../util/proxy.ts";

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
