/** A PBX that has begun its numbers anew: what cannot be of a call of before, and what its log tells (SPEC.md, R21, R28). */
import { describe, expect, it } from "vitest";
import {
  caller,
  inside,
  leg,
  line,
  logged,
  outside,
  Phone,
  ref,
  row,
  settle,
  t0,
  talking,
} from "../../test/support/phone.ts";
import { restoreStretch, serialiseStretch } from "./checkpoint.ts";

const another = outside("420111222333");

/** The log, read until it is read no more. */
function readLog(phone: Phone, ...calls: Parameters<Phone["log"]>): void {
  phone.log(...calls);
  for (const pauseMs of phone.settings.logAgainMs) {
    phone.pass(pauseMs);
    phone.log(...calls);
  }
}

describe("a leg that cannot be of the call of before with its number", () => {
  it("shows that the PBX has restarted, though its ids are above those of before", () => {
    const phone = talking();
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(
      leg("104", 2, "ringing", { callNumber: 1, party: inside("105"), legNumber: 2 }),
      leg("101", 30, "connected", { party: another }),
    );
    expect(phone.told()).toEqual(["ended 102 -1 Ok", "answered 101 -1 NotDef"]);
    expect(phone.events.at(-1)?.callId).toBe("260504080030_7");
  });

  it("as long as no leg of that call has shown again", () => {
    const phone = talking();
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("101", 30, "ringing", { callNumber: 8, party: another }));
    phone.list();
    phone.told();
    phone.at += 2_000;
    phone.leg("103", 34, "ringing", { party: outside("420111222444") });
    expect(phone.told()).toEqual(["ended 102 -1 Ok", "ringing 103 -0"]);
  });

  it("also where the log cannot be had, and the list is silent", () => {
    const phone = talking();
    phone.lose();
    phone.at += 10_000;
    phone.snapshot();
    phone.noList();
    phone.pass(phone.settings.graceMs);
    phone.noLog();
    phone.leg("101", 6, "ringing", { party: another });
    expect(phone.told()).toEqual(["ended 102 -1 Ok", "ringing 101 -0"]);
  });

  it("also before the first snapshot", () => {
    const phone = talking();
    phone.lose();
    phone.at += 30_000;
    phone.leg("101", 30, "ringing", { callNumber: 8, party: another });
    phone.leg("103", 34, "ringing", { party: outside("420111222444") });
    expect(phone.told()).toEqual(["ringing 101 -0", "ended 102 -1 Ok", "ringing 103 -0"]);
  });

  it("whatever else has the id of a leg of before by chance", () => {
    const phone = talking();
    phone.leg("101", 9, "ringing", { callNumber: 8, party: outside("1188") });
    phone.told();
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(
      leg("101", 9, "ringing", { callNumber: 8, party: outside("1188") }),
      leg("102", 12, "ringing", { party: another }),
    );
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok",
      "ended 101 -0 Missed",
      "ringing 101 -0",
      "ringing 102 -0",
    ]);
  });

  it("is none at the same phone, with the leg's number in the call and another id", () => {
    const phone = talking();
    const elsewhere = leg("103", 9, "ringing", { callNumber: 8, party: another });
    phone.snapshot(leg("102", 5, "connected"), elsewhere);
    phone.told();
    phone.lose();
    phone.at += 30_000;
    // Sent to the own number after a consultation, whose leg had that number there.
    phone.snapshot(leg("102", 12, "ringing"), elsewhere);
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "ringing 102 -2"]);
  });

  it("is none of a call that the list alone had told of", () => {
    const phone = new Phone();
    phone.list(row("800", { status: "Routing" }));
    phone.at += 2_000;
    phone.lose();
    phone.at += 3_000;
    phone.snapshot(leg("800", 9, "connected"));
    expect(phone.told()).toEqual(["ringing 800 -0"]);
    expect(phone.call()?.firstSeenAt).toBe(t0);
  });

  it("is none that tells the number for which the call waits", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { party: outside("") });
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("102", 9, "ringing", { legNumber: 5 }));
    expect(phone.told()).toEqual(["ringing 101 -0", "ringing 102 -0"]);
  });
});

describe("a row of the list that began at another time than the call of before with its number", () => {
  it("shows that the PBX has restarted, though the ids of all legs are above those of before", () => {
    const phone = talking();
    phone.list(row("102", { establishedAt: t0 }));
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("101", 30, "ringing", { callNumber: 8, party: another }));
    phone.told();
    phone.list(row("104", { caller: another, establishedAt: t0 + 10_000, status: "Routing" }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.call(8)?.overAt).toBeNull();
  });
});

