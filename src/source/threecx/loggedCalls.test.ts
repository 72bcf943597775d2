/** The call log's rows, as documented, as dumped, and as anything at all. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DnKind, LoggedCall } from "../../tracker/activity.ts";
import { parseLogRow } from "./callLogRow.ts";
import { makeDirectory } from "./directory.ts";
import { loggedCalls } from "./loggedCalls.ts";
import type { Knowledge } from "./normalise.ts";

const directory = makeDirectory({
  Peers: [
    ...["100", "106", "139", "162", "163"].map((dn) => ({ Number: dn, Type: "Extension" })),
    ...["800", "900", "993"].map((dn) => ({ Number: dn, Type: "Queue" })),
    { Number: "484", Type: "RingGroup" },
    { Number: "600", Type: "IVR" },
    { Number: "700", Type: "Conference" },
    { Number: "10007", Type: "ExternalLine" },
  ],
  InboundRules: [
    { Id: 1, RuleName: "Main line", Data: "420222000100", Condition: "BasedOnDID" },
    { Id: 2, RuleName: "Sales", Data: "420222000200", Condition: "BasedOnDID" },
  ],
});
const knowing: Knowledge = {
  kindOf: (dn) => directory.find(dn)?.kind ?? null,
  didOf: directory.didOf,
  onlyDidOf: directory.onlyDidOf,
  readName: directory.readName,
};
const nothingKnown: Knowledge = {
  kindOf: () => null,
  didOf: (number) => ({ number, ruleName: "" }),
  onlyDidOf: () => null,
  readName: (name) => ({ name, did: null }),
};

const salesReading = { name: "Novak Jan", did: { number: "420222000200", ruleName: "Sales" } };

const chid = "00000000-01dc-27dd-cc8a-799100000029";
const beganAt = Date.UTC(2025, 8, 17, 14, 17, 28, 715);

type Row = Record<string, unknown>;

const iso = (at: number) => new Date(at).toISOString();
const seconds = (spanMs: number) => `PT${spanMs / 1_000}S`;

/** A hop from the outside caller, `fromMs` to `toMs` after the call's beginning. */
function hop(dn: string, type: number, fromMs: number, toMs: number, answeredMs?: number): Row {
  return {
    CallId: 77,
    MainCallHistoryId: chid,
    CallHistoryId: chid,
    StartTime: iso(beganAt + fromMs),
    Answered: answeredMs !== undefined,
    RingingDuration: seconds((answeredMs ?? toMs) - fromMs),
    ...(answeredMs === undefined ? {} : { TalkingDuration: seconds(toMs - answeredMs) }),
    SourceDn: "10007",
    SourceType: 1,
    SourceCallerId: "420777000001",
    SourceDisplayName: "Novak Jan",
    DestinationDn: dn,
    DestinationType: type,
    DestinationCallerId: dn,
  };
}

const always = () => true;

function only(
  rows: readonly unknown[],
  knowledge = knowing,
  isVisible: (dn: string) => boolean = always,
): LoggedCall {
  const { calls } = loggedCalls(rows, knowledge, isVisible);
  expect(calls).toHaveLength(1);
  const [call] = calls;
  if (!call) throw new Error("Expected one call.");
  return call;
}

const talk = (user: string, fromMs: number, toMs: number) => ({
  user,
  answeredAt: beganAt + fromMs,
  endedAt: beganAt + toMs,
});

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
