/** Calls that go on where no leg shows: parked, passed on or forwarded outside (SPEC.md, R15, R25). */
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

/** 102's forward was answered outside at t0. */
function forwarded(): Phone {
  const phone = new Phone();
  phone.leg("102", 5, "ringing");
  phone.gone("102/5");
  phone.list(row("10007"));
  expect(phone.told()).toEqual(["ringing 102 -0", "answered 102 -1 NotDef"]);
  return phone;
}

describe("forwarded to an outside phone", () => {
  it("and answered there: the forwarding extension's conversation", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.gone("102/5");
    phone.list(row("10007", { status: "Routing" }));
    expect(phone.told()).toEqual(["ringing 102 -0"]);
    phone.at += 3_000;
    phone.list(row("10007"));
    phone.list(row("10007"));
    expect(phone.told()).toEqual(["answered 102 -1 NotDef"]);
    phone.at += 3_000;
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 3_000 });
  });

  it("and answered there when the row changed, which is read later; not before its own phone fell silent", () => {
    for (const [changedMs, talkMs] of [
      [8_000, 12_000],
      [1_000, 15_000],
    ] as const) {
      const phone = new Phone();
      phone.leg("102", 5, "ringing");
      phone.at += 5_000;
      phone.gone("102/5");
      phone.list(row("10007", { status: "Routing" }));
      phone.at += 5_000;
      phone.list(row("10007", { changedAt: t0 + changedMs }));
      phone.at += 10_000;
      phone.list();
      expect(phone.events.at(-1)).toMatchObject({ finish: "Ok", talkMs });
    }
  });

  it("and answered there, before its own phone is seen to ring: that one has rung with it", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.gone("101/5");
    phone.list(row("102", { status: "Routing" }));
    phone.list(row("10007"));
    expect(phone.told()).toEqual(["ringing 101 -0", "answered 102 -1 NotDef"]);
    phone.leg("102", 6, "ringing", { originatedBy: ref("101"), onBehalfOf: ref("101") });
    phone.pass(1_000);
    phone.list(row("10007"));
    phone.gone("102/6");
    phone.list(row("10007"));
    expect(phone.told()).toEqual([]);
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("and ended when the list leaves it out, though the list could not be had just before", () => {
    const phone = forwarded();
    phone.at += 5_000;
    phone.noList();
    phone.at += 1_000;
    phone.list();
    expect(phone.events.at(-1)).toMatchObject({ finish: "Ok", talkMs: 6_000 });
    const dark = forwarded();
    dark.at += 5_000;
    dark.list(row("10007"));
    dark.noList();
    dark.pass(dark.settings.listedGraceMs);
    expect(dark.events.at(-1)).toMatchObject({ finish: "Ok", talkMs: 5_000 });
  });

  it("and ended when the list leaves it out first, while a join is waited for, and the log and the list fail then", () => {
    const phone = forwarded();
    phone.leg("103", 8, "connected", { callNumber: 9, party: inside("102") });
    phone.lose();
    phone.at += 5_000;
    phone.snapshot(leg("103", 8, "connected", { callNumber: 9, party: inside("102") }));
    for (let look = 0; look < 4; look += 1) {
      phone.list();
      phone.pass(phone.settings.lookAgainMs[look] ?? 0);
    }
    phone.noLog();
    phone.list();
    phone.noList();
    phone.pass(phone.settings.graceMs);
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 5_000 });
  });

  it("and ended in a blind stretch: when we see again, unless the log has the outside part, too", () => {
    for (const [loggedMs, talkMs] of [
      [0, 80_000],
      // Rounded, or by another clock.
      [18_900, 80_000],
      [60_000, 60_000],
    ] as const) {
      const phone = forwarded();
      phone.at += 20_000;
      phone.list(row("10007"));
      phone.lose();
      phone.at += 60_000;
      phone.snapshot();
      phone.list();
      phone.log(logged({ endedAt: t0 + loggedMs }));
      expect(phone.events.at(-1)).toMatchObject({ finish: "Ok", talkMs });
    }
  });

  it("and ended when the list left it out, whatever befalls us while the log is awaited", () => {
    const meanwhile = {
      "our restart": (phone: Phone) => phone.restart(),
      "no log": (phone: Phone) => phone.noLog(),
    };
    for (const befall of Object.values(meanwhile)) {
      const phone = forwarded();
      phone.lose();
      phone.at += 20_000;
      phone.snapshot();
      phone.list();
      phone.at += 2_000;
      befall(phone);
      phone.lose();
      phone.at += 20_000;
      phone.snapshot();
      phone.list();
      phone.noLog();
      expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
      expect(phone.events.at(-1)).toMatchObject({ talkMs: 20_000 });
    }
  });

  it("and ended after the log's last word, if that is but the silence of the phone that rang", () => {
    // The list may come before or after all legs, and after our restart.
    for (const order of ["before", "after"]) {
      const phone = forwarded();
      phone.restart();
      phone.lose();
      phone.at += 20_000;
      if (order === "before") phone.list();
      phone.snapshot();
      phone.list();
      phone.log(logged({ endedAt: t0 + 400 }));
      expect(phone.events.at(-1)).toMatchObject({ finish: "Ok", talkMs: 20_000 });
    }
  });

  it("and answered there in a blind stretch: the log, which is written late, has nothing to add to the list", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.lose();
    phone.at += 20_000;
    phone.snapshot();
    const answered = row("10007", { changedAt: t0 + 10_000 });
    for (let look = 0; look < 2; look++) phone.list(answered);
    phone.at += 5_000;
    phone.list();
    expect(phone.told().slice(1)).toEqual(["answered 102 -1 NotDef", "ended 102 -1 Ok"]);
  });

  it("and passed on to another from there", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.gone("102/5");
    phone.list(row("10007"));
    phone.list(row("103"));
    expect(phone.told().slice(1)).toEqual(["answered 102 -1 NotDef", "ended 102 -1 Ok passed on"]);
  });

  it("is not told of a call that came no further than a queue", () => {
    const phone = new Phone();
    phone.leg("800", 5, "connected");
    phone.gone("800/5");
    phone.list(row("10007"));
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0", "ended 800 -0 Missed"]);
  });
});

