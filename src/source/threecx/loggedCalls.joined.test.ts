/** Which hops of the call log are one conversation, and which calls are one. */
import { describe, expect, it } from "vitest";
import {
  always,
  beganAt,
  chid,
  hop,
  knowing,
  only,
  talk,
} from "../../../test/support/loggedRows.ts";
import { loggedCalls } from "./loggedCalls.ts";

describe("logged calls, of which hops are put together", () => {
  it("leave out who listened to a conversation, or joined in, and did not outlast it", () => {
    const rows = [hop("100", 0, 0, 30_000, 5_000), hop("106", 0, 10_000, 30_100, 10_000)];
    expect(only(rows).talks).toEqual([talk("100", 5_000, 30_000)]);
    const longer = [hop("100", 0, 0, 30_000, 5_000), hop("106", 0, 10_000, 50_000, 10_000)];
    expect(only(longer).talks).toHaveLength(2);
    // The listener of a consultation comes in the moment in which that takes the call over.
    const at = (dn: string, segment: number, untilMs: number) => ({
      ...hop(dn, 0, 20_000, untilMs, 20_000),
      SegmentId: segment,
    });
    const users = (...untilMs: readonly [number, number]) =>
      only([at("106", 9, untilMs[1]), at("100", 8, untilMs[0])]).talks.map(({ user }) => user);
    expect(users(45_000, 34_900)).toEqual(["100"]);
    expect(users(45_000, 45_000)).toEqual(["100"]);
    expect(users(34_900, 45_000)).toEqual(["100", "106"]);
  });

  it("take hops of one user that follow one another for one conversation: another phone of theirs", () => {
    const rows = [
      hop("100", 0, 0, 20_000, 5_000),
      hop("100", 0, 20_000, 40_000, 20_100),
      hop("106", 0, 40_000, 50_000, 41_000),
      hop("106", 0, 55_000, 60_000, 56_000),
      // Who listened as the phones changed.
      hop("139", 0, 15_000, 20_000, 15_000),
    ];
    expect(only(rows).talks).toEqual([
      talk("100", 5_000, 40_000),
      talk("106", 41_000, 50_000),
      talk("106", 56_000, 60_000),
    ]);
  });

  it("take a conference for a part of the conversation that went into it", () => {
    const room = (fromMs: number, toMs: number) => hop("700", 99, fromMs, toMs, fromMs);
    const rows = [hop("100", 0, 0, 20_000, 5_000), room(20_000, 50_000)];
    const listened = hop("106", 0, 15_000, 20_000, 15_000);
    expect(only([...rows, listened]).talks).toEqual([talk("100", 5_000, 50_000)]);
    // A room that the caller was sent to later, or alone; and one in which ours speak among themselves.
    expect(only([hop("100", 0, 0, 20_000, 5_000), room(30_000, 50_000)]).talks).toHaveLength(1);
    expect(only([room(0, 50_000)]).talks).toEqual([]);
    const own = { ...room(20_000, 50_000), SourceDn: "100", SourceType: 0 };
    expect(only([hop("100", 0, 0, 20_000, 5_000), own]).talks).toEqual([
      talk("100", 5_000, 20_000),
    ]);
  });

  it("take them for one also where somebody listened as they changed", () => {
    const rows = [
      hop("100", 0, 0, 20_000, 5_000),
      hop("106", 0, 6_000, 20_000, 6_000),
      hop("100", 0, 19_900, 40_000, 19_900),
    ];
    expect(only(rows).talks).toEqual([talk("100", 5_000, 40_000)]);
  });

  it("keep the outside party's own id and number when calls were joined", () => {
    const inside = {
      ...hop("106", 0, -500, 9_000, 4_000),
      SourceDn: "100",
      SourceType: 0,
      CallHistoryId: "00000000-01dc-27dd-cc8a-000000000028",
    };
    expect(only([inside, hop("100", 0, 0, 8_000, 1_000)])).toMatchObject({
      callNumber: 41,
      startedAt: beganAt,
    });
  });

  it("are two where two outside parties were joined, and one with the consultation that it went on in", () => {
    const consultation = "00000000-01dc-27dd-cc8a-79910000002a";
    const own = { CallHistoryId: consultation, SourceDn: "100", SourceType: 0 };
    const out = { ...hop("10007", 1, 3_000, 9_000, 4_000), ...own, SourceCallerId: "100" };
    const dialled = { ...out, DestinationCallerId: "420605000001" };
    const { calls } = loggedCalls(
      [hop("100", 0, 0, 9_000, 1_000), dialled, { ...dialled, CallHistoryId: undefined }],
      knowing,
      always,
    );
    expect(calls).toMatchObject([
      { callNumber: 41, direction: "incoming", number: "420777000001" },
      { callNumber: 42, direction: "outgoing", number: "420605000001" },
    ]);
    const inside = { ...hop("106", 0, 3_000, 9_000, 4_000), ...own };
    const goesOn = { ...hop("106", 0, 9_000, 20_000, 9_000), CallHistoryId: consultation };
    expect(only([hop("100", 0, 0, 9_000, 1_000), inside, goesOn])).toMatchObject({
      callNumber: 41,
      talks: [talk("100", 1_000, 9_000), talk("106", 9_000, 20_000)],
    });
    // Of those of an inside call alone there is none.
    expect(
      loggedCalls([inside, { ...inside, CallHistoryId: chid }], knowing, always).calls,
    ).toEqual([]);
  });

  it.each(["Anonymous", ""])(
    "are one where a caller is joined who withholds the number: %j",
    (id) => {
      const withheld = { SourceCallerId: id, SourceDisplayName: "" };
      const own = { CallHistoryId: "00000000-01dc-27dd-cc8a-79910000002a" };
      const first = { ...hop("100", 0, 0, 9_000, 1_000), ...withheld };
      const inside = {
        ...hop("106", 0, 3_000, 9_000, 4_000),
        ...own,
        SourceDn: "100",
        SourceType: 0,
      };
      const goesOn = { ...hop("106", 0, 9_000, 20_000, 9_000), ...own, SourceCallerId: "" };
      const talks = [talk("100", 1_000, 9_000), talk("106", 9_000, 20_000)];
      expect(only([first, inside, goesOn])).toMatchObject({ callNumber: 41, talks });
      // Under a number that shows no consultation.
      expect(only([first, goesOn])).toMatchObject({ callNumber: 41, talks });
      // Of whom the first call told the number.
      const known = hop("100", 0, 0, 9_000, 1_000);
      expect(only([known, inside, goesOn])).toMatchObject({ number: "420777000001", talks });
      // A second outside party has a call of its own.
      const out = { ...inside, DestinationDn: "10007", DestinationType: 1 };
      const dialled = { ...out, DestinationCallerId: "420605000001" };
      expect(loggedCalls([first, dialled], knowing, always).calls).toMatchObject([
        { callNumber: 41, direction: "incoming" },
        { callNumber: 42, direction: "outgoing", number: "420605000001" },
      ]);
    },
  );
});
