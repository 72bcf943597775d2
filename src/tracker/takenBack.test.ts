/** A parked call that is taken back under the number of the call that dialled its place (SPEC.md, R22). */
import { describe, expect, it } from "vitest";
import type { Leg } from "../../src/tracker/activity.ts";
import { caller, inside, outside, type Phone, row, talking } from "../../test/support/phone.ts";

/** 102 has parked the caller. */
function parked(): Phone {
  const phone = talking();
  phone.gone("102/5");
  phone.list(row("SP0"));
  expect(phone.told()).toEqual(["ended 102 -1 Ok passed on"]);
  phone.at += 60_000;
  return phone;
}

const own: Partial<Leg> = { callNumber: 8, originatedBy: null, legNumber: 1 };
const taken = ["answered 104 -2 Blind", "ended 104 -2 Ok"];

describe("a parked call that is taken back under another call's number", () => {
  it.each([
    ["its place", { ...inside("SP0"), number: "*10" }],
    ["a code of which the PBX does not say what it is", { ...inside("?"), dn: "", number: "*10" }],
    ["a code behind the menu of codes", { ...inside("666"), number: "*10" }],
  ])("goes on at who dialled %s", (_what, party) => {
    const phone = parked();
    phone.leg("104", 9, "dialing", { ...own, party });
    phone.leg("104", 9, "connected", own);
    phone.list(row("104", { callNumber: 8 }));
    phone.pass(5_000);
    phone.gone("104/9");
    phone.list();
    expect(phone.told()).toEqual(taken);
    expect(new Set(phone.events.map(({ callNumber }) => callNumber))).toEqual(new Set([7]));
  });

  it("goes on where the list shows it first", () => {
    const phone = parked();
    phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
    phone.list(row("104", { callNumber: 8 }));
    phone.leg("104", 9, "connected", own);
    phone.gone("104/9");
    phone.list();
    expect(phone.told()).toEqual(taken);
  });

  it("goes on though a leg of its parking place stands yet", () => {
    const phone = talking();
    phone.leg("SP0", 6, "connected", { originatedBy: null });
    phone.gone("102/5");
    phone.list(row("SP0"));
    phone.pass(1_000);
    phone.told();
    phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
    phone.leg("104", 9, "connected", own);
    phone.gone("SP0/6", "104/9");
    phone.list();
    expect(phone.told()).toEqual(taken);
  });

  it.each([
    ["to another outside party", outside("420111222333"), inside("SP0")],
    ["to one who withholds the number", outside(""), inside("SP0")],
    ["from a menu", outside(caller), inside("801")],
  ])("is none that turns %s", (_how, party, dialled) => {
    const phone = parked();
    phone.leg("104", 9, "dialing", { ...own, party: dialled });
    phone.leg("104", 9, "connected", { ...own, party });
    phone.pass(phone.settings.numberHoldMs);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });

  it("is none where another of the same number rings, which the code may be for", () => {
    const phone = parked();
    phone.leg("103", 20, "ringing", { callNumber: 9 });
    phone.told();
    phone.leg("104", 9, "dialing", {
      ...own,
      party: { ...inside("?"), dn: "", number: "*20*103" },
    });
    phone.leg("104", 9, "connected", own);
    phone.gone("103/20");
    expect(phone.state.calls.alias(8)).not.toBe(7);
    expect(phone.told()).not.toContain("answered 104 -2 Blind");
  });

  it("is none that went on outside, is talked in, or rings", () => {
    const outward = talking();
    outward.gone("102/5");
    outward.list(row("10008", { callee: outside("420603000102"), status: "Talking" }));
    const ringing = parked();
    ringing.leg("103", 8, "ringing");
    for (const phone of [outward, talking(), ringing]) {
      phone.leg("104", 9, "dialing", { ...own, party: inside("SP0") });
      phone.leg("104", 9, "connected", own);
      expect(phone.state.calls.alias(8)).toBeUndefined();
    }
  });
});
