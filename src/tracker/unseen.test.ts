/** Conversations that no leg shows, and the list does: phones that are not monitored (SPEC.md, R34). */
import { describe, expect, it } from "vitest";
import {
  inside,
  leg,
  logged,
  outside,
  Phone,
  ref,
  row,
  t0,
  talking,
} from "../../test/support/phone.ts";
import { restore, serialise } from "./checkpoint.ts";

/** A queue's call is answered at 150, which is not monitored; the list tells 1 s later. */
function taken(): Phone {
  const phone = new Phone();
  phone.leg("800", 4, "connected");
  phone.gone("800/4");
  phone.list(row("800", { status: "Routing" }));
  phone.at += 2_000;
  phone.list(row("150", { changedAt: t0 + 1_000 }));
  expect(phone.told()).toEqual(["ringing 800 -0", "answered 150 -1 NotDef"]);
  return phone;
}

describe("a phone that is not monitored", () => {
  it("answers when the row changed, and talks until the list leaves the call out", () => {
    const phone = taken();
    expect(phone.events.at(-1)?.at).toBe(t0 + 1_000);
    phone.at += 8_000;
    phone.list(row("150"));
    phone.list();
    expect(phone.told()).toEqual(["ended 150 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 9_000 });
  });

  it("is not what nobody says the kind of: a voicemail menu answers nothing", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.gone("800/4");
    phone.told();
    const menu = { ...inside("666"), kind: "unknown" } as const;
    for (let look = 0; look < 9; look += 1) {
      phone.list(row("666", { callee: menu }));
      phone.pass(1_000);
    }
    expect(phone.told()).toEqual([]);
    phone.list();
    expect(phone.told()).toEqual(["ended 800 -0 Missed"]);
  });

  it.each([
    ["has been answered", "150", []],
    ["has it, as the list says, from them", "800", ["ended 150 -1 Ok passed on", "ringing 800 -2"]],
  ])(
    "answers what a menu sent to a queue, which shows a moment later: it %s",
    (_what, at, told) => {
      const phone = new Phone();
      phone.leg("801", 3, "connected", { legNumber: 3 });
      phone.gone("801/3");
      phone.at += 600;
      phone.list(row("150", { changedAt: phone.at }));
      expect(phone.told()).toEqual(["ringing 801 -0", "answered 150 -1 NotDef"]);
      phone.at += 100;
      phone.leg("800", 4, "connected", { originatedBy: ref("801"), legNumber: 4 });
      phone.at += 1_000;
      const status = at === "800" ? "Routing" : "Talking";
      phone.list(row(at, { status, changedAt: phone.at - 500 }));
      expect(phone.told()).toEqual(told);
    },
  );

  it("answers a queue that polls anew meanwhile, which shows late: it has the call from nobody", () => {
    const phone = taken();
    phone.leg("800", 6, "connected", { onBehalfOf: ref("800"), legNumber: 6 });
    phone.leg("103", 7, "ringing", { originatedBy: ref("800"), legNumber: 7 });
    expect(phone.told()).toEqual([]);
    const passedOn = taken();
    passedOn.leg("800", 6, "connected", { onBehalfOf: ref("150"), legNumber: 6 });
    expect(passedOn.told()).toEqual(["ringing 800 -2"]);
  });

  it("is no answer while it rings, nor by a list that may lag, nor to who dials out", () => {
    const phone = talking();
    phone.leg("800", 6, "connected");
    phone.gone("102/5");
    phone.told();
    phone.at += 5_000;
    phone.gone("800/6");
    phone.at += 299;
    phone.list(row("150"));
    phone.at += 1;
    phone.list(row("150", { status: "Routing" }), row("", { callNumber: 9 }));
    phone.list(row(""));
    expect(phone.told()).toEqual([]);
    phone.list(row("150"));
    expect(phone.told()).toEqual(["answered 150 -2 Blind"]);
    const dialling = new Phone();
    dialling.leg("101", 5, "dialing");
    dialling.gone("101/5");
    dialling.at += 1_000;
    dialling.list(row("10007", { caller: inside("150"), callee: outside() }));
    expect(dialling.told()).toEqual(["dialing 101 -0"]);
  });

  it("is not said to have answered by a list of before all legs are read", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("150", { status: "Routing" }));
    phone.at += 1_000;
    phone.list(row("150", { status: "Routing" }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
    phone.lose();
    phone.at += 20_000;
    // 103 rings, whose mobile has answered.
    phone.list(row("10007"));
    phone.snapshot(leg("103", 9, "ringing", { originatedBy: null }));
    phone.at += 500;
    phone.gone("103/9");
    phone.list(row("10007"));
    expect(phone.told()).toEqual(["ringing 103 -2", "answered 103 -2 Blind"]);
  });

  it("passes the call on, inside or outside", () => {
    const phone = taken();
    phone.at += 5_000;
    phone.leg("103", 9, "ringing", { originatedBy: null });
    expect(phone.told()).toEqual(["ringing 103 -2"]);
    phone.list(row("103", { status: "Routing" }));
    phone.pass(300);
    phone.list(row("103", { status: "Routing" }));
    expect(phone.told()).toEqual(["ended 150 -1 Ok passed on"]);
    const out = taken();
    out.list(row("10007"));
    expect(out.told()).toEqual(["ended 150 -1 Ok passed on"]);
  });

  it("sends the call to its own number, where it rings then", () => {
    const phone = taken();
    phone.at += 5_000;
    phone.list(row("150", { status: "Routing", changedAt: t0 + 6_000 }));
    phone.at += 5_000;
    phone.list();
    expect(phone.told()).toEqual(["ended 150 -1 Ok passed on", "ended 150 -2 Missed"]);
    expect(phone.events.at(-2)).toMatchObject({ talkMs: 5_000, at: t0 + 6_000 });
  });

  it("had spoken with who joined it with the caller", () => {
    const phone = talking();
    phone.leg("102", 6, "connected", { callNumber: 8, party: inside("150"), originatedBy: null });
    phone.gone("102/5", "102/6");
    phone.list(row("150"));
    phone.pass(300);
    phone.list(row("150"));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 150 -2 Accomp"]);
  });

  it("consulted who has the caller from then on, which shows at once", () => {
    const phone = taken();
    phone.at += 5_000;
    phone.leg("103", 9, "connected", { callNumber: 8, party: inside("150"), originatedBy: null });
    phone.leg("103", 9, "connected", { originatedBy: null });
    expect(phone.told()).toEqual(["ended 150 -1 Ok passed on", "answered 103 -2 Accomp"]);
  });

  it.each([
    ["a moment before", true],
    ["still, as far as legs show,", false],
  ])(
    "has consulted nobody who heard their other call with an outside party %s",
    (_when, isGone) => {
      const phone = taken();
      const other = row("150", { callNumber: 8, caller: outside("420777999999") });
      phone.list(row("150"), other);
      phone.leg("103", 6, "connected", { callNumber: 8, party: inside("150"), originatedBy: null });
      phone.list(row("150"), other);
      if (isGone) phone.gone("103/6");
      phone.leg("103", 9, "connected", { originatedBy: null });
      phone.list(row("150"), ...(isGone ? [] : [other]));
      expect(phone.told()).toEqual([]);
      phone.gone("103/6", "103/9");
      phone.list();
      expect(phone.told()).toEqual(["ended 150 -1 Ok"]);
    },
  );

  it("answers a call that has come nowhere yet", () => {
    const phone = new Phone();
    phone.leg("666", 4, "connected");
    phone.gone("666/4");
    phone.pass(300);
    phone.list(row("150"));
    expect(phone.told()).toEqual(["answered 150 -1 NotDef"]);
  });

  it.each([
    ["name it", ref("820")],
    ["name nobody", null],
  ])(
    "answers what a ring group rang, whose other phones are seen late and %s: no hand-over",
    (_, originatedBy) => {
      const phone = new Phone();
      phone.list(row("820", { status: "Routing" }));
      phone.pass(400);
      phone.list(row("124"));
      expect(phone.told()).toEqual(["ringing 820 -0", "answered 124 -1 NotDef"]);
      phone.leg("820", 3, "ringing", { legNumber: 3 });
      phone.leg("103", 4, "ringing", { originatedBy, legNumber: 4 });
      phone.leg("124", 5, "connected", { legNumber: 5 });
      phone.leg("104", 6, "ringing", { originatedBy, legNumber: 6 });
      expect(phone.told()).toEqual([]);
    },
  );

  it("misses the call that went on to it from another phone", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.gone("101/5");
    phone.list(row("150", { status: "Routing" }));
    expect(phone.call()?.level?.dn).toBe("150");
    phone.leg("102", 6, "ringing");
    phone.gone("102/6");
    // It may lag.
    phone.list(row("101", { status: "Routing" }));
    phone.pass(299);
    phone.list(row("101", { status: "Routing" }));
    expect(phone.call()?.level?.dn).toBe("102");
    phone.pass(1);
    phone.list(row("101", { status: "Routing" }));
    phone.list();
    expect(phone.told()).toEqual(["ringing 101 -0", "ringing 102 -0", "ended 101 -0 Missed"]);
  });

  it("misses the call that a menu, or a queue whose leg has gone long ago, sent on to it, and is that one's forward", () => {
    for (const place of ["801", "800"]) {
      const phone = new Phone();
      phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: [place] });
      phone.leg(place, 4, "connected");
      phone.gone(`${place}/4`);
      phone.list(row(place, { status: "Routing" }));
      phone.pass(phone.settings.listInsistsMs);
      phone.list(row("150", { status: "Routing" }));
      phone.pass(5_000);
      phone.list(row("10007"));
      phone.list();
      expect(phone.told()).toEqual([
        `ringing ${place} -0`,
        "answered 150 -1 NotDef",
        "ended 150 -1 Ok",
      ]);
    }
  });

  it.each(["800", "820"])("may have been rung by %s, which no leg shows: missed there", (place) => {
    const phone = new Phone();
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: ["104"] });
    for (const callee of [place, "150", "104", place, "150"]) {
      phone.list(row(callee, { status: "Routing" }));
      phone.pass(10_000);
    }
    phone.list();
    expect(phone.told()).toEqual([`ringing ${place} -0`, `ended ${place} -0 Missed`]);
  });

  it("may have been rung by the queue of which the last leg has just gone: missed there", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.gone("800/4");
    phone.pass(phone.settings.listInsistsMs - 1);
    phone.list(row("150", { status: "Routing" }));
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0", "ended 800 -0 Missed"]);
  });

  it("does not ring if it did before the menu, as a row of then says for a while", () => {
    for (const [changedAt, ms, level] of [
      [t0, 500, "801"],
      [t0, 5_000, "101"],
      [t0 + 8_000, 500, "101"],
    ] as const) {
      const phone = new Phone();
      phone.leg("101", 3, "ringing", { legNumber: 3 });
      phone.pass(8_000);
      phone.gone("101/3");
      phone.leg("801", 4, "connected", { legNumber: 4 });
      phone.pass(1_500);
      phone.gone("801/4");
      phone.pass(ms);
      phone.list(row("101", { status: "Routing", changedAt }));
      phone.list();
      expect(phone.told()).toEqual([
        "ringing 101 -0",
        "ringing 801 -0",
        `ended ${level} -0 Missed`,
      ]);
    }
  });

  it("has it back from outside or from a parking place, and sends it outside, where nobody answers: missed by it", () => {
    for (const elsewhere of ["SP0", "10007"]) {
      const phone = taken();
      phone.list(row(elsewhere));
      phone.pass(5_000);
      phone.list(row("150", { status: "Routing" }));
      phone.pass(5_000);
      phone.list(row("10007", { status: "Routing" }));
      phone.list();
      expect(phone.told()).toEqual(["ended 150 -1 Ok passed on", "ended 150 -2 Missed"]);
    }
  });

  it("keeps the call while the list has it there, whoever joins in", () => {
    const phone = taken();
    phone.leg("108", 9, "connected", { originatedBy: null });
    phone.list(row("150"));
    phone.pass(5_000);
    phone.gone("108/9");
    phone.list(row("150"));
    phone.list();
    expect(phone.told()).toEqual(["ended 150 -1 Ok"]);
  });

  it("is one that shows after all, once a leg of it does", () => {
    const phone = taken();
    phone.leg("150", 9, "connected");
    phone.gone("150/9");
    phone.at += 1_000;
    phone.list(row("SP0"));
    expect(phone.told()).toEqual(["ended 150 -1 Ok passed on"]);
    expect(phone.events.at(-1)?.at).toBe(t0 + 2_000);
  });

  it("talks until we see again, if it ended in a blind stretch, or as long as the log says", () => {
    for (const [endedMs, talkMs] of [
      [40_000, 39_000],
      [0, 59_000],
    ] as const) {
      const phone = taken();
      phone.restart();
      phone.lose();
      phone.at += 58_000;
      phone.snapshot();
      phone.list();
      phone.log(logged({ endedAt: t0 + endedMs }));
      expect(phone.events.at(-1)).toMatchObject({ user: "150", finish: "Ok", talkMs });
    }
  });

  it("is not known to checkpoints of 0.1.0", () => {
    const call = talking().call();
    if (call?.talk == null) throw new Error("Expected a call with a talk.");
    const { shownBy: _, legNumberMax: __, ...talk } = call.talk;
    const old = { ...call, talk } as typeof call;
    const [restored] = restore([serialise(old)]).calls.values();
    expect(restored?.talk).toMatchObject({ shownBy: "legs", legNumberMax: 0 });
  });
});

