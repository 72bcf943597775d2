/** Conferences: the user stays until the outside party is gone, whatever shows of it (SPEC.md, R26, R34). */
import { describe, expect, it } from "vitest";
import { inside, leg, outside, Phone, ref, row, t0, talking } from "../../test/support/phone.ts";
import type { Party } from "./activity.ts";

describe("a conference", () => {
  it("is still one after our restart, though what its DN is must be looked up anew", () => {
    const phone = talking();
    phone.at += 2_000;
    phone.gone("102/5");
    const changedAt = phone.at;
    for (let look = 0; look < 4; look++) phone.list(row("700", { changedAt }));
    phone.restart();
    phone.lose();
    phone.at += 9_000;
    const callee: Party = { dn: "700", kind: "unknown", number: "", name: "" };
    phone.list(row("700", { callee, changedAt }));
    expect(phone.told()).toEqual([]);
    phone.snapshot();
    phone.list(row("700", { changedAt }));
    expect(phone.told()).toEqual([]);
  });

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

  it("ended when the list left it out first, though the next looks fail at it, whose user consults", () => {
    for (const [fails, isReadAgain] of [
      [1, true],
      [2, true],
      [4, false],
    ] as const) {
      const phone = talking();
      phone.gone("102/5");
      phone.list(row("700"));
      phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
      phone.at += 10_000;
      phone.list();
      // Asked for another call.
      phone.noList();
      for (let look = 0; look < fails; look++) {
        phone.pass(900);
        phone.noList();
      }
      expect(phone.told()).toEqual([]);
      phone.pass(isReadAgain ? 900 : phone.settings.graceMs);
      if (isReadAgain) phone.list();
      expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
      expect(phone.events.at(-1)).toMatchObject({ talkMs: 10_000 });
    }
  });

  it("that began while we were blind is known by the list, which names who is outside", () => {
    for (const [caller, callee, isKnown] of [
      [outside(), inside("700"), true],
      [inside("700"), outside(), true],
      [inside("102"), inside("700"), false],
    ] as const) {
      const phone = new Phone();
      phone.snapshot(leg("102", 5, "connected", { party: inside("700") }));
      phone.list(row("700", { caller, callee }));
      phone.pass(phone.settings.numberHoldMs);
      expect(phone.told()).toEqual(isKnown ? ["answered 102 -1 NotDef"] : []);
    }
  });

  it("that began while we were blind has had its conversation since it was seen, if the list has had it for so long", () => {
    for (const [status, changedMs, answeredMs] of [
      ["connected", -10_000, 0],
      ["connected", 2_000, 2_000],
      ["connected", 60_000, 5_000],
      ["ringing", -10_000, 5_000],
    ] as const) {
      const phone = new Phone();
      phone.snapshot(leg("102", 5, status, { party: inside("700"), originatedBy: null }));
      phone.at += 5_000;
      phone.leg("102", 5, "connected", { party: inside("700"), originatedBy: null });
      phone.list(row("700", { changedAt: t0 + changedMs }));
      expect(phone.told()).toEqual(["answered 102 -1 NotDef"]);
      expect(phone.events[0]?.at).toBe(t0 + answeredMs);
    }
  });

  it("that rings somebody has no outside party for them until they lift", () => {
    const phone = new Phone();
    const asked = { party: inside("700"), originatedBy: null };
    const talks = row("700", { caller: inside("700"), callee: outside() });
    phone.leg("104", 8, "ringing", asked);
    phone.list(talks);
    phone.gone("104/8");
    phone.list(talks);
    expect(phone.told()).toEqual([]);
    phone.leg("104", 9, "ringing", asked);
    phone.leg("104", 9, "connected", asked);
    phone.list(talks);
    phone.pass(phone.settings.numberHoldMs);
    expect(phone.told()).toEqual(["answered 104 -1 NotDef"]);
  });

  it("goes on at another phone of the user, whose leg shows its end at once", () => {
    const phone = talking();
    const party = { ...ref("700"), number: "700", name: "" };
    phone.leg("102", 5, "connected", { party });
    phone.leg("102", 9, "connected", { party, originatedBy: null });
    phone.gone("102/5");
    const { asks } = phone;
    phone.at += 5_000;
    phone.gone("102/9");
    expect(phone.asks).toBe(asks + 1);
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 5_000 });
  });
});

