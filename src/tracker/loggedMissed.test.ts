/** A conversation that was handed over while nobody looked, and missed there, as the call log tells (SPEC.md, R19). */
import { describe, expect, it } from "vitest";
import { logged, Phone, ref, row, t0 } from "../../test/support/phone.ts";

const talk = (user: string, fromS: number, toS: number) => ({
  user,
  answeredAt: t0 + fromS * 1_000,
  endedAt: t0 + toS * 1_000,
});

const own = talk("101", 0, 30);

/** 101 talks when we lose sight, for a minute. */
function blind(): Phone {
  const phone = new Phone();
  phone.leg("101", 5, "connected");
  phone.told();
  phone.lose();
  return phone;
}

function again(phone: Phone): void {
  phone.at += 60_000;
  phone.snapshot();
  phone.list();
}

const passedOn = "ended 101 -1 Ok passed on";

describe("a call that was handed over while we were blind", () => {
  it("was missed where the log has it after the last who talked", () => {
    for (const [talks, told] of [
      [[own], [passedOn, "ended 800 -2 Missed"]],
      [
        [own, talk("102", 31, 40)],
        [passedOn, "answered 102 -2 Blind", "ended 102 -2 Ok passed on", "ended 800 -3 Missed"],
      ],
    ] as const) {
      const phone = blind();
      again(phone);
      phone.log(logged({ talks, level: ref("800"), missedLevel: ref("800") }));
      expect(phone.told()).toEqual(told);
      const [talked, missed] = phone.events.slice(-2);
      expect(talked?.at).toBe(talks.at(-1)?.endedAt);
      expect(missed?.at).toBe(t0 + 60_000);
    }
  });

  it("is told so also where we knew nothing of it", () => {
    const phone = new Phone();
    phone.lose(t0 - 1_000);
    again(phone);
    phone.log(logged({ talks: [own], missedLevel: ref("801") }));
    expect(phone.told()).toEqual(["answered 101 -1 NotDef", passedOn, "ended 801 -2 Missed"]);
  });

  it("was missed there, too, if we had seen it handed over; but is nobody's call if it had gone outside", () => {
    for (const [dn, told] of [
      ["801", ["ended 805 -2 Missed"]],
      ["10007", []],
    ] as const) {
      const phone = new Phone();
      phone.leg("101", 5, "connected");
      phone.at += 30_000;
      phone.gone("101/5");
      phone.list(row(dn, { status: "Routing" }));
      phone.told();
      phone.lose();
      again(phone);
      phone.log(logged({ endedAt: t0 + 90_000, talks: [own], missedLevel: ref("805") }));
      expect(phone.told()).toEqual(told);
    }
  });

  it("was missed by who passed it on last, where the log has only who had it before them", () => {
    const phone = new Phone();
    phone.leg("101", 5, "connected");
    phone.leg("102", 6, "connected");
    phone.gone("101/5");
    phone.at += 30_000;
    phone.gone("102/6");
    phone.list(row("900", { callee: { ...row("900").callee, kind: "fax" }, status: "Talking" }));
    phone.told();
    phone.lose();
    again(phone);
    phone.log(logged({ endedAt: t0 + 30_000, talks: [own], missedLevel: ref("101") }));
    expect(phone.told()).toEqual(["ended 102 -3 Missed"]);
  });

  it.each([
    ["to a fax", { talks: [own], missedLevel: { dn: "900", kind: "fax" } }],
    ["by somebody else than who talks", { talks: [talk("102", -30, 50)], missedLevel: ref("800") }],
    ["by a conversation of before", { talks: [talk("101", -30, -10)], missedLevel: ref("800") }],
    ["by nobody", { talks: [], missedLevel: ref("800") }],
  ] as const)("%s: is not told to have been missed elsewhere", (_whom, entry) => {
    const phone = blind();
    again(phone);
    phone.log(logged(entry));
    expect(phone.told()).toEqual(["ended 101 -1 Ok"]);
  });
});

it("a ring group that legs named is none of the log's queues, of which it has one code for both", () => {
  const phone = new Phone();
  phone.leg("101", 5, "ringing", { originatedBy: ref("820") });
  phone.lose();
  again(phone);
  phone.log(logged({ level: { dn: "820", kind: "queue" } }));
  expect(phone.events.at(-1)).toMatchObject({ user: "820", userKind: "ringgroup" });
});
