/** What in the list of active calls speaks against the legs that we know, and how often it is a reason to read them all. */
import { describe, expect, it } from "vitest";
import { leg, outside, row } from "../../../test/support/phone.ts";
import { pbxRig } from "../../../test/support/watchedPbx.ts";
import { participant } from "../../../test/support/wirePbx.ts";
import type { ActiveCall, Leg } from "../../tracker/activity.ts";
import { Doubts } from "./doubts.ts";

const { pbx, watch } = pbxRig();

/** Reasons of the looks at the list, one each second. */
function reasons(looks: readonly { calls: ActiveCall[]; legs: Leg[] }[]): (string | null)[] {
  const doubts = new Doubts();
  return looks.map(({ calls, legs }, n) =>
    doubts.heed({ kind: "activeCalls", at: 0, askedAt: 1_000 * n, calls }, legs, isVisible),
  );
}

const isVisible = (dn: string) => dn !== "150";
const often = (calls: ActiveCall[], legs: Leg[]) =>
  Array.from({ length: 4 }, () => ({ calls, legs }));
const rings = leg("101", 5, "ringing");
const talks = leg("101", 5, "connected");

describe("the list of active calls speaks against the legs", () => {
  it.each([
    [
      "an extension that has no leg",
      [row("102")],
      [],
      "call 7 is listed as Talking at 102, unlike its legs",
    ],
    [
      "one that talks and rings",
      [row("101")],
      [rings],
      "call 7 is listed as Talking at 101, unlike its legs",
    ],
    [
      "one that dials, with no leg",
      [row("", { caller: { ...row("103").callee }, callee: outside(), status: "Routing" })],
      [],
      "call 7 is listed as Routing at 103, unlike its legs",
    ],
    ["a call that it leaves out", [], [talks], "leg 101/5 is of call 7, which is not listed"],
    [
      "a call that talks elsewhere",
      [row("SP0")],
      [talks],
      "leg 101/5 is of call 7, which is listed as Talking elsewhere",
    ],
    [
      "a queue that has given the call away",
      [row("101")],
      [talks, leg("800", 4, "connected")],
      "leg 800/4 is of call 7, which is listed as Talking elsewhere",
    ],
    [
      "an application that has given the call away",
      [row("150")],
      [leg("app", 4, "connected")],
      "leg app/4 is of call 7, which is listed as Talking elsewhere",
    ],
    [
      "a call that is sent to another phone while one rings",
      [row("150", { status: "Routing" })],
      [rings],
      "leg 101/5 is of call 7, which is listed as Routing elsewhere",
    ],
    [
      "a call that is sent outside while a phone rings",
      [row("10007", { status: "Routing" })],
      [rings],
      "leg 101/5 is of call 7, which is listed as Routing elsewhere",
    ],
  ])("with %s: twice, if it does so again", (_name, calls, legs, reason) => {
    expect(reasons(often(calls, legs))).toEqual([null, reason, reason, null]);
  });

  it.each([
    ["the leg that it names", [row("101")], [talks]],
    ["a phone that rings for a queue", [row("800", { status: "Routing" })], [rings]],
    ["a place that is not told by the list", [row("101")], [talks, leg("666", 4, "connected")]],
    ["an extension that is not monitored", [row("150")], []],
    ["a call that no extension has", [row("SP0")], []],
  ])("not with %s", (_name, calls, legs) => {
    expect(reasons(often(calls, legs))).toEqual([null, null, null, null]);
  });

  it("not where it lags once, nor twice within a moment, and again after it agreed", () => {
    const [wrong, right] = [
      { calls: [], legs: [talks] },
      { calls: [row("101")], legs: [talks] },
    ];
    const reason = "leg 101/5 is of call 7, which is not listed";
    expect(reasons([wrong, right, wrong, wrong, right, wrong, wrong])).toEqual([
      ...[null, null, null, reason],
      ...[null, null, reason],
    ]);
    const doubts = new Doubts();
    const look = (askedAt: number) =>
      doubts.heed({ kind: "activeCalls", at: 0, askedAt, calls: [] }, [talks], isVisible);
    const looks = [0, 499, 500, 501, 1_499, 1_500, 60_000].map(look);
    expect(looks).toEqual([null, null, reason, null, null, reason, null]);
  });
});

describe("a source that reads the list", () => {
  it("finds what a lost frame would have told", async () => {
    const server = await pbx();
    const watched = watch(server.url, { pbx: { activeCallsPollMs: 20 } });
    await watched.live();
    const at = participant("101", 9005);
    server.legs.set("101/9005", at);
    const callee = {
      Id: at.callid,
      Caller: "10007 MyTrunk (420777000001)",
      Callee: "101 First101",
    };
    server.xapi.set("ActiveCalls", [{ ...callee, Status: "Routing" }]);
    await watched.until(() => watched.told().includes("snapshot 101/9005 ringing"));
    expect(watched.of("snapshot").at(-1)?.dns).toContain("101");
  });
});
