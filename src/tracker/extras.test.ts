/** The opt-in events: ring stop and call summary (docs/contract.md §8). */
import { describe, expect, it } from "vitest";
import { outside, Phone, ref, row, t0 } from "../../test/support/phone.ts";
import type { CallSummaryEvent } from "../events/event.ts";

const viaQueue = { originatedBy: ref("800") };

/** A tracker that somebody wants the opt-in events of. */
function extras(): Phone {
  return new Phone({ extras: true });
}

function stops(phone: Phone): string[] {
  return phone.events.flatMap((e) => {
    return e.kind === "ringstop" ? [`${e.user} -${e.link} ${e.reason} ${e.at - t0}`] : [];
  });
}

function summary(phone: Phone): CallSummaryEvent {
  const found = phone.events.filter((e) => e.kind === "callsummary");
  expect(found).toHaveLength(1);
  expect(phone.events.at(-1)).toBe(found[0]);
  return found[0] as CallSummaryEvent;
}

describe("ringstop", () => {
  it("is told of phones of several calls in one step, in the order of the calls", () => {
    const phone = extras();
    for (const callNumber of [8, 7]) {
      phone.leg("800", 4 * callNumber, "connected", { callNumber });
      phone.leg(`10${callNumber}`, 5 * callNumber, "ringing", { ...viaQueue, callNumber });
      phone.gone(`10${callNumber}/${5 * callNumber}`);
    }
    phone.pass(phone.settings.ringStopMs);
    expect(stops(phone)).toEqual(["107 -0 unknown 500", "108 -0 unknown 500"]);
  });

  it("tells who answered, and that the others were answered elsewhere", () => {
    const phone = extras();
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", viaQueue);
    phone.leg("102", 6, "ringing", viaQueue);
    phone.leg("103", 7, "ringing", viaQueue);
    phone.gone("103/7");
    phone.at += 300;
    phone.leg("102", 6, "connected", viaQueue);
    phone.gone("101/5", "800/4");
    expect(stops(phone)).toEqual([
      "102 -0 answered 300",
      "103 -0 elsewhere 300",
      "101 -0 elsewhere 300",
    ]);
  });

  it("does not know why a phone stops while the call goes on", () => {
    const phone = extras();
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", viaQueue);
    phone.gone("101/5");
    phone.pass(499);
    expect(stops(phone)).toEqual([]);
    phone.pass(1);
    expect(stops(phone)).toEqual(["101 -0 unknown 500"]);
    phone.pass(600);
    expect(stops(phone)).toHaveLength(1);
  });

  it.each([
    ["timeout", 20_000, "rung for as long as its queue lets it"],
    ["timeout", 19_100, "and a little less, as its leg shows late"],
    ["rejected", 4_000, "fell silent early, while the queue has the caller"],
    ["unknown", 25_000, "rung for longer than that"],
  ])("is told with reason %s of a phone that has, after %d ms, %s", (reason, rangMs) => {
    const phone = extras();
    phone.setRingTimes([["800", 20_000]]);
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", viaQueue);
    phone.pass(rangMs);
    phone.gone("101/5");
    phone.pass(500);
    expect(stops(phone)).toEqual([`101 -0 ${reason} ${rangMs + 500}`]);
  });

  it("blames no phone for a queue that gives the caller away, nor one that rings for no queue", () => {
    const phone = extras();
    phone.setRingTimes([
      ["800", 20_000],
      ["820", 15_000],
    ]);
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", viaQueue);
    phone.pass(5_000);
    phone.gone("101/5", "800/4");
    phone.leg("801", 6, "connected", { originatedBy: ref("800") });
    phone.leg("102", 7, "ringing", { originatedBy: ref("801") });
    phone.pass(1_000);
    phone.gone("102/7");
    phone.pass(500);
    expect(stops(phone)).toEqual(["101 -0 unknown 5500", "102 -0 unknown 6500"]);
  });

  it("is told before the next ringing of a phone that is polled again at once", () => {
    const phone = extras();
    phone.setRingTimes([["800", 20_000]]);
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", viaQueue);
    phone.pass(3_000);
    phone.gone("101/5");
    phone.pass(400);
    phone.leg("101", 6, "ringing", viaQueue);
    const shown = phone.events.map((e) => `${e.kind} ${e.user} ${e.at - t0}`);
    expect(shown.slice(1)).toEqual(["ringing 101 0", "ringstop 101 3400", "ringing 101 3400"]);
    expect(stops(phone)).toEqual(["101 -0 rejected 3400"]);
    phone.pass(600);
    expect(stops(phone)).toHaveLength(1);
  });

  it("knows that the caller hung up, before the end is told", () => {
    const phone = extras();
    phone.leg("800", 4, "connected");
    phone.leg("103", 7, "ringing", viaQueue);
    phone.gone("103/7");
    phone.at += 3_000;
    phone.leg("101", 5, "ringing", viaQueue);
    phone.leg("102", 6, "ringing", viaQueue);
    phone.gone("101/5", "102/6", "800/4");
    phone.list();
    expect(stops(phone)).toEqual([
      "103 -0 unknown 3000",
      "101 -0 caller 3000",
      "102 -0 caller 3000",
    ]);
    expect(phone.events.slice(-2).map((e) => e.kind)).toEqual(["ended", "callsummary"]);
  });

  it("is told for a call whose end nobody saw in time", () => {
    const phone = extras();
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", viaQueue);
    phone.gone("101/5");
    phone.feed({ kind: "snapshot", at: phone.at, legs: [] });
    phone.at += 2_000;
    phone.feed({ kind: "activeCalls", at: phone.at, askedAt: phone.at, calls: [] });
    expect(stops(phone)).toEqual(["101 -0 caller 2000"]);
  });

  it("of a transfer carries its link, and stops with the link at the latest", () => {
    const phone = extras();
    phone.leg("102", 5, "ringing");
    phone.leg("101", 6, "ringing");
    phone.leg("102", 5, "connected");
    phone.at += 5_000;
    phone.leg("103", 7, "ringing", { referredBy: ref("102") });
    phone.gone("102/5");
    phone.leg("103", 7, "connected");
    expect(stops(phone)).toEqual([
      "102 -0 answered 0",
      "101 -0 elsewhere 5000",
      "103 -2 answered 5000",
    ]);
  });

  it("follows no phone as long as nobody wants it, and lets go of those it followed", () => {
    const [wanted, unwanted] = [extras(), new Phone()];
    wanted.leg("101", 5, "ringing");
    unwanted.state = wanted.state;
    unwanted.leg("102", 6, "ringing");
    const followed = () => unwanted.state.calls.values()[0]?.rings.map(([user]) => user);
    expect(followed()).toEqual(["101"]);
    unwanted.leg("102", 6, "connected");
    expect(followed()).toEqual(["101"]);
    unwanted.gone("101/5");
    expect(followed()).toEqual([]);
    expect(stops(unwanted)).toEqual([]);
  });
});

