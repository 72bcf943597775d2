/**
 * Standard Webhooks 1.0, symmetric: `v1,` + base64 HMAC-SHA256 of `id.timestamp.payload`.
 * Source: the specification, docs/contract.md §8. Pure.
 */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto";

const PREFIX = "whsec_";
/** The specification's bounds on a key. */
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The key of a `whsec_…` secret, made ready once: from bytes, Node makes it anew for every signature, at fifteen
 * times the cost of the HMAC itself. Throws a sentence without the secret in it.
 */
export function parseSecret(secret: string): KeyObject {
  const text = secret.trim();
  const expected = `Expected a signing secret like ${PREFIX}… (base64 of ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes)`;
  const wayOut = `Make one with: echo ${PREFIX}$(openssl rand -base64 32)`;
  if (!text.startsWith(PREFIX)) {
    throw new Error(`${expected}, got one that does not begin with ${PREFIX}. ${wayOut}`);
  }
  const encoded = text.slice(PREFIX.length);
  if (!BASE64.test(encoded) || encoded.replaceAll("=", "").length % 4 === 1) {
    throw new Error(`${expected}, got one that is not base64 after ${PREFIX}. ${wayOut}`);
  }
  const key = Buffer.from(encoded, "base64");
  if (key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX) {
    throw new Error(`${expected}, got one of ${key.length} bytes. ${wayOut}`);
  }
  return createSecretKey(key);
}

/** The signature under one key. */
export function sign(
  key: KeyObject,
  id: string,
  timestampSeconds: number,
  payload: string,
): string {
  const mac = createHmac("sha256", key).update(`${id}.${timestampSeconds}.${payload}`);
  return `v1,${mac.digest("base64")}`;
}

/** The header `webhook-signature`: one signature for each key in force. */
export function signatureHeader(
  keys: readonly KeyObject[],
  id: string,
  timestampSeconds: number,
  payload: string,
): string {
  return keys.map((key) => sign(key, id, timestampSeconds, payload)).join(" ");
}

/** What is signed for a GET: the request-target as sent, in double quotes, so that it parses as JSON. */
export function signedTarget(target: string): string {
  return `"${target}"`;
}
