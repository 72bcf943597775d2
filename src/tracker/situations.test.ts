/** Situations beyond the usual flows, one by one, each by its name (docs/contract.md §3; SPEC.md). */
import { describe, expect, it } from "vitest";
import {
  inside,
  leg,
  outside,
  Phone,
  ref,
  row,
  settle,
  talking,
} from "../../test/support/phone.ts";

const nobody = { dn: "", kind: "unknown", number: "", name: "" } as const;

describe("calls of the PBX's own, and between its users, are silent", () => {
  it("an intercom call, which is answered by itself", () => {
    const phone = new Phone();
    phone.leg("101", 1, "dialing", { party: { ...ref("666"), number: "*9102", name: "" } });
    phone.leg("102", 2, "connected", { party: inside("101"), originatedBy: null });
    phone.leg("101", 1, "connected", { party: inside("102"), legNumber: 1 });
    phone.list(row("102", { caller: inside("101") }));
    phone.gone("101/1", "102/2");
    expect(phone.told()).toEqual([]);
    expect(phone.state.calls.size).toBe(0);
  });

  it("paging", () => {
    const phone = new Phone();
    const page = { ...ref("820"), number: "820", name: "Paging" };
    phone.leg("101", 1, "dialing", { party: page });
    phone.leg("102", 2, "ringing", { party: inside("101"), originatedBy: ref("820") });
    phone.leg("102", 2, "connected", { party: inside("101"), originatedBy: ref("820") });
    phone.leg("101", 1, "connected", { party: page, legNumber: 1 });
    phone.list(row("820", { caller: inside("101") }));
    phone.gone("101/1", "102/2");
    phone.list();
    expect(phone.told()).toEqual([]);
    expect(phone.state.calls.size).toBe(0);
  });

  it("wake-up calls", () => {
    const phone = new Phone();
    const wakeUp = { ...ref("801"), number: "801", name: "Wake-up" };
    phone.leg("102", 2, "ringing", { party: wakeUp, originatedBy: null, legNumber: 2 });
    phone.leg("102", 2, "connected", { party: wakeUp, originatedBy: null, legNumber: 2 });
    phone.list(row("102", { caller: inside("801") }));
    phone.gone("102/2");
    phone.list();
    expect(phone.told()).toEqual([]);
  });

  it("an own DID dialled from inside, that shows to be the queue a moment later", () => {
    const phone = new Phone();
    const dialled = { ...nobody, number: "420222000100" };
    phone.leg("101", 1, "dialing", { party: dialled });
    phone.at += 50;
    phone.leg("101", 1, "dialing", { party: inside("800") });
    phone.leg("800", 2, "connected", { party: inside("101") });
    phone.at += 1_000;
    phone.list(row("800", { caller: inside("101") }));
    phone.leg("102", 3, "ringing", { party: inside("101"), originatedBy: ref("800") });
    phone.leg("102", 3, "connected", { party: inside("101"), originatedBy: ref("800") });
    phone.gone("101/1", "800/2", "102/3");
    phone.list();
    expect(phone.told()).toEqual([]);
    expect(phone.state.calls.size).toBe(0);
  });
});

describe("calls that reach nobody of ours are silent", () => {
  it.each([
    ["a DID that leads straight to an outside number", "10007"],
    ["trunk to trunk", "10008"],
    ["a DID that leads straight to voicemail", "666"],
  ])("%s", (_how, callee) => {
    const phone = new Phone();
    phone.list(row(callee));
    phone.pass(1_000);
    phone.list(row(callee));
    phone.list();
    expect(phone.told()).toEqual([]);
  });

  it("a caller who is gone before any leg shows", () => {
    const phone = new Phone();
    phone.list(row("ROUTER", { status: "Routing" }));
    phone.list();
    phone.gone("101/5");
    expect(phone.told()).toEqual([]);
  });
});

describe("a caller who is gone before any leg shows", () => {
  it("is missed at the level that the list had", () => {
    const phone = new Phone();
    phone.list(row("801", { status: "Routing" }));
    phone.at += 1_000;
    phone.list();
    expect(phone.told()).toEqual(["ringing 801 -0", "ended 801 -0 Missed"]);
  });
});

