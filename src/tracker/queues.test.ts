/** Where a call comes by before somebody answers: queues, menus, parking places, applications (docs/contract.md §3). */
import { describe, expect, it } from "vitest";
import { inside, leg, outside, Phone, ref, row, talking } from "../../test/support/phone.ts";
import type { Leg } from "./activity.ts";

const inQueue = (queue: string) => ({ originatedBy: ref(queue) });

describe("queues and menus, again", () => {
  it("a queue that overflows to another: missed at the last", () => {
    const phone = new Phone();
    phone.leg("800", 4, "connected");
    phone.leg("101", 5, "ringing", inQueue("800"));
    phone.pass(30_000);
    phone.gone("101/5");
    phone.leg("805", 6, "connected", inQueue("800"));
    phone.gone("800/4");
    phone.leg("102", 7, "ringing", inQueue("805"));
    phone.pass(30_000);
    phone.gone("102/7", "805/6");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 800 -0",
      "ringing 101 -0",
      "ringing 805 -0",
      "ringing 102 -0",
      "ended 805 -0 Missed",
    ]);
  });

  it("a queue named by a phone that rings already is told", () => {
    for (const inOrder of [true, false]) {
      const phone = new Phone();
      phone.leg("101", 5, "ringing", inQueue("800"));
      phone.pass(30_000);
      if (inOrder) phone.gone("101/5");
      phone.leg("101", 7, "ringing", inQueue("805"));
      if (!inOrder) phone.gone("101/5");
      phone.gone("101/7");
      phone.list();
      const rings = inOrder ? ["ringing 805 -0", "ringing 101 -0"] : ["ringing 805 -0"];
      const missed = "ended 805 -0 Missed";
      expect(phone.told()).toEqual(["ringing 800 -0", "ringing 101 -0", ...rings, missed]);
    }
  });

  it("a queue is not told again by another device of its phone, seen late, when the list has the call at that phone", () => {
    const phone = new Phone({ listLateMs: 0 });
    phone.list(row("800", { status: "Routing" }));
    phone.leg("101", 5, "ringing", inQueue("800"));
    phone.pass(1_000);
    phone.list(row("101", { status: "Routing" }));
    phone.leg("101", 6, "ringing", inQueue("800"));
    phone.gone("101/5", "101/6");
    phone.list();
    expect(phone.told()).toEqual(["ringing 800 -0", "ringing 101 -0", "ended 101 -0 Missed"]);
  });

  it("a menu that the list names still, whose leg passed the call on: not told again, however late its row changes", () => {
    const phone = new Phone({ listLateMs: 1_000 });
    phone.leg("801", 3, "connected");
    phone.gone("801/3");
    phone.leg("101", 4, "ringing", inQueue("820"));
    phone.pass(10_000);
    phone.gone("101/4");
    phone.list(row("801", { status: "Routing", changedAt: phone.at }));
    phone.pass(6_000);
    phone.list(row("801", { status: "Routing", changedAt: phone.at }));
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 801 -0",
      "ringing 820 -0",
      "ringing 101 -0",
      "ended 820 -0 Missed",
    ]);
  });

  it("a queue whose last phone is seen only as all legs go: missed there, if that one goes, too", () => {
    const own = { onBehalfOf: ref("800") };
    for (const [ringsMs, more, where] of [
      [299, {}, "800"],
      [300, {}, "150"],
      [0, own, "150"],
    ] as const) {
      const phone = new Phone();
      phone.leg("800", 4, "connected");
      phone.gone("800/4");
      phone.leg("150", 5, "ringing", { ...inQueue("800"), ...more });
      phone.pass(ringsMs);
      phone.gone("150/5");
      phone.list();
      expect(phone.told()).toEqual([
        "ringing 800 -0",
        "ringing 150 -0",
        `ended ${where} -0 Missed`,
      ]);
    }
  });

  describe("a place that no leg shows gives the call to a phone that it does not ring", () => {
    /** 101 and 102 ring, for a place that they name or the list has; then another phone alone. */
    const givenUp = (place: string, named: boolean, more: Partial<Leg>, listLateMs = 0) => {
      const phone = new Phone({ listLateMs });
      const polled = named ? inQueue(place) : {};
      phone.leg("101", 5, "ringing", polled);
      phone.leg("102", 6, "ringing", polled);
      phone.at += 1_000;
      phone.list(row(place, { status: "Routing" }));
      phone.pass(5_000);
      phone.gone("101/5", "102/6");
      phone.leg("150", 7, "ringing", more);
      return phone;
    };
    const missedAt = (phone: Phone) => {
      phone.gone("150/7");
      phone.list();
      return phone.told().at(-1);
    };

    it.each([
      ["the PBX's router", { originatedBy: ref("ROUTER") }],
      ["nobody", { originatedBy: null }],
      ["nobody, on its behalf", { originatedBy: null, onBehalfOf: ref("800") }],
    ])("which %s rings: missed there", (_by, more) => {
      for (const place of ["800", "820"]) {
        expect(missedAt(givenUp(place, true, more))).toBe("ended 150 -0 Missed");
        // Where the phones before name none either, that tells nothing.
        expect(missedAt(givenUp(place, false, more))).toBe(`ended ${place} -0 Missed`);
      }
    });

    it("and the list has it there: missed there, whoever rings it", () => {
      for (const [named, by] of [
        [true, "820"],
        [false, "ROUTER"],
      ] as const) {
        const phone = givenUp("820", named, { originatedBy: ref(by) }, 1_000);
        phone.at += 999;
        phone.list(row("150", { status: "Routing" }));
        phone.at += 1;
        phone.list(row("150"));
        expect(phone.state.calls.get(7)?.level?.dn).toBe("820");
        phone.list(row("150", { status: "Routing" }));
        expect(missedAt(phone)).toBe("ended 150 -0 Missed");
      }
    });

    it("and the list has it at the place still: told no second time, unless it has come there again", () => {
      const phone = givenUp("820", true, {});
      const { at } = phone;
      phone.list(row("820", { status: "Routing" }));
      phone.at += 300;
      phone.list(row("820", { status: "Routing", changedAt: at - 5_000 }));
      expect(phone.told().slice(-1)).toEqual(["ringing 150 -0"]);
      phone.list(row("820", { status: "Routing", changedAt: at }));
      expect(phone.told()).toEqual(["ringing 820 -0"]);
    });

    it("and a list that lags by a second has it at the place still: told no second time", () => {
      const phone = givenUp("820", true, {}, 1_000);
      const { at } = phone;
      for (const [askedMs, told] of [
        [999, "ringing 150 -0"],
        [1_000, "ringing 820 -0"],
      ] as const) {
        phone.at = at + askedMs;
        phone.list(row("820", { status: "Routing", changedAt: at }));
        expect(phone.told().at(-1)).toBe(told);
      }
    });

    it.each([
      [999, "820"],
      [1_000, "101"],
    ])(
      "and a list asked %i ms later has it at the phone that rang before: missed at %s",
      (ms, at) => {
        const phone = new Phone({ listLateMs: 1_000 });
        phone.leg("101", 4, "ringing");
        phone.gone("101/4");
        phone.leg("101", 5, "ringing", inQueue("820"));
        phone.at += ms;
        phone.list(row("101", { status: "Routing", establishedAt: phone.at }));
        phone.gone("101/5");
        phone.list();
        expect(phone.told().slice(1)).toEqual([
          "ringing 820 -0",
          "ringing 101 -0",
          `ended ${at} -0 Missed`,
        ]);
      },
    );

    it("nor that of a menu before it, while a phone rings that names the place", () => {
      const phone = new Phone({ listLateMs: 1_000 });
      phone.leg("101", 5, "ringing", inQueue("820"));
      const { at } = phone;
      phone.at = at + 999;
      phone.list(row("801", { status: "Routing" }));
      expect(phone.told()).toEqual(["ringing 820 -0", "ringing 101 -0"]);
      phone.at = at + 1_000;
      phone.list(row("801", { status: "Routing" }));
      expect(phone.told()).toEqual(["ringing 801 -0"]);
    });

    it("while the others still ring: missed at the place, until that phone alone rings on", () => {
      const phone = new Phone();
      phone.leg("101", 5, "ringing", inQueue("820"));
      phone.leg("150", 7, "ringing");
      phone.list(row("150", { status: "Routing" }));
      phone.gone("101/5");
      phone.pass(299);
      expect(phone.state.calls.get(7)?.level?.dn).toBe("820");
      phone.pass(1);
      expect(missedAt(phone)).toBe("ended 150 -0 Missed");
    });
  });

  it("a queue that pauses between two phones: told once, whoever seems to ring on since before it had the call", () => {
    const phone = new Phone();
    phone.leg("105", 4, "ringing");
    phone.leg("101", 5, "ringing", inQueue("800"));
    phone.gone("101/5");
    phone.pass(10_000);
    phone.leg("102", 6, "ringing", inQueue("800"));
    phone.gone("102/6", "105/4");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 105 -0",
      "ringing 800 -0",
      "ringing 101 -0",
      "ringing 102 -0",
      "ended 800 -0 Missed",
    ]);
  });

  it("a queue that has it again, as the list says, and rings nobody yet: told once, whoever seems to ring on for another", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", inQueue("800"));
    phone.leg("102", 6, "ringing", inQueue("805"));
    phone.gone("101/5");
    phone.pass(5_000);
    const again = row("800", { status: "Routing", changedAt: phone.at });
    phone.list(again);
    phone.pass(10_000);
    phone.list(again);
    phone.gone("102/6");
    phone.list();
    expect(phone.told().slice(4)).toEqual(["ringing 800 -0", "ended 800 -0 Missed"]);
  });

  it("a menu whose leg is seen after the phones that were rung from there: told, and no more than a way by", () => {
    const phone = new Phone();
    phone.leg("101", 6, "ringing", { originatedBy: ref("820"), legNumber: 5 });
    phone.leg("801", 3, "connected", { legNumber: 3 });
    phone.gone("801/3");
    phone.at += 1_000;
    phone.list(row("820", { status: "Routing" }));
    phone.gone("101/6");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 820 -0",
      "ringing 101 -0",
      "ringing 801 -0",
      "ended 820 -0 Missed",
    ]);
  });

  it.each([
    [999, "101"],
    [1_000, "801"],
  ])(
    "a menu that only a list names, asked %i ms after it sent the call on to a phone: told, and missed at %s",
    (lateMs, missedAt) => {
      const phone = new Phone({ listLateMs: 1_000 });
      phone.leg("101", 6, "ringing");
      phone.pass(lateMs);
      phone.list(row("801", { status: "Routing", changedAt: phone.at - lateMs - 500 }));
      phone.pass(5_000);
      phone.gone("101/6");
      phone.list();
      const told = ["ringing 101 -0", "ringing 801 -0", `ended ${missedAt} -0 Missed`];
      expect(phone.told()).toEqual(told);
    },
  );

  it("a menu that leads back to the same queue: told again each time", () => {
    const phone = new Phone();
    for (const id of [10, 20, 30]) {
      phone.leg("801", id, "connected");
      phone.leg("800", id + 1, "connected", { originatedBy: ref("801") });
      phone.gone(`801/${id}`);
      phone.pass(5_000);
      if (id < 30) phone.leg("801", id + 10, "connected", inQueue("800"));
      phone.gone(`800/${id + 1}`);
    }
    phone.list();
    expect(phone.told()).toEqual([
      "ringing 801 -0",
      "ringing 800 -0",
      "ringing 801 -0",
      "ringing 800 -0",
      "ringing 801 -0",
      "ringing 800 -0",
      "ended 800 -0 Missed",
    ]);
  });

  it("a menu that leads back to itself is no call of its own making", () => {
    const phone = new Phone();
    phone.leg("801", 3, "connected", { originatedBy: ref("801") });
    phone.gone("801/3");
    phone.list();
    expect(phone.told()).toEqual(["ringing 801 -0", "ended 801 -0 Missed"]);
    expect(phone.events[0]?.direction).toBe("incoming");
  });

  it("a phone that forwards to its own user is called, it does not dial", () => {
    const phone = new Phone();
    phone.leg("110", 3, "ringing", { originatedBy: ref("110"), onBehalfOf: ref("110") });
    expect(phone.told()).toEqual(["ringing 110 -0"]);
    expect(phone.events[0]?.direction).toBe("incoming");
  });

  it("a parking place that rings back after its time", () => {
    const phone = talking();
    phone.gone("102/5");
    phone.list(row("SP0"));
    phone.pass(60_000);
    phone.leg("102", 9, "ringing", { originatedBy: ref("SP0") });
    phone.pass(5_000);
    phone.leg("102", 9, "connected");
    phone.gone("102/9");
    phone.list();
    expect(phone.told()).toEqual([
      "ended 102 -1 Ok passed on",
      "ringing 102 -2",
      "answered 102 -2 Blind",
      "ended 102 -2 Ok",
    ]);
  });
});

