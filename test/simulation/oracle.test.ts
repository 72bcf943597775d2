/** Rules of the oracle by name: what it says of who can be seen, and of what no look at the list told. */
import { describe, expect, it } from "vitest";
import type { Leg } from "../../src/simulator/model.ts";
import { allSeen, chainOf, gone, leg, pollMs, shown } from "./chainByHand.ts";
import { goneTogether } from "./departure.ts";
import type { Due, Visibility } from "./due.ts";
import { dnChanged } from "./exemptions.ts";
import type { Chain, Fact } from "./journal.ts";
import { Telling } from "./oracle.ts";
import { parkedUntold } from "./parking.ts";
import { standIns, unseenMs } from "./standIns.ts";
import { twinStays } from "./twins.ts";
import { dueWithoutList } from "./withoutList.ts";

const noList = { listMs: null, listedBy: (at: number) => at };

function dueOf(facts: Fact[], overAt: number, more: Partial<Visibility> = {}): readonly Due[] {
  return new Telling(chainOf(facts, overAt), { ...allSeen, ...more }).due;
}

/** The `ringing` of a place, each with whether it must be told. */
const offersAt = (due: readonly Due[], place: string) =>
  due.filter(({ user, kind }) => user === place && kind === "ringing").map((one) => !one.unseen);

describe("a queue that cannot be seen, to which the call comes back", () => {
  const unseen = { sees: (dn: string) => dn !== "800" && dn !== "810" };

  it.each([
    [700, false],
    [5_000, true],
  ])("after %i ms at a menu of which only the list tells", (menuMs, isDue) => {
    const first = leg("800", "queue", [0, 10_000]);
    const menu = leg("810", "ivr", [10_000, 10_000 + menuMs]);
    const again = leg("800", "queue", [10_000 + menuMs, 30_000]);
    const agent = leg("101", "extension", [20_000, 30_000], "800");
    const facts = [
      shown(0, first, "connected"),
      gone(first),
      shown(10_000, menu, "connected"),
      gone(menu),
      shown(10_000 + menuMs, again, "connected"),
      shown(20_000, agent, "ringing", "800"),
    ];
    // The agent's leg names it, which tells whoever has not been told.
    expect(offersAt(dueOf(facts, 30_000, unseen), "800")).toEqual([false, isDue]);
  });

  it.each([
    ["where no list tells that it had given the call away", noList, false],
    ["where the list tells that it had given the call away", {}, true],
  ])("from a phone that its legs name it for, %s", (_name, list, isDue) => {
    const first = leg("800", "queue", [0, 10_000]);
    const phone = leg("101", "extension", [10_000, 15_000], "800");
    const again = leg("800", "queue", [15_000, 30_000]);
    const agent = leg("102", "extension", [16_000, 30_000], "800");
    const facts = [
      shown(0, first, "connected"),
      gone(first),
      shown(10_000, phone, "ringing"),
      gone(phone),
      shown(15_000, again, "connected"),
      shown(16_000, agent, "ringing", "800"),
    ];
    const due = dueOf(facts, 30_000, { ...unseen, ...list });
    // The phone's leg names it, too.
    expect(offersAt(due, "800")).toEqual([true, isDue]);
  });
});

describe("a conversation that goes on in a conference", () => {
  it.each([
    ["is told until then", 5_000, 0],
    ["may be told until it went there, where it ends before the list is read", 800, 800],
  ])("%s", (_name, conferredMs, lostMs) => {
    const overAt = 10_000 + conferredMs;
    const own = leg("101", "extension", [0, 10_000]);
    const room = leg("700", "conference", [10_000, overAt]);
    const due = dueOf(
      [
        shown(0, own, "ringing"),
        shown(1_000, own, "connected"),
        shown(10_000, room, "connected"),
        gone(own),
      ],
      overAt,
    );
    expect(due.at(-1)).toMatchObject({ kind: "ended", talkMs: overAt - 1_000, lostMs });
  });
});

