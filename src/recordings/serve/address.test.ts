import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressOf,
  fileNameOf,
  isSigned,
  KEYS_FILE,
  ownSigningKey,
  parseFileName,
  signingKey,
} from "./address.ts";

const NOW = Date.UTC(2026, 4, 4);
const name = { callId: "230115121143_9", link: 1, n: 1 };
const [key, old] = [signingKey("a".repeat(32)), signingKey("b".repeat(32))];

function signed(address: string, keys = [key], now = NOW, asked = name): boolean {
  const query = new URL(address).searchParams;
  return isSigned(asked, query.get("sig") ?? "", query.get("exp"), keys, now);
}

describe("an address", () => {
  test("is the contract's, bare where anyone may fetch", () => {
    const bare = "https://pbx.test/webapi/recording/230115121143_9-1-1.mp3";
    expect(addressOf("https://pbx.test/", name, null, null)).toBe(bare);
    const address = addressOf("https://pbx.test", name, key, null);
    expect(address).toMatch(/^https:\/\/pbx\.test\/webapi\/recording\/[\d_-]+\.mp3\?sig=[\w.-]+$/);
    expect(addressOf("https://pbx.test", name, key, NOW)).toMatch(/\?sig=[\w.-]+&exp=1777852800$/);
    expect(addressOf("https://pbx.test", name, key, null)).toBe(address);
  });

  test("opens its own recording, with any key in force", () => {
    const address = addressOf("https://pbx.test", name, old, null);
    expect(signed(address, [key, old])).toBe(true);
    expect(signed(address, [key])).toBe(false);
    expect(signed(address, [])).toBe(false);
    expect(signed(address, [old], NOW, { ...name, n: 2 })).toBe(false);
    expect(signed(address, [old], NOW, { ...name, link: 2 })).toBe(false);
    expect(signed(address, [old], NOW, { ...name, callId: "230115121143_8" })).toBe(false);
  });

  test("closes when its time is over, which cannot be moved", () => {
    const address = addressOf("https://pbx.test", name, key, NOW);
    expect(signed(address, [key], NOW - 1)).toBe(true);
    expect(signed(address, [key], NOW)).toBe(false);
    expect(signed(address.replace(/exp=\d+/, "exp=9999999999"), [key], NOW - 1)).toBe(false);
    expect(signed(address.replace(/&exp=\d+/, ""), [key], NOW - 1)).toBe(false);
    const endless = addressOf("https://pbx.test", name, key, null);
    expect(signed(`${endless}&exp=9999999999`)).toBe(false);
    expect(signed(`${endless}&exp=`)).toBe(false);
  });

  test("tells nothing of its key", () => {
    expect(addressOf("https://pbx.test", name, key, null)).not.toContain("aaaa");
    expect(key.id).not.toBe(old.id);
  });

  test("opens nothing once a letter of it is changed", () => {
    const address = new URL(addressOf("https://pbx.test", name, key, NOW + 1000));
    const sig = address.searchParams.get("sig") ?? "";
    const changed = fc
      .tuple(fc.nat(sig.length - 1), fc.constantFrom(..."AZaz09-_.=+/ %\0"))
      .map(([at, letter]) => `${sig.slice(0, at)}${letter}${sig.slice(at + 1)}`);
    const any = fc.oneof(changed, fc.string(), fc.constant(`${sig}.x`), fc.constant(`${sig}=`));
    fc.assert(
      fc.property(any, (other) => {
        const exp = address.searchParams.get("exp");
        expect(isSigned(name, other, exp, [key], NOW)).toBe(other === sig);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("a file name", () => {
  test.each(["230115121143_9-1-1.mp3", "230115121143_123456-12-3.mp3"])("%s is one", (text) => {
    const parsed = parseFileName(text);
    expect(parsed && fileNameOf(parsed)).toBe(text);
  });

  test.each([
    "230115121143_9-1.mp3",
    "230115121143_9-01-1.mp3",
    "230115121143_9-1-1.MP3",
    "230115121143_9-1-1.mp3\n",
    "../230115121143_9-1-1.mp3",
    "230115121143_9-1-1.mp3/..",
    "230115121143_9-1-99999.mp3",
    "230115121143_9-1-1.wav",
    "٢30115121143_9-1-1.mp3",
    "",
  ])("%j is none", (text) => {
    expect(parseFileName(text)).toBeNull();
  });
});

test("a key of our own is made once, for its owner alone, and a spoilt one is not replaced", () => {
  const folder = mkdtempSync(join(tmpdir(), "offhook-key-"));
  const made = ownSigningKey(folder);
  expect(ownSigningKey(folder)).toEqual(made);
  expect(statSync(join(folder, KEYS_FILE)).mode & 0o777).toBe(0o600);
  writeFileSync(join(folder, KEYS_FILE), "short");
  expect(() => ownSigningKey(folder)).toThrow("Expected a key of at least 16 characters");
  rmSync(folder, { recursive: true });
});
