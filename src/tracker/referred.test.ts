/** A phone that rings by a blind transfer and shows who hands over, not the outside party (SPEC.md, R11). */
import { describe, expect, it } from "vitest";
import { caller, inside, Phone, ref, row, talking } from "../../test/support/phone.ts";

const shown = { party: inside("102"), referredBy: ref("102"), originatedBy: null };

describe("a phone that rings by a blind transfer and shows who hands over", () => {
  it("rings for the outside party, and has it when answered", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", shown);
    phone.gone("102/5");
    phone.pass(5_000);
    phone.leg("103", 6, "connected", { originatedBy: null });
    phone.gone("103/6");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 103 -2",
      "ended 102 -1 Ok passed on",
      "answered 103 -2 Blind",
      "ended 103 -2 Ok",
    ]);
    expect(phone.events.every(({ callerid }) => callerid === "420777000001")).toBe(true);
  });

  it("has it when answered, though the outside party shows there only later", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", shown);
    phone.gone("102/5");
    phone.told();
    phone.leg("103", 6, "connected", { ...shown, referredBy: null });
    phone.leg("103", 6, "connected", { originatedBy: null });
    expect(phone.told()).toEqual(["answered 103 -2 Blind"]);
  });

  it("has missed it if the caller hangs up", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", shown);
    phone.gone("102/5");
    phone.list(row("103", { status: "Transferring" }));
    phone.gone("103/6");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 103 -2",
      "ended 102 -1 Ok passed on",
      "ended 103 -2 Missed",
    ]);
  });

  it("has not had it if the attempt fails", () => {
    const phone = talking();
    phone.leg("103", 6, "ringing", shown);
    phone.gone("103/6");
    phone.pass(phone.settings.attemptFollowMs);
    phone.gone("102/5");
    phone.list();
    expect(phone.told()).toEqual(["ringing 103 -2", "ended 102 -1 Ok"]);
  });

  it("rings for nobody outside in a call inside, nor if it shows another than who hands over", () => {
    const own = new Phone();
    own.leg("103", 6, "ringing", shown);
    const other = talking();
    other.leg("103", 6, "ringing", { ...shown, party: inside("104") });
    for (const phone of [own, other]) {
      phone.pass(5_000);
      expect(phone.told()).toEqual([]);
    }
  });
});

describe("a phone that a menu rings in a consultation, which brings it the caller", () => {
  it("rings alone: the menu had no part of the caller's call", () => {
    const phone = talking();
    const menu = { originatedBy: ref("801") };
    phone.leg("102", 6, "connected", { callNumber: 8, party: inside("801") });
    phone.leg("103", 7, "ringing", { ...menu, callNumber: 8, party: inside("102") });
    phone.leg("103", 7, "ringing", menu);
    phone.gone("102/5", "102/6");
    expect(phone.told().toSorted()).toEqual(["ended 102 -1 Ok passed on", "ringing 103 -2"]);
  });

  it("so does one to which a queue had sent the consultation on; not one that it polls", () => {
    for (const onBehalfOf of [ref("800"), null]) {
      const phone = talking();
      const queue = { originatedBy: ref("800"), onBehalfOf };
      phone.leg("102", 6, "connected", { callNumber: 8, party: inside("800") });
      phone.leg("103", 7, "ringing", { ...queue, callNumber: 8, party: inside("102") });
      phone.leg("103", 7, "ringing", queue);
      phone.gone("102/5", "102/6");
      phone.leg("103", 7, "connected", queue);
      expect(phone.told()).toEqual([
        ...(onBehalfOf === null ? ["ringing 800 -2"] : []),
        "ringing 103 -2",
        "ended 102 -1 Ok passed on",
        "answered 103 -2 Blind",
      ]);
    }
  });
});

describe("a phone that rings by another's forward and shows that one, with the caller's number", () => {
  const forwarded = (number: string, legNumber = 5) => ({
    party: { ...ref("101"), number, name: "" },
    originatedBy: ref("101"),
    legNumber,
  });

  it("rings for the caller", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.gone("101/5");
    phone.leg("102", 6, "ringing", forwarded(caller));
    phone.leg("102", 6, "connected", forwarded(caller));
    phone.gone("102/6");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 101 -0",
      "ringing 102 -0",
      "answered 102 -1 NotDef",
      "ended 102 -1 Ok",
    ]);
  });

  it("rings for the caller whom the list alone has, if no leg showed before", () => {
    const phone = new Phone();
    phone.leg("102", 6, "ringing", forwarded(caller));
    expect(phone.told()).toEqual([]);
    phone.list(row("102", { status: "Routing" }));
    phone.pass(phone.settings.numberHoldMs);
    expect(phone.told()).toEqual(["ringing 102 -0"]);
  });

  it.each([
    ["that one's own number", "101", 5],
    ["another's number", "103", 5],
    ["who called that one", caller, 1],
  ])("does not with %s", (_what, number, legNumber) => {
    const phone = new Phone();
    phone.leg("102", 6, "ringing", forwarded(number, legNumber));
    phone.list(row("102", { status: "Routing" }));
    phone.pass(phone.settings.numberHoldMs);
    expect(phone.told()).toEqual([]);
  });
});