it.each([
  ["falls silent with that", 10_000],
  ["falls silent a moment later", 10_700],
])(
  "a call is parked by who has it ring at a phone that %s: that attempt has failed",
  (_what, silentAt) => {
    const own = leg("101", "extension", [0, 10_000]);
    const rung = leg("102", "extension", [8_000, silentAt]);
    const place = leg("SP0", "parking", [10_000, 20_000]);
    const facts = [
      shown(0, own, "ringing"),
      shown(1_000, own, "connected"),
      shown(8_000, rung, "ringing"),
      gone(rung),
      shown(10_000, place, "connected"),
      gone(own),
    ];
    const [offered, ended, missed] = dueOf(facts, 20_000).slice(-3);
    expect(offered).toMatchObject({ kind: "ringing", user: "102", link: 2 });
    expect(ended).toMatchObject({ finish: "Ok", transfer: "True", user: "101", link: 1 });
    expect(missed).toMatchObject({ finish: "Missed", user: "101", link: 3 });
  },
);

describe("a conversation that goes on in a conference, which no list tells,", () => {
  it.each([
    ["was over before it could be read", 50, "briefTalk"],
    ["looks over then", 500, null],
  ])("%s", (_name, talkMs, rule) => {
    const [overAt, goneAt] = [20_000, 1_000 + talkMs];
    const eyes = { ...allSeen, ...noList, briefMs: 90, sees: (dn: string) => dn !== "700" };
    const own = leg("101", "extension", [0, goneAt]);
    const room = leg("700", "conference", [goneAt, overAt]);
    const talk = [shown(0, own, "ringing"), shown(1_000, own, "connected"), gone(own)];
    const chain = chainOf([...talk, shown(goneAt, room, "connected")], overAt);
    const { exemption } = dueWithoutList(chain, new Telling(chain, eyes).due, eyes);
    expect(exemption?.rule ?? null).toBe(rule);
    const rung = { kind: "ringing", user: "102", link: 2, at: 1_020, transfer: null };
    const [talked, end] = [
      { kind: "answered", user: "101", link: 1, at: 1_000, latest: 0, transfer: null },
      { kind: "ended", user: "101", link: 1, at: overAt, finish: "Ok", transfer: "False" },
    ];
    const due = dueWithoutList(chain, [talked, rung, end] as unknown as Due[], eyes).due;
    expect(due.at(-1)).toMatchObject({ finish: "Ok", link: 1 });
  });
});

it("a phone that rings for a moment as who talked leaves may be told, where a fault may have hid it and all looks over", () => {
  const [leftAt, silentAt, overAt] = [10_000, 10_400, 30_000];
  const first = leg("101", "extension", [0, leftAt]);
  const own = leg("101", "extension", [leftAt, silentAt]);
  const box = leg("666", "specialmenu", [silentAt, overAt]);
  const seen: Visibility["seen"] = (at, one) =>
    one === own && at < silentAt ? { at: 12_000, fault: "failingGets" } : { at, fault: null };
  const eyes: Visibility = { ...allSeen, ...noList, seen, sees: (dn) => dn !== "666" };
  const facts = [
    shown(0, first, "ringing"),
    shown(1_000, first, "connected"),
    shown(leftAt, own, "ringing"),
    gone(first),
    shown(silentAt, box, "connected"),
    gone(own),
  ];
  const chain = chainOf(facts, overAt);
  const { due, exemption } = dueWithoutList(chain, new Telling(chain, eyes).due, eyes);
  expect(due.slice(-2)).toMatchObject([
    { kind: "ended", link: 1, transfer: null },
    { kind: "ringing", link: 2, unseen: true },
  ]);
  expect(exemption).toEqual({ rule: "aboutTheGrace", fromAt: silentAt });
});