describe("forwarded to an outside phone by who was offered it in a hand-over", () => {
  const handedOn = ["ringing 103 -2", "ended 102 -1 Ok passed on"];
  const handedTo = (user: string) => {
    const phone = talking();
    phone.leg(user, 6, user === "820" ? "connected" : "ringing");
    phone.gone("102/5", `${user}/6`);
    phone.list(row("10007", { status: "Routing" }));
    return phone;
  };

  it("and answered there: their conversation", () => {
    const phone = handedTo("103");
    phone.list(row("10007"));
    expect(phone.told()).toEqual([...handedOn, "answered 103 -2 Blind"]);
    phone.list();
    expect(phone.told()).toEqual(["ended 103 -2 Ok"]);
  });

  it("and not answered there: missed by them", () => {
    const phone = handedTo("103");
    phone.list();
    expect(phone.told()).toEqual([...handedOn, "ended 103 -2 Missed"]);
  });

  it("which is nobody's call once it is answered, if that was a ring group", () => {
    const answered = handedTo("820");
    answered.list(row("10007"));
    answered.list();
    expect(answered.told()).toEqual(["ringing 820 -2", "ended 102 -1 Ok passed on"]);
    const unanswered = handedTo("820");
    unanswered.list();
    expect(unanswered.told().at(-1)).toBe("ended 820 -2 Missed");
  });
});

describe("forwarded outside by a phone where the call was before", () => {
  it("which rang in a blind stretch, as a list of just then says: it answers", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing");
    phone.gone("102/5");
    phone.lose();
    phone.at += 20_000;
    phone.snapshot();
    phone.list(row("102", { status: "Routing", changedAt: t0 + 10_000 }));
    phone.list(row("10007"));
    expect(phone.told().at(-1)).toBe("answered 102 -2 Blind");
  });

  it("which a list that lags names still, though another has rung since: the other answers", () => {
    const phone = new Phone();
    const before = row("150", { status: "Routing", changedAt: phone.at });
    phone.list(before);
    phone.at += 6_000;
    phone.leg("102", 5, "ringing", { originatedBy: ref("150"), onBehalfOf: ref("150") });
    phone.at += 700;
    phone.gone("102/5");
    phone.list(before);
    phone.list(row("10007", { status: "Routing", changedAt: phone.at }));
    phone.list(row("10007", { changedAt: phone.at }));
    expect(phone.told()).toEqual(["ringing 102 -0", "answered 102 -1 NotDef"]);
  });
});

