/** A list of active calls that does not name a call yet (SPEC.md, R16). */
import { describe, expect, it } from "vitest";
import { Phone, row } from "../../test/support/phone.ts";
import { defaultSettings } from "./settings.ts";

/** A phone has refused the call after 60 ms. */
function refused(): Phone {
  const { listLateMs } = defaultSettings;
  const phone = new Phone({ listLateMs });
  phone.leg("150", 4, "ringing");
  phone.at += 60;
  phone.gone("150/4");
  phone.list();
  expect(phone.told()).toEqual(["ringing 150 -0"]);
  return phone;
}

describe("a call that has just begun", () => {
  it("goes on where it shows again before the list names it", () => {
    const phone = refused();
    phone.pass(100);
    phone.list();
    phone.leg("101", 5, "ringing");
    phone.leg("101", 5, "connected");
    expect(phone.told()).toEqual(["ringing 101 -0", "answered 101 -1 NotDef"]);
  });

  it("goes on where the list names it in the end", () => {
    const phone = refused();
    phone.pass(phone.settings.listLagMs);
    phone.list(row("801", { establishedAt: 1 }));
    expect(phone.told()).toEqual(["ringing 801 -0"]);
    phone.list();
    expect(phone.told()).toEqual(["ended 801 -0 Missed"]);
  });

  it("is over as its last leg went where the list never names it", () => {
    const phone = refused();
    const goneAt = phone.at;
    for (const pause of phone.settings.lookAgainMs) {
      expect(phone.told()).toEqual([]);
      const { asks } = phone;
      phone.pass(pause);
      expect(phone.asks).toBe(asks + 1);
      phone.list();
    }
    expect(phone.told()).toEqual(["ended 150 -0 Missed"]);
    expect(phone.events.at(-1)?.at).toBe(goneAt);
    expect(phone.at).toBeGreaterThanOrEqual(goneAt + 60 + phone.settings.listLateMs / 2);
  });

  it("goes on until then, however often the list is asked for other calls", () => {
    const phone = refused();
    for (const pause of phone.settings.lookAgainMs) {
      for (let others = 0; others < 5; others += 1) phone.list();
      expect(phone.told()).toEqual([]);
      phone.pass(pause);
      phone.list();
    }
    expect(phone.told()).toEqual(["ended 150 -0 Missed"]);
  });

  it("is over at once where it goes out: it stays with who dialled", () => {
    const phone = new Phone({ listLateMs: defaultSettings.listLateMs });
    phone.leg("150", 4, "dialing");
    phone.told();
    phone.gone("150/4");
    phone.list();
    expect(phone.told()).toEqual(["ended 150 -0 Missed"]);
  });

  it.each([
    ["named before", { establishedAt: 1 }, "ringing"],
    ["answered", null, "connected"],
  ] as const)("is over at once where it was %s", (_, named, status) => {
    const phone = new Phone({ listLateMs: defaultSettings.listLateMs });
    phone.leg("150", 4, status);
    if (named !== null) phone.list(row("150", named));
    phone.told();
    phone.gone("150/4");
    phone.list();
    const end = status === "ringing" ? "ended 150 -0 Missed" : "ended 150 -1 Ok";
    expect(phone.told()).toEqual([end]);
  });
});