describe("a bridge to another PBX", () => {
  it("is an outside line, however short the number behind it", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { party: outside("201", "Branch") });
    phone.leg("101", 5, "connected", { party: outside("201", "Branch") });
    phone.gone("101/5");
    phone.list();
    expect(phone.told()).toEqual(["ringing 101 -0", "answered 101 -1 NotDef", "ended 101 -1 Ok"]);
    expect(phone.events[0]).toMatchObject({ direction: "incoming", callerid: "201" });
  });

  it("is dialled out to, and a call from outside that goes on over it is passed on outside", () => {
    const phone = new Phone();
    const branch = { ...outside("201", "Branch"), dn: "10008" };
    phone.leg("101", 1, "dialing", { callNumber: 8, party: branch });
    phone.leg("101", 1, "connected", { callNumber: 8, party: branch, legNumber: 1 });
    expect(phone.told()).toEqual(["dialing 101 -0", "answered 101 -1 NotDef"]);
    expect(phone.events[0]).toMatchObject({ direction: "outgoing", callerid: "201" });
    phone.leg("102", 5, "connected");
    phone.gone("102/5");
    const over = row("10008", { callee: branch });
    phone.list(over, row("10008", { callNumber: 8, caller: inside("101"), callee: branch }));
    phone.list(row("10008", { callNumber: 8, caller: inside("101"), callee: branch }));
    expect(phone.told()).toEqual(["answered 102 -1 NotDef", "ended 102 -1 Ok passed on"]);
  });
});

describe("an outgoing call whose trunk fails over to the next", () => {
  it("dials once, whether the leg stays or another takes its place", () => {
    const next = { ...outside(), dn: "10008" };
    for (const stays of [true, false]) {
      const phone = new Phone();
      phone.leg("101", 1, "dialing");
      if (!stays) phone.gone("101/1");
      phone.leg("101", stays ? 1 : 2, "dialing", { party: next });
      phone.leg("101", stays ? 1 : 2, "connected", { party: next, legNumber: 1 });
      phone.gone("101/1", "101/2");
      phone.list();
      expect(phone.told()).toEqual(["dialing 101 -0", "answered 101 -1 NotDef", "ended 101 -1 Ok"]);
    }
  });
});

describe("a fax", () => {
  it("that comes in is missed where it was before, and by nobody if it came straight", () => {
    const fax = { dnKind: "fax", originatedBy: ref("101") } as const;
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.leg("888", 6, "connected", fax);
    phone.gone("101/5");
    phone.pass(20_000);
    phone.gone("888/6");
    phone.list();
    expect(phone.told()).toEqual(["ringing 101 -0", "ended 101 -0 Missed"]);
    const straight = new Phone();
    straight.leg("888", 6, "connected", { ...fax, originatedBy: ref("ROUTER") });
    straight.gone("888/6");
    straight.list();
    expect(straight.told()).toEqual([]);
  });
});

describe("a user's mobile that rings with the phone", () => {
  it("and answers: the user's conversation, as the call is with two outside parties then", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.list(row("102", { status: "Routing" }));
    phone.pass(4_000);
    phone.gone("102/5");
    phone.list(row("10007"));
    phone.pass(9_000);
    phone.list();
    expect(phone.told()).toEqual(["ringing 102 -0", "answered 102 -1 NotDef", "ended 102 -1 Ok"]);
  });

  it("and alone is sent the call, while who sends it talks on: it answers for its user", () => {
    const [sent, answered] = [row("103", { status: "Routing" }), row("10007")];
    const phone = talking();
    phone.pass(4_000);
    phone.list(sent);
    phone.pass(4_000);
    phone.gone("102/5");
    phone.list(answered);
    phone.pass(50);
    phone.list(answered);
    phone.pass(9_000);
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Blind",
      "ended 103 -2 Ok",
    ]);
    const back = talking();
    back.pass(4_000);
    back.list(sent);
    back.list(row("102"));
    back.gone("102/5");
    back.list(answered);
    back.pass(50);
    back.list(answered);
    expect(back.told()).toEqual(["ended 102 -1 Ok passed on"]);
  });

  it("and alone is sent the call, as one look alone shows: it answers for its user", () => {
    const phone = talking();
    phone.pass(4_000);
    phone.gone("102/5");
    phone.pass(1_000);
    phone.list(row("103", { status: "Routing" }));
    phone.pass(3_000);
    phone.list(row("10007"));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Blind"]);
  });

  it("and does not: the phone answers as any", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.leg("102", 6, "dialing", { callNumber: 8, party: { ...nobody, dn: "102" } });
    phone.gone("102/6");
    phone.leg("102", 5, "connected");
    expect(phone.told()).toEqual(["ringing 102 -0", "answered 102 -1 NotDef"]);
  });
});

describe("a call on hold", () => {
  it("is the same conversation, held and taken back, whatever its leg shows meanwhile", () => {
    const phone = talking();
    for (const party of [{ ...ref("?"), number: "MOH", name: "" }, outside()]) {
      phone.leg("102", 5, "connected", { party });
      phone.list(row("102", { status: "Hold" }));
      phone.pass(30_000);
    }
    expect(phone.told()).toEqual([]);
    phone.gone("102/5");
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 60_000 });
  });
});

