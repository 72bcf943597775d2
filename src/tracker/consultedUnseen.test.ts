/** A consultation takes the caller's call over under its own number, at a phone that did not show as consulted (SPEC.md, R22). */
import { describe, expect, it } from "vitest";
import type { Leg } from "../../src/tracker/activity.ts";
import { inside, type Phone, row, talking } from "../../test/support/phone.ts";

const own: Partial<Leg> = { callNumber: 8, originatedBy: null };

/** 102 talks to the caller and consults; only 102's own leg of that shows. */
function consulting(whom: string): Phone {
  const phone = talking();
  phone.leg("102", 6, "dialing", { ...own, party: inside(whom) });
  phone.leg("102", 6, "connected", { ...own, party: inside(whom) });
  return phone;
}

const numbersOf = (phone: Phone) => new Set(phone.events.map(({ callNumber }) => callNumber));

describe("an attended transfer to a phone that did not show as consulted", () => {
  it.each([
    ["by the consulting user's leg", "103"],
    ["though that names another, who forwards", "104"],
  ])("is known %s", (_how, whom) => {
    const phone = consulting(whom);
    phone.gone("102/5", "102/6");
    phone.leg("103", 9, "connected", own);
    phone.list(row("103", { callNumber: 8 }));
    phone.gone("103/9");
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Accomp",
      "ended 103 -2 Ok",
    ]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });

  it("is known at a new leg of who was consulted, when all others of the consultation are gone", () => {
    const phone = consulting("103");
    phone.leg("103", 7, "connected", { ...own, party: inside("102") });
    phone.gone("102/5", "102/6", "103/7");
    phone.leg("103", 9, "connected", own);
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });

  it.each([
    ["rings", 0, "ringing"],
    ["comes when they have long spoken", 3_000, "connected"],
  ] as const)("is none where the phone %s", (_when, waitMs, status) => {
    const phone = consulting("103");
    phone.gone("102/5", "102/6");
    phone.pass(waitMs);
    phone.leg("103", 9, status, own);
    phone.list(row("103", { callNumber: 8 }));
    expect(numbersOf(phone)).toEqual(new Set([7, 8]));
  });
});
