/** The state machine: handing calls over, restarting, and what cannot be done. */
import { describe, expect, it } from "vitest";
import { FROM, only, setUp } from "../../test/support/virtualPbx.ts";
import { defaultDirectory } from "./directory.ts";
import { UserMistake } from "./mistake.ts";
import type { Pbx } from "./pbx.ts";
import type { SettingsPatch } from "./settings.ts";

describe("handing over", () => {
  function talking(patch: SettingsPatch = {}) {
    const set = setUp(patch);
    const call = set.incoming("420222000150");
    set.pbx.answer("150");
    set.taken();
    return { ...set, call };
  }

  it("blind: the target rings with who sent it, the sender is gone", () => {
    const { pbx, taken } = talking();
    pbx.blindTransfer("150", "103");
    expect(taken()).toEqual(["U 103#5 ringing", "R 150#4 connected"]);
    expect(only(pbx.legsOf("103")).referredBy).toEqual({ dn: "150", kind: "extension" });
    pbx.answer("103");
    expect(only(pbx.legsOf("103")).referredBy).toBeNull();
  });

  it("blind, refused: comes back to the sender", () => {
    const { pbx, taken } = talking();
    pbx.blindTransfer("150", "103");
    pbx.reject("103");
    expect(taken().slice(2)).toEqual(["R 103#5 ringing", "U 150#6 ringing"]);
  });

  it.each([
    ["keepX", 6, 1],
    ["keepY", 6, 2],
    ["newLeg", 7, 1],
    ["newCall", 7, 3],
  ] as const)("attended, %s: leg %i ends up in call %i", (attendedTransfer, id, callNumber) => {
    const { pbx } = talking({ attendedTransfer });
    pbx.dial("150", "103");
    pbx.answer("103");
    pbx.completeTransfer("150");
    const leg = only(pbx.legsOf("103"));
    expect([leg.id, leg.call.id, leg.party.number]).toEqual([id, callNumber, FROM]);
    expect(pbx.legsOf("150")).toEqual([]);
    expect(pbx.activeCalls().map((row) => row.id)).toEqual([callNumber]);
  });

  it.each([
    ["newLeg", ["U 103#7 ringing"], [7, 5]],
    ["keepsLeg", ["U 103#6 ringing"], [6, 2]],
  ] as const)("attended, while it rings, %s", (ringingTransfer, rung, [id, legid]) => {
    const { pbx, taken } = talking({ ringingTransfer });
    pbx.dial("150", "103");
    expect(only(pbx.legsOf("103")).party.dn).toBe("150");
    taken();
    pbx.completeTransfer("150");
    expect(taken().filter((said) => said.startsWith("U"))).toEqual(rung);
    const leg = only(pbx.legsOf("103"));
    expect([leg.id, leg.legid, leg.call.id, leg.party.number]).toEqual([id, legid, 1, FROM]);
    pbx.answer("103");
    expect(pbx.activeCalls()).toMatchObject([{ id: 1, callee: expect.stringMatching(/^103/) }]);
    pbx.hangUp("103");
    expect(pbx.legs()).toEqual([]);
  });

  it("attended, while it rings: what the call does not go to falls silent", () => {
    const directory = defaultDirectory();
    const onBusy = { to: "dn", number: "104" } as const;
    const extensions = directory.extensions.map((row) => ({ ...row, onBusy }));
    const { incoming, pbx } = setUp({ ringingTransfer: "keepsLeg" }, { ...directory, extensions });
    incoming("420222000150");
    pbx.answer("150");
    pbx.dial("150", "103");
    pbx.dial("103", "105");
    pbx.completeTransfer("150");
    expect(pbx.legsOf("103").map(({ status }) => status)).toEqual(["dialing"]);
    expect(only(pbx.legsOf("104")).party.number).toBe(FROM);
  });

  it("attended, while the ring group rings to which the consultation was handed on: the call goes there", () => {
    const { pbx } = talking();
    pbx.dial("150", "104");
    pbx.answer("104");
    pbx.blindTransfer("104", "820");
    pbx.completeTransfer("150");
    expect(only(pbx.legsOf("820")).party.number).toBe(FROM);
    expect(only(pbx.legsOf("103")).originatedBy?.dn).toBe("820");
  });

  it("transferto: the leg stays until the target answers, and when it does not", async () => {
    const { pbx } = talking();
    const first = pbx.act(only(pbx.legsOf("150")), { action: "transferto", destination: "103" });
    pbx.reject("103");
    expect(await first).toMatchObject({ status: 424, reason: "DestinationBusy" });
    const second = pbx.act(only(pbx.legsOf("150")), { action: "transferto", destination: "103" });
    expect(pbx.legsOf("150")).toHaveLength(1);
    pbx.answer("103");
    expect(await second).toMatchObject({ status: 200, finalstatus: "Success" });
    expect(pbx.legsOf("150")).toEqual([]);
  });

  it("answer by a client needs a phone that can be controlled", async () => {
    const directory = defaultDirectory();
    const extensions = directory.extensions.map((row) => ({
      ...row,
      devices: row.devices.map((device) => ({ ...device, directControl: row.number !== "150" })),
    }));
    const { incoming, pbx } = setUp({}, { ...directory, extensions });
    incoming("420222000150");
    const answer = { action: "answer", destination: "" };
    expect((await pbx.act(only(pbx.legsOf("150")), answer)).status).toBe(422);
    pbx.dial("102", "101");
    expect((await pbx.act(only(pbx.legsOf("101")), answer)).status).toBe(200);
  });

  it("by the switch no phone can be controlled, but an application", async () => {
    const { incoming, pbx } = setUp({ directControl: false });
    incoming("420222000150");
    const answer = { action: "answer", destination: "" };
    expect((await pbx.act(only(pbx.legsOf("150")), answer)).status).toBe(422);
    pbx.makeCall("101", "420777000002");
    expect(pbx.activeCalls()[1]?.caller).toMatch(/^MakeCall\b/);
    incoming("420222000900");
    expect(pbx.legs().filter((leg) => leg.directControl)).toEqual(pbx.legsOf("offhook"));
    expect(pbx.legsOf("offhook")).toHaveLength(1);
  });

  it("parked: no phone has a leg, the call lives on and is taken back", () => {
    const { pbx } = talking();
    const place = pbx.park("150");
    expect(pbx.legs().map((leg) => leg.kind)).toEqual(["trunk", "parking"]);
    expect(pbx.activeCalls()[0]?.callee).toMatch(/^SP0\b/);
    pbx.unpark("104", place);
    expect(only(pbx.legsOf("104")).party.number).toBe(FROM);
    expect(pbx.legsOf("SP0")).toEqual([]);
  });

  it("a call-back is a later call, on behalf of the queue", () => {
    const { incoming, pbx, clock } = setUp();
    const call = incoming("420222000100");
    pbx.orderCallback(call.id);
    expect(pbx.calls()).toEqual([]);
    clock.advance(5000);
    const leg = only(pbx.legsOf("101"));
    expect(leg.call.id).toBe(2);
    expect(leg.onBehalfOf).toEqual({ dn: "800", kind: "queue" });
    expect(leg.party.number).toBe(FROM);
  });
});

