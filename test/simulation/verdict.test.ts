/** Rules of the oracle that no mutant reaches: what faults may have made of a chain. */
import { describe, expect, it } from "vitest";
import { takenUnread } from "./departure.ts";
import type { Due } from "./due.ts";
import { lapsesOf } from "./expectation.ts";
import { falsehoods, type Truth } from "./falsehoods.ts";
import type { FaultNote } from "./faults.ts";
import type { Chain, Fact } from "./journal.ts";
import { type Calm, lateMsMax } from "./lateness.ts";
import { unseenBoxes } from "./voicemail.ts";

const at = 1_777_881_758_513;
const leg = { id: 412, dn: "105" };
const chain = {
  startedAt: at - 20_000,
  overAt: at + 20_000,
  facts: [{ at, what: "shown", dn: "105", leg }],
} as unknown as Chain;

const told = { isListed: true, isChanged: false, hiddenFromAt: Number.POSITIVE_INFINITY };

describe("how often faults may have led what is told of a chain astray", () => {
  const stale = (ms: number, entity: string): FaultNote[] => [
    { fault: "staleGets", fromAt: at, toAt: at + ms, entity },
  ];
  const own = "/callcontrol/105/participants/412";

  it.each([
    ["once by a phone of its that is shown as of before for long enough", 2_600, own, 1],
    ["not by one that is so for a moment", 50, own, 0],
    ["not by a phone of another call", 2_600, "/callcontrol/105/participants/413", 0],
  ])("%s", (_, ms, entity, lapses) => {
    expect(lapsesOf(chain, [], stale(ms, entity), told).lapses).toBe(lapses);
  });
});

describe("how late a call may be told", () => {
  const lostAt = chain.overAt as number;
  const blind = (ms: number): FaultNote[] => [
    { fault: "pbxRestarts", fromAt: lostAt + ms, toAt: lostAt + ms + 60_000, entity: null },
  ];

  it.each([
    [
      "when the log of a later blind stretch reaches back to it, which nobody saw",
      20_000,
      true,
      80_000,
    ],
    ["not because of a blind stretch that began long after it", 40_000, true, 0],
    ["not because of one that began after it, where somebody saw it", 20_000, false, 0],
  ])("%s", (_, ms, unseen, lateMs) => {
    const due = [{ unseen }] as unknown as Due[];
    expect(lapsesOf(chain, due, blind(ms), told).lateMs).toBe(70_000 + lateMs);
  });

  it.each([
    ["when that log reaches back to it, which a fault hid from the start", 0, 80_000],
    ["not where it hid it later", 1, 0],
  ])("%s", (_, knownMs, lateMs) => {
    const hiddenFromAt = chain.startedAt + knownMs;
    const due = [{ unseen: false, at: chain.startedAt }] as unknown as Due[];
    const found = lapsesOf(chain, due, blind(20_000), { ...told, hiddenFromAt });
    expect(found.lateMs).toBe(70_000 + lateMs);
  });

  it.each([
    ["when sight is lost as it shows that its last leg has gone, which a fault hid", 412, 80_000],
    ["not where that was a leg of another call", 413, 21_000],
  ])("%s", (_, id, lateMs) => {
    const entity = `/callcontrol/105/participants/${id}`;
    const lost = { fault: "lostFrames", fromAt: lostAt, toAt: lostAt + 21_000, entity } as const;
    const due = [{ unseen: false }] as unknown as Due[];
    const notes = [lost, ...blind(20_000)];
    expect(lapsesOf(chain, due, notes, told).lateMs).toBe(70_000 + lateMs);
  });
});

