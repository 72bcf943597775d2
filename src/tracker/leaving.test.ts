/** A departure while only phones ring: passed on, or the caller has hung up? (SPEC.md, R31). */
import { describe, expect, it } from "vitest";
import { leg, Phone, ref, row, t0, talking } from "../../test/support/phone.ts";

/** 103's phone has rung for 5 s at 102's wish, who waits for the answer and now goes. */
function leaving(): Phone {
  const phone = talking();
  phone.leg("103", 6, "ringing", { referredBy: ref("102") });
  phone.at += 5_000;
  expect(phone.told()).toEqual(["ringing 103 -2"]);
  phone.gone("102/5");
  expect(phone.told()).toEqual([]);
  return phone;
}

const passedOn = "ended 102 -1 Ok passed on";

describe("who leaves while the other phone still rings", () => {
  it("has passed nothing on if the caller is gone, though that phone's leg goes later or never", () => {
    for (const late of [true, false]) {
      const phone = leaving();
      phone.at += 600;
      if (late) phone.gone("103/6");
      phone.list();
      expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
      expect(phone.events.at(-1)).toMatchObject({ talkMs: 5_000, at: t0 + 5_000 });
    }
  });

  it("has passed it on all the same if that phone's leg stands on, or answers", () => {
    for (const shownAfterMs of [1_999, 2_000]) {
      const phone = leaving();
      phone.list();
      phone.told();
      phone.pass(shownAfterMs);
      phone.snapshot(leg("103", 6, "ringing", { referredBy: ref("102") }));
      expect(phone.told()).toEqual(shownAfterMs < 2_000 ? [] : ["ringing 103 -3"]);
      phone.leg("103", 6, "connected", { originatedBy: null });
      expect(phone.told()).toEqual(["answered 103 -3 Blind"]);
    }
  });

  it("has passed nothing on without the list either, if that phone falls silent in time", () => {
    const phone = leaving();
    phone.noList();
    phone.pass(999);
    phone.gone("103/6");
    phone.noList();
    phone.pass(phone.settings.graceMs);
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)?.at).toBe(t0 + 5_000);
  });

  it("has not sent it to another phone of theirs, which rang along and whose end was lost, as somebody answers", () => {
    const phone = new Phone();
    phone.leg("102", 4, "ringing");
    phone.leg("102", 5, "ringing");
    phone.leg("102", 5, "connected");
    phone.at += 1_000;
    phone.leg("103", 6, "ringing", { referredBy: ref("102") });
    phone.gone("102/5");
    phone.leg("103", 6, "connected");
    phone.list(row("103"));
    phone.pass(1_000);
    phone.list(row("103"));
    phone.told();
    phone.leg("104", 7, "ringing", { referredBy: ref("103") });
    phone.gone("103/6");
    expect(phone.told()).toEqual(["ringing 104 -3", "ended 103 -2 Ok passed on"]);
    // Where it rings anew, it has a leg for that.
    phone.leg("102", 8, "ringing", { referredBy: ref("104") });
    expect(phone.told()).toEqual(["ringing 102 -3"]);
  });

  it("has not lifted another phone of theirs because a list that lags by a second has them still", () => {
    const phone = talking({ listLateMs: 1_000 });
    phone.at += 5_000;
    phone.leg("800", 6, "connected");
    phone.at += 200;
    phone.gone("102/5");
    for (const late of [row("102", { changedAt: t0 }), row("800", { status: "Routing" })]) {
      expect(phone.told()).not.toContain(passedOn);
      phone.pass(400);
      phone.list(late);
    }
    expect(phone.told()).toEqual([passedOn]);
  });

  it("has passed it on if the list has the call a moment later, not by one that lags", () => {
    const phone = leaving();
    const { asks } = phone;
    phone.list(row("103"));
    phone.pass(299);
    expect(phone.told()).toEqual([]);
    phone.pass(1);
    expect(phone.asks).toBe(asks + 1);
    phone.list(row("103"));
    phone.gone("103/6");
    phone.list();
    expect(phone.told()).toEqual([passedOn, "ended 103 -2 Missed"]);
    expect(phone.events.at(-2)?.at).toBe(t0 + 5_000);
  });

  it("has passed it on if that phone rings on for long where nobody can be asked", () => {
    const phone = leaving();
    phone.noList();
    phone.pass(999);
    expect(phone.told()).toEqual([]);
    phone.pass(1);
    expect(phone.told()).toEqual([passedOn]);
  });

  it("has passed it on as soon as somebody answers, or another phone rings", () => {
    const answered = leaving();
    answered.leg("103", 6, "connected");
    expect(answered.told()).toEqual([passedOn, "answered 103 -2 Blind"]);
    const polled = leaving();
    polled.gone("103/6");
    polled.leg("104", 7, "ringing");
    expect(polled.told()).toEqual([passedOn, "ringing 104 -2"]);
    const beside = leaving();
    beside.leg("104", 7, "ringing");
    expect(beside.told()).toEqual([passedOn, "ringing 104 -2"]);
  });

  it("hands over to a ring group that only the list shows, which is told at once", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", { referredBy: ref("102"), originatedBy: null });
    phone.list(row("820"));
    expect(phone.told()).toEqual(["ringing 103 -2", "ringing 820 -2"]);
    phone.list(row("102"));
    expect(phone.told()).toEqual([]);
  });

  it("has not left if a leg of theirs comes back", () => {
    const phone = leaving();
    phone.leg("102", 9, "connected");
    phone.pass(5_000);
    expect(phone.told()).toEqual([]);
    expect(phone.call()?.leaving).toBeNull();
  });

  it("is not judged by a list that never knew the call, nor by one that was asked before", () => {
    const unknown = talking();
    unknown.list();
    unknown.pass(300);
    unknown.list();
    unknown.leg("103", 6, "ringing");
    unknown.at += 5_000;
    unknown.gone("102/5");
    unknown.list();
    expect(unknown.told()).toEqual(["ringing 103 -2"]);
    const early = leaving();
    early.feed({ kind: "activeCalls", at: early.at, askedAt: early.at - 1, calls: [] });
    expect(early.told()).toEqual([]);
  });

  it("has ended, and what lingers from then rings for nobody when the call goes on after all", () => {
    const phone = leaving();
    phone.list();
    phone.told();
    phone.leg("104", 7, "ringing");
    expect(phone.told()).toEqual(["ringing 104 -3"]);
  });

  it("has passed nothing on if those who lost the polling show only then, and go", () => {
    const phone = new Phone();
    const polled = { originatedBy: ref("800") };
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", polled);
    phone.leg("101", 5, "connected", polled);
    phone.told();
    phone.leg("102", 6, "ringing", polled);
    phone.gone("101/5");
    expect(phone.told()).toEqual([]);
    phone.gone("102/6", "800/4");
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("has passed it on if that phone rings on when we see again", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", { referredBy: ref("102") });
    phone.told();
    phone.lose();
    phone.at += 20_000;
    phone.snapshot(leg("103", 6, "ringing", { referredBy: ref("102") }));
    expect(phone.told()).toEqual([passedOn]);
  });

  it("is not judged while we are blind", () => {
    const phone = leaving();
    phone.lose();
    phone.at += 20_000;
    phone.list();
    phone.pass(1);
    expect(phone.told()).toEqual([]);
    phone.snapshot(leg("103", 6, "ringing", { referredBy: ref("102") }));
    phone.pass(1_000);
    expect(phone.told()).toEqual([passedOn]);
  });
});

