/** The state machine: how calls reach somebody, and how they begin inside. */
import { describe, expect, it } from "vitest";
import { FROM, only, setUp } from "../../test/support/virtualPbx.ts";
import { defaultDirectory } from "./directory.ts";

describe("incoming", () => {
  it("reaches an extension as leg 4, the ids before it used up", () => {
    const { incoming, pbx, taken } = setUp();
    incoming("420222000150");
    const leg = only(pbx.legsOf("150"));
    expect([leg.id, leg.legid, leg.call.id]).toEqual([4, 4, 1]);
    expect(leg.party).toEqual({ dn: "10007", kind: "trunk", number: FROM, name: "" });
    expect(leg.originatedBy).toEqual({ dn: "ROUTER", kind: "routepoint" });
    expect(taken()).toEqual(["U 150#4 ringing"]);
  });

  it("goes through menu and queue to the agent who answers", () => {
    const { incoming, pbx, taken, clock } = setUp();
    const call = incoming("420222000320");
    expect(taken()).toEqual(["U 801#3 connected"]);
    pbx.press(call.id, "9");
    expect(taken()).toEqual([]);
    pbx.press(call.id, "1");
    expect(taken()).toEqual([
      "U 800#4 connected",
      "R 801#3 connected",
      "U 101#5 ringing",
      "U 102#6 ringing",
      "U 103#7 ringing",
    ]);
    expect(pbx.legsOf("102").map((leg) => leg.originatedBy?.dn)).toEqual(["800"]);
    expect(pbx.legsOf("102").map((leg) => leg.party.name)).toEqual(["Support:"]);
    pbx.answer("102");
    expect(taken()).toEqual(["U 102#6 connected"]);
    clock.advance(11);
    expect(taken()).toEqual(["R 101#5 ringing", "R 103#7 ringing", "R 800#4 connected"]);
    pbx.outsideHangsUp(call.id);
    expect(taken()).toEqual(["R 102#6 connected"]);
    expect(pbx.calls()).toEqual([]);
  });

  it("tells the list of active calls before it tells of the leg", () => {
    const { incoming, pbx } = setUp();
    const rows: string[] = [];
    pbx.on((event) => {
      if (event.kind === "callEnded" || !("leg" in event) || event.leg.dn !== "150") return;
      const row = pbx.activeCalls()[0];
      rows.push(row ? `${row.caller} > ${row.callee} ${row.status}` : "none");
    });
    incoming("420222000150");
    pbx.answer("150");
    pbx.hangUp("150");
    expect(rows).toEqual([
      `10007 MyTrunk (${FROM}) > 150 Reception Routing`,
      `10007 MyTrunk (${FROM}) > 150 Reception Talking`,
      "none",
    ]);
  });

  it("a caller who goes takes every ringing leg along", () => {
    const { incoming, pbx, taken } = setUp();
    const call = incoming("420222000100");
    taken();
    pbx.outsideHangsUp(call.id);
    expect(taken()).toEqual([
      "R 101#4 ringing",
      "R 102#5 ringing",
      "R 103#6 ringing",
      "R 800#3 connected",
    ]);
  });

  it("an agent who rejects is polled again, later, as a new leg", () => {
    const { incoming, pbx, taken, clock } = setUp();
    incoming("420222000100");
    taken();
    pbx.reject("101");
    expect(taken()).toEqual(["R 101#4 ringing"]);
    clock.advance(399);
    expect(taken()).toEqual([]);
    clock.advance(1);
    expect(taken()).toEqual(["U 101#7 ringing"]);
  });

  it("a polling round ends with the ring time-out, the stay with the master time-out", () => {
    const { incoming, taken, clock, pbx } = setUp();
    incoming("420222000100");
    taken();
    clock.advance(20_400);
    expect(taken().slice(0, 4)).toEqual([
      "R 101#4 ringing",
      "R 102#5 ringing",
      "R 103#6 ringing",
      "U 101#7 ringing",
    ]);
    clock.advance(120_000);
    expect(pbx.calls()).toEqual([]);
  });

  it.each(["Hunt", "NextAgent", "HuntRandomStart"] as const)(
    "%s polls one after another",
    (strategy) => {
      const directory = defaultDirectory();
      const queues = directory.queues.map((queue) => ({ ...queue, strategy }));
      const { incoming, pbx, clock } = setUp({}, { ...directory, queues });
      incoming("420222000100");
      const order: string[] = [];
      for (let turn = 0; turn < 4; turn += 1) {
        order.push(only(pbx.legs().filter((leg) => leg.status === "ringing")).dn);
        clock.advance(20_000);
      }
      const start = order[0] ?? "";
      const agents = ["101", "102", "103"];
      const at = agents.indexOf(start);
      expect(order).toEqual([0, 1, 2, 3].map((step) => agents[(at + step) % 3]));
    },
  );

  it("a ring group rings its members and never answers", () => {
    const { incoming, pbx, taken, clock } = setUp();
    incoming("420222000200");
    expect(taken()).toEqual([
      "U 820#3 ringing",
      "U 103#4 ringing",
      "U 104#5 ringing",
      "U 105#6 ringing",
    ]);
    clock.advance(20_000);
    expect(taken()).toHaveLength(4);
    expect(pbx.calls()).toEqual([]);
  });

  it("a ring group that hunts rings one member after another", () => {
    const directory = defaultDirectory();
    const ringGroups = directory.ringGroups.map((group) => ({
      ...group,
      strategy: "Hunt" as const,
    }));
    const { incoming, taken, clock, pbx } = setUp({}, { ...directory, ringGroups });
    incoming("420222000200");
    pbx.reject("103");
    clock.advance(20_000);
    expect(taken()).toEqual([
      "U 820#3 ringing",
      "U 103#4 ringing",
      "R 103#4 ringing",
      "U 104#5 ringing",
      "R 104#5 ringing",
      "U 105#6 ringing",
    ]);
  });

  it("an extension that forwards to a mobile is never shown, the mobile answers", () => {
    const directory = defaultDirectory();
    const extensions = directory.extensions.map((row) =>
      row.number === "150"
        ? { ...row, forwardAll: { to: "external" as const, number: "420777999999" } }
        : row,
    );
    const { incoming, pbx, taken } = setUp({}, { ...directory, extensions });
    const call = incoming("420222000150");
    pbx.outsideAnswers(call.id);
    expect(taken()).toEqual([]);
    expect(pbx.activeCalls()[0]?.callee).toBe("10007 MyTrunk (420777999999)");
  });

  it("two phones of one extension ring as two legs, if so switched", () => {
    const directory = defaultDirectory();
    const second = { deviceId: "sip:150@127.0.0.1:5063", userAgent: "Desk", directControl: false };
    const extensions = directory.extensions.map((row) =>
      row.number === "150" ? { ...row, devices: [...row.devices, second] } : row,
    );
    const { incoming, pbx } = setUp({ deviceLegs: "perDevice" }, { ...directory, extensions });
    incoming("420222000150");
    expect(pbx.legsOf("150").map((leg) => leg.deviceId)).toEqual([
      "sip:150@127.0.0.1:5483",
      second.deviceId,
    ]);
  });
});