describe("callsummary", () => {
  it("adds up the chain, once, last of all", () => {
    const phone = extras();
    phone.leg("801", 3, "connected", { did: { number: "420222000320", ruleName: "DID-1" } });
    phone.at += 2_000;
    phone.leg("102", 5, "ringing");
    phone.at += 3_000;
    phone.leg("102", 5, "connected");
    phone.gone("801/3");
    phone.at += 10_000;
    phone.leg("103", 7, "ringing", { referredBy: ref("102") });
    phone.at += 1_000;
    phone.leg("103", 7, "connected");
    phone.gone("102/5");
    phone.at += 20_000;
    phone.gone("103/7");
    phone.list();
    expect(summary(phone)).toMatchObject({
      direction: "incoming",
      did: "DID-1",
      finish: "Ok",
      links: 2,
      users: ["102", "103"],
      ringMs: 3_000,
      waitMs: 5_000,
      talkMs: 31_000,
      abandonedAt: "",
      callStartedAt: t0,
      at: t0 + 36_000,
    });
  });

  it("says where a missed call was given up, and of an outgoing one that nobody answered", () => {
    const queue = extras();
    queue.leg("800", 4, "connected");
    queue.at += 4_000;
    queue.gone("800/4");
    queue.list();
    expect(summary(queue)).toMatchObject({
      ...{ finish: "Missed", links: 1, users: [], ringMs: 0, waitMs: 4_000, talkMs: 0 },
      abandonedAt: "800",
    });
    const out = extras();
    out.leg("102", 1, "dialing");
    out.at += 4_000;
    out.gone("102/1");
    out.list();
    expect(summary(out)).toMatchObject({
      direction: "outgoing",
      ringMs: 4_000,
      abandonedAt: "102",
    });
  });

  it("is not told of a call that reached nobody", () => {
    const phone = extras();
    phone.leg("666", 4, "connected", { party: outside("420777000009") });
    phone.gone("666/4");
    phone.list();
    phone.list(row("666"));
    expect(phone.events).toEqual([]);
  });
});