describe("the number of a consultation that took a call of before over", () => {
  /** 103 has the caller from 102, under the consultation's number; the leg of 104, who listens, has a number of the other's. */
  function taken(): Phone {
    const phone = talking();
    const consulted = { callNumber: 8, legNumber: 4, originatedBy: null };
    phone.leg("103", 7, "connected", { ...consulted, party: inside("102") });
    phone.gone("102/5");
    phone.leg("103", 7, "connected", consulted);
    phone.leg("104", 8, "connected", { legNumber: 5 });
    phone.list(row("103", { callNumber: 8, establishedAt: t0 - 1_000 }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"]);
    phone.lose();
    phone.at += 30_000;
    return phone;
  }

  it("shows in a row that began at another time than the one of then", () => {
    const phone = taken();
    phone.snapshot(leg("101", 30, "ringing", { callNumber: 6, party: another }));
    phone.told();
    const anew = { callNumber: 8, establishedAt: t0 + 10_000 };
    phone.list(row("103", { ...anew, establishedAt: t0 }));
    expect(phone.told()).toEqual([]);
    phone.list(row("104", { ...anew, caller: inside("105") }));
    expect(phone.told()).toEqual(["ended 103 -2 Ok"]);
  });

  it("shows at a leg with another outside party, not at one that has the number of another of that call", () => {
    for (const [party, told] of [
      [another, ["ended 103 -2 Ok", "ringing 104 -0"]],
      [outside(), ["ended 103 -2 Ok passed on", "ringing 104 -3"]],
    ] as const) {
      const phone = taken();
      phone.snapshot(leg("104", 30, "ringing", { callNumber: 8, party, legNumber: 5 }));
      expect(phone.told()).toEqual(told);
    }
  });
});

describe("a row of the list with the number of a new call", () => {
  const withheld = outside("");
  const before = { callNumber: 8, establishedAt: t0 - 4_000 };
  const dialled = { ...before, caller: inside("MakeCall") };

  it.each([
    ["is another's, of before a restart of the PBX", row("666", before), another, "080000"],
    ["is its own", row("666", { ...before, caller: another }), another, "075956"],
    ["is its own, of two parties", row("10007", { ...before, callee: another }), another, "075956"],
    ["withholds its number", row("666", { ...before, caller: withheld }), another, "075956"],
    ["tells the number, which the leg withholds", row("666", before), withheld, "075956"],
    ["is of before its line was there", row("102", dialled), another, "075956"],
  ])("%s", (_, listed, party, time) => {
    const phone = new Phone();
    phone.list(listed);
    phone.lose();
    phone.snapshot(leg("102", 9, "dialing", { callNumber: 8, party }));
    phone.pass(1_000);
    expect(phone.told()).toEqual(["dialing 102 -0"]);
    expect(phone.events[0]?.callId).toBe(`260504${time}_8`);
  });
});

describe("a call that the log has under its number", () => {
  const startedAt = t0 + 30_000;
  const entry = (more = {}) =>
    logged({ startedAt, establishedAt: startedAt, endedAt: t0 + 50_000, ...more });

  it("is told once, though the log has it the other way: that was a guess", () => {
    const phone = new Phone();
    phone.lose();
    phone.at += 31_000;
    phone.snapshot(leg("102", 9, "connected", { legNumber: 3 }));
    expect(phone.told()).toEqual(["answered 102 -1 NotDef"]);
    phone.at = t0 + 50_000;
    phone.gone("102/9");
    phone.list();
    phone.lose(t0 + 25_000);
    phone.snapshot();
    readLog(phone, entry({ direction: "outgoing" }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it.each([
    ["who dialled", { direction: "outgoing", level: ref("102") }, "800"],
    ["an agent of a call back, not its queue", {}, "800"],
    ["an extension after its queue", { polledBy: ["800"] }, "101"],
    ["another queue", { level: ref("805") }, "805"],
  ] as const)("is missed where we know if the log names %s", (_, entry, user) => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", { originatedBy: ref("800") });
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    phone.log(logged(entry));
    expect(phone.told().at(-1)).toBe(`ended ${user} -0 Missed`);
  });

  it("is not one that began at another time, where the PBX has told us the start of ours", () => {
    const phone = talking();
    phone.list(row("102", { establishedAt: t0 }));
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    readLog(
      phone,
      entry({ talks: [{ user: "104", answeredAt: t0 + 31_000, endedAt: t0 + 50_000 }] }),
    );
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("is not a later one whose caller withheld the number", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    const talks = [{ user: "105", answeredAt: t0 + 40_000, endedAt: t0 + 50_000 }];
    readLog(phone, entry({ number: "", talks }));
    expect(phone.told()).toEqual(["ringing 101 -0", "ended 101 -0 Missed"]);
  });

  it.each(["", ", over our restart too"])(
    "is not another that began in the same moments, once the log has had one under the number that we know%s",
    (when) => {
      const phone = talking();
      phone.leg("101", 9, "ringing", { callNumber: 8, originatedBy: null });
      phone.told();
      phone.gone("102/5");
      phone.list(row("101", { callNumber: 8, status: "Routing" }));
      phone.lose();
      phone.at += 10_000;
      phone.snapshot(leg("101", 9, "ringing", { callNumber: 8, originatedBy: null }));
      phone.list(row("101", { callNumber: 8, status: "Routing" }));
      readLog(phone, logged());
      phone.pass(90_000);
      phone.log();
      expect(phone.state).toMatchObject({ logNumbered: true, stretch: null });
      if (when !== "") phone.restart();
      phone.lose();
      phone.snapshot();
      phone.list();
      const talks = [{ user: "105", answeredAt: t0 + 1_000, endedAt: t0 + 9_000 }];
      readLog(phone, logged({ callNumber: 9, talks }));
      const ended = phone.events.filter(
        (event) => event.callNumber === 8 && event.kind !== "ringing",
      );
      expect(ended.map(line)).toEqual(["ended 101 -0 Missed"]);
    },
  );

  it("is one that is over and was told, under its consultation's number, too", () => {
    const phone = talking();
    const party = inside("102");
    phone.leg("103", 7, "connected", { callNumber: 8, party, originatedBy: null, legNumber: 2 });
    phone.gone("102/5");
    phone.leg("103", 7, "connected", { callNumber: 8, originatedBy: null, legNumber: 2 });
    phone.gone("103/7");
    settle(phone);
    phone.told();
    phone.at += 3_000;
    phone.lose(t0);
    phone.at += 30_000;
    phone.snapshot(leg("101", 2, "ringing", { callNumber: 1, party: another }));
    phone.told();
    const talks = [{ user: "103", answeredAt: t0, endedAt: t0 + 1_000 }];
    readLog(phone, logged({ callNumber: 8, startedAt: t0 + 1_000, talks }));
    expect(phone.told()).toEqual([]);
  });
});

describe("a call that went on under its consultation's number, which the log does not have", () => {
  it.each([
    ["", [["102", 0, 20]]],
    [
      ", though its user had talked to them before",
      [
        ["102", 0, 2],
        ["103", 2, 4],
        ["102", 4, 20],
      ],
    ],
  ] as const)("went on until we see again%s", (_, hops) => {
    const phone = talking();
    const joined = { callNumber: 8, originatedBy: null, legNumber: 2 };
    phone.leg("103", 7, "connected", { ...joined, party: inside("102") });
    phone.at += 20_000;
    phone.gone("102/5");
    phone.leg("103", 7, "connected", joined);
    phone.at += 5_000;
    phone.lose(phone.at - 30_000);
    phone.at += 10_000;
    phone.snapshot();
    settle(phone);
    const talks = hops.map(([user, fromS, untilS]) => ({
      ...{ user, answeredAt: t0 + fromS * 1_000, endedAt: t0 + untilS * 1_000 },
    }));
    readLog(phone, logged({ endedAt: t0 + 20_000, talks }));
    expect(phone.told().at(-1)).toBe("ended 103 -2 Ok");
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 15_000 });
  });
});

describe("a blind stretch that an older version kept", () => {
  it("knows what was told of calls of before, whose consultations it does not name", () => {
    const phone = talking();
    phone.at += 3_000;
    phone.lose(t0);
    phone.at += 30_000;
    phone.snapshot(leg("101", 2, "ringing", { callNumber: 1, party: another }));
    const kept = serialiseStretch(phone.state) ?? "";
    expect(kept).toContain('"aliases":[],');
    const { stretch } = restoreStretch(kept.replace('"aliases":[],', ""));
    expect(stretch?.told).toEqual(phone.state.stretch?.told);
  });

  it("knows nothing of whether the log has our numbers", () => {
    const phone = talking();
    phone.lose(t0);
    const kept = serialiseStretch(phone.state) ?? "";
    expect(restoreStretch(kept.replace(',"logNumbered":false', ""))).toEqual(restoreStretch(kept));
  });
});

describe("a conversation that the list left out when we saw again", () => {
  const endedMs = 30_000;

  /** 102's goes on outside the monitored phones; the PBX restarts. */
  function lost(): Phone {
    const phone = talking();
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: ["101"] });
    phone.list(row("102"));
    phone.lose();
    phone.at += endedMs;
    phone.snapshot();
    phone.list();
    phone.log();
    phone.pass(2_000);
    return phone;
  }

  it("ended by then, also where the log cannot be had in the end", () => {
    const phone = lost();
    phone.log();
    phone.pass(15_000);
    phone.noLog();
    phone.list();
    expect(phone.events.at(-1)).toMatchObject({ kind: "ended", talkMs: endedMs });
  });

  it("ended by then, also if we lose sight once more before the log has told", () => {
    const phone = lost();
    phone.lose();
    phone.at += 10_000;
    phone.snapshot();
    phone.list();
    readLog(phone);
    expect(phone.events.at(-1)).toMatchObject({ kind: "ended", talkMs: endedMs });
  });
});

describe("what we saw when we last saw again", () => {
  it("was so until then, whatever may have been missed before a loss is noticed", () => {
    const phone = talking();
    const there = leg("102", 5, "connected");
    phone.at += 20_000;
    phone.lose(t0);
    phone.snapshot(there);
    phone.at += 5_000;
    phone.lose(phone.at - 30_000);
    phone.at += 10_000;
    phone.snapshot();
    phone.list();
    // As far as the entry of the one who handed over goes.
    const talks = [{ user: "102", answeredAt: t0, endedAt: t0 + 10_000 }];
    phone.log(logged({ endedAt: t0 + 10_000, talks }));
    expect(phone.events.at(-1)).toMatchObject({ callerid: caller, talkMs: 20_000 });
  });
});

describe("a leg of before at a phone that is monitored only now", () => {
  it("shows no restart of the PBX where a call of before goes on at a new leg", () => {
    for (const [number, told] of [
      [caller, ["answered 103 -1 NotDef", "answered 111 -1 NotDef"]],
      ["", ["ended 101 -0 Missed", "answered 103 -1 NotDef", "answered 111 -1 NotDef"]],
    ] as const) {
      const phone = new Phone();
      phone.leg("101", 71, "ringing");
      phone.lose();
      phone.told();
      phone.at += 20_000;
      phone.snapshot(
        leg("103", 75, "connected", { legNumber: 6, party: outside(number) }),
        leg("111", 13, "connected", { callNumber: 6, party: another }),
      );
      phone.pass(phone.settings.numberHoldMs);
      expect(phone.told().toSorted()).toEqual(told.toSorted());
    }
  });
});

describe("a log that has a call under a number of ours", () => {
  const before = { startedAt: t0 - 45_000, endedAt: t0 - 20_000 };

  it("has that of before the restart, if that had ended when ours was first seen, though it was the same caller's", () => {
    const phone = new Phone();
    phone.offerCallbacks("800");
    phone.leg("800", 5, "connected");
    phone.gone("800/5");
    phone.list();
    phone.log(logged({ ...before, callbackOrdered: true }));
    expect(phone.told()).toEqual(["ringing 800 -0"]);
    phone.log(logged({ endedAt: t0, level: ref("800") }));
    expect(phone.told()).toEqual(["ended 800 -0 Missed"]);
  });

  it("has ours, if both began in the same second, though it names another outside party: it is not told again", () => {
    const phone = new Phone();
    phone.leg("108", 5, "dialing", { originatedBy: null });
    phone.list(row("10007", { caller: inside("108"), callee: outside(), establishedAt: t0 }));
    phone.leg("108", 5, "connected");
    phone.at += 19_000;
    phone.gone("108/5");
    phone.list();
    phone.lose(t0);
    phone.at += 30_000;
    phone.snapshot(leg("101", 2, "ringing", { callNumber: 1, party: another }));
    phone.told();
    const talks = [{ user: "108", answeredAt: t0, endedAt: t0 + 19_000 }];
    readLog(phone, logged({ number: another.number, startedAt: t0 + 10, talks }));
    expect(phone.told()).toEqual([]);
  });
});
