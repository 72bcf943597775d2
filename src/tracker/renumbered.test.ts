/** A call whose number the PBX changes: its legs keep their ids, and show another `callid` (SPEC.md, R22g). */
import { describe, expect, it } from "vitest";
import { inside, leg, outside, Phone, row, settle, talking } from "../../test/support/phone.ts";
import type { LegStatus } from "./activity.ts";

const anew = { callNumber: 9 } as const;
const numbersOf = (phone: Phone) => new Set(phone.events.map(({ callNumber }) => callNumber));

describe("a call that goes on under another number at the same leg", () => {
  it.each<readonly [string, LegStatus, LegStatus, readonly string[]]>([
    [
      "while it is talked in",
      "connected",
      "connected",
      ["answered 102 -1 NotDef", "ended 102 -1 Ok"],
    ],
    ["as it is answered", "ringing", "connected", ["answered 102 -1 NotDef", "ended 102 -1 Ok"]],
    ["while it rings", "ringing", "ringing", ["ended 102 -0 Missed"]],
  ])("is the same call, under the number that it had, %s", (_, before, now, told) => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.leg("102", 5, before);
    phone.list(row("102"));
    phone.at += 1_000;
    phone.leg("102", 5, now, anew);
    phone.list(row("102", anew));
    phone.pass(5_000);
    phone.list(row("102", anew));
    phone.gone("102/5");
    settle(phone);
    expect(phone.told()).toEqual(["ringing 102 -0", ...told]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });

  it("is the same call where it was dialled, and is passed on under its new number", () => {
    const phone = new Phone();
    phone.leg("102", 5, "dialing");
    phone.leg("102", 5, "connected", { legNumber: 1 });
    phone.leg("102", 5, "connected", { ...anew, legNumber: 1 });
    phone.leg("103", 6, "ringing", anew);
    phone.gone("102/5");
    phone.leg("103", 6, "connected", anew);
    phone.gone("103/6");
    settle(phone);
    expect(phone.told()).toEqual([
      "dialing 102 -0",
      "answered 102 -1 NotDef",
      "ended 102 -1 Ok passed on",
      "ringing 103 -2",
      "answered 103 -2 Blind",
      "ended 103 -2 Ok",
    ]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });

  it("is the same call though who listens shows the new number first, or never", () => {
    for (const first of [102, 103]) {
      const phone = talking();
      phone.at += 3_000;
      phone.leg("103", 6, "connected");
      phone.at += 3_000;
      const id = first === 102 ? 5 : 6;
      phone.leg(String(first), id, "connected", anew);
      phone.list(row("102", anew));
      phone.gone("103/6", "102/5");
      settle(phone);
      expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    }
  });

  it.each([
    ["rings, where that leg talked", "ringing", {}],
    ["has another leg number", "connected", { legNumber: 2 }],
    ["has another outside party", "connected", { party: outside("420111222333") }],
  ] as const)("is another call where the leg %s", (_, status, more) => {
    const phone = talking();
    phone.at += 2_000;
    phone.leg("102", 5, status, { ...anew, ...more });
    settle(phone, row("102", anew));
    expect(phone.told()).toEqual([
      status === "ringing" ? "ringing 102 -0" : "answered 102 -1 NotDef",
      "ended 102 -1 Ok",
    ]);
    expect(numbersOf(phone)).toEqual(new Set([7, 9]));
  });

  it("is another call as long as the PBX may have started anew", () => {
    const phone = talking();
    phone.lose();
    phone.at += 20_000;
    phone.snapshot(leg("102", 5, "connected", anew));
    expect(numbersOf(phone)).toEqual(new Set([7, 9]));
  });

  it("has its outside party still where a colleague's leg, who was consulted, turns to that one", () => {
    const phone = talking();
    const own = { callNumber: 8, originatedBy: null };
    phone.leg("102", 6, "dialing", { ...own, party: inside("103") });
    phone.leg("103", 7, "connected", { ...own, party: inside("102") });
    phone.at += 2_000;
    phone.leg("102", 5, "connected", anew);
    phone.leg("103", 7, "connected", { ...own });
    phone.gone("102/5", "102/6");
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });
});
