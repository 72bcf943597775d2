/** Rules of the oracle by name: what nobody could see of rings, pick-ups and joins. */
import { describe, expect, it } from "vitest";
import type { Leg } from "../../src/simulator/model.ts";
import { allSeen, chainOf, gone, leg, shown } from "./chainByHand.ts";
import { goneTogether } from "./departure.ts";
import type { Due, Visibility } from "./due.ts";
import { forwardMissed, missedRings } from "./exemptions.ts";
import { joinedUnseen } from "./joinedUnseen.ts";
import type { Fact } from "./journal.ts";
import { Telling } from "./oracle.ts";
import { parkedUntold } from "./parking.ts";
import type { FaultName, Setting } from "./setting.ts";
import { pickedUpInstead } from "./twins.ts";
import { takenBackUnread } from "./withoutList.ts";

it.each([
  [
    "may have lost its caller then until the list was asked for long enough",
    5_000 + 1_309,
    "goneTogether",
  ],
  ["is known then", 5_000 + 1_310, null],
])(
  "who is not monitored, and passed the call on to a fax while we were blind, %s",
  (_, waitsMs, rule) => {
    const overAt = 9_000 + waitsMs;
    const user = leg("101", "extension", [0, 9_000]);
    const fax = leg("900", "fax", [9_000, overAt]);
    const talks = [shown(0, user, "ringing"), shown(1_000, user, "connected"), gone(user)];
    const chain = chainOf([...talks, shown(9_000, fax, "connected")], overAt);
    const eyes = { ...allSeen, sees: () => false };
    const left = { transfer: "True", user: "101", link: 1, at: 9_000, latest: 14_000 } as Due;
    expect(goneTogether(chain, [left], eyes)?.rule ?? null).toBe(rule);
  },
);

it.each([
  ["another outside party, is nobody's call", "420602000002", 1],
  ["its own caller, goes on", "", 2],
])("a call that is joined with one begun by %s", (_, number, ends) => {
  const user = leg("101", "extension", [0, 9_000]);
  const trunk = leg("10007", "trunk", [5_000, 20_000]);
  const first = Object.assign(trunk, { call: { id: 2, allLegs: [trunk] }, outside: { number } });
  const talks = [shown(0, user, "ringing"), shown(1_000, user, "connected"), gone(user)];
  const chain = chainOf([...talks, shown(9_000, first as Leg, "connected")], 20_000);
  const { due } = new Telling(chain, allSeen);
  expect(due.filter(({ kind }) => kind === "ended")).toHaveLength(ends);
});

it.each([
  ["which is over before the list is read again", 1_010, 0, "briefHandOver"],
  ["which the list has shown", 1_011, 0, undefined],
  ["which is over before we see again", 4_000, 4_000, "briefHandOver"],
  ["which we see when we see again", 4_001, 4_000, undefined],
])("a parked call that goes outside by itself, %s", (_, lastsMs, blindMs, rule) => {
  const outsideAt = 20_000;
  const overAt = outsideAt + lastsMs;
  const user = leg("101", "extension", [0, 9_000]);
  const place = leg("SP0", "parking", [9_000, outsideAt]);
  const trunk = leg("10007", "trunk", [outsideAt, overAt]);
  const facts = [
    shown(0, user, "ringing"),
    shown(1_000, user, "connected"),
    shown(9_000, place, "connected"),
    gone(user),
    shown(outsideAt, trunk, "ringing"),
    gone(place),
  ];
  const blindTo = outsideAt + blindMs;
  const seen = (at: number) => ({ at: at > outsideAt ? Math.max(at, blindTo) : at, fault: null });
  const { unknowable } = new Telling(chainOf(facts, overAt), { ...allSeen, seen });
  expect(unknowable?.rule).toBe(rule);
});

it.each([
  ["and the log fails when we see again, is not known", 2_500, 9_100, ["xapiFails"]],
  ["and the log tells of it when we see again", 2_500, null, []],
  ["unless the list was read before that", 3_100, 9_100, []],
])(
  "a phone outside that answers as the list fails, before we are blind, %s",
  (_, at, failsAt, rules) => {
    const trunk = leg("10007", "trunk", [0, 8_000]);
    const chain = chainOf([shown(0, trunk, "ringing"), shown(1_000, trunk, "connected")], 8_000);
    const fails = [1_500, ...(failsAt === null ? [] : [failsAt])];
    const notes = [
      { fault: "ownRestarts" as const, fromAt: at, toAt: 9_000, entity: null },
      ...fails.map((fromAt) => ({
        fault: "xapiFails" as const,
        fromAt,
        toAt: fromAt,
        entity: null,
      })),
    ];
    expect(forwardMissed(chain, allSeen, notes).map(({ rule }) => rule)).toEqual(rules);
  },
);