describe("from inside", () => {
  it("dials out as leg 1, is answered, ends", () => {
    const { pbx, taken } = setUp();
    const call = pbx.dial("101", "420777000002");
    const leg = only(pbx.legsOf("101"));
    expect([leg.legid, leg.party.dn, leg.party.number]).toEqual([1, "10007", "420777000002"]);
    pbx.outsideAnswers(call.id);
    pbx.hangUp("101");
    expect(taken()).toEqual(["U 101#1 dialing", "U 101#1 connected", "R 101#1 connected"]);
  });

  it("an internal call shows each side the other, under one call number", () => {
    const { pbx, taken } = setUp();
    pbx.dial("101", "102");
    const [caller, callee] = [only(pbx.legsOf("101")), only(pbx.legsOf("102"))];
    expect([caller.party.dn, callee.party.dn]).toEqual(["102", "101"]);
    expect([caller.legid, callee.legid]).toEqual([1, 2]);
    expect(callee.call).toBe(caller.call);
    pbx.answer("102");
    pbx.hangUp("101");
    expect(taken().slice(2)).toEqual([
      "U 102#2 connected",
      "U 101#1 connected",
      "R 101#1 connected",
      "R 102#2 connected",
    ]);
  });

  it("makecall of one device: Dialing with an empty party, then filled", () => {
    const { pbx, clock } = setUp();
    const parties: string[] = [];
    pbx.on((event) => {
      if (event.kind === "upsert" && event.leg.dn === "101") parties.push(event.leg.party.dn);
    });
    const result = pbx.makeCall("101", "420777000002");
    expect(result).toMatchObject({ finalstatus: "Success", legId: 1, status: 200 });
    clock.advance(10);
    expect(parties).toEqual(["", "10007"]);
  });

  it("makecall that cannot be: 422", () => {
    const { pbx } = setUp();
    expect(pbx.makeCall("101", "102", "sip:nobody").status).toBe(422);
    expect(pbx.makeCall("101", "").status).toBe(422);
    expect(pbx.makeCall("SP0", "102").status).toBe(422);
    expect(pbx.calls()).toEqual([]);
  });

  it("voicemail: the calling leg turns to the menu, first Dialing, then Connected", () => {
    const { pbx } = setUp();
    pbx.dial("101", "105");
    const seen: string[] = [];
    pbx.on((event) => {
      if (event.kind !== "upsert" || event.leg.dn !== "101") return;
      seen.push(`${event.leg.status} ${event.leg.party.dn} ${event.leg.party.number}`);
    });
    pbx.reject("105");
    expect(seen).toEqual(["dialing 666 105", "connected 666 105"]);
  });
});
