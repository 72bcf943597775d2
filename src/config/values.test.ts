import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allKeys, keys } from "./keys.ts";
import { isLoopback, isNearby, maskUrl } from "./urls.ts";
import * as values from "./values.ts";
import { callUrl } from "./webValues.ts";

const ok = <T>(value: T) => ({ ok: true, value });
const bad = { ok: false };

describe("the parsers", () => {
  it.each([
    ["host:port", "0.0.0.0:80", { host: "0.0.0.0", port: 80 }],
    ["a name", "pbx.example.com:8480", { host: "pbx.example.com", port: 8480 }],
    ["IPv6 in brackets", "[::1]:9", { host: "::1", port: 9 }],
    ["a port alone", "8480", { host: "127.0.0.1", port: 8480 }],
    ["any free port", "127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["a star", "*:80", { host: "0.0.0.0", port: 80 }],
  ])("LISTEN takes %s", (_what, text, value) => {
    expect(values.listenAddress(text)).toEqual(ok(value));
  });

  it.each([
    "",
    ":80",
    "::1:80",
    "[::1]",
    "localhost",
    "1.2.3:80",
    "[x]:1",
    "a:70000",
    "a:-1",
    "a b:1",
  ])("LISTEN refuses %j", (text) => expect(values.listenAddress(text)).toMatchObject(bad));

  it("RETRY_SCHEDULE takes fractions and spaces, and refuses the rest", () => {
    expect(values.retrySchedule("1, 0.5 ,.25,60")).toEqual(ok([1000, 500, 250, 60_000]));
    for (const text of ["", "1,,2", "1;2", "-1", "1e3", "NaN", "2592001", "5s"]) {
      expect(values.retrySchedule(text), text).toMatchObject(bad);
    }
    expect(values.retrySchedule(Array(101).fill("1").join(","))).toMatchObject(bad);
  });

  it("a URL with a tab in it is refused, which the URL parser would take out and join its sides", () => {
    for (const text of [
      "https://a.example/?q={\t{event}}",
      "https://a.example/{{user}}?q={\t{x}}",
    ]) {
      const said = expect.stringContaining("without tabs");
      expect(callUrl(text), text).toEqual({ ...bad, expected: said });
    }
  });

  it("URLs: http(s) with //, without user name or fragment", () => {
    expect(values.webUrl("https://a.example")).toEqual(ok("https://a.example/"));
    expect(values.webUrl("http://a.example:81/x?y=1&z")).toEqual(ok("http://a.example:81/x?y=1&z"));
    for (const text of [
      "a.example",
      "ftp://a",
      "http:a",
      "https://u@a",
      "https://:p@a",
      "http://a/#",
    ]) {
      expect(values.webUrl(text), text).toMatchObject(bad);
    }
    expect(values.originUrl("https://pbx.example:5001/")).toEqual(ok("https://pbx.example:5001"));
    for (const rest of ["/x", "/?y", "/#/login", "/#"]) {
      const said = { ...bad, expected: "scheme, host and port alone: https://pbx.example" };
      expect(values.originUrl(`https://pbx.example${rest}`), rest).toEqual(said);
      expect(values.originUrl(`https://u:p@pbx.example${rest}`), rest).toEqual(said);
    }
    const place = { ...bad, expected: expect.stringContaining("65535") };
    expect(values.webUrl("https://a.example:70000/")).toEqual(place);
    expect(values.baseUrl("https://pbx.example/x//")).toEqual(ok("https://pbx.example/x"));
    expect(values.baseUrl("https://pbx.example/?x")).toMatchObject(bad);
  });

  it("time zones: IANA names alone", () => {
    expect(values.timeZone("Europe/Prague")).toEqual(ok("Europe/Prague"));
    for (const text of ["+01:00", "Mars/Olympus", "1", "Europe Prague"]) {
      expect(values.timeZone(text), text).toMatchObject(bad);
    }
  });

  it("signing secrets: whsec_, base64, 24 to 64 bytes, several", () => {
    const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;
    expect(values.signingSecrets(`${of(24)} ,${of(64)}`)).toEqual(ok([of(24), of(64)]));
    for (const text of [
      of(23),
      of(65),
      "whsec_",
      "secret",
      `${of(24)}x`,
      `${of(24)},`.repeat(11),
    ]) {
      const parsed = values.signingSecrets(text);
      expect(parsed, text).toMatchObject(bad);
      expect(JSON.stringify(parsed)).not.toContain("BwcHBw");
    }
  });

  it("headers: no forbidden name, no line break, nothing of the value in a report", () => {
    expect(values.headerLine("Authorization: Bearer a:b")).toEqual(
      ok({ name: "Authorization", value: "Bearer a:b" }),
    );
    const names = ["Host", "content-length", "Connection", "transfer-encoding", "Webhook-Id"];
    for (const name of [...names, "offhook-attempt", "Proxy-Authorization", "", "a b", "é"]) {
      const parsed = values.headerLine(`${name}: hunter2`);
      expect(parsed, name).toMatchObject(bad);
      expect(JSON.stringify(parsed)).not.toContain("hunter2");
    }
    for (const text of ["X", "X:", "X: a\r\nY: b", "X: \u00e9"]) {
      expect(values.headerLine(text), text).toMatchObject(bad);
    }
  });

  it("numbers: whole and within the limits, which are in the words of the refusal", () => {
    const parse = values.integer(5, 10, "requests");
    fc.assert(
      fc.property(fc.integer({ min: -50, max: 50 }), (n) => {
        expect(parse(String(n)).ok).toBe(n >= 5 && n <= 10);
      }),
    );
    expect(parse("7.5")).toEqual({
      ok: false,
      expected: "a whole number of requests from 5 to 10",
    });
  });

  it("EVENTS takes the names of any profile, and words for groups", () => {
    const { parse } = keys.endpoint.events;
    expect(parse("Ended, pickupincoming")).toEqual(ok(["incoming", "outgoing", "hangupincoming"]));
    expect(parse("ringing,rining")).toMatchObject({ ok: false, found: '"rining"' });
  });

  it("no parser throws, and each says what it expects, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
        for (const key of allKeys) {
          const parsed = key.parse(text);
          if (!parsed.ok) expect(parsed.expected).not.toBe("");
        }
      }),
    );
  });
});

