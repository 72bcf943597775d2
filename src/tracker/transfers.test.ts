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

  it("to the ring group that brought the call, of which the transferer is a member, too", () => {
    const phone = new Phone();
    const via = { originatedBy: ref("820") };
    phone.leg("102", 5, "ringing", via);
    phone.leg("102", 5, "connected", via);
    phone.leg("105", 6, "ringing", via);
    phone.gone("105/6");
    phone.told();
    phone.at += 12_000;
    phone.leg("103", 7, "ringing", via);
    phone.leg("102", 8, "ringing", via);
    phone.leg("103", 7, "connected", via);
    phone.gone("102/5");
    phone.gone("102/8");
    expect(phone.told()).toEqual([
      "ringing 820 -2",
      "ringing 103 -2",
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Blind",
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

describe("attended transfer, whatever survives it", () => {
  /** 102 talks to the caller and consults 103. */
  function consulting(): Phone {
    const phone = talking();
    phone.leg("102", 6, "dialing", { callNumber: 8, party: inside("103") });
    phone.leg("103", 7, "ringing", { callNumber: 8, party: inside("102"), originatedBy: null });
    phone.leg("102", 6, "connected", { callNumber: 8, party: inside("103") });
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
    return phone;
  }
  const handedOver = ["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"];

  it("a new leg in the caller's call, after the consulted one is gone or before", () => {
    for (const after of [true, false]) {
      const phone = consulting();
      if (after) phone.gone("103/7");
      phone.leg("103", 9, "connected", { originatedBy: null });
      phone.gone("102/5", "102/6", "103/7");
      phone.gone("103/9");
      phone.list();
      phone.pass(60);
      phone.list();
      phone.pass(110);
      phone.list();
      phone.pass(210);
      phone.list();
      expect(phone.told()).toEqual([...handedOver, "ended 103 -2 Ok"]);
    }
  });

  it("the consultation's number: its leg and its row are the caller's call from then on", () => {
    const phone = consulting();
    phone.gone("102/5", "102/6");
    phone.list();
    phone.leg("103", 7, "connected", { callNumber: 8, originatedBy: null });
    phone.at += 5_000;
    phone.list(row("103", { callNumber: 8 }));
    phone.restart();
    phone.leg("104", 9, "ringing", { callNumber: 8, referredBy: ref("103") });
    phone.gone("103/7");
    phone.list(row("104", { callNumber: 8 }));
    phone.gone("104/9");
    phone.list();
    phone.pass(phone.settings.overKeptMs);
    expect(phone.told()).toEqual([
      ...handedOver,
      "ringing 104 -3",
      "ended 103 -2 Ok passed on",
      "ended 104 -3 Missed",
    ]);
    expect(new Set(phone.events.map((e) => e.callNumber))).toEqual(new Set([7]));
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it("uses up its consultation", () => {
    const phone = consulting();
    phone.gone("102/6", "103/7");
    phone.leg("103", 9, "connected", { originatedBy: null });
    phone.gone("102/5");
    phone.leg("104", 10, "ringing", { referredBy: ref("103") });
    phone.gone("103/9", "104/10");
    phone.leg("102", 11, "connected", { originatedBy: null });
    expect(phone.told().slice(0, 2)).toEqual(handedOver);
    expect(phone.events.at(-1)).toMatchObject({ user: "102", transferType: "Blind" });
  });

  it("is not read into a call of another number or user", () => {
    const phone = consulting();
    phone.leg("103", 7, "connected", { callNumber: 8, party: outside("420777999999") });
    expect(phone.told()).toEqual(["answered 103 -1 NotDef"]);
    const apart = new Phone();
    apart.leg("666", 4, "connected");
    apart.leg("103", 7, "connected", { callNumber: 8, party: inside("102") });
    apart.leg("103", 7, "connected", { callNumber: 8 });
    expect(apart.events.map((e) => e.callNumber)).toEqual([8]);
  });

  it("is a blind one where nobody consulted, or long ago", () => {
    const phone = consulting();
    phone.gone("102/6", "103/7");
    phone.pass(10_000);
    phone.leg("104", 8, "connected", { callNumber: 9, party: inside("101") });
    phone.gone("104/8");
    phone.leg("103", 9, "connected", { originatedBy: null });
    phone.gone("102/5");
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Blind"]);
  });

  it("does not hold up the end of a call whose user consults, for long", () => {
    const phone = consulting();
    phone.gone("102/5");
    for (const pause of [50, 100, 200]) {
      phone.list();
      expect(phone.told()).toEqual([]);
      phone.pass(pause);
    }
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });
});

describe("a consultation completed while it still rings", () => {
  it("and one that was given up before a blind transfer, are no joins", () => {
    const phone = talking();
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
    phone.gone("103/7");
    phone.at += 1_000;
    phone.leg("103", 9, "ringing", { referredBy: ref("102") });
    phone.gone("102/5");
    phone.leg("103", 9, "connected");
    expect(phone.told().at(-1)).toBe("answered 103 -2 Blind");
  });

  it("is a blind transfer, whichever leg goes on", () => {
    for (const same of [true, false]) {
      const phone = talking();
      phone.leg("102", 6, "dialing", { callNumber: 8, party: inside("103") });
      phone.leg("103", 7, "ringing", { callNumber: 8, party: inside("102"), originatedBy: null });
      phone.leg("103", same ? 7 : 9, "ringing", { originatedBy: null });
      phone.gone("102/5", "102/6", "103/7".repeat(same ? 0 : 1));
      phone.leg("103", same ? 7 : 9, "connected", { originatedBy: null });
      expect(phone.told()).toEqual([
        "ringing 103 -2",
        "ended 102 -1 Ok passed on",
        "answered 103 -2 Blind",
      ]);
    }
  });
});

describe("an incoming and an outgoing call that their user joins", () => {
  function both(): Phone {
    const phone = talking();
    const party = outside("420777999999");
    phone.leg("102", 6, "dialing", { callNumber: 8, party });
    phone.leg("102", 6, "connected", { callNumber: 8, party, originatedBy: null, legNumber: 1 });
    phone.told();
    return phone;
  }
  const joined = row("10008", { callNumber: 7, callee: outside("420777999999") });

  it("both end passed on, each under its own id, and nothing more", () => {
    const phone = both();
    phone.gone("102/5", "102/6");
    phone.list(joined);
    phone.list();
    expect(phone.told().sort()).toEqual(["ended 102 -1 Ok passed on", "ended 102 -1 Ok passed on"]);
    expect(
      phone.events
        .slice(-2)
        .map((e) => e.callNumber)
        .sort(),
    ).toEqual([7, 8]);
  });

  it("while the list lags behind, nothing is judged", () => {
    const phone = both();
    phone.gone("102/5", "102/6");
    phone.list(row("102"));
    expect(phone.told()).toEqual([]);
    phone.pass(50);
    phone.list(joined);
    expect(phone.told()).toHaveLength(2);
  });

  it("is not read into two calls that end at their own times, or of two users", () => {
    const phone = both();
    phone.gone("102/6");
    phone.list(row("102"));
    phone.at += 5_000;
    phone.gone("102/5");
    phone.list();
    const ends = ["ended 102 -1 Ok", "ended 102 -1 Ok"];
    expect(phone.told()).toEqual(ends);
    const together = both();
    together.gone("102/5", "102/6");
    together.list();
    expect(together.told()).toEqual(ends);
  });
});

describe("forwarded to an outside phone", () => {
  it("and answered there: the forwarding extension's conversation", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.gone("102/5");
    phone.list(row("10007", { status: "Routing" }));
    expect(phone.told()).toEqual(["ringing 102 -0"]);
    phone.at += 3_000;
    phone.list(row("10007"));
    phone.list(row("10007"));
    expect(phone.told()).toEqual(["answered 102 -1 NotDef"]);
    phone.at += 3_000;
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("and passed on to another from there", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.gone("102/5");
    phone.list(row("10007"));
    phone.list(row("103"));
    expect(phone.told().slice(1)).toEqual(["answered 102 -1 NotDef", "ended 102 -1 Ok passed on"]);
  });

  it("is not told of a call that came no further than a queue", () => {
    const phone = new Phone();
    phone.leg("800", 5, "connected");
    phone.gone("800/5");
    phone.list(row("10007"));
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0", "ended 800 -0 Missed"]);
  });
});

describe("a conference", () => {
  it("is no new link: the user's leg stands towards it, and still for the outside party", () => {
    const phone = talking();
    const { asks } = phone;
    phone.leg("102", 5, "connected", { party: { ...ref("700"), number: "700", name: "" } });
    expect(phone.told()).toEqual([]);
    expect(phone.asks).toBe(asks);
    phone.gone("102/5");
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
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

  it("to an outside number, which does not answer: missed by who gets it back", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("10007"));
    phone.leg("102", 9, "ringing");
    phone.gone("102/9");
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "ringing 102 -2",
      "ended 102 -2 Missed",
    ]);
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
