/** How an endpoint is reached: authorities, our own certificate, proxy, log-in, which addresses. */
import { isIP } from "node:net";
import { kindOfAddress } from "../util/address.ts";
import { hostOf, portOf } from "../util/proxy.ts";
import type { Config, EndpointConfig, Secret } from "./config.ts";
import type { Key } from "./key.ts";
import { keys } from "./keys.ts";
import { readCa, readClient } from "./pem.ts";
import type { SectionReader } from "./reader.ts";
import { secret } from "./secret.ts";
import { isLoopback, maskUrl } from "./urls.ts";

type AccessKeys =
  | typeof keys.default
  | typeof keys.second
  | typeof keys.monitor
  | typeof keys.endpoint;
/** What a section takes from the top unless it says otherwise. */
export type Way = Pick<EndpointConfig, "ca" | "proxy" | "allowPrivate">;
export type Access = Pick<EndpointConfig, "authorization" | "client">;

export async function readTopWay(top: SectionReader): Promise<Way> {
  return {
    ca: await readCa(top, keys.way.caFile),
    proxy: proxyOf(await top.secret(keys.way.proxy)),
    allowPrivate: top.get(keys.way.allowPrivate),
  };
}

export async function readWay(reader: SectionReader, top: Way): Promise<Way> {
  const names = keys.endpoint;
  return {
    ca: (await readCa(reader, names.caFile)) ?? top.ca,
    proxy: proxyOf(await reader.secret(names.proxy)) ?? top.proxy,
    allowPrivate: reader.get(names.allowPrivate) ?? top.allowPrivate,
  };
}

/** `none` is no secret, and better seen. */
function proxyOf(text: string | null): EndpointConfig["proxy"] {
  return text === null || text === "none" ? text : secret(text);
}

export async function readAccess(
  reader: SectionReader,
  names: AccessKeys,
  headers: EndpointConfig["headers"],
): Promise<Access> {
  const basic = await reader.secret(names.basicAuth);
  const bearer = await reader.secret(names.bearerToken);
  const own = headers.some(({ name }) => name.toLowerCase() === "authorization");
  if ([basic !== null, bearer !== null, own].filter(Boolean).length > 1) {
    const key = basic === null ? names.bearerToken : names.basicAuth;
    const expected = "one of basic authentication, bearer token and a header Authorization";
    reader.error(key, "more than one way to log in", expected);
  }
  const value = basic ?? bearer;
  const authorization: Secret | null = value === null ? null : secret(value);
  return { authorization, client: await readClient(reader, names) };
}

/** An address that can never be sent to is better known before the first call. */
export function checkUrlAddress(
  reader: SectionReader,
  key: Key<string, null>,
  url: URL,
  { allowPrivate }: Way,
  own: Config["listen"],
): void {
  const host = hostOf(url);
  const shown = maskUrl(url.href);
  const ours = host === own.host || (isLoopback(host) && isHere(own.host));
  if (ours && Number(portOf(url)) === own.port) {
    reader.error(key, `${shown}, Offhook's own server (LISTEN)`, "where your receiver listens");
    return;
  }
  if (isIP(host) === 0) return;
  const found = kindOfAddress(host);
  if (found.kind === "forbidden") {
    reader.error(key, `${shown}, ${found.what}`, "an address that a receiver may have");
  } else if (found.kind !== "public" && !allowPrivate) {
    const expected = "an address on the internet, or ALLOW_PRIVATE = 1";
    reader.error(key, `${shown}, a ${found.kind} address`, expected);
  }
}

/** Who listens there listens on loopback too. */
function isHere(host: string): boolean {
  return isLoopback(host) || host === "0.0.0.0" || host === "::";
}
