/** Callback orders at queues (docs/contract.md §3, Titles and Decided cases; SPEC.md, R32). */
import { describe, expect, it } from "vitest";
import {
  caller,
  inside,
  leg,
  logged,
  outside,
  Phone,
  ref,
  row,
  t0,
} from "../../test/support/phone.ts";
import type { TrackerSettings } from "./settings.ts";

/** A caller has left queue 800 after ten seconds, and the list says so. */
function left(more: Partial<TrackerSettings> = {}, offered = ["800"]): Phone {
  const phone = new Phone(more);
  phone.offerCallbacks(...offered);
  phone.leg("800", 4, "connected");
  phone.leg("101", 5, "ringing", { originatedBy: ref("800") });
  phone.at += 10_000;
  phone.gone("101/5", "800/4");
  phone.told();
  phone.list();
  return phone;
}

const entry = (more: object = {}) => logged({ endedAt: t0 + 10_000, level: ref("800"), ...more });
const plain = "ended 800 -0 Missed";
const ordered = `${plain} callback`;

/** The PBX polls 101 in a new call, on behalf of the queue. */
function callsBack(phone: Phone, more: object = {}): void {
  const marks = { originatedBy: ref("800"), onBehalfOf: ref("800"), callNumber: 8 };
  phone.leg("101", 9, "ringing", { ...marks, ...more });
}

describe("a call missed at a queue that offers callbacks", () => {
  it("has its order told by the log", () => {
    const phone = left();
    expect(phone.told()).toEqual([]);
    expect(phone.inquiries).toEqual([t0]);
    phone.log(entry({ callbackOrdered: true }));
    expect(phone.told()).toEqual([ordered]);
    expect(phone.events.at(-1)?.at).toBe(t0 + 10_000);
  });

  it("was left without an order where the log has the call to its end", () => {
    const phone = left();
    phone.log(entry({ endedAt: t0 + 7_999 }));
    expect(phone.told()).toEqual([]);
    phone.log(entry({ endedAt: t0 + 8_000 }));
    expect(phone.told()).toEqual([plain]);
  });

  it("is sent without in the end, after looking again and again, and at once where there is no log", () => {
    const phone = left();
    phone.log();
    phone.list();
    phone.pass(2_999);
    expect(phone.told()).toEqual([]);
    expect(phone.inquiries).toHaveLength(phone.settings.callbackLooks);
    phone.pass(1);
    expect(phone.told()).toEqual([plain]);
    const closed = left();
    closed.noLog();
    expect(closed.told()).toEqual([plain]);
  });

  it("is waited for anew after a blind stretch, over our restart, too; where it was missed is known", () => {
    const again = (restarts: boolean) => {
      const phone = left();
      if (restarts) phone.restart();
      phone.lose();
      phone.at += 20_000;
      phone.list();
      phone.snapshot();
      return phone;
    };
    for (const restarts of [false, true]) {
      const phone = again(restarts);
      phone.log(entry({ callbackOrdered: true, level: ref("101") }));
      expect(phone.told()).toEqual([ordered]);
      expect(phone.events.at(-1)?.at).toBe(t0 + 10_000);
      const unlogged = again(restarts);
      unlogged.pass(3_000);
      expect(unlogged.told()).toEqual([plain]);
    }
  });

  it("has its order told once, by agents whom the PBX polls where the blind stretch ends", () => {
    const phone = left();
    phone.lose();
    phone.at += 20_000;
    const marks = { originatedBy: ref("800"), onBehalfOf: ref("800"), callNumber: 8 };
    phone.snapshot(leg("101", 9, "ringing", marks));
    phone.pass(3_000);
    expect(phone.told().filter((line) => line.startsWith("ended"))).toEqual([ordered]);
  });

  it("has its order told by the PBX, which polls agents on behalf of the queue", () => {
    const phone = left();
    callsBack(phone);
    callsBack(phone, { originatedBy: ref("800") });
    expect(phone.told()).toEqual([ordered, "ringing 800 -0", "ringing 101 -0"]);
    expect(phone.events.map(({ callNumber }) => callNumber)).toEqual([7, 7, 7, 8, 8]);
  });

  it("has its order told by the queue, which dials the caller", () => {
    const phone = left();
    phone.leg("800", 9, "dialing", { callNumber: 8 });
    expect(phone.told()).toEqual([ordered, "ringing 800 -0"]);
    expect(phone.events.map(({ callNumber }) => callNumber)).toEqual([7, 7, 7, 8]);
  });

  it.each([
    ["whose number", outside("")],
    ["who", { dn: "", kind: "unknown" as const, number: "", name: "" }],
  ])("has it told so, too, where %s shows a moment later", (_, party) => {
    const phone = left();
    phone.leg("800", 9, "dialing", { callNumber: 8, party });
    phone.at += 100;
    phone.leg("800", 9, "dialing", { callNumber: 8 });
    expect(phone.told()).toEqual([ordered, "ringing 800 -0"]);
  });

  it("is that of who left first, where two with one number wait to know", () => {
    const phone = left();
    phone.at += 500;
    phone.leg("800", 14, "connected", { callNumber: 9 });
    phone.gone("800/14");
    phone.list();
    phone.at += 500;
    phone.told();
    callsBack(phone);
    phone.pass(3_000);
    const ends = phone.events.filter(({ kind }) => kind === "ended");
    expect(ends.map(({ callNumber }) => callNumber)).toEqual([7, 9]);
    expect(phone.told().filter((line) => line.startsWith("ended"))).toEqual([ordered, plain]);
  });

  it("is not taken for another's, nor for one that calls once more", () => {
    for (const more of [
      { party: outside("420777999999") },
      { onBehalfOf: null },
      { onBehalfOf: ref("102") },
      { originatedBy: ref("820") },
      { originatedBy: null },
      { onBehalfOf: ref("805"), originatedBy: ref("805") },
    ]) {
      const phone = left();
      callsBack(phone, more);
      expect(phone.told()).not.toContain(ordered);
    }
    const waiting = new Phone();
    waiting.leg("800", 4, "connected");
    callsBack(waiting);
    expect(waiting.told()).not.toContain(ordered);
    const again = left();
    again.leg("800", 8, "connected", { callNumber: 8 });
    callsBack(again);
    expect(again.told()).not.toContain(ordered);
    const listed = left();
    listed.list(row("SP0", { callNumber: 8 }));
    callsBack(listed);
    expect(listed.told()).not.toContain(ordered);
    const withheld = new Phone();
    withheld.offerCallbacks("800");
    withheld.leg("800", 4, "connected", { party: outside("") });
    withheld.pass(withheld.settings.numberHoldMs);
    withheld.gone("800/4");
    withheld.list();
    callsBack(withheld, { party: outside("") });
    expect(withheld.told()).not.toContain(ordered);
  });

  it("goes on if it is polled again after all", () => {
    const phone = left();
    phone.leg("101", 6, "ringing", { originatedBy: ref("800"), onBehalfOf: ref("800") });
    phone.leg("101", 6, "connected", { originatedBy: ref("800") });
    expect(phone.told()).toEqual(["ringing 101 -0", "answered 101 -1 NotDef"]);
  });

  it("has its order told from the log after a blind stretch, too", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.lose();
    phone.at += 10_000;
    phone.snapshot();
    phone.list();
    phone.log(entry({ callbackOrdered: true }));
    expect(phone.told()).toEqual(["ringing 800 -0", ordered]);
  });
});

