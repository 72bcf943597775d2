/**
 * What bad input gets, on the built program: plain words, an exit code, a refusal that stays in force; never a
 * crash, never a lost good event, never a secret in the log (docs/contract.md §5).
 */
import { describe, expect, it } from "vitest";
import { pbxLines, quickRetries } from "../support/process.ts";
import { rig } from "../support/processRig.ts";
import { expectWhole, field, header } from "../support/receiverWebhook.ts";
import { clientSecret } from "../support/standIn.ts";

const whsec = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;

type Rig = Awaited<ReturnType<typeof rig>>;

function lines({ pbx, receiver }: Rig, path = "/hook"): string[] {
  const url = `WEBHOOK_URL = ${receiver.url}${path}`;
  return [...pbxLines(pbx.url), url, `WEBHOOK_SECRET = ${whsec}`, quickRetries];
}

const told = ({ receiver }: Rig, path = "/hook"): string[] =>
  receiver.at(path).map((each) => `${field(each, "event")} ${field(each, "user")}`);

async function untilTold(made: Rig, line: string, path = "/hook"): Promise<void> {
  await made.receiver.until(() => told(made, path).includes(line), `"${line}" at ${path}`);
}

describe("a configuration that is wrong", () => {
  it("ends the start with code 2 and every problem, before anything is sent", async () => {
    const made = await rig();
    await made.installation.configure([
      ...lines(made),
      "PBX_TIMEZONE_ = UTC",
      "ORDER = sometimes",
      "REQUEST_TIMEOUT_MS = soon",
      "[endpoint.crm]",
      "URL = crm.example.com",
      "PROFILE = modern",
    ]);
    const offhook = made.installation.start();
    expect(await offhook.exited()).toBe(2);
    for (const [key, found] of [
      ["ORDER", "sometimes"],
      ["REQUEST_TIMEOUT_MS", "soon"],
      ["URL", "crm.example.com"],
      ["PROFILE", "modern"],
    ]) {
      const pattern = new RegExp(
        `^error\\b.*TCXWebAPI\\.ini:\\d+.*\\b${key}\\b.*"${found}".*expected`,
        "m",
      );
      expect(offhook.output).toMatch(pattern);
    }
    expect(offhook.output).toMatch(/^warning\b.*PBX_TIMEZONE_.*PBX_TIMEZONE/m);
    expect(made.pbx.asked).toEqual([]);
    expect(made.receiver.requests).toEqual([]);
  });

  it("is refused when it replaces a good one, which stays in force; a good one takes over", async () => {
    const made = await rig();
    await made.installation.configure(lines(made));
    const offhook = await made.installation.start().ready();

    await made.installation.configure([...lines(made, "/other"), "ORDER = sometimes"]);
    await offhook.says("config.refused");
    expect(offhook.lines("config.refused")[0]).toContain("sometimes");
    const first = made.incoming(1);
    await first.rings("101");
    await untilTold(made, "ringing 101");

    await made.installation.configure(lines(made, "/new"));
    await offhook.says("config.reloaded");
    await first.isAnsweredBy("101");
    await untilTold(made, "hangupincoming 101", "/new");
    expect(told(made)).toEqual(["ringing 101"]);

    await made.installation.configure(lines(made, "/hook"));
    await offhook.says("config.reloaded", 2);
    offhook.signal("SIGHUP");
    await offhook.says("SIGHUP");
    first.ends();
    await untilTold(made, "incoming 101");
    expect(await offhook.stop()).toBe(0);
  });
});

describe("a PBX that has no answer", () => {
  it("is asked again at once on SIGHUP, though nothing in the ini has changed", async () => {
    const made = await rig();
    const patient = (line: string) => line.replace(/^(PBX_RECONNECT_M.._MS) = .*/, "$1 = 3600000");
    await made.installation.configure(lines(made).map(patient));
    made.pbx.instead = (path) => (path === "/connect/token" ? { status: 503 } : undefined);
    const offhook = made.installation.start();
    await offhook.says('"retryInMs":3600000');
    made.pbx.instead = () => undefined;
    offhook.signal("SIGHUP");
    await offhook.ready();
    await made.incoming(1).rings("101");
    await untilTold(made, "ringing 101");
    expect(await offhook.stop()).toBe(0);
  });
});

