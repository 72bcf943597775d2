/**
 * One stage of a call's way through the PBX: ringing at an extension, waiting in a queue, in a
 * menu.
 * It owns its timers and legs, so that ending it leaves nothing behind.
 */
import type { Exchange } from "./exchange.ts";
import type { Call, DnRef, Leg, LegEnd, Offer, Step } from "./model.ts";

export class Stage implements Step {
  readonly place: DnRef;
  press?: (key: string) => void;
  /** The place's own leg (queue, menu, ring group). */
  holder: Leg | null = null;
  readonly offered = new Set<Leg>();
  readonly #exchange: Exchange;
  readonly #timers = new Set<() => void>();
  #over = false;

  constructor(exchange: Exchange, place: DnRef) {
    this.#exchange = exchange;
    this.place = place;
  }

  after(delayMs: number, run: () => void): () => void {
    if (this.#over) return () => {};
    const cancel = this.#exchange.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      if (!this.#over) run();
    });
    this.#timers.add(cancel);
    return () => {
      cancel();
      this.#timers.delete(cancel);
    };
  }

  get over(): boolean {
    return this.#over;
  }

  /** Becomes the call's stage; the former one ends, after this one's legs have been shown. */
  enter(call: Call): void {
    const former = call.step;
    call.step = this;
    former?.end("replaced");
  }

  /** One of the offered legs accepted: the others go soon, then the holder. */
  won(call: Call, winner: Leg): void {
    this.#stop();
    for (const leg of this.offered) {
      if (leg !== winner) this.#exchange.removeSoon(leg, "answeredElsewhere");
    }
    if (this.holder) this.#exchange.removeHolderSoon(this.holder);
    if (call.step === this) call.step = null;
  }

  end(why: LegEnd): void {
    for (const leg of this.abandon()) this.#exchange.remove(leg, why);
  }

  abandon(): readonly Leg[] {
    this.#stop();
    const legs = [...this.offered];
    this.offered.clear();
    return this.holder ? [...legs, this.holder] : legs;
  }

  #stop(): void {
    this.#over = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}

/** The owner of an offered leg (or the far end of a trunk) accepts. */
export function accept(leg: Leg): void {
  const offer: Offer | null = leg.offer;
  if (!offer || leg.end) return;
  offer.legs.delete(leg);
  leg.offer = null;
  offer.accepted(leg);
}

/** The owner refuses. */
export function refuse(exchange: Exchange, leg: Leg, why: LegEnd): void {
  const offer = leg.offer;
  if (!offer) return;
  exchange.remove(leg, why);
  offer.refused(leg, why);
}
