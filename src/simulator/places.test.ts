/** The state machine: parking that ends by itself, fax, paging, mobiles that ring too, trunks that refuse, ends in any order. */
import { describe, expect, it } from "vitest";
import { FROM, only, setUp } from "../../test/support/virtualPbx.ts";
import { type Directory, defaultDirectory } from "./directory.ts";
import type { SettingsPatch } from "./settings.ts";

type Extension = Directory["extensions"][number];

function office(of: string, more: Partial<Extension>, rest: Partial<Directory> = {}) {
  const directory = defaultDirectory();
  const extensions = directory.extensions.map((row) =>
    row.number === of ? { ...row, ...more } : row,
  );
  return { ...directory, extensions, ...rest };
}

describe("a parked call that nobody takes back", () => {
  it.each(["atOnce", "onAnswer"] as const)("%s: rings who parked it", (blindTransferLeaves) => {
    const patch = { parkTimeoutMs: 30_000, blindTransferLeaves };
    const { pbx, incoming, clock, taken } = setUp(patch);
    incoming("420222000150");
    pbx.answer("150");
    pbx.park("150");
    taken();
    clock.advance(29_999);
    expect(taken()).toEqual([]);
    clock.advance(1);
    expect(taken()).toEqual(["U 150#6 ringing", "R SP0#5 connected"]);
    expect(only(pbx.legsOf("150")).originatedBy).toEqual({ dn: "SP0", kind: "parking" });
    pbx.answer("150");
    expect(only(pbx.legsOf("150")).party.number).toBe(FROM);
  });

  it("not if it was taken back meanwhile", () => {
    const { pbx, incoming, clock, taken } = setUp({ parkTimeoutMs: 30_000 });
    incoming("420222000150");
    pbx.answer("150");
    pbx.park("150");
    pbx.unpark("104", "SP0");
    taken();
    clock.advance(60_000);
    expect(taken()).toEqual([]);
  });
});

it("a fax extension takes the call by itself", () => {
  const rule = { id: 9, ruleName: "Fax", did: "420222000777", trunk: "10007" };
  const rest = {
    faxes: [{ number: "900", name: "Fax" }],
    inboundRules: [{ ...rule, destination: { to: "dn", number: "900" } as const }],
  };
  const { pbx, incoming } = setUp({}, office("150", {}, rest));
  incoming("420222000777");
  expect(only(pbx.legsOf("900"))).toMatchObject({ status: "connected", kind: "fax" });
  expect(pbx.activeCalls()[0]).toMatchObject({ callee: "900 Fax", status: "Talking" });
});

it("paged phones answer by themselves and go with the caller", () => {
  const directory = defaultDirectory();
  const ringGroups = directory.ringGroups.map((row) => ({ ...row, strategy: "Paging" as const }));
  const { pbx } = setUp({}, { ...directory, ringGroups });
  pbx.dial("101", "820");
  expect(["103", "104", "105"].map((dn) => only(pbx.legsOf(dn)).status)).toEqual([
    "connected",
    "connected",
    "connected",
  ]);
  pbx.hangUpLeg(only(pbx.legsOf("104")));
  expect(pbx.legsOf("103")).toHaveLength(1);
  pbx.hangUp("101");
  expect(pbx.legs()).toEqual([]);
});

describe("ring my mobile, too", () => {
  const mobile = { mobile: "420603000150", ringsMobile: true };

  it("the mobile answers: the phone stops, the two outside talk", () => {
    const { pbx, incoming, clock } = setUp({}, office("150", mobile));
    const call = incoming("420222000150");
    expect(only(pbx.legsOf("150")).status).toBe("ringing");
    pbx.outsideAnswers(call.id);
    clock.advance(20);
    expect(pbx.legsOf("150")).toEqual([]);
    expect(pbx.activeCalls()[0]).toMatchObject({
      callee: "10007 MyTrunk (420603000150)",
      status: "Talking",
    });
  });

  it("the mobile is off: the phone rings on, and answers", () => {
    const { pbx, incoming } = setUp({}, office("150", mobile));
    const call = incoming("420222000150");
    pbx.outsideRefuses(call.id);
    pbx.answer("150");
    expect(only(pbx.legsOf("150")).status).toBe("connected");
  });

  it("no phone is registered: the mobile rings alone", () => {
    const { pbx, incoming } = setUp({}, office("150", { ...mobile, devices: [] }));
    const call = incoming("420222000150");
    expect(pbx.legsOf("150")).toEqual([]);
    pbx.outsideRefuses(call.id);
    expect(pbx.calls()).toEqual([]);
  });
});

it("a busy extension sends calls on", () => {
  const { pbx, incoming } = setUp({}, office("150", { onBusy: { to: "dn", number: "104" } }));
  incoming("420222000150");
  pbx.answer("150");
  incoming("420222000150");
  expect(pbx.legsOf("150")).toHaveLength(1);
  expect(only(pbx.legsOf("104")).status).toBe("ringing");
});

describe("trunks", () => {
  const second = { number: "10008", name: "Spare", externalNumber: "420222000101" };
  const bridge = { number: "10100", name: "Branch", externalNumber: "", prefix: "21" };
  const trunks = [...defaultDirectory().trunks, second, bridge];
  const dialled = (patch: SettingsPatch, number: string) => {
    const set = setUp(patch, office("150", {}, { trunks }));
    const call = set.pbx.dial("150", number);
    set.clock.advance(300);
    return { ...set, legs: [...call.allLegs].filter(({ kind }) => kind === "trunk") };
  };

  it("one refuses: the call goes out over the next", () => {
    const { pbx, legs } = dialled({ trunkFailsChance: 1 }, "420608000001");
    expect(legs.map(({ dn, end }) => [dn, end?.why ?? null])).toEqual([
      ["10007", "replaced"],
      ["10008", null],
    ]);
    pbx.outsideAnswers(1);
    expect(only(pbx.legsOf("150")).party.dn).toBe("10008");
  });

  it("a bridge takes its own numbers only", () => {
    expect(dialled({ trunkFailsChance: 1 }, "2101").legs.map(({ dn }) => dn)).toEqual(["10100"]);
    expect(dialled({}, "420608000001").legs.map(({ dn }) => dn)).toEqual(["10007"]);
  });
});

describe("the legs of a call that ends", () => {
  const ended = (patch: SettingsPatch) => {
    const set = setUp(patch);
    const call = set.incoming("420222000100");
    set.taken();
    set.pbx.outsideHangsUp(call.id);
    return set;
  };

  it("youngestFirst: what rings, then the queue", () => {
    expect(ended({}).taken().at(-1)).toBe("R 800#3 connected");
  });

  it("oldestFirst: the queue, then what rings", () => {
    expect(ended({ legEnds: "oldestFirst" }).taken()[0]).toBe("R 800#3 connected");
  });

  it("spread: one after another; nobody answers what is still to go", () => {
    const set = ended({ legEndSpreadMs: 10 });
    expect(set.pbx.calls()).toEqual([]);
    expect(set.pbx.legs().length).toBeGreaterThan(0);
    expect(() => set.pbx.answer("101")).toThrow("Expected a call ringing at 101");
    set.clock.advance(10);
    expect(set.pbx.legs()).toEqual([]);
  });

  it("spread: a restart meanwhile ends them without a word", () => {
    const set = ended({ legEndSpreadMs: 10 });
    set.taken();
    set.pbx.restart();
    set.clock.advance(10);
    expect(set.taken()).toEqual([]);
  });
});
