/** Opt-in `gap`: a blind stretch of which something stays unknown is told, once (docs/contract.md §8). */
import { describe, expect, it } from "vitest";
import { leg, logged, outside, Phone, row, t0 } from "../../test/support/phone.ts";

/** 101 talks, or rings; the connection is away for a minute; call 7 is gone from what we see then. */
function backAgain(status: "connected" | "ringing" = "connected"): Phone {
  const phone = new Phone({ extras: true });
  phone.leg("101", 5, status);
  phone.at += 30_000;
  phone.lose(phone.at - 10_000);
  phone.at += 60_000;
  phone.snapshot();
  phone.list();
  return phone;
}

const reasons = ({ gaps }: Phone) => gaps.map(({ reason }) => reason);

describe("a gap", () => {
  it("is told with the stretch's beginning and end where the call log cannot be had", () => {
    const phone = backAgain();
    expect(phone.gaps).toEqual([]);
    phone.at += 100;
    phone.noLog();
    const [fromAt, toAt] = [t0 + 20_000, t0 + 90_000];
    const eventId = `main_gap_${fromAt}-${toAt}`;
    const facts = { pbx: "main", callId: "", at: toAt + 100, fromAt, toAt, reason: "connection" };
    expect(phone.gaps).toEqual([{ kind: "gap", eventId, ...facts }]);
  });

  it("is told once, whatever else of it stays unknown", () => {
    const phone = backAgain();
    phone.noLog();
    phone.list();
    phone.noLog();
    phone.pass(60_000);
    expect(phone.gaps).toHaveLength(1);
  });

  it("is not told where the log tells all, nor where nobody wants it", () => {
    const known = backAgain();
    known.log(logged());
    known.pass(1_000);
    for (let looks = 0; looks < 3; looks++) {
      known.log(logged());
      known.pass(60_000);
    }
    expect(known.gaps).toEqual([]);
    const unwanted = new Phone();
    unwanted.lose();
    unwanted.snapshot();
    unwanted.noLog();
    expect(unwanted.gaps).toEqual([]);
  });

  it("is told of a call that the log never has, whether it says so or does not answer", () => {
    const never = backAgain();
    for (let looks = 0; looks < 4; looks++) {
      never.log();
      never.pass(20_000);
    }
    expect(never.gaps).toHaveLength(1);
    const silent = backAgain();
    silent.pass(120_000);
    expect(silent.gaps).toHaveLength(1);
    expect(silent.told().at(-2)).toBe("ended 101 -1 Ok");
  });

  it("is told of a call without a number, and of a second one with the same number", () => {
    const more = { startedAt: t0 + 40_000, number: "420111222333" };
    for (const callNumber of [null, 7]) {
      const phone = backAgain();
      phone.log(logged(), logged({ ...more, callNumber }));
      expect(reasons(phone)).toEqual(["connection"]);
    }
  });

  it("is told of a log that is cut, unless it is of another time", () => {
    const phone = backAgain();
    const cut = { kind: "callLog", at: phone.at, calls: [], isCut: true } as const;
    phone.feed({ ...cut, fromAt: phone.at, toAt: phone.at });
    expect(phone.gaps).toEqual([]);
    phone.feed({ ...cut, fromAt: 0, toAt: phone.at });
    expect(phone.gaps).toHaveLength(1);
  });

  it("tells that the PBX has restarted, if calls of before went with it", () => {
    const phone = new Phone({ extras: true });
    phone.leg("101", 5, "connected");
    phone.at += 30_000;
    phone.lose();
    phone.at += 60_000;
    phone.snapshot(leg("102", 3, "ringing", { party: outside("420111222333") }));
    expect(phone.gaps).toMatchObject([{ reason: "pbx", fromAt: t0 + 30_000, toAt: phone.at }]);
    const idle = new Phone({ extras: true });
    idle.leg("101", 5, "ringing");
    idle.gone("101/5");
    idle.list();
    idle.lose();
    idle.at += 60_000;
    idle.snapshot(leg("102", 3, "ringing"));
    expect(idle.gaps).toEqual([]);
  });

  it("reaches back to the first loss while we have not seen again, and not to one that is told", () => {
    const phone = new Phone({ extras: true });
    phone.lose();
    phone.at += 5_000;
    phone.lose();
    phone.at += 5_000;
    phone.snapshot();
    phone.noLog();
    phone.at += 5_000;
    phone.lose();
    phone.at += 5_000;
    phone.snapshot();
    phone.noLog();
    expect(phone.gaps.map(({ fromAt, toAt }) => [fromAt - t0, toAt - t0])).toEqual([
      [0, 10_000],
      [15_000, 20_000],
    ]);
  });

  it("that is told while the log of an earlier one is still read, begins where it did", () => {
    const phone = new Phone({ extras: true });
    phone.lose();
    phone.at += 5_000;
    phone.snapshot();
    phone.at += 5_000;
    phone.lose();
    phone.snapshot();
    phone.noLog();
    expect(phone.gaps).toMatchObject([{ fromAt: t0, toAt: t0 + 10_000 }]);
  });

  it("that is told of a call which waited for the log as sight was lost anew, begins where it did", () => {
    const phone = backAgain("ringing");
    phone.log();
    // The log of the stretch has been read but for its last look.
    for (const pauseMs of phone.settings.logAgainMs.slice(0, -1)) {
      phone.pass(pauseMs);
      phone.log();
    }
    phone.at += 10_000;
    phone.lose();
    phone.at += 5_000;
    phone.snapshot();
    const toAt = phone.at;
    for (let looks = 0; looks < 5; looks++) {
      phone.log();
      phone.pass(20_000);
    }
    expect(phone.told().at(-2)).toBe("ended 101 -0 Missed");
    expect(phone.gaps).toMatchObject([{ fromAt: t0 + 20_000, toAt }]);
  });

  it("is known before the first snapshot where the list proves the restart", () => {
    const phone = new Phone({ extras: true });
    phone.leg("101", 5, "connected");
    phone.list(row("101", { establishedAt: t0 }));
    phone.lose();
    phone.at += 30_000;
    phone.list(row("800", { establishedAt: phone.at - 5_000 }));
    expect(phone.gaps).toMatchObject([{ reason: "pbx", toAt: phone.at }]);
  });

  it("is nothing that a log of no stretch, or a PBX that nobody lost, could leave", () => {
    const phone = new Phone({ extras: true });
    phone.noLog();
    phone.snapshot();
    phone.noLog();
    expect(phone.gaps).toEqual([]);
  });
});