describe("a pick-up", () => {
  it("is the answer of who picked up, who never rang", () => {
    const phone = new Phone();
    const code = { ...ref("666"), number: "*20*101", name: "" };
    phone.leg("101", 5, "ringing");
    phone.leg("103", 6, "dialing", { party: code, callNumber: 8 });
    phone.gone("101/5", "103/6");
    phone.leg("103", 7, "connected", { onBehalfOf: ref("101") });
    phone.gone("103/7");
    phone.list();
    expect(phone.told()).toEqual(["ringing 101 -0", "answered 103 -1 NotDef", "ended 103 -1 Ok"]);
  });
});

describe("a user with several phones, or several calls", () => {
  it("moving the call to another own phone is no new link", () => {
    const phone = talking();
    phone.leg("102", 9, "ringing", { originatedBy: null });
    phone.pass(3_000);
    phone.leg("102", 9, "connected", { originatedBy: null });
    phone.gone("102/5");
    phone.pass(1_000);
    phone.gone("102/9");
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("a transfer to oneself of which the first phone goes before the second answers, is a hand-over", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.leg("102", 9, "ringing", { referredBy: ref("102") });
    phone.leg("102", 9, "connected");
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "ringing 102 -2",
      "answered 102 -2 Blind",
    ]);
  });

  it("a transfer to oneself whose ringing shows while the first phone still talks", () => {
    const phone = talking();
    phone.leg("102", 9, "ringing", { referredBy: ref("102") });
    phone.gone("102/5");
    phone.pass(1_000);
    phone.list(row("102"));
    phone.leg("102", 9, "connected");
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "ringing 102 -2",
      "answered 102 -2 Blind",
    ]);
  });

  it("a swap between two calls tells nothing", () => {
    const phone = talking();
    const other = { callNumber: 8, party: outside("420777999999") };
    phone.leg("102", 6, "ringing", other);
    phone.leg("102", 6, "connected", other);
    expect(phone.told()).toEqual(["ringing 102 -0", "answered 102 -1 NotDef"]);
    for (let swaps = 0; swaps < 3; swaps++) {
      phone.leg("102", 5, "connected");
      phone.leg("102", 6, "connected", other);
      phone.pass(2_000);
    }
    expect(phone.told()).toEqual([]);
    phone.gone("102/6");
    phone.list(row("102"));
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.call()?.talk?.link).toBe(1);
  });
});

describe("a consultation", () => {
  function consulting(): Phone {
    const phone = talking();
    phone.leg("102", 6, "dialing", { callNumber: 8, party: inside("103") });
    phone.leg("103", 7, "ringing", { callNumber: 8, party: inside("102"), originatedBy: null });
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
    phone.leg("102", 6, "connected", { callNumber: 8, party: inside("103") });
    return phone;
  }

  it("from which the caller hangs up: ended, not passed on", () => {
    const phone = consulting();
    phone.gone("102/5");
    settle(phone, row("103", { callNumber: 8, caller: inside("102") }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("that the consulted user or the consulting one hangs up, leaves the call as it was", () => {
    const phone = consulting();
    phone.gone("103/7", "102/6");
    phone.leg("102", 5, "connected");
    phone.pass(5_000);
    phone.gone("102/5");
    settle(phone);
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("that the consulted user hands on before it is joined: whoever is there then has it", () => {
    const phone = consulting();
    const call8 = { callNumber: 8, party: inside("102"), originatedBy: null };
    phone.leg("104", 8, "ringing", { ...call8, referredBy: ref("103") });
    phone.leg("104", 8, "connected", call8);
    phone.gone("103/7");
    phone.pass(5_000);
    phone.leg("104", 8, "connected", { originatedBy: null });
    phone.gone("102/5", "102/6");
    phone.gone("104/8");
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "answered 104 -2 Accomp",
      "ended 104 -2 Ok",
    ]);
  });
});

describe("what can be seen changes in mid-call", () => {
  it("an extension that is deleted, or monitored no longer: its call ends when the list drops it", () => {
    const phone = talking();
    phone.pass(10_000);
    phone.snapshot();
    phone.list(row("102"));
    phone.pass(30_000);
    phone.list(row("102"));
    expect(phone.told()).toEqual([]);
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("an extension that is monitored from now on, and talks", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.gone("800/4");
    phone.list(row("102"));
    phone.pass(5_000);
    phone.snapshot(leg("102", 5, "connected", { originatedBy: ref("800") }));
    phone.gone("102/5");
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0", "answered 102 -1 NotDef", "ended 102 -1 Ok"]);
  });

  it("a monitored extension more beside the one that talks", () => {
    const phone = talking();
    phone.snapshot(leg("102", 5, "connected"), leg("105", 9, "connected", { party: inside("7") }));
    expect(phone.told()).toEqual([]);
  });
});