describe("how late a place may be told that no leg shows, where no fault struck", () => {
  const setting = { latencyMsMax: 1, activeCallsPollMs: 1_000, switches: { xapi: "on" } };
  const none = {
    ...{ notes: [], changes: [], logIns: [], hidden: [], callbackQueues: new Set() },
    ...{ isAnonymous: false, entities: new Set() },
  };
  const due = {
    kind: "ringing",
    user: "800",
    at,
    latest: at,
    fault: null,
    instead: [],
    unseen: true,
  };

  it.each([
    ["by one look at the list", [], 0],
    ["by one of after the last change of the legs, with which it may lag", [900], 900],
    ["but by one more look at most", [900, 2_000], 1_300],
    ["not by what changed after that look", [1_400, 5_000], 0],
  ])("%s", (_, legsMs, laterMs) => {
    const legsAt = legsMs.map((ms) => at + ms);
    const calm = { ...none, setting, legsAt, reached: [due] };
    const limitMs = lateMsMax(due as unknown as Due, calm as unknown as Calm);
    expect(limitMs).toBe(1_354 + laterMs);
  });

  it("an end by the wait for each look at the list, of which a conversation may need three more", () => {
    const calm = { ...none, setting, legsAt: [at - 5_000], reached: [] };
    const end = { ...due, kind: "ended", unseen: false, link: 0, finish: "Missed" };
    const limitOf = (one: object) => lateMsMax(one as unknown as Due, calm as unknown as Calm);
    const missedMs = limitOf(end) ?? 0;
    expect(missedMs).toBe(54 + 100);
    expect(limitOf({ ...end, link: 1, finish: "Ok" })).toBe(missedMs + 3 * 100 + 300 + 6);
  });

  it.each([
    ["and a second more if the call was there before", [], 0],
    ["and as long as legs change within that", [2_100], 2_100],
    ["but no longer", [2_400], 0],
  ])("%s", (_, legsMs, laterMs) => {
    const reached = [{ ...due, at: at - 20_000 }, due];
    const calm = { ...none, setting, legsAt: legsMs.map((ms) => at + ms), reached };
    const limitMs = lateMsMax(due as unknown as Due, calm as unknown as Calm);
    expect(limitMs).toBe(1_354 + 1_000 + laterMs);
  });
});