describe("a PBX that talks nonsense", () => {
  it("is not understood in clear words, and the good events come all the same", async () => {
    const made = await rig();
    await made.installation.configure(lines(made));
    const offhook = await made.installation.start().ready();
    const junk = [
      "",
      "{",
      "[]",
      "null",
      '"text"',
      '{"sequence":"x","event":7}',
      '{"sequence":1,"event":{"event_type":99,"entity":"/callcontrol/101/participants/1"}}',
      '{"sequence":2,"event":{"event_type":0,"entity":"/callcontrol/../../etc/participants/x"}}',
      `{"sequence":3,"event":{"event_type":0,"entity":"${"/x".repeat(20_000)}"}}`,
      "\u0000\u0001",
    ];
    const bad = new Set<string>();
    made.pbx.instead = (path) => {
      if (!/participants\/\d+$/.test(path) || bad.has(path)) return undefined;
      bad.add(path);
      const texts = ["<html>", "{}", "[1,2", '{"id":"?","status":{}}'];
      return { status: bad.size % 3 === 0 ? 502 : 200, text: texts[bad.size % 4] ?? "" };
    };
    const call = made.incoming(1);
    for (const text of junk) made.pbx.say(text);
    await call.rings("101", "102");
    for (const text of junk) made.pbx.say(text);
    // A leg that could not be read is read again at the next word of it, or with the next snapshot.
    await call.rings("101", "102");
    await untilTold(made, "ringing 101");
    await untilTold(made, "ringing 102");
    await call.isAnsweredBy("102");
    for (const text of junk) made.pbx.say(text);
    await untilTold(made, "hangupincoming 102");
    call.ends();
    await untilTold(made, "incoming 102");
    expect(told(made).toSorted()).toEqual(
      ["ringing 101", "ringing 102", "hangupincoming 102", "incoming 102"].toSorted(),
    );
    expectWhole(made.receiver.at("/hook"));
    expect(offhook.exitCode).toBe(null);
    expect(offhook.lines('"level":40').length).toBeGreaterThan(0);
    expect(offhook.lines('"level":40').length).toBeLessThan(30);
  });

  it("or refuses the log-in: why, in plain words, in the log and in /readyz", async () => {
    const made = await rig();
    const [wrong] = ["not-the-secret-at-all"];
    await made.installation.configure([
      ...pbxLines(made.pbx.url, wrong),
      `WEBHOOK_URL = ${made.receiver.url}/hook`,
    ]);
    const offhook = made.installation.start();
    const { status, body } = await offhook.untilReadiness(({ body: said }) =>
      JSON.stringify(said.reasons ?? []).includes("ecret"),
    );
    expect(status).toBe(503);
    expect(body.reasons).toEqual([
      { part: "pbx.main", reason: expect.stringContaining("PBX_CLIENT_SECRET") },
    ]);
    await offhook.says("PBX_CLIENT_SECRET");
    expect((await fetch(`${await offhook.url()}/healthz`)).status).toBe(200);
    expect(offhook.output).not.toContain(wrong);
    const logins = made.pbx.asked.filter((path) => path.includes("/connect/token"));
    expect(logins.length).toBeLessThan(3);
    expect(await offhook.stop()).toBe(0);
  });
});

describe("a receiver that is not there", () => {
  it("gets everything later, in order, under the same ids", async () => {
    const made = await rig();
    await made.installation.configure(lines(made));
    const offhook = await made.installation.start().ready();
    await made.receiver.close();
    const call = made.incoming(1);
    await call.rings("101");
    await offhook.says("event.stored", 1);
    await call.isAnsweredBy("101");
    await offhook.says("event.stored", 2);
    call.ends();
    await offhook.says("event.stored", 3);
    await offhook.says("delivery.attempted", 2);
    await made.receiver.listen();
    await untilTold(made, "incoming 101");
    expect(told(made)).toEqual(["ringing 101", "hangupincoming 101", "incoming 101"]);
    expectWhole(made.receiver.at("/hook"));
    const [first] = made.receiver.at("/hook");
    expect(Number(first && header(first, "offhook-attempt"))).toBeGreaterThan(1);
  });

  it("fails once: the retry carries the same webhook-id, number and body", async () => {
    const made = await rig();
    await made.installation.configure(lines(made));
    await made.installation.start().ready();
    const { receiver } = made;
    receiver.answer = () => (receiver.requests.length < 2 ? 503 : 200);
    const call = made.incoming(1);
    await call.rings("101");
    await untilTold(made, "ringing 101");
    const tries = receiver.requests;
    expect(tries.map(({ status }) => status)).toEqual([503, 503, 200]);
    expect(tries.map((each) => header(each, "offhook-attempt"))).toEqual(["1", "2", "3"]);
    for (const name of ["webhook-id", "offhook-sequence", "offhook-event-time"]) {
      expect(new Set(tries.map((each) => header(each, name))).size).toBe(1);
    }
    expect(new Set(tries.map(({ body }) => body)).size).toBe(1);
  });
});

describe("SIGTERM", () => {
  it("finishes what is in flight and ends with 0; no secret was ever printed", async () => {
    const made = await rig();
    await made.installation.configure([...lines(made), "LOG_LEVEL = debug"]);
    const offhook = await made.installation.start().ready();
    const call = made.incoming(1);
    let release = () => {};
    made.receiver.hold = new Promise((resolve) => {
      release = resolve;
    });
    await call.rings("101");
    await made.receiver.until(() => made.receiver.arrived === 1, "a request in flight");
    offhook.signal("SIGTERM");
    await offhook.says("SIGTERM");
    expect(offhook.exitCode).toBe(null);
    release();
    expect(await offhook.exited()).toBe(0);
    expect(told(made)).toEqual(["ringing 101"]);
    for (const secret of [clientSecret, whsec, whsec.slice("whsec_".length)]) {
      expect(offhook.output).not.toContain(secret);
    }
    const tokens = /token-\d+/;
    expect(offhook.output).not.toMatch(tokens);

    const next = await made.installation.start().ready();
    call.ends();
    await untilTold(made, "incoming 101");
    await next.stop();
    expectWhole(made.receiver.at("/hook"));
  });
});
