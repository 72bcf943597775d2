/** Rows that lag behind the end of a conversation, by the time of their last change (SPEC.md, R15). */
import { describe, expect, it } from "vitest";
import { Phone, ref, row, t0, talking } from "../../test/support/phone.ts";

describe("a row that has not changed since before the user's leg went", () => {
  const over = ["ended 102 -1 Ok"];
  const passedOn = "ended 102 -1 Ok passed on";

  /** 102 has talked for so long, then the list has this row for so long, then not any more. */
  function told(talkMs: number, late: Parameters<typeof row>, forMs: number): string[] {
    const phone = talking({ listLateMs: 1_000 });
    phone.at += talkMs;
    phone.gone("102/5");
    for (let ms = 0; ms <= forMs; ms += 1_000) {
      phone.list(row(...late));
      phone.pass(1_000);
    }
    phone.list();
    return phone.told();
  }

  it("is none of a place that nothing has shown until then, unless it insists, or changed just then", () => {
    for (const place of ["820", "800", "801"]) {
      expect(told(5_000, [place, { changedAt: t0 }], 3_000)).toEqual(over);
      expect(told(5_000, [place, { changedAt: t0 }], 6_000)[0]).toBe(passedOn);
      expect(told(5_000, [place, { changedAt: t0 + 4_500 }], 0)[0]).toBe(passedOn);
      // So soon after the answer it cannot be told.
      expect(told(1_000, [place, { changedAt: t0 }], 0)[0]).toBe(passedOn);
    }
  });

  it("may be of a place that brings no calls: not all say when the other side changed", () => {
    for (const place of ["SP0", "103"]) {
      expect(told(5_000, [place, { changedAt: t0 }], 1_000)[0]).toBe(passedOn);
      // Or of an attempt to hand over, as the list is late to tell that the call is over.
      expect(told(5_000, [place, { changedAt: t0 }], 0)).toEqual(over);
      expect(told(5_000, [place, { changedAt: t0 + 4_500 }], 0)[0]).toBe(passedOn);
    }
  });

  it("may be of an offer while its user talked on, but not at a parking place, if it changed after the answer", () => {
    for (const [place, changedMs, expected] of [
      ["SP0", 2_000, passedOn],
      ["SP0", 1_999, over[0]],
      ["103", 2_000, over[0]],
    ] as const) {
      expect(told(5_000, [place, { changedAt: t0 + changedMs }], 0)[0]).toBe(expected);
    }
  });

  it.each([
    [301, over],
    [300, [passedOn]],
  ])("was so %i ms before its user left", (ms, expected) => {
    const phone = talking({ listLateMs: 1_000 });
    phone.at += 5_000;
    const outside = row("10007", { status: "Routing", changedAt: phone.at - 500 });
    phone.list(outside);
    phone.at += ms;
    phone.list(outside);
    phone.gone("102/5");
    phone.list(outside);
    phone.list();
    expect(phone.told()).toEqual(expected);
  });

  it("has the call not sent to the own number, on its way there before the answer, unless it insists", () => {
    const routing = { status: "Routing", changedAt: t0 } as const;
    expect(told(1_500, ["102", routing], 3_000)).toEqual(over);
    expect(told(1_500, ["102", { status: "Talking", changedAt: t0 }], 6_000)).toEqual(over);
    expect(told(1_500, ["102", routing], 6_000)[0]).toBe(passedOn);
    expect(told(5_000, ["102", { ...routing, changedAt: t0 + 4_000 }], 0)[0]).toBe(passedOn);
  });

  it("is of after the answer where a list has had the conversation, however soon after that it changed", () => {
    for (const place of ["820", "102"]) {
      for (const [askedMs, expected] of [
        [0, passedOn],
        [-1, over[0]],
      ] as const) {
        const phone = talking();
        const { at } = phone;
        phone.feed({ kind: "activeCalls", at, askedAt: at + askedMs, calls: [row("102")] });
        phone.at += 4_000;
        phone.gone("102/5");
        for (let looks = 0; looks < 2; looks += 1) {
          phone.at += 1_000;
          phone.list(row(place, { status: "Routing", changedAt: t0 + 900 }));
        }
        phone.list();
        expect(phone.told()[0]).toBe(expected);
      }
    }
  });
});

