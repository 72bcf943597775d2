/** Each class of address, plain and wrapped; IANA's registries and the clouds' own documentation. */
import { describe, expect, it } from "vitest";
import { isMetadataName, kindOfAddress } from "./address.ts";

const kind = (address: string) => kindOfAddress(address).kind;

describe("kindOfAddress", () => {
  it.each([
    ["public", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "11.0.0.1", "2001:4860:4860::8888", "2a00::1"]],
    ["private", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"]],
    ["private", ["198.18.0.1", "240.0.0.1", "192.0.2.1", "fc00::1", "fd12:3456::1", "fec0::1"]],
    ["loopback", ["127.0.0.1", "127.255.255.254", "::1"]],
    ["forbidden", ["169.254.1.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "0.0.0.0"]],
    ["forbidden", ["0.1.2.3", "::", "224.0.0.1", "255.255.255.255", "ff02::1", "100::1"]],
    ["forbidden", ["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42", "5f00::1"]],
    ["forbidden", ["100.100.100.200", "192.0.0.192", "168.63.129.16"]],
  ])("%s: %j", (expected, addresses) => {
    for (const address of addresses) expect(kind(address), address).toBe(expected);
  });

  /** How an IPv4 address is carried by an IPv6 one. */
  const wrappings: readonly (readonly [string, (a: string, b: string) => string])[] = [
    ["mapped", (a, b) => `::ffff:${a}:${b}`],
    ["compatible", (a, b) => `::${a}:${b}`],
    ["SIIT", (a, b) => `::ffff:0:${a}:${b}`],
    ["NAT64", (a, b) => `64:ff9b::${a}:${b}`],
    ["local NAT64 /96", (a, b) => `64:ff9b:1::${a}:${b}`],
    ["6to4", (a, b) => `2002:${a}:${b}::1`],
    ["Teredo server", (a, b) => `2001:0:${a}:${b}::f7f7:f7f7`],
    ["ISATAP", (a, b) => `2a00::5efe:${a}:${b}`],
    ["ISATAP, global", (a, b) => `2a00::200:5efe:${a}:${b}`],
  ];
  it.each(wrappings)("%s: the address inside counts", (_name, wrap) => {
    expect(kind(wrap("a9fe", "a9fe"))).toBe("forbidden"); // 169.254.169.254
    expect(kind(wrap("7f00", "1"))).toBe("loopback");
    expect(kind(wrap("c0a8", "101"))).toBe("private");
    expect(kind(wrap("6464", "64c8"))).toBe("forbidden"); // 100.100.100.200
    expect(kind(wrap("808", "808"))).toBe("public");
  });

  it("Teredo's client stands there with all bits turned", () => {
    expect(kind("2001:0:808:808::5601:5601")).toBe("forbidden");
    expect(kind("2001:0:808:808::80ff:fffe")).toBe("loopback");
  });

  it("the local NAT64 prefix is read at each of its four lengths", () => {
    expect(kind("64:ff9b:1:a9fe:a9:fe00::")).toBe("forbidden"); // /48
    expect(kind("64:ff9b:1:01a9:fe:a9fe::")).toBe("forbidden"); // /56
    expect(kind("64:ff9b:1:0:a9:fea9:fe00:0")).toBe("forbidden"); // /64
    expect(kind("64:ff9b:1::")).toBe("forbidden");
  });

  it.each(["", "localhost", "1.2.3", "017700000001", "0x7f.1", "::ffff:1.2.3.4.5", "1.2.3.4 "])(
    "what is no address, %j, is forbidden",
    (text) => expect(kind(text)).toBe("forbidden"),
  );
});

it("names of metadata services are known in any case, with a dot at the end too", () => {
  expect(isMetadataName("Metadata.Google.Internal.")).toBe(true);
  expect(isMetadataName("metadata.example.com")).toBe(false);
});
