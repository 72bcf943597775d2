/** Clocks: ids by the PBX's zone and time, durations by ours, whatever either does (docs/contract.md §2, §3). */
import { describe, expect, it } from "vitest";
import { leg, logged, Phone, row, t0 } from "../../test/support/phone.ts";
import { restore, serialise } from "./checkpoint.ts";

const hourMs = 3_600_000;

/** 101 answers at once and talks for `talkMs`, from `at` on, as call `callNumber`. */
function talk(phone: Phone, at: number, { callNumber = 7, talkMs = 20_000 } = {}): void {
  phone.at = at;
  phone.leg("101", callNumber, "connected", { callNumber });
  phone.pass(talkMs);
  phone.gone(`101/${callNumber}`);
  phone.list();
}

const told = ({ events }: Phone) =>
  events.flatMap((e) => (e.kind === "ended" ? [`${e.callId} ${e.talkMs}`] : []));

describe("the night on which clocks change", () => {
  it("forward: ids go by the zone, and a call across it lasts as long as it lasts", () => {
    const phone = new Phone({ timezone: "Europe/Prague" });
    talk(phone, Date.parse("2026-03-29T00:59:50Z"));
    talk(phone, Date.parse("2026-03-29T01:00:30Z"), { callNumber: 8 });
    expect(told(phone)).toEqual(["260329015950_7 20000", "260329030030_8 20000"]);
  });

  it("back: the hour comes twice, and the call's number tells the two apart", () => {
    const phone = new Phone({ timezone: "Europe/Prague" });
    talk(phone, Date.parse("2026-10-25T00:30:00Z"), { talkMs: hourMs });
    talk(phone, Date.parse("2026-10-25T01:30:00Z"), { callNumber: 8 });
    expect(told(phone)).toEqual(["261025023000_7 3600000", "261025023000_8 20000"]);
  });

  it("elsewhere: a zone whose clocks change by half an hour", () => {
    const phone = new Phone({ timezone: "Australia/Lord_Howe" });
    talk(phone, Date.parse("2026-04-04T14:50:00Z"), { talkMs: 1_200_000 });
    talk(phone, Date.parse("2026-04-04T15:10:00Z"), { callNumber: 8 });
    expect(told(phone)).toEqual(["260405015000_7 1200000", "260405014000_8 20000"]);
  });
});

describe("a PBX whose clock is not ours", () => {
  it("gives the id its time, and no duration", () => {
    for (const offMs of [-hourMs, hourMs]) {
      const phone = new Phone();
      phone.list(row("101", { establishedAt: t0 + offMs }));
      talk(phone, t0 + 1_000);
      const hour = offMs < 0 ? "07" : "09";
      expect(told(phone)).toEqual([`260504${hour}0000_7 20000`]);
    }
  });
});

describe("the log of a PBX whose clock is not ours", () => {
  it("has the call by the PBX's own start of it, and every duration by our clock", () => {
    for (const offMs of [-hourMs, hourMs]) {
      const phone = new Phone();
      phone.list(row("101", { establishedAt: t0 + offMs }));
      phone.leg("101", 5, "connected");
      phone.pass(10_000);
      phone.lose();
      phone.pass(30_000);
      phone.snapshot();
      phone.list();
      const talks = [{ user: "101", answeredAt: t0, endedAt: t0 + 25_000 }];
      const party = { number: "", startedAt: t0 };
      phone.log(logged({ ...party, callNumber: 7, establishedAt: t0 }));
      expect(told(phone)).toEqual([]);
      phone.log(logged({ ...party, callNumber: 7, establishedAt: t0 + offMs, talks }));
      const hour = offMs < 0 ? "07" : "09";
      expect(told(phone)).toEqual([`260504${hour}0000_7 25000`]);
    }
  });

  it("gives a call that came and went the PBX's time in its id", () => {
    const phone = new Phone();
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    const talks = [{ user: "101", answeredAt: t0 + 10_000, endedAt: t0 + 25_000 }];
    const startedAt = t0 + 5_000;
    phone.log(
      logged({ startedAt, establishedAt: startedAt + hourMs, endedAt: t0 + 25_000, talks }),
    );
    expect(told(phone)).toEqual(["260504090005_7 15000"]);
    expect(phone.events.at(-1)?.at).toBe(t0 + 25_000);
  });
});