describe("who leaves as the other phone begins to ring", () => {
  it("has passed it on, told at once", () => {
    for (const [ms, told] of [
      [99, ["ringing 103 -2", passedOn]],
      [100, ["ringing 103 -2"]],
    ] as const) {
      const phone = talking();
      phone.leg("103", 6, "ringing");
      phone.at += ms;
      phone.gone("102/5");
      expect(phone.told()).toEqual(told);
    }
  });

  it("has passed it on where a place holds the call that is no offer", () => {
    const phone = talking();
    phone.leg("SP0", 6, "connected");
    phone.gone("102/5");
    expect(phone.told()).toEqual([passedOn]);
  });
});

describe("who leaves, and no phone rings", () => {
  it("has passed it on to the queue that it came from, as the list names it, however short its stay there", () => {
    const phone = new Phone({ listLateMs: 1_000 });
    phone.leg("102", 5, "ringing");
    phone.list(row("800", { status: "Routing", changedAt: phone.at }));
    phone.leg("102", 5, "connected");
    phone.at += 10_000;
    phone.gone("102/5");
    expect(phone.told()).toEqual(["ringing 102 -0", "ringing 800 -0", "answered 102 -1 NotDef"]);
    phone.list(row("800", { status: "Routing", changedAt: phone.at }));
    phone.list();
    expect(phone.told()).toEqual([passedOn, "ringing 800 -2", "ended 800 -2 Missed"]);
  });

  it("has passed it on to the place that the list names, however short its stay there", () => {
    const phone = talking();
    phone.at += 5_000;
    phone.gone("102/5");
    phone.list(row("801", { status: "Routing" }));
    expect(phone.told()).toEqual([passedOn, "ringing 801 -2"]);
    phone.at += 1_000;
    phone.list(row("10007", { status: "Routing" }));
    phone.list();
    expect(phone.told()).toEqual(["ended 801 -2 Missed"]);
  });
});
