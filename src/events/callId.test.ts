import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chid, formatCallId, linkId } from "./callId.ts";

/** The instant that a published `chid` holds, cut to milliseconds. */
function startOf(published: string): number {
  const hex = published.replaceAll("-", "").slice(8, 24);
  return Number(BigInt(`0x${hex}`) / 10_000n - 11_644_473_600_000n);
}

describe("formatCallId", () => {
  it.each([
    ["2025-03-30T00:59:59.999Z", "Europe/Prague", "250330015959_7"],
    ["2025-03-30T01:00:00.000Z", "Europe/Prague", "250330030000_7"],
    ["2025-10-26T00:30:00Z", "Europe/Prague", "251026023000_7"],
    ["2025-10-26T01:30:00Z", "Europe/Prague", "251026023000_7"],
    ["2024-12-31T23:00:00Z", "Europe/Prague", "250101000000_7"],
    ["2024-02-29T12:00:00Z", "UTC", "240229120000_7"],
    ["2025-06-01T18:40:05Z", "Asia/Kolkata", "250602001005_7"],
    ["2025-10-04T15:30:00Z", "Australia/Lord_Howe", "251005023000_7"],
    ["2009-01-02T03:04:05Z", "America/New_York", "090101220405_7"],
  ])("%s in %s is %s", (instant, zone, expected) => {
    expect(formatCallId(Date.parse(instant), zone, 7)).toBe(expected);
  });

  it("agrees with the ids that were published beside their chid", () => {
    const first = startOf("00000000-01dc-2271-6ab7-1e2e00000006");
    const second = startOf("00000000-01dc-27dd-cc8a-799100000029");
    expect(formatCallId(first, "Europe/Belgrade", 6)).toBe("250910183903_6");
    expect(formatCallId(second, "Europe/Belgrade", 41)).toBe("250917161728_41");
  });

  it("cuts to seconds and pads, at every instant (UTC as the oracle)", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("2000-01-01"), max: new Date("2099-12-31"), noInvalidDate: true }),
        fc.nat(),
        (date, callNumber) => {
          const digits = date.toISOString().slice(2, 19).replaceAll(/\D/g, "");
          expect(formatCallId(date.getTime(), "UTC", callNumber)).toBe(`${digits}_${callNumber}`);
          expect(formatCallId(date.getTime(), "Etc/GMT-5", callNumber)).toBe(
            formatCallId(date.getTime() + 5 * 3_600_000, "UTC", callNumber),
          );
        },
      ),
    );
  });

  it("has each call's own second, zone and minute, whatever was written before", () => {
    const at = (text: string, zone = "UTC") => formatCallId(Date.parse(text), zone, 7);
    expect(at("2025-06-01T18:40:05Z")).toBe("250601184005_7");
    expect(at("2025-06-01T18:40:59.999Z")).toBe("250601184059_7");
    expect(at("2025-06-01T18:40:59Z", "Asia/Kolkata")).toBe("250602001059_7");
    expect(at("2025-06-01T18:41:00Z", "Asia/Kolkata")).toBe("250602001100_7");
  });

  it("refuses a zone that does not exist", () => {
    expect(() => formatCallId(0, "Europe/Atlantis", 1)).toThrow(RangeError);
  });
});

describe("linkId", () => {
  it("adds the link", () => {
    expect(linkId("210701165649_698", 2)).toBe("210701165649_698-2");
  });
});

describe("chid", () => {
  it("has the published form, to the millisecond", () => {
    const startedAt = Date.parse("2025-09-10T16:39:03.130Z");
    expect(chid(startedAt, 6)).toBe("00000000-01dc-2271-6ab7-03a000000006");
    expect(startOf("00000000-01dc-2271-6ab7-1e2e00000006")).toBe(startedAt);
  });

  it("writes the call number in hex", () => {
    expect(chid(startOf("00000000-01dc-27dd-cc8a-799100000029"), 41)).toMatch(
      /^00000000-01dc-27dd-cc8a-[0-9a-f]{4}00000029$/,
    );
  });

  it("keeps its form for a number that is too wide", () => {
    expect(chid(0, 2 ** 32 + 5)).toMatch(/00000005$/);
  });

  it("gives back the instant and the number, and sorts as time does", () => {
    const instant = fc.integer({ min: 0, max: Date.UTC(2200, 0) });
    const callNumber = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    fc.assert(
      fc.property(instant, instant, callNumber, (one, other, number) => {
        const made = chid(one, number);
        expect(made).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        expect(startOf(made)).toBe(one);
        expect(Number.parseInt(made.slice(-8), 16)).toBe(number);
        expect(made < chid(other, number)).toBe(one < other);
      }),
    );
  });

  it("takes fractions of a millisecond", () => {
    expect(chid(1_000.75, 1)).toBe(chid(1_000, 1));
  });
});
