/** A leg that cannot be of the call of before that has its number shows that the PBX has restarted (SPEC.md, R28). */
import { describe, expect, it } from "vitest";
import { inside, leg, outside, Phone, row, t0 } from "../../test/support/phone.ts";

const another = outside("420777000002");

/** Two calls ring, and sight is lost for a while. */
function lost(): Phone {
  const phone = new Phone();
  phone.leg("101", 71, "ringing");
  phone.leg("102", 72, "ringing", { callNumber: 8, party: another });
  phone.told();
  phone.lose();
  phone.at += 20_000;
  return phone;
}

const over = ["ended 101 -0 Missed", "ended 102 -0 Missed"];

describe("a leg that is above all of before", () => {
  it("dials as leg 1 in a call of before", () => {
    const phone = lost();
    const dials = { callNumber: 8, party: inside("104") };
    phone.snapshot(leg("105", 90, "connected"), leg("103", 91, "dialing", dials));
    expect(phone.told()).toEqual([...over, "answered 105 -1 NotDef"]);
    expect(new Set(phone.events.map(({ callId }) => callId)).size).toBe(3);
  });

  it("but not the one that dialled it, which the PBX had denied", () => {
    const phone = new Phone();
    const outlives = leg("102", 70, "connected", { callNumber: 8, party: another });
    phone.leg("102", 70, "connected", outlives);
    phone.leg("101", 71, "dialing");
    phone.gone("101/71");
    phone.told();
    phone.lose();
    phone.at += 2_000;
    phone.snapshot(outlives, leg("101", 71, "dialing"));
    expect(phone.told()).toEqual([]);
    phone.leg("101", 71, "connected");
    expect(phone.told()).toEqual(["answered 101 -1 NotDef"]);
  });

  it("has the number of a call that was over, and another outside party", () => {
    for (const [party, told] of [
      [another, ["answered 106 -1 NotDef", ...over, "ringing 105 -0"]],
      [outside("420777000003"), ["answered 106 -1 NotDef", "ringing 105 -0"]],
    ] as const) {
      const phone = new Phone();
      phone.leg("103", 70, "ringing", { callNumber: 6, party: outside("420777000003") });
      phone.gone("103/70");
      phone.list();
      phone.leg("101", 71, "ringing");
      phone.leg("102", 72, "ringing", { callNumber: 8, party: another });
      phone.told();
      phone.lose();
      phone.at += 20_000;
      phone.snapshot(
        leg("105", 90, "ringing"),
        leg("106", 13, "connected", { callNumber: 6, party }),
      );
      expect(phone.told().toSorted()).toEqual([...told].toSorted());
    }
  });

  it("rings for who withholds the number, where that call was dialled", () => {
    const phone = new Phone();
    phone.leg("101", 71, "dialing");
    phone.told();
    phone.lose();
    phone.at += 20_000;
    phone.snapshot(leg("105", 90, "ringing", { party: outside("") }));
    phone.pass(phone.settings.numberHoldMs);
    expect(phone.told()).toEqual(["ended 101 -0 Missed", "ringing 105 -0"]);
  });

  it("tells no number where that call has told its own: it may come a moment later", () => {
    const phone = lost();
    phone.snapshot(leg("105", 90, "connected", { party: outside("") }));
    phone.pass(phone.settings.numberHoldMs);
    expect(phone.told()).not.toContain("ended 101 -0 Missed");
  });

  it.each([
    ["another DID than that call: it came in on one", "420222000002", true],
    ["its DID, however it is written", "+420222000001", false],
    ["the last digits of its DID", "001", false],
    ["the name of a DID alone", "", false],
  ])("tells no number, but %s", (_what, number, isAnother) => {
    const phone = new Phone();
    phone.leg("101", 71, "ringing", { did: { number: "222000001", ruleName: "" } });
    phone.lose();
    phone.at += 20_000;
    const did = { number, ruleName: "Sales" };
    phone.snapshot(leg("105", 90, "connected", { party: outside(""), did }));
    phone.pass(phone.settings.numberHoldMs);
    const [before, ...told] = phone.told();
    expect(before).toBe("ringing 101 -0");
    const answer = "answered 105 -1 NotDef";
    expect(told).toEqual(isAnother ? ["ended 101 -0 Missed", answer] : [answer]);
  });

  it("has another outside party than the call that went from sight, where nobody could ask", () => {
    const phone = lost();
    phone.snapshot(leg("106", 90, "ringing", { callNumber: 3, party: outside("420777000003") }));
    phone.noList();
    phone.noLog();
    phone.pass(phone.settings.graceMs);
    phone.noLog();
    phone.noList();
    phone.told();
    phone.leg("105", 91, "ringing", { party: another });
    expect(phone.told()).toEqual([...over, "ringing 105 -0"]);
  });
});

