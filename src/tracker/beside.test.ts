/** Who hears a conversation beside its user, or goes with it: barge-in, listening, another phone that rings along (SPEC.md, R10, R31). */
import { describe, expect, it } from "vitest";
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

describe("somebody joins the conversation of a user", () => {
  it.each([
    ["barge-in", outside()],
    ["listening", inside("102")],
    ["whispering", inside("102")],
  ])("%s: no new link, and the end is the user's", (_how, party) => {
    const phone = talking();
    phone.at += 3_000;
    phone.leg("105", 9, "dialing", { party: { ...ref("666"), number: "*81102", name: "" } });
    phone.leg("105", 9, "connected", { party, originatedBy: null, legNumber: 6 });
    phone.pass(10_000);
    phone.gone("105/9");
    phone.pass(1_000);
    phone.gone("102/5");
    settle(phone);
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("barge-in, told as the answer, as a fault hid it: who had the call before goes with them, a moment later", () => {
    const phone = new Phone();
    phone.leg("119", 5, "ringing");
    phone.leg("121", 9, "connected", { originatedBy: null });
    phone.leg("119", 5, "connected");
    phone.pass(10_000);
    phone.told();
    phone.gone("121/9");
    expect(phone.told()).toEqual([]);
    phone.gone("119/5");
    phone.list();
    expect(phone.told()).toEqual(["ended 121 -1 Ok"]);
  });

  it("barge-in, both first seen together: who came first has the call, which that one may have dialled", () => {
    const phone = new Phone();
    const came = leg("103", 151, "connected", { originatedBy: null, legNumber: 3 });
    const dialled = leg("119", 135, "connected", { originatedBy: null, legNumber: 1 });
    phone.snapshot(came, dialled);
    expect(phone.told()).toEqual(["answered 119 -1 NotDef"]);
    expect(phone.events[0]?.direction).toBe("outgoing");
  });

  it("barge-in: who stays with the caller when the user goes has it from then on", () => {
    const phone = talking();
    phone.leg("105", 9, "connected", { originatedBy: null });
    phone.pass(10_000);
    phone.gone("102/5");
    phone.list(row("105"));
    expect(phone.told()).toEqual([]);
    phone.pass(300);
    phone.list(row("105"));
    phone.gone("105/9");
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "answered 105 -2 Blind",
      "ended 105 -2 Ok",
    ]);
    expect(phone.events.at(-3)).toMatchObject({ talkMs: 10_000 });
  });

  it("barge-in: who goes with the user, a moment later, is not told of, nor who listens when the user hands over", () => {
    const phone = talking();
    phone.leg("105", 9, "connected", { originatedBy: null });
    phone.pass(10_000);
    phone.gone("102/5");
    phone.at += 10;
    phone.gone("105/9");
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 10_000 });
    const passing = talking();
    passing.leg("105", 9, "connected", { originatedBy: null });
    passing.pass(10_000);
    passing.leg("800", 10, "connected");
    passing.gone("102/5", "105/9");
    expect(passing.told()).toEqual(["ringing 800 -2", "ended 102 -1 Ok passed on"]);
  });

  it("barge-in a moment before the user goes is no hand-over, picking up what is handed over then is", () => {
    const phone = talking();
    phone.leg("105", 9, "connected", { originatedBy: null });
    phone.at += 11;
    phone.gone("102/5", "105/9");
    phone.list(row("SP0"));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
    const passing = talking();
    passing.leg("105", 9, "connected", { originatedBy: null });
    passing.at += 11;
    passing.leg("103", 10, "ringing", { referredBy: ref("102") });
    passing.gone("102/5", "105/9");
    expect(passing.told()).toEqual(["ringing 103 -2", "ended 102 -1 Ok passed on"]);
    const picking = talking();
    picking.leg("103", 8, "ringing", { referredBy: ref("102") });
    picking.pass(10_000);
    picking.leg("105", 9, "connected", { originatedBy: null });
    picking.gone("103/8");
    picking.at += 50;
    picking.gone("102/5");
    expect(picking.told()).toEqual([
      "ringing 103 -2",
      "ended 102 -1 Ok passed on",
      "answered 105 -2 Blind",
    ]);
    const own = talking();
    own.leg("102", 8, "ringing", { referredBy: ref("102") });
    own.leg("105", 9, "connected", { originatedBy: null, onBehalfOf: ref("102") });
    own.at += 50;
    own.gone("102/8", "102/5");
    expect(own.told()).toEqual(["ended 102 -1 Ok passed on", "answered 105 -2 Blind"]);
  });

  it("barge-in by who had just consulted with the user: joined is only who comes as the user goes", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.leg("102", 8, "connected", { callNumber: 9, party: inside("105") });
    phone.leg("105", 7, "connected", { callNumber: 9, party: inside("102") });
    phone.gone("102/8", "105/7");
    phone.leg("102", 5, "connected");
    phone.at += 1_000;
    phone.leg("105", 9, "connected", { originatedBy: null, legNumber: 6 });
    phone.pass(10_000);
    phone.told();
    phone.gone("102/5");
    expect(phone.told()).toEqual([]);
    phone.gone("105/9");
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("barge-in by who had just consulted with the user, who hands over to others: nobody is rung for a join", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.leg("102", 8, "connected", { callNumber: 9, party: inside("105") });
    phone.gone("102/8");
    phone.leg("102", 5, "connected");
    phone.at += 1_000;
    phone.leg("105", 9, "connected", { originatedBy: null, legNumber: 6 });
    phone.told();
    phone.at += 800;
    phone.leg("106", 10, "ringing", { originatedBy: ref("820"), legNumber: 8 });
    phone.gone("102/5", "105/9");
    expect(phone.told()).toEqual(["ringing 820 -2", "ringing 106 -2", "ended 102 -1 Ok passed on"]);
  });

  it("barge-in by whom alone legs show: whom the list names has the call then, and nothing those who only listened", () => {
    const phone = new Phone();
    const fax = row("900", { callee: { ...inside("900"), kind: "fax" } });
    phone.list(row("150", { changedAt: t0 - 60_000 }));
    phone.leg("105", 9, "connected", { originatedBy: null });
    phone.pass(8_000);
    phone.list({ ...fax, changedAt: phone.at - 100 });
    phone.gone("105/9");
    phone.list({ ...fax, changedAt: phone.at - 100 });
    expect(phone.told()).toEqual(["answered 150 -1 NotDef", "ended 150 -1 Ok passed on"]);
    phone.pass(1_000);
    phone.list();
    expect(phone.told()).toEqual(["ended 150 -2 Missed"]);
    const passing = new Phone();
    passing.list(row("150", { changedAt: t0 - 60_000 }));
    passing.leg("105", 9, "connected", { originatedBy: null });
    passing.pass(8_000);
    passing.list(row("10008"));
    passing.gone("105/9");
    passing.list(row("10008"));
    expect(passing.told()).toEqual(["answered 150 -1 NotDef", "ended 150 -1 Ok passed on"]);
    const staying = new Phone();
    staying.list(row("150", { changedAt: t0 - 60_000 }));
    staying.leg("105", 9, "connected", { originatedBy: null });
    staying.pass(8_000);
    staying.list(row("105"));
    expect(staying.told().at(-1)).toBe("answered 105 -2 Blind");
  });

  it("barge-in by whom alone legs show, while the list fails: the user talks until those legs go", () => {
    const phone = new Phone();
    phone.list(row("150", { changedAt: t0 - 60_000 }));
    phone.leg("105", 9, "connected", { originatedBy: null });
    phone.pass(8_000);
    phone.list(row("150", { changedAt: t0 - 60_000 }));
    phone.pass(10_000);
    phone.gone("105/9");
    phone.list();
    expect(phone.told()).toEqual(["answered 150 -1 NotDef", "ended 150 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 78_000, at: t0 + 18_000 });
  });

  it("barge-in whose end is seen late: whom the list names has the call, whoever else seems to stand there", () => {
    const listened = (more = {}) => {
      const phone = talking();
      phone.leg("105", 9, "connected", { originatedBy: null, legNumber: 6, ...more });
      phone.pass(10_000);
      return phone;
    };
    const since = (phone: Phone, dn: string) => row(dn, { changedAt: phone.at });
    const unseen = listened();
    const taken = since(unseen, "150");
    unseen.gone("102/5");
    unseen.list(taken);
    expect(unseen.told()).toEqual([]);
    unseen.pass(300);
    unseen.list(taken);
    unseen.list(taken);
    unseen.pass(5_000);
    unseen.list(taken);
    unseen.snapshot();
    unseen.list();
    expect(unseen.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "answered 150 -2 Blind",
      "ended 150 -2 Ok",
    ]);
    expect(unseen.events.at(-3)).toMatchObject({ talkMs: 10_000 });
    const seen = listened();
    const picked = since(seen, "103");
    seen.leg("103", 10, "connected", { originatedBy: null, legNumber: 7 });
    seen.gone("102/5");
    seen.pass(300);
    seen.list(picked);
    expect(seen.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Blind"]);
    const outward = listened();
    outward.gone("102/5");
    outward.pass(300);
    outward.list(row("10008"));
    outward.list(row("10008"));
    outward.gone("105/9");
    outward.list();
    expect(outward.told()).toEqual(["ended 102 -1 Ok passed on"]);
    const old = listened();
    old.gone("102/5");
    old.pass(300);
    old.list(row("800", { changedAt: t0 - 1_000 }));
    expect(old.told()).toEqual([]);
  });

  it("barge-in by who had consulted with the user, seen together with the answer: the user's conversation", () => {
    const phone = new Phone();
    phone.leg("102", 5, "dialing");
    const spoken = { callNumber: 8, originatedBy: null, legNumber: 2, party: inside("102") };
    phone.leg("105", 7, "connected", spoken);
    phone.lose();
    phone.snapshot(
      leg("105", 9, "connected", { originatedBy: null, legNumber: 3 }),
      leg("102", 5, "connected", { originatedBy: null, legNumber: 4 }),
    );
    expect(phone.told()).toEqual(["dialing 102 -0", "answered 102 -1 NotDef"]);
  });

  it("barge-in whose end is seen late: no time gives them the call, where a list that has named it lags", () => {
    const phone = talking({ listLateMs: 1_000 });
    const before = row("102", { establishedAt: t0, changedAt: t0 });
    phone.list(before);
    phone.leg("105", 9, "connected", { originatedBy: null, legNumber: 6 });
    phone.pass(10_000);
    phone.gone("102/5");
    const after = row("150", { changedAt: phone.at });
    for (const ms of [0, 300, 500]) {
      phone.pass(ms);
      phone.list(before);
    }
    const { asks } = phone;
    phone.pass(1_000);
    expect(phone.told()).toEqual([]);
    expect(phone.asks).toBe(asks + 1);
    phone.list(after);
    phone.pass(300);
    phone.list(after);
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 150 -2 Blind"]);
  });

  it("barge-in whose end is seen late: who was rung has answered, though the list, which has named the call, fails", () => {
    const phone = talking({ listLateMs: 1_000 });
    phone.list(row("102", { establishedAt: t0, changedAt: t0 }));
    phone.leg("105", 9, "connected", { originatedBy: null, legNumber: 6 });
    phone.pass(10_000);
    phone.leg("103", 10, "ringing", { referredBy: ref("102"), legNumber: 7 });
    phone.gone("102/5");
    phone.noList();
    phone.pass(3_000);
    expect(phone.told()).toEqual(["ringing 103 -2"]);
    phone.leg("103", 10, "connected", { originatedBy: null, legNumber: 7 });
    phone.pass(1_000);
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Blind"]);
  });

  /** 105 listens; 102 consults 104, and both are joined as 102 goes. */
  function joinConsulted(phone: Phone): void {
    phone.leg("105", 9, "connected", { originatedBy: null, legNumber: 6 });
    const spoken = { callNumber: 8, originatedBy: null, legNumber: 2, party: inside("102") };
    phone.leg("104", 12, "connected", spoken);
    phone.pass(10_000);
    phone.gone("102/5", "104/12");
    phone.leg("104", 13, "connected", { originatedBy: null, legNumber: 7 });
  }

  it("barge-in whose end is seen late: who was consulted has the call, though that list fails", () => {
    const phone = talking({ listLateMs: 1_000 });
    phone.list(row("102", { establishedAt: t0, changedAt: t0 }));
    joinConsulted(phone);
    for (let fails = 0; fails < 3; fails++) {
      phone.noList();
      phone.pass(1_000);
    }
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 104 -2 Accomp"]);
  });

  it("barge-in whose end is seen late, where nobody can be asked: who was consulted has the call", () => {
    const phone = talking();
    joinConsulted(phone);
    phone.noList();
    phone.pass(2_000);
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 104 -2 Accomp"]);
  });

  it("barge-in, seen alone: who had talked since before, as the log says, did not get the call from them", () => {
    const phone = new Phone();
    phone.at += 10_000;
    phone.leg("107", 9, "connected", { originatedBy: null });
    phone.at += 20_000;
    phone.lose();
    phone.at += 10_000;
    phone.snapshot();
    phone.list();
    const talk = { user: "101", answeredAt: t0 + 1_000, endedAt: t0 + 35_000 };
    phone.log(logged({ endedAt: t0 + 35_000, talks: [talk] }));
    expect(phone.told()).toEqual(["answered 107 -1 NotDef", "ended 107 -1 Ok"]);
  });

  it("barge-in by who had consulted with the user, while another is rung and answers: that one has the call", () => {
    const phone = talking();
    const spoken = { callNumber: 8, originatedBy: null, legNumber: 2, party: inside("102") };
    phone.leg("105", 7, "connected", spoken);
    phone.gone("105/7");
    phone.leg("105", 9, "connected", { originatedBy: null });
    phone.at += 1_000;
    phone.leg("103", 10, "ringing", { referredBy: ref("102") });
    phone.at += 500;
    phone.leg("103", 10, "connected", { originatedBy: null });
    phone.gone("102/5", "105/9");
    expect(phone.told()).toEqual([
      "ringing 103 -2",
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Blind",
    ]);
  });

  it("barge-in keeps no attempt to hand over alive that has failed", () => {
    const phone = talking();
    phone.leg("105", 9, "connected", { originatedBy: null });
    phone.pass(3_000);
    phone.leg("103", 10, "ringing", { referredBy: ref("102") });
    phone.gone("103/10");
    phone.pass(1_000);
    expect(phone.call()?.handover).toBeNull();
  });
});

