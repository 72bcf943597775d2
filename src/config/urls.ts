/** What the configuration asks of a URL, and how one is shown without what it may hide. */
import { BlockList, isIP } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

const nearby = new BlockList();
for (const [net, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
] as const) {
  nearby.addSubnet(net, prefix, "ipv4");
}
nearby.addSubnet("fc00::", 7, "ipv6");
nearby.addSubnet("fe80::", 10, "ipv6");

const LOCAL_NAME = /(^|\.)(localhost|local|lan|internal|intranet|home\.arpa|test|corp|home)$/;

/** `hostname` as the URL class gives it. */
export function isLoopback(hostname: string): boolean {
  const host = bare(hostname);
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  return inList(loopback, host);
}

/** Loopback, a private or link-local address, or a name that no public DNS serves. */
export function isNearby(hostname: string): boolean {
  const host = bare(hostname);
  if (isLoopback(host)) return true;
  if (isIP(host) !== 0) return inList(nearby, host);
  return !host.includes(".") || LOCAL_NAME.test(host);
}

/** A part of the path as long as this is rather a key than a name: `/services/T0/B0/…` of a chat, `/webhook/{uuid}`. */
const KEY_CHARS_MIN = 20;
const PATH_KEY = new RegExp(`(?<=[^/]/)[^/?#{}]{${KEY_CHARS_MIN},}(?=[/?#]|$)`, "g");

/**
 * For logs and reports: user information, long parts of the path and the query, where keys and tokens stand,
 * are masked.
 */
export function maskUrl(url: string): string {
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, "$1***@")
    .replace(PATH_KEY, "***")
    .replace(/[?#].+$/s, (rest) => `${rest[0]}***`);
}

function bare(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}

function inList(list: BlockList, host: string): boolean {
  const family = isIP(host);
  if (family === 0) return false;
  // Node 24's BlockList matches an IPv4-mapped IPv6 address against the IPv4 rules.
  return list.check(host, family === 4 ? "ipv4" : "ipv6");
}
