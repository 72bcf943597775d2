/** The call log is written up to a minute late: the last look at it (SPEC.md, R20). */
import { describe, expect, it } from "vitest";
import { inside, leg, logged, Phone, t0 } from "../../test/support/phone.ts";

/** Blind for a while; the log has been read but for its last look, and has nothing. */
function read(more: ConstructorParameters<typeof Phone>[0] = {}): Phone {
  const phone = new Phone(more);
  phone.lose();
  phone.at += 120_000;
  phone.snapshot();
  phone.log();
  for (const pauseMs of phone.settings.logAgainMs.slice(0, -1)) {
    phone.pass(pauseMs);
    phone.log();
  }
  return phone;
}

describe("a call that came and went while we were blind", () => {
  it("is told from the log after a minute, if it was written only then", () => {
    const phone = read();
    const looks = phone.inquiries.length;
    phone.pass(44_000);
    expect(phone.inquiries).toHaveLength(looks);
    phone.pass(2_000);
    expect(phone.inquiries.slice(looks)).toEqual([t0]);
    phone.log(logged());
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
    expect(phone.state.stretch).toBeNull();
    phone.log(logged());
    expect(phone.told()).toEqual([]);
  });

  it("is looked for then, however often the log was read before for the sake of other calls", () => {
    const phone = new Phone();
    phone.lose();
    phone.at += 120_000;
    phone.snapshot();
    for (const pauseMs of phone.settings.logAgainMs.slice(0, -1)) {
      for (let reading = 0; reading < 4; reading++) phone.log();
      phone.pass(pauseMs);
    }
    phone.log();
    const looks = phone.inquiries.length;
    phone.pass(46_000);
    expect(phone.inquiries.slice(looks)).toEqual([t0]);
    phone.log(logged());
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
  });

  it("is not told again then, though its state is gone", () => {
    const phone = new Phone();
    phone.lose();
    phone.at += 5_000;
    phone.leg("101", 5, "ringing");
    phone.snapshot(leg("101", 5, "ringing"));
    phone.gone("101/5");
    phone.list();
    const entry = logged({ startedAt: phone.at, endedAt: phone.at });
    for (const pauseMs of [2_000, 15_000, 90_000]) {
      phone.log(entry);
      phone.pass(pauseMs);
    }
    expect(phone.call()).toBeUndefined();
    phone.log(entry);
    expect(phone.told()).toEqual(["ringing 101 -0", "ended 101 -0 Missed"]);
    expect(phone.state.stretch).toBeNull();
  });

  it("leaves no gap if the log cannot be had for that last look", () => {
    const phone = read({ extras: true });
    phone.pass(60_000);
    phone.noLog();
    expect(phone.gaps).toEqual([]);
    expect(phone.state.stretch).toBeNull();
  });
});

describe("a blind stretch of which only the last look is still to come", () => {
  it("is over when sight is lost anew: so no flapping connection keeps what has ended for ever", () => {
    const phone = read();
    phone.leg("101", 5, "ringing");
    phone.gone("101/5");
    phone.list();
    phone.pass(10_000);
    phone.lose();
    expect(phone.state.stretch).toMatchObject({ fromAt: phone.at, toAt: null, looks: 0 });
  });

  it("nor is it taken up after our restart", () => {
    const phone = read();
    phone.restart();
    phone.lose();
    expect(phone.state.stretch).toMatchObject({ fromAt: phone.at });
  });
});

describe("a consultation that takes a call over while nobody looks", () => {
  /** A leg of call 8 comes and goes; that we may have missed something since before, we notice only then. */
  function consult(party: ReturnType<typeof inside>): Phone {
    const phone = new Phone();
    phone.leg("101", 1, "connected");
    phone.at += 5_000;
    phone.leg("101", 2, "dialing", { callNumber: 8, party });
    phone.at += 400;
    phone.gone("101/2");
    phone.at += 4_000;
    phone.lose(t0 + 1_000);
    phone.at += 7_000;
    phone.snapshot(leg("101", 1, "connected"));
    phone.told();
    return phone;
  }
  const taken = logged({ callNumber: 8, startedAt: t0 + 5_000, number: "420777000009" });

  it.each([
    ["a user", inside("102")],
    ["a fax", { ...inside("900"), kind: "fax" as const }],
  ])("is no call that came and went, though the log has an outside party in it: of %s", (_, to) => {
    const phone = consult(to);
    phone.log(taken);
    expect(phone.told()).toEqual([]);
  });

  it("is none where the leg had not shown whom it dials", () => {
    const phone = consult({ ...inside(""), kind: "unknown" });
    phone.log(taken);
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
  });

  it("nor where the number was in use anew, later", () => {
    const phone = consult(inside("102"));
    phone.log({ ...taken, startedAt: t0 + 11_000 });
    expect(phone.told()).toEqual(["ended 101 -0 Missed"]);
  });
});
