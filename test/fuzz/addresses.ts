/**
 * URLs and IP addresses against the guard. The oracle is written apart from it: every range as bits, IPv4 inside
 * IPv6 taken out by arithmetic. A bypass is an address that the oracle forbids and the guard lets pass.
 */
import { isIP } from "node:net";
import { createGuard } from "../../src/delivery/guard.ts";
import type { Chance } from "../simulation/random.ts";
import { anyText, check, mutated, type Target } from "./target.ts";

type Verdict = "public" | "private" | "forbidden";

const own = { ownPort: () => 8480 };
const strict = createGuard({ ...own, allowPrivate: false });
const lax = createGuard({ ...own, allowPrivate: true });

const V4: readonly (readonly [string, number, Verdict])[] = [
  ["0.0.0.0", 8, "forbidden"],
  ["169.254.0.0", 16, "forbidden"],
  ["100.100.100.200", 32, "forbidden"],
  ["168.63.129.16", 32, "forbidden"],
  ["192.0.0.192", 32, "forbidden"],
  ["224.0.0.0", 4, "forbidden"],
  ["255.255.255.255", 32, "forbidden"],
  ["10.0.0.0", 8, "private"],
  ["127.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "private"],
  ["172.16.0.0", 12, "private"],
  ["192.168.0.0", 16, "private"],
  ["192.0.0.0", 24, "private"],
  ["192.0.2.0", 24, "private"],
  ["192.88.99.0", 24, "private"],
  ["198.51.100.0", 24, "private"],
  ["203.0.113.0", 24, "private"],
  ["198.18.0.0", 15, "private"],
  ["240.0.0.0", 4, "private"],
];
const V6: readonly (readonly [bigint, number, Verdict])[] = [
  [0xfe80n << 112n, 10, "forbidden"],
  [0xff00n << 112n, 8, "forbidden"],
  [0xfd000ec2n << 96n, 32, "forbidden"],
  [0xfd2000cen << 96n, 32, "forbidden"],
  [0n, 128, "forbidden"],
  [1n, 128, "private"],
  [0xfc00n << 112n, 7, "private"],
  [0xfec0n << 112n, 10, "private"],
];

function number4(text: string): number {
  return text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function verdict4(address: number): Verdict {
  const inside = (net: string, bits: number) =>
    Math.floor(address / 2 ** (32 - bits)) === Math.floor(number4(net) / 2 ** (32 - bits));
  return V4.find(([net, bits]) => inside(net, bits))?.[2] ?? "public";
}

function verdict6(address: bigint): Verdict {
  const inside = (net: bigint, bits: number) =>
    address >> BigInt(128 - bits) === net >> BigInt(128 - bits);
  return V6.find(([net, bits]) => inside(net, bits))?.[2] ?? "public";
}

/** How an IPv6 address carries an IPv4 one; all of them are judged like it. */
const WRAPS: readonly ((v4: bigint, chance: Chance) => bigint)[] = [
  (v4) => (0xffffn << 32n) | v4,
  (v4) => (v4 > 1n ? v4 : 2n),
  (v4) => (0xffff0000n << 32n) | v4,
  (v4) => (0x0064ff9bn << 96n) | v4,
  // Of the local prefix at /48; 0.0.0.0/8 cannot be told there from the zeros of a longer prefix.
  (v4) =>
    v4 >> 24n === 0n
      ? (0x0064ff9bn << 96n) | v4
      : (0x0064ff9b0001n << 80n) | ((v4 >> 16n) << 64n) | ((v4 & 0xffffn) << 40n),
  (v4, chance) => (0x2002n << 112n) | (v4 << 80n) | BigInt(chance.between(0, 65_535)),
  (v4) => (0x20010000n << 96n) | (0x08080808n << 64n) | (v4 ^ 0xffffffffn),
  (v4) => (0x20010000n << 96n) | (v4 << 64n) | 0xf7f7f7f7n,
  (v4) => (0x2a00n << 112n) | (0x00005efen << 32n) | v4,
];

function draw4(chance: Chance): number {
  const [net, bits] = chance.pick(V4);
  const near = number4(net) + Math.floor(chance.next() * 2 ** (32 - bits));
  // Inside a range, at its edge, or anywhere.
  if (chance.happens(0.6)) return near >>> 0;
  if (chance.happens(0.3)) return (number4(net) - 1) >>> 0;
  return Math.floor(chance.next() * 2 ** 32) >>> 0;
}

/** The same IPv4 address in one of the ways that parsers of URLs take. */
function written4(address: number, chance: Chance): string {
  const parts = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255);
  const one = (part: number): string => {
    const way = chance.between(0, 3);
    if (way === 0) return `0x${part.toString(16)}`;
    if (way === 1) return `0${part.toString(8)}`;
    return String(part);
  };
  const [a = 0, b = 0, c = 0, d = 0] = parts;
  switch (chance.between(0, 5)) {
    case 0:
      return one(address);
    case 1:
      return `${one(a)}.${one(address & 0xffffff)}`;
    case 2:
      return `${one(a)}.${one(b)}.${one(c * 256 + d)}`;
    case 3:
      return parts.join(".").replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)));
    case 4:
      return `${parts.join(chance.pick([".", "。", "．"]))}${chance.pick(["", "."])}`;
    default:
      return parts.map(one).join(".");
  }
}

