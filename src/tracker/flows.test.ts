/** The published call flows (docs/contract.md §3), leg by leg. */
import { describe, expect, it } from "vitest";
import { caller, inside, leg, outside, Phone, ref, row, t0 } from "../../test/support/phone.ts";

const viaQueue = { originatedBy: ref("800") };

describe("incoming, answered", () => {
  it("goes through IVR and queue to the agent who lifts", () => {
    const phone = new Phone();
    phone.leg("801", 3, "connected");
    phone.leg("800", 4, "connected", { originatedBy: ref("801") });
    phone.gone("801/3");
    phone.leg("101", 5, "ringing", viaQueue);
    phone.leg("102", 6, "ringing", viaQueue);
    expect(phone.told()).toEqual([
      "ringing 801 -0",
      "ringing 800 -0",
      "ringing 101 -0",
      "ringing 102 -0",
    ]);
    phone.at += 5_000;
    phone.leg("102", 6, "connected", viaQueue);
    phone.gone("101/5", "800/4");
    expect(phone.told()).toEqual(["answered 102 -1 NotDef"]);
    phone.at += 7_900;
    phone.gone("102/6");
    expect(phone.told()).toEqual([]);
    expect(phone.asks).toBe(1);
    phone.at += 20;
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 7_900, callerid: caller, at: t0 + 12_900 });
  });

  it("has one id for all phones, of the PBX's own start time if known before the first event", () => {
    const phone = new Phone({ timezone: "Europe/Prague" });
    phone.list(row("801", { establishedAt: t0 - 1_500 }));
    phone.leg("801", 3, "connected");
    phone.leg("101", 5, "ringing");
    expect(phone.events.map((e) => e.callId)).toEqual(["260504095958_7", "260504095958_7"]);
    expect(new Set(phone.events.map((e) => e.eventId)).size).toBe(2);
  });

  it("takes a leg first seen connected for the answer, and invents no ringing", () => {
    const phone = new Phone();
    phone.snapshot(leg("101", 5, "connected"));
    expect(phone.told()).toEqual(["answered 101 -1 NotDef"]);
  });

  it("tells one ringing for a user with several devices, and a new one when polled again", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", viaQueue);
    phone.leg("101", 6, "ringing", viaQueue);
    phone.leg("101", 5, "ringing", viaQueue);
    expect(phone.told()).toEqual(["ringing 800 -0", "ringing 101 -0"]);
    phone.gone("101/5");
    phone.leg("101", 7, "ringing", viaQueue);
    expect(phone.told()).toEqual([]);
    phone.gone("101/6", "101/7");
    phone.leg("101", 8, "ringing", viaQueue);
    expect(phone.told()).toEqual(["ringing 101 -0"]);
  });

  it("keeps the user when others ring late, listen in or join", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", viaQueue);
    phone.leg("101", 5, "connected", viaQueue);
    phone.leg("102", 6, "ringing", viaQueue);
    phone.gone("800/4", "102/6");
    phone.leg("103", 9, "connected", { originatedBy: null });
    phone.leg("101", 10, "connected");
    expect(phone.told()).toEqual(["ringing 800 -0", "ringing 101 -0", "answered 101 -1 NotDef"]);
    phone.gone("103/9", "101/5");
    expect(phone.told()).toEqual([]);
    phone.gone("101/10");
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });
});

