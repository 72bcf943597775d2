/** A join after which the caller's call goes on under a number that neither it nor the consultation had (SPEC.md, R22, R24). */
import { describe, expect, it } from "vitest";
import type { ActiveCall, Leg } from "../../src/tracker/activity.ts";
import {
  inside,
  leg,
  logged,
  outside,
  Phone,
  ref,
  row,
  settle,
  t0,
  talking,
} from "../../test/support/phone.ts";

const own: Partial<Leg> = { callNumber: 8, originatedBy: null };
const anew = { callNumber: 9, originatedBy: null } as const;

/** 102 talks to the caller, consults, and joins the two; no leg shows who was consulted. */
function joined(whom: string, party = outside()): Phone {
  const phone = new Phone();
  phone.leg("102", 5, "ringing", { party });
  phone.leg("102", 5, "connected", { party });
  phone.pass(300);
  phone.leg("102", 6, "dialing", { ...own, party: inside(whom) });
  phone.leg("102", 6, "connected", { ...own, party: inside(whom) });
  phone.told();
  phone.at += 3_000;
  phone.gone("102/5", "102/6");
  return phone;
}

const numbersOf = (phone: Phone) => new Set(phone.events.map(({ callNumber }) => callNumber));
const passedOn = "ended 102 -1 Ok passed on";