it("an outgoing call that is handed on as it ends, which the log alone tells, may be missed where it came last", () => {
  const overAt = 10_400;
  const own = leg("126", "extension", [0, 10_000]);
  const menu = leg("810", "ivr", [10_000, overAt]);
  const facts = [
    shown(0, own, "connected"),
    shown(10_000, menu, "connected"),
    gone(own),
    gone(menu),
  ];
  const call = {
    callbackOrdered: false,
    caller: { dn: "820", kind: "ringgroup" },
    callee: { dn: "10007", kind: "trunk" },
  };
  const chain = { ...chainOf(facts, overAt), direction: "outgoing", call } as unknown as Chain;
  const instead = (fault: "ownRestarts" | null) =>
    new Telling(chain, { ...allSeen, seen: () => ({ at: 12_000, fault }) }).due.at(-1)?.instead;
  expect(instead("ownRestarts")).toContain("820");
  expect(instead(null)).not.toContain("820");
});

it.each([
  ["came there straight from an outside phone", 20_000, ["108"]],
  ["was elsewhere in between", 25_000, []],
])(
  "a call in a voicemail box that %s may be missed by the box's owner: %i",
  (_, boxedAt, owners) => {
    const overAt = 60_000;
    const own = leg("104", "extension", [0, 10_000]);
    const outward = leg("10007", "trunk", [10_000, 20_000]);
    const box = leg("666", "specialmenu", [boxedAt, overAt]);
    const facts = [
      shown(0, own, "ringing"),
      shown(1_000, own, "connected"),
      shown(10_000, outward, "ringing"),
      gone(own),
      gone(outward),
      shown(boxedAt, box, "connected", "108"),
    ];
    const end = dueOf(facts, overAt).at(-1);
    expect(end).toMatchObject({ user: "104", finish: "Missed" });
    expect(end?.instead).toEqual(owners);
  },
);

describe("a call that is parked again at the place where it was before", () => {
  const parkedAt = 20_000;
  const knowing = { ...allSeen, briefMs: 10, listMs: 1_000, lateListMs: 0 };
  /** Taken back, and parked again so long after that; gone from there at `leftAt`. */
  const again = (talkMs: number, leftAt: number) => {
    const backAt = parkedAt - talkMs;
    const [own, before] = [
      leg("101", "extension", [0, 5_000]),
      leg("SP0", "parking", [5_000, backAt]),
    ];
    const back = leg("101", "extension", [backAt, parkedAt]);
    const place = leg("SP0", "parking", [parkedAt, leftAt]);
    return [
      shown(0, own, "ringing"),
      shown(1_000, own, "connected"),
      shown(5_000, before, "connected"),
      gone(own),
      shown(backAt, back, "connected"),
      gone(before),
      shown(parkedAt, place, "connected"),
      gone(back),
    ];
  };

  it.each([
    [
      "just after it was taken back, may seem to have lost its caller with that user",
      700,
      1_500,
      "goneTogether",
    ],
    ["just after that, is known to be there in the end", 700, 8_000, null],
    ["later, is known to be there at once", 3_000, 1_500, null],
  ])("%s", (_name, talkMs, waitsMs, rule) => {
    const overAt = parkedAt + waitsMs;
    const chain = chainOf(again(talkMs, overAt), overAt);
    const due = new Telling(chain, knowing).due;
    expect(goneTogether(chain, due, knowing)?.rule ?? null).toBe(rule);
  });

  it.each([
    ["just after that, may be taken for another's call", 700, 4_700, parkedAt],
    ["later, is known", 3_000, 4_700, null],
  ])("%s, when it is taken back in a call of its own", (_name, talkMs, waitsMs, fromAt) => {
    const takenAt = parkedAt + waitsMs;
    const call = { id: 2 } as Leg["call"];
    const taker = { ...leg("102", "extension", [takenAt - 100, takenAt + 9_000]), legid: 1, call };
    const chain = chainOf(
      [...again(talkMs, takenAt), shown(takenAt, taker, "connected")],
      takenAt + 9_000,
    );
    expect(parkedUntold(chain, knowing, [])?.fromAt ?? null).toBe(fromAt);
    expect(parkedUntold(chain, { ...knowing, lateListMs: 3_000 }, [])?.fromAt).toBe(parkedAt);
    expect(parkedUntold(chain, { ...knowing, listMs: null }, [])).toBeNull();
    // Each look fails until then, or all but one.
    const fails = [0, 1, 2, 3, 4].map((n) => {
      const at = parkedAt + n * pollMs;
      return { fault: "xapiFails", fromAt: at, toAt: at, entity: null } as const;
    });
    expect(parkedUntold(chain, knowing, fails)?.fromAt).toBe(parkedAt);
    expect(parkedUntold(chain, knowing, fails.slice(1))?.fromAt ?? null).toBe(fromAt);
    // Or those after the time by which the list lags.
    const lagging = { ...knowing, lateListMs: 100 };
    expect(parkedUntold(chain, lagging, [])?.fromAt ?? null).toBe(fromAt);
    expect(parkedUntold(chain, lagging, fails.slice(1))?.fromAt).toBe(parkedAt);
  });

  it.each<[string, string, number, "connected" | "ringing", string | null]>([
    [
      "just after that, may seem to talk on at another phone",
      "101",
      700,
      "connected",
      "takenBackSoon",
    ],
    ["later, is known", "101", 3_000, "connected", null],
    ["by somebody else, is known", "103", 700, "connected", null],
    ["where it rings first, is known", "101", 700, "ringing", null],
  ])("%s, when it is taken back", (_name, taker, talkMs, status, rule) => {
    const takenAt = parkedAt + 4_700;
    const taken = leg(taker, "extension", [takenAt, takenAt + 9_000]);
    const facts = [...again(talkMs, takenAt), shown(takenAt, taken, status)];
    expect(parkedUntold(chainOf(facts, takenAt + 9_000), knowing, [])?.rule ?? null).toBe(rule);
  });
});

