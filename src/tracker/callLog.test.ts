/** Blind stretches: what the PBX's call log tells of them (SPEC.md, R19-R21). */
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
  t0,
  talking,
} from "../../test/support/phone.ts";
import type { LoggedCall } from "./activity.ts";

const talk = (user: string, fromS: number, toS: number) => ({
  user,
  answeredAt: t0 + fromS * 1_000,
  endedAt: t0 + toS * 1_000,
});

/** A log that is read twice has the calls of 101 and 102 told once, and shows not that it has our numbers. */
function expectBothOnce(phone: Phone, log: readonly LoggedCall[]): void {
  phone.log(...log);
  phone.pass(phone.settings.logAgainMs[0] ?? 0);
  phone.log(...log);
  const told = ["answered 101 -1", "ended 101 -1", "answered 102 -1", "ended 102 -1"];
  expect(phone.told().map((line) => line.split(" ", 3).join(" "))).toEqual(told);
  expect(phone.state.logNumbered).toBe(false);
}

/** 101 rings, then we see nothing for a minute; the call is gone when we see again. */
function backAgain(): Phone {
  const phone = new Phone();
  phone.leg("101", 5, "ringing");
  phone.restart();
  phone.at += 60_000;
  phone.lose(t0 + 500);
  phone.snapshot();
  phone.list();
  phone.told();
  return phone;
}

