/**
 * An ini of the original with three lines more, as an operator brings it along: CRLF, byte order mark, comments,
 * a second pair for the users in Users.csv, a mirror. The PBX lets the client see phones alone, and no XAPI
 * (docs/contract.md §2, §5; what is not known stays empty).
 */
import { expect, it } from "vitest";
import { rig } from "../support/processRig.ts";
import { callIdOf, expectWhole, field, fieldsOf } from "../support/receiverWebhook.ts";
import { clientId, clientSecret } from "../support/standIn.ts";
import { plainHabits } from "../support/standInCall.ts";

/** `yyMMddHHmmss` of now in Prague; the call came between two such readings. */
function pragueNow(): string {
  const text = new Date().toLocaleString("sv-SE", { timeZone: "Europe/Prague" });
  return text.replace(/\D/g, "").slice(2);
}

it("routes by Users.csv, mirrors everything, and needs neither XAPI nor a secret", async () => {
  const options = { xapi: "forbidden", visible: ["101", "102"] } as const;
  const { pbx, receiver, installation, incoming } = await rig(options, plainHabits);
  await installation.put(
    "TCXWebAPI.ini",
    [
      "\uFEFF; 3CX Webhook generator",
      `WEBHOOK_URL = ${receiver.url}/first`,
      "WEBHOOK_POST_URL =",
      "RECORDING_FULL_INFO = 1",
      "POST = 0",
      `WEBHOOK_URL_2 = "${receiver.url}/second"`,
      `webhook_url_monitor = ${receiver.url}/mirror?all=1`,
      `PBX_URL = ${pbx.url}`,
      `PBX_CLIENT_ID = ${clientId}`,
      `PBX_CLIENT_SECRET = ${clientSecret}`,
      "PBX_TIMEZONE = Europe/Prague",
      "LISTEN = 127.0.0.1:0",
      "",
    ].join("\r\n"),
  );
  await installation.put("Users.csv", "# the helpdesk\r\n102\r\n");
  const offhook = await installation.start().ready();

  const call = incoming(77);
  const before = pragueNow();
  await call.reaches("800");
  await call.rings("101", "102");
  await receiver.until(() => receiver.at("/mirror").length >= 3, "the ringing at the mirror");
  const after = pragueNow();
  await call.isAnsweredBy("102");
  await receiver.until(() => receiver.at("/mirror").length >= 4, "the answer at the mirror");
  call.ends();
  await receiver.until(
    () => receiver.at("/mirror").length >= 5 && receiver.at("/second").length >= 3,
    "the end at the mirror and at the second pair",
  );
  expect(await offhook.stop()).toBe(0);

  const [first, second, mirror] = ["/first", "/second", "/mirror"].map((path) => receiver.at(path));
  const told = (requests = mirror) =>
    requests?.map((each) => `${field(each, "event")} ${field(each, "user")}`);
  expect(told(first)).toEqual(["ringing 800", "ringing 101"]);
  expect(told(second)).toEqual(["ringing 102", "hangupincoming 102", "incoming 102"]);
  expect(told(mirror)).toEqual([
    "ringing 800",
    "ringing 101",
    "ringing 102",
    "hangupincoming 102",
    "incoming 102",
  ]);
  for (const each of receiver.requests) {
    expect(each.method).toBe("GET");
    expect(each.headers).not.toHaveProperty("webhook-signature");
    expect(field(each, "callerid")).toBe("42077777");
    // Without XAPI nobody knows the rule: the number stands for it.
    expect(field(each, "did")).toBe("381213220030");
    const [at = "", number] = callIdOf(each).split("_");
    expect(number).toBe("77");
    expect(at >= before && at <= after).toBe(true);
  }
  for (const path of ["/first", "/second", "/mirror"]) expectWhole(receiver.at(path));
  const [, answer, end] = second ?? [];
  expect(answer && fieldsOf(answer).map(([name]) => name)).toEqual([
    "event",
    "callerid",
    "user",
    "did",
    "trtype",
    "id",
  ]);
  expect(end && fieldsOf(end).map(([name]) => name)).toEqual([
    "event",
    "callerid",
    "user",
    "finishtype",
    "transfer",
    "did",
    "title",
    "id",
  ]);
  expect(end && field(end, "title")).toMatch(
    /^381213220030:Answered call from 42077777 \(\d:\d\d\)$/,
  );
});
