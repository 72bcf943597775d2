/** A voicemail box that the list has at its owner: no answer (docs/contract.md §2; SPEC.md, R34). */
import { describe, expect, it } from "vitest";
import { inside, leg, outside, Phone, ref, row } from "../../test/support/phone.ts";
import { restore, serialise } from "./checkpoint.ts";
import type { TrackerSettings } from "./settings.ts";

/** Answered, then sent to the own box, and missed there. */
const sentToBox = ["answered 150 -1 NotDef", "ended 150 -1 Ok passed on", "ended 150 -2 Missed"];

describe("a voicemail box that the list has at its owner, who is monitored", () => {
  const watching = (more: Partial<TrackerSettings> = {}) => {
    const phone = new Phone(more);
    phone.feed({ kind: "snapshot", at: phone.at, legs: [], dns: ["104", "150"] });
    return phone;
  };
  /** It speaks to the box for a while. */
  const left = (phone: Phone, owner: string) => {
    for (let looks = 0; looks < 6; looks++) {
      phone.at += 1_000;
      phone.list(row(owner));
    }
    phone.list();
    return phone.told();
  };

  it("has not answered: missed by its owner, whose phone has rung", () => {
    const phone = watching();
    phone.leg("150", 5, "ringing");
    phone.gone("150/5");
    expect(left(phone, "150")).toEqual(["ringing 150 -0", "ended 150 -0 Missed"]);
  });

  it("or at the queue that gave the call to it", () => {
    const phone = watching();
    phone.leg("800", 4, "connected");
    phone.gone("800/4");
    expect(left(phone, "150")).toEqual(["ringing 800 -0", "ended 800 -0 Missed"]);
  });

  it("nor where the list has it there before the box's own leg shows: missed by its owner, who has not rung", () => {
    const phone = watching();
    phone.list(row("150"));
    phone.leg("666", 9, "connected", { originatedBy: ref("150") });
    phone.gone("666/9");
    expect(left(phone, "150")).toEqual(["ended 150 -0 Missed"]);
  });

  it("nor where the call was sent on to them", () => {
    const phone = watching();
    phone.leg("150", 5, "connected");
    phone.at += 100;
    phone.leg("104", 6, "ringing");
    phone.gone("150/5");
    phone.gone("104/6");
    expect(left(phone, "104").slice(-2)).toEqual([
      "ended 150 -1 Ok passed on",
      "ended 104 -2 Missed",
    ]);
  });

  it("nor where it is back from outside, as nobody saw: missed by its owner", () => {
    const phone = watching();
    phone.leg("150", 5, "connected");
    phone.pass(5_000);
    phone.gone("150/5");
    phone.list(row("10008", { callee: outside("420602000004"), status: "Routing" }));
    phone.pass(60_000);
    expect(left(phone, "104").slice(-2)).toEqual([
      "ended 150 -1 Ok passed on",
      "ended 104 -2 Missed",
    ]);
  });

  it.each([
    { what: "", listens: false },
    { what: ", while somebody listens", listens: true },
  ])(
    "has it where its owner sent it on to there$what, which shows as the row changed",
    ({ listens }) => {
      const phone = watching();
      phone.leg("150", 5, "connected");
      phone.at += 5_000;
      const before = row("150", { changedAt: phone.at - 5_000 });
      phone.list(before);
      if (listens) phone.leg("104", 6, "connected");
      phone.at += 3_000;
      const changed = row("150", { changedAt: phone.at });
      phone.gone("150/5");
      if (listens) phone.gone("104/6");
      // A list that lags names the conversation of before.
      phone.list(before);
      phone.at += 1_000;
      phone.list(changed);
      phone.list(changed);
      phone.at += 10_000;
      phone.list();
      expect(phone.told()).toEqual(sentToBox);
    },
  );

  it.each([1_000, 1_900])(
    "has nothing of a call that is hung up %i ms after its row changed, where the list lags",
    (ms) => {
      for (const listens of [false, true]) {
        const phone = watching();
        phone.leg("150", 5, "connected");
        if (listens) phone.leg("104", 6, "connected");
        phone.at += 10_000;
        const changed = row("150", { changedAt: phone.at });
        phone.at += ms;
        phone.gone("150/5");
        phone.at += 500;
        phone.list(changed);
        if (listens) phone.gone("104/6");
        phone.list();
        expect(phone.told()).toEqual(["answered 150 -1 NotDef", "ended 150 -1 Ok"]);
      }
    },
  );

  it("has it at once where the row changed as their leg went, whose frame comes a moment later", () => {
    const phone = watching();
    phone.leg("150", 5, "connected");
    phone.at += 10_000;
    const changed = row("150", { changedAt: phone.at });
    phone.at += 300;
    phone.gone("150/5");
    phone.at += 300;
    phone.list(changed);
    phone.list();
    expect(phone.told()).toEqual(sentToBox);
  });

  it.each([
    [999, ["answered 150 -1 NotDef", "ended 150 -1 Ok"]],
    [1_000, sentToBox],
  ])(
    "has it only if a list asked %i ms later says so: their colleague may not have taken it",
    (ms, told) => {
      const phone = watching({ listLateMs: 1_000 });
      phone.leg("150", 5, "connected");
      phone.at += 10_000;
      const changed = row("150", { changedAt: phone.at });
      phone.gone("150/5");
      phone.pass(ms);
      phone.list(changed);
      phone.list();
      expect(phone.told()).toEqual(told);
    },
  );

  it("has it also where they answered while nobody looked, and sent it there as soon as that was seen", () => {
    const phone = watching();
    phone.feed({ kind: "sightLost", at: phone.at, sinceAt: phone.at, cause: "connection" });
    const answered = row("150", { changedAt: phone.at });
    phone.at += 10_000;
    phone.snapshot(leg("150", 5, "connected"));
    phone.list(answered);
    phone.at += 1_500;
    const changed = row("150", { changedAt: phone.at });
    phone.gone("150/5");
    phone.at += 500;
    phone.list(changed);
    phone.at += 10_000;
    phone.list();
    expect(phone.told()).toEqual(sentToBox);
  });

  it.each([1_000, 6_000])(
    "has it where the row, which changed %i ms before their leg was seen to go, insists",
    (ms) => {
      const phone = watching();
      phone.leg("150", 5, "connected");
      phone.at += 10_000;
      const changed = row("150", { changedAt: phone.at - ms });
      phone.gone("150/5");
      for (let looks = 0; looks < 6; looks += 1) {
        phone.at += 1_000;
        phone.list(changed);
      }
      phone.list();
      expect(phone.told()).toEqual(sentToBox);
    },
  );

  it("has nothing of a conversation that goes on at the user's other phone: the row is of before", () => {
    const phone = watching();
    phone.leg("150", 5, "connected");
    const before = row("150", { changedAt: phone.at });
    phone.at += 5_000;
    phone.gone("150/5");
    phone.list(before);
    phone.at += 6_000;
    phone.list(before);
    phone.leg("150", 7, "connected");
    phone.at += 2_000;
    phone.gone("150/7");
    phone.list();
    expect(phone.told()).toEqual(["answered 150 -1 NotDef", "ended 150 -1 Ok"]);
  });

  it("is none if a reading of the legs shows one of theirs, whose frame was lost", () => {
    const phone = watching();
    phone.leg("150", 5, "ringing");
    phone.gone("150/5");
    phone.at += 500;
    phone.list(row("150"));
    expect(phone.told()).toEqual(["ringing 150 -0"]);
    phone.snapshot(leg("150", 6, "connected"));
    expect(phone.told()).toEqual(["answered 150 -1 NotDef"]);
  });

  it("is not known before the first reading after our restart", () => {
    const before = watching();
    before.leg("150", 5, "ringing");
    before.gone("150/5");
    const phone = new Phone();
    phone.state = restore(before.state.calls.values().map(serialise));
    phone.feed({ kind: "sightLost", at: phone.at, sinceAt: phone.at, cause: "restart" });
    phone.at += 500;
    phone.list(row("150"));
    expect(phone.told()).toEqual([]);
  });

  it("nor if a leg of theirs shows, whoever it seems to stand towards", () => {
    const phone = watching();
    phone.leg("104", 5, "ringing");
    phone.leg("150", 6, "connected", { party: inside("101") });
    phone.gone("104/5");
    phone.at += 500;
    phone.list(row("150"));
    expect(phone.told()).toEqual(["ringing 104 -0", "answered 150 -1 NotDef"]);
  });

  it("nor of who has a call that another has dialled", () => {
    const phone = watching();
    phone.leg("104", 5, "dialing");
    phone.gone("104/5");
    phone.at += 500;
    for (let looks = 0; looks < 3; looks++) phone.list(row("10007", { caller: inside("150") }));
    expect(phone.told()).toEqual(["dialing 104 -0"]);
  });

  it("nor of whom a call that another has dialled rings, as nobody saw it answered and handed over", () => {
    const phone = watching();
    phone.leg("104", 5, "dialing");
    phone.lose();
    phone.snapshot(leg("150", 6, "ringing", { referredBy: ref("104"), legNumber: 4 }));
    phone.pass(5_000);
    phone.gone("150/6");
    phone.at += 500;
    for (let looks = 0; looks < 3; looks++) phone.list(row("10007", { caller: inside("150") }));
    phone.list();
    expect(phone.told()).toEqual(["dialing 104 -0", "ended 104 -0 Missed"]);
  });

  it("nor where its owner dials", () => {
    const phone = watching();
    phone.leg("150", 5, "dialing");
    phone.gone("150/5");
    phone.at += 500;
    phone.list(row("10007", { caller: inside("150") }));
    expect(phone.told()).toEqual(["dialing 150 -0", "answered 150 -1 NotDef"]);
  });

  it("but where who dialled shows no leg when we see again", () => {
    const phone = watching();
    phone.leg("150", 5, "dialing");
    phone.lose();
    phone.at += 30_000;
    phone.snapshot();
    const box = row("10007", { caller: inside("150"), changedAt: phone.at - 10_000 });
    for (let looks = 0; looks < 3; looks++) phone.list(box);
    phone.at += 60_000;
    phone.list();
    phone.noLog();
    phone.pass(60_000);
    expect(phone.told()).toEqual(["dialing 150 -0", "ended 150 -0 Missed"]);
  });

  it("but where it is back with who dialled, as nobody saw it answered and handed over", () => {
    const phone = watching();
    phone.leg("150", 5, "dialing");
    phone.lose();
    phone.snapshot(leg("104", 6, "ringing", { referredBy: ref("150"), legNumber: 4 }));
    phone.gone("104/6");
    phone.leg("150", 7, "ringing", { legNumber: 5 });
    phone.gone("150/7");
    phone.at += 500;
    for (let looks = 0; looks < 3; looks++) phone.list(row("10007", { caller: inside("150") }));
    phone.at += 60_000;
    phone.list();
    phone.noLog();
    expect(phone.told()).toEqual(["dialing 150 -0", "ended 150 -0 Missed"]);
  });
});
