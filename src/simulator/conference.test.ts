/** The state machine: several in one conversation, several phones of one user, calls that the PBX begins. */
import { describe, expect, it } from "vitest";
import { FROM, only, setUp } from "../../test/support/virtualPbx.ts";
import { CONFERENCE, defaultDirectory } from "./directory.ts";
import type { SettingsPatch } from "./settings.ts";

/** 150 talks to a caller, and has 103 on another call. */
function consulting(patch: SettingsPatch = {}) {
  const set = setUp(patch);
  const call = set.incoming("420222000150");
  set.pbx.answer("150");
  const second = set.pbx.dial("150", "103");
  set.pbx.answer("103");
  set.taken();
  return { ...set, call, second };
}

const parties = (set: ReturnType<typeof setUp>, dn: string) =>
  set.pbx.legsOf(dn).map((leg) => `${leg.status} ${leg.party.dn} in ${leg.call.id}`);

describe("a conference", () => {
  it("keepsLegs: everybody stands towards the room, in the call of before", () => {
    const set = consulting();
    set.pbx.conference("150");
    expect(parties(set, "150")).toEqual([
      `connected ${CONFERENCE} in 1`,
      `connected ${CONFERENCE} in 2`,
    ]);
    expect(parties(set, "103")).toEqual([`connected ${CONFERENCE} in 2`]);
    expect(set.pbx.activeCalls().map(({ callee }) => callee)).toEqual([
      "700 Conference",
      "103 Jana Dvořáková",
    ]);
  });

  it("ownCalls: the phone that began it has a call of its own, the caller's goes on without it", () => {
    const set = consulting({ conference: "ownCalls" });
    set.pbx.conference("150");
    expect(parties(set, "150")).toEqual([`connected ${CONFERENCE} in 3`]);
    expect(parties(set, "103")).toEqual([`connected ${CONFERENCE} in 2`]);
    expect(set.pbx.activeCalls()[0]?.callee).toBe("700 Conference");
  });

  it.each(["keepsLegs", "ownCalls"] as const)(
    "%s: the phone that began it hangs up: all over",
    (conference) => {
      const { pbx } = consulting({ conference });
      pbx.conference("150");
      pbx.hangUp("150");
      expect(pbx.legs()).toEqual([]);
      expect(pbx.calls()).toEqual([]);
    },
  );

  it("keepsLegs: the caller goes, the others talk as before", () => {
    const set = consulting();
    set.pbx.conference("150");
    set.pbx.outsideHangsUp(set.call.id);
    expect(parties(set, "150")).toEqual(["connected 103 in 2"]);
    expect(parties(set, "103")).toEqual(["connected 150 in 2"]);
  });

  it("ownCalls: the others go, nobody stays alone", () => {
    const { pbx, call, second } = consulting({ conference: "ownCalls" });
    pbx.conference("150");
    pbx.outsideHangsUp(call.id);
    expect(pbx.calls()).toHaveLength(2);
    pbx.dropCall(second.id);
    expect(pbx.calls()).toEqual([]);
  });

  it("cannot be made of one call", () => {
    const { pbx, incoming } = setUp();
    incoming("420222000150");
    pbx.answer("150");
    expect(() => pbx.conference("150")).toThrow("Expected two conversations at 150");
  });

  it("cannot be made of one that is being handed over", () => {
    const { pbx, second } = consulting({ blindTransferLeaves: "onAnswer" });
    pbx.blindTransfer("150", "104", second.id);
    expect(() => pbx.conference("150")).toThrow("it is handing one over");
  });
});

describe("who hears another's call", () => {
  it.each([
    ["talk", FROM],
    ["listen", "150"],
  ] as const)("%s: has a leg in it, and goes alone or with the phone heard", (how, party) => {
    const { pbx, incoming, taken } = setUp();
    incoming("420222000150");
    pbx.answer("150");
    const leg = pbx.bargeIn("104", "150", how);
    expect([leg.status, leg.party.number]).toEqual(["connected", party]);
    expect(() => pbx.blindTransfer("104", "103")).toThrow("Expected 104 to be in a conversation");
    pbx.hangUpLeg(leg);
    expect(pbx.legsOf("150")).toHaveLength(1);
    pbx.bargeIn("104", "150", how);
    taken();
    pbx.blindTransfer("150", "103");
    expect(taken().slice(-2)).toEqual(["R 150#4 connected", "R 104#6 connected"]);
  });
});

describe("one user's phones", () => {
  it("a call goes on at the other: both show for a moment", () => {
    const directory = defaultDirectory();
    const second = {
      deviceId: "sip:150@127.0.0.1:5484",
      userAgent: "Yealink",
      directControl: false,
    };
    const extensions = directory.extensions.map((row) =>
      row.number === "150" ? { ...row, devices: [...row.devices, second] } : row,
    );
    const { pbx, incoming, clock } = setUp({}, { ...directory, extensions });
    incoming("420222000150");
    pbx.answer("150");
    pbx.changeDevice("150");
    expect(pbx.legsOf("150")).toHaveLength(2);
    clock.advance(20);
    expect(only(pbx.legsOf("150")).deviceId).toBe(second.deviceId);
    pbx.hangUp("150");
    expect(pbx.legs()).toEqual([]);
  });

  it("needs another phone", () => {
    const { pbx, incoming } = setUp();
    incoming("420222000150");
    pbx.answer("150");
    expect(() => pbx.changeDevice("150")).toThrow("Expected 150 to have another phone");
  });
});

it("a wake-up call rings from a special menu", () => {
  const { pbx } = setUp();
  pbx.wakeUp("101");
  const leg = only(pbx.legsOf("101"));
  expect([leg.status, leg.party.kind]).toEqual(["ringing", "specialmenu"]);
  pbx.answer("101");
  pbx.hangUp("101");
  expect(pbx.calls()).toEqual([]);
});