describe("who is not monitored, and sends on outside what was handed to them", () => {
  it.each([
    [1_000, 585, ["forwardUnseen"]],
    [1_000, 1_500, []],
    [0, 585, []],
  ])("where the list lags %i ms, %i ms after they rang", (lagMs, ringMs, rules) => {
    const ring = leg("103", "extension", [1_000, 1_000 + ringMs]);
    const trunk = { ...leg("10007", "trunk", [1_000 + ringMs, 60_000]), onBehalfOf: { dn: "106" } };
    const sent = shown(1_000 + ringMs, trunk as Leg, "ringing");
    const facts = [shown(1_000, ring, "ringing"), gone(ring), sent];
    const lateListMs = lagMs === 0 ? 0 : lagMs + 100;
    const visibility = { ...allSeen, lateListMs, sees: (dn: string) => dn !== "103" };
    const missed = missedRings(chainOf(facts, 60_000), visibility, []);
    expect(missed.map(({ rule }) => rule)).toEqual(rules);
  });
});

it.each([
  [1_000, "unseenAttempt"],
  [2_500, undefined],
])(
  "who picks up what a queue rings that cannot be seen, and hands it back there after %i ms",
  (afterMs, rule) => {
    const [queue, again] = [
      leg("800", "queue", [0, 5_000]),
      leg("800", "queue", [5_000 + afterMs, 20_000]),
    ];
    const taken = leg("101", "extension", [4_900, 30_000]);
    const polled = leg("104", "extension", [5_000 + afterMs, 20_000], "800");
    const facts = [
      shown(0, queue, "connected"),
      shown(5_000, taken, "connected"),
      gone(queue),
      shown(5_000 + afterMs, again, "connected"),
      shown(5_000 + afterMs, polled, "ringing", "800"),
      gone(again),
      gone(polled),
    ];
    const visibility = { ...allSeen, sees: (dn: string) => dn !== "800" };
    const { unknowable } = new Telling(chainOf(facts, 30_000), visibility);
    expect(unknowable?.rule).toBe(rule);
  },
);

it.each([
  [50_000, "lostFrames"],
  [5_000, null],
])(
  "who left seems to talk on at the phone that they had laid down before, until %i",
  (seenAt, rule) => {
    const [first, second] = [
      leg("118", "extension", [0, 5_000]),
      leg("118", "extension", [4_500, 10_000]),
    ];
    const joined = leg("103", "extension", [10_000, 30_000]);
    const facts = [
      shown(1_000, first, "connected"),
      shown(4_500, second, "connected"),
      gone(first),
      gone(second),
      shown(10_000, joined, "connected"),
    ];
    const isLost = (one: Leg | null) => one === first && seenAt > 5_000;
    const seen = (at: number, one: Leg | null) =>
      isLost(one) && at >= 5_000
        ? { at: seenAt, fault: "lostFrames" as const }
        : { at, fault: null };
    const { unknowable } = new Telling(chainOf(facts, 30_000), { ...allSeen, seen });
    expect(unknowable).toEqual(rule === null ? null : { rule, fromAt: 10_000 });
  },
);

it.each([
  ["while we are blind, as a moment after it was parked, is not known", 10_800, 16_000, 10_000],
  ["after that is, if the list does not lag", 10_800, 16_000, null, 0],
  ["when we see again is", 10_800, 21_000, null],
  ["while we are blind, as since before that, is known as any blind stretch", 9_000, 16_000, null],
])("what is taken back in a call of its own %s", (_, blindAt, backAt, fromAt, lagMs = 1_000) => {
  const place = leg("SP1", "parking", [10_000, backAt]);
  const user = leg("119", "extension", [0, 10_000]);
  const call = { id: 2 } as Leg["call"];
  const taker = { ...leg("101", "extension", [backAt - 100, 30_000]), legid: 1, call };
  const facts = [
    shown(0, user, "connected"),
    gone(user),
    shown(10_000, place, "connected"),
    shown(backAt, taker, "connected"),
  ];
  const seen = (at: number) => ({ at: at >= blindAt && at < 20_000 ? 20_000 : at, fault: null });
  const blinded = (from: number, to: number) => to >= blindAt && from < 20_000;
  const eyes = { ...allSeen, lateListMs: lagMs === 0 ? 0 : lagMs + 100, seen, blinded };
  expect(parkedUntold(chainOf(facts, 30_000), eyes, [])?.fromAt ?? null).toBe(fromAt);
});

const fails: FaultName = "xapiFails";

