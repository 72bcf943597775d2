/**
 * kill -9 at any moment and start again: what was stored is delivered, what can still be learnt from the PBX
 * is caught up, and no event comes under two webhook-ids (docs/contract.md §4, §8).
 */
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { pbxLines, quickRetries } from "../support/process.ts";
import { type Rig, rig } from "../support/processRig.ts";
import type { Received } from "../support/receiver.ts";
import { callIdOf, expectWhole, field, firstOfEach, header } from "../support/receiverWebhook.ts";

async function configured(said: Awaited<ReturnType<typeof rig>>): Promise<Rig> {
  const { installation, pbx, receiver } = said;
  const url = `WEBHOOK_URL = ${receiver.url}/hook`;
  await installation.configure([...pbxLines(pbx.url), url, quickRetries]);
  return said;
}

/** Accepted webhooks as `ringing 101 -0`; a repeated delivery of one event counts once. */
function told({ receiver }: Rig, callid?: number): string[] {
  const lines = new Map<string, string>();
  for (const each of receiver.at("/hook")) {
    if (callid !== undefined && !callIdOf(each).endsWith(`_${callid}`)) continue;
    const finish = field(each, "finishtype");
    const line = `${field(each, "event")} ${field(each, "user")} ${field(each, "id").split("-")[1]}`;
    lines.set(header(each, "webhook-id"), finish === "" ? line : `${line} ${finish}`);
  }
  return [...lines.values()];
}

async function untilTold(made: Rig, line: string): Promise<void> {
  await made.receiver.until(() => told(made).includes(line), `"${line}" to be told`);
}

/** The same event under one webhook-id, every repetition byte for byte the same. */
function expectNoEventTwice(requests: readonly Received[]): void {
  const idOfEvent = new Map<string, string>();
  for (const each of requests) {
    const event = ["event", "user", "id"].map((name) => field(each, name)).join(" ");
    const id = header(each, "webhook-id");
    expect(idOfEvent.get(event) ?? id, `${event} under two ids`).toBe(id);
    idOfEvent.set(event, id);
  }
  for (const id of new Set(idOfEvent.values())) {
    const same = requests.filter((each) => header(each, "webhook-id") === id);
    expect(new Set(same.map(({ body }) => body)).size).toBe(1);
    expect(new Set(same.map((each) => header(each, "offhook-sequence"))).size).toBe(1);
  }
}

