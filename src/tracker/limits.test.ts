/** Limits by name, and what happens at each; loops of thousands of hops (SPEC.md, L1-L5). */
import { describe, expect, it } from "vitest";
import { inside, leg, logged, outside, Phone, ref, row, t0 } from "../../test/support/phone.ts";
import { type ByDn, put } from "./byDn.ts";
import { serialise } from "./checkpoint.ts";

const sizeOf = (phone: Phone) => {
  const call = phone.call();
  if (call === undefined) throw new Error("Expected call 7.");
  return serialise(call).length;
};

const names = ({ limits }: Phone) => limits.map(({ name, callNumber }) => `${name} ${callNumber}`);

describe("more calls than are followed", () => {
  it("are silent until there is room, then told from where they are", () => {
    const phone = new Phone({ callsMax: 2 });
    phone.snapshot(
      leg("101", 1, "ringing", { callNumber: 1 }),
      leg("102", 2, "ringing", { callNumber: 2 }),
      leg("103", 3, "ringing", { callNumber: 3 }),
    );
    phone.leg("103", 3, "connected", { callNumber: 3 });
    phone.leg("101", 1, "connected", { callNumber: 1 });
    expect(phone.told()).toEqual(["ringing 101 -0", "ringing 102 -0", "answered 101 -1 NotDef"]);
    expect(names(phone)).toEqual(["calls 3", "calls 3"]);
    expect(phone.limits[0]?.max).toBe(2);
    phone.gone("102/2");
    phone.list(row("101", { callNumber: 1 }));
    phone.pass(phone.settings.overKeptMs);
    phone.leg("103", 3, "connected", { callNumber: 3 });
    expect(phone.told()).toEqual(["ended 102 -0 Missed", "answered 103 -1 NotDef"]);
  });

  it("are not taken from the list or the log either, which leaves a gap", () => {
    const phone = new Phone({ callsMax: 1, extras: true });
    phone.leg("101", 1, "ringing", { callNumber: 1 });
    phone.list(row("101", { callNumber: 1 }), row("800", { callNumber: 2 }));
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("101", 1, "ringing", { callNumber: 1 }));
    phone.log(logged({ callNumber: 3, startedAt: t0 + 9_000, number: "420111222333" }));
    expect(phone.told()).toEqual(["ringing 101 -0"]);
    expect(names(phone)).toEqual(["calls 2", "calls 3"]);
    expect(phone.gaps).toHaveLength(1);
  });
});

describe("more legs of a call than are followed", () => {
  it("are silent; what is there already goes on, also a leg that changes or comes over and goes", () => {
    const phone = new Phone({ legsMax: 2 });
    phone.leg("101", 1, "ringing");
    phone.leg("102", 2, "ringing");
    phone.leg("103", 3, "ringing");
    phone.leg("104", 4, "connected", { callNumber: 8, party: inside("105") });
    phone.leg("104", 4, "connected");
    expect(phone.told()).toEqual(["ringing 101 -0", "ringing 102 -0"]);
    expect(names(phone)).toEqual(["legs 7", "legs 7"]);
    expect(phone.call(8)).toBeUndefined();
    phone.leg("102", 2, "connected");
    phone.gone("101/1", "103/3", "104/4");
    phone.gone("102/2");
    phone.list();
    expect(phone.told()).toEqual(["answered 102 -1 NotDef", "ended 102 -1 Ok"]);
  });
});