describe("what is told of a call that cannot be known in full", () => {
  const menu = {
    at: at - 10_000,
    what: "shown",
    dn: "666",
    kind: "specialmenu",
    leg: { dn: "666" },
  };
  const box = { ...chain, outside: "1188", owner: "", calledBackBy: "", later: [], facts: [menu] };
  const end = { kind: "ended", user: "821", finish: "Missed", at: at + 20_000, link: 0 };
  const due = [{ ...end, unseen: true, instead: ["820"] }];
  const known = {
    chain: box,
    due,
    rule: "boxUnseen",
    dids: [],
    seemingDids: [],
    usertypes: new Map(),
    forgotten: 0,
  };
  const more = {
    clockOffMs: 0,
    lateMs: 60_000,
    looksMs: 0,
    unseenGoing: [],
    unseenBoxes: [],
    missedRings: [],
    twins: [],
    isMistakenAt: () => false,
    lapses: 0,
  };

  it.each([
    ["may be where it was for an instant, as the log alone tells", "821", []],
    ["may be missed where it came as it ended, as the log alone tells", "820", []],
    ["is no lie about where it was", "800", ["the call was never there"]],
  ])("%s", (_, user, lies) => {
    const id = "260504100049_35-0";
    const fields = { event: "incoming", user, callerid: "1188", finishtype: "Missed", id };
    const got = [{ at: at + 30_000, fields }];
    const found = falsehoods({ ...known, ...more } as unknown as Truth, got, got);
    expect(found.map(({ text }) => text.split(":")[0])).toEqual(lies);
  });

  it.each([
    ["may seem to be of who withholds the number, and called the one that it has", "1188", []],
    ["is not of who does, and called none", "", ["not its number"]],
  ])("%s", (_, did, lies) => {
    const id = "260504100049_35-0";
    const fields = { event: "incoming", user: "821", callerid: "anonymous", did, id };
    const got = [{ at: at + 30_000, fields: { ...fields, finishtype: "Missed" } }];
    const own = { ...known, ...more, dids: ["1188"], seemingDids: ["1188"] } as unknown as Truth;
    expect(falsehoods(own, got, got).map(({ text }) => text.split(":")[0])).toEqual(lies);
  });

  it.each([
    ["by another caller with this number, where only legs tell that it goes on", true, []],
    ["is a lie elsewhere", false, ["no call-back was ordered"]],
  ])("may seem to have ordered a call-back %s", (_, isMistaken, lies) => {
    const fields = { event: "incoming", user: "821", callerid: "1188", finishtype: "Missed" };
    const title = "Missed call by queue 821 from 1188 (callback requested)";
    const got = [{ at: at + 30_000, fields: { ...fields, title, id: "260504100049_35-0" } }];
    const own = { ...box, call: { callbackOrdered: false } };
    const truth = { ...known, ...more, chain: own, isMistakenAt: () => isMistaken };
    const found = falsehoods(truth as unknown as Truth, got, got);
    expect(found.map(({ text }) => text.split(":")[0])).toEqual(lies);
  });

  it.each([
    ["may seem to talk on to the end of the call", "102", []],
    ["does not where another's was not", "103", ["talked 61000 ms at most"]],
  ])("whose going was not seen %s", (_, dn, lies) => {
    const talks = { what: "shown", kind: "extension", status: "connected", dn: "102", at };
    const leg = { dn: "102", barges: null, startedAt: at, end: { at } };
    const facts = [
      { ...talks, leg },
      { what: "gone", kind: "extension", dn: "102", leg, at },
    ];
    const due = [{ kind: "ended", user: "102", unseen: true, instead: [] }];
    const own = { ...box, facts, overAt: at + 200_000, call: { callbackOrdered: false } };
    const fields = { user: "102", callerid: "1188", id: "260504100049_35-1" };
    const title = "Answered call from 1188 (3:00)";
    const ended = { ...fields, event: "incoming", finishtype: "Ok", title };
    const got = [
      { at, fields: { ...fields, event: "hangupincoming" } },
      { at: at + 200_000, fields: ended },
    ];
    const unseenGoing = [{ dn, at }];
    const truth = { ...known, ...more, rule: "directionUnseen", chain: own, due, unseenGoing };
    const found = falsehoods(truth as unknown as Truth, got, got);
    expect(found.map(({ text }) => text.split(":")[0])).toEqual(lies);
  });

  it("may seem passed on to who only heard it, where nobody saw them go", () => {
    const talks = { what: "shown", kind: "extension", status: "connected" };
    const heard = { ...talks, at, dn: "106", leg: { dn: "106", barges: { dn: "113" } } };
    const taken = { ...talks, at: at + 5_000, dn: "101", leg: { dn: "101", barges: null } };
    const facts = [heard, taken];
    const id = "260504100049_35-1";
    const told = { event: "incoming", user: "101", callerid: "1188", finishtype: "Ok", id };
    const got = [{ at: at + 20_000, fields: { ...told, transfer: "True" } }];
    for (const unseenGoing of [[{ dn: "106", at }], [{ dn: "107", at }]]) {
      const truth = { ...known, ...more, chain: { ...box, facts }, due: [], unseenGoing };
      const lies = falsehoods(truth as unknown as Truth, got, got).map(({ text }) => text);
      const isLie = lies.some((text) => text.startsWith("it was not passed on"));
      expect(isLie).toBe(unseenGoing[0]?.dn === "107");
    }
  });

  it("may be the forward of who rang before, where no list showed whose it is", () => {
    const rings = { what: "shown", kind: "extension", status: "ringing" };
    const facts = ["104", "107"].map((dn, n) => ({
      ...rings,
      at: at + 5_000 * n,
      dn,
      leg: { dn },
    }));
    const forward = { what: "shown", at: at + 9_000, dn: "10007", kind: "trunk", place: "" };
    const leg = { onBehalfOf: { dn: "107" }, barges: null };
    const trunk = { ...forward, status: "connected", leg };
    const rung = facts.map(({ dn: user, at }) => {
      return { kind: "ringing", user, at, unseen: true, fault: null, link: 0, instead: [] };
    });
    const fields = { event: "incoming", user: "104", callerid: "1188", finishtype: "Ok" };
    const got = [{ at: at + 20_000, fields: { ...fields, id: "260504100049_35-1" } }];
    for (const missedRings of [facts.slice(1), []]) {
      const chain = { ...box, facts: [...facts, trunk] };
      const truth = { ...known, ...more, chain, due: rung, rule: "xapiFails", missedRings };
      const found = falsehoods(truth as unknown as Truth, got, []);
      const lies = falsehoods(truth as unknown as Truth, got, got).length - found.length;
      expect(lies).toBe(missedRings.length === 0 ? 1 : 0);
    }
  });
});