describe("a conference whose legs are calls of their own", () => {
  const conference = row("700");

  it("is no new link: the user's conversation lasts until the list leaves the call out", () => {
    const phone = talking();
    phone.at += 5_000;
    phone.gone("102/5");
    phone.list(conference);
    phone.at += 5_000;
    phone.list(conference);
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 10_000 });
  });

  it.each(["incoming", "outgoing"])("is none where the very leg of an %s call goes over", (way) => {
    const phone = new Phone();
    const isOut = way === "outgoing";
    phone.leg("102", 5, isOut ? "dialing" : "ringing");
    phone.leg("102", 5, "connected");
    const told = phone.told();
    phone.at += 5_000;
    for (const number of ["700", "420777000001"]) {
      const party = { ...ref("700"), number, name: "" };
      phone.leg("102", 5, "connected", { party, callNumber: 9 });
      phone.list(conference, row("700", { caller: inside("102"), callNumber: 9 }));
      phone.pass(5_000);
    }
    phone.gone("102/5");
    phone.list();
    expect(told).toHaveLength(2);
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ callNumber: 7, talkMs: 15_000 });
  });

  it("is none where that leg is back with the outside party alone", () => {
    const phone = talking();
    phone.at += 5_000;
    phone.leg("102", 5, "connected", { party: inside("700"), callNumber: 9 });
    phone.list(conference, row("700", { caller: inside("102"), callNumber: 9 }));
    phone.at += 5_000;
    phone.leg("102", 5, "connected");
    phone.list(row("102"));
    phone.at += 5_000;
    phone.gone("102/5");
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ callNumber: 7, talkMs: 15_000 });
  });

  it("ends no conversation while another phone rings that was tried before", () => {
    const phone = talking();
    phone.at += 5_000;
    phone.leg("103", 6, "ringing", { referredBy: ref("102") });
    phone.at += 1_000;
    phone.gone("102/5");
    phone.at += 300;
    phone.list(conference);
    phone.at += 1_700;
    phone.list(conference);
    phone.gone("103/6");
    phone.list(conference);
    phone.list();
    expect(phone.told()).toEqual(["ringing 103 -2", "ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 8_000 });
  });

  it("goes on over our restart, which forgets what its DN is, as long as the row has not changed", () => {
    for (const [changedMs, told] of [
      [0, []],
      [8_000, ["ended 102 -1 Ok passed on"]],
    ] as const) {
      const phone = talking();
      const changedAt = phone.at;
      phone.gone("102/5");
      phone.list(row("700", { changedAt }));
      phone.at += 5_000;
      phone.list(row("700", { changedAt }));
      phone.restart();
      phone.lose();
      phone.at += 5_000;
      phone.snapshot();
      const callee = { ...ref("?"), dn: "700", number: "700", name: "" };
      for (let look = 0; look < 5; look += 1) {
        phone.list(row("?", { callee, changedAt: changedAt + changedMs }));
        phone.pass(1_000);
      }
      expect(phone.told()).toEqual(told);
    }
  });

  it("may be known for one a moment later; what stays unknown is another place", () => {
    const unknown = row("?", { callee: { ...ref("?"), dn: "700", number: "700", name: "" } });
    const phone = talking();
    phone.gone("102/5");
    phone.list(unknown);
    phone.list(unknown);
    expect(phone.told()).toEqual([]);
    phone.list(conference);
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    const other = talking();
    other.gone("102/5");
    for (const pause of [0, 50, 100]) {
      other.pass(pause);
      other.list(unknown);
    }
    expect(other.told()).toEqual(["ended 102 -1 Ok passed on"]);
  });
});

describe("a call that was dialled, answered and sent to a conference before its answer could be seen", () => {
  it("is answered by who dialled it, and theirs until the list leaves it out", () => {
    const phone = new Phone();
    phone.leg("103", 9, "dialing");
    const at700 = row("10007", { caller: inside("103"), callee: outside() });
    phone.list({ ...at700, status: "Routing" });
    phone.at += 5_000;
    phone.gone("103/9");
    const more = { caller: { ...inside("700"), kind: "conference" as const }, callee: outside() };
    phone.list(row("700", { ...more, status: "Talking" }));
    phone.at += 20_000;
    phone.list();
    expect(phone.told()).toEqual(["dialing 103 -0", "answered 103 -1 NotDef", "ended 103 -1 Ok"]);
  });
});

describe("a call that was answered and sent to a conference while we were blind", () => {
  it.each([
    [
      "is answered by who is the level and stands towards it",
      ["102", "102"],
      ["answered 102 -1 NotDef", "ended 102 -1 Ok"],
    ],
    ["is not answered by somebody else who does", ["102", "103"], ["ended 102 -0 Missed"]],
    [
      "is answered by whom the queue rang that is the level",
      ["800", "103"],
      ["answered 103 -1 NotDef", "ended 103 -1 Ok"],
    ],
    [
      "is not answered by the queue itself, whose leg stands there",
      ["800", "800"],
      ["ended 800 -0 Missed"],
    ],
  ])("%s", (_, [level = "", dn = ""], told) => {
    const phone = new Phone();
    phone.leg(level, 5, level === "800" ? "connected" : "ringing");
    phone.told();
    phone.lose();
    phone.at += 20_000;
    phone.snapshot(leg(dn, 6, "connected", { party: inside("700"), onBehalfOf: ref(dn) }));
    phone.list(row("700"));
    phone.at += 5_000;
    phone.gone(`${dn}/6`);
    phone.list();
    phone.log();
    for (const pauseMs of phone.settings.logAgainMs) {
      phone.pass(pauseMs);
      phone.log();
    }
    expect(phone.told()).toEqual(told);
  });
});

describe("a conference that who spoke to one of ours is taken into", () => {
  it("has the outside party that the list names there next to it not as theirs", () => {
    const phone = new Phone();
    phone.leg("129", 5, "connected", { party: inside("117"), legNumber: 2, originatedBy: null });
    phone.leg("129", 5, "connected", { party: inside("700"), legNumber: 2, originatedBy: null });
    const caller = { ...inside("700"), kind: "conference" as const };
    phone.list(row("10007", { caller, callee: outside() }));
    phone.pass(1_000);
    expect(phone.told()).toEqual([]);
  });
});