describe("passed on to where no leg shows", () => {
  it("parked, taken back by another", () => {
    const phone = talking();
    phone.at += 2_000;
    phone.gone("102/5");
    phone.list(row("SP0"));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
    expect(phone.events.at(-1)?.at).toBe(t0 + 2_000);
    phone.pass(60_000);
    phone.list(row("SP0"));
    phone.leg("103", 9, "connected");
    expect(phone.told()).toEqual(["answered 103 -2 Blind"]);
  });

  it("parked, taken back by another, who hangs up before a list that lags has noticed", () => {
    const phone = talking();
    phone.at += 2_000;
    phone.gone("102/5");
    const parked = row("SP0", { changedAt: phone.at });
    phone.list(parked);
    phone.pass(4_000);
    phone.leg("103", 9, "connected");
    phone.pass(1_500);
    phone.gone("103/9");
    phone.told();
    phone.list(parked);
    phone.pass(1_000);
    phone.list();
    expect(phone.told()).toEqual(["ended 103 -2 Ok"]);
  });

  it("parked, and the caller hangs up", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("SP0"));
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "ended 102 -2 Missed"]);
  });

  it.each([
    ["falls silent", ["103/6", "102/5"]],
    ["is seen to ring on", ["102/5"]],
  ])(
    "parked by who had it ring at another phone, which %s: that attempt has failed",
    (_what, gone) => {
      const phone = talking();
      phone.leg("103", 6, "ringing");
      phone.at += 2_000;
      phone.gone(...gone);
      phone.pass(400);
      phone.list(row("SP0"));
      phone.gone("103/6");
      phone.list();
      expect(phone.told()).toEqual([
        "ringing 103 -2",
        "ended 102 -1 Ok passed on",
        "ended 102 -3 Missed",
      ]);
    },
  );

  it("to an outside number: the rest is not a user's call", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("10007"));
    phone.list();
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
  });

  it("to an outside number, which does not answer: missed by who gets it back", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("10007"));
    phone.leg("102", 9, "ringing");
    phone.gone("102/9");
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "ringing 102 -2",
      "ended 102 -2 Missed",
    ]);
  });

  it("to an outside number after all, and back", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row(""));
    phone.list(row("10007"));
    expect(phone.call()?.handover?.outside).toBe(true);
    phone.list(row("SP0"));
    expect(phone.call()?.handover?.outside).toBe(false);
  });

  it("to a queue that only the list shows", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.at += 1_000;
    phone.list(row("800"));
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "ringing 800 -2",
      "ended 800 -2 Missed",
    ]);
  });

  it("of an outgoing call, to a queue that only the list shows", () => {
    const phone = new Phone();
    phone.leg("102", 1, "dialing");
    phone.leg("102", 1, "connected", { originatedBy: null, legNumber: 1 });
    phone.gone("102/1");
    phone.at += 1_000;
    phone.list(row("10007", { caller: inside("800"), callee: outside() }));
    phone.list();
    expect(phone.told().slice(2)).toEqual([
      "ended 102 -1 Ok passed on",
      "ringing 800 -2",
      "ended 800 -2 Missed",
    ]);
  });
});

describe("a user who is not monitored any more", () => {
  it("talks at no place where nobody does, however long the list has had it there", () => {
    const phone = talking();
    phone.at += 10_000;
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: ["101"] });
    phone.list(row("666", { changedAt: t0 }));
    phone.pass(500);
    phone.list(row("666", { changedAt: t0 }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
  });

  it("has passed the call on where the list had it elsewhere before the legs were read", () => {
    const phone = talking();
    phone.at += 10_000;
    phone.list(row("150", { changedAt: phone.at }));
    phone.at += 2_000;
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: ["101"] });
    phone.list(row("150", { changedAt: phone.at - 2_000 }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
  });
});

describe("a call that rings where nobody is monitored, picked up by a phone that is", () => {
  it("is incoming, though that phone made its leg itself", () => {
    const phone = new Phone();
    const more = { originatedBy: ref("103"), onBehalfOf: ref("104"), legNumber: 5 };
    phone.leg("103", 9, "connected", more);
    expect(phone.told()).toEqual(["answered 103 -1 NotDef"]);
    expect(phone.events[0]?.direction).toBe("incoming");
  });
});

describe("who talks on a phone outside, and to another with the same number on their own", () => {
  it("hands that one over when they have consulted", () => {
    const phone = forwarded();
    const own = { callNumber: 9, originatedBy: null };
    phone.leg("102", 6, "ringing", { callNumber: 9 });
    phone.leg("102", 6, "connected", own);
    const consulted = { callNumber: 10, originatedBy: null, legNumber: 2 };
    phone.leg("103", 7, "connected", { ...consulted, party: inside("102") });
    phone.told();
    phone.pass(5_000);
    phone.gone("102/6");
    phone.leg("103", 7, "connected", consulted);
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"]);
    expect(phone.events.at(-1)?.callId).toMatch(/_9$/);
  });
});
