/**
 * The script: who calls whom when, and what everybody does when a phone rings. Each call draws from a stream of its
 * own, so that a scene with fewer calls plays the others much as before.
 */
import { UserMistake } from "../../src/simulator/mistake.ts";
import type { Call, Leg } from "../../src/simulator/model.ts";
import type { Pbx } from "../../src/simulator/pbx.ts";
import type { Clock } from "../../src/util/clock.ts";
import { besides, dialledInside, playApplication, playWaiting, written } from "./deeds.ts";
import { BRIDGE } from "./furniture.ts";
import { type Hands, handOver, type Script } from "./handOver.ts";
import type { Journal } from "./journal.ts";
import { Chance, seedOf } from "./random.ts";
import type { SituationName } from "./situations.ts";

export interface PeopleOptions {
  readonly seed: number;
  readonly pbx: Pbx;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly transfers: boolean;
  readonly situations: ReadonlySet<SituationName>;
  readonly note: (line: string) => void;
}

export class People {
  readonly #options: PeopleOptions;
  readonly #scripts = new Map<Call, Script>();
  readonly #heeded = new Set<Leg>();
  /** Talks whose end is planned already. */
  readonly #planned = new Set<Leg>();
  readonly #hands: Hands;
  /** Who may order a call-back, by number. */
  readonly #waiting = new Map<string, Script>();
  calls = 0;

  constructor(options: PeopleOptions) {
    this.#options = options;
    this.#hands = {
      pbx: options.pbx,
      journal: options.journal,
      situations: options.situations,
      follow: (call, script) => {
        this.#scripts.set(call, script);
        for (const leg of call.legs) {
          if (leg.offer && leg.kind === "trunk") this.#outsideRings(leg, script);
          else if (leg.offer) this.#rings(leg, script);
        }
      },
      later: (delayMs, call, deed) => this.#later(delayMs, call, deed),
    };
    options.pbx.on((event) => {
      if (event.kind !== "upsert") return;
      const { leg } = event;
      const script = this.#scripts.get(leg.call) ?? this.#calledBack(leg);
      if (script === undefined) return;
      if (leg.status === "ringing" && leg.offer && leg.kind === "extension") {
        this.#rings(leg, script);
      } else if (leg.kind === "trunk" && leg.offer) this.#outsideRings(leg, script);
      else if (leg.kind === "ivr" && !this.#heeded.has(leg)) this.#atMenu(leg, script);
      else if (leg.kind === "queue") this.#atQueue(leg, script);
      else if (leg.kind === "routepoint") this.#atApplication(leg, script);
      else if (leg.kind === "extension" && leg.status === "connected") this.#talks(leg, script);
    });
  }