describe("a chain with more links than are followed", () => {
  /** From 101 to 102 and back, `times` times, each answering. */
  function toAndFro(phone: Phone, times: number): void {
    for (let n = 0; n < times; n++) {
      const dn = n % 2 === 0 ? "101" : "102";
      const before = n % 2 === 0 ? "102" : "101";
      phone.at += 1_000;
      phone.leg(dn, n + 1, "ringing", n === 0 ? {} : { referredBy: ref(before) });
      if (n > 0) phone.gone(`${before}/${n}`);
      phone.leg(dn, n + 1, "connected");
    }
  }

  it("is told as ended, once, and is silent for as long as it goes on", () => {
    const phone = new Phone({ linksMax: 3 });
    toAndFro(phone, 6);
    expect(phone.told()).toEqual([
      "ringing 101 -0",
      "answered 101 -1 NotDef",
      "ringing 102 -2",
      "ended 101 -1 Ok passed on",
      "answered 102 -2 Blind",
      "ringing 101 -3",
      "ended 102 -2 Ok",
    ]);
    expect(names(phone)).toEqual(["links 7"]);
    phone.pass(phone.settings.overKeptMs - 1);
    phone.leg("103", 99, "ringing");
    phone.pass(phone.settings.overKeptMs - 1);
    expect(phone.call()).toBeDefined();
    phone.pass(1);
    expect(phone.call()).toBeUndefined();
    expect(phone.told()).toEqual([]);
  });

  it("gives its number free for another call", () => {
    const phone = new Phone({ linksMax: 2 });
    toAndFro(phone, 3);
    phone.told();
    phone.leg("103", 99, "ringing", { party: outside("420111222333") });
    expect(phone.told()).toEqual(["ringing 103 -0"]);
  });

  it("of 1,000 is told link by link before that, and what is kept of it does not grow", () => {
    const phone = new Phone();
    toAndFro(phone, 200);
    const size = sizeOf(phone);
    const again = new Phone();
    toAndFro(again, 1_000);
    again.gone("102/1000");
    again.list();
    const ends = again.events.filter((e) => e.kind === "ended");
    expect(ends.map(({ link }) => link)).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
    expect(sizeOf(again)).toBeLessThan(size + 100);
    expect(again.limits).toEqual([]);
  });
});

describe("a routing loop of 5,000 hops", () => {
  it("tells each stay, keeps nothing of it, and ends as any call", () => {
    const phone = new Phone();
    const hop = (n: number) => {
      const [to, from] = n % 2 === 0 ? ["801", "800"] : ["800", "801"];
      phone.at += 40;
      phone.leg(to, n + 1, "connected", n === 0 ? {} : { originatedBy: ref(from) });
      if (n > 0) phone.gone(`${from}/${n}`);
    };
    for (let n = 0; n < 10; n++) hop(n);
    const size = sizeOf(phone);
    for (let n = 10; n < 5_000; n++) hop(n);
    expect(sizeOf(phone)).toBeLessThan(size + 20);
    phone.gone("800/5000");
    phone.list();
    const told = phone.told();
    expect(told).toHaveLength(5_001);
    expect(told.slice(-2)).toEqual(["ringing 800 -0", "ended 800 -0 Missed"]);
    expect(new Set(phone.events.map((e) => e.eventId)).size).toBe(5_001);
    expect(new Set(phone.events.map((e) => e.callId)).size).toBe(1);
  });
});

describe("what is kept of a long chain", () => {
  it("is who talked first, and the queues that came first", () => {
    const phone = new Phone({ extras: true });
    for (let n = 0; n < 150; n++) {
      const dn = String(1_000 + n);
      phone.leg(`Q${n}`, 1_000 + n, "connected", { dnKind: "queue" });
      phone.leg(dn, n + 1, "ringing", { originatedBy: { dn: `Q${n}`, kind: "queue" } });
      if (n > 0) phone.gone(`${999 + n}/${n}`);
      phone.gone(`Q${n}/${1_000 + n}`);
      phone.leg(dn, n + 1, "connected");
    }
    phone.gone("1149/150");
    phone.list();
    const last = phone.events.at(-1);
    expect(last).toMatchObject({ kind: "callsummary", links: 150, finish: "Ok" });
    expect(last?.kind === "callsummary" && last.users).toHaveLength(100);
    expect(last?.queues).toHaveLength(100);
  });

  it("are the last of the consultations that took it over", () => {
    const phone = new Phone();
    phone.leg("100", 1, "ringing");
    phone.leg("100", 1, "connected");
    for (let n = 1; n <= 120; n++) {
      const [from, to] = [String(99 + n), String(100 + n)];
      const call = { callNumber: 1_000 + n, originatedBy: null };
      phone.leg(to, n + 1, "connected", { ...call, party: inside(from) });
      phone.leg(to, n + 1, "connected", call);
      phone.gone(`${from}/${n}`);
      phone.pass(3_000);
    }
    expect(phone.call()?.aliases).toHaveLength(100);
    expect(phone.call()?.aliases.at(-1)).toBe(1_120);
    expect(phone.call()?.lastLink).toBe(121);
  });

  it("are the last 2,000 of the DNs that it came by", () => {
    let entries: ByDn<number> = [];
    for (let n = 0; n < 2_001; n++) entries = put(entries, String(n), n);
    expect(entries).toHaveLength(2_000);
    expect(entries[0]).toEqual(["1", 1]);
    expect(put(entries, "5", 0)).toHaveLength(2_000);
  });
});