describe("a join under a number that neither call had", () => {
  function consulting(phone = talking()): Phone {
    phone.leg("102", 6, "dialing", { ...own, party: inside("103") });
    phone.leg("102", 6, "connected", { ...own, party: inside("103") });
    return phone;
  }
  /** 102 talks to the caller and to 103; all legs of both have gone. */
  function left(talks = talking()): Phone {
    const phone = consulting(talks);
    phone.leg("103", 7, "connected", { ...own, party: inside("102") });
    phone.at += 3_000;
    phone.gone("102/5", "102/6", "103/7");
    return phone;
  }

  it("is the caller's call at who was consulted", () => {
    const phone = left();
    phone.leg("103", 8, "connected", anew);
    phone.list(row("103", { callNumber: 9 }));
    phone.gone("103/8");
    settle(phone);
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Accomp",
      "ended 103 -2 Ok",
    ]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });

  it("is the caller's call, though the log alone has another of before with that number", () => {
    const talks = talking();
    talks.lose();
    talks.at += 30_000;
    talks.snapshot(leg("102", 5, "connected"));
    const before = { callNumber: anew.callNumber, startedAt: t0 + 5_000, endedAt: t0 + 20_000 };
    talks.log(logged({ ...before, number: "420111222333" }));
    expect(talks.told()).toEqual(["ended 101 -0 Missed"]);
    const phone = left(talks);
    phone.leg("103", 8, "connected", anew);
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"]);
  });

  it.each([
    ["", false, 6_000, true],
    [", after a short blind stretch", true, 3_000, true],
    [", but not after a long one", true, 6_000, false],
  ])(
    "is the caller's call where one reading of all legs shows all of it%s",
    (_what, blind, ms, isJoin) => {
      const phone = consulting();
      phone.leg("103", 7, "connected", { ...own, party: inside("102") });
      const { at } = phone;
      if (blind) phone.feed({ kind: "sightLost", at, sinceAt: at, cause: "connection" });
      phone.at += ms;
      phone.snapshot(leg("103", 8, "connected", anew));
      const joined = ["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"];
      expect(phone.told()).toEqual(isJoin ? joined : ["answered 103 -1 NotDef"]);
    },
  );

  it.each<[string, string, Partial<Leg>, number]>([
    ["rings", "103", { status: "ringing" }, 0],
    ["is of another caller", "103", { party: outside("420777000002") }, 0],
    ["withholds its number", "103", { party: outside("") }, 0],
    ["is at a phone that nobody consulted", "104", {}, 0],
    ["comes long after", "103", {}, 2_500],
    ["picks up what rings for another", "103", { onBehalfOf: ref("105") }, 0],
  ])("is none where the leg %s", (_how, dn, more, afterMs) => {
    const phone = left();
    phone.at += afterMs;
    phone.leg(dn, 8, "connected", { ...anew, ...more });
    phone.pass(300);
    expect(phone.call(7)?.aliases).toEqual([]);
    expect(phone.call(9)).toBeDefined();
  });

  it("is none where a queue that rings its user for a colleague gets the caller anew", () => {
    const phone = talking();
    phone.leg("800", 20, "connected", { ...own, party: inside("109") });
    phone.leg("102", 21, "ringing", { ...own, party: inside("800") });
    phone.gone("102/5");
    phone.leg("800", 30, "connected", { callNumber: 9 });
    phone.list(row("800", { callNumber: 9 }));
    expect(phone.told()).toEqual(["ringing 800 -0", "ended 102 -1 Ok"]);
  });

  it.each([
    ["", []],
    ["420777000001", [9]],
  ])("of '%s' is none at who only rang, if the caller withholds the number", (number, aliases) => {
    const party = outside(number);
    const phone = new Phone();
    phone.leg("102", 5, "connected", { party });
    phone.pass(phone.settings.numberHoldMs);
    phone.leg("102", 6, "dialing", { ...own, party: inside("103") });
    phone.leg("103", 7, "ringing", { ...own, party: inside("102") });
    phone.at += 1_000;
    phone.gone("102/5");
    phone.at += 300;
    phone.leg("103", 9, "connected", { ...anew, party });
    phone.pass(phone.settings.numberHoldMs);
    expect(phone.call(7)?.aliases).toEqual(aliases);
  });

  it("is none of a conversation that went long before, though they speak until now", () => {
    for (const afterMs of [0, 6_000]) {
      const phone = consulting();
      phone.gone("102/5");
      phone.at += afterMs;
      phone.leg("103", 8, "connected", anew);
      expect(phone.call(7)?.aliases).toEqual(afterMs === 0 ? [9] : []);
    }
  });

  it("is none of a call that its user has not answered", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.pass(300);
    phone.leg("102", 6, "dialing", { ...own, party: inside("103") });
    phone.leg("103", 7, "ringing", { ...own, party: inside("102") });
    phone.gone("102/5");
    phone.leg("103", 9, "connected", anew);
    expect(phone.call(7)?.aliases).toEqual([]);
  });

  it("is none while the caller's own call has legs, nor in a call that is known", () => {
    const phone = consulting();
    phone.gone("102/6");
    phone.leg("103", 8, "connected", anew);
    expect(phone.call(7)?.aliases).toEqual([]);
    const other = left();
    other.leg("104", 8, "connected", { ...anew, party: inside("105") });
    other.leg("103", 9, "connected", anew);
    expect(other.call(7)?.aliases).toEqual([]);
  });

  it("is the caller's call though another phone of who joins seems to ring on", () => {
    const phone = new Phone();
    phone.leg("102", 4, "ringing");
    phone.leg("102", 5, "connected");
    phone.pass(300);
    phone.leg("103", 7, "connected", { ...own, party: inside("102") });
    phone.told();
    phone.gone("102/5", "103/7");
    phone.leg("103", 8, "connected", anew);
    phone.pass(400);
    phone.list(row("103", { callNumber: 9 }));
    phone.gone("102/4");
    expect(phone.told()).toEqual([passedOn, "answered 103 -2 Accomp"]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });

  it("is the caller's call though the caller withholds the number", () => {
    const phone = joined("103", outside(""));
    phone.leg("103", 8, "connected", { ...anew, party: outside("") });
    expect(phone.told()).toEqual([passedOn, "answered 103 -2 Accomp"]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });
});

