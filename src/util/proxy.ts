/**
 * Which proxy leads to a target, by what the configuration read of HTTP_PROXY, HTTPS_PROXY and
 * NO_PROXY. Everything that goes to one target must ask here, so that all of it goes the same way.
 */

export interface ProxyEnv {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  readonly noProxy?: string | undefined;
}

/** Its port, also where the URL leaves it to the scheme. */
export function portOf(url: URL): string {
  return url.port || (url.protocol === "https:" ? "443" : "80");
}

/** Its name or address as a socket takes it: an IPv6 address without brackets. */
export function hostOf(url: URL): string {
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