describe("a row of the list that began at another time", () => {
  it("shows so though legs inside had the number when we saw again", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.list(row("800", { status: "Routing", establishedAt: t0 }));
    phone.gone("800/4");
    phone.list(row("150", { establishedAt: t0 }));
    phone.told();
    phone.at += 10_000;
    phone.list(row("150", { establishedAt: t0 }));
    phone.lose();
    phone.at += 20_000;
    const party = inside("150");
    phone.snapshot(leg("108", 1, "connected", { party, originatedBy: null, legNumber: 1 }));
    phone.list(row("150", { caller: inside("108"), establishedAt: t0 + 15_000 }));
    expect(phone.told()).toEqual(["ended 150 -1 Ok"]);
    expect(phone.events.at(-1)).toMatchObject({ talkMs: 10_000 });
  });
});

describe("a list that moves the start of a call, as when it is answered", () => {
  const second = { callNumber: 8, party: another };
  const rings = leg("103", 72, "ringing", second);
  const routed = (establishedAt: number) =>
    row("103", { callNumber: 8, caller: another, status: "Routing", establishedAt });
  const answered = (establishedAt: number) => ({ ...routed(establishedAt), status: "Talking" });

  /** One call is answered while we look, the other while we do not; the list is read before the legs are. */
  function answers(
    between: (phone: Phone) => void,
    moved = row("101", { establishedAt: t0 + 5_000 }),
  ) {
    const phone = new Phone();
    phone.leg("101", 71, "connected");
    phone.leg("103", 72, "ringing", second);
    phone.list(row("101", { establishedAt: t0 }), routed(t0));
    phone.at += 5_000;
    between(phone);
    phone.list(moved, routed(t0));
    phone.told();
    return phone;
  }
  const goesOn = (phone: Phone) => {
    phone.lose();
    phone.at += 20_000;
    phone.list(answered(t0 + 15_000));
    phone.snapshot(leg("101", 71, "connected"), leg("103", 72, "connected", second));
    return phone.told();
  };

  it("shows no restart by a start, once it has moved that of a call which we saw all the while", () => {
    const phone = answers(() => {});
    expect(goesOn(phone)).toEqual(["answered 103 -1 NotDef"]);
  });

  it("nor after our own restart", () => {
    const phone = answers(() => {});
    phone.restart();
    expect(goesOn(phone)).toEqual(["answered 103 -1 NotDef"]);
  });

  it.each([
    ["was there before we last saw again", t0 + 5_000, undefined],
    ["has another outside party in that row", t0 + 5_000, another],
    ["has that start within a second or two", t0 + 2_000, undefined],
  ])("is not known by a call that %s", (what, establishedAt, party) => {
    const again = (phone: Phone) => {
      phone.lose();
      phone.snapshot(leg("101", 71, "connected"), rings);
    };
    const between = what.includes("before") ? again : () => {};
    const phone = answers(between, row("101", { establishedAt, ...(party && { caller: party }) }));
    expect(goesOn(phone)).toContain("ended 103 -0 Missed");
  });
});