describe("incoming, missed", () => {
  it("at the queue, also while agents ring", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", viaQueue);
    phone.gone("101/5", "800/4");
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0", "ringing 101 -0", "ended 800 -0 Missed"]);
  });

  it("at a queue or ring group that only the agents' legs name", () => {
    for (const level of ["800", "820"]) {
      const phone = new Phone();
      phone.leg("101", 5, "ringing", { originatedBy: ref(level) });
      phone.leg("102", 6, "ringing", { originatedBy: ref(level) });
      phone.gone("101/5", "102/6");
      phone.leg("101", 7, "ringing", { originatedBy: ref(level) });
      phone.gone("101/7");
      phone.list();
      expect(phone.told()).toEqual([
        `ringing ${level} -0`,
        "ringing 101 -0",
        "ringing 102 -0",
        "ringing 101 -0",
        `ended ${level} -0 Missed`,
      ]);
    }
  });

  it("at a queue whose agents are said to come from the router", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing");
    phone.gone("101/5", "800/4");
    phone.list();
    expect(phone.told().at(-1)).toBe("ended 800 -0 Missed");
  });

  it("at the extension, once the queue has given the call away", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.gone("800/4");
    phone.leg("150", 5, "ringing", viaQueue);
    phone.pass(300);
    phone.gone("150/5");
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0", "ringing 150 -0", "ended 150 -0 Missed"]);
  });

  it.each([
    ["rings on after a ring group's own leg has gone, not sooner", 5_000, 2_999, "820"],
    ["rings on after a ring group's own leg has gone, not sooner", 5_000, 3_000, "104"],
    ["rings when a ring group gives the call away", 0, 299, "820"],
    ["rings when a ring group gives the call away", 0, 300, "104"],
  ])("at the extension that %s: for %i and %i ms at %s", (_how, before, after, where) => {
    const phone = new Phone();
    phone.leg("820", 4, "ringing");
    phone.leg("104", 6, "ringing", { originatedBy: null });
    phone.pass(before);
    phone.gone("820/4");
    phone.pass(after);
    phone.gone("104/6");
    phone.list();
    expect(phone.told().slice(-2)).toEqual(["ringing 104 -0", `ended ${where} -0 Missed`]);
  });

  it("at the extension that rings on, not at the last one that was offered and is silent", () => {
    const phone = new Phone();
    phone.leg("105", 5, "ringing", { originatedBy: null });
    phone.leg("123", 6, "ringing", { originatedBy: null });
    phone.gone("123/6");
    phone.pass(phone.settings.levelRingsOnMs);
    phone.gone("105/5");
    phone.list();
    expect(phone.told().at(-1)).toBe("ended 105 -0 Missed");
  });

  it("at the queue that an unseen ring group gave the call to, told once", () => {
    const phone = new Phone();
    phone.leg("103", 5, "ringing", { originatedBy: ref("820") });
    phone.leg("800", 6, "connected");
    phone.leg("103", 5, "ringing", { originatedBy: ref("820"), party: outside(caller, "Novak") });
    phone.gone("103/5", "800/6");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 820 -0",
      "ringing 103 -0",
      "ringing 800 -0",
      "ended 800 -0 Missed",
    ]);
  });

  it("at a queue that only the list names, asked when its agents begin to ring", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { originatedBy: null });
    phone.leg("102", 6, "ringing", { originatedBy: null });
    expect(phone.asks).toBe(2);
    phone.feed({ kind: "activeCalls", at: phone.at, askedAt: phone.at - 1, calls: [row("800")] });
    phone.list(row("801"));
    expect(phone.told()).toEqual(["ringing 101 -0", "ringing 102 -0"]);
    phone.list(row("800"));
    phone.gone("101/5", "102/6");
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0", "ended 800 -0 Missed"]);
  });

  it("at the IVR, the extension, or where it came no further than a route point", () => {
    for (const dn of ["801", "101", "app"]) {
      const phone = new Phone();
      phone.leg(dn, 3, dn === "101" ? "ringing" : "connected");
      phone.gone(`${dn}/3`);
      phone.list();
      expect(phone.told()).toEqual([`ringing ${dn} -0`, `ended ${dn} -0 Missed`]);
    }
  });

  it("at the last place that counts when a route point or voicemail takes the call", () => {
    const phone = new Phone();
    phone.leg("101", 3, "ringing");
    phone.gone("101/3");
    phone.list(row("666"));
    phone.leg("app", 4, "connected");
    phone.leg("666", 5, "connected");
    phone.gone("app/4", "666/5");
    phone.list();
    expect(phone.told()).toEqual(["ringing 101 -0", "ringing app -0", "ended 101 -0 Missed"]);
  });

  it("names an IVR that no leg shows when its extension rings", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { originatedBy: ref("801") });
    phone.leg("102", 6, "ringing", { originatedBy: ref("801") });
    phone.gone("101/5", "102/6");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 801 -0",
      "ringing 101 -0",
      "ringing 102 -0",
      "ended 102 -0 Missed",
    ]);
  });

  it("is told though the caller was gone before the number came", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected", { party: outside("") });
    expect(phone.told()).toEqual([]);
    phone.gone("800/4");
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0", "ended 800 -0 Missed"]);
    expect(phone.events[0]?.callerid).toBe("anonymous");
  });
});