describe("addresses", () => {
  it("tells loopback, nearby and public apart", () => {
    const hosts = ["localhost", "[::1]", "127.9.9.9", "[::ffff:7f00:1]", "a.localhost"];
    for (const host of hosts) expect(isLoopback(host), host).toBe(true);
    for (const host of ["127.example.com", "10.0.0.1", "0.0.0.0"]) {
      expect(isLoopback(host), host).toBe(false);
    }
    for (const host of ["10.1.2.3", "172.31.0.1", "192.168.1.1", "[fd00::1]", "crm", "crm.local"]) {
      expect(isNearby(host), host).toBe(true);
    }
    for (const host of ["8.8.8.8", "172.32.0.1", "[2001:db8::1]", "a.example.com"]) {
      expect(isNearby(host), host).toBe(false);
    }
  });

  it("masks what a URL may hide", () => {
    expect(maskUrl("https://u:p@a.example/x?token=1#z")).toBe("https://***@a.example/x?***");
    expect(maskUrl("https://a.example/x")).toBe("https://a.example/x");
    const key = "5f0c1d7e-9a3b-4c22-8f10-2b6a7c1d9e44";
    expect(maskUrl(`https://a.example/webhook/${key}/end?${key}`)).toBe(
      "https://a.example/webhook/***/end?***",
    );
    expect(maskUrl(`https://${"a".repeat(30)}.example`)).toBe(`https://${"a".repeat(30)}.example`);
  });
});