function written6(address: bigint, chance: Chance): string {
  const words = Array.from({ length: 8 }, (_, at) =>
    ((address >> BigInt(112 - 16 * at)) & 0xffffn).toString(16),
  );
  const padded = words.map((word) => (chance.happens(0.3) ? word.padStart(4, "0") : word));
  const text = chance.happens(0.3)
    ? `${padded.slice(0, 6).join(":")}:${[24n, 16n, 8n, 0n].map((s) => (address >> s) & 255n).join(".")}`
    : padded.join(":");
  const short = chance.happens(0.5) ? text.replace(/(?:^|:)0(?::0)+(?::|$)/, "::") : text;
  return chance.happens(0.3) ? short.toUpperCase() : short;
}

function judge(url: string, wanted: Verdict, mayRefuse: boolean): void {
  const { hostname, port, protocol } = new URL(url);
  const at = Number(port) || (protocol === "https:" ? 443 : 80);
  const passes = { strict: strict.checkHost(hostname, at), lax: lax.checkHost(hostname, at) };
  check(wanted === "public" || passes.strict !== null, `bypass: ${wanted} is let through`);
  check(wanted !== "forbidden" || passes.lax !== null, "bypass: forbidden is let through");
  if (mayRefuse) return;
  check(wanted !== "public" || passes.strict === null, "a public address is refused");
  check(wanted === "forbidden" || passes.lax === null, "an allowed address is refused");
}

export const addresses: Target = {
  name: "addresses",
  holds: "no forbidden address, however written or wrapped, passes the guard",
  share: 3,
  run(chance, say) {
    const port = chance.pick(["", ":80", ":443", ":5001"]);
    const scheme = chance.pick(["http", "https", "HTTP"]);
    const v4 = draw4(chance);
    if (chance.happens(0.4)) {
      const url = `${scheme}://${written4(v4, chance)}${port}/x`;
      say(url);
      judge(url, verdict4(v4), false);
    } else if (chance.happens(0.6)) {
      const wrap = chance.pick(WRAPS);
      const address = wrap(BigInt(v4), chance);
      const url = `${scheme}://[${written6(address, chance)}]${port}/`;
      say({ url, v4: written4(v4, chance) });
      // What `::1.2.3.4` and the local prefix mean cannot be told for sure: they may be refused too often.
      judge(url, verdict4(v4), wrap === WRAPS[1] || wrap === WRAPS[4]);
    } else if (chance.happens(0.7)) {
      const [net, bits] = chance.pick(V6);
      const random = BigInt(
        `0x${[0, 1, 2, 3]
          .map(() =>
            Math.floor(chance.next() * 2 ** 32)
              .toString(16)
              .padStart(8, "0"),
          )
          .join("")}`,
      );
      const address = net | (random >> BigInt(bits));
      const url = `${scheme}://[${written6(address, chance)}]${port}/`;
      say(url);
      judge(url, verdict6(address), true);
    } else {
      const text = `${scheme}://${chance.happens(0.5) ? anyText(chance) : mutated(chance, written4(v4, chance))}${port}/`;
      say(text);
      if (!URL.canParse(text)) return;
      const { hostname } = new URL(text);
      const host = hostname.replace(/^\[|\]$/g, "");
      // A name is judged by its addresses; a literal here and now.
      lax.checkHost(hostname, 80);
      if (isIP(host) === 4) judge(text, verdict4(number4(host)), false);
    }
  },
};