it.each<[string, boolean, number, readonly [FaultName, number, number][], string | null]>([
  ["as each look fails", true, 10_900, [[fails, 0, 0]], "takenBackSoon"],
  ["but a look came in time", true, 11_100, [[fails, 0, 0]], null],
  [
    "as one look fails and we are down then",
    true,
    16_000,
    [
      [fails, 0, 0],
      ["ownRestarts", 500, 8_000],
    ],
    "takenBackSoon",
  ],
  [
    "but a look came before we were down",
    true,
    16_000,
    [
      [fails, 0, 0],
      ["ownRestarts", 1_100, 8_000],
    ],
    null,
  ],
  [
    "but we were back before",
    true,
    16_000,
    [
      [fails, 0, 0],
      ["ownRestarts", 500, 5_000],
    ],
    null,
  ],
  [
    "of who is not monitored, as both looks fail",
    false,
    12_070,
    [
      [fails, 200, 200],
      [fails, 1_200, 1_200],
    ],
    "takenBackSoon",
  ],
  ["of who is not monitored, but one came in time", false, 12_070, [[fails, 200, 200]], null],
  ["of who is not monitored, where none fails", false, 10_500, [], null],
])("a call that is taken back by who parked it, %s", (_, sees, backAt, faults, rule) => {
  const left = { kind: "ended", transfer: "True", user: "101", at: 10_000 };
  const due = [left, { kind: "answered", user: "101", at: backAt }] as Due[];
  const notes = faults.map(([fault, from, to]) => {
    return { fault, fromAt: left.at + from, toAt: left.at + to, entity: null };
  });
  const eyes = { ...allSeen, sees: () => sees };
  expect(takenBackUnread(due, eyes, notes)?.rule ?? null).toBe(rule);
});

it.each([
  ["fails", 1_600, "takenBackSoon"],
  ["is made before that, which tells nothing", 200, null],
])(
  "a call that is taken back as the list, which lags, has been read once, and a look after that lag %s",
  (_, failsAt, rule) => {
    const left = { kind: "ended", transfer: "True", user: "101", at: 10_000 };
    const due = [left, { kind: "answered", user: "101", at: 12_300 }] as Due[];
    const at = left.at + failsAt;
    const notes = [{ fault: "xapiFails", fromAt: at, toAt: at, entity: null } as const];
    const eyes = { ...allSeen, lateListMs: 300 };
    expect(takenBackUnread(due, eyes, notes)?.rule ?? null).toBe(rule);
  },
);

it.each([
  ["seems to ring when the call is handed over", 1_400, 9_000, true],
  ["does not, if it was seen to ring before the answer", 900, 9_000, false],
  ["does not, if it was seen to fall silent", 1_400, 2_900, false],
])("a phone that rang with who answered %s", (_, rangAt, silentAt, seems) => {
  const user = leg("104", "extension", [0, 3_000], "820");
  const other = leg("106", "extension", [0, 1_700], "820");
  const next = leg("101", "extension", [3_000, 8_000]);
  const facts = [
    ...[shown(0, user, "ringing"), shown(0, other, "ringing"), shown(1_000, user, "connected")],
    ...[gone(other), gone(user), shown(3_000, next, "ringing")],
  ];
  const seen = (at: number, one: Leg | null) =>
    one === other
      ? { at: at < 1_000 ? rangAt : silentAt, fault: "lostFrames" as const }
      : { at, fault: null };
  const { due } = new Telling(chainOf(facts, 8_000), { ...allSeen, seen });
  const again = due.filter((one) => one.kind === "ringing" && one.user === "106" && one.link === 2);
  expect(again.map(({ unseen, fault }) => ({ unseen, fault }))).toEqual(
    seems ? [{ unseen: true, fault: "lostFrames" }] : [],
  );
});

describe("another caller with that number is picked up where this one rings, too: this one", () => {
  const call = { id: 47 } as Leg["call"];
  const taker = { ...leg("116", "extension", [9_000, 30_000]), legid: 1, call };
  const picked = leg("106", "extension", [5_000, 10_000]);
  const rings = [shown(5_000, picked, "ringing"), gone(picked), shown(10_000, taker, "connected")];
  const other = { ...chainOf(rings, 30_000), number: 36, outside: "1188" };
  const stay = { dn: "116", fromAt: 10_000, toAt: 30_000, talks: true };

  it.each([
    ["seems to be, if that other ring could not be read", "106", 20_000, {}, 12_000, true],
    ["does not seem to be, if it could", "106", 20_000, {}, 5_000, false],
    ["does not seem to be, if it rings elsewhere", "107", 20_000, {}, 12_000, false],
    ["does not seem to be, if it has left there", "106", 9_000, {}, 12_000, false],
    ["does not seem to be, with another number", "106", 20_000, { outside: "7" }, 12_000, false],
  ])("%s", (_, dn, untilAt, more, readAt, seems) => {
    const rung = [shown(0, leg(dn, "extension", [0, untilAt]), "ringing")];
    const chain = { ...chainOf(rung, 40_000), number: 43, outside: "1188" };
    const seen = (at: number, one: Leg | null) => ({
      at: one === picked ? readAt : at,
      fault: null,
    });
    const told = pickedUpInstead({ ...chain, ...more }, [other], { ...allSeen, seen });
    expect(told).toEqual(seems ? { fromAt: 10_000, stays: [stay] } : null);
  });
});