describe("a call that ended while we were blind", () => {
  it("has the answer and the end of the log, with the log's times", () => {
    const phone = backAgain();
    expect(phone.inquiries).toEqual([t0 + 500, t0]);
    phone.log(logged({ talks: [talk("101", 4, 30)] }));
    expect(phone.told()).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok"]);
    expect(phone.events.slice(1)).toMatchObject([
      { at: t0 + 4_000 },
      { at: t0 + 30_000, talkMs: 26_000 },
    ]);
  });

  it("is missed where the log says", () => {
    const phone = backAgain();
    phone.log(logged({ level: ref("800") }));
    expect(phone.told()).toEqual(["ended 800 -0 Missed"]);
  });

  it("was talked in by nobody for whom the log has no time between answer and end", () => {
    const phone = backAgain();
    phone.log(logged({ talks: [talk("101", 60, 60)] }));
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
  });

  it("keeps the place that we know when the log names none that counts", () => {
    for (const level of [null, ref("666")]) {
      const phone = backAgain();
      phone.log(logged({ level }));
      expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
    }
  });

  it("goes through the hand-overs of the log", () => {
    const phone = backAgain();
    phone.log(logged({ talks: [talk("101", 4, 30), talk("102", 33, 50)] }));
    expect(phone.told()).toEqual([
      "answered 101 -1 NotDef",
      "ended 101 -1 Ok passed on",
      "answered 102 -2 Blind",
      "ended 102 -2 Ok",
    ]);
  });

  it("was talking: the end is the log's, also after a hand-over", () => {
    const own = talk("101", 1, 30);
    for (const talks of [[own], [own, talk("102", 31, 40)], [talk("101", 0, 0.8)], []]) {
      const phone = new Phone();
      phone.leg("101", 5, "connected");
      phone.lose();
      phone.at += 60_000;
      phone.snapshot();
      phone.list();
      phone.log(logged({ talks }));
      expect(phone.told().slice(1)).toEqual(
        talks.length === 2
          ? ["ended 101 -1 Ok passed on", "answered 102 -2 Blind", "ended 102 -2 Ok"]
          : ["ended 101 -1 Ok"],
      );
    }
  });

  it("is not told again for the log's rounding", () => {
    const phone = new Phone();
    phone.leg("101", 5, "connected");
    phone.at += 20_510;
    phone.gone("101/5");
    phone.list(row("10007"));
    phone.lose();
    phone.snapshot();
    phone.list();
    phone.log(logged({ talks: [talk("101", 0, 20.6)] }));
    expect(phone.told()).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok passed on"]);
  });

  it("had been taken over by somebody whom we did not see", () => {
    const phone = new Phone();
    phone.leg("101", 5, "connected");
    phone.lose();
    phone.snapshot();
    phone.list();
    phone.log(logged({ talks: [talk("102", 31, 40)] }));
    expect(phone.told().slice(1)).toEqual([
      "ended 101 -1 Ok passed on",
      "answered 102 -2 Blind",
      "ended 102 -2 Ok",
    ]);
  });

  it("is not asked of a call that shows again before it ends", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    phone.told();
    phone.leg("101", 6, "ringing");
    phone.gone("101/6");
    phone.list();
    expect(phone.told()).toEqual(["ringing 101 -0", "ended 101 -0 Missed"]);
  });

  it("is looked for again, as the log is written late, and ends as we know it in the end", () => {
    const phone = backAgain();
    phone.log();
    for (const pause of phone.settings.logAgainMs) {
      const { length } = phone.inquiries;
      phone.pass(pause);
      expect(phone.inquiries.length).toBeGreaterThan(length);
      expect(phone.told()).toEqual([]);
      phone.log();
    }
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
  });

  it("ends as we know it after 17 s if we had seen its answer, which no later log changes", () => {
    const phone = talking();
    phone.at += 10_000;
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    phone.log();
    for (const pauseMs of [2_000, 15_000]) {
      expect(phone.told()).toEqual([]);
      phone.pass(pauseMs);
      phone.log();
    }
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });

  it("is told as answered by a log that is written a minute late", () => {
    const phone = backAgain();
    const beganAt = phone.at;
    const row = logged({ talks: [talk("101", 4, 30)] });
    phone.log();
    while (phone.told().length === 0 && phone.at < beganAt + 70_000) {
      const { length } = phone.inquiries;
      phone.pass(1_000);
      if (phone.inquiries.length > length) phone.log(...(phone.at < beganAt + 60_000 ? [] : [row]));
    }
    expect(phone.at - beganAt).toBe(62_000);
    expect(phone.events.slice(1).map(line)).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok"]);
  });

  it.each([1_000, 3_000])(
    "ends no later where sight is lost again and again, each %i ms",
    (eachMs) => {
      const phone = backAgain();
      const toAt = phone.at + phone.settings.logAgainMs.reduce((sum, pause) => sum + pause, 0);
      phone.log();
      let told: string[] = [];
      while (told.length === 0 && phone.at <= toAt + 4 * eachMs) {
        phone.pass(eachMs - 500);
        phone.lose();
        phone.pass(500);
        phone.snapshot();
        phone.list();
        phone.log();
        told = phone.told();
      }
      expect(told).toEqual(["ended 101 -0 Missed"]);
    },
  );

  it("may be found between two looks", () => {
    const phone = backAgain();
    phone.log();
    phone.log(logged({ talks: [talk("101", 4, 30)] }));
    expect(phone.told()).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok"]);
  });

  it("ends as we know it without the log, or when it does not answer", () => {
    const forbidden = backAgain();
    forbidden.noLog();
    expect(forbidden.told()).toEqual([]);
    forbidden.list();
    expect(forbidden.told()).toEqual(["ended 101 -0 Missed"]);
    const silent = backAgain();
    silent.pass(silent.settings.answerMsMax);
    expect(silent.told()).toEqual(["ended 101 -0 Missed"]);
  });

  it("is asked for also where the list cannot be had", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.lose();
    phone.snapshot();
    phone.noList();
    phone.pass(phone.settings.graceMs);
    phone.log(logged({ callNumber: null, startedAt: t0 + 3_000, talks: [talk("101", 4, 30)] }));
    expect(phone.told().slice(1)).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok"]);
  });

  it("is found by its number alone where the log does not tell the caller", () => {
    const phone = backAgain();
    phone.log(logged({ number: "", talks: [talk("101", 4, 30)] }));
    expect(phone.told()).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok"]);
  });

  it("is not taken for another's entry", () => {
    const others = [
      logged({ startedAt: t0 + 3_600_000 }),
      logged({ number: "420777999998", startedAt: t0 + 30_000, talks: [talk("101", 34, 40)] }),
      logged({ callNumber: 9, number: "", talks: [talk("101", 4, 30)] }),
      logged({ callNumber: 8, number: "420777999999", talks: [talk("101", 4, 30)] }),
      logged({ callNumber: 9, direction: "outgoing" }),
    ];
    const phone = backAgain();
    phone.log(...others);
    expect(phone.events.filter((e) => e.callNumber === 7 && e.kind === "ended")).toEqual([]);
  });
});

