/** Consultations and what becomes of them: joins, whatever leg or number survives (SPEC.md, R14, R22-R24). */
import { describe, expect, it } from "vitest";
import { inside, outside, Phone, ref, row, talking } from "../../test/support/phone.ts";

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

  it("a new leg in the caller's call, after the consulted one is gone or before, on the user's behalf, too", () => {
    for (const [after, onBehalfOf] of [
      [true, null],
      [false, null],
      [false, ref("102")],
    ] as const) {
      const phone = consulting();
      if (after) phone.gone("103/7");
      phone.leg("103", 9, "connected", { originatedBy: null, onBehalfOf });
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

  it("is not read into who dials a user and is put through to that user's mobile, which talks already", () => {
    const phone = talking();
    const dialled = { callNumber: 8, legNumber: 1, originatedBy: null };
    phone.leg("104", 6, "dialing", { ...dialled, party: inside("102") });
    phone.leg("104", 6, "connected", dialled);
    expect(phone.told()).toEqual(["answered 104 -1 NotDef"]);
    phone.gone("104/6");
    phone.list(row("102"));
    expect(phone.told()).toEqual(["ended 104 -1 Ok"]);
  });

  it("is none where a row was there beside the caller's own, or before who only hears it", () => {
    for (const isFirst of [true, false]) {
      const phone = talking();
      phone.gone("102/5");
      const beside = row("150", { callNumber: 8 });
      const rings = row("150", { status: "Routing" });
      phone.list(rings);
      phone.pass(400);
      phone.list(rings, ...(isFirst ? [beside] : []));
      phone.leg("106", 9, "connected", { callNumber: 8, party: inside("150"), originatedBy: null });
      if (!isFirst) phone.list(rings, beside);
      phone.told();
      for (let look = 0; look < 2; look += 1) phone.list(beside);
      expect(phone.told()).toEqual(["ended 150 -2 Missed"]);
    }
  });

  it("is not read into who is put through outside where the caller has been parked for long", () => {
    for (const [ms, told] of [
      [5_000, ["answered 103 -2 Accomp"]],
      [5_001, ["answered 103 -1 NotDef"]],
    ] as const) {
      const phone = talking();
      phone.gone("102/5");
      phone.list(row("SP0"));
      phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
      expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
      phone.at += ms;
      phone.leg("103", 7, "connected", { callNumber: 8, originatedBy: null });
      expect(phone.told()).toEqual(told);
    }
  });

  it("the consultation's number, of two callers with one number the one who is there", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("10008"));
    phone.leg("102", 6, "connected", { callNumber: 9 });
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
    phone.gone("102/6");
    phone.told();
    phone.leg("103", 7, "connected", { callNumber: 8, originatedBy: null });
    expect(phone.told()).toEqual(handedOver);
    expect(phone.events.at(-1)?.callNumber).toBe(9);
  });

  it("the consultation's number, of two callers with one number the one whom they answered last", () => {
    for (const [first, last] of [
      [7, 9],
      [9, 7],
    ] as const) {
      const phone = new Phone();
      phone.leg("102", 4, "connected", { callNumber: first });
      phone.at += 5_000;
      phone.leg("102", 5, "connected", { callNumber: last });
      phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
      phone.gone("102/4", "102/5");
      phone.told();
      phone.leg("103", 7, "connected", { callNumber: 8, originatedBy: null });
      expect(phone.told()).toEqual(handedOver);
      expect(phone.events.at(-1)?.callNumber).toBe(last);
    }
  });

  it("the consultation's number, of two callers with one number not the one who has gone before", () => {
    const phone = new Phone();
    phone.leg("102", 4, "connected", { callNumber: 7 });
    phone.at += 5_000;
    phone.leg("102", 5, "connected", { callNumber: 9 });
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
    phone.gone("102/5");
    phone.at += 1_000;
    phone.gone("102/4");
    phone.told();
    phone.leg("103", 7, "connected", { callNumber: 8, originatedBy: null });
    expect(phone.told()).toEqual(handedOver);
    expect(phone.events.at(-1)?.callNumber).toBe(7);
  });

  it("the consultation's number, of two callers with one number the one who was answered", () => {
    const phone = new Phone();
    // This one's mobile rings.
    phone.leg("102", 4, "ringing", { callNumber: 9 });
    phone.gone("102/4");
    phone.list(row("10008", { callNumber: 9, status: "Routing" }));
    phone.leg("102", 5, "connected");
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
    phone.told();
    phone.leg("103", 7, "connected", { callNumber: 8, originatedBy: null });
    phone.gone("102/5");
    expect(phone.told()).toEqual(handedOver);
    expect(phone.events.at(-1)?.callNumber).toBe(7);
  });

  it("the consultation's number, at another phone of who was consulted", () => {
    const phone = consulting();
    phone.gone("102/5", "102/6");
    phone.leg("103", 9, "connected", { callNumber: 8, originatedBy: null });
    expect(phone.told()).toEqual(handedOver);
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

  it("the consultation's number, which the list shows before the leg does", () => {
    const phone = consulting();
    phone.gone("102/5", "102/6");
    phone.list(
      row("10007", { callNumber: 8, caller: inside("103"), callee: outside("420777999999") }),
    );
    phone.list(row("103", { callNumber: 8, caller: outside("") }));
    expect(phone.told()).toEqual([]);
    phone.list(row("103", { callNumber: 8 }));
    phone.list(row("103", { callNumber: 8 }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
    phone.at += 3_000;
    phone.leg("103", 7, "connected", { callNumber: 8, originatedBy: null });
    phone.gone("103/7");
    phone.list();
    expect(phone.told()).toEqual(["answered 103 -2 Accomp", "ended 103 -2 Ok"]);
    expect(new Set(phone.events.map((e) => e.callNumber))).toEqual(new Set([7]));
  });

  it.each([
    ["is none while it routes: that number is dialled anew", "Routing", undefined],
    ["has who answered later", "Talking", 9],
  ] as const)("of a call that nobody has answered, %s", (_, status, joined) => {
    const phone = new Phone();
    phone.leg("120", 10, "connected", { callNumber: 8, party: inside("121") });
    phone.leg("121", 11, "connected", { callNumber: 8, party: inside("120") });
    phone.at += 5_000;
    phone.leg("121", 12, "dialing", { callNumber: 9, legNumber: 1 });
    phone.gone("121/12");
    phone.list(row("120", { callNumber: 8, caller: inside("120"), callee: outside(), status }));
    expect(phone.state.calls.alias(8)).toBe(joined);
  });

  it("the consultation's number, which the list shows while somebody's leg who listened still stands", () => {
    const phone = consulting();
    phone.leg("109", 9, "connected");
    phone.at += 5_000;
    phone.gone("102/5");
    phone.list(row("103", { callNumber: 8 }));
    phone.gone("109/9", "102/6");
    phone.leg("103", 7, "connected", { callNumber: 8, originatedBy: null });
    phone.gone("103/7");
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Accomp",
      "ended 103 -2 Ok",
    ]);
  });

  it("no number of a consultation while its user is still in the caller's call", () => {
    const phone = consulting();
    phone.list(row("103", { callNumber: 8 }));
    phone.gone("102/6", "103/7");
    expect(phone.state.calls.alias(8)).toBeUndefined();
    expect(phone.told()).toEqual([]);
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

  it.each([
    ["as the list shows", true, " passed on"],
    ["and looked over, without a list", false, ""],
  ])("is a blind one where the call had been parked before they spoke, %s", (_, listed, ended) => {
    const phone = talking();
    phone.gone("102/5");
    if (listed) phone.list(row("SP0"));
    else phone.noList();
    phone.pass(4_001);
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102") });
    phone.gone("103/7");
    phone.leg("103", 9, "connected", { originatedBy: null });
    expect(phone.told()).toEqual([`ended 102 -1 Ok${ended}`, "answered 103 -2 Blind"]);
  });

  it("is a blind one where who was consulted picks up what rings for another", () => {
    const phone = consulting();
    phone.gone("102/6", "103/7");
    phone.leg("104", 8, "ringing", { originatedBy: null });
    const pickup = { originatedBy: null, onBehalfOf: ref("104") };
    phone.leg("103", 9, "connected", pickup);
    phone.gone("104/8", "102/5");
    const told = ["ringing 104 -2", "ended 102 -1 Ok passed on", "answered 103 -2 Blind"];
    expect(phone.told()).toEqual(told);
  });

  it.each([
    ["*20*102", 5_000, "Blind", "extension"],
    ["*20*102", 5_000, "Blind", "unknown"],
    ["*20*102", 5_001, "Accomp", "extension"],
    ["SP1", 5_000, "Blind", "parking"],
    ["102", 0, "Accomp", "extension"],
  ] as const)(
    "is by who dials %s, %i ms before, and was consulted, of the kind %s",
    (number, ms, type, kind) => {
      const phone = consulting();
      const dialled = { ...inside(number), number, kind };
      phone.leg("103", 8, "dialing", { callNumber: 9, party: dialled });
      phone.at += ms;
      phone.gone("102/6", "103/7");
      phone.leg("103", 9, "connected", { originatedBy: null, onBehalfOf: ref("102") });
      phone.gone("102/5");
      expect(phone.told().at(-1)).toBe(`answered 103 -2 ${type}`);
    },
  );

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

  it("is none of who only heard the conversation", () => {
    const phone = talking();
    phone.leg("103", 7, "connected", { party: inside("102"), originatedBy: null });
    phone.gone("102/5", "103/7");
    phone.list(row("SP0"));
    phone.leg("103", 9, "connected", { originatedBy: null });
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Blind"]);
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

  it("have nothing to do with whom one of them had ring in vain just before", () => {
    const phone = both();
    phone.leg("103", 8, "ringing", { referredBy: ref("102") });
    phone.gone("103/8", "102/5", "102/6");
    phone.list(joined);
    phone.list(joined);
    const told = ["ended 102 -1 Ok passed on", "ended 102 -1 Ok passed on", "ringing 103 -2"];
    expect(phone.told().sort()).toEqual(told);
  });

  it("is not read into a mobile that answers for its user, while the user's other call with it goes on", () => {
    const phone = both();
    const other = { ...joined, callNumber: 8, caller: outside("420777888888") };
    phone.leg("103", 8, "ringing", { referredBy: ref("102") });
    phone.pass(3_000);
    phone.gone("102/5", "103/8");
    phone.list(joined, other);
    phone.pass(500);
    phone.list(joined, other);
    phone.list(joined, other);
    const told = ["ringing 103 -2", "ended 102 -1 Ok passed on", "answered 103 -2 Blind"];
    expect(phone.told()).toEqual(told);
  });

  it("is not read into a call passed on outside while another of the user ends", () => {
    const phone = both();
    phone.gone("102/5", "102/6");
    phone.list(row("10008", { callee: outside("420777888888") }));
    expect(phone.told().sort()).toEqual(["ended 102 -1 Ok", "ended 102 -1 Ok passed on"]);
  });

  it("is believed whenever the list was asked, though the other's leg seems to be there still", () => {
    const phone = both();
    phone.at += 1_000;
    phone.gone("102/5");
    const calls = [{ ...joined, callNumber: 8 }];
    phone.feed({ kind: "activeCalls", at: phone.at, askedAt: phone.at - 5, calls });
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
  });

  it("is not read into two calls of one outside number, nor where an outside phone has the call", () => {
    const same = talking();
    same.leg("102", 6, "connected", { callNumber: 8 });
    same.gone("102/5", "102/6");
    same.list(row("10008", { callNumber: 8, callee: outside("420777888888") }));
    expect(same.told().slice(-2).sort()).toEqual(["ended 102 -1 Ok", "ended 102 -1 Ok passed on"]);
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.gone("102/5");
    phone.list(row("10008", { callee: outside("420777888888") }));
    const party = outside("420777999999");
    phone.leg("102", 6, "dialing", { callNumber: 8, party });
    phone.leg("102", 6, "connected", { callNumber: 8, party, originatedBy: null, legNumber: 1 });
    phone.gone("102/6");
    phone.told();
    phone.list(row("10008", { callNumber: 8, callee: outside("420777999999") }));
    expect(phone.told().sort()).toEqual(["ended 102 -1 Ok", "ended 102 -1 Ok passed on"]);
  });

  it("is not read into a number that is dialled once more", () => {
    const phone = both();
    phone.gone("102/6");
    phone.list({ ...joined, status: "Routing" });
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("is not read into a row that has been so for long, unless it changed since we lost sight", () => {
    for (const blindMs of [null, 1, 0]) {
      const phone = both();
      phone.at += 10_000;
      if (blindMs === null) phone.gone("102/5");
      else {
        phone.lose(phone.at - blindMs);
        phone.snapshot();
      }
      phone.list({ ...joined, callNumber: 9, changedAt: phone.at - 2_001 });
      if (blindMs === 0) phone.noLog();
      const passedOn = "ended 102 -1 Ok passed on";
      if (blindMs === 1) expect(phone.told()).toContain(passedOn);
      else expect(phone.told()).not.toContain(passedOn);
    }
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
