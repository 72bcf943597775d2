/** A parked call that is taken back, or a ringing one that is picked up, under the number of the call in which the code was dialled (SPEC.md, R22). */
import { describe, expect, it } from "vitest";
import type { ActiveCall, Leg } from "../../src/tracker/activity.ts";
import { caller, inside, outside, Phone, ref, row, talking } from "../../test/support/phone.ts";

/** 102 has parked the caller. */
function parked(): Phone {
  const phone = talking();
  phone.gone("102/5");
  phone.list(row("SP0"));
  expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
  phone.at += 60_000;
  return phone;
}

const own: Partial<Leg> = { callNumber: 8, originatedBy: null, legNumber: 1 };
const taken = ["answered 104 -2 Blind", "ended 104 -2 Ok"];

describe("a parked call that is taken back under another call's number", () => {
  it.each([
    ["its place", { ...inside("SP0"), number: "*10" }],
    ["its place, by a code with two asterisks", { ...inside("SP0"), number: "*8*0" }],
    ["a code of which the PBX does not say what it is", { ...inside("?"), dn: "", number: "*10" }],
    ["a code behind the menu of codes", { ...inside("666"), number: "*10" }],
  ])("goes on at who dialled %s", (_what, party) => {
    const phone = parked();
    phone.leg("104", 9, "dialing", { ...own, party });
    phone.leg("104", 9, "connected", own);
    phone.list(row("104", { callNumber: 8 }));
    phone.pass(5_000);
    phone.gone("104/9");
    phone.list();
    expect(phone.told()).toEqual(taken);
    expect(new Set(phone.events.map(({ callNumber }) => callNumber))).toEqual(new Set([7]));
  });

  it.each<[string, Partial<ActiveCall>]>([
    ["goes on where the list shows it first", {}],
    [
      "goes on where the list shows it first, with the number of who calls as the one that was called",
      { caller: outside(""), ownNumber: caller },
    ],
  ])("%s", (_, more) => {
    const phone = parked();
    phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
    phone.list(row("104", { callNumber: 8, ...more }));
    phone.leg("104", 9, "connected", own);
    phone.gone("104/9");
    phone.list();
    expect(phone.told()).toEqual(taken);
  });

  it("is none where that number of ours is nobody's: it was called", () => {
    const phone = parked();
    phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
    phone.list(row("104", { callNumber: 8, caller: outside(""), ownNumber: "420222000001" }));
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it.each([
    ["its place", inside("SP0")],
    ["a code", { ...inside("?"), dn: "", number: "*10" }],
  ])(
    "goes on at who dialled %s, though leg and row show the caller before they are connected",
    (_what, party) => {
      for (const first of ["leg", "list"]) {
        const phone = parked();
        phone.leg("104", 9, "dialing", { ...own, party });
        if (first === "leg") phone.leg("104", 9, "dialing", own);
        phone.list(row("104", { callNumber: 8, status: "Transferring" }));
        phone.pass(1_000);
        phone.leg("104", 9, "connected", own);
        phone.list(row("104", { callNumber: 8 }));
        phone.gone("104/9");
        phone.list();
        expect(phone.told()).toEqual(taken);
      }
    },
  );

  it("is none of which nobody has told yet that it is parked: another with its number may be, unseen", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  describe("beside another with its number", () => {
    const of9 = { callNumber: 9 } as const;

    /** 103 has parked the one, and the other rings. */
    function parkedBeside(): Phone {
      const phone = new Phone();
      phone.leg("103", 3, "connected", of9);
      phone.gone("103/3");
      phone.list(row("SP0", of9));
      phone.at += 5_000;
      phone.leg("102", 5, "ringing");
      return phone;
    }

    it.each<[string, (phone: Phone) => void]>([
      ["rings", () => {}],
      [
        "has gone to a fax",
        (phone) => {
          phone.leg("102", 5, "connected");
          phone.gone("102/5");
          phone.list(row("900", { status: "Talking" }), row("SP0", of9));
          expect(phone.told().at(-1)).toBe("ended 102 -1 Ok passed on");
        },
      ],
      [
        "talks where the list alone shows it",
        (phone) => {
          phone.gone("102/5");
          phone.pass(1_000);
          phone.list(row("160"), row("SP0", of9));
          expect(phone.told().at(-1)).toBe("answered 160 -1 NotDef");
        },
      ],
      [
        "has just lost its user",
        (phone) => {
          phone.leg("102", 5, "connected");
          phone.gone("102/5");
        },
      ],
      [
        "is looked for in the log",
        (phone) => {
          phone.leg("102", 5, "connected");
          phone.lose();
          phone.snapshot();
          phone.list(row("SP0", of9));
        },
      ],
    ])("goes on: that one %s", (_what, meanwhile) => {
      const phone = parkedBeside();
      meanwhile(phone);
      phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
      phone.leg("104", 9, "connected", own);
      expect(phone.state.calls.alias(8)).toBe(9);
    });

    it("is none that is over, as the log is yet to tell", () => {
      const phone = talking();
      phone.lose();
      phone.snapshot();
      phone.list();
      phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
      phone.leg("104", 9, "connected", own);
      expect(phone.state.calls.alias(8)).toBeUndefined();
    });
  });

  it("is none that seems to be over, as another with its number may be parked that nobody saw", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.noList();
    phone.pass(phone.settings.graceMs);
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it.each([
    ["is none that the list has at another place than was dialled", inside("SP1"), undefined],
    ["goes on where a code names no place, wherever it is", { ...inside("SP1"), dn: "*11" }, 7],
    ["goes on where the PBX does not name the place", { ...inside("SP1"), dn: "" }, 7],
  ])("%s", (_, dialled, joined) => {
    const phone = parked();
    phone.leg("104", 9, "dialing", { ...own, party: dialled });
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBe(joined);
  });

  it("is none that the list has at another's phone, or in their box", () => {
    const phone = new Phone();
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: ["102", "104", "150"] });
    phone.leg("102", 5, "connected");
    phone.pass(10_000);
    phone.gone("102/5");
    phone.list(row("150"));
    phone.pass(5_000);
    phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it("is, of two with one number, the one that is parked where the place was dialled", () => {
    const phone = parked();
    phone.leg("103", 20, "connected", { callNumber: 9 });
    phone.gone("103/20");
    phone.list(row("SP0"), row("SP1", { callNumber: 9 }));
    phone.leg("104", 9, "dialing", { ...own, party: inside("SP1") });
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBe(9);
  });

  it("goes on where the list has it parked anew, as it rang back in vain; not by one that lags", () => {
    for (const [ms, joined] of [
      [1_000, 7],
      [999, undefined],
    ] as const) {
      const phone = talking({ listLateMs: 1_000 });
      phone.gone("102/5");
      phone.list(row("SP0"));
      phone.at += 60_000;
      phone.leg("102", 6, "ringing");
      phone.at += 20_000;
      phone.gone("102/6");
      phone.at += ms;
      phone.list(row("SP0"));
      phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
      phone.leg("104", 9, "connected", own);
      expect(phone.state.calls.alias(8)).toBe(joined);
    }
  });

  it("goes on though a leg of its parking place stands yet", () => {
    const phone = talking();
    phone.leg("SP0", 6, "connected", { originatedBy: null });
    phone.gone("102/5");
    phone.list(row("SP0"));
    phone.pass(1_000);
    phone.told();
    phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
    phone.leg("104", 9, "connected", own);
    phone.gone("SP0/6", "104/9");
    phone.list();
    expect(phone.told()).toEqual(taken);
  });

  it.each([
    ["to another outside party", outside("420111222333"), inside("SP0")],
    ["to one who withholds the number", outside(""), inside("SP0")],
    ["from a menu", outside(caller), inside("801")],
  ])("is none that turns %s", (_how, party, dialled) => {
    const phone = parked();
    phone.leg("104", 9, "dialing", { ...own, party: dialled });
    phone.leg("104", 9, "connected", { ...own, party });
    phone.pass(phone.settings.numberHoldMs);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it("is none that went on outside, is talked in, or rings", () => {
    const outward = talking();
    outward.gone("102/5");
    outward.list(row("10008", { callee: outside("420603000102"), status: "Talking" }));
    const ringing = parked();
    ringing.leg("103", 8, "ringing");
    for (const phone of [outward, talking(), ringing]) {
      phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
      phone.leg("104", 9, "connected", own);
      expect(phone.state.calls.alias(8)).toBeUndefined();
    }
  });

  it("is none that rang in vain", () => {
    const phone = talking();
    phone.leg("103", 8, "ringing");
    phone.gone("102/5", "103/8");
    phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });
});

const code = (number: string): Partial<Leg> => ({
  ...own,
  party: { ...inside("?"), dn: "", number },
});

/** A caller rings at 102. */
function ringing(): Phone {
  const phone = new Phone();
  phone.leg("102", 5, "ringing");
  expect(phone.told()).toEqual(["ringing 102 -0"]);
  return phone;
}

describe("a ringing call that is picked up under another call's number", () => {
  const picked = ["answered 104 -1 NotDef", "ended 104 -1 Ok"];

  it.each([
    ["the phone", code("*20*102")],
    ["nobody", code("*20*")],
    [
      "the phone, behind the menu of codes",
      { ...own, party: { ...inside("666"), number: "*20*102" } },
    ],
  ])("goes on at who dialled a code that names %s", (_what, dialled) => {
    const phone = ringing();
    phone.leg("104", 9, "dialing", dialled);
    phone.gone("102/5");
    phone.leg("104", 9, "connected", own);
    phone.list(row("104", { callNumber: 8 }));
    phone.pass(5_000);
    phone.gone("104/9");
    phone.list();
    expect(phone.told()).toEqual(picked);
    expect(new Set(phone.events.map(({ callNumber }) => callNumber))).toEqual(new Set([7]));
  });

  it("goes on where the list shows it first", () => {
    const phone = ringing();
    phone.leg("104", 9, "dialing", code("*20*102"));
    phone.gone("102/5");
    phone.list(row("104", { callNumber: 8 }));
    phone.leg("104", 9, "connected", own);
    phone.gone("104/9");
    phone.list();
    expect(phone.told()).toEqual(picked);
  });

  it("goes on though another phone that the queue polls seems to ring still", () => {
    const phone = new Phone();
    for (const dn of ["101", "102"])
      phone.leg(dn, Number(dn), "ringing", { originatedBy: ref("800") });
    phone.told();
    phone.leg("104", 9, "dialing", code("*20*101"));
    phone.gone("101/101");
    phone.leg("104", 9, "connected", own);
    phone.gone("102/102", "104/9");
    phone.list();
    expect(phone.told()).toEqual(picked);
  });

  it.each([
    ["at once", 0],
    ["after a while", 2_000],
  ])("is handed over where it rings by a blind transfer, whose user leaves %s", (_when, ms) => {
    const phone = talking();
    phone.leg("103", 6, "ringing", { referredBy: ref("102"), legNumber: 5 });
    phone.pass(ms);
    phone.leg("104", 9, "dialing", code("*20*103"));
    phone.gone("102/5");
    phone.leg("104", 9, "connected", own);
    phone.gone("103/6", "104/9");
    phone.list();
    const told = phone.told();
    expect(told).toContain("answered 104 -2 Blind");
    expect(told.at(-1)).toBe("ended 104 -2 Ok");
    expect(phone.state.calls.alias(8)).toBe(7);
  });

  it("is handed over where it rings while its user talks on", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", { referredBy: ref("102"), legNumber: 5 });
    phone.leg("104", 9, "dialing", code("*20*103"));
    phone.leg("104", 9, "connected", own);
    phone.gone("103/6", "102/5", "104/9");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 103 -2",
      "ended 102 -1 Ok passed on",
      "answered 104 -2 Blind",
      "ended 104 -2 Ok",
    ]);
  });

  it("is handed on to what is numbered in that other call", () => {
    const phone = ringing();
    phone.leg("103", 6, "ringing", { legNumber: 5 });
    phone.leg("104", 9, "dialing", code("*20*102"));
    phone.leg("104", 9, "connected", own);
    phone.gone("102/5", "103/6");
    phone.told();
    phone.pass(5_000);
    phone.leg("801", 10, "connected", { callNumber: 8, legNumber: 3, originatedBy: null });
    expect(phone.told()).toEqual(["ringing 801 -2"]);
  });

  it("is, of two with one number, the one that rang where the code says", () => {
    const phone = parked();
    phone.leg("103", 20, "ringing", { callNumber: 9 });
    phone.leg("104", 9, "dialing", code("*20*103"));
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBe(9);
  });

  it.each([
    ["two with that number ring there", "*20*102", "102"],
    ["two with that number ring, and the code names neither", "*20*", "103"],
    ["the code names a phone that has not rung", "*20*105", null],
    ["the code is for a parking place", "*10", null],
  ])("is none where %s", (_why, dialled, another) => {
    const phone = ringing();
    if (another !== null) phone.leg(another, 20, "ringing", { callNumber: 9 });
    phone.leg("104", 9, "dialing", code(dialled));
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it("is none where another, which the user of that phone hands over, rings there, too", () => {
    const phone = new Phone();
    phone.leg("102", 5, "dialing", { legNumber: 1 });
    phone.leg("102", 5, "connected", { legNumber: 1 });
    phone.at += 10_000;
    phone.leg("820", 6, "ringing", { referredBy: ref("102"), legNumber: 5 });
    phone.leg("102", 7, "ringing", { originatedBy: ref("820"), legNumber: 6 });
    phone.leg("102", 20, "ringing", { callNumber: 9 });
    phone.at += 5_000;
    phone.leg("104", 9, "dialing", code("*20*102"));
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it("is none where another was missed as it was picked up, which had that number and rang there", () => {
    for (const ms of [2_000, 2_001]) {
      const phone = ringing();
      phone.leg("102", 20, "ringing", { callNumber: 9 });
      phone.leg("104", 9, "dialing", code("*20*102"));
      phone.gone("102/20");
      phone.list(row("102", { status: "Routing" }));
      phone.pass(ms);
      phone.leg("104", 9, "connected", own);
      expect(phone.state.calls.alias(8)).toBe(ms === 2_000 ? undefined : 7);
    }
  });

  it("goes on though another with that number was missed just before the code was dialled", () => {
    const phone = ringing();
    phone.leg("102", 20, "ringing", { callNumber: 9 });
    phone.gone("102/20");
    phone.list(row("102", { status: "Routing" }));
    phone.at += 1;
    phone.leg("104", 9, "dialing", code("*20*102"));
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBe(7);
  });

  it("is none that is parked, where the code names a phone: whoever rings there has its number, too", () => {
    const phone = parked();
    phone.leg("104", 9, "dialing", code("*20*150"));
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it.each([
    ["is that of a moment after the code was dialled, as its legs may be seen late", 5_000, 7],
    ["is none that came after it", 5_001, undefined],
  ])("%s", (_, ms, joined) => {
    const phone = new Phone();
    phone.leg("104", 9, "dialing", code("*20*102"));
    phone.at += ms;
    phone.leg("102", 5, "ringing");
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBe(joined);
  });

  it("is none that has rung there, and rings elsewhere since", () => {
    const phone = ringing();
    phone.leg("103", 6, "ringing");
    phone.gone("102/5");
    phone.pass(3_000);
    phone.leg("104", 9, "dialing", code("*20*102"));
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it("is none that has rung there, and waits elsewhere since", () => {
    const phone = ringing();
    phone.gone("102/5");
    phone.list(row("805", { status: "Routing" }));
    phone.pass(3_000);
    phone.leg("104", 9, "dialing", code("*20*102"));
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it("is none in a queue", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("801", { status: "Routing" }));
    phone.pass(5_000);
    phone.leg("104", 9, "dialing", code("*20*103"));
    phone.leg("104", 9, "connected", own);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it("is none that is dialled itself, nor one that went on outside", () => {
    const dialling = new Phone();
    dialling.leg("102", 5, "dialing");
    const outward = talking();
    outward.gone("102/5");
    outward.list(row("10008", { callee: outside("420603000102"), status: "Talking" }));
    for (const phone of [dialling, outward]) {
      phone.leg("104", 9, "dialing", code("*20*"));
      phone.leg("104", 9, "connected", own);
      expect(phone.state.calls.alias(8)).toBeUndefined();
    }
  });

  it.each(["leg", "list"])(
    "is none where the code has that number dialled, as the %s shows first",
    (first) => {
      const phone = ringing();
      phone.leg("104", 9, "dialing", code("*20*"));
      phone.gone("102/5");
      const dials = { caller: inside("104"), callee: outside(), status: "Routing", callNumber: 8 };
      if (first === "list") phone.list(row("10007", dials));
      phone.leg("104", 9, "dialing", { ...own, party: outside() });
      phone.leg("104", 9, "connected", own);
      expect(phone.state.calls.alias(8)).toBeUndefined();
      expect(phone.told()).toContain("answered 104 -1 NotDef");
    },
  );
});
