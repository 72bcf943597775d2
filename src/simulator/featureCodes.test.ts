/** Picking up and taking back by a code, as the switch `featureCodes` has it. */
import { describe, expect, it } from "vitest";
import { FROM, only, setUp } from "../../test/support/virtualPbx.ts";
import { XapiBench } from "../../test/support/xapiBench.ts";
import { defaultDirectory } from "./directory.ts";
import type { SettingsPatch } from "./settings.ts";

const codes = (featureCodes: SettingsPatch["featureCodes"]) => ({ featureCodes });

function ringing(patch: SettingsPatch = {}) {
  const set = setUp(patch);
  set.incoming("420222000150");
  set.taken();
  return set;
}

function parked(patch: SettingsPatch = {}) {
  const set = ringing(patch);
  set.pbx.answer("150");
  set.pbx.park("150");
  set.taken();
  return set;
}

describe("picking up", () => {
  it("in the caller's call: the ringing leg goes, the picker talks", () => {
    const { pbx, taken } = ringing();
    expect(pbx.dial("104", "*20*150").id).toBe(1);
    expect(taken()).toEqual(["U 104#5 ringing", "R 150#4 ringing", "U 104#5 connected"]);
  });

  it.each([
    [
      "ownLegFirst",
      ["U 104#6 ringing", "R 150#4 ringing", "U 104#6 connected", "R 104#5 dialing"],
      [6, 1],
    ],
    ["ownCall", ["U 104#5 connected", "R 150#4 ringing"], [5, 2]],
  ] as const)("%s: dialled in a call of its own", (mode, then, [id, callNumber]) => {
    const { clock, pbx, taken } = ringing(codes(mode));
    expect(pbx.dial("104", "*20*150").id).toBe(2);
    expect(taken()).toEqual(["U 104#5 dialing"]);
    expect(only(pbx.legsOf("104")).party).toMatchObject({ kind: "specialmenu", number: "*20*150" });
    expect(pbx.activeCalls()).toMatchObject([
      { id: 1, callee: "150 Reception" },
      { id: 2, caller: expect.stringMatching(/^104/), callee: "*20*", status: "Routing" },
    ]);
    clock.advance(100);
    expect(taken()).toEqual(then);
    const leg = only(pbx.legsOf("104"));
    expect([leg.id, leg.call.id, leg.party.number]).toEqual([id, callNumber, FROM]);
    const rang = { dn: "150", kind: "extension" };
    expect(leg.onBehalfOf).toEqual(callNumber === 1 ? rang : null);
    expect(pbx.activeCalls()).toMatchObject([
      { id: callNumber, caller: `10007 MyTrunk (${FROM})`, callee: expect.stringMatching(/^104/) },
    ]);
    pbx.hangUp("104");
    expect(pbx.legs()).toEqual([]);
  });

  it("a call that a queue polls for: the other agents fall silent", () => {
    const { clock, incoming, pbx } = setUp(codes("ownCall"));
    incoming("420222000100");
    clock.advance(60_000);
    const [agent] = pbx.legs().filter(({ status }) => status === "ringing");
    pbx.pickUp("104", agent?.dn ?? "");
    clock.advance(100);
    expect(pbx.legs().map(({ dn, call }) => [dn, call.id])).toEqual([
      ["10007", 2],
      ["104", 2],
    ]);
  });

  it.each(["ownLegFirst", "ownCall"] as const)("%s: of what is answered first, nothing", (mode) => {
    const { clock, pbx, taken } = ringing(codes(mode));
    pbx.pickUp("104", "150");
    pbx.answer("150");
    taken();
    clock.advance(100);
    expect(taken()).toEqual(["R 104#5 dialing"]);
    expect(pbx.activeCalls().map(({ id }) => id)).toEqual([1]);
  });

  it("after who dialled the code has hung up: nothing", () => {
    const { clock, pbx } = ringing(codes("ownCall"));
    pbx.pickUp("104", "150");
    pbx.hangUp("104");
    clock.advance(100);
    expect(only(pbx.legsOf("150")).status).toBe("ringing");
  });

  it("what click-to-call rings stays in its call, which has no other side yet", () => {
    const directory = defaultDirectory();
    const second = { deviceId: "sip:101@127.0.0.1:5484", userAgent: "Desk", directControl: true };
    const extensions = directory.extensions.map((one) =>
      one.number === "101" ? { ...one, devices: [...one.devices, second] } : one,
    );
    const { clock, pbx } = setUp(codes("ownCall"), { ...directory, extensions });
    pbx.makeCall("101", FROM);
    pbx.pickUp("104", "101");
    clock.advance(100);
    const leg = only(pbx.legsOf("104"));
    expect([leg.call.id, leg.status, leg.party.number]).toEqual([1, "dialing", FROM]);
  });
});