describe("a join under such a number, which only the list shows,", () => {
  /** The list has the caller there for a while. */
  function listed(phone: Phone, dn: string, more: Partial<ActiveCall> = {}): void {
    for (let looks = 0; looks < 2; looks += 1) {
      phone.list(row(dn, { callNumber: 9, changedAt: phone.at, ...more }));
      phone.pass(400);
    }
  }

  it.each(["", "420777000001"])(
    "is the caller's call at who is not monitored, of '%s'",
    (number) => {
      const phone = joined("150", outside(number));
      listed(phone, "150", { caller: outside(number) });
      expect(phone.told()).toEqual([passedOn, "answered 150 -2 Accomp"]);
      settle(phone);
      expect(phone.told()).toEqual(["ended 150 -2 Ok"]);
      expect(numbersOf(phone)).toEqual(new Set([7]));
    },
  );

  it.each(["666", "900"])("has passed the caller on to what the consultation came to, %s", (dn) => {
    const phone = joined(dn);
    listed(phone, dn);
    expect(phone.told()).toEqual([passedOn]);
    settle(phone);
    expect(phone.told()).toEqual(["ended 102 -2 Missed"]);
  });

  it("has passed the caller on to a voicemail box that the list has by its own name, not at the menu", () => {
    const box = { ...inside("VoiceMail"), kind: "specialmenu", name: "of 105 Novak Jan" } as const;
    const phone = joined("666");
    phone.list(row("150", { callNumber: 9, callee: box }));
    phone.pass(300);
    phone.list(row("150", { callNumber: 9, callee: box }));
    expect(phone.told()).toEqual([passedOn]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });

  it("has passed the caller on to a voicemail box whose leg is seen to go a moment later", () => {
    const phone = talking();
    phone.leg("102", 6, "connected", { ...own, party: inside("666") });
    phone.gone("102/5");
    phone.list(row("666", { callNumber: 9 }));
    phone.gone("102/6");
    listed(phone, "666");
    expect(phone.told()).toEqual([passedOn]);
  });

  it("is the caller's call where the list had it a moment before the legs went", () => {
    const phone = talking();
    phone.leg("102", 6, "connected", { ...own, party: inside("150") });
    phone.list(row("150", { callNumber: 9 }));
    phone.at += 1_000;
    phone.gone("102/5", "102/6");
    listed(phone, "150");
    expect(phone.told()).toEqual([passedOn, "answered 150 -2 Accomp"]);
  });

  it.each<[string, string, Partial<ActiveCall>]>([
    ["another caller", "150", { caller: outside("420777000002") }],
    ["a withheld number", "150", { caller: outside("") }],
    ["who was not consulted", "151", {}],
    ["a call that is yet on its way", "150", { status: "Routing" }],
  ])("is none where the row has %s", (_what, dn, more) => {
    const phone = joined("150");
    phone.list(row(dn, { callNumber: 9, ...more }));
    expect(phone.call()?.aliases).toEqual([]);
  });

  it.each([
    ["is none", "still has, too", true, ["ended 102 -1 Ok"]],
    ["is the caller's call", "has no more", false, [passedOn, "ended 102 -2 Missed"]],
  ])(
    "%s where the row names whom the user consults, in a call that the list %s",
    (_what, _has, goesOn, told) => {
      const phone = talking();
      phone.leg("102", 6, "connected", { ...own, party: inside("900") });
      phone.at += 3_000;
      phone.gone("102/5");
      const consultation = row("900", { callNumber: 8, caller: inside("102") });
      phone.list(row("900", { callNumber: 9 }), ...(goesOn ? [consultation] : []));
      settle(phone);
      expect(phone.told()).toEqual(told);
    },
  );

  it("is none of a call that only rang at who speaks to the fax, where another withholds the number, too", () => {
    const phone = new Phone();
    phone.leg("102", 6, "connected", { ...own, party: inside("900") });
    phone.leg("102", 5, "ringing", { party: outside("") });
    phone.pass(5_000);
    phone.gone("102/5");
    phone.list(row("900", { callNumber: 9, caller: outside("") }));
    expect(phone.told()).toEqual(["ringing 102 -0", "ended 102 -0 Missed"]);
  });

  it.each([
    ["420777000001", [9]],
    ["", []],
  ])(
    "of '%s' is one though the call's own row named whom they had consulted for a moment",
    (number, aliases) => {
      for (const first of ["list", "leg"]) {
        const phone = joined("150", outside(number));
        phone.list(row("150", { caller: outside(number), status: "Transferring" }));
        expect(phone.told()).toEqual([passedOn]);
        phone.pass(50);
        if (first === "leg") phone.leg("150", 8, "connected", { ...anew, party: outside(number) });
        else phone.list(row("150", { callNumber: 9, caller: outside(number) }));
        phone.pass(phone.settings.numberHoldMs);
        expect(phone.call(7)?.aliases).toEqual(aliases);
      }
    },
  );

  it("is known where it is seen a while later that the caller's call has gone", () => {
    const phone = talking();
    phone.leg("102", 6, "connected", { ...own, party: inside("150") });
    phone.told();
    phone.at += 3_000;
    phone.gone("102/6");
    phone.at += 1_500;
    phone.list(row("150", { callNumber: 9 }));
    phone.at += 1_500;
    phone.gone("102/5");
    phone.list(row("150", { callNumber: 9 }));
    expect(phone.told()[0]).toBe(passedOn);
  });

  it("is none where the list had the row long before", () => {
    const phone = talking();
    phone.list(row("102"), row("150", { callNumber: 9 }));
    phone.leg("102", 6, "connected", { ...own, party: inside("150") });
    phone.at += 3_000;
    phone.gone("102/5", "102/6");
    phone.list(row("150", { callNumber: 9 }));
    expect(phone.call()?.aliases).toEqual([]);
  });

  /** The caller is with 150, who is not monitored and speaks with another one besides. */
  function unseen(dn: string, dials = true, status: ActiveCall["status"] = "Talking"): Phone {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.gone("800/4");
    phone.list(row("800", { status: "Routing" }));
    phone.at += 2_000;
    const [one, other] = dials ? ["150", dn] : [dn, "150"];
    phone.list(row("150"), row(other, { callNumber: 8, caller: inside(one), status }));
    phone.told();
    phone.at += 1_000;
    return phone;
  }

  it.each([
    [true, "Talking"],
    [false, "Talking"],
    [true, "Routing"],
  ] as const)(
    "is known where no leg shows who consults, who dialled (%s), either",
    (dials, status) => {
      const phone = unseen("151", dials, status);
      listed(phone, "151");
      expect(phone.told()[0]).toBe("ended 150 -1 Ok passed on");
      expect(numbersOf(phone)).toEqual(new Set([7]));
    },
  );

  it("is none where the list had the row beside the call's own a moment before", () => {
    for (const isBeside of [false, true]) {
      const phone = unseen("151");
      const consultation = row("151", { callNumber: 8, caller: inside("150") });
      const other = row("151", { callNumber: 9 });
      phone.list(row("150"), consultation, ...(isBeside ? [other] : []));
      phone.at += 1_000;
      phone.list(other);
      expect(phone.call(7)?.aliases).toEqual(isBeside ? [] : [9]);
    }
  });

  it.each(["102", "150"])(
    "is the caller's call, though a list that was read as they joined had both, the first at %s",
    (dn) => {
      const phone = talking({ listLateMs: 1_000 });
      phone.leg("102", 6, "connected", { ...own, party: inside("150") });
      phone.at += 3_000;
      phone.gone("102/5", "102/6");
      const anew = row("150", { callNumber: 9 });
      phone.list(row(dn, { status: dn === "102" ? "Talking" : "Transferring" }), anew);
      for (const ms of [100, 200, 300, 900]) {
        phone.pass(ms);
        phone.list(anew);
      }
      expect(phone.told()).toEqual([passedOn, "answered 150 -2 Accomp"]);
    },
  );

  it("is known by the leg of whom the list alone had as consulted", () => {
    const phone = unseen("103");
    phone.leg("103", 8, "connected", anew);
    listed(phone, "103");
    expect(phone.told()).toEqual(["ended 150 -1 Ok passed on", "answered 103 -2 Blind"]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });

  it("is known by the leg of who was consulted, and shows no more", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.gone("800/4");
    phone.list(row("800", { status: "Routing" }));
    phone.at += 2_000;
    phone.list(row("150"));
    phone.leg("103", 6, "connected", { ...own, callNumber: 8, legNumber: 2, party: inside("150") });
    phone.list(row("150"), row("103", { callNumber: 8, caller: inside("150") }));
    phone.told();
    phone.at += 1_000;
    listed(phone, "103");
    expect(phone.told()).toEqual(["ended 150 -1 Ok passed on", "answered 103 -2 Accomp"]);
  });

  it("is the caller's call while legs of who listened, and of the consultation, still stand", () => {
    const phone = talking();
    phone.leg("109", 7, "connected");
    phone.leg("102", 6, "connected", { ...own, party: inside("150") });
    phone.at += 3_000;
    phone.gone("102/5");
    phone.list(row("150", { callNumber: 9 }));
    phone.gone("109/7", "102/6");
    listed(phone, "150");
    expect(phone.told()).toEqual([passedOn, "answered 150 -2 Accomp"]);
  });

  it.each([true, false])(
    "is the caller's call outside, joined by who shows nowhere (first: %s)",
    (first) => {
      const phone = new Phone();
      phone.leg("800", 4, "connected");
      phone.gone("800/4");
      phone.list(row("800", { status: "Routing" }));
      phone.at += 2_000;
      const party = outside("420777999999");
      phone.list(row("150"), row("10008", { callNumber: 8, caller: inside("150"), callee: party }));
      phone.told();
      phone.at += 1_000;
      const [from, to] = first ? [outside(), party] : [party, outside()];
      phone.list(row("10008", { callNumber: 9, caller: from, callee: to }));
      expect(phone.told()).toEqual(["ended 150 -1 Ok passed on"]);
    },
  );

  it("of two outside parties ends both calls passed on", () => {
    const phone = talking();
    const party = outside("420777999999");
    phone.leg("102", 6, "dialing", { callNumber: 8, party });
    phone.leg("102", 6, "connected", { callNumber: 8, party, originatedBy: null, legNumber: 1 });
    phone.told();
    phone.gone("102/5", "102/6");
    phone.list(row("10008", { callNumber: 9, callee: party }));
    expect(phone.told()).toEqual([passedOn, passedOn]);
  });

  it("of two outside parties is known while a leg of who listened still stands", () => {
    const phone = talking();
    const party = outside("420777999999");
    phone.leg("104", 7, "connected", { originatedBy: null });
    phone.leg("102", 6, "dialing", { callNumber: 8, party });
    phone.leg("102", 6, "connected", { callNumber: 8, party, originatedBy: null, legNumber: 1 });
    phone.at += 3_000;
    phone.told();
    phone.gone("102/5");
    phone.list(row("10008", { callNumber: 9, callee: party }));
    phone.gone("104/7");
    settle(phone);
    expect(phone.told()).toEqual([passedOn]);
  });
});

describe("a parked call that is taken back where no leg shows", () => {
  it("is no join, though its taker has just spoken to who parked it", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("SP0", { changedAt: phone.at }));
    phone.at += 10_000;
    phone.leg("102", 6, "connected", { ...own, party: inside("150") });
    phone.gone("102/6");
    phone.at += 500;
    for (let looks = 0; looks < 2; looks += 1) {
      phone.list(row("150", { changedAt: phone.at }));
      phone.pass(400);
    }
    expect(phone.told()).toEqual([passedOn, "answered 150 -2 Blind"]);
  });
});