describe("our wall clock jumps while we are down", () => {
  /** All that a call can wait for has a time in it. */
  function busy(): Phone {
    const phone = new Phone({ extras: true });
    phone.list(row("102", { establishedAt: t0 - 5_000 }));
    phone.leg("102", 5, "ringing");
    phone.leg("102", 5, "connected");
    phone.pass(10_000);
    phone.leg("103", 6, "ringing");
    return phone;
  }

  it.each([
    ["forwards", hourMs],
    ["backwards", -hourMs],
  ])(
    "%s: what is kept of a call is put forward with it, so that no duration changes",
    (_way, jumpMs) => {
      const phone = busy();
      phone.gone("103/6");
      phone.restart(jumpMs);
      phone.at += jumpMs;
      phone.lose(phone.at - 1_000);
      phone.pass(5_000);
      phone.snapshot(leg("102", 5, "connected"));
      phone.pass(5_000);
      phone.gone("102/5");
      phone.list();
      expect(told(phone)).toEqual(["260504075955_7 20000"]);
      const summary = phone.events.at(-1);
      expect(summary).toMatchObject({ kind: "callsummary", talkMs: 20_000, waitMs: 0, ringMs: 0 });
    },
  );

  it("moves each time of a checkpoint but the PBX's and the id's, and none that means never", () => {
    const phone = busy();
    phone.gone("102/5");
    const before = phone.call();
    if (before === undefined) throw new Error("Expected a call.");
    const [after] = restore([serialise(before)], hourMs).calls.values();
    const times = (call: unknown) =>
      [...JSON.stringify(call).matchAll(/"(\w+At)":(\d+)/g)].map(
        ([, name, at]) => [name, Number(at)] as const,
      );
    const fixed = ["establishedAt", "startedAt"];
    expect(times(after)).toEqual(
      times(before).map(([name, at]) => [name, fixed.includes(name ?? "") ? at : at + hourMs]),
    );
    const never = { ...before, toldUntilAt: 0 };
    expect(restore([serialise(never)], hourMs).calls.get(7)?.toldUntilAt).toBe(0);
  });

  it("finds the call in the PBX's log all the same", () => {
    const phone = new Phone();
    talk(phone, t0);
    phone.leg("102", 9, "ringing", { callNumber: 8 });
    phone.restart(hourMs);
    phone.at += hourMs;
    phone.lose(phone.at);
    phone.pass(30_000);
    phone.snapshot();
    phone.list();
    const talks = [{ user: "102", answeredAt: phone.at - 20_000, endedAt: phone.at - 8_000 }];
    const startedAt = t0 + 20_000 + hourMs;
    phone.log(logged({ callNumber: 8, startedAt, endedAt: phone.at - 8_000, talks }));
    expect(told(phone)).toEqual(["260504080000_7 20000", "260504080020_8 12000"]);
  });
});

describe("the start that the list told before the first leg", () => {
  it("makes the id", () => {
    const phone = new Phone();
    phone.list(row("101", { establishedAt: t0 - 4_000 }), row("101", { callNumber: 8 }));
    phone.at += 2_000;
    phone.leg("101", 5, "ringing");
    phone.leg("101", 6, "ringing", { callNumber: 8 });
    expect(phone.events.map((e) => e.callId)).toEqual(["260504075956_7", "260504080000_8"]);
  });

  it("is when the list showed the call first, as long as the list names no start", () => {
    const phone = new Phone();
    phone.list(row("101"));
    phone.at += 5_000;
    phone.list(row("101"));
    phone.at += 5_000;
    phone.leg("101", 5, "ringing");
    expect(phone.events.map((e) => e.callId)).toEqual(["260504080000_7"]);
  });

  it("is no other call's, nor that of a call of after a restart of the PBX, if the list names it only later", () => {
    const phone = new Phone();
    phone.list(row("101"));
    phone.at += 10_000;
    phone.leg("101", 5, "connected");
    phone.lose();
    phone.at += 10_000;
    phone.list(row("101", { establishedAt: t0 - 3_000 }));
    phone.snapshot(leg("101", 5, "connected"));
    phone.pass(1_000);
    phone.gone("101/5");
    phone.list();
    expect(phone.told()).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok"]);
    expect(phone.events.map((e) => e.callId)).toEqual(["260504080000_7", "260504080000_7"]);
  });
});