describe("nothing waits", () => {
  it("at a queue that offers none, nor where that is switched off", () => {
    expect(left({}, ["805"]).told()).toEqual([plain]);
    expect(left({ callbackHoldMs: 0 }).told()).toEqual([plain]);
  });

  it("for a call that was answered, handed to an outside number, or goes out", () => {
    const answered = new Phone();
    answered.offerCallbacks("800");
    answered.leg("800", 4, "connected");
    answered.leg("101", 5, "connected", { originatedBy: ref("800") });
    answered.gone("800/4", "101/5");
    answered.list();
    expect(answered.told().at(-1)).toBe("ended 101 -1 Ok");
    const out = new Phone();
    out.offerCallbacks("800");
    out.leg("102", 1, "dialing");
    out.leg("102", 1, "connected", { originatedBy: null, legNumber: 1 });
    out.leg("800", 2, "connected");
    out.gone("102/1", "800/2");
    out.list();
    expect(out.told().at(-1)).toBe("ended 800 -2 Missed");
  });

  it("but a call that was handed to the queue, which carries its link", () => {
    const phone = new Phone();
    phone.offerCallbacks("800");
    phone.leg("102", 5, "connected");
    phone.leg("800", 6, "connected");
    phone.gone("102/5", "800/6");
    phone.list(row("800"));
    phone.list();
    phone.log(entry({ endedAt: phone.at, callbackOrdered: true }));
    expect(phone.told().at(-1)).toBe("ended 800 -2 Missed callback");
    expect(phone.events.at(-1)?.callerid).toBe(caller);
  });
});

describe("the call-back itself", () => {
  it("is told at its queue, which no leg names, as soon as the list does", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.list(row("", { caller: inside("800"), callee: outside(), status: "Initiating" }));
    phone.gone("101/5");
    phone.list();
    expect(phone.told()).toEqual(["ringing 101 -0", "ringing 800 -0", "ended 800 -0 Missed"]);
  });

  it("is a queue's that dials, and goes to whom it polls", () => {
    const phone = new Phone();
    phone.leg("800", 1, "dialing");
    phone.leg("101", 2, "ringing", { originatedBy: ref("800") });
    phone.list(row("", { caller: inside("800"), callee: outside(), status: "Routing" }));
    phone.leg("101", 2, "connected", { originatedBy: ref("800") });
    phone.gone("800/1");
    phone.at += 8_000;
    phone.gone("101/2");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 800 -0",
      "ringing 101 -0",
      "answered 101 -1 NotDef",
      "ended 101 -1 Ok",
    ]);
    expect(phone.events.map(({ direction }) => direction)).toEqual(Array(4).fill("incoming"));
  });

  it("is not what a queue dials in a call that somebody inside has made, which it sends on outside", () => {
    const phone = new Phone();
    const made = { legNumber: 1, originatedBy: null };
    phone.leg("101", 5, "connected", { ...made, party: inside("800") });
    phone.leg("800", 6, "connected", { legNumber: 2, party: inside("101") });
    phone.leg("800", 6, "dialing", { legNumber: 2 });
    phone.leg("101", 5, "connected", made);
    expect(phone.told()).toEqual(["dialing 800 -0", "answered 101 -1 NotDef"]);
    expect(phone.events.map(({ direction }) => direction)).toEqual(["outgoing", "outgoing"]);
  });
});
