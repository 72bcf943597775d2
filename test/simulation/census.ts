/**
 * How often each situation was really played, counted from what the PBX does: a situation that never comes up proves
 * nothing.
 */
import type { Leg } from "../../src/simulator/model.ts";
import type { Pbx } from "../../src/simulator/pbx.ts";

export class Census {
  readonly counts = new Map<string, number>();
  readonly #seen = new WeakSet<Leg>();

  constructor(pbx: Pbx) {
    pbx.on((event) => {
      if (event.kind === "remove") this.#gone(event.leg);
      if (event.kind === "callEnded" && event.call.callbackOrdered)
        this.#count("call-back ordered");
      if (event.kind !== "upsert" || this.#seen.has(event.leg)) return;
      this.#seen.add(event.leg);
      this.#came(event.leg);
    });
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #came(leg: Leg): void {
    const { call, kind, originatedBy, onBehalfOf, status } = leg;
    const before = call.allLegs.slice(0, call.allLegs.indexOf(leg));
    const rings = status === "ringing";
    if (kind === "fax") this.#count("fax");
    if (kind === "specialmenu" && before.length > 0) this.#count("voicemail");
    if (kind === "parking") this.#count("parked");
    if (kind === "queue") this.#cameToQueue(leg, before);
    if (kind === "trunk" && leg.dn === "10100") this.#count("over the bridge");
    if (kind === "trunk" && before.length > 0) {
      if (onBehalfOf?.kind === "extension") this.#count("mobile or forward rings");
      if (before.length === 1 && call.direction === "incoming") this.#count("trunk to trunk");
    }
    if (kind !== "extension") return;
    if (leg.barges) this.#count("hears another's call");
    if (leg.party.kind === "conference") this.#count("own call into a conference");
    if (rings && leg.referredBy) this.#count("rings by a blind transfer");
    if (rings && originatedBy?.kind === "parking") this.#count("parked call rings back");
    if (rings && leg.party.kind === "specialmenu") this.#count("rings from the PBX itself");
    if (rings && call.direction === "outgoing" && call.allLegs[0]?.kind === "trunk") {
      this.#count("called back");
    }
  }

  #cameToQueue({ dn }: Leg, before: readonly Leg[]): void {
    const queues = before.filter(({ kind }) => kind === "queue");
    if (queues.some((each) => each.dn === dn)) this.#count("back at the same queue");
    else if (queues.length > 0) this.#count("on to another queue");
  }

  #gone({ end, kind, call, answeredAt, dn, party }: Leg): void {
    if (kind === "trunk" && end?.why === "replaced" && answeredAt === null) {
      this.#count("trunk refused");
    }
    if (kind === "extension" && party.kind === "conference") this.#count("left a conference");
    if (kind === "extension" && end?.why === "replaced" && answeredAt !== null) {
      const moved = [...call.legs].some((each) => each.dn === dn);
      if (moved) this.#count("went on at another phone");
    }
  }
}
