/** Two calls of one outside number, or of one number of the PBX's: which of them is meant (SPEC.md, R22, R28). */
import { describe, expect, it } from "vitest";
import {
  caller,
  inside,
  leg,
  logged,
  outside,
  Phone,
  ref,
  row,
  t0,
  talking,
} from "../../test/support/phone.ts";

describe("attended transfer that takes the consultation's number, of two callers with one number", () => {
  const consulted = { callNumber: 8, originatedBy: null };

  it("hands over the one whom the user has left", () => {
    const phone = talking();
    phone.leg("102", 9, "connected", { callNumber: 9 });
    phone.leg("103", 7, "connected", { ...consulted, party: inside("102") });
    phone.gone("102/9");
    phone.told();
    phone.leg("103", 7, "connected", consulted);
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Accomp"]);
    expect(phone.events.at(-1)?.callNumber).toBe(9);
  });

  it("hands over none that only rang, where its user listens to the other and that one is sent on", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.gone("102/5");
    phone.leg("102", 7, "connected", { ...consulted, party: inside("150") });
    phone.leg("801", 8, "connected", { ...consulted, legNumber: 8 });
    expect(phone.told()).toEqual(["ringing 102 -0", "ringing 801 -0"]);
    expect(phone.events.map(({ callNumber }) => callNumber)).toEqual([7, 8]);
  });

  it("hands over none who talks to the user's mobile", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing");
    phone.gone("102/5");
    phone.list(row("10008", { callee: outside("420603000102"), status: "Talking" }));
    expect(phone.told().at(-1)).toBe("answered 102 -1 NotDef");
    phone.leg("103", 7, "connected", { ...consulted, party: inside("102") });
    phone.leg("103", 7, "connected", consulted);
    expect(phone.told()).toEqual(["answered 103 -1 NotDef"]);
    expect(phone.state.calls.alias(8)).toBeUndefined();
  });
});

describe("a call that is over when we lose sight, and a leg with its number", () => {
  const unnumbered = { party: outside("") };

  function found(status: "connected" | "ringing"): Phone {
    const phone = talking();
    phone.gone("102/5");
    phone.list();
    phone.lose();
    phone.at += 20_000;
    phone.snapshot(leg("103", 30, status, unnumbered));
    return phone;
  }

  it("is none that withholds its number and talks when we see again", () => {
    const phone = found("connected");
    phone.pass(phone.settings.numberHoldMs);
    expect(phone.told()).toEqual(["ended 102 -1 Ok", "answered 103 -1 NotDef"]);
    expect(phone.events.at(-1)?.callId).toBe("260504080020_7");
  });

  it("may be one whose number is yet to come", () => {
    const phone = found("ringing");
    phone.leg("103", 30, "connected");
    expect(phone.told()).toEqual(["ended 102 -1 Ok", "ringing 103 -2", "answered 103 -2 Blind"]);
  });
});

describe("an inside call of which no leg is left when we see again", () => {
  const makeCall = { ...inside("MakeCall"), number: "420111222333" };

  it.each([
    ["is none of an outside party whom none of them knew", caller, t0 + 30_000],
    ["is that of the outside party whom click-to-call dials", makeCall.number, t0],
  ])("%s", (_, number, seenAt) => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing", { party: makeCall, originatedBy: null });
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("103", 9, "connected", { party: outside(number) }));
    expect(phone.told()).toEqual(["answered 103 -1 NotDef"]);
    expect(phone.call()?.firstSeenAt).toBe(seenAt);
  });

  it("is one still while its new leg stands inside, too", () => {
    const phone = new Phone();
    phone.leg("102", 5, "ringing", { party: inside("101") });
    phone.lose();
    phone.at += 30_000;
    phone.snapshot(leg("103", 9, "connected", { party: inside("101") }));
    expect(phone.told()).toEqual([]);
    expect(phone.call()?.firstSeenAt).toBe(t0);
  });
});

describe("a call of the log with our number and caller", () => {
  it.each([
    ["began long before we saw it: it is the one", -50_000, ["ended 102 -0 Missed"]],
    ["began after we saw it: it is another, of after a restart", 6_000, []],
  ])("%s", (_, startedMs, told) => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing");
    phone.lose();
    phone.at += 60_000;
    phone.snapshot();
    phone.list();
    phone.told();
    const startedAt = t0 + startedMs;
    phone.log(logged({ startedAt, level: ref("102") }));
    expect(phone.told()).toEqual(told);
  });
});
