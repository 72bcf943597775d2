import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { endpointConfig, secretOf } from "../../test/conformance/outboxEndpoint.ts";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import type { EndpointConfig } from "../config/config.ts";
import type { Delivery } from "../outbox/outbox.ts";
import { addresseeOf, buildRequest } from "./request.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW = Date.now();

const delivery: Delivery = {
  deliveryId: 1,
  endpoint: "default",
  position: 1,
  sequence: 3,
  event: callEvent(7),
  attempts: 1,
  spent: 1,
  firstAttemptAt: NOW,
  dueAt: NOW,
  replay: false,
};

const build = (changes: Partial<EndpointConfig>) =>
  buildRequest(addresseeOf(endpointConfig(changes), "1.2.3"), delivery, 2, NOW);

describe("buildRequest", () => {
  test("POST: a JSON body and the headers of the contract", () => {
    const request = build({ url: "https://crm.example:8443/a/b?key=1#part" });
    expect(request).toMatchObject({
      method: "POST",
      origin: "https://crm.example:8443",
      target: "/a/b?key=1",
      headers: {
        "content-type": "application/json",
        "user-agent": "Offhook/1.2.3",
        "webhook-id": "evt_main_7_1",
        "webhook-timestamp": String(Math.floor(NOW / 1000)),
        "offhook-sequence": "3",
        "offhook-event-time": "2021-07-01T14:36:49.124Z",
        "offhook-attempt": "2",
      },
    });
    expect(JSON.parse(request.body ?? "")).toMatchObject({ event: "ringing", user: "101" });
    expect(request.headers).not.toHaveProperty("webhook-signature");
  });

  test("GET: fields in the query after the URL's own, the same headers, no body", () => {
    const request = build({
      method: "GET",
      encoding: "query",
      url: "http://crm.example/hook?key=1",
    });
    expect(request.body).toBeNull();
    expect(request.target).toMatch(/^\/hook\?key=1&event=ringing&callerid=420111222333&/);
    expect(request.headers).toMatchObject({
      "webhook-id": "evt_main_7_1",
      "offhook-sequence": "3",
    });
    expect(request.headers).not.toHaveProperty("content-type");
    expect(request.headers).not.toHaveProperty("webhook-signed");
  });

  test("what is signed is what is sent, POST and GET, as the reference library sees it", () => {
    const secrets = [secretOf(SECRET)];
    const post = build({ secrets });
    expect(new Webhook(SECRET).verify(post.body ?? "", post.headers)).toMatchObject({
      user: "101",
    });
    const get = build({
      secrets,
      method: "GET",
      encoding: "query",
      url: 'http://crm.example/a b?q=\\x"é',
    });
    expect(get.headers["webhook-signed"]).toBe("target");
    expect(get.target).toMatch(/^\/a%20b\?q=%5Cx%22%C3%A9&event=/);
    expect(new Webhook(SECRET).verify(`"${get.target}"`, get.headers)).toBe(get.target);
  });

  test("custom headers are sent, but ours win", () => {
    const { headers } = build({
      headers: [
        { name: "Authorization", value: secretOf("Bearer x") },
        { name: "Webhook-Id", value: secretOf("forged") },
      ],
    });
    expect(headers).toMatchObject({ authorization: "Bearer x", "webhook-id": "evt_main_7_1" });
  });

  test("an endpoint without a URL or with a broken secret is refused in a sentence", () => {
    expect(() => build({ url: null })).toThrow("Expected a URL for endpoint default");
    expect(() => build({ secrets: [secretOf("whsec_x")] })).toThrow("Expected a signing secret");
  });
});

test("a recording is posted to its own URL, in the GET scheme too", () => {
  const end = {
    ...callEvent(1),
    kind: "ended",
    finish: "Ok",
    transferred: false,
    talkMs: 1000,
    breakSide: "Undef",
    callbackRequested: false,
  } as const;
  const recording = {
    ...end,
    kind: "recording",
    files: ["https://a.test/1.mp3"],
    ended: end,
  } as const;
  const urls = { url: "http://crm.test/in", recordingUrl: "http://crm.test/recording?k=1" };
  const found = addresseeOf(endpointConfig({ ...urls, method: "GET" }), "1");
  const request = buildRequest(found, { ...delivery, event: recording }, 1, NOW);
  expect(request).toMatchObject({ method: "POST", target: "/recording?k=1" });
  expect(JSON.parse(request.body ?? "")).toMatchObject({ FILES: ["https://a.test/1.mp3"] });
  const without = addresseeOf(endpointConfig({ ...urls, recordingUrl: null }), "1");
  expect(() => buildRequest(without, { ...delivery, event: recording }, 1, NOW)).toThrow(
    "Expected a recording URL for endpoint",
  );
});

describe("encodings and templates", () => {
  const url = "https://crm.example/in?key=1";
  const json = '{"phone":"+{{callerid}}","who":{{user}},"link":{{number:link}}}';

  test("a form: the fields percent-encoded, of the form's type", () => {
    const { body, target, headers } = build({ url, encoding: "form" });
    expect(body).toMatch(/^event=ringing&callerid=420111222333&user=101&/);
    expect(target).toBe("/in?key=1");
    expect(headers).toMatchObject({ "content-type": "application/x-www-form-urlencoded" });
  });

  test("a POST with all in the query has no body, and the target is what is signed", () => {
    const request = build({ url, encoding: "query", secrets: [secretOf(SECRET)] });
    expect(request).toMatchObject({ method: "POST", body: null });
    expect(request.target).toMatch(/^\/in\?key=1&event=ringing&/);
    expect(request.payload).toMatch(/^event=ringing&/);
    expect(request.headers["webhook-signed"]).toBe("target");
    const verified = new Webhook(SECRET).verify(`"${request.target}"`, request.headers);
    expect(verified).toBe(request.target);
  });

  test("a template as JSON, form and query", () => {
    expect(build({ url, template: json }).body).toBe(
      '{"phone":"+420111222333","who":"101","link":0}',
    );
    const template = "p=%2B{{callerid}}&e={{event}}";
    expect(build({ url, encoding: "form", template }).body).toBe("p=%2B420111222333&e=ringing");
    const get = build({ url, method: "GET", encoding: "query", template });
    expect(get).toMatchObject({ target: "/in?key=1&p=%2B420111222333&e=ringing", body: null });
  });

  test("a URL with places, in path and query", () => {
    const places = "https://crm.example/{{user}}/calls?n={{callerid}}";
    const request = build({ url: places });
    expect(request).toMatchObject({
      origin: "https://crm.example",
      target: "/101/calls?n=420111222333",
    });
    const get = build({ url: places, method: "GET", encoding: "query" });
    expect(get.target).toMatch(/^\/101\/calls\?n=420111222333&event=ringing&/);
  });

  test("a template that the configuration would have refused is refused in a sentence", () => {
    expect(() => build({ template: "{{nothing}}" })).toThrow("Expected a good template");
  });

  test("log-in of the endpoint, and the mark of a replay", () => {
    expect(build({ authorization: secretOf("Bearer t") }).headers).toMatchObject({
      authorization: "Bearer t",
    });
    expect(build({}).headers).not.toHaveProperty("offhook-replay");
    const to = addresseeOf(endpointConfig(), "1");
    const replayed = buildRequest(to, { ...delivery, replay: true }, 1, NOW);
    expect(replayed.headers["offhook-replay"]).toBe("1");
  });
});