describe("the outside party", () => {
  it.each(["", caller])(
    "is waited for until the answer, before which it rang, number '%s'",
    (number) => {
      const phone = new Phone();
      phone.leg("101", 5, "ringing", { party: outside("") });
      phone.leg("101", 5, "connected", { party: outside(number) });
      expect(phone.told()).toEqual(["ringing 101 -0", "answered 101 -1 NotDef"]);
      expect(phone.events[0]?.callerid).toBe(number || "anonymous");
    },
  );

  it("waits briefly for a number that comes a moment later", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { party: outside("") });
    phone.at += 40;
    phone.leg("101", 5, "ringing", { party: outside("+420777000001", "Novak Jan") });
    expect(phone.told()).toEqual(["ringing 101 -0"]);
    expect(phone.events[0]).toMatchObject({ callerid: caller, displayName: "Novak Jan" });
  });

  it("may come a moment after the leg that rings", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { party: { dn: "", kind: "unknown", number: "", name: "" } });
    phone.leg("101", 5, "ringing");
    expect(phone.told()).toEqual(["ringing 101 -0"]);
    expect(phone.events[0]?.direction).toBe("incoming");
  });

  it("has its name filled in when a leg tells it", () => {
    const phone = new Phone();
    const trunk = { ...outside(), name: "MyTrunk" };
    phone.list(row("801", { caller: trunk }));
    phone.list(row("800", { caller: trunk }));
    phone.leg("101", 5, "ringing", { party: outside(caller, "Novak Jan") });
    phone.leg("101", 5, "connected", { party: outside(caller, "Somebody") });
    expect(phone.events.map((e) => [e.user, e.displayName])).toEqual([
      ["801", ""],
      ["800", ""],
      ["101", "Novak Jan"],
      ["101", "Novak Jan"],
    ]);
  });

  it("is anonymous when no number comes", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { party: outside("") });
    phone.pass(199);
    expect(phone.told()).toEqual([]);
    phone.pass(1);
    expect(phone.told()).toEqual(["ringing 101 -0"]);
    phone.leg("101", 5, "connected", { party: outside(caller) });
    expect(phone.events.map((e) => e.callerid)).toEqual(["anonymous", caller]);
  });

  it("has its DID's rule name, else the number, from the first leg that knows", () => {
    const named = new Phone();
    named.leg("801", 3, "connected", { did: { number: "420222000320", ruleName: "DID-1" } });
    named.leg("101", 5, "ringing", { did: { number: "1", ruleName: "later" } });
    expect(named.events.map((e) => [e.did, e.didNumber])).toEqual([
      ["DID-1", "420222000320"],
      ["DID-1", "420222000320"],
    ]);
    const listed = new Phone();
    const only = { number: "420222000320", ruleName: "Only" };
    listed.list(row("801", { did: only }));
    expect(listed.events[0]?.did).toBe("Only");
    const bare = new Phone();
    bare.leg("101", 5, "ringing");
    bare.leg("101", 5, "connected", { did: { number: "420222000320", ruleName: "" } });
    expect(bare.events.map((e) => e.did)).toEqual(["", "420222000320"]);
  });
});

