/** The end of a call, and the list of active calls as second witness (SPEC.md, "Hidden calls"). */
import { describe, expect, it } from "vitest";
import { inside, outside, Phone, ref, row, t0 } from "../../test/support/phone.ts";

function talking(): Phone {
  const phone = new Phone();
  phone.leg("101", 5, "ringing");
  phone.leg("101", 5, "connected");
  phone.told();
  return phone;
}

describe("a call without visible legs", () => {
  it("is over when a list asked afterwards leaves it out, and not by an older list", () => {
    const phone = talking();
    phone.at += 4_000;
    phone.gone("101/5");
    phone.feed({ kind: "activeCalls", at: phone.at, askedAt: phone.at - 1, calls: [] });
    expect(phone.told()).toEqual([]);
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("is looked at again and again while the list lags behind", () => {
    const phone = talking();
    phone.gone("101/5");
    for (const pause of phone.settings.lookAgainMs) {
      phone.list(row("101"));
      const { asks } = phone;
      phone.pass(pause);
      expect(phone.asks).toBe(asks + 1);
    }
    phone.list(row("101"));
    const { asks } = phone;
    phone.pass(60_000);
    expect(phone.asks).toBe(asks);
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
    expect(phone.events.at(-1)?.at).toBe(t0);
  });

  it("is looked at for as long as it is meant to be, however often the list is asked for other calls", () => {
    const phone = talking();
    phone.gone("101/5");
    phone.list(row("101"));
    for (let look = 0; look < 10; look += 1) phone.list(row("101"));
    for (const pause of phone.settings.lookAgainMs) {
      const { asks } = phone;
      phone.pass(pause);
      expect(phone.asks).toBe(asks + 1);
      phone.list(row("101"));
    }
  });

  it("is not taken for passed on to what brought it by a list that lags, if all answered at once", () => {
    const phone = new Phone();
    phone.leg("101", 5, "connected", { originatedBy: ref("820") });
    phone.told();
    phone.gone("101/5");
    phone.list(row("820"));
    phone.pass(200);
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("is not taken for passed on by a list that lags, to where it was before; by one that insists it is", () => {
    for (const insists of [false, true]) {
      const phone = new Phone();
      phone.leg("800", 4, "connected");
      phone.leg("101", 5, "ringing", { originatedBy: ref("800") });
      phone.leg("101", 5, "connected", { originatedBy: ref("800") });
      phone.gone("800/4", "101/5");
      phone.told();
      for (let ms = 0; ms < phone.settings.listInsistsMs; ms += 1_000) {
        phone.list(row("800"));
        phone.pass(1_000);
      }
      expect(phone.told()).toEqual([]);
      if (insists) phone.list(row("800"));
      phone.list();
      expect(phone.told()).toEqual(
        insists ? ["ended 101 -1 Ok passed on", "ended 101 -2 Missed"] : ["ended 101 -1 Ok"],
      );
    }
  });

  it("is passed on to where it was before if the list changed after the answer", () => {
    const phone = new Phone();
    phone.list(row("801"));
    phone.leg("101", 5, "connected", { originatedBy: ref("801") });
    phone.at += 9_000;
    phone.gone("101/5");
    phone.told();
    phone.list(row("801", { changedAt: t0 + 1_999 }));
    expect(phone.told()).toEqual([]);
    phone.list(row("801", { changedAt: t0 + 8_800 }));
    expect(phone.told()).toEqual(["ended 101 -1 Ok passed on", "ringing 801 -2"]);
  });

  it("is over after a grace without the list, unless a leg comes back in time", () => {
    const phone = talking();
    phone.gone("101/5");
    phone.noList();
    phone.noList();
    phone.pass(phone.settings.graceMs - 1);
    expect(phone.told()).toEqual([]);
    phone.leg("101", 6, "connected");
    phone.gone("101/6");
    phone.noList();
    phone.pass(phone.settings.graceMs);
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("is not ended by one failure of the list after a blind stretch, as its grace begins with the failure", () => {
    const phone = talking();
    phone.gone("101/5");
    phone.list(row("666"));
    phone.restart();
    phone.at += 20_000;
    phone.lose();
    phone.snapshot();
    phone.noList();
    phone.noLog();
    phone.pass(phone.settings.graceMs - 1);
    phone.list(row("666"));
    expect(phone.told()).toEqual(["ended 101 -1 Ok passed on"]);
  });

  it("is not ended by one failure of a list that named it, but is by a long one, or by the list", () => {
    const parked = (): Phone => {
      const phone = talking();
      phone.gone("101/5");
      phone.list(row("SP0"));
      phone.noList();
      phone.pass(phone.settings.graceMs);
      expect(phone.told()).toEqual(["ended 101 -1 Ok passed on"]);
      return phone;
    };
    const back = parked();
    back.list(row("SP0"));
    back.pass(back.settings.listedGraceMs);
    expect(back.told()).toEqual([]);
    const left = parked();
    left.list();
    expect(left.told()).toEqual(["ended 101 -2 Missed"]);
    const silent = parked();
    silent.pass(silent.settings.listedGraceMs);
    expect(silent.told()).toEqual(["ended 101 -2 Missed"]);
  });

  it("is not ended by one failure of a list that named it while its legs stood", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.list(row("101", { status: "Routing", establishedAt: t0 }));
    phone.gone("101/5");
    phone.noList();
    phone.pass(phone.settings.graceMs);
    phone.list(row("103", { status: "Routing", establishedAt: t0 }));
    expect(phone.told()).toEqual(["ringing 101 -0"]);
    phone.list();
    expect(phone.told()).toEqual(["ended 103 -0 Missed"]);
  });

  it("is not judged while we are blind, and asked for anew when we see again", () => {
    const phone = talking();
    phone.gone("101/5");
    phone.lose();
    phone.noList();
    phone.noLog();
    phone.pass(600_000);
    phone.tick();
    expect(phone.told()).toEqual([]);
    const { asks } = phone;
    phone.snapshot();
    expect(phone.asks).toBe(asks + 1);
    phone.list(row("101"));
    phone.list();
    phone.noLog();
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("is over in the end when the list never answers", () => {
    const phone = talking();
    phone.gone("101/5");
    phone.pass(phone.settings.answerMsMax);
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("is judged by the grace if the list never knew it", () => {
    const phone = talking();
    phone.list();
    phone.pass(300);
    phone.list();
    const { asks } = phone;
    phone.gone("101/5");
    expect(phone.asks).toBe(asks);
    phone.list();
    expect(phone.told()).toEqual([]);
    phone.pass(phone.settings.graceMs);
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("is judged by a list that leaves it out again and again as its last leg goes", () => {
    const phone = talking();
    phone.list();
    phone.pass(299);
    phone.list();
    phone.gone("101/5");
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("trusts the list again once it names the call, and forgives one that was asked too early", () => {
    const phone = talking();
    phone.list();
    phone.list(row("101"));
    phone.list();
    phone.at += 1;
    phone.leg("101", 5, "connected", { party: outside("1") });
    phone.feed({ kind: "activeCalls", at: phone.at, askedAt: phone.at - 1, calls: [] });
    const { asks } = phone;
    phone.gone("101/5");
    expect(phone.asks).toBe(asks + 1);
  });

  it("ended when it left the list, if it had gone on elsewhere", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.gone("101/5");
    phone.list(row("666"));
    phone.pass(9_000);
    phone.list();
    expect(phone.events.at(-1)).toMatchObject({ kind: "ended", finish: "Missed", at: t0 + 9_000 });
  });

  it("is no riddle for the log if its row has not changed since before the blind stretch", () => {
    for (const [changedMs, asks] of [
      [2_000, 1],
      [2_001, 2],
    ] as const) {
      const phone = talking();
      phone.gone("101/5");
      phone.list(row("666"));
      phone.pass(9_000);
      phone.lose();
      phone.list(row("666", { changedAt: t0 + 1_000 }));
      phone.at += 10_000;
      phone.snapshot();
      phone.list(row("666", { changedAt: t0 + changedMs }));
      phone.pass(9_000);
      phone.list();
      expect(phone.inquiries).toHaveLength(asks);
    }
  });

  it("that only the list ever showed is no riddle for the log either, if its row has not changed", () => {
    const phone = new Phone();
    phone.list(row("800", { changedAt: t0 }));
    phone.lose();
    phone.at += 10_000;
    phone.snapshot();
    phone.list(row("800", { changedAt: t0 }));
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0", "ended 800 -0 Missed"]);
  });

  it("is a riddle for the log if its row changed before we saw again that its legs had gone", () => {
    const phone = new Phone();
    phone.leg("800", 5, "connected");
    phone.lose();
    phone.at += 20_000;
    phone.snapshot();
    phone.list(row("700", { changedAt: t0 + 10_000 }));
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0"]);
    phone.noLog();
    phone.list();
    expect(phone.told()).toEqual(["ended 800 -0 Missed"]);
  });

  it("is over at once though the list left it out before, if the frame that ended its leg was lost", () => {
    const phone = talking();
    for (let look = 0; look < 3; look++) {
      phone.at += 1_000;
      phone.list();
    }
    phone.snapshot();
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("is forgotten a while after its end, and nothing of it is told twice", () => {
    const phone = talking();
    phone.gone("101/5");
    phone.list();
    phone.list(row("800"));
    phone.tick();
    phone.noList();
    phone.gone("101/5");
    phone.leg("101", 9, "ringing", { party: inside("102") });
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
    phone.pass(phone.settings.overKeptMs);
    expect(phone.call()).toBeUndefined();
  });

  it("goes on with the next link if a leg comes back after its end", () => {
    const phone = talking();
    phone.gone("101/5");
    phone.list();
    phone.leg("102", 6, "ringing");
    phone.leg("102", 6, "connected");
    expect(phone.told()).toEqual(["ended 101 -1 Ok", "ringing 102 -2", "answered 102 -2 Blind"]);
    const missed = new Phone();
    missed.leg("101", 5, "ringing");
    missed.gone("101/5");
    missed.list();
    missed.leg("101", 6, "connected");
    expect(missed.told()).toEqual([
      "ringing 101 -0",
      "ended 101 -0 Missed",
      "answered 101 -1 NotDef",
    ]);
  });

  it("does not go on by a phone that rang before its last one, and is heard of late", () => {
    const phone = new Phone();
    phone.leg("102", 6, "ringing");
    phone.gone("102/6");
    phone.list();
    phone.leg("101", 5, "ringing");
    expect(phone.told()).toEqual(["ringing 102 -0", "ended 102 -0 Missed"]);
    phone.pass(phone.settings.graceMs);
    phone.leg("101", 5, "ringing");
    expect(phone.told()).toEqual(["ringing 101 -1"]);
  });

  it.each([
    ["that is heard of only when the list, which had the call, leaves it out", false],
    ["that a consultation had ring until then", true],
  ])("goes on by a phone %s: %s", (_, consulted) => {
    const phone = new Phone();
    phone.leg("102", 6, "ringing");
    phone.list(row("102", { establishedAt: t0 }));
    if (consulted) phone.leg("101", 8, "ringing", { callNumber: 9, party: inside("102") });
    phone.gone("102/6");
    phone.list();
    expect(phone.told()).toEqual(["ringing 102 -0", "ended 102 -0 Missed"]);
    phone.leg("101", 8, "ringing");
    if (!consulted) phone.leg("800", 9, "connected");
    expect(phone.told()).toEqual(consulted ? ["ringing 101 -1"] : []);
    phone.leg("101", 8, "connected");
    expect(phone.told()).toEqual(["answered 101 -1 NotDef"]);
  });
});

describe("a level that only the list shows", () => {
  it("is told, and blamed when the call is missed there", () => {
    const phone = new Phone();
    phone.list(row("801"));
    phone.at += 1_000;
    phone.list(row("800"));
    phone.leg("101", 5, "ringing");
    phone.gone("101/5");
    phone.at += 1_000;
    phone.list(row("800"));
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 801 -0",
      "ringing 800 -0",
      "ringing 101 -0",
      "ended 800 -0 Missed",
    ]);
  });

  it("is not told twice when its leg shows after all, nor by a late list", () => {
    const phone = new Phone();
    phone.list(row("801"));
    phone.leg("801", 3, "connected");
    phone.leg("800", 4, "connected");
    phone.gone("801/3");
    phone.list(row("801"));
    phone.at += 1_000;
    phone.list(row("801"));
    phone.list(row("101"));
    phone.gone("800/4");
    phone.list();
    expect(phone.told()).toEqual(["ringing 801 -0", "ringing 800 -0", "ended 800 -0 Missed"]);
  });

  it("is told by its own leg, with all that it says, if the list is ahead of it at a place that is monitored", () => {
    const phone = new Phone();
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: ["800"] });
    phone.list(row("800"), row("801", { callNumber: 8 }));
    expect(phone.told()).toEqual(["ringing 801 -0"]);
    phone.at += 30;
    phone.leg("800", 4, "connected", { did: { ruleName: "Support", number: "420222000100" } });
    expect(phone.told()).toEqual(["ringing 800 -0"]);
    expect(phone.events.at(-1)).toMatchObject({ did: "Support" });
  });

  it("is told by the list all the same if no leg of the monitored place comes: its frame is lost", () => {
    const phone = new Phone();
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: ["800"] });
    phone.list(row("800"));
    phone.at += phone.settings.listLagMs - 1;
    phone.list(row("800"));
    expect(phone.told()).toEqual([]);
    phone.at += 1;
    phone.list(row("800"));
    expect(phone.told()).toEqual(["ringing 800 -0"]);
  });

  it("does not count while somebody talks, nor for callers of ours or other places", () => {
    const phone = talking();
    phone.at += 1_000;
    phone.list(row("800"));
    phone.list(row("101"), row("800", { callNumber: 8, caller: inside("102") }));
    phone.list(row("101"), row("101", { callNumber: 8 }));
    expect(phone.told()).toEqual([]);
    expect(phone.call(8)).toBeUndefined();
  });
});
