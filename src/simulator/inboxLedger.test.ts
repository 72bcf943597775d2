import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ended, last, open, post, secret, signed } from "../../test/support/inboxes.ts";
import type { Inbox, Webhook } from "./inbox.ts";

describe("signatures", () => {
  const body = JSON.stringify(ended);

  it("takes what the stock library signed", async () => {
    const inbox = await open({ secret });
    await post(inbox, { headers: signed(body) });
    expect(last(inbox).signature).toEqual({ state: "ok" });
  });

  it("takes one of several, while two secrets are in force", async () => {
    const inbox = await open({ secret });
    const other = `whsec_${randomBytes(32).toString("base64")}`;
    const headers = signed(body);
    const signature = `${signed(body, new Date(), other)["webhook-signature"]} v1a,AAAA ${headers["webhook-signature"]}`;
    await post(inbox, { headers: { ...headers, "webhook-signature": signature } });
    expect(last(inbox).signature).toEqual({ state: "ok" });
  });

  it("takes a GET signed over its request-target in double quotes", async () => {
    const inbox = await open({ secret });
    const target = "/in?key=%2f&event=ringing&title=%280%3A07%29";
    const headers = { ...signed(`"${target}"`), "webhook-signed": "target" };
    await fetch(`${inbox.url}${target}`, { headers });
    expect(last(inbox).signature).toEqual({ state: "ok" });
    await fetch(`${inbox.url}${target}x`, { headers });
    expect(last(inbox).signature.state).toBe("bad");
    await fetch(`${inbox.url}${target}`, { headers: signed(`"${target}"`) });
    expect(last(inbox).signature).toMatchObject({ state: "bad", reason: /webhook-signed/ });
    await post(inbox, { path: target, body: "", headers });
    expect(last(inbox)).toMatchObject({ signature: { state: "ok" }, fields: { event: "ringing" } });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["another body", signed(`${body} `), /no signature fits/],
    ["another id", { ...signed(body), "webhook-id": "evt_2" }, /no signature fits/],
    ["no id", { ...signed(body), "webhook-id": "" }, /webhook-id is missing/],
    ["a time that is no time", { ...signed(body), "webhook-timestamp": "now" }, /whole seconds/],
    ["an old time", signed(body, new Date(Date.now() - 400_000)), /5 minutes/],
    ["a future time", signed(body, new Date(Date.now() + 400_000)), /5 minutes/],
    ["a cut signature", { ...signed(body), "webhook-signature": "v1,AAAA" }, /no signature fits/],
    ["no value", { ...signed(body), "webhook-signature": "v1" }, /no signature fits/],
  ])("calls %s bad", async (_name, headers, reason) => {
    const inbox = await open({ secret });
    await post(inbox, { headers });
    expect(last(inbox).signature).toEqual({ state: "bad", reason: expect.stringMatching(reason) });
  });

  it("does not judge without a secret", async () => {
    const inbox = await open();
    await post(inbox, { headers: signed(body) });
    expect(last(inbox).signature).toEqual({ state: "unchecked" });
  });

  it("knows the specification's own arithmetic", async () => {
    const inbox = await open({ secret });
    const key = Buffer.from(secret.slice("whsec_".length), "base64");
    const timestamp = String(Math.floor(Date.now() / 1000));
    const hmac = createHmac("sha256", key).update(`evt_9.${timestamp}.${body}`).digest("base64");
    await post(inbox, {
      headers: {
        "webhook-id": "evt_9",
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,${hmac}`,
      },
    });
    expect(last(inbox).signature).toEqual({ state: "ok" });
  });

  it.each(["hunter2", "whsec_", "whsec_AAAA", "whsec_%%%"])(
    "refuses the secret %j without printing it",
    async (wrong) => {
      const error = await open({ secret: wrong }).catch((caught: unknown) => String(caught));
      expect(error).toContain("Expected a secret of the form whsec_…");
      expect(error).not.toMatch(/hunter2|AAAA|%%%/);
    },
  );
});

describe("repetitions and holes", () => {
  async function send(
    inbox: Inbox,
    id: string,
    sequence: number,
    call = "1_1-0",
  ): Promise<Webhook> {
    await post(inbox, {
      body: JSON.stringify({ ...ended, id: call }),
      headers: { "webhook-id": id, "offhook-sequence": String(sequence) },
    });
    return last(inbox);
  }

  it("tells the next, a hole, a late one and a repetition", async () => {
    const inbox = await open();
    expect((await send(inbox, "a", 1)).order).toEqual({ state: "next" });
    expect((await send(inbox, "b", 4, "1_1-1")).order).toEqual({ state: "hole", from: 2, to: 3 });
    expect((await send(inbox, "c", 2)).order).toEqual({ state: "late", after: 4 });
    const again = await send(inbox, "a", 1);
    expect(again).toMatchObject({ duplicate: true, order: { state: "late", after: 4 } });
    expect((await send(inbox, "d", 1, "2_2-0")).order).toEqual({ state: "next" });
    expect((await send(inbox, "e", 5)).order).toEqual({ state: "next" });
  });

  it("says nothing of a recording at a path of its own, whose call's numbers are elsewhere", async () => {
    const inbox = await open();
    const body = JSON.stringify({ FILES: ["https://x/1.mp3"], ...ended });
    const recording = async (path: string, id: string, sequence: number) => {
      await post(inbox, {
        path,
        body,
        headers: { "webhook-id": id, "offhook-sequence": String(sequence) },
      });
      return last(inbox).order;
    };
    expect(await recording("/recordings", "r", 4)).toEqual({ state: "unknown" });
    expect(await recording("/recordings", "s", 9)).toEqual({ state: "unknown" });
    expect((await send(inbox, "a", 1, ended.id)).order).toEqual({ state: "next" });
    expect(await recording("/calls", "t", 2)).toEqual({ state: "next" });
    expect(await recording("/calls", "u", 4)).toEqual({ state: "hole", from: 3, to: 3 });
  });

  it("does not count what it refused", async () => {
    const inbox = await open({ fail: "500x1" });
    expect(await send(inbox, "a", 1)).toMatchObject({ answer: "500", duplicate: false });
    expect(await send(inbox, "b", 2)).toMatchObject({ order: { state: "hole", from: 1, to: 1 } });
    expect(await send(inbox, "a", 1)).toMatchObject({ answer: "200", duplicate: false });
  });

  it("forgets on request", async () => {
    const inbox = await open();
    await send(inbox, "a", 1);
    inbox.clear();
    expect(inbox.webhooks()).toEqual([]);
    expect(await send(inbox, "a", 1)).toMatchObject({ duplicate: false, order: { state: "next" } });
  });
});