describe("a phone that is taken from the monitored ones", () => {
  it("talks on, told until the list leaves the call out", () => {
    const phone = talking();
    phone.at += 5_000;
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: ["101"] });
    phone.list(row("102"));
    phone.pass(5_000);
    phone.list(row("102"));
    expect(phone.told()).toEqual([]);
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 10_000 });
  });

  it("has passed it on where nobody can be asked, and somebody who was rung for it has answered", () => {
    for (const rings of [true, false]) {
      const phone = talking();
      phone.at += 5_000;
      if (rings) phone.leg("103", 6, "ringing", { legNumber: 5, referredBy: ref("102") });
      phone.at += 5_000;
      phone.leg("103", 6, "connected", { legNumber: 5, originatedBy: null });
      phone.at += 5_000;
      const stands = leg("103", 6, "connected", { legNumber: 5, originatedBy: null });
      phone.feed({ kind: "snapshot", at: phone.at, legs: [stands], dns: ["103"] });
      phone.noList();
      phone.pass(10_000);
      const told = ["ringing 103 -2", "ended 102 -1 Ok passed on", "answered 103 -2 Blind"];
      expect(phone.told()).toEqual(rings ? told : []);
    }
  });

  it("is gone like any other if it is still monitored", () => {
    const phone = talking();
    phone.at += 5_000;
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: ["101", "102"] });
    phone.at += 5_000;
    phone.list();
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 5_000 });
  });

  it("is answered when the row changed, if it dials or rings", () => {
    for (const dials of [true, false]) {
      const phone = new Phone();
      phone.leg("101", 5, dials ? "dialing" : "ringing");
      phone.told();
      phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: [] });
      const talks = dials ? { caller: inside("101"), callee: outside() } : {};
      phone.list(row("101", { ...talks, status: "Routing" }));
      phone.at += 2_000;
      phone.list(row("101", { ...talks, changedAt: t0 + 1_000 }));
      expect(phone.told()).toEqual(["answered 101 -1 NotDef"]);
      expect(phone.events.at(-1)?.at).toBe(t0 + 1_000);
    }
  });
});

