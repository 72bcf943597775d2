/** Click-to-call: the PBX has the user's own phone ring first, and shows that in more ways than one (SPEC.md, R27). */
import { describe, expect, it } from "vitest";
import { caller, outside, Phone } from "../../test/support/phone.ts";

const nobody = { dn: "", kind: "unknown", number: caller, name: "" } as const;

describe("a call by click-to-call", () => {
  it.each([
    ["from nobody, towards the number", { party: { ...nobody, name: "MakeCall" }, legNumber: 2 }],
    [
      "from MakeCall, towards the number",
      { party: { ...nobody, dn: "MakeCall", kind: "other" }, legNumber: 2 },
    ],
    ["from nobody, as leg 1", { party: nobody, legNumber: 1 }],
    [
      "from itself, as leg 1",
      { party: { dn: "102", kind: "extension", number: caller, name: "" }, legNumber: 1 },
    ],
    ["from nobody, in a call that numbers no legs", { party: nobody, legNumber: 0 }],
  ] as const)("is dialled out: it rings %s", (_how, more) => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing", { originatedBy: null, ...more });
    phone.pass(phone.settings.numberHoldMs);
    phone.leg("102", 5, "connected", { originatedBy: null, legNumber: more.legNumber });
    phone.gone("102/5");
    phone.list();
    const told = phone.told();
    expect(told.filter((line) => !line.startsWith("dialing"))).toEqual([
      "answered 102 -1 NotDef",
      "ended 102 -1 Ok",
    ]);
    expect(phone.events.every(({ direction }) => direction === "outgoing")).toBe(true);
  });

  it("is none if another made the leg, or it is not the first and a caller stands there", () => {
    for (const more of [
      { party: outside(), legNumber: 4, originatedBy: null },
      { party: outside(), legNumber: 1, originatedBy: null },
      { party: { ...outside(), name: "MakeCall" }, originatedBy: null },
      { party: outside(), legNumber: 1 },
    ]) {
      const phone = new Phone();
      phone.leg("102", 5, "ringing", more);
      expect(phone.told()).toEqual(["ringing 102 -0"]);
    }
  });
});
