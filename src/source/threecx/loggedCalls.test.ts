/** The call log's rows, as documented, as dumped, and as anything at all. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  always,
  beganAt,
  hop,
  iso,
  knowing,
  nothingKnown,
  only,
  type Row,
  talk,
} from "../../../test/support/loggedRows.ts";
import type { DnKind, LoggedCall } from "../../tracker/activity.ts";
import { parseLogRow } from "./callLogRow.ts";
import { loggedCalls } from "./loggedCalls.ts";

const salesReading = { name: "Novak Jan", did: { number: "420222000200", ruleName: "Sales" } };

describe("callback orders", () => {
  const inQueue = [hop("800", 2, 0, 9_000, 40), hop("100", 0, 100, 9_000)];

  it.each([
    { DestinationDn: "QCB" },
    { DestinationDn: "qcb", DestinationType: 6 },
    { Reason: "callback_requested" },
    { Status: "CallbackRequested" },
    { ActionType: "Callback requested" },
  ])("are read from %j; the caller left the queue", (fields) => {
    const order = { ...hop("QCB", 6, 9_000, 9_010), DestinationDn: "", ...fields };
    expect(only([...inQueue, order])).toMatchObject({
      callbackOrdered: true,
      level: { dn: "800", kind: "queue" },
    });
  });

  it("are not read from other hops, nor from a callback that fails", () => {
    const other = { ...hop("100", 0, 9_000, 9_010), Reason: "callback" };
    expect(only([...inQueue, other]).callbackOrdered).toBe(false);
    const out = { ...hop("10007", 1, 0, 9_000), DestinationCallerId: "420777000001" };
    const failed = { SourceDn: "800", SourceType: 2, SourceCallerId: "800" };
    const rows = [
      { ...out, ...failed },
      { ...hop("QCB", 6, 9_000, 9_010), ...failed },
    ];
    expect(only(rows)).toMatchObject({ direction: "outgoing", callbackOrdered: false });
  });
});

describe("logged calls", () => {
  it("tell who was called, who answered, and how long they talked", () => {
    expect(only([hop("100", 0, 1_000, 70_000, 5_000)])).toEqual({
      callNumber: 41,
      direction: "incoming",
      number: "420777000001",
      name: "Novak Jan",
      did: null,
      establishedAt: beganAt,
      startedAt: beganAt,
      endedAt: beganAt + 70_000,
      talks: [talk("100", 5_000, 70_000)],
      level: { dn: "100", kind: "extension" },
      missedLevel: null,
      polledBy: [],
      callbackOrdered: false,
    });
  });

  it("reads a chain of transfers as the PBX dumped it", () => {
    const call = only([
      hop("420222000100", 13, 0, 14),
      hop("RECEPTION", 14, 14, 564, 50),
      hop("900", 2, 554, 2_547_054, 564),
      hop("106", 0, 572, 2_547_057),
      hop("100", 0, 573, 2_604_531, 2_547_054),
      hop("162", 0, 2_604_425, 2_604_451),
      hop("484", 2, 2_604_451, 2_604_500),
      hop("993", 2, 2_605_043, 2_619_642, 2_605_132),
      hop("139", 0, 2_605_145, 2_673_998, 2_619_642),
      hop("162", 0, 2_689_531, 2_824_282, 2_703_358),
    ]);
    expect(call.talks).toEqual([
      talk("100", 2_547_054, 2_604_531),
      talk("139", 2_619_642, 2_673_998),
      talk("162", 2_703_358, 2_824_282),
    ]);
    expect(call.did).toEqual({ number: "420222000100", ruleName: "Main line" });
    expect(call.level).toEqual({ dn: "162", kind: "extension" });
  });

  it("does not take queues, IVRs, ring groups, scripts and voicemail for people", () => {
    const rows = [
      hop("800", 2, 0, 9_000, 10),
      hop("600", 6, 0, 9_000, 10),
      hop("484", 2, 0, 9_000, 10),
      hop("SCRIPT", 14, 0, 9_000, 10),
      hop("100", 5, 0, 9_000, 10),
      { ...hop("100", 0, 0, 9_000, 10), DestinationType: "voicemail" },
      hop("100", 99, 0, 9_000, 10),
    ];
    expect(only(rows).talks).toEqual([]);
  });

  it.each<[string, readonly Row[], string, DnKind]>([
    ["queue", [hop("800", 2, 0, 20_000, 10), hop("100", 0, 20, 9_000)], "800", "queue"],
    ["queue till the end", [hop("800", 2, 0, 90, 1), hop("100", 0, 20, 93)], "800", "queue"],
    ["ring group", [hop("484", 2, 0, 20_000), hop("100", 0, 20, 20_000)], "484", "ringgroup"],
    ["menu", [hop("600", 6, 0, 5_000, 10)], "600", "ivr"],
    [
      "next queue",
      [hop("800", 2, 0, 5_000, 1), hop("900", 2, 5_000, 9_000, 5_001)],
      "900",
      "queue",
    ],
    ["phone it went to", [hop("800", 2, 0, 90, 1), hop("100", 0, 90, 99)], "100", "extension"],
    ["overflow", [hop("800", 2, 0, 20_000, 10), hop("100", 0, 19_900, 30_000)], "100", "extension"],
    [
      "menu, not the group of nobody",
      [hop("600", 6, 0, 5_000, 10), hop("484", 2, 5_000, 5_000)],
      "600",
      "ivr",
    ],
    ["group of nobody, and nowhere else", [hop("484", 2, 0, 0)], "484", "ringgroup"],
  ])("were missed at the %s that they reached last", (_what, rows, dn, kind) => {
    expect(only(rows.toReversed())).toMatchObject({ talks: [], level: { dn, kind } });
  });

  it("tell outgoing calls by who called, whoever talked in the end", () => {
    const out = (more: Row): Row => ({
      ...hop("10007", 1, 0, 60_000, 9_000),
      SourceDn: "100",
      SourceType: 0,
      SourceCallerId: "100",
      SourceDisplayName: "Reception",
      DestinationCallerId: "420777000002",
      DestinationDisplayName: "Svoboda",
      ...more,
    });
    const call = only([out({}), hop("106", 0, 60_000, 90_000, 65_000)]);
    expect(call).toMatchObject({
      direction: "outgoing",
      number: "420777000002",
      name: "Svoboda",
      did: null,
      talks: [talk("100", 9_000, 60_000), talk("106", 65_000, 90_000)],
      level: { dn: "100", kind: "extension" },
      callbackOrdered: false,
    });
    const unanswered = out({ Answered: false, TalkingDuration: undefined });
    expect(only([unanswered]).talks).toEqual([]);
    // A line that is known by the dialled number alone.
    const bare = out({ DestinationDn: "420777000002", DestinationCallerId: "" });
    expect(only([bare], nothingKnown)).toMatchObject({ number: "420777000002" });
  });

  it("tell click-to-call as outgoing, though the own phone rings first in the dialled number's name", () => {
    const dialled: Row = {
      ...hop("10007", 1, 6_000, 36_000),
      ...{ SourceDn: "100", SourceType: 0, SourceCallerId: "100" },
      DestinationCallerId: "420777000001",
    };
    const call = only([hop("100", 0, 0, 6_000), dialled]);
    expect(call).toMatchObject({ direction: "outgoing", number: "420777000001", talks: [] });
    expect(call.level).toEqual({ dn: "100", kind: "extension" });
    const other = { ...dialled, DestinationCallerId: "420777000002" };
    expect(only([hop("100", 0, 0, 6_000), other]).direction).toBe("incoming");
  });

  it("tell of an extension that is not visible what followed when others of ours had seen the call", () => {
    const rows = [hop("800", 4, 0, 5_000, 0), hop("100", 0, 0, 60_000, 5_000)];
    const users = ({ talks, level }: LoggedCall) => [talks.map(({ user }) => user), level?.dn];
    const seenBy = (...dns: readonly string[]) =>
      users(only(rows, knowing, (dn) => dns.includes(dn)));
    expect(seenBy("800")).toEqual([["100"], "800"]);
    expect(seenBy("100")).toEqual([["100"], "800"]);
    // The trunk, which is visible, has it too: that an answered call was missed is not told.
    expect(seenBy("10007")).toEqual([[], undefined]);
    const onward = [hop("100", 0, 0, 9_000, 1_000), hop("106", 0, 9_000, 20_000, 10_000)];
    const heard = users(only(onward, knowing, (dn) => dn === "106"));
    expect(heard).toEqual([["106"], undefined]);
    // Whose kind nobody tells may be a fax machine.
    const fax = [hop("100", 0, 0, 5_000), hop("999", 0, 5_000, 9_000, 5_000)];
    expect(users(only(fax, knowing, (dn) => dn === "100"))).toEqual([[], undefined]);
  });

  it("leave out inside calls, and what is said inside of an outside one", () => {
    const inside = { ...hop("106", 0, 3_000, 9_000, 4_000), SourceDn: "100", SourceType: 0 };
    const other = { MainCallHistoryId: "00000000-01dc-27dd-cc8a-799100000030" };
    const { calls } = loggedCalls([{ ...inside, ...other }], knowing, always);
    expect(calls).toEqual([]);
    const consulted = only([hop("100", 0, 0, 8_000, 1_000), inside]);
    expect(consulted.talks).toEqual([talk("100", 1_000, 8_000)]);
    expect(consulted.level?.dn).toBe("100");
  });

  it("tell where the last to talk sent it, and it was missed, as far as that is known", () => {
    const talked = hop("100", 0, 0, 8_000, 1_000);
    const at = (...after: Row[]) => only([talked, ...after]).missedLevel;
    expect(at(hop("800", 2, 7_900, 30_000), hop("106", 0, 9_000, 30_000))?.dn).toBe("800");
    expect(at(hop("106", 0, 8_000, 30_000))?.dn).toBe("106");
    // Its queue polled already while the user talked on.
    expect(at(hop("800", 2, 5_000, 30_000), hop("106", 0, 9_000, 30_000))?.dn).toBe("800");
    // It came there before, or rang while the user talked.
    expect(at(hop("800", 2, 0, 8_000), hop("106", 0, 6_000, 30_000))).toBeNull();
    expect(only([hop("100", 0, 0, 8_000)]).missedLevel).toBeNull();
    const isOurs = (dn: string) => dn !== "106";
    // A voicemail box is nobody; nor does somebody outside miss it.
    expect(at(hop("666", 5, 8_000, 10_000))?.dn).toBe("100");
    expect(at(hop("666", 5, 8_000, 10_000), hop("10007", 1, 10_000, 30_000))).toBeNull();
    const unseen = [talked, hop("106", 0, 8_000, 30_000)];
    expect(only(unseen, knowing, isOurs).missedLevel).toBeNull();
    // Who is not monitored, and talked since we knew of the call, is known.
    const boxed = [hop("800", 2, -2_000, 0), talked, hop("666", 5, 8_000, 10_000)];
    expect(only(boxed, knowing, (dn) => dn === "800").missedLevel?.dn).toBe("100");
  });

  it("make do with what a build leaves out", () => {
    const bare = {
      CallId: 77,
      StartTime: "2025-09-17T14:17:28Z",
      TalkingDuration: "00:00:10",
      SourceCallerId: "420777000001",
      DestinationDn: "100",
    };
    const startedAt = Date.UTC(2025, 8, 17, 14, 17, 28);
    expect(only([bare], nothingKnown)).toEqual({
      callNumber: null,
      direction: "incoming",
      number: "420777000001",
      name: "",
      did: null,
      establishedAt: startedAt,
      startedAt,
      endedAt: startedAt + 10_000,
      talks: [{ user: "100", answeredAt: startedAt, endedAt: startedAt + 10_000 }],
      level: { dn: "100", kind: "extension" },
      missedLevel: null,
      polledBy: [],
      callbackOrdered: false,
    });
    const nested = {
      ...bare,
      SourceCallerId: undefined,
      Source: { Dn: "10007", CallerId: "420777000001", Type: 1 },
      DestinationDn: undefined,
      Destination: { Dn: "100", Type: 0 },
    };
    expect(only([nested], nothingKnown)).toMatchObject({ number: "420777000001" });
  });

  it("name the DID by the rule that routed it, or by the trunk's only one", () => {
    const routed = (dn: string) =>
      only([hop(dn, 13, 0, 10), hop("100", 0, 10, 9_000)]).did?.ruleName ?? null;
    expect(routed("420222000200")).toBe("Sales");
    expect(routed("420999999999")).toBe("");
    expect(routed("ROUTER")).toBeNull();
    const named = { ...hop("100", 0, 0, 9_000), SourceDisplayName: "Sales:Novak Jan" };
    const onTrunk = { ...knowing, onlyDidOf: () => null, readName: () => salesReading };
    expect(only([named], onTrunk)).toMatchObject({ name: "Novak Jan", did: { ruleName: "Sales" } });
    const onlyOne = { ...knowing, onlyDidOf: () => ({ number: "1", ruleName: "Only" }) };
    expect(only([hop("100", 0, 0, 9_000)], onlyOne).did?.ruleName).toBe("Only");
  });

  it("count rows without a call or a time, and read the others", () => {
    const good = hop("100", 0, 0, 9_000);
    const odd = [null, 7, "x", [], {}, { CallId: 1 }, { StartTime: iso(beganAt) }];
    const read = loggedCalls([...odd, good], knowing, always);
    expect(read).toMatchObject({ rowsNotUnderstood: odd.length, lastStartAt: beganAt });
    expect(read.calls).toHaveLength(1);
  });

  it("never fail, whatever the rows say", () => {
    const names = Object.keys(hop("100", 0, 0, 1_000, 10));
    const value = fc.oneof(
      fc.anything(),
      fc.constantFrom(...Object.values(hop("100", 0, 0, 1_000, 10)), 0, 1, 2, 5, 13, "100", "800"),
    );
    const row = fc.dictionary(fc.constantFrom(...names), value);
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), (rows) => {
        for (const call of loggedCalls(rows, knowing, always).calls) {
          expect(call.endedAt).toBeGreaterThanOrEqual(call.startedAt);
          const times = call.talks.map(({ answeredAt }) => answeredAt);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
        }
        expect(() => parseLogRow(rows[0], nothingKnown)).not.toThrow();
      }),
    );
  });
});
