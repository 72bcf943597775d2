/** Inside calls that are kept over our own restart, as an outside call may be joined with them meanwhile (SPEC.md, C2). */
import { describe, expect, it } from "vitest";
import { inside, leg, Phone, row, settle, talking } from "../../test/support/phone.ts";
import { besides, isKept } from "./checkpoint.ts";

/** 102 talks to the caller and to 103, when we go down for a while. */
function consulting(downMs = 15_000): Phone {
  const phone = talking();
  phone.leg("102", 6, "dialing", { callNumber: 8, party: inside("103") });
  phone.leg("103", 7, "ringing", { callNumber: 8, party: inside("102"), originatedBy: null });
  phone.leg("102", 6, "connected", { callNumber: 8, party: inside("103"), legNumber: 1 });
  phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null });
  phone.restart();
  phone.at += downMs + 5_000;
  phone.lose(phone.at - downMs);
  return phone;
}

describe("a consultation that is joined while we are down", () => {
  const handedOver = ["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"];

  it("is an attended transfer, if the caller's number survives", () => {
    const phone = consulting();
    phone.snapshot(leg("103", 7, "connected", { originatedBy: null }));
    expect(phone.told()).toEqual(handedOver);
  });

  it("is an attended transfer, if a new leg takes over", () => {
    const phone = consulting();
    phone.snapshot(leg("103", 9, "connected", { originatedBy: null, legNumber: 6 }));
    expect(phone.told()).toEqual(handedOver);
  });

  it.each([
    ["was ten minutes ago at the most", 600_000, "Accomp"],
    ["was longer ago, and may be long over", 600_001, "Blind"],
  ])("is an attended transfer only where it %s", (_when, downMs, how) => {
    const phone = consulting(downMs);
    phone.snapshot(leg("103", 9, "connected", { originatedBy: null, legNumber: 6 }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", `answered 103 -2 ${how}`]);
  });

  it("is the caller's call, if the consultation's number survives", () => {
    const phone = consulting();
    phone.list(row("103", { callNumber: 8 }));
    phone.snapshot(leg("103", 7, "connected", { callNumber: 8, originatedBy: null }));
    phone.gone("103/7");
    settle(phone);
    expect(phone.told()).toEqual([...handedOver, "ended 103 -2 Ok"]);
  });

  it("is none if it still goes on", () => {
    const phone = consulting();
    phone.snapshot(
      leg("102", 5, "connected"),
      leg("102", 6, "connected", { callNumber: 8, party: inside("103"), legNumber: 1 }),
      leg("103", 7, "connected", { callNumber: 8, party: inside("102"), originatedBy: null }),
    );
    expect(phone.told()).toEqual([]);
    phone.gone("102/6", "103/7", "102/5");
    settle(phone);
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
  });
});

describe("of inside calls", () => {
  it("none is kept for a queue that has a caller", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.leg("103", 6, "dialing", { callNumber: 8, party: inside("800") });
    phone.leg("800", 7, "connected", { callNumber: 8, party: inside("103") });
    const { calls } = phone.state;
    const kept = calls.values().filter((call) => isKept(calls, call));
    expect(kept.map(({ callNumber }) => callNumber)).toEqual([7]);
  });

  it("only those of who has an outside call are kept", () => {
    const phone = talking();
    phone.leg("103", 6, "connected", { callNumber: 8, party: inside("104"), originatedBy: null });
    phone.leg("105", 7, "connected", { callNumber: 9, party: inside("102"), originatedBy: null });
    const { calls } = phone.state;
    const kept = calls.values().filter((call) => isKept(calls, call));
    expect(kept.map(({ callNumber }) => callNumber)).toEqual([7, 9]);
    const numbers = calls.values().map((call) => besides(calls, call).map((c) => c.callNumber));
    expect(numbers).toEqual([[9], [], []]);
    phone.gone("102/5");
    settle(phone);
    expect(phone.state.calls.values().map((call) => isKept(phone.state.calls, call))).toEqual([
      true,
      false,
      false,
    ]);
    expect(phone.state.calls.values().map((call) => besides(phone.state.calls, call))).toEqual([
      [],
      [],
      [],
    ]);
  });
});
