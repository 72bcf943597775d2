/** Hand-overs (docs/contract.md §3, Transfers and Decided cases). */
import { describe, expect, it } from "vitest";
import { inside, outside, Phone, ref, row, t0 } from "../../test/support/phone.ts";

function talking(): Phone {
  const phone = new Phone();
  phone.leg("102", 5, "ringing");
  phone.leg("102", 5, "connected");
  phone.told();
  return phone;
}

describe("blind transfer", () => {
  it("of which the transferer stays until it is answered", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", { referredBy: ref("102"), originatedBy: null });
    phone.leg("103", 6, "connected", { originatedBy: null });
    phone.gone("102/5");
    phone.gone("103/6");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 103 -2",
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Blind",
      "ended 103 -2 Ok",
    ]);
  });

  it("of which the transferer leaves first, missed", () => {
    const phone = talking();
    phone.at += 1_000;
    phone.gone("102/5");
    phone.at += 5;
    phone.leg("103", 6, "ringing", { referredBy: ref("102") });
    phone.gone("103/6");
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "ringing 103 -2",
      "ended 103 -2 Missed",
    ]);
  });

  it("that returns to the transferer", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", { referredBy: ref("102") });
    phone.gone("102/5", "103/6");
    phone.list(row("102", { status: "Rerouting" }));
    phone.leg("102", 7, "ringing");
    phone.leg("102", 7, "connected");
    expect(phone.told()).toEqual([
      "ringing 103 -2",
      "ended 102 -1 Ok passed on",
      "ringing 102 -2",
      "answered 102 -2 Blind",
    ]);
  });

  it("to a queue, whose agents carry the new link too", () => {
    const phone = talking();
    phone.leg("800", 6, "connected", { originatedBy: null });
    phone.gone("102/5");
    phone.leg("101", 7, "ringing", { originatedBy: ref("800") });
    phone.gone("101/7", "800/6");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 800 -2",
      "ended 102 -1 Ok passed on",
      "ringing 101 -2",
      "ended 800 -2 Missed",
    ]);
  });

  it("that fails while the transferer holds on: the next one has the next number", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", { referredBy: ref("102") });
    phone.gone("103/6");
    phone.leg("101", 7, "ringing", { referredBy: ref("102") });
    phone.gone("102/5");
    phone.leg("101", 7, "connected");
    expect(phone.told()).toEqual([
      "ringing 103 -2",
      "ringing 101 -3",
      "ended 102 -1 Ok passed on",
      "answered 101 -3 Blind",
    ]);
  });

  it("of an outgoing call", () => {
    const phone = new Phone();
    phone.leg("102", 1, "dialing");
    phone.leg("102", 1, "connected", { originatedBy: null, legNumber: 1 });
    phone.leg("103", 2, "ringing", { referredBy: ref("102"), originatedBy: null });
    phone.gone("102/1");
    phone.leg("103", 2, "connected", { originatedBy: null });
    phone.gone("103/2");
    phone.list();
    expect(phone.told()).toEqual([
      "dialing 102 -0",
      "answered 102 -1 NotDef",
      "ringing 103 -2",
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Blind",
      "ended 103 -2 Ok",
    ]);
    expect(new Set(phone.events.map((e) => e.direction))).toEqual(new Set(["outgoing"]));
  });
});

describe("attended transfer", () => {
  it("whose consulted leg moves over to the caller's call", () => {
    const phone = talking();
    phone.leg("102", 6, "dialing", { callNumber: 8, party: inside("103") });
    phone.leg("103", 7, "ringing", { callNumber: 8, party: inside("102"), originatedBy: null });
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
    phone.leg("103", 7, "connected", { originatedBy: null });
    phone.gone("102/5", "102/6");
    phone.gone("103/7");
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Accomp",
      "ended 103 -2 Ok",
    ]);
  });
});

describe("passed on to where no leg shows", () => {
  it("parked, taken back by another", () => {
    const phone = talking();
    phone.at += 2_000;
    phone.gone("102/5");
    phone.list(row("SP0"));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
    expect(phone.events.at(-1)?.at).toBe(t0 + 2_000);
    phone.pass(60_000);
    phone.list(row("SP0"));
    phone.leg("103", 9, "connected");
    expect(phone.told()).toEqual(["answered 103 -2 Blind"]);
  });

  it("parked, and the caller hangs up", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("SP0"));
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "ended 102 -2 Missed"]);
  });

  it("to an outside number: the rest is not a user's call", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("10007"));
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
  });

  it("to an outside number after all, and back", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row(""));
    phone.list(row("SP0"));
    phone.list(row("10007"));
    expect(phone.call()?.handover?.outside).toBe(true);
    phone.list(row("SP0"));
    expect(phone.call()?.handover?.outside).toBe(false);
  });

  it("to a queue that only the list shows", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.at += 1_000;
    phone.list(row("800"));
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "ringing 800 -2",
      "ended 800 -2 Missed",
    ]);
  });

  it("of an outgoing call, to a queue that only the list shows", () => {
    const phone = new Phone();
    phone.leg("102", 1, "dialing");
    phone.leg("102", 1, "connected", { originatedBy: null, legNumber: 1 });
    phone.gone("102/1");
    phone.at += 1_000;
    phone.list(row("10007", { caller: inside("800"), callee: outside() }));
    phone.list();
    expect(phone.told().slice(2)).toEqual([
      "ended 102 -1 Ok passed on",
      "ringing 800 -2",
      "ended 800 -2 Missed",
    ]);
  });
});