it("a place that has the call again may not be seen before the list has insisted, and can be read then", () => {
  const eyes = { ...allSeen, sees: () => false, listedBy: (at: number) => at + 3_000 };
  const [before, again] = [{ user: "800" }, { user: "800" }] as unknown as [Due, Due];
  const place = { user: "800", kind: "queue", usertype: "queue", at: 1_000, due: again } as const;
  expect(unseenMs(place, [before, again], eyes)).toBe(10 + 5_000 + 3_000);
  expect(unseenMs(place, [again], eyes)).toBe(10 + pollMs);
});

describe("a hand-over to who is not monitored, whose user leaves while that phone rings", () => {
  it.each([
    ["may have lost its caller with that user until the sixth look", 1_550 + 29, 0, "goneTogether"],
    ["is known then", 1_550 + 31, 0, null],
    ["may have, from when a fault let it be seen that they left", 2_050 + 29, 500, "goneTogether"],
    ["is known then, too", 2_050 + 31, 500, null],
  ])("%s", (_, waitsMs, lateMs, rule) => {
    const user = leg("101", "extension", [0, 9_000]);
    const rung = leg("104", "extension", [5_000, 9_000 + waitsMs]);
    const chain = chainOf(
      [
        shown(0, user, "ringing"),
        shown(1_000, user, "connected"),
        shown(5_000, rung, "ringing"),
        gone(user),
      ],
      9_000 + waitsMs,
    );
    const seen = (at: number) => ({ at: at === 9_000 ? at + lateMs : at, fault: null });
    const eyes = { ...allSeen, seen, sees: (dn: string) => dn !== "104" };
    expect(goneTogether(chain, new Telling(chain, eyes).due, eyes)?.rule ?? null).toBe(rule);
  });
});