describe("a join under a number that neither call had", () => {
  const joined = { what: "attended", at: 10_000, dn: "102", heard: true, spokeFromAt: 5_000 };
  const setting = { switches: { attendedTransfer: "newCall" } } as unknown as Setting;
  const rulesOf = (spoken: Leg[], more: Partial<Visibility>, to: Leg) => {
    const facts = [{ ...joined, spoken } as unknown as Fact, shown(10_000, to, "connected")];
    return joinedUnseen(chainOf(facts, 60_000), { ...allSeen, ...more }, setting).map(
      ({ rule }) => rule,
    );
  };

  it.each([
    [12_500, ["joinedUnseen"]],
    [11_000, []],
  ])("at who is not monitored, while we are blind until %i", (seenAt, rules) => {
    const to = leg("113", "extension", [10_000, 60_000]);
    const own = leg("102", "extension", [4_000, 10_000]);
    const blind = { blinded: () => true, sees: (dn: string) => dn !== "113" };
    const seen = (at: number) => ({ at: at > 10_000 ? seenAt : at, fault: null });
    expect(rulesOf([own], { ...blind, seen }, to)).toEqual(rules);
  });

  it.each([
    [["102", "113"], ["joinedUnseen"]],
    [["102"], []],
  ])("whose answer faults hid at the legs of %j", (hidden, rules) => {
    const legs = ["102", "113"].map((dn) => leg(dn, "extension", [4_000, 10_000]));
    const seen = (at: number, one: Leg | null) => {
      const isHidden = at === 5_000 && hidden.includes(one?.dn ?? "");
      return { at: isHidden ? 10_010 : at, fault: null };
    };
    expect(rulesOf(legs, { seen }, leg("113", "extension", [10_000, 60_000]))).toEqual(rules);
  });

  it.each([
    ["extension", ["joinedUnseen"]],
    [null, []],
  ] as const)(
    "with what a colleague's call had gone on to, which was denied as it answered (first: %s)",
    (first, rules) => {
      const own = leg("102", "extension", [4_000, 10_000]);
      const fax = leg("900", "fax", [9_400, 60_000]);
      const called = first === null ? [] : [leg("118", first, [4_000, 9_400])];
      const call = { allLegs: [own, ...called, fax] };
      const legs = [own, fax].map((one) => ({ ...one, call, answeredAt: 9_440 }) as unknown as Leg);
      call.allLegs = [...legs, ...called];
      const seen = (at: number, one: Leg | null) =>
        one?.dn === "102" && at >= 9_430
          ? ({ at: 20_000, fault: "missingGets" } as const)
          : { at, fault: null };
      expect(rulesOf(legs, { seen, sees: (dn: string) => dn !== "900" }, fax)).toEqual(rules);
    },
  );
});

it.each([
  ["as somebody else was rung", 80, 300, "briefHandOver"],
  ["long before that", 200, 300, null],
  ["while nobody was rung", 80, null, null],
])("the caller hangs up as somebody has come to hear, %s", (_, heardMs, rungMs, rule) => {
  const overAt = 10_000;
  const user = leg("119", "extension", [0, overAt]);
  const next = leg("102", "extension", [overAt - (rungMs ?? 0), overAt]);
  const ear = { ...leg("116", "extension", [overAt - heardMs, overAt]), barges: user };
  const facts = [
    ...[shown(0, user, "ringing"), shown(1_000, user, "connected")],
    ...(rungMs === null ? [] : [shown(overAt - rungMs, next, "ringing")]),
    shown(overAt - heardMs, ear, "connected"),
  ];
  const { unknowable } = new Telling(chainOf(facts, overAt), allSeen);
  expect(unknowable?.rule ?? null).toBe(rule);
});

it.each([
  ["by nobody's phone", "10007", ["xapiFails"]],
  ["by a phone that shows", "115", []],
])(
  "a call that is sent outside %s as the list fails, and ends there, is not known to be",
  (_, place, rules) => {
    const trunk = leg("10007", "trunk", [5_000, 7_500]);
    const chain = chainOf([shown(5_000, trunk, "ringing", place)], 7_500);
    const notes = [5_500, 6_500].map((fromAt) => {
      return { fault: "xapiFails", fromAt, toAt: fromAt, entity: null } as const;
    });
    expect(forwardMissed(chain, allSeen, notes).map(({ rule }) => rule)).toEqual(rules);
  },
);