describe("the log's entry of a call", () => {
  it("is not one with another number that had ended when ours was last seen", () => {
    const phone = new Phone();
    phone.leg("101", 5, "connected");
    phone.at += 20_000;
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    phone.told();
    const other = { callNumber: 3, startedAt: t0 - 2_000, talks: [] };
    phone.log(logged({ ...other, endedAt: t0 + 10_000 }));
    expect(phone.told()).toEqual([]);
    phone.log(logged({ ...other, endedAt: t0 + 30_000 }));
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });

  it("is not another anonymous caller's", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected", { party: outside("") });
    phone.pass(phone.settings.numberHoldMs);
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    phone.told();
    phone.log(logged({ callNumber: 8, number: "", talks: [talk("126", 4, 30)] }));
    for (const pause of phone.settings.logAgainMs) {
      phone.pass(pause);
      phone.log();
    }
    expect(phone.told()).toEqual(["ended 800 -0 Missed"]);
  });

  it("is not that of another call which began in the same moments, where the log has our numbers", () => {
    for (const callNumber of [7, 9]) {
      const phone = new Phone();
      phone.leg("101", 5, "ringing");
      phone.leg("102", 6, "ringing", { callNumber: 8 });
      phone.lose();
      phone.at += 60_000;
      phone.snapshot();
      phone.list();
      phone.told();
      const own = logged({ talks: [talk("101", 4, 30)] });
      phone.log(own, logged({ callNumber, startedAt: t0 + 1_000, talks: [talk("103", 4, 30)] }));
      expect(phone.told().filter((line) => line.includes("102"))).toEqual([]);
      expect(phone.call(8)?.overAt).toBeNull();
    }
  });

  it("is ours under another number, though a call that the log alone had is known by the log's", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.at += 5_000;
    phone.lose(t0 - 1_000);
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    phone.told();
    const own = logged({ callNumber: 107, talks: [talk("101", 4, 30)] });
    const unseen = { callNumber: 108, number: "112", talks: [talk("102", 14, 40)] };
    expectBothOnce(phone, [own, logged({ ...unseen, startedAt: t0 + 10_000 })]);
  });

  it("is that of its outside party, where the log counts by one more than the legs of two of the same second", () => {
    const phone = new Phone();
    const second = outside("420777000002");
    phone.leg("101", 5, "ringing");
    phone.leg("102", 6, "ringing", { callNumber: 8, party: second });
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    phone.told();
    expectBothOnce(phone, [
      logged({ callNumber: 8, talks: [talk("101", 4, 30)] }),
      logged({ callNumber: 9, number: second.number, talks: [talk("102", 8, 40)] }),
    ]);
  });

  it("tells nothing more of who passed the caller on outside, though it lasts until the end of all", () => {
    const phone = new Phone();
    phone.leg("102", 5, "connected");
    phone.at += 10_000;
    phone.gone("102/5");
    phone.list(row("10007"));
    phone.told();
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    phone.log(logged({ endedAt: t0 + 60_000, talks: [talk("102", 0, 60)] }));
    expect(phone.told()).toEqual([]);
    expect(phone.call()?.overAt).toBe(phone.at);
  });

  it("is the one that goes on where a consultation took the call over", () => {
    const phone = new Phone();
    const entries = [
      logged({ endedAt: t0 + 10_000, talks: [talk("102", 0, 10)] }),
      logged({
        ...{ callNumber: 8, direction: "outgoing", startedAt: t0 + 5_000 },
        talks: [talk("103", 10, 59)],
      }),
    ];
    phone.leg("102", 5, "connected");
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
    phone.at += 10_000;
    phone.gone("102/5");
    phone.leg("103", 7, "connected", { callNumber: 8, originatedBy: null });
    phone.at += 30_000;
    phone.lose();
    phone.at += 30_000;
    phone.snapshot();
    phone.list();
    phone.log(...entries);
    expect(phone.told()).toEqual([
      "answered 102 -1 NotDef",
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Accomp",
      "ended 103 -2 Ok",
    ]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 49_000 });
    expect(phone.state.calls.size).toBe(1);
  });

  it("does not make a conversation shorter than we saw it", () => {
    const phone = new Phone();
    phone.leg("102", 5, "connected");
    phone.at += 40_000;
    phone.leg("102", 5, "connected", { party: outside(caller, "Novak") });
    phone.lose();
    phone.at += 20_000;
    phone.snapshot();
    phone.list();
    phone.log(logged({ endedAt: t0 + 1_000 }));
    expect(phone.events.at(-1)).toMatchObject({ kind: "ended", finish: "Ok", talkMs: 40_000 });
  });
});

