/** Numbers that look like outside ones, of which the PBX has not said (yet) where they lead (SPEC.md, R3). */
import { describe, expect, it } from "vitest";
import { caller, inside, leg, logged, outside, Phone, ref, row } from "../../test/support/phone.ts";

const untyped = (number: string) => ({ dn: "", kind: "unknown", number, name: "" }) as const;

const dialled = leg("101", 1, "dialing", { party: untyped("420222000150") });

/** 101 has dialled a number that counts as outside by its length, and was told so. */
function dialling(): Phone {
  const phone = new Phone();
  phone.leg("101", 1, "dialing", { party: untyped("420222000150") });
  phone.pass(400);
  expect(phone.told()).toEqual(["dialing 101 -0"]);
  return phone;
}

describe("a number that only its length says to lead outside", () => {
  it("and that shows to be one of ours has not been reached: whoever answers there has no outside call", () => {
    const phone = dialling();
    phone.leg("101", 1, "dialing", { party: inside("150") });
    phone.list(row("150", { caller: inside("101"), status: "Routing" }));
    phone.leg("150", 2, "ringing", { party: inside("101") });
    phone.leg("150", 2, "connected", { party: inside("101") });
    phone.leg("101", 1, "connected", { party: inside("150") });
    phone.list(row("150", { caller: inside("101") }));
    phone.gone("101/1", "150/2");
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
  });

  it("and that shows to be one of ours, though it was answered already, has no conversation any more", () => {
    const phone = dialling();
    phone.leg("101", 1, "connected", { party: untyped("420222000150") });
    phone.at += 500;
    phone.leg("101", 1, "connected", { party: inside("800") });
    phone.leg("102", 2, "ringing", { party: inside("101"), originatedBy: ref("800") });
    phone.leg("102", 2, "connected", { party: inside("101"), originatedBy: ref("800") });
    expect(phone.told()).toEqual(["answered 101 -1 NotDef", "ended 101 -1 Ok"]);
  });

  it("and is passed on while somebody listens whose end is seen late: that leg still stands outside", () => {
    const phone = dialling();
    phone.leg("101", 1, "connected", { party: untyped("420222000150") });
    phone.leg("105", 9, "connected", { party: untyped("420222000150"), originatedBy: null });
    phone.pass(5_000);
    const taken = row("10007", { caller: inside("150"), changedAt: phone.at });
    phone.gone("101/1");
    phone.pass(300);
    phone.list(taken);
    phone.pass(300);
    phone.list(taken);
    expect(phone.told()).toEqual([
      "answered 101 -1 NotDef",
      "ended 101 -1 Ok passed on",
      "answered 150 -2 Blind",
    ]);
  });

  it("is outside for good once the PBX has said so", () => {
    const phone = dialling();
    phone.leg("101", 1, "dialing", { party: outside("420222000150") });
    phone.leg("101", 1, "connected", { party: outside("420222000150") });
    phone.leg("101", 1, "connected", { party: inside("150") });
    phone.list(row("10007", { caller: inside("101") }));
    expect(phone.told()).toEqual(["answered 101 -1 NotDef"]);
  });

  it.each([
    ["tells nothing if its leg has gone", [], [], []],
    [
      "is what the log says if its leg has gone",
      [],
      [{ level: ref("101") }],
      ["ended 101 -0 Missed"],
    ],
    ["is waited for no longer if its leg is there still", [dialled], [], ["dialing 101 -0"]],
  ])("and of which we lose sight at once %s when we see again", (_, legs, entries, told) => {
    const phone = new Phone();
    phone.feed({ kind: "legChanged", at: phone.at, leg: dialled });
    phone.lose();
    phone.at += 50_000;
    phone.snapshot(...legs);
    phone.list();
    phone.log(
      ...entries.map((entry) =>
        logged({ ...entry, number: "420222000150", direction: "outgoing" }),
      ),
    );
    expect(phone.told()).toEqual(told);
  });

  it("is still the outside party's where another leg of the call, which came later, stands inside", () => {
    const phone = dialling();
    phone.leg("103", 2, "ringing", { party: inside("101") });
    phone.gone("101/1");
    expect(phone.told()).toEqual([]);
    phone.gone("103/2");
    phone.list();
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
  });

  it("is none if it is a code for the PBX itself, unless the PBX leads it outside", () => {
    const phone = new Phone();
    phone.leg("101", 1, "dialing", { party: untyped("*0104201") });
    phone.pass(400);
    phone.leg("101", 1, "connected", { party: untyped("*0104201") });
    phone.gone("101/1");
    phone.list();
    expect(phone.told()).toEqual([]);
    phone.leg("101", 3, "dialing", { callNumber: 8, party: untyped(`*31#${caller}`) });
    phone.pass(400);
    phone.leg("101", 3, "dialing", { callNumber: 8, party: outside(`*31#${caller}`) });
    expect(phone.told()).toEqual(["dialing 101 -0"]);
  });
});