describe("killed and started again", () => {
  it("before a call rings: the ring is told from the snapshot", async () => {
    const made = await configured(await rig());
    const call = made.incoming(1);
    await (await made.installation.start().ready()).crash();
    await call.rings("101");
    await made.installation.start().ready();
    await untilTold(made, "ringing 101 0");
    call.ends();
    await untilTold(made, "incoming 101 0 Missed");
    expectWhole(firstOfEach(made.receiver.at("/hook")));
  });

  it("after a call rang: not told again; answered meanwhile is answered", async () => {
    const made = await configured(await rig());
    const call = made.incoming(2);
    const first = await made.installation.start().ready();
    await call.rings("101", "102");
    await untilTold(made, "ringing 102 0");
    await first.crash();
    await call.isAnsweredBy("102");
    await made.installation.start().ready();
    await untilTold(made, "hangupincoming 102 1");
    call.ends();
    await untilTold(made, "incoming 102 1 Ok");
    expectNoEventTwice(made.receiver.requests);
    expect(told(made)).toEqual([
      "ringing 101 0",
      "ringing 102 0",
      "hangupincoming 102 1",
      "incoming 102 1 Ok",
    ]);
  });

  it("in mid-call: a call that ended meanwhile gets its end", async () => {
    const made = await configured(await rig());
    const [incoming, outgoing] = [made.incoming(3), made.outgoing(4)];
    const first = await made.installation.start().ready();
    await incoming.rings("101");
    await incoming.isAnsweredBy("101");
    await outgoing.isDialledBy("103");
    await outgoing.isPickedUp("103");
    await untilTold(made, "hangupincoming 101 1");
    await untilTold(made, "hangupoutgoing 103 1");
    await first.crash();
    incoming.ends();
    outgoing.ends();
    await made.installation.start().ready();
    await untilTold(made, "incoming 101 1 Ok");
    await untilTold(made, "outgoing 103 1 Ok");
    expectNoEventTwice(made.receiver.requests);
    expectWhole(firstOfEach(made.receiver.at("/hook")));
  });

  it("while the receiver fails: what was stored comes later, in order, under the same ids", async () => {
    const made = await configured(await rig());
    const { receiver } = made;
    receiver.answer = () => 500;
    const call = made.incoming(5);
    const first = await made.installation.start().ready();
    await call.rings("101");
    await call.isAnsweredBy("101");
    await first.says("event.stored", 2);
    call.ends();
    await receiver.until(() => receiver.requests.length > 1, "attempts that fail");
    await first.says("event.stored", 3);
    await first.crash();
    const before = receiver.requests.length;
    receiver.answer = () => 200;
    await made.installation.start().ready();
    await untilTold(made, "incoming 101 1 Ok");
    expectNoEventTwice(receiver.requests);
    expectWhole(firstOfEach(receiver.at("/hook")));
    expect(told(made)).toEqual(["ringing 101 0", "hangupincoming 101 1", "incoming 101 1 Ok"]);
    const again = receiver.requests[before];
    expect(again && header(again, "webhook-id")).toBe(
      receiver.requests[0] && header(receiver.requests[0], "webhook-id"),
    );
    expect(Number(again && header(again, "offhook-attempt"))).toBeGreaterThan(1);
  });

  it.each([
    ["the PBX is asked for the leg that rings", "pbx", 1],
    ["the PBX is asked for the leg that answers", "pbx", 2],
    ["the ringing reaches the receiver", "receiver", 1],
    ["the answer reaches the receiver", "receiver", 2],
    ["the end reaches the receiver", "receiver", 3],
  ] as const)("just as %s", async (_, where, at) => {
    const made = await configured(await rig());
    const { pbx, receiver, installation } = made;
    let offhook = await installation.start().ready();
    let [asked, hit] = [0, false];
    const strike = () => {
      asked += 1;
      if (asked !== at) return;
      offhook.signal("SIGKILL");
      hit = true;
    };
    if (where === "receiver") {
      receiver.answer = () => {
        strike();
        return 200;
      };
    } else {
      pbx.instead = (path) => {
        if (path.includes("/participants/")) strike();
        return undefined;
      };
    }
    const call = made.incoming(6);
    const steps = [
      [() => call.rings("101"), "ringing 101 0"],
      [() => call.isAnsweredBy("101"), "hangupincoming 101 1"],
      [async () => call.ends(), "incoming 101 1 Ok"],
    ] as const;
    for (const [act, line] of steps) {
      await act();
      await receiver.until(() => hit || told(made).includes(line), `"${line}" or the blow`);
      if (hit) {
        hit = false;
        await offhook.exited();
        offhook = await installation.start().ready();
      }
      await untilTold(made, line);
    }
    expect(await offhook.stop()).toBe(0);
    expect(asked).toBeGreaterThanOrEqual(at);
    expectNoEventTwice(receiver.requests);
    expect(told(made)).toEqual(steps.map(([, line]) => line));
  });

  it("again and again under load: each call whole, each event once", async () => {
    const made = await configured(await rig());
    const { receiver, installation } = made;
    const calls = Array.from({ length: 12 }, (_, index) => index + 100);
    let offhook = await installation.start().ready();
    // Some answers are lost on their way: then the same event comes twice, under the same id.
    receiver.answer = () => (receiver.arrived % 9 === 0 ? null : 200);
    for (const [index, callid] of calls.entries()) {
      const call = made.incoming(callid);
      await call.rings("101", "102");
      if (index % 6 === 1) await offhook.crash();
      await call.isAnsweredBy(index % 2 === 0 ? "101" : "102");
      if (index % 6 === 3) await offhook.crash();
      if (offhook.exitCode !== null) offhook = await installation.start().ready();
      // Only what the PBX still shows can be caught up: the end waits until the answer is known.
      await receiver.until(
        () => told(made, callid).some((line) => line.startsWith("hangupincoming")),
        `the answer of call ${callid}`,
      );
      if (index % 6 === 5) await offhook.crash();
      call.ends();
      if (offhook.exitCode !== null) offhook = await installation.start().ready();
    }
    const ended = (callid: number) =>
      told(made, callid).some((line) => /^incoming 10[12] 1 Ok$/.test(line));
    await receiver.until(() => calls.every(ended), "the end of every call");
    await offhook.stop();
    expectNoEventTwice(receiver.requests);
    for (const callid of calls) {
      const lines = told(made, callid);
      expect(lines.filter((line) => line.startsWith("incoming"))).toHaveLength(1);
      expect(lines.filter((line) => line.startsWith("hangupincoming"))).toHaveLength(1);
      expect(new Set(lines).size).toBe(lines.length);
    }
  });
});

describe("stopped in its tracks and let go on", () => {
  it("has been blind, though the connection held: what nobody can fill in is a gap", async () => {
    const { installation, pbx, receiver } = await rig();
    const url = `WEBHOOK_URL = ${receiver.url}/hook`;
    await installation.configure([...pbxLines(pbx.url), url, "EXTRA_EVENTS = gap"]);
    const offhook = await installation.start().ready();
    const stoodFrom = Date.now();
    offhook.signal("SIGSTOP");
    await setTimeout(8_000);
    const stoodTo = Date.now();
    offhook.signal("SIGCONT");
    const gaps = () => receiver.at("/hook").filter((each) => field(each, "event") === "gap");
    await receiver.until(() => gaps().length > 0, "the gap");
    const [gap] = gaps();
    expect(gap && Date.parse(field(gap, "from"))).toBeLessThan(stoodFrom + 1_000);
    expect(gap && Date.parse(field(gap, "to"))).toBeGreaterThanOrEqual(stoodTo);
  });
});
