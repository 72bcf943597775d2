/** Blind hand-overs (docs/contract.md §3, Transfers): who leaves when, who gets it, who misses it. */
import { describe, expect, it } from "vitest";
import { inside, leg, outside, Phone, ref, row, talking } from "../../test/support/phone.ts";

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

  it.each([
    [-600, 999, []],
    [-600, 1_000, ["ringing 820 -2"]],
    [600, 0, ["ringing 820 -2"]],
  ] as const)(
    "to a phone, and a list has the call at a ring group since %i ms after the answer, asked %i ms after that phone rang: %j",
    (sinceMs, askedMs, told) => {
      const phone = new Phone({ listLateMs: 1_000 });
      phone.leg("101", 5, "ringing");
      phone.leg("101", 5, "connected");
      const changedAt = phone.at + sinceMs;
      phone.pass(800);
      phone.leg("105", 6, "ringing");
      expect(phone.told().at(-1)).toBe("ringing 105 -2");
      phone.at += askedMs;
      phone.list(row("820", { status: "Routing", changedAt }));
      expect(phone.told()).toEqual(told);
    },
  );

  it("that fails while the transferer holds on: the next one has the next number", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", { referredBy: ref("102") });
    phone.gone("103/6");
    phone.pass(phone.settings.attemptFollowMs);
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

  it("that failed at a phone of a ring group, whose own leg shows only then, is no new one", () => {
    const phone = talking();
    phone.leg("103", 7, "ringing", { originatedBy: ref("820") });
    phone.gone("103/7");
    phone.pass(phone.settings.attemptFollowMs);
    phone.leg("820", 6, "ringing", { originatedBy: null });
    expect(phone.told()).toEqual(["ringing 820 -2", "ringing 103 -2"]);
    phone.gone("820/6");
    phone.leg("820", 8, "ringing", { originatedBy: null });
    expect(phone.told()).toEqual(["ringing 820 -3"]);
  });

  it("that a forward sends on keeps its number over the hole between two places", () => {
    const phone = talking();
    phone.leg("162", 6, "ringing", { referredBy: ref("102") });
    phone.gone("162/6");
    phone.pass(500);
    phone.leg("800", 7, "connected");
    phone.gone("800/7");
    phone.pass(999);
    phone.gone("102/5");
    phone.leg("101", 8, "connected");
    expect(phone.told()).toEqual([
      "ringing 162 -2",
      "ringing 800 -2",
      "ended 102 -1 Ok passed on",
      "answered 101 -2 Blind",
    ]);
  });

  it("is not read into the leg of the ring group that brought the call, first seen after the answer", () => {
    const phone = new Phone();
    const via = { originatedBy: ref("820") };
    phone.leg("102", 5, "ringing", via);
    phone.leg("102", 5, "connected", { originatedBy: null });
    phone.leg("820", 4, "ringing");
    phone.gone("820/4");
    expect(phone.told()).toEqual(["ringing 820 -0", "ringing 102 -0", "answered 102 -1 NotDef"]);
    const shown = new Phone();
    shown.leg("820", 4, "ringing");
    shown.leg("102", 5, "ringing", via);
    shown.leg("102", 5, "connected", via);
    shown.gone("820/4");
    shown.told();
    shown.at += 1_500;
    shown.leg("820", 6, "ringing");
    shown.gone("102/5");
    expect(shown.told()).toEqual(["ringing 820 -2", "ended 102 -1 Ok passed on"]);
  });

  it("back to the queue that brought the call, which was not seen then, shows in a leg that was made after the answer", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing", { originatedBy: ref("800"), legNumber: 3 });
    phone.leg("102", 5, "connected", { originatedBy: ref("800"), legNumber: 3 });
    phone.pass(900);
    phone.leg("800", 6, "connected", { legNumber: 4 });
    phone.gone("102/5");
    expect(phone.told().slice(3)).toEqual(["ringing 800 -2", "ended 102 -1 Ok passed on"]);
  });

  it("is not read into a late leg of a polling that somebody before handed the call to", () => {
    const phone = new Phone();
    phone.leg("104", 4, "connected");
    phone.leg("800", 5, "connected", { referredBy: ref("104") });
    phone.gone("104/4");
    phone.leg("109", 8, "ringing", { originatedBy: ref("800"), referredBy: ref("104") });
    phone.leg("109", 8, "connected", { originatedBy: ref("800"), legNumber: 8 });
    phone.told();
    const late = { originatedBy: ref("800"), legNumber: 9 };
    phone.leg("113", 9, "ringing", { ...late, referredBy: ref("104") });
    expect(phone.told()).toEqual([]);
    phone.leg("114", 10, "ringing", { ...late, referredBy: ref("109"), legNumber: 10 });
    expect(phone.told()).toEqual(["ringing 114 -3"]);
  });

  it("is not read into a late phone, whoever made its leg, while the queue that rang it with the user's still stands", () => {
    for (const seen of ["before", "after"]) {
      const phone = new Phone();
      const queue = () => phone.leg("800", 4, "connected", { legNumber: 4 });
      if (seen === "before") queue();
      phone.leg("101", 5, "connected", { originatedBy: null, legNumber: 5 });
      if (seen === "after") queue();
      phone.told();
      phone.leg("102", 6, "ringing", { originatedBy: null, legNumber: 6 });
      expect(phone.told()).toEqual([]);
      phone.gone("102/6", "800/4");
      phone.at += 100;
      phone.leg("102", 7, "ringing", { originatedBy: null, legNumber: 7 });
      expect(phone.told()).toEqual(["ringing 102 -2"]);
    }
  });

  it("is not read into who shows to ring a moment after a call that was answered when it showed first", () => {
    for (const maker of [ref("800"), ref("ROUTER"), null]) {
      const phone = new Phone();
      phone.leg("101", 5, "connected", { originatedBy: null, legNumber: 5 });
      phone.told();
      phone.at += 99;
      phone.leg("102", 6, "ringing", { originatedBy: maker, legNumber: 6 });
      expect(phone.told()).toEqual([]);
      phone.gone("102/6");
      phone.at += 1;
      phone.leg("103", 7, "ringing", { originatedBy: maker, legNumber: 7 });
      expect(phone.told()).toContain("ringing 103 -2");
    }
    const rung = talking();
    rung.leg("103", 7, "ringing", { originatedBy: ref("800"), legNumber: 7 });
    expect(rung.told()).toEqual(["ringing 800 -2", "ringing 103 -2"]);
  });

  it("is not read into a late leg that the PBX's router is said to have made, unless a hand-over has begun", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", { originatedBy: ref("ROUTER"), legNumber: 5 });
    phone.leg("101", 5, "connected", { legNumber: 5 });
    phone.told();
    phone.leg("102", 6, "ringing", { originatedBy: ref("ROUTER"), legNumber: 6 });
    expect(phone.told()).toEqual([]);
    phone.leg("820", 7, "ringing", { originatedBy: null, legNumber: 7 });
    phone.leg("103", 8, "ringing", { originatedBy: ref("ROUTER"), legNumber: 8 });
    expect(phone.told()).toContain("ringing 103 -2");
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

  it("back to the ring group that brought the call, soon after the answer", () => {
    const via = { originatedBy: ref("820") };
    const phone = new Phone();
    phone.leg("820", 4, "ringing");
    phone.leg("102", 5, "ringing", via);
    phone.leg("102", 5, "connected", via);
    phone.gone("820/4");
    phone.told();
    phone.at += 1_000;
    phone.leg("820", 6, "ringing");
    phone.leg("103", 7, "ringing", via);
    expect(phone.told()).toEqual(["ringing 820 -2", "ringing 103 -2"]);
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

describe("a leg that shows after the answer and was made before it", () => {
  it("is no hand-over, whatever it is; one that was made later is", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { legNumber: 5 });
    phone.leg("101", 5, "connected", { legNumber: 5 });
    phone.told();
    phone.leg("820", 3, "ringing", { legNumber: 3 });
    phone.leg("102", 4, "ringing", { legNumber: 4 });
    phone.gone("820/3", "102/4");
    expect(phone.told()).toEqual([]);
    phone.leg("103", 6, "ringing", { legNumber: 6 });
    expect(phone.told()).toEqual(["ringing 103 -2"]);
  });
});

describe("a conversation that the list has before its user's leg shows", () => {
  it("is handed over to nobody who was rung before that leg was made", () => {
    const phone = new Phone();
    phone.leg("801", 5, "connected");
    phone.gone("801/5");
    phone.list(row("801", { status: "Routing" }));
    phone.list(row("103"));
    const rung = { originatedBy: ref("820") } as const;
    phone.snapshot(
      leg("104", 7, "ringing", { ...rung, legNumber: 6 }),
      leg("103", 8, "connected", { originatedBy: null, legNumber: 7 }),
    );
    phone.gone("104/7", "103/8");
    phone.list();
    expect(phone.told()).toEqual(["ringing 801 -0", "answered 103 -1 NotDef", "ended 103 -1 Ok"]);
  });
});

describe("a hand-over within moments of the answer to a place that no leg shows", () => {
  it("shows in the list, which is asked at once: whom it rings is no late loser of the polling", () => {
    const phone = new Phone();
    phone.leg("101", 1, "ringing");
    phone.list(row("800", { status: "Routing" }));
    phone.leg("101", 1, "connected");
    phone.told();
    phone.at += 1_100;
    const { asks } = phone;
    phone.leg("102", 2, "ringing");
    expect(phone.told()).toEqual([]);
    phone.noList();
    phone.leg("102", 2, "ringing", { did: { number: "420222000001", ruleName: "" } });
    expect(phone.asks).toBe(asks + 1);
    phone.list(row("820", { status: "Routing" }));
    expect(phone.told()).toEqual(["ringing 820 -2", "ringing 102 -2"]);
  });

  it("to the own number shows in the list, which has the call on its way to who left, though no phone rings yet", () => {
    for (const [afterMs, status] of [
      [300, "Routing"],
      [299, "Routing"],
      [300, "Talking"],
    ] as const) {
      const phone = talking();
      phone.at += afterMs;
      phone.gone("102/5");
      phone.list(row("102", { status }));
      phone.leg("102", 9, "connected", { originatedBy: null });
      const isSent = afterMs === 300 && status === "Routing";
      const told = ["ended 102 -1 Ok passed on", "answered 102 -2 Blind"];
      expect(phone.told()).toEqual(isSent ? told : []);
    }
  });

  it("is none where the list still has what brought the call", () => {
    const phone = new Phone();
    phone.leg("101", 1, "ringing");
    phone.list(row("800", { status: "Routing" }));
    phone.leg("101", 1, "connected");
    phone.told();
    phone.leg("102", 2, "ringing");
    phone.list(row("820", { status: "Routing" }));
    phone.at += 1_100;
    phone.list(row("800", { status: "Routing" }));
    phone.gone("102/2");
    expect(phone.told()).toEqual([]);
  });
});

describe("a consultation that is completed while B rings, B's leg keeping its id and number", () => {
  /** 102, whose leg is the caller's third, calls 103. */
  function consulting(): Phone {
    const phone = new Phone();
    phone.leg("102", 5, "ringing", { legNumber: 3 });
    phone.leg("102", 5, "connected", { legNumber: 3 });
    const apart = { callNumber: 8, originatedBy: null };
    phone.leg("102", 6, "dialing", { ...apart, legNumber: 1, party: inside("103") });
    phone.leg("103", 7, "ringing", { ...apart, legNumber: 2, party: inside("102") });
    phone.told();
    return phone;
  }

  it("rings though it did not show before: its id says that its number is that of another call", () => {
    const phone = consulting();
    phone.gone("103/7");
    phone.pass(5_000);
    phone.leg("105", 9, "ringing", { legNumber: 2, originatedBy: null });
    expect(phone.told()).toEqual(["ringing 105 -2"]);
    // Also when all legs have gone that tell so.
    phone.gone("102/5", "102/6");
    phone.noList();
    phone.pass(5_000);
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
  });

  it("rings though it stood towards another outside party, in another call", () => {
    const phone = consulting();
    const ringing = { legNumber: 2, originatedBy: null };
    phone.leg("104", 8, "ringing", { ...ringing, callNumber: 9, party: outside("420777000099") });
    phone.told();
    phone.gone("102/5", "102/6", "103/7");
    phone.leg("104", 8, "ringing", { ...ringing, callNumber: 7 });
    expect(phone.told()).toContain("ringing 104 -2");
  });

  for (const survives of [7, 8]) {
    const turned = { callNumber: survives, legNumber: 2, originatedBy: null };

    it.each([true, false])(
      `rings at that moment under number ${survives}, 102 gone first: %s`,
      (first) => {
        const phone = consulting();
        if (first) phone.gone("102/5", "102/6");
        phone.leg("103", 7, "ringing", turned);
        if (!first) phone.gone("102/5", "102/6");
        const told = phone.told();
        expect(told.toSorted()).toEqual(["ended 102 -1 Ok passed on", "ringing 103 -2"]);
        phone.pass(5_000);
        phone.noList();
        expect(phone.told()).toEqual([]);
        phone.leg("103", 7, "connected", turned);
        expect(phone.told()).toEqual(["answered 103 -2 Blind"]);
      },
    );

    it(`is missed by B under number ${survives}`, () => {
      const phone = consulting();
      phone.gone("102/5", "102/6");
      phone.leg("103", 7, "ringing", turned);
      phone.told();
      phone.gone("103/7");
      phone.list();
      expect(phone.told()).toEqual(["ended 103 -2 Missed"]);
    });
  }

  it("has passed the call on at once, though whoever lost the polling of before may show late", () => {
    const phone = new Phone();
    const polled = { originatedBy: ref("800"), legNumber: 3 };
    phone.leg("800", 2, "connected", { legNumber: 2 });
    phone.leg("102", 5, "ringing", polled);
    phone.leg("102", 5, "connected", polled);
    const apart = { callNumber: 8, legNumber: 2, originatedBy: null };
    phone.leg("103", 7, "ringing", { ...apart, party: inside("102") });
    phone.told();
    phone.leg("103", 7, "ringing", { legNumber: 2, originatedBy: null });
    phone.gone("102/5");
    expect(phone.told()).toEqual(["ringing 103 -2", "ended 102 -1 Ok passed on"]);
  });
});