describe("two blind stretches, one soon after the other", () => {
  it("have no call told again that only the log had, by the log of the next blind stretch", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    const startedAt = phone.at + 2_000;
    phone.at += 5_000;
    const missed = logged({
      callNumber: 12,
      number: "420777000012",
      startedAt,
      endedAt: startedAt,
    });
    phone.lose(startedAt);
    phone.at += 10_000;
    phone.snapshot();
    phone.log(missed);
    phone.leg("104", 1, "ringing", { callNumber: 4 });
    for (const ms of [3_000, 16_000]) {
      phone.pass(ms);
      phone.log(missed);
    }
    phone.lose(startedAt);
    phone.snapshot();
    phone.log(missed);
    expect(phone.events.filter(({ callNumber }) => callNumber === 12)).toHaveLength(1);
  });
});

describe("a call that came and went in a blind stretch, and that the log alone has", () => {
  it("leaves its number to a call that the list has now and that began at another time", () => {
    const phone = new Phone();
    phone.lose();
    phone.at += 10_000;
    phone.snapshot();
    phone.log(logged({ callNumber: 12, endedAt: t0 + 5_000 }));
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
    phone.at += 10_000;
    const now = { callNumber: 12, status: "Routing" } as const;
    phone.list(row("800", { ...now, establishedAt: t0 }));
    phone.list(row("800", { ...now, establishedAt: null }));
    expect(phone.told()).toEqual([]);
    phone.list(row("800", { ...now, establishedAt: phone.at }));
    expect(phone.told()).toEqual(["ringing 800 -0"]);
  });
});

describe("an answer that nobody saw, of a call that goes on", () => {
  const summary = ({ events }: Phone) => events.find(({ kind }) => kind === "callsummary");
  /** We see nothing for a minute from t0 + 10 s on, then 101 talking, for 9 s more. */
  function heardOut(changedAt: number | null, rang = true): Phone {
    const phone = new Phone({ extras: true });
    if (rang) phone.leg("101", 5, "ringing");
    phone.at += 10_000;
    phone.lose();
    phone.at += 60_000;
    phone.snapshot(leg("101", 5, "connected"));
    phone.list(row("101", { changedAt }));
    phone.at += 9_000;
    phone.gone("101/5");
    phone.list();
    return phone;
  }

  it.each([true, false])(
    "counts from when the list says that it was given (it had rung: %s)",
    (rang) => {
      const phone = heardOut(t0 + 21_000, rang);
      expect(phone.events.at(-2)).toMatchObject({ kind: "ended", talkMs: 58_000 });
      const answered = phone.events.find(({ kind }) => kind === "answered");
      expect(answered).toMatchObject({ at: t0 + 70_000 });
      const times = rang ? { ringMs: 21_000, waitMs: 21_000 } : { ringMs: 0, waitMs: 0 };
      expect(summary(phone)).toMatchObject({ ...times, talkMs: 58_000 });
    },
  );

  it.each([
    ["has no times", null],
    ["had the row so before we lost sight", t0 + 5_000],
    ["has a time that is to come", t0 + 80_000],
  ])("is told as it shows, and so counted, where the list %s", (_list, changedAt) => {
    expect(summary(heardOut(changedAt))).toMatchObject({ ringMs: 70_000, talkMs: 9_000 });
  });
  it("is told as it shows where somebody had answered before, as the hand-over is", () => {
    const phone = new Phone();
    phone.leg("101", 5, "connected");
    phone.lose();
    phone.at += 60_000;
    phone.snapshot(leg("102", 6, "connected", { legNumber: 5 }));
    phone.list(row("102", { changedAt: phone.at - 1_000 }));
    phone.at += 9_000;
    phone.gone("102/6");
    phone.list();
    expect(phone.events.at(-1)).toMatchObject({ kind: "ended", user: "102", talkMs: 9_000 });
  });
});