describe("outgoing", () => {
  it("answered", () => {
    const phone = new Phone();
    phone.leg("102", 1, "dialing", { did: { number: "1", ruleName: "x" } });
    phone.leg("102", 1, "dialing");
    phone.at += 3_000;
    phone.leg("102", 1, "connected", { originatedBy: null, legNumber: 1 });
    phone.at += 11_000;
    phone.gone("102/1");
    phone.list();
    expect(phone.told()).toEqual(["dialing 102 -0", "answered 102 -1 NotDef", "ended 102 -1 Ok"]);
    expect(phone.events.map((e) => e.did)).toEqual(["", "", ""]);
    expect(phone.events[2]).toMatchObject({ direction: "outgoing", talkMs: 11_000 });
  });

  it("unanswered", () => {
    const phone = new Phone();
    phone.leg("102", 1, "dialing");
    phone.gone("102/1");
    phone.list();
    expect(phone.told()).toEqual(["dialing 102 -0", "ended 102 -0 Missed"]);
  });

  it("is told once the number is known to lead outside, a long one a moment later in any case", () => {
    const long = new Phone();
    long.leg("102", 1, "dialing", { party: { dn: "", kind: "unknown", number: caller, name: "" } });
    long.pass(199);
    expect(long.told()).toEqual([]);
    long.pass(1);
    expect(long.told()).toEqual(["dialing 102 -0"]);
    const short = new Phone();
    short.leg("102", 1, "dialing", { party: { dn: "", kind: "unknown", number: "112", name: "" } });
    expect(short.told()).toEqual([]);
    short.leg("102", 1, "dialing", { party: outside("112") });
    expect(short.told()).toEqual(["dialing 102 -0"]);
  });

  it("first seen connected is the answer, known by its leg number, not by its maker", () => {
    const phone = new Phone();
    phone.snapshot(leg("102", 1, "connected", { originatedBy: null, legNumber: 1 }));
    expect(phone.told()).toEqual(["answered 102 -1 NotDef"]);
    const self = new Phone();
    self.snapshot(leg("102", 1, "connected", { originatedBy: ref("102"), legNumber: 3 }));
    expect(self.events[0]?.direction).toBe("incoming");
  });

  it("by click-to-call: the own phone that rings first, from nobody, is not told", () => {
    const phone = new Phone();
    const nobody = { dn: "MakeCall", kind: "other" as const, number: "", name: "" };
    phone.leg("102", 1, "ringing", { party: nobody, originatedBy: null, legNumber: 1 });
    expect(phone.told()).toEqual([]);
    phone.leg("102", 1, "connected", { legNumber: 2 });
    expect(phone.told()).toEqual(["answered 102 -1 NotDef"]);
    expect(phone.events[0]?.direction).toBe("outgoing");
  });

  it("may be an application's own", () => {
    const phone = new Phone();
    phone.leg("app", 1, "dialing");
    phone.leg("app", 1, "connected", { originatedBy: null, legNumber: 1 });
    phone.gone("app/1");
    phone.list();
    expect(phone.told()).toEqual(["dialing app -0", "answered app -1 NotDef", "ended app -1 Ok"]);
  });

  it("tells of no phones that ring beside it", () => {
    const phone = new Phone();
    phone.leg("102", 1, "dialing");
    phone.leg("103", 2, "ringing");
    phone.list(row("10007", { caller: inside("800") }));
    expect(phone.told()).toEqual(["dialing 102 -0"]);
  });
});

describe("inside calls", () => {
  it("send nothing, to extension, queue or ring group", () => {
    const phone = new Phone();
    phone.leg("101", 1, "dialing", { party: inside("800") });
    phone.leg("800", 2, "connected", { party: inside("101") });
    phone.leg("102", 3, "ringing", { party: inside("101"), originatedBy: ref("800") });
    phone.leg("10007", 4, "connected", { party: outside() });
    phone.leg("102", 3, "connected", { party: inside("101") });
    phone.list(row("800", { caller: inside("101") }));
    phone.list();
    phone.gone("101/1", "800/2", "102/3", "10007/4");
    expect(phone.told()).toEqual([]);
    expect(phone.call()).toBeUndefined();
    expect(phone.asks).toBe(0);
  });
});