describe("a conversation that the list had before any leg showed", () => {
  const out = { caller: inside("150"), callee: outside() };

  it.each([
    ["incoming", {}],
    ["outgoing", out],
  ])("%s: is told when somebody joins in, who has nothing of it", (direction, parties) => {
    const phone = new Phone();
    const listed = row("150", { ...parties, changedAt: t0 - 60_000 });
    phone.list(listed);
    phone.leg("108", 9, "connected", { originatedBy: null });
    expect(phone.told()).toEqual(["answered 150 -1 NotDef"]);
    expect(phone.events[0]).toMatchObject({ direction, at: t0 - 60_000 });
    phone.pass(1_000);
    phone.list(listed);
    phone.pass(5_000);
    phone.gone("108/9");
    phone.list(listed);
    phone.list();
    expect(phone.told()).toEqual(["ended 150 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 66_000 });
  });

  it("is told when phones show that were rung with it, and nothing of those", () => {
    const phone = new Phone();
    phone.list(row("150", { changedAt: t0 - 180 }));
    const polled = { originatedBy: ref("820") };
    phone.snapshot(leg("102", 5, "ringing", polled), leg("820", 3, "ringing", { legNumber: 3 }));
    phone.leg("103", 6, "ringing", polled);
    expect(phone.told()).toEqual(["answered 150 -1 NotDef"]);
  });

  it("is told when its user hands over", () => {
    const phone = new Phone();
    phone.list(row("150", out));
    phone.leg("103", 9, "ringing", { originatedBy: null });
    expect(phone.told()).toEqual(["answered 150 -1 NotDef", "ringing 103 -2"]);
    phone.leg("103", 9, "connected", { originatedBy: null });
    phone.pass(300);
    phone.list(row("103", { caller: inside("103"), callee: outside() }));
    expect(phone.told()).toEqual(["ended 150 -1 Ok passed on", "answered 103 -2 Blind"]);
  });

  it("and that its user hands over to a ring group is nobody's when it is answered outside from there", () => {
    const phone = new Phone();
    const ours = (dn: string) => ({ caller: inside(dn), callee: outside() });
    phone.list(row("150", { ...ours("150"), changedAt: t0 - 1_000 }));
    phone.leg("820", 9, "ringing", { originatedBy: null });
    phone.list(row("820", { ...ours("820"), status: "Routing" }));
    phone.pass(5_000);
    phone.list(row("820", { ...ours("820"), status: "Routing" }));
    phone.gone("820/9");
    phone.list(row("10007", { status: "Routing" }));
    phone.pass(5_000);
    phone.list(row("10007"));
    phone.list();
    expect(phone.told()).toEqual([
      "answered 150 -1 NotDef",
      "ringing 820 -2",
      "ended 150 -1 Ok passed on",
    ]);
  });

  it.each([
    ["another's", row("150", { caller: outside("420777888888") })],
    ["not one yet", row("150", { status: "Routing" })],
    ["between two outside", row("10008")],
    ["inside", row("150", { caller: inside("104") })],
    ["with a queue", row("800")],
    ["with nobody known", row("")],
    ["that of the leg itself", row("108")],
  ])("is none if it is %s", (_what, listed) => {
    const phone = new Phone();
    phone.list(listed);
    phone.told();
    phone.leg("108", 9, "connected");
    expect(phone.told()).toEqual(["answered 108 -1 NotDef"]);
  });

  it("is none of a caller without a number", () => {
    const phone = new Phone();
    phone.list(row("150", { caller: outside("") }));
    phone.leg("108", 9, "connected", { party: outside("") });
    phone.pass(200);
    expect(phone.told()).toEqual(["answered 108 -1 NotDef"]);
  });
});

describe("a conversation that only a listener's leg showed", () => {
  it("is passed on where its row changed as that leg went", () => {
    const phone = new Phone();
    phone.list(row("150", { changedAt: t0 }));
    phone.leg("108", 9, "connected", { originatedBy: null });
    phone.at += 5_000;
    phone.gone("108/9");
    phone.list(row("SP0", { changedAt: phone.at }));
    expect(phone.told()).toEqual(["answered 150 -1 NotDef", "ended 150 -1 Ok passed on"]);
  });
});