describe("a parking that a list which lags is yet to show as the PBX restarts", () => {
  it.each([
    ["may be the end until the list has been looked at again", 2_210, 1, "goneTogether"],
    ["is known then", 2_211, 1, undefined],
    ["may be the end, from when we were blind before that", 2_709, 500, "goneTogether"],
    ["is known then, too", 2_710, 500, undefined],
  ])("%s", (_, waitsMs, blindMs, rule) => {
    const user = leg("101", "extension", [0, 9_000]);
    const place = leg("SP0", "parking", [9_000, 9_000 + waitsMs]);
    const talks = [shown(0, user, "ringing"), shown(1_000, user, "connected")];
    const facts = [...talks, shown(9_000, place, "connected"), gone(user)];
    const chain = chainOf(facts, 9_000 + waitsMs);
    const lags = { ...allSeen, lateListMs: 1_100 };
    const { due } = new Telling(chain, lags);
    const ruleOf = (unloggedMs: number) =>
      goneTogether(chain, due, { ...lags, unloggedMs: () => unloggedMs })?.rule;
    expect(ruleOf(blindMs)).toBe(rule);
    expect(ruleOf(0)).toBeUndefined();
  });
});

describe("a phone that is taken from the list of monitored DNs just after it was laid down", () => {
  const leg = { dn: "104", id: 1, end: { at: 10_000 } };
  const facts = [{ at: 5_000, what: "shown", dn: "104", leg }];
  const chain = { facts, startedAt: 1_000, overAt: 60_000 } as unknown as Chain;
  const taken = { dn: "104", at: 12_000, settledAt: 14_000, visible: false };

  it.each([
    ["is not seen to go, as a fault hid it and no list tells", 12_000, null, "104", 10_000],
    ["is seen to go in time", 11_999, null, "104", null],
    ["is seen to be gone in the list", 12_000, pollMs, "104", null],
    ["is another", 12_000, null, "105", null],
  ])("%s", (_, seenAt, listMs, dn, fromAt) => {
    const seen = (at: number) => ({ at: at === 10_000 ? seenAt : at, fault: null });
    const exemption = dnChanged(chain, [{ ...taken, dn }], { ...allSeen, listMs, seen });
    expect(exemption).toEqual(fromAt === null ? null : { rule: "dnChanged", fromAt });
  });
});

describe("another caller with the number of one who was at a phone that was taken from the list of monitored DNs", () => {
  const first = chainOf([shown(0, leg("104", "extension", [0, 10_000]), "connected")], 10_000);
  const [came, went] = [20_000, 30_000];
  const facts = [
    shown(10_500, leg("106", "extension", [10_500, came]), "connected"),
    shown(came, leg("104", "extension", [came, went]), "connected"),
  ];
  const second = chainOf(facts, went);
  const taken = { dn: "104", at: 12_000, settledAt: 14_000, visible: false };
  const stay = { dn: "104", fromAt: came, toAt: went, talks: true };

  it.each([
    ["seems to be that one, who came there then", {}, taken, null, [stay]],
    ["is told apart by the list", {}, taken, pollMs, []],
    ["has another number", { outside: "777" }, taken, null, []],
    ["came there before", {}, { ...taken, at: 20_001 }, null, []],
    ["was at another phone", {}, { ...taken, dn: "105" }, null, []],
    ["comes as the phone is put on that list", {}, { ...taken, visible: true }, null, []],
  ])("%s", (_, more, change, listMs, stays) => {
    const other = { ...second, ...more };
    expect(twinStays(first, [first, other], [change], { listMs })).toEqual(stays);
  });
});

it.each([
  ["a moment before the end, may seem to have given it to whom it rings", 9_991, ["800", "112"]],
  ["earlier, is told as missed there", 9_989, []],
])("a queue whose calls overflow into itself, %s", (_, againAt, instead) => {
  const level = { user: "800", usertype: "queue", kind: "queue", at: 0 } as const;
  const due = [{ user: "800" }, { user: "112" }] as unknown as Due[];
  const place = leg("800", "queue", [againAt, 10_000]);
  expect(standIns([level], [place], [], 10_000, due, allSeen)).toEqual(instead);
});