describe("restart", () => {
  it("calls vanish without a Remove, numbers begin anew", () => {
    const { incoming, pbx, taken, clock } = setUp();
    incoming("420222000100");
    taken();
    pbx.restart();
    clock.advance(60_000);
    expect(taken()).toEqual([]);
    expect(pbx.legs()).toEqual([]);
    incoming("420222000150");
    expect(taken()).toEqual(["U 150#4 ringing"]);
  });
});

describe("what cannot be done", () => {
  it("is joining a call with itself", () => {
    const { clock, pbx } = setUp();
    pbx.makeCall("105", "105");
    clock.advance(5);
    pbx.answer("105");
    expect(() => pbx.completeTransfer("105")).toThrow("Expected two calls at 105");
  });

  it.each<[string, (pbx: Pbx) => unknown]>([
    ["Expected a call ringing at 101", (pbx) => pbx.answer("101")],
    ["Expected a live call at 101", (pbx) => pbx.hangUp("101")],
    ['Expected an extension, got "999"', (pbx) => pbx.dial("999", "101")],
    ["Expected a DID or rule name", (pbx) => pbx.incoming({ from: FROM, did: "1" })],
    ["Expected the number of a live call", (pbx) => pbx.outsideAnswers(7)],
    ["Expected a call parked at SP1", (pbx) => pbx.unpark("101", "SP1")],
    ["Expected two calls at 101", (pbx) => pbx.completeTransfer("101")],
  ])("%s", (sentence, run) => {
    const { pbx } = setUp();
    expect(() => run(pbx)).toThrow(sentence);
    expect(() => run(pbx)).toThrow(UserMistake);
  });
});
