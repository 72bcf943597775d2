/** Our own restart, and the PBX's, in mid-call (SPEC.md, R28 and C2). */
import { describe, expect, it } from "vitest";
import {
  caller,
  inside,
  leg,
  logged,
  outside,
  Phone,
  ref,
  row,
  t0,
} from "../../test/support/phone.ts";

function talking(): Phone {
  const phone = new Phone();
  phone.leg("101", 5, "ringing");
  phone.leg("101", 5, "connected");
  phone.told();
  return phone;
}

describe("our own restart", () => {
  it("keeps the links and tells only what is new", () => {
    const phone = talking();
    phone.restart();
    phone.snapshot(leg("101", 5, "connected"));
    expect(phone.told()).toEqual([]);
    phone.restart();
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("judges a hidden call by what the PBX says afterwards, not by old deadlines", () => {
    const phone = talking();
    phone.gone("101/5");
    phone.noList();
    phone.restart();
    phone.pass(phone.settings.graceMs * 2);
    expect(phone.told()).toEqual([]);
    phone.noList();
    phone.pass(phone.settings.graceMs);
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("catches up an answer and a new call from the snapshot", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.restart();
    phone.snapshot(
      leg("101", 5, "connected"),
      leg("103", 9, "ringing", { callNumber: 8, originatedBy: ref("820") }),
    );
    expect(phone.told()).toEqual([
      "ringing 101 -0",
      "answered 101 -1 NotDef",
      "ringing 820 -0",
      "ringing 103 -0",
    ]);
  });
});

describe("our own restart in the middle of a blind stretch", () => {
  it("loses neither the stretch nor what was told of calls of before", () => {
    const hourMs = 3_600_000;
    const phone = talking();
    phone.at += 5_000;
    phone.lose(t0 - 1_000);
    phone.at += 10_000;
    phone.snapshot(leg("102", 3, "ringing", { callNumber: 9, party: outside("420111222333") }));
    expect(phone.told()).toEqual(["ended 101 -1 Ok", "ringing 102 -0"]);
    phone.restart(hourMs);
    expect(phone.state.stretch?.fromAt).toBe(t0 - 1_000 + hourMs);
    phone.at += hourMs;
    phone.lose(phone.at);
    phone.snapshot();
    const before = logged({ startedAt: t0 + hourMs, endedAt: t0 + hourMs + 60_000 });
    const meanwhile = { callNumber: 8, number: "420999888777" };
    phone.log(before, logged({ ...meanwhile, startedAt: t0 + 8_000 + hourMs }));
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
    expect(phone.events.at(-1)?.callNumber).toBe(8);
  });
});

describe("our own restart with a clock that was set back", () => {
  it("keeps no call waiting until the clock has caught up", () => {
    const phone = talking();
    phone.gone("101/5");
    phone.restart();
    phone.at -= 3_600_000;
    phone.lose();
    phone.snapshot();
    phone.list();
    phone.noLog();
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });
});

describe("a restart of the PBX", () => {
  it("begins its numbers anew: a call with an old number is a new call, the old one is over", () => {
    const phone = talking();
    phone.leg("103", 7, "ringing", { callNumber: 8, party: inside("102") });
    phone.leg("104", 8, "ringing", { callNumber: 9 });
    phone.gone("104/8");
    phone.list(row("101"));
    phone.told();
    phone.at += 1_000;
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("102", 3, "ringing"));
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok", "ringing 102 -0"]);
    expect(phone.events.at(-1)?.callId).toBe("260504080031_7");
    expect(phone.events.at(-2)).toMatchObject({ talkMs: 1_000, callId: "260504080000_7" });
    expect(phone.call(8)).toBeUndefined();
  });

  it("is read into no older leg beside one with an id so high that no PBX has made so many legs since", () => {
    for (const [id, told] of [
      [301, ["ringing 104 -0"]],
      [300, ["ended 101 -1 Ok", "ringing 104 -0"]],
    ] as const) {
      const phone = talking();
      phone.leg("103", 99, "ringing", { callNumber: 9 });
      phone.gone("103/99");
      phone.list(row("102"));
      phone.told();
      const seenAt = phone.at;
      phone.at += 20_000;
      phone.lose(seenAt);
      phone.at += 10_000;
      // Called inside before, and put through to a mobile.
      const mobile = { callNumber: 8, party: outside("420602000001"), originatedBy: null };
      const rings = leg("104", 50, "ringing", mobile);
      phone.snapshot(rings, leg("105", id, "ringing", { callNumber: 10, party: inside("106") }));
      expect(phone.told()).toEqual(told);
    }
  });

  it("is not read into a leg that was made just before sight was lost, and shows only now", () => {
    const phone = talking();
    phone.leg("103", 45, "ringing", { callNumber: 9 });
    phone.gone("103/45");
    phone.list(row("102"));
    phone.told();
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("104", 44, "connected", { callNumber: 9 }));
    phone.snapshot(
      leg("104", 44, "connected", { callNumber: 9 }),
      leg("106", 60, "ringing", { callNumber: 20 }),
    );
    phone.pass(60_000);
    expect(phone.told().filter((told) => told.includes("102"))).toEqual([]);
  });

  it.each([
    [
      "nor of a call of before, if it may have come as all were read",
      42,
      7,
      "ended 102 -2 Ok passed on",
    ],
    ["but in one of a call of before that would have shown then", 41, 7, "ended 102 -2 Ok"],
    ["nor of another call", 41, 11, undefined],
  ])("is not read into such a leg, %s", (_, id, callNumber, told) => {
    const phone = talking();
    phone.leg("103", 45, "ringing", { callNumber: 9 });
    phone.snapshot(leg("102", 5, "connected"), leg("103", 45, "ringing", { callNumber: 9 }));
    phone.gone("103/45");
    phone.list(row("102"));
    phone.told();
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("104", id, "connected", { callNumber, party: outside("") }));
    expect(phone.told().find((line) => line.startsWith("ended 102"))).toBe(told);
  });

  it("is not read into a consulted leg that was joined with the caller while we were blind", () => {
    const phone = talking();
    phone.leg("103", 45, "connected", { callNumber: 9, legNumber: 2, party: inside("109") });
    phone.leg("104", 46, "ringing", { callNumber: 10 });
    phone.gone("104/46");
    phone.list(row("102"));
    phone.told();
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(
      leg("103", 45, "connected", { callNumber: 9, legNumber: 2, party: outside("420777000009") }),
    );
    expect(phone.told().filter((told) => told.includes("102"))).toEqual([]);
  });

  it("leaves alone what the list has told of while nobody noticed the loss, if a leg shows it", () => {
    for (const [number, told] of [
      ["420777000033", ["ended 101 -1 Ok", "ringing 104 -0"]],
      [
        "420777000044",
        ["ended 800 -0 Missed", "ended 101 -1 Ok", "ringing 800 -0", "ringing 104 -0"],
      ],
    ] as const) {
      const phone = talking();
      const seenAt = phone.at;
      phone.at += 10_000;
      const queued = { callNumber: 3, caller: outside("420777000033"), status: "Routing" } as const;
      phone.list(row("101"), row("800", { ...queued, establishedAt: phone.at }));
      expect(phone.told()).toEqual(["ringing 800 -0"]);
      phone.at += 5_000;
      phone.lose(seenAt);
      const polled = { callNumber: 3, originatedBy: ref("800"), party: outside(number) };
      const inner = leg("105", 2, "connected", { callNumber: 3, party: inside("106") });
      const other = leg("107", 3, "ringing", { callNumber: 4, party: outside("1188") });
      phone.snapshot(leg("104", 1, "ringing", polled), inner, other);
      expect(phone.told()).toEqual([...told, "ringing 107 -0"]);
    }
  });

  it("leaves alone what the list has told of since", () => {
    const phone = talking();
    phone.lose();
    phone.at += 10_000;
    phone.snapshot();
    phone.list(row("800", { callNumber: 3, caller: outside("420777000033"), status: "Routing" }));
    phone.at += 5_000;
    phone.leg("104", 1, "ringing", { callNumber: 4, party: outside("420777000044") });
    expect(phone.told()).toEqual(["ringing 800 -0", "ended 101 -1 Ok", "ringing 104 -0"]);
    expect(phone.call(3)?.overAt).toBeNull();
  });

  it("tells first what still waited for its number", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { party: outside("") });
    phone.lose();
    phone.at += 2_000;
    phone.snapshot(leg("102", 3, "ringing"));
    expect(phone.told()).toEqual(["ringing 101 -0", "ended 101 -0 Missed", "ringing 102 -0"]);
  });

  it("ends a call that was gone from sight before at the time when it went", () => {
    const phone = talking();
    phone.at += 5_000;
    phone.gone("101/5");
    phone.at += 1_000;
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("102", 3, "ringing"));
    expect(phone.events.find((e) => e.kind === "ended")).toMatchObject({ talkMs: 5_000 });
  });

  it("shows with the first new leg, however late it comes", () => {
    const phone = talking();
    phone.at += 20_000;
    phone.lose(phone.at - 30_000);
    phone.snapshot();
    phone.list();
    phone.noLog();
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
    phone.at += 3_500;
    phone.leg("102", 3, "ringing", { party: outside("420111222333") });
    expect(phone.told()).toEqual(["ringing 102 -0"]);
    expect(phone.events.at(-1)).toMatchObject({ callerid: "420111222333", callNumber: 7 });
  });

  it("leaves no call that only the log has under a number that may be in use anew", () => {
    const phone = talking();
    phone.at += 20_000;
    phone.lose(phone.at - 30_000);
    phone.at += 10_000;
    phone.snapshot(leg("102", 3, "ringing", { callNumber: 9 }));
    phone.told();
    phone.log(logged({ callNumber: 8, number: "420111222333", startedAt: t0 + 15_000 }));
    phone.told();
    phone.leg("103", 6, "ringing", { callNumber: 8, party: outside("") });
    phone.pass(200);
    expect(phone.told()).toEqual(["ringing 103 -0"]);
  });

  it("leaves a consultation its number, though the log has a call of before with it", () => {
    for (const [startedAt, own] of [
      [t0 + 15_000, 9],
      // No PBX restarts so fast: what shows there is left of that call.
      [t0 + 29_500, undefined],
    ] as const) {
      const phone = talking();
      phone.at += 20_000;
      phone.lose(phone.at - 30_000);
      phone.at += 10_000;
      phone.snapshot(leg("102", 3, "ringing", { callNumber: 9 }));
      phone.leg("102", 3, "connected", { callNumber: 9 });
      phone.log(logged({ callNumber: 8, number: "420111222333", startedAt }));
      const consultation = { callNumber: 8, originatedBy: null, legNumber: 1 };
      phone.leg("102", 4, "dialing", { ...consultation, party: inside("104") });
      phone.leg("104", 5, "ringing", { ...consultation, legNumber: 2, party: inside("102") });
      phone.leg("104", 5, "connected", { ...consultation, legNumber: 2, party: inside("102") });
      phone.gone("102/3", "102/4");
      phone.leg("104", 5, "connected", { ...consultation, legNumber: 2 });
      expect(phone.state.calls.alias(8)).toBe(own);
    }
  });

  it("is not read into inside legs that our own restart forgot, nor where a leg outlived the stretch", () => {
    const phone = new Phone();
    phone.leg("103", 3, "connected", { callNumber: 6, party: inside("104") });
    phone.leg("101", 5, "ringing");
    phone.restart();
    phone.lose();
    phone.at += 30_000;
    const forgotten = leg("103", 3, "connected", { callNumber: 6, party: inside("104") });
    phone.snapshot(forgotten, leg("101", 5, "ringing"), leg("102", 4, "ringing"));
    expect(phone.told()).toEqual(["ringing 101 -0", "ringing 102 -0"]);
    const quiet = new Phone();
    quiet.lose();
    quiet.snapshot(forgotten);
    expect(quiet.state.restartDoubt).toBe(t0);
  });

  it.each([
    ["is not read into the leg that went from a call last, which the PBX had denied", outside()],
    ["but into one with its id and another outside party", outside("420777000002")],
  ])("%s", (_, party) => {
    const phone = talking();
    phone.leg("102", 90, "ringing", { callNumber: 8 });
    phone.gone("101/5");
    phone.list(row("102", { callNumber: 8 }));
    phone.told();
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("101", 5, "connected", { party }));
    const isDenied = party.number === outside().number;
    expect(phone.told()).toEqual(
      isDenied ? ["answered 101 -2 Blind"] : ["ended 102 -0 Missed", "answered 101 -1 NotDef"],
    );
    expect(phone.state.restartDoubt).toBeNull();
  });

  it.each([
    [
      "is not read into a consultation that our own restart forgot and that has the caller now",
      {},
      "restart",
    ],
    ["unless that withholds the number", { party: outside("") }, "restart"],
    ["unless that rings", { status: "ringing" }, "restart"],
    ["nor where we ran on, and would know it", {}, "connection"],
  ] as const)("%s", (_, more, cause) => {
    const phone = talking();
    // It has not shown whom it consults, or it is a checkpoint of an older version that lacks it.
    const unsaid = { ...inside(""), kind: "unknown" } as const;
    phone.leg("103", 6, "connected", { callNumber: 8, party: unsaid, originatedBy: null });
    phone.leg("102", 47, "ringing", { callNumber: 9, originatedBy: null });
    phone.told();
    phone.restart();
    phone.lose(phone.at, cause);
    phone.at += 30_000;
    phone.snapshot(leg("103", 6, "connected", { originatedBy: null, ...more }));
    const isPassedOn = cause === "restart" && Object.keys(more).length === 0;
    expect(phone.told().includes("ended 101 -1 Ok passed on")).toBe(isPassedOn);
  });

  it.each([
    ["is not read into a leg at a phone that is monitored only now", ["101"]],
    ["but into one at a phone that was", ["101", "103"]],
  ])("%s", (_, watched) => {
    const phone = new Phone();
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: watched });
    phone.leg("101", 45, "connected");
    phone.gone("101/45");
    phone.list(row("103"));
    phone.told();
    phone.lose();
    phone.at += 30_000;
    const dns = ["101", "103"];
    phone.feed({ kind: "snapshot", at: phone.at, legs: [leg("103", 6, "connected")], dns });
    const isKnown = watched.includes("103");
    expect(phone.told()).toContain(isKnown ? "answered 103 -1 NotDef" : "answered 103 -2 Blind");
    expect(phone.state.restartDoubt === null).toBe(isKnown);
  });

  it("is not read into legs with higher ids, nor into calls first seen just now", () => {
    const higher = talking();
    higher.lose();
    higher.at += 30_000;
    higher.snapshot(leg("102", 9, "ringing", { callNumber: 8 }));
    higher.leg("103", 3, "ringing", { callNumber: 9 });
    expect(higher.told()).toEqual(["ringing 102 -0", "ringing 103 -0"]);
    const now = talking();
    now.lose();
    now.at += 900;
    now.snapshot(leg("102", 3, "ringing"));
    expect(now.told()).toEqual(["ended 101 -1 Ok passed on", "ringing 102 -2"]);
  });

  it("shows, unnoticed before, in a number that comes back for another caller or dials", () => {
    for (const dialing of [true, false]) {
      const phone = talking();
      phone.gone("101/5");
      phone.list();
      phone.at += 5_000;
      const party = outside("420111222333");
      phone.leg("102", 6, dialing ? "dialing" : "ringing", dialing ? {} : { party });
      expect(phone.told()).toEqual([
        "ended 101 -1 Ok",
        dialing ? "dialing 102 -0" : "ringing 102 -0",
      ]);
      expect(phone.events.at(-1)?.callId).toBe("260504080005_7");
    }
    const again = talking();
    again.gone("101/5");
    again.list();
    again.at += 5_000;
    again.leg("102", 6, "ringing", { party: outside(`+${caller}`) });
    again.leg("102", 6, "ringing", { party: outside("") });
    expect(again.told()).toEqual(["ended 101 -1 Ok", "ringing 102 -2"]);
  });

  it("shows, unnoticed before, in a leg that outlived its call and turns to another caller", () => {
    const phone = talking();
    phone.leg("102", 6, "ringing", { party: inside("101") });
    phone.gone("101/5");
    phone.noList();
    phone.pass(phone.settings.graceMs);
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
    phone.leg("102", 6, "ringing", { party: outside("420111222333") });
    expect(phone.told()).toEqual(["ringing 102 -0"]);
  });

  it("shows, unnoticed before, in a caller who tells a number that the one before withheld", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { party: outside("") });
    phone.pass(phone.settings.numberHoldMs);
    phone.gone("101/5");
    phone.list();
    phone.at += 5_000;
    phone.leg("102", 6, "ringing");
    expect(phone.told()).toEqual(["ringing 101 -0", "ended 101 -0 Missed", "ringing 102 -0"]);
  });

  it("shows, unnoticed before, in a first leg that dials where an inside call of before is gone", () => {
    const phone = new Phone();
    phone.leg("110", 12, "connected", { party: inside("111"), legNumber: 1 });
    phone.lose();
    phone.at += 40_000;
    phone.snapshot(leg("105", 14, "dialing"));
    expect(phone.told()).toEqual(["dialing 105 -0"]);
    expect(phone.events[0]?.callStartedAt).toBe(phone.at);
  });

  it("shows in a row of the list that began at another time", () => {
    const phone = new Phone();
    phone.list(row("800", { establishedAt: t0 - 1_000 }));
    phone.at += 60_000;
    phone.list(row("800", { establishedAt: t0 - 2_000 }));
    phone.lose();
    phone.snapshot();
    phone.list(row("800"));
    expect(phone.told()).toEqual(["ringing 800 -0"]);
    phone.list(row("820", { establishedAt: t0 + 50_000 }));
    phone.noLog();
    expect(phone.told()).toEqual(["ended 800 -0 Missed", "ringing 820 -0"]);
  });

  it("shows in such a row also where an inside leg has the number already", () => {
    const phone = new Phone();
    phone.list(row("800", { establishedAt: t0 - 1_000 }));
    phone.at += 60_000;
    phone.lose();
    phone.snapshot();
    phone.told();
    const anew = { party: inside("103"), originatedBy: null, legNumber: 1 };
    phone.leg("102", 1, "dialing", anew);
    const caller = inside("102");
    phone.list({ ...row("103", { establishedAt: t0 + 50_000 }), caller });
    phone.noLog();
    expect(phone.told()).toEqual(["ended 800 -0 Missed"]);
  });

  it("shows though a new leg has by chance the id of an old one", () => {
    for (const more of [{ legNumber: 9 }, { party: outside("420111222333") }]) {
      const phone = talking();
      phone.at += 1_000;
      phone.lose();
      phone.at += 30_000;
      phone.snapshot(leg("101", 5, "ringing", more));
      expect(phone.told()).toEqual(["ended 101 -1 Ok", "ringing 101 -0"]);
    }
  });

  it("shows in the list before the first snapshot: nothing of before goes on", () => {
    const phone = talking();
    phone.list(row("101", { establishedAt: t0 }));
    phone.at += 5_000;
    phone.lose();
    phone.at += 30_000;
    phone.list(row("800", { establishedAt: phone.at - 5_000 }));
    phone.snapshot(leg("101", 5, "ringing"));
    phone.list(row("800", { establishedAt: phone.at - 5_000 }));
    expect(phone.told()).toEqual(["ended 101 -1 Ok", "ringing 101 -0", "ringing 800 -0"]);
    expect(phone.events.at(-1)?.callId).toBe("260504080030_7");
  });

  it("is not read into a leg that a join moved meanwhile, nor into a row of its consultation", () => {
    const phone = talking();
    phone.list(row("101", { establishedAt: t0 }));
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("101"), originatedBy: null });
    phone.lose();
    phone.at += 20_000;
    phone.list(row("103", { establishedAt: t0 }));
    phone.snapshot(leg("103", 7, "connected", { originatedBy: null, legNumber: 6 }));
    expect(phone.told()).toEqual(["ended 101 -1 Ok passed on", "answered 103 -2 Accomp"]);
    const joined = talking();
    joined.list(row("101", { establishedAt: t0 }));
    joined.leg("103", 7, "connected", { callNumber: 8, party: inside("101"), originatedBy: null });
    joined.gone("101/5");
    joined.leg("103", 7, "connected", { callNumber: 8, originatedBy: null });
    joined.lose();
    joined.at += 20_000;
    joined.list(row("103", { callNumber: 8, establishedAt: t0 + 9_000 }));
    joined.snapshot(leg("103", 7, "connected", { callNumber: 8, originatedBy: null }));
    expect(joined.told()).toEqual(["ended 101 -1 Ok passed on", "answered 103 -2 Accomp"]);
  });

  it("is not read into a leg of a call that is over and shows once more", () => {
    const phone = new Phone();
    phone.leg("102", 1, "dialing");
    phone.gone("102/1");
    phone.list();
    phone.leg("102", 1, "dialing");
    phone.leg("102", 1, "connected", { originatedBy: null, legNumber: 1 });
    expect(phone.told()).toEqual([
      "dialing 102 -0",
      "ended 102 -0 Missed",
      "answered 102 -1 NotDef",
    ]);
    expect(new Set(phone.events.map((e) => e.callId)).size).toBe(1);
  });

  it.each([
    ["shows in a leg whose id was that of another phone's a moment before", "connection"],
    ["shows in such a leg, though we restarted, too", "restart"],
  ] as const)("%s", (_, cause) => {
    const phone = new Phone();
    phone.leg("103", 8, "ringing");
    phone.leg("102", 9, "ringing");
    phone.leg("102", 9, "connected");
    phone.gone("103/8");
    phone.told();
    // The same caller talks there again.
    phone.lose(phone.at, cause);
    phone.at += 10_000;
    phone.snapshot(leg("112", 8, "connected"));
    expect(phone.told()).toEqual(["ended 102 -1 Ok", "answered 112 -1 NotDef"]);
  });

  it("shows in such a leg, too, beside a later one with the call's number and outside party", () => {
    const phone = new Phone();
    phone.leg("106", 8, "ringing", { callNumber: 3, party: inside("101") });
    phone.leg("110", 9, "dialing", { legNumber: 1 });
    phone.told();
    phone.lose();
    phone.at += 30_000;
    const dialled = leg("102", 8, "connected", { legNumber: 1 });
    phone.snapshot(dialled, leg("116", 30, "connected", { legNumber: 3 }));
    expect(phone.told()).toEqual(["ended 110 -0 Missed", "answered 102 -1 NotDef"]);
  });

  it("is known from the checkpoints, too", () => {
    const phone = talking();
    phone.restart();
    expect(phone.state.lastLegs).toEqual(["101/5"]);
  });
});