describe("a call that goes on when we see again", () => {
  it("is not looked for in the log", () => {
    const phone = new Phone();
    phone.leg("101", 5, "connected");
    phone.lose();
    phone.lose();
    phone.snapshot(leg("101", 5, "connected"));
    phone.snapshot(leg("101", 5, "connected"));
    phone.log(logged({ talks: [talk("101", 4, 30)] }));
    phone.gone("101/5");
    phone.list();
    expect(phone.told()).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok"]);
    expect(phone.inquiries).toEqual([t0]);
  });
});

describe("a call that came and went while we were blind", () => {
  const blind = (): Phone => {
    const phone = new Phone();
    phone.lose();
    phone.at += 120_000;
    phone.snapshot();
    return phone;
  };

  it("is told from the log, once, under the PBX's number and time", () => {
    const phone = blind();
    const did = { number: "420222000320", ruleName: "DID-1" };
    const entry = logged({ startedAt: t0 + 5_000, did, talks: [talk("101", 9, 30)] });
    phone.log(entry);
    phone.pass(phone.settings.overKeptMs * 2);
    phone.log(entry);
    expect(phone.told()).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok"]);
    expect(phone.events[0]).toMatchObject({ callId: "260504080005_7", did: "DID-1" });
    phone.pass(phone.settings.overKeptMs);
    phone.log();
    phone.pass(phone.settings.overKeptMs);
    expect(phone.call()).toBeUndefined();
  });

  it("is told as missed where the log says, also an outgoing one; nothing if it reached nobody", () => {
    const phone = blind();
    phone.log(
      logged(),
      logged({ callNumber: 8, direction: "outgoing", number: "112", level: ref("102") }),
      logged({ callNumber: 9, number: "113", level: null }),
      logged({ callNumber: 10, number: "114", level: ref("666") }),
    );
    expect(phone.told()).toEqual(["ended 101 -0 Missed", "ended 102 -0 Missed"]);
  });

  it("is not told without a number, from another time, or if its number is another call's", () => {
    const phone = blind();
    phone.leg("101", 5, "ringing");
    phone.log(
      logged({ callNumber: null, number: "112" }),
      logged({ callNumber: 8, number: "113", startedAt: t0 - 1 }),
      logged({ callNumber: 9, number: "114", startedAt: phone.at + 1 }),
      logged({ number: "115", startedAt: t0 + 1 }),
    );
    expect(phone.told()).toEqual(["ringing 101 -0"]);
  });

  it("is not told again when its state is gone before the log is read once more", () => {
    const phone = new Phone();
    phone.leg("101", 50, "ringing");
    phone.at += 5_000;
    phone.lose(phone.at - 30_000);
    phone.at += 20_000;
    phone.snapshot(leg("102", 3, "ringing", { callNumber: 1 }));
    expect(phone.told()).toEqual(["ringing 101 -0", "ended 101 -0 Missed", "ringing 102 -0"]);
    phone.log(logged({ endedAt: t0 + 6_000 }));
    phone.pass(phone.settings.logAgainMs[0] ?? 0);
    phone.log(logged({ endedAt: t0 + 6_000 }));
    expect(phone.told()).toEqual([]);
  });

  it("is told once if the log has its number twice", () => {
    const phone = blind();
    phone.log(logged(), logged({ number: "112", startedAt: t0 + 30_000 }));
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
  });

  it("is not looked for while we are blind still, nor from a log that covers too little", () => {
    const phone = new Phone();
    phone.log(logged());
    phone.lose();
    phone.log(logged());
    phone.noLog();
    phone.at += 1_000;
    phone.snapshot();
    const { stretch } = phone.state;
    const { at } = phone;
    phone.feed({ kind: "callLog", at, fromAt: t0 + 1, toAt: at, calls: [], isCut: false });
    phone.feed({ kind: "callLog", at, fromAt: t0, toAt: at - 1, calls: [], isCut: false });
    expect(phone.state.stretch).toEqual(stretch);
    expect(phone.told()).toEqual([]);
    phone.noLog();
    expect(phone.state.stretch).toBeNull();
  });
});