describe("the API client's own route point", () => {
  it("that takes a call and routes it on is reached as `other`, and misses nothing", () => {
    const phone = new Phone();
    phone.leg("app", 3, "ringing");
    phone.leg("app", 3, "connected");
    phone.leg("101", 4, "ringing", { originatedBy: ref("app") });
    phone.gone("app/3");
    phone.leg("101", 4, "connected");
    phone.gone("101/4");
    phone.list();
    expect(phone.told()).toEqual([
      "ringing app -0",
      "ringing 101 -0",
      "answered 101 -1 NotDef",
      "ended 101 -1 Ok",
    ]);
  });
});

describe("a ring group that sends the call on, as nobody of it can be rung", () => {
  it("is not where it rings then: on the group's own behalf", () => {
    const phone = new Phone();
    const sent = { originatedBy: ref("820"), onBehalfOf: ref("820") };
    phone.leg("101", 5, "ringing", sent);
    phone.gone("101/5");
    phone.list();
    expect(phone.told()).toEqual(["ringing 101 -0", "ended 101 -0 Missed"]);
  });
});

describe("the queues that a call has come by", () => {
  const queuesTold = (phone: Phone) =>
    phone.events.map(({ kind, user, queues }) => [kind, user, ...(queues ?? [])].join(" "));

  it("are in each event from the queue's own on, in their order, over transfers and restarts", () => {
    const phone = new Phone();
    phone.leg("801", 3, "connected");
    phone.leg("800", 4, "connected", { originatedBy: ref("801") });
    phone.leg("101", 5, "ringing", inQueue("800"));
    phone.gone("801/3", "101/5");
    phone.leg("805", 6, "connected", inQueue("800"));
    phone.gone("800/4");
    phone.leg("102", 7, "ringing", inQueue("805"));
    phone.leg("102", 7, "connected", inQueue("805"));
    phone.gone("805/6");
    phone.restart();
    phone.gone("102/7");
    phone.leg("800", 8, "connected", { referredBy: ref("102") });
    phone.leg("103", 9, "ringing", inQueue("800"));
    phone.gone("103/9", "800/8");
    phone.list();
    expect(queuesTold(phone)).toEqual([
      "ringing 801",
      "ringing 800 800",
      "ringing 101 800",
      "ringing 805 800 805",
      "ringing 102 800 805",
      "answered 102 800 805",
      "ended 102 800 805",
      "ringing 800 800 805",
      "ringing 103 800 805",
      "ended 800 800 805",
    ]);
  });

  it("are known from an agent's leg alone, and none of a call that is rung directly", () => {
    const phone = new Phone();
    phone.leg("101", 5, "ringing", inQueue("800"));
    phone.leg("102", 9, "ringing", { callNumber: 8 });
    expect(queuesTold(phone)).toEqual(["ringing 800 800", "ringing 101 800", "ringing 102"]);
  });

  it("a phone that is polled, and has the call itself then: missed there", () => {
    const unnamed = { originatedBy: null };
    for (const more of [{}, { onBehalfOf: ref("820") }]) {
      const phone = new Phone();
      phone.leg("101", 5, "ringing", unnamed);
      phone.leg("102", 6, "ringing", unnamed);
      phone.pass(5_000);
      phone.leg("101", 7, "ringing", { ...unnamed, ...more });
      phone.gone("101/5", "102/6", "101/7");
      phone.list();
      const where = "onBehalfOf" in more ? "101" : "102";
      expect(phone.told()).toEqual([
        "ringing 101 -0",
        "ringing 102 -0",
        `ended ${where} -0 Missed`,
      ]);
    }
  });

  it("a ring group that the list has it at, whose leg then names the menu that sent it there: missed there", () => {
    const phone = new Phone();
    phone.list(row("820", { status: "Routing" }));
    phone.leg("820", 8, "ringing", { originatedBy: ref("801") });
    phone.gone("820/8");
    phone.list();
    expect(phone.told()).toEqual(["ringing 820 -0", "ringing 801 -0", "ended 820 -0 Missed"]);
  });

  it("a phone that shows its queue as the party, with the caller's number: it rings for the caller", () => {
    const party = outside("1188");
    const shown = (number: string) => ({
      party: { ...ref("800"), number, name: "" },
      legNumber: 5,
    });
    const rung = ["ringing 800 -0", "ringing 101 -0"];
    for (const isRead of [true, false]) {
      const phone = new Phone();
      const polled = leg("101", 5, "ringing", shown("1188"));
      if (isRead) phone.snapshot(leg("800", 4, "connected", { party }), polled);
      else {
        phone.leg("101", 5, "ringing", shown("1188"));
        phone.leg("800", 4, "connected", { party });
      }
      phone.leg("104", 6, "ringing", { ...shown("102"), legNumber: 6 });
      phone.leg("105", 7, "connected", { ...shown("1188"), legNumber: 1 });
      expect(phone.told()).toEqual(rung);
      phone.leg("101", 5, "connected", shown("1188"));
      phone.gone("800/4");
      expect(phone.told()).toEqual(["answered 101 -1 NotDef"]);
    }
  });

  it("a phone that shows its queue as the party, with the queue's own number, which is the caller's, too: it does not", () => {
    const phone = new Phone();
    phone.leg("104", 3, "ringing", { party: outside("800") });
    phone.leg("101", 5, "ringing", { party: inside("800"), legNumber: 5 });
    expect(phone.told()).toEqual(["ringing 104 -0"]);
  });

  it("a withheld number's call that another phone picks up: those that rang did so first", () => {
    const withheld = { ...inQueue("820"), party: outside("") };
    const phone = new Phone();
    phone.leg("101", 5, "ringing", withheld);
    phone.leg("102", 6, "ringing", withheld);
    phone.at += 100;
    phone.leg("103", 7, "connected", { ...withheld, onBehalfOf: ref("101") });
    expect(phone.told()).toEqual([
      "ringing 820 -0",
      "ringing 101 -0",
      "ringing 102 -0",
      "answered 103 -1 NotDef",
    ]);
  });
});
