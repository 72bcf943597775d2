/** The vectors are the reference libraries' own and those of the specification. */
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { parseSecret, sign, signatureHeader, signedTarget } from "./signature.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECOND = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT = 1_614_265_330;
const TARGET = "/hook?callId=00000A1B&from=%2B4930123456&event=call.ringing";

describe("sign", () => {
  test.each([
    [
      "the reference's own",
      SECRET,
      '{"test": 2432232314}',
      "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ],
    ["an empty body", SECRET, "", "v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="],
    ["UTF-8", SECRET, '{"name":"Zoë ☎","n":1}', "6GiY5p9DqWwgZI3rsXa8LCYaytzehpFDFcasHBDX2e8="],
    ["another key", SECOND, '{"test": 2432232314}', "O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI="],
    ["a GET", SECRET, signedTarget(TARGET), "X/zzDQfYeXx15dqKYEeoq+k067m1FiKPfj/w7ZTkwU4="],
  ])("agrees with the vector: %s", (_name, secret, payload, mac) => {
    expect(sign(parseSecret(secret), ID, AT, payload)).toBe(`v1,${mac}`);
  });

  test("agrees with the vector of a call event", () => {
    const body =
      '{"type":"call.ringing","timestamp":"2025-11-21T00:00:00.000Z","data":{"callId":"00000A1B","from":"+4930123456","to":"100"}}';
    expect(sign(parseSecret(SECOND), "evt_01JD0000000000000000000000", 1_763_683_200, body)).toBe(
      "v1,7TMfM5BjaoQqomowsHfIsmqpOEry2pqWkSGuj4exV64=",
    );
  });

  test("several keys in force give the vector's list", () => {
    const keys = [SECOND, SECRET].map(parseSecret);
    expect(signatureHeader(keys, ID, AT, '{"test": 2432232314}')).toBe(
      "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
  });
});

describe("the reference library", () => {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const headers = (payload: string, atSeconds = nowSeconds) => ({
    "webhook-id": ID,
    "webhook-timestamp": String(atSeconds),
    "webhook-signature": signatureHeader([SECOND, SECRET].map(parseSecret), ID, atSeconds, payload),
  });

  test.each([SECRET, SECOND])("verifies ours under either key", (secret) => {
    const body = '{"name":"Zoë ☎"}';
    expect(new Webhook(secret).verify(body, headers(body))).toEqual({ name: "Zoë ☎" });
  });

  test("verifies a GET and gives the target back", () => {
    const payload = signedTarget(TARGET);
    expect(new Webhook(SECRET).verify(payload, headers(payload))).toBe(TARGET);
  });

  test.each([
    ["another body", '{"n":2}', {}],
    ["a trailing newline", '{"n":1}\n', {}],
    ["another id", '{"n":1}', { "webhook-id": "msg_other" }],
    ["a time too old", '{"n":1}', { "webhook-timestamp": String(nowSeconds - 400) }],
  ])("refuses %s", (_name, body, changed) => {
    const sent = { ...headers('{"n":1}'), ...changed };
    expect(() => new Webhook(SECRET).verify(body, sent)).toThrow();
  });
});

describe("parseSecret", () => {
  test.each([
    ["", "does not begin with whsec_"],
    ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "does not begin with whsec_"],
    ["whsec_", "not base64"],
    ["whsec_not base64!", "not base64"],
    ["whsec_AAAAA", "not base64"],
    ["whsec_AAECAwQF", "of 6 bytes"],
    [`whsec_${"A".repeat(88)}`, "of 66 bytes"],
  ])("refuses %j and does not repeat it", (secret, reason) => {
    expect(() => parseSecret(secret)).toThrow(reason);
    const shown = secret.slice("whsec_".length);
    if (shown !== "") expect(() => parseSecret(secret)).not.toThrow(shown);
  });

  test("takes 24 to 64 bytes, padded or not", () => {
    expect(parseSecret(SECRET).symmetricKeySize).toBe(24);
    expect(parseSecret(SECOND).symmetricKeySize).toBe(32);
    expect(parseSecret(SECOND.replace("=", "")).symmetricKeySize).toBe(32);
    expect(parseSecret(`whsec_${Buffer.alloc(64).toString("base64")}`).symmetricKeySize).toBe(64);
  });
});