  /** Call `index` of the seed begins now. */
  begin(index: number): void {
    const chance = new Chance(seedOf(this.#options.seed, "call", index));
    const talksUntilMs = chance.between(1, 60) * 1000 + chance.between(0, 999);
    const handovers = this.#options.transfers && chance.happens(0.5) ? chance.between(1, 3) : 0;
    const script: Script = { index, chance, talksUntilMs, handovers };
    const { pbx } = this.#options;
    const kind = chance.weighed({ incoming: 6, outgoing: 3, internal: 1 });
    if (kind === "incoming") {
      const { did, trunk } = chance.pick(pbx.directory.inboundRules);
      const usual = chance.happens(0.05) ? "" : this.#number("420777", script);
      const from = trunk === BRIDGE.trunk ? `${BRIDGE.prefix}${10 + (index % 89)}` : usual;
      this.#do("comes in", () => {
        const call = pbx.incoming({ from, did });
        this.#follow(call, script);
        this.#later(chance.between(500, 45_000), call, () => {
          const talking = [...call.legs].some(
            (leg) => leg.kind === "extension" && leg.status !== "ringing",
          );
          if (!talking) pbx.outsideHangsUp(call.id);
        });
      });
      return;
    }
    const idle = pbx.directory.extensions.filter(({ number }) => pbx.legsOf(number).length === 0);
    if (idle.length < 2) return;
    const { number } = chance.pick(idle);
    const others = idle.filter((row) => row.number !== number);
    const target =
      kind === "outgoing"
        ? this.#number("420608", script)
        : chance.happens(0.7)
          ? chance.pick(others).number
          : chance.pick(pbx.directory.queues).number;
    const { situations } = this.#options;
    if (kind === "internal" && situations.has("listening") && chance.happens(0.2)) {
      this.#do(`${number} is woken`, () => this.#hands.follow(pbx.wakeUp(number), script));
      return;
    }
    const own = situations.has("ownNumber") && chance.happens(0.3);
    if (own && kind === "outgoing") {
      this.#dialsOwnNumber(number, script);
      return;
    }
    const dialled = kind === "internal" ? dialledInside(this.#hands, target, chance) : target;
    this.#do(`${number} dials ${dialled}`, () => {
      const call = this.#begin(number, dialled, script);
      if (call === undefined) return;
      this.#follow(call, script);
      for (const leg of call.legs) {
        if (leg.kind === "trunk") this.#outsideRings(leg, script);
        else if (leg.offer && leg.kind === "extension") this.#rings(leg, script);
      }
      this.#later(chance.between(2000, 40_000), call, () => {
        const [own] = pbx.legsOf(number).filter((leg) => leg.call === call);
        if (own && own.status === "dialing") pbx.hangUpLeg(own);
      });
    });
  }

  /** Out over the trunk, and in again: two calls. */
  #dialsOwnNumber(number: string, script: Script): void {
    const { pbx } = this.#options;
    const { did } = script.chance.pick(pbx.directory.inboundRules);
    const from = pbx.directory.trunks[0]?.externalNumber ?? "";
    this.#do(`${number} dials the own number ${did}`, () => {
      const out = pbx.dial(number, did);
      this.#follow(out, script);
      const back = pbx.incoming({ from, did });
      this.#follow(back, script);
      for (const leg of out.legs) if (leg.kind === "trunk") this.#outsideRings(leg, script);
      this.#later(script.chance.between(20_000, 60_000), out, () => {
        const [own] = pbx.legsOf(number).filter((leg) => leg.call === out);
        if (own) pbx.hangUpLeg(own);
      });
      this.#later(script.chance.between(20_000, 60_000), back, () => pbx.outsideHangsUp(back.id));
    });
  }

  /** As it was always written, unless the situation is that it is not. */
  #number(prefix: string, { index, chance }: Script): string {
    const digits = `${prefix}${String(index).padStart(6, "0")}`;
    if (this.#options.situations.has("numberFormats")) return written(digits, chance);
    return prefix === "420777" ? `+${digits}` : digits;
  }

  /** The phone dials, or a program lets it: then it may ring itself first. */
  #begin(number: string, target: string, script: Script): Call | undefined {
    const { pbx, situations } = this.#options;
    if (!situations.has("makecall") || script.chance.happens(0.5)) return pbx.dial(number, target);
    pbx.makeCall(number, target);
    const legs = pbx.legsOf(number);
    for (const leg of legs) {
      if (leg.status === "ringing") this.#rings(leg, script);
    }
    return legs.at(-1)?.call;
  }

  /** Who has ordered a call-back is called. */
  #calledBack({ call, outside }: Leg): Script | undefined {
    if (call.caller.kind !== "queue" || outside === null) return undefined;
    const script = this.#waiting.get(outside.number);
    if (script !== undefined) this.#follow(call, script);
    return script;
  }

  #atQueue(leg: Leg, script: Script): void {
    if (this.#heeded.has(leg) || !this.#options.situations.has("callbacks")) return;
    this.#heeded.add(leg);
    if (!script.chance.happens(0.5)) return;
    this.#waiting.set(leg.call.caller.number, script);
    this.#later(script.chance.between(1_000, 12_000), leg.call, () => {
      if (!leg.end) playWaiting(this.#options.pbx, leg);
    });
  }

  #atApplication(leg: Leg, { chance }: Script): void {
    if (this.#heeded.has(leg) || leg.status !== "connected") return;
    this.#heeded.add(leg);
    this.#later(chance.between(200, 9_000), leg.call, () => {
      if (!leg.end && leg.peer) playApplication(this.#options.pbx, leg, chance);
    });
  }

  #follow(call: Call, script: Script): void {
    this.calls += 1;
    this.#scripts.set(call, script);
  }

  /** A deed that the PBX finds impossible is left undone. */
  #do(what: string, deed: () => void): void {
    try {
      this.#options.note(`PEOPLE ${what}`);
      deed();
    } catch (error) {
      if (!(error instanceof UserMistake)) throw error;
    }
  }

  #later(delayMs: number, call: Call, deed: () => void): void {
    this.#options.clock.after(delayMs, () => {
      if (call.endedAt === null) this.#do(`call ${call.id}`, deed);
    });
  }

  #busy(dn: string): boolean {
    return this.#options.pbx.legsOf(dn).some((leg) => leg.status !== "ringing");
  }

  #rings(leg: Leg, script: Script): void {
    if (this.#heeded.has(leg)) return;
    this.#heeded.add(leg);
    const { chance } = script;
    const deed = chance.weighed({ answers: 5, rejects: 1, ignores: 3 });
    const afterMs = chance.between(300, 12_000);
    if (deed === "ignores") return;
    const picksUp = this.#options.transfers && chance.happens(0.05);
    this.#later(afterMs, leg.call, () => {
      if (leg.end || !leg.offer) return;
      const { pbx } = this.#options;
      const phones = pbx.directory.extensions.filter(({ devices }) => devices.length > 0);
      const idle = phones.filter(({ number }) => !this.#busy(number));
      if (picksUp && idle.length > 0) {
        const dialled = pbx.pickUp(chance.pick(idle).number, leg.dn, leg.call.id);
        if (dialled !== leg.call) this.#hands.follow(dialled, script);
      } else if (deed === "rejects") pbx.hangUpLeg(leg);
      else if (!this.#busy(leg.dn) || chance.happens(0.1)) pbx.answer(leg.dn, leg.call.id);
    });
  }

  #outsideRings(leg: Leg, { chance }: Script): void {
    if (this.#heeded.has(leg)) return;
    this.#heeded.add(leg);
    const deed = chance.weighed({ answers: 6, refuses: 1, ignores: 2 });
    const afterMs = chance.between(500, 15_000);
    if (deed === "ignores") return;
    this.#later(afterMs, leg.call, () => {
      if (leg.end || !leg.offer) return;
      if (deed === "answers") this.#options.pbx.outsideAnswers(leg.call.id);
      else this.#options.pbx.outsideRefuses(leg.call.id);
    });
  }

  #atMenu(leg: Leg, { chance }: Script): void {
    this.#heeded.add(leg);
    const key = chance.pick(["1", "1", "2", "2", "3", "4", "9"]);
    const afterMs = chance.between(200, 9000);
    if (chance.happens(0.2)) return;
    this.#later(afterMs, leg.call, () => {
      if (!leg.end) this.#options.pbx.press(leg.call.id, key);
    });
  }

  /** A conversation begins: how it will end, and what happens meanwhile. */
  #talks(leg: Leg, script: Script): void {
    if (this.#planned.has(leg)) return;
    this.#planned.add(leg);
    const { chance } = script;
    const { pbx } = this.#options;
    const { call } = leg;
    besides(this.#hands, leg, chance);
    if (chance.happens(0.1)) {
      this.#later(chance.between(500, 5000), call, () => {
        const isFree = leg.status === "connected" && leg.party.kind !== "conference";
        if (!leg.end && isFree) pbx.hold(leg.dn);
      });
      this.#later(chance.between(6000, 9000), call, () => {
        if (!leg.end && leg.status === "hold") pbx.resume(leg.dn);
      });
    }
    if (script.handovers > 0) {
      script.handovers -= 1;
      const deed = chance.weighed({ blind: 5, attended: 4, park: 2, outside: 1 });
      this.#later(chance.between(700, 12_000), call, () => {
        const outside = [...leg.call.legs].some(({ kind }) => kind === "trunk");
        const isFree = leg.peer && leg.status === "connected" && leg.party.kind !== "conference";
        if (outside && !leg.end && isFree) {
          handOver(this.#hands, leg, script, deed);
        }
      });
    }
    const outsideEnds = chance.happens(0.6);
    this.#later(chance.between(0, 15_000) + script.talksUntilMs, call, () => {
      if (leg.end || leg.call.endedAt !== null) return;
      const outside = [...leg.call.legs].some(({ kind }) => kind === "trunk");
      if (outside && outsideEnds) pbx.outsideHangsUp(leg.call.id);
      else pbx.hangUpLeg(leg);
    });
  }
}
