/** The state machine: properties that hold whatever people do, and the flows one by one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Directory, defaultDirectory } from "./directory.ts";
import { UserMistake } from "./mistake.ts";
import type { Leg } from "./model.ts";
import { Pbx } from "./pbx.ts";
import { defaultSettings, type SettingsPatch } from "./settings.ts";
import { VirtualClock } from "./virtualClock.ts";

const FROM = "420777000001";

function setUp(patch: SettingsPatch = {}, directory: Directory = defaultDirectory()) {
  const clock = new VirtualClock();
  const settings = defaultSettings({ flickerChance: 0, ...patch });
  const pbx = new Pbx(directory, settings, clock, () => 0.5);
  const trail: string[] = [];
  pbx.on((event) => {
    if (event.kind !== "upsert" && event.kind !== "remove") return;
    const { leg } = event;
    if (leg.kind === "trunk") return;
    trail.push(`${event.kind === "upsert" ? "U" : "R"} ${leg.dn}#${leg.id} ${leg.status}`);
  });
  const incoming = (did: string) => {
    const call = pbx.incoming({ from: FROM, did });
    clock.advance(50);
    return call;
  };
  const taken = () => trail.splice(0);
  return { clock, pbx, incoming, taken };
}

function only<T>(values: readonly T[]): T {
  const [value, ...more] = values;
  if (value === undefined || more.length > 0)
    throw new Error(`Expected one, got ${values.length}.`);
  return value;
}

const EXTENSIONS = ["101", "102", "103", "104", "105", "150"];
const NUMBERS = [...EXTENSIONS, "800", "801", "820", "offhook", "420777000009", "VM101", "SP0"];
const DIDS = defaultDirectory().inboundRules.map((rule) => rule.did);

/** Checks, at each event, what must hold; throws at the first breach. */
function watch(pbx: Pbx): { live: Map<number, Leg> } {
  const live = new Map<number, Leg>();
  const gone = new Set<number>();
  let highest = 0;
  pbx.on((event) => {
    if (event.kind === "restarted") {
      live.clear();
      gone.clear();
      highest = 0;
    }
    if (event.kind === "upsert") {
      const { leg } = event;
      expect(gone.has(leg.id)).toBe(false);
      expect(pbx.leg(leg.id) === leg).toBe(true);
      expect(leg.end).toBeNull();
      if (!live.has(leg.id)) {
        expect(leg.id).toBeGreaterThan(highest);
        highest = leg.id;
      }
      live.set(leg.id, leg);
    }
    if (event.kind === "remove") {
      const { leg } = event;
      expect(live.delete(leg.id)).toBe(true);
      expect(pbx.leg(leg.id) === undefined).toBe(true);
      gone.add(leg.id);
    }
  });
  return { live };
}

function ids(legs: readonly Leg[]): number[] {
  return legs.map((leg) => leg.id).sort((a, b) => a - b);
}

type Deed = (pbx: Pbx, clock: VirtualClock) => unknown;

const extension = fc.constantFrom(...EXTENSIONS);
const number = fc.constantFrom(...NUMBERS);
const callid = (pbx: Pbx, pick: number) => pbx.calls()[pick % Math.max(1, pbx.calls().length)]?.id;
const onCall = (run: (pbx: Pbx, id: number) => unknown) =>
  fc.nat(5).map(
    (pick): Deed =>
      (pbx) =>
        run(pbx, callid(pbx, pick) ?? 0),
  );
const onDn = (run: (pbx: Pbx, dn: string) => unknown) =>
  extension.map(
    (dn): Deed =>
      (pbx) =>
        run(pbx, dn),
  );
const onTwo = (run: (pbx: Pbx, dn: string, to: string) => unknown) =>
  fc.tuple(extension, number).map(
    ([dn, to]): Deed =>
      (pbx) =>
        run(pbx, dn, to),
  );
const ACTIONS = ["drop", "answer", "divert", "routeto", "transferto", "attach_party_data", "fly"];