describe("taking back", () => {
  it.each([
    ["sameCall", 1, ["U 104#6 dialing", "U 104#6 connected", "R SP0#5 connected"], [6, 1]],
    [
      "ownLegFirst",
      2,
      ["U 104#7 dialing", "U 104#7 connected", "R SP0#5 connected", "R 104#6 dialing"],
      [7, 1],
    ],
    ["ownCall", 2, ["U 104#6 connected", "R SP0#5 connected"], [6, 2]],
  ] as const)("%s", (mode, dialled, then, [id, callNumber]) => {
    const { clock, pbx, taken } = parked(codes(mode));
    expect(pbx.dial("104", "*10").id).toBe(dialled);
    if (dialled === 2) {
      expect(taken()).toEqual(["U 104#6 dialing"]);
      expect(pbx.activeCalls().map(({ callee }) => callee.slice(0, 3))).toEqual(["SP0", "SP0"]);
    }
    clock.advance(100);
    expect(taken()).toEqual(then);
    const leg = only(pbx.legsOf("104"));
    expect([leg.id, leg.call.id, leg.party.number]).toEqual([id, callNumber, FROM]);
    expect(pbx.legsOf("SP0")).toEqual([]);
    expect(pbx.activeCalls()).toMatchObject([
      { id: callNumber, caller: `10007 MyTrunk (${FROM})`, callee: expect.stringMatching(/^104/) },
    ]);
  });

  it("the second of two who dial for it gets nothing", () => {
    const { clock, pbx } = parked(codes("ownCall"));
    pbx.unpark("104", "SP0");
    pbx.unpark("105", "SP0");
    clock.advance(100);
    expect(pbx.legs().map(({ dn }) => dn)).toEqual(["10007", "104"]);
  });
});

describe("taking back a call whose legs go one after another", () => {
  it("gives nothing once its caller has hung up", () => {
    const { clock, pbx } = parked({ ...codes("ownLegFirst"), legEndSpreadMs: 10 });
    pbx.unpark("104", "SP0");
    clock.advance(98);
    pbx.outsideHangsUp(1);
    expect(pbx.legs().map(({ dn }) => dn)).toEqual(["SP0", "104"]);
    clock.advance(2);
    expect(pbx.legs().map(({ dn }) => dn)).toEqual(["SP0"]);
  });
});

describe("the call log", () => {
  async function logged(mode: SettingsPatch["featureCodes"]) {
    const bench = new XapiBench(defaultDirectory(), { flickerChance: 0, ...codes(mode) });
    bench.pbx.incoming({ from: FROM, did: "420222000150" });
    bench.clock.advance(1_000);
    bench.pbx.answer("150");
    bench.clock.advance(10_000);
    bench.pbx.park("150");
    bench.clock.advance(5_000);
    bench.pbx.unpark("104", "SP0");
    bench.clock.advance(20_100);
    bench.pbx.blindTransfer("104", "103");
    bench.clock.advance(1_000);
    bench.pbx.answer("103");
    bench.clock.advance(30_000);
    bench.pbx.hangUp("103");
    bench.clock.advance(1_000);
    return bench.rows(
      "/ReportCallLogData/Pbx.GetCallLogData(periodFrom=2026-05-04T00:00:00Z,periodTo=2026-05-05T00:00:00Z,sourceType=0," +
        "sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0," +
        "callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)?$orderby=StartTime",
    );
  }

  it.each([
    ["sameCall", "PT20.1S", [1, 1, 1, 1]],
    ["ownLegFirst", "PT20S", [1, 1, 1, 1]],
    ["ownCall", "PT20S", [1, 1, 2, 2]],
  ] as const)("%s: has who talked, and the numbers of it", async (mode, talked, numbers) => {
    const rows = (await logged(mode)).filter(({ Answered }) => Answered);
    expect(rows.map(({ CallId }) => CallId)).toEqual(numbers);
    expect(new Set(rows.map(({ MainCallHistoryId }) => MainCallHistoryId)).size).toBe(1);
    const heard = ["PT10S", mode === "sameCall" ? "PT5S" : "PT5.1S", talked, "PT30S"];
    expect(rows.map(({ TalkingDuration }) => TalkingDuration)).toEqual(heard);
    const called = ["150", "SP0", "104", "103"];
    expect(
      rows.map(({ SourceCallerId, DestinationDn }) => [SourceCallerId, DestinationDn]),
    ).toEqual(called.map((dn) => [FROM, dn]));
  });

  it("has the call in which nothing but a code was dialled", async () => {
    const rows = await logged("ownLegFirst");
    const own = rows.filter(({ CallId }) => CallId === 2);
    expect(own).toMatchObject([
      { SourceDn: "104", DestinationDn: "SP0", Answered: false, Direction: "Internal" },
    ]);
  });
});
