import { describe, expect, it } from "vitest";
import { ended, last, open, type Post, post, secret, signed } from "../../test/support/inboxes.ts";
import { formatWebhook } from "./inbox.ts";

describe("formatWebhook", () => {
  async function shown(post_: Post, options = {}): Promise<string> {
    const inbox = await open({ secret });
    await post(inbox, post_);
    return formatWebhook(last(inbox), options).join("\n");
  }
  const withFields = (fields: object) => ({ body: JSON.stringify(fields) });

  it("reads as a line and what is to be seen beside it", async () => {
    const text = await shown({ headers: signed(JSON.stringify(ended)) });
    expect(text).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} {2}Missed {8}420774852629 → 804 {2}230102154720_16-0 {2}✓ signed\n {14}PragueDID:Missed call by queue 804 from 420774852629$/,
    );
  });

  it.each([
    [
      { event: "ringing", callerid: "1", user: "102", usertype: "ext" },
      "Ringing       1 → 102 (ext)",
    ],
    [{ event: "dialing", callerid: "1", user: "102" }, "Dialling      1 ← 102"],
    [{ Event: "incomingcall_started", Callerid: "1", User: "2" }, "Answered      1 → 2"],
    [{ ...ended, finishtype: "Ok", transfer: "True" }, "Passed on"],
    [{ ...ended, finishtype: "Ok" }, "Ended"],
    [{ FILES: ["https://a/1.mp3"] }, "Recording     unsigned\n              https://a/1.mp3"],
    [{ event: "novel" }, "novel         unsigned"],
    [{}, "POST          unsigned"],
  ])("shows %j", async (fields, expected) => {
    expect(await shown(withFields(fields))).toContain(expected);
  });

  it("remarks on what is odd", async () => {
    const inbox = await open({ fail: "500x1" });
    const headers = { "webhook-id": "a", "offhook-sequence": "3", "offhook-attempt": "2" };
    await post(inbox, { headers });
    expect(formatWebhook(last(inbox)).join("\n")).toMatch(
      /attempt 2\n.*numbers 1 to 2 of this call have not come\n.*failed on purpose: 500$/,
    );
    await post(inbox, { headers: { ...headers, "offhook-sequence": "2" } });
    expect(formatWebhook(last(inbox)).join("\n")).toContain("number 1 of this call has not come");
    await post(inbox, { headers });
    await post(inbox, { headers: { ...headers, "offhook-sequence": "1" } });
    expect(formatWebhook(last(inbox)).join("\n")).toMatch(/taken before.*\n.*comes after number 3/);
    await post(inbox, { body: "nonsense" });
    expect(formatWebhook(last(inbox)).join("\n")).toContain("Expected a JSON object");
  });

  it("marks a signature that is bad or not checked", async () => {
    expect(await shown({ headers: { ...signed("other") } })).toContain("✗ bad signature: no");
    const inbox = await open();
    await post(inbox, { headers: signed("other") });
    expect(formatWebhook(last(inbox))[0]).toContain("not checked");
  });

  it("shows the raw body or query, and colours, on request only", async () => {
    expect(await shown(withFields({ did: "" }), { raw: true })).toContain(
      '\n              {"did":""}',
    );
    const inbox = await open();
    await fetch(`${inbox.url}/in?event=ringing`);
    expect(formatWebhook(last(inbox), { raw: true })[1]?.trim()).toBe("/in?event=ringing");
    expect(formatWebhook(last(inbox), { colour: true })[0]).toContain("\u001b[1mRinging");
    expect(formatWebhook(last(inbox)).join()).not.toContain("\u001b");
  });

  it("lets no stranger move the cursor", async () => {
    const text = await shown(withFields({ event: "\u001b[2Jx", user: "a\nb", title: "\u202e!" }));
    for (const wrong of ["\u001b", "a\nb", "\u202e"]) expect(text).not.toContain(wrong);
    expect(text).toContain("\ufffd[2Jx");
  });
});
