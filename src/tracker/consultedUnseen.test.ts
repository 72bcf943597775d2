/** A consultation takes the caller's call over under its own number, at a phone that did not show as consulted (SPEC.md, R22). */
import { describe, expect, it } from "vitest";
import type { Leg } from "../../src/tracker/activity.ts";
import { inside, leg, outside, type Phone, ref, row, talking } from "../../test/support/phone.ts";
import { restore, serialise } from "./checkpoint.ts";

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

  it("is known where who joins seems to dial still, at whose phone another has picked up", () => {
    const phone = talking();
    phone.leg("102", 6, "dialing", { ...own, party: inside("103") });
    phone.leg("103", 7, "ringing", { ...own, party: inside("102") });
    phone.leg("104", 9, "connected", { ...own, onBehalfOf: ref("103") });
    phone.gone("103/7", "102/5", "102/6");
    phone.list(row("104", { callNumber: 8 }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 104 -2 Blind"]);
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

  it("is known at another phone where the consultation was passed on inside just before the join", () => {
    const phone = talking();
    phone.leg("104", 6, "connected", { ...own, party: inside("105") });
    phone.gone("104/6");
    phone.at += 1_000;
    phone.leg("102", 8, "connected", { ...own, party: inside("105") });
    phone.gone("102/5", "102/8");
    phone.leg("103", 9, "connected", own);
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"]);
    expect(numbersOf(phone)).toEqual(new Set([7]));
  });

  it("is one where they had picked up a consultation that rang for another", () => {
    const phone = talking();
    phone.feed({
      kind: "snapshot",
      at: phone.at,
      legs: [leg("102", 5, "connected")],
      dns: ["104"],
    });
    phone.leg("102", 6, "connected", { ...own, party: inside("103") });
    phone.gone("102/5", "102/6");
    phone.leg("103", 9, "connected", { originatedBy: null, onBehalfOf: ref("104") });
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"]);
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

describe("who is consulted, and is not monitored,", () => {
  /** 102 talks to the caller, and has spoken to 150, of whom no leg shows; both legs of 102 have gone. */
  function left(): Phone {
    const phone = talking();
    phone.leg("102", 6, "dialing", { callNumber: 8, party: inside("150"), legNumber: 1 });
    phone.leg("102", 6, "connected", { callNumber: 8, party: inside("150"), legNumber: 1 });
    phone.at += 3_000;
    phone.gone("102/5", "102/6");
    return phone;
  }
  const handedOver = ["ended 102 -1 Ok passed on", "answered 150 -2 Accomp"];

  it("has the caller by an attended transfer, though a first list may lag", () => {
    const phone = left();
    phone.list(row("150", { changedAt: phone.at }));
    phone.pass(400);
    phone.list(row("150", { changedAt: phone.at }));
    expect(phone.told()).toEqual(handedOver);
  });

  it("has the caller by a blind one where it rings for them first, as the list shows", () => {
    const phone = left();
    phone.list(row("150", { status: "Routing", changedAt: phone.at }));
    phone.pass(400);
    phone.list(row("150", { changedAt: phone.at }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 150 -2 Blind"]);
  });

  it("has the caller under the consultation's number, if that survives", () => {
    const phone = left();
    const survives = row("150", { callNumber: 8, changedAt: phone.at });
    phone.list(survives);
    phone.pass(400);
    phone.list(survives);
    phone.at += 5_000;
    phone.list(survives);
    expect(phone.told()).toEqual(handedOver);
    phone.list();
    expect(phone.told()).toEqual(["ended 150 -2 Ok"]);
  });

  it.each([
    [
      "beside the caller's own",
      (at: number) => [row("102"), row("150", { callNumber: 8, changedAt: at })],
    ],
    [
      "with another caller",
      (at: number) => [
        row("150", { callNumber: 8, changedAt: at, caller: outside("420777000002") }),
      ],
    ],
    ["between two outside parties", (at) => [row("10008", { callNumber: 8, changedAt: at })]],
    [
      "whose number is withheld",
      (at: number) => [row("150", { callNumber: 8, changedAt: at, caller: outside("") })],
    ],
  ])("has nothing of a call with that number %s", (_how, rows) => {
    const phone = left();
    phone.list(...rows(phone.at));
    expect(phone.call(7)?.aliases).toEqual([]);
  });

  it("has nothing of a call with that number long after, nor while the user's own leg stands", () => {
    const late = left();
    late.at += 3_000;
    late.list(row("150", { callNumber: 8 }));
    expect(late.call(7)?.aliases).toEqual([]);
    const phone = talking();
    phone.leg("102", 6, "connected", { callNumber: 8, party: inside("150"), legNumber: 1 });
    phone.gone("102/6");
    phone.list(row("150", { callNumber: 8 }));
    expect(phone.call(7)?.aliases).toEqual([]);
  });

  it("is asked of who spoke to the caller last, however many have", () => {
    const phone = talking();
    const users = Array.from({ length: 105 }, (_, n) => String(200 + n));
    let before = "102/5";
    for (const user of users) {
      phone.leg(user, 5, "connected");
      phone.gone(before);
      before = `${user}/5`;
    }
    const last = "304";
    phone.leg(last, 6, "connected", { callNumber: 8, party: inside("150"), legNumber: 1 });
    phone.at += 3_000;
    phone.gone(before, `${last}/6`);
    phone.told();
    for (let looks = 0; looks < 2; looks += 1) {
      phone.list(row("150", { changedAt: phone.at }));
      phone.pass(400);
    }
    expect(phone.told()).toEqual(["ended 304 -106 Ok passed on", "answered 150 -107 Accomp"]);
  });

  it("is asked of the last of those who are counted, where an older checkpoint names no other", () => {
    const phone = left();
    const older = phone.state.calls.values().map(serialise);
    const { calls } = restore(older.map((text) => text.replace(',"lastUser":"102"', "")));
    expect(calls.get(7)?.tally.lastUser).toBeUndefined();
    phone.state = { ...phone.state, calls };
    for (let looks = 0; looks < 2; looks += 1) {
      phone.list(row("150", { changedAt: phone.at }));
      phone.pass(400);
    }
    expect(phone.told()).toEqual(handedOver);
  });
});