describe("another phone of the user that rang along", () => {
  it("and is lifted when the user has gone: they have the call anew", () => {
    const phone = talking();
    phone.leg("102", 9, "ringing", { referredBy: ref("102") });
    phone.pass(5_000);
    phone.gone("102/5");
    phone.at += 285;
    phone.leg("102", 9, "connected", { originatedBy: null });
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 102 -2 Blind"]);
    expect(phone.events.at(-2)).toMatchObject({ talkMs: 5_000 });
    const going = talking();
    going.leg("102", 9, "ringing", { referredBy: ref("102") });
    going.pass(5_000);
    going.gone("102/5");
    going.at += 99;
    going.leg("102", 9, "connected", { originatedBy: null });
    expect(going.told()).toEqual([]);
  });

  it("and picks up what rings for somebody else when the user has gone: they have the call anew", () => {
    for (const [behalf, told] of [
      [ref("103"), ["ended 102 -1 Ok passed on", "answered 102 -2 Blind"]],
      [ref("102"), []],
      [null, []],
    ] as const) {
      const phone = talking();
      phone.leg("103", 8, "ringing", { referredBy: ref("102") });
      phone.pass(5_000);
      phone.told();
      phone.gone("102/5");
      phone.at += 158;
      phone.leg("102", 9, "connected", { originatedBy: null, onBehalfOf: behalf });
      expect(phone.told()).toEqual(told);
    }
  });

  it("and has the call on behalf of the queue that brought it: the conversation goes on there", () => {
    const phone = new Phone();
    const polled = { originatedBy: ref("800"), onBehalfOf: ref("800") };
    phone.leg("102", 5, "ringing", polled);
    phone.leg("102", 5, "connected", polled);
    phone.pass(5_000);
    phone.leg("105", 8, "connected", { originatedBy: null, legNumber: 6 });
    phone.pass(5_000);
    phone.told();
    phone.gone("102/5");
    phone.at += 158;
    phone.leg("102", 9, "connected", { ...polled, legNumber: 7 });
    expect(phone.told()).toEqual([]);
  });

  it("and shows connected a moment after the first has gone: the call goes on there, no link more", () => {
    const phone = talking();
    phone.leg("102", 9, "ringing", { referredBy: ref("102") });
    phone.pass(3_000);
    phone.gone("102/5");
    phone.at += 5;
    phone.leg("102", 9, "connected", { originatedBy: null });
    phone.gone("102/9");
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("and rings on when the user goes: they have sent the call to their own number, if the list still has it", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.leg("101", 6, "ringing");
    phone.leg("101", 5, "connected");
    phone.pass(5_000);
    phone.gone("101/5");
    phone.told();
    phone.list(row("101", { status: "Routing" }));
    phone.pass(300);
    phone.list(row("101", { status: "Routing" }));
    expect(phone.told()).toEqual(["ended 101 -1 Ok passed on", "ringing 101 -2"]);
  });

  it("and is lifted as the first is laid down, which the list shows first: the user's conversation goes on", () => {
    const phone = new Phone();
    phone.leg("101", 5, "connected", { originatedBy: null });
    phone.leg("101", 6, "ringing", { originatedBy: null });
    phone.pass(8_000);
    phone.gone("101/5");
    phone.list(row("101"));
    phone.pass(300);
    phone.list(row("101"));
    phone.pass(700);
    phone.leg("101", 6, "connected", { originatedBy: null });
    expect(phone.told()).toEqual(["answered 101 -1 NotDef"]);
    phone.gone("101/6");
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("and rings on when the user goes: is no sign of a hand-over where nobody can be asked", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.leg("101", 6, "ringing");
    phone.leg("101", 5, "connected");
    phone.pass(5_000);
    phone.gone("101/5");
    phone.noList();
    phone.pass(2_000);
    expect(phone.told().slice(2)).toEqual(["ended 101 -1 Ok"]);
    expect(phone.events.at(-1)?.at).toBe(t0 + 5_000);
    phone.leg("101", 6, "connected");
    expect(phone.told()).toEqual(["answered 101 -2 Blind"]);
  });

  it.each([
    { what: "passed on, where it has", rows: [row("103")], told: "ended 101 -1 Ok passed on" },
    { what: "ended, where it has not", rows: [], told: "ended 101 -1 Ok" },
  ])(
    "and rings on while the list, which has named the call, fails once: $what the call then",
    ({ rows, told }) => {
      const phone = new Phone();
      phone.leg("101", 5, "ringing");
      phone.leg("101", 6, "ringing");
      phone.list(row("101", { status: "Routing", establishedAt: t0 }));
      phone.leg("101", 5, "connected");
      phone.pass(5_000);
      phone.leg("104", 7, "ringing");
      phone.told();
      phone.pass(1_000);
      phone.gone("101/5");
      phone.list(row("103"));
      phone.gone("104/7");
      phone.pass(300);
      phone.noList();
      phone.pass(2_000);
      expect(phone.told()).toEqual([]);
      const since = phone.events.length;
      phone.list(...rows);
      expect(phone.told()[0]).toBe(told);
      expect(phone.events[since]?.at).toBe(t0 + 6_000);
    },
  );
});