describe("a row of the place where a user, who talked on, had offered the call", () => {
  it.each([
    [0, "Routing", "ended 102 -1 Ok"],
    [999, "Routing", "ended 102 -1 Ok"],
    [1_000, "Routing", "ended 102 -1 Ok passed on"],
    [0, "Talking", "ended 102 -1 Ok passed on"],
  ])(
    "is of an offer that nobody has taken where the caller hangs up, and the list lags (asked %i ms later, %s)",
    (lateMs, status, expected) => {
      const phone = talking({ listLateMs: 1_000 });
      phone.at += 5_000;
      phone.leg("103", 6, "ringing", { referredBy: ref("102") });
      phone.at += 1_000;
      expect(phone.told()).toEqual(["ringing 103 -2"]);
      phone.gone("102/5", "103/6");
      phone.pass(lateMs);
      phone.list(row("103", { status, changedAt: phone.at - 1_000 - lateMs }));
      phone.pass(1_000);
      phone.list();
      expect(phone.told()[0]).toBe(expected);
    },
  );
});

describe("a row of the queue that rang who has answered and left, of which nothing has shown until then", () => {
  it.each([
    [0, -1, "ended 102 -1 Ok"],
    [999, -1, "ended 102 -1 Ok"],
    [1_000, -1, "ended 102 -1 Ok passed on"],
    [0, 0, "ended 102 -1 Ok passed on"],
  ])(
    "is of before the answer where the list lags (asked %i ms later, changed %i ms after the answer)",
    (lateMs, changedMs, expected) => {
      const phone = talking({ listLateMs: 1_000 });
      const changedAt = phone.at + changedMs;
      phone.at += 600;
      phone.gone("102/5");
      phone.pass(lateMs);
      phone.list(row("801", { status: "Routing", changedAt }));
      phone.pass(1_000);
      phone.list();
      expect(phone.told()[0]).toBe(expected);
    },
  );
});

describe("a list that lags behind a user who has the caller anew", () => {
  /** 102 hands the caller over to a queue, which rings 102 itself. */
  function anew(): Phone {
    const phone = talking();
    phone.at += 10_000;
    phone.leg("800", 6, "connected");
    phone.gone("102/5");
    phone.at += 500;
    phone.leg("102", 7, "ringing", { originatedBy: ref("800") });
    phone.at += 1_500;
    phone.leg("102", 7, "connected", { originatedBy: ref("800") });
    phone.gone("800/6");
    phone.told();
    return phone;
  }

  it.each([t0 + 500, null])(
    "has not shown the new conversation by the old one, of %s",
    (changedAt) => {
      const phone = anew();
      const handedAt = phone.at - 2_000;
      phone.at += 300;
      phone.list(row("102", { changedAt }));
      phone.at += 1_200;
      phone.gone("102/7");
      phone.at += 400;
      phone.list(row("800", { status: "Routing", changedAt: handedAt }));
      phone.at += 1_000;
      phone.list();
      expect(phone.told()).toEqual(["ended 102 -2 Ok"]);
    },
  );
});

describe("a paging group, whose phones all answer at once and that nothing names,", () => {
  it("has not the call back when the last of them goes and the list lags", () => {
    const phone = new Phone();
    for (const [dn, id] of [
      ["103", 3],
      ["104", 4],
    ] as const)
      phone.leg(dn, id, "connected", { originatedBy: null });
    phone.at += 10_000;
    phone.gone("103/3", "104/4");
    phone.list(row("820", { changedAt: t0 }));
    phone.pass(500);
    phone.list();
    expect(phone.told()).toEqual(["answered 103 -1 NotDef", "ended 103 -1 Ok"]);
  });
});