const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.constantFrom(...DIDS).map(
    (did): Deed =>
      (pbx) =>
        pbx.incoming({ from: FROM, did }),
  ),
  fc.nat(30_000).map(
    (ms): Deed =>
      (_pbx, clock) =>
        clock.advance(ms),
  ),
  fc.constantFrom(0, 5, 50).map(
    (ms): Deed =>
      (_pbx, clock) =>
        clock.advance(ms),
  ),
  onTwo((pbx, dn, to) => pbx.dial(dn, to)),
  onDn((pbx, dn) => pbx.answer(dn)),
  onDn((pbx, dn) => pbx.answer(dn)),
  onDn((pbx, dn) => pbx.reject(dn)),
  onDn((pbx, dn) => pbx.hangUp(dn)),
  onDn((pbx, dn) => pbx.hold(dn)),
  onDn((pbx, dn) => pbx.resume(dn)),
  onDn((pbx, dn) => pbx.park(dn)),
  onDn((pbx, dn) => pbx.unpark(dn, "SP0")),
  onDn((pbx, dn) => pbx.completeTransfer(dn)),
  onTwo((pbx, dn, to) => pbx.blindTransfer(dn, to)),
  onTwo((pbx, dn, to) => pbx.pickUp(dn, to)),
  onTwo((pbx, dn, to) => pbx.makeCall(dn, to)),
  fc.constantFrom("800", "801", "offhook").map(
    (dn): Deed =>
      (pbx) =>
        pbx.makeCall(dn, "101"),
  ),
  onCall((pbx, id) => pbx.outsideAnswers(id)),
  onCall((pbx, id) => pbx.outsideRefuses(id)),
  onCall((pbx, id) => pbx.outsideHangsUp(id)),
  onCall((pbx, id) => pbx.press(id, "1")),
  onCall((pbx, id) => pbx.orderCallback(id)),
  onCall((pbx, id) => pbx.dropCall(id)),
  fc.tuple(fc.nat(9), fc.constantFrom(...ACTIONS), number).map(
    ([pick, action, destination]): Deed =>
      (pbx) => {
        const legs = pbx.legs();
        const leg = legs[pick % Math.max(1, legs.length)];
        if (leg) void pbx.act(leg, { action, destination });
      },
  ),
  fc.constant<Deed>((pbx) => pbx.restart()),
);

const switches: fc.Arbitrary<SettingsPatch> = fc.record({
  attendedTransfer: fc.constantFrom("keepX", "keepY", "newLeg"),
  blindTransferLeaves: fc.constantFrom("atOnce", "onAnswer"),
  deviceLegs: fc.constantFrom("perDn", "perDevice"),
  menuFlashesRinging: fc.boolean(),
  dialingFirstEmpty: fc.boolean(),
  flickerChance: fc.constantFrom(0, 1),
});

describe("whatever people do", () => {
  it("ids rise and are unique, each leg is readable from its first event to its one Remove", () => {
    fc.assert(
      fc.property(switches, fc.array(deed, { maxLength: 80, size: "max" }), (patch, deeds) => {
        const { clock, pbx } = setUp(patch);
        const { live } = watch(pbx);
        for (const run of deeds) {
          try {
            run(pbx, clock);
          } catch (error) {
            if (!(error instanceof UserMistake)) throw error;
          }
          const inCalls = pbx.calls().flatMap((call) => [...call.legs]);
          expect(ids(inCalls)).toEqual(ids(pbx.legs()));
          expect(ids([...live.values()])).toEqual(ids(pbx.legs()));
          for (const call of pbx.calls()) {
            const legids = [...call.legs].map((leg) => leg.legid);
            expect(new Set(legids).size).toBe(legids.length);
            expect([...call.legs].every((leg) => leg.call === call)).toBe(true);
          }
        }
        for (const call of pbx.calls()) pbx.dropCall(call.id);
        expect(ids(pbx.legs())).toEqual([]);
        expect(live.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  }, 20_000);
});

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

  it("parked: no phone has a leg, the call lives on and is taken back", () => {
    const { pbx } = talking();
    const place = pbx.park("150");
    expect(pbx.legs().map((leg) => leg.kind)).toEqual(["trunk", "parking"]);
    expect(pbx.activeCalls()[0]?.callee).toMatch(/^SP0\b/);
    pbx.unpark("104", place);
    expect(only(pbx.legsOf("104")).party.number).toBe(FROM);
    expect(pbx.legsOf("SP0")).toEqual([]);
  });

  it("picked up: the ringing leg goes, the picker talks", () => {
    const { incoming, pbx, taken } = setUp();
    incoming("420222000150");
    taken();
    pbx.dial("104", "*20*150");
    expect(taken()).toEqual(["U 104#5 ringing", "R 150#4 ringing", "U 104#5 connected"]);
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
