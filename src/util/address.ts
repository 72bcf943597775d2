/**
 * What an IP address is, by its bytes: of this machine or network, of the internet, or one to which no
 * webhook may ever go. Must hold: an IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo, ISATAP …)
 * is judged like the address itself, and what is not understood counts as forbidden.
 * Ranges by IANA's special-purpose registries as the package ipaddr.js has them; it tells that an address is
 * a wrapped one but not what is wrapped, and knows no metadata services: those two are ours.
 */
import ipaddr from "ipaddr.js";

/** `forbidden` says what it is, as part of a sentence. */
export type AddressKind =
  | { readonly kind: "public" | "private" | "loopback" }
  | { readonly kind: "forbidden"; readonly what: string };

/**
 * The metadata services of the large clouds hand out credentials to whoever can reach them. Most are at
 * 169.254.169.254, which is link-local; these are elsewhere.
 */
const METADATA = [
  ["fd00:ec2::", 32], // AWS: 254 instance data, 23 pod identity, 253 DNS, 123 time
  ["fd20:ce::", 32], // Google
  ["fd00:42::42", 128], // Scaleway
  ["100.100.100.200", 32], // Alibaba
  ["192.0.0.192", 32], // Oracle Classic
  ["168.63.129.16", 32], // Azure's platform service
] as const;

/** Names of such services; for a way through a proxy, which looks names up by itself. */
const METADATA_NAMES = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "instance-data",
  "instance-data.ec2.internal",
  "metadata.tencentyun.com",
  "metadata.platformequinix.com",
  "metadata.packet.net",
]);

/** By ipaddr.js's names; what is in no list here is the internet. */
const PRIVATE_RANGES = new Set([
  "private",
  "carrierGradeNat",
  "uniqueLocal",
  "deprecatedSiteLocal",
  "benchmarking",
  "reserved",
]);
const FORBIDDEN_RANGES = new Map([
  ["linkLocal", "a link-local address"],
  ["unspecified", "the unspecified address"],
  ["multicast", "a multicast address"],
  ["broadcast", "the broadcast address"],
  ["discard", "an address whose packets are thrown away"],
  ["segmentRouting", "a segment-routing address"],
]);

const metadata = METADATA.map(([text, bits]) => ({ net: ipaddr.parse(text), bits }));

/** `address` as sockets and resolvers give it, with or without a zone. */
export function kindOfAddress(address: string): AddressKind {
  const bare = address.replace(/%.*$/s, "");
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) {
    return { kind: "forbidden", what: "no IP address" };
  }
  return kindOf(ipaddr.parse(bare));
}

/** The same text for the same address, however it is written; an IPv4-mapped one as the IPv4 address. */
export function canonicalAddress(address: string): string {
  const bare = address.replace(/%.*$/s, "");
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toNormalizedString() : bare;
}

export function isMetadataName(hostname: string): boolean {
  return METADATA_NAMES.has(hostname.toLowerCase().replace(/\.$/, ""));
}

function kindOf(address: ipaddr.IPv4 | ipaddr.IPv6): AddressKind {
  if (metadata.some(({ net, bits }) => net.kind() === address.kind() && address.match(net, bits))) {
    return { kind: "forbidden", what: "an address of a cloud's metadata service" };
  }
  if (address instanceof ipaddr.IPv4) return kindOfRange(address);
  const wrapped = wrappedIn(address.toByteArray()).map((four) => kindOf(new ipaddr.IPv4(four)));
  const outer = isWrapper(address) ? [] : [kindOfRange(address)];
  return strictest([...outer, ...wrapped]);
}

function kindOfRange(address: ipaddr.IPv4 | ipaddr.IPv6): AddressKind {
  const range: string = address.range();
  // 0.0.0.0/8 is "this network": systems take 0.0.0.0 for themselves.
  const what = FORBIDDEN_RANGES.get(range);
  if (what !== undefined) return { kind: "forbidden", what };
  if (range === "loopback") return { kind: "loopback" };
  return { kind: PRIVATE_RANGES.has(range) ? "private" : "public" };
}

const WRAPPERS = new Set(["ipv4Mapped", "rfc6145", "rfc6052", "6to4", "teredo"]);

/** Whether the address stands for nothing but the IPv4 address in it. */
function isWrapper(address: ipaddr.IPv6): boolean {
  const range: string = address.range();
  return WRAPPERS.has(range);
}

/** Every IPv4 address that an IPv6 one may carry. */
function wrappedIn(bytes: readonly number[]): number[][] {
  const words = [0, 2, 4, 6, 8, 10].map((at) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  const last = bytes.slice(12);
  const zeros = (count: number) => words.slice(0, count).every((word) => word === 0);
  if (zeros(6)) return isOneOrZero(last) ? [] : [last]; // ::a.b.c.d
  if (zeros(5) && words[5] === 0xffff) return [last]; // ::ffff:a.b.c.d
  if (zeros(4) && words[4] === 0xffff && words[5] === 0) return [last]; // ::ffff:0:a.b.c.d, SIIT
  if (words[0] === 0x2002) return [bytes.slice(2, 6)]; // 6to4
  if (words[0] === 0x2001 && words[1] === 0) {
    // Teredo: its server, and its client with all bits turned.
    return [bytes.slice(4, 8), last.map((byte) => byte ^ 0xff)];
  }
  if (words[0] === 0x64 && words[1] === 0xff9b) return nat64(bytes);
  const isatap = (words[4] === 0 || words[4] === 0x200) && words[5] === 0x5efe;
  return isatap ? [last] : [];
}

/**
 * The well-known prefix ends in the address; the local one may hold it at four places (RFC 6052 §2.2). A place that
 * begins with 0 is taken for the padding of another: 0.0.0.0/8 itself no translator passes on.
 */
function nat64(bytes: readonly number[]): number[][] {
  const at = (...places: number[]) => places.map((place) => bytes[place] ?? 0);
  const last = at(12, 13, 14, 15);
  if (bytes[4] === 0 && bytes[5] === 0) return [last];
  const places = [at(6, 7, 9, 10), at(7, 9, 10, 11), at(9, 10, 11, 12), last];
  const found = places.filter((four) => four[0] !== 0);
  return found.length > 0 ? found : [last];
}

/** `::` and `::1` are addresses of their own. */
function isOneOrZero([a = 0, b = 0, c = 0, d = 0]: readonly number[]): boolean {
  return a === 0 && b === 0 && c === 0 && d <= 1;
}

const STRICTNESS = ["forbidden", "loopback", "private", "public"] as const;

function strictest(kinds: readonly AddressKind[]): AddressKind {
  const [found] = kinds.toSorted((a, b) => STRICTNESS.indexOf(a.kind) - STRICTNESS.indexOf(b.kind));
  return found ?? { kind: "forbidden", what: "an address that cannot be told" };
}
