/** How people hand a conversation over: blind, after a consultation, by parking it, or to an outside number. */
import type { Call, Leg } from "../../src/simulator/model.ts";
import type { Pbx } from "../../src/simulator/pbx.ts";
import { FAX } from "./furniture.ts";
import type { Journal } from "./journal.ts";
import type { Chance } from "./random.ts";
import type { SituationName } from "./situations.ts";

export interface Script {
  readonly index: number;
  readonly chance: Chance;
  readonly talksUntilMs: number;
  /** How often this call may still be handed over. */
  handovers: number;
}

export interface Hands {
  readonly pbx: Pbx;
  readonly journal: Journal;
  readonly situations: ReadonlySet<SituationName>;
  follow(call: Call, script: Script): void;
  later(delayMs: number, call: Call, deed: () => void): void;
}

/** Who has a phone and does not use it. */
export function idle(pbx: Pbx): string[] {
  const phones = pbx.directory.extensions.filter(({ devices }) => devices.length > 0);
  return phones.map(({ number }) => number).filter((number) => pbx.legsOf(number).length === 0);
}

export function handOver(
  hands: Hands,
  leg: Leg,
  script: Script,
  deed: "blind" | "attended" | "park" | "outside",
): void {
  const { pbx } = hands;
  const { chance } = script;
  const { directory } = pbx;
  switch (deed) {
    case "blind": {
      const groups = directory.ringGroups.filter(({ strategy }) => strategy !== "Paging");
      const places = [...directory.queues, ...directory.ivrs, ...groups];
      if (hands.situations.has("faxes") && chance.happens(0.3)) {
        const to = chance.happens(0.5) ? FAX : `VM${chance.pick(directory.extensions).number}`;
        pbx.blindTransfer(leg.dn, to, leg.call.id);
        return;
      }
      if (hands.situations.has("ownTransfers") && chance.happens(0.2)) {
        pbx.blindTransfer(leg.dn, leg.dn, leg.call.id);
        return;
      }
      const phones = directory.extensions.filter(({ number }) => number !== leg.dn);
      const targets: readonly { readonly number: string }[] = chance.happens(0.5) ? places : phones;
      const target = chance.pick(targets).number;
      pbx.blindTransfer(leg.dn, target, leg.call.id);
      return;
    }
    case "outside":
      pbx.blindTransfer(leg.dn, `420602${String(script.index).padStart(6, "0")}`, leg.call.id);
      return;
    case "park": {
      const { call } = leg;
      // Of several calls a phone parks the one that it talks.
      if (pbx.legsOf(leg.dn).find(({ status }) => status === "connected") !== leg) return;
      const slot = pbx.park(leg.dn);
      hands.later(chance.between(1500, 20_000), call, () => {
        const [who] = idle(pbx);
        if (who !== undefined && pbx.legsOf(slot).some((each) => each.call === call)) {
          const dialled = pbx.unpark(chance.happens(0.5) ? chance.pick(idle(pbx)) : who, slot);
          if (dialled !== call) hands.follow(dialled, script);
        }
      });
      return;
    }
    case "attended":
      consult(hands, leg, script);
      return;
  }
}

function consult(hands: Hands, leg: Leg, script: Script): void {
  const { pbx, journal, follow, later, situations } = hands;
  const { chance } = script;
  const colleagues = idle(pbx).filter((number) => number !== leg.dn);
  if (colleagues.length === 0 || pbx.legsOf(leg.dn).length !== 1) return;
  const outside = situations.has("outsideJoins") && chance.happens(0.4);
  const number = `420605${String(script.index).padStart(6, "0")}`;
  const consultation = pbx.dial(leg.dn, outside ? number : chance.pick(colleagues));
  follow(consultation, script);
  const own = () => pbx.legsOf(leg.dn).find((each) => each.call === consultation);
  const isReady = () => !leg.end && pbx.legsOf(leg.dn).length === 2 && own() !== undefined;
  const join = (answered: boolean) => {
    // Either may hold the other meanwhile: it was answered all the same.
    const mine = own();
    if (!isReady() || mine === undefined || (mine.status !== "dialing") !== answered) return;
    if (answered && !outside) journal.attended(leg.call, mine);
    pbx.completeTransfer(leg.dn);
  };
  if (situations.has("ownTransfers") && chance.happens(0.3)) {
    later(chance.between(5_000, 7_900), consultation, () => {
      if (!isReady() || own()?.status !== "connected") return;
      pbx.hold(leg.dn);
      pbx.resume(leg.dn);
    });
  }
  if (situations.has("bothTransfer") && chance.happens(0.5)) handOn(hands, consultation, script);
  let conferring = false;
  const confers = situations.has("conferences") || situations.has("conferenceRooms");
  if (confers && chance.happens(0.5)) {
    later(chance.between(4_000, 7_900), consultation, () => {
      if (!isReady() || own()?.status !== "connected") return;
      conferring = true;
      pbx.conference(leg.dn);
      later(chance.between(500, 12_000), leg.call, () => {
        if (chance.happens(0.5)) pbx.outsideHangsUp(leg.call.id);
        else pbx.hangUp(leg.dn);
      });
    });
  }
  if (chance.happens(0.15)) later(chance.between(300, 3000), consultation, () => join(false));
  later(chance.between(8_000, 16_000), consultation, () => {
    const mine = own();
    if (conferring || !isReady() || mine === undefined) return;
    if (mine.status !== "dialing" && chance.happens(0.8)) join(true);
    else {
      pbx.hangUpLeg(mine);
      if (!leg.end && leg.status === "hold") pbx.resume(leg.dn);
    }
  });
}

/** Who was consulted hands the consultation on, to whoever is free. */
function handOn({ pbx, journal, later, follow }: Hands, consultation: Call, script: Script): void {
  const { chance } = script;
  const consulted = () =>
    [...consultation.legs].find(
      ({ kind, legid, status }) => kind === "extension" && legid > 1 && status === "connected",
    );
  const attended = chance.happens(0.5);
  later(chance.between(2_000, 6_000), consultation, () => {
    const leg = consulted();
    const free = idle(pbx);
    if (leg === undefined || free.length === 0) return;
    const next = chance.pick(free);
    if (!attended) {
      pbx.blindTransfer(leg.dn, next, consultation.id);
      return;
    }
    const own = pbx.dial(leg.dn, next);
    follow(own, script);
    later(chance.between(1_000, 5_000), own, () => {
      if (leg.end || pbx.legsOf(leg.dn).length !== 2) return;
      const mine = pbx.legsOf(leg.dn).find((each) => each.call === own);
      // Who had the caller handed over meanwhile hands the caller on.
      if (mine !== undefined && mine.status !== "dialing") journal.attended(leg.call, mine);
      pbx.completeTransfer(leg.dn);
    });
  });
}