describe("a voicemail box that the list has at its owner, who talked until then", () => {
  const box = { at, what: "shown", dn: "666", kind: "specialmenu", place: "105", leg: { id: 413 } };
  const gone = { at, what: "gone", dn: "105", leg };
  const sent = { facts: [box, gone], overAt: at + 60_000 } as unknown as Chain;
  const eyes = { listMs: 1_000, lateListMs: 0, briefMs: 10, sees: () => true };
  const own = "/callcontrol/105/participants/412";

  it.each([
    ["looks like them where the PBX denied their leg by then", own, at - 800, at + 20, 1],
    ["does not where it had shown that leg again", own, at - 800, at - 20, 0],
    ["does not where it denied it only after that", own, at + 10, at + 20, 0],
    ["does not for another leg", "/callcontrol/105/participants/411", at - 800, at + 20, 0],
  ])("%s", (_, entity, fromAt, toAt, count) => {
    const notes: FaultNote[] = [{ fault: "missingGets", fromAt, toAt, entity }];
    expect(unseenBoxes(sent, [], notes, eyes)).toHaveLength(count);
  });
});

describe("a voicemail box whose owner is taken from the list of monitored DNs just after the call is over", () => {
  const box = { at, what: "shown", dn: "666", kind: "specialmenu", place: "105", leg: { id: 413 } };
  const spoken = { facts: [box], overAt: at + 60_000 } as unknown as Chain;
  const taken = { dn: "105", at: at + 60_500, visible: false, settledAt: at + 61_000 };

  it.each([
    ["looks like them where the list lags", 1_100, 1],
    ["does not where it does not", 0, 0],
  ])("%s", (_, lateListMs, count) => {
    const eyes = { listMs: 1_000, lateListMs, briefMs: 10, sees: () => true };
    expect(unseenBoxes(spoken, [taken], [], eyes)).toHaveLength(count);
  });
});

describe("who has the call back just after they were taken from the list of monitored DNs", () => {
  const taken = { dn: "105", at: at - 3_000, visible: false };
  const facts = [{ at, what: "shown", status: "connected", dn: "105", leg }] as unknown as Fact[];
  const visibility = { listMs: 1_000, listedBy: (from: number) => from + 1_000, briefMs: 10 };

  it.each([
    [
      "is not known where it is over before all legs were read",
      Number.POSITIVE_INFINITY,
      "takenUnlisted",
    ],
    [
      "is not known where it is over before the list was read after that",
      at + 3_500,
      "takenUnlisted",
    ],
    ["is known where the list has been read since", at + 2_000, undefined],
    ["is known where all legs were read before", at - 1_000, undefined],
  ])("%s", (_, settledAt, rule) => {
    const changes = [{ ...taken, settledAt }];
    const told = takenUnread({ facts, overAt: at + 4_000 }, changes, visibility, []);
    expect(told?.rule).toBe(rule);
  });
});
