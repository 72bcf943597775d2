/** A call that neither the legs nor the list had when we saw again: a leg with its number is another's (SPEC.md, R28). */
import { describe, expect, it } from "vitest";
import { leg, outside, type Phone, row, talking } from "../../test/support/phone.ts";

/** 102 talks to the caller; the PBX restarts, and we see again what it has then: nothing. */
function restarted(): Phone {
  const phone = talking();
  phone.lose();
  phone.at += 5_000;
  phone.snapshot();
  phone.list();
  return phone;
}

/** The log is read until it is read no more; it has nothing. */
function endUnlogged(phone: Phone): void {
  phone.log();
  for (const pauseMs of phone.settings.logAgainMs) {
    phone.pass(pauseMs);
    phone.log();
  }
}

describe("a call that neither the legs nor the list had when we saw again", () => {
  it("is over if its caller calls again under its number, whatever the id of the leg", () => {
    for (const id of [5, 6]) {
      const phone = restarted();
      phone.at += 4_000;
      phone.leg("102", id, "ringing");
      phone.leg("102", id, "connected");
      expect(phone.told()).toEqual(["ended 102 -1 Ok", "ringing 102 -0", "answered 102 -1 NotDef"]);
      expect(new Set(phone.events.map(({ callId }) => callId)).size).toBe(2);
    }
  });

  it("is over if its user calls back under its number", () => {
    const phone = restarted();
    phone.leg("102", 6, "dialing");
    expect(phone.told()).toEqual(["ended 102 -1 Ok", "dialing 102 -0"]);
  });

  it("is over for all the phones that ring then", () => {
    const phone = restarted();
    phone.leg("101", 6, "ringing");
    phone.leg("103", 7, "ringing");
    phone.list(row("101", { status: "Routing" }));
    expect(phone.told()).toEqual(["ended 102 -1 Ok", "ringing 101 -0", "ringing 103 -0"]);
  });

  it("is so also after its end, and over our own restart", () => {
    const phone = restarted();
    phone.restart();
    phone.snapshot();
    endUnlogged(phone);
    expect(phone.told()).toEqual(["ended 102 -1 Ok"]);
    phone.leg("102", 6, "ringing");
    expect(phone.told()).toEqual(["ringing 102 -0"]);
  });

  it("goes on where nobody could ask the list", () => {
    const phone = talking();
    phone.lose();
    phone.at += 5_000;
    phone.snapshot();
    phone.noList();
    phone.leg("103", 6, "connected");
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Blind"]);
  });

  it("goes on where a leg of it was in what we saw again", () => {
    const phone = talking();
    phone.lose();
    phone.at += 5_000;
    phone.snapshot(leg("103", 6, "connected", { party: outside() }));
    phone.list();
    phone.leg("103", 6, "connected", { party: outside() });
    expect(phone.told()).toEqual(["ended 102 -1 Ok passed on", "answered 103 -2 Blind"]);
  });
});
