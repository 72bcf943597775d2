/** The state machine: what holds whatever people do. A failure prints its seed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FROM, setUp } from "../../test/support/virtualPbx.ts";
import { defaultDirectory } from "./directory.ts";
import { LIST_LAG_MS_MAX } from "./listHistory.ts";
import { UserMistake } from "./mistake.ts";
import type { Leg } from "./model.ts";
import type { ActiveCallRow, Pbx } from "./pbx.ts";
import type { SettingsPatch } from "./settings.ts";
import type { VirtualClock } from "./virtualClock.ts";

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
  fc.constantFrom(0, 5, 50, 100).map(
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
  onDn((pbx, dn) => pbx.conference(dn)),
  onTwo((pbx, dn, to) => pbx.bargeIn(dn, to, "listen")),
  onTwo((pbx, dn, to) => pbx.bargeIn(dn, to)),
  onDn((pbx, dn) => pbx.changeDevice(dn)),
  onDn((pbx, dn) => pbx.wakeUp(dn)),
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

/** Or refused. */
function done(run: Deed, pbx: Pbx, clock: VirtualClock): void {
  try {
    run(pbx, clock);
  } catch (error) {
    if (!(error instanceof UserMistake)) throw error;
  }
}

const switches: fc.Arbitrary<SettingsPatch> = fc.record({
  attendedTransfer: fc.constantFrom("keepX", "keepY", "newLeg", "newCall"),
  ringingTransfer: fc.constantFrom("newLeg", "keepsLeg"),
  blindTransferLeaves: fc.constantFrom("atOnce", "onAnswer"),
  featureCodes: fc.constantFrom("sameCall", "ownLegFirst", "ownCall"),
  deviceLegs: fc.constantFrom("perDn", "perDevice"),
  menuFlashesRinging: fc.boolean(),
  dialingFirstEmpty: fc.boolean(),
  flickerChance: fc.constantFrom(0, 1),
  conference: fc.constantFrom("keepsLegs", "ownCalls"),
  parkTimeoutMs: fc.constantFrom(null, 5_000),
  legEnds: fc.constantFrom("youngestFirst", "oldestFirst"),
});

describe("whatever people do", () => {
  it("ids rise and are unique, each leg is readable from its first event to its one Remove", () => {
    fc.assert(
      fc.property(switches, fc.array(deed, { maxLength: 80, size: "max" }), (patch, deeds) => {
        const { clock, pbx } = setUp(patch);
        const { live } = watch(pbx);
        for (const run of deeds) {
          done(run, pbx, clock);
          const inCalls = pbx.calls().flatMap((call) => [...call.legs]);
          expect(ids(inCalls)).toEqual(ids(pbx.legs()));
          expect(ids([...live.values()])).toEqual(ids(pbx.legs()));
          for (const call of pbx.calls()) {
            const legids = [...call.legs].map((leg) => leg.legid);
            if (patch.ringingTransfer === "newLeg") {
              expect(new Set(legids).size).toBe(legids.length);
            }
            expect([...call.legs].every((leg) => leg.call === call)).toBe(true);
          }
        }
        for (const call of pbx.calls()) pbx.dropCall(call.id);
        expect(ids(pbx.legs())).toEqual([]);
        expect(live.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it("a list that lags shows the calls as they were", () => {
    fc.assert(
      fc.property(switches, fc.array(deed, { maxLength: 80, size: "max" }), (patch, deeds) => {
        const { clock, pbx } = setUp(patch);
        const shown = new Map<number, readonly ActiveCallRow[]>();
        pbx.on(({ kind }) => {
          if (kind === "restarted") shown.clear();
        });
        for (const run of deeds) {
          done(run, pbx, clock);
          // What is due at this very moment is done.
          clock.advance(0);
          shown.set(clock.now(), pbx.activeCalls());
          for (const [at, rows] of shown) {
            const lagMs = clock.now() - at;
            if (lagMs <= LIST_LAG_MS_MAX) expect(pbx.activeCalls(lagMs)).toEqual(rows);
            else shown.delete(at);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
