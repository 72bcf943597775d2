/**
 * The part of one endpoint's deliveries that is in memory: whole lanes where it can; the rest stays in the
 * store and is paged in by position. Lanes that sleep while others want their room are shelved: put back to
 * the store until their time comes.
 * Must hold: of a lane that is here and `whole`, all that is pending up to `#after` is here. So no event of a
 * call is sent while an earlier one is only in the store. While the endpoint is down, a few of the newest calls
 * are here whatever else is not: they tell best whether it lives.
 */
import type { EpochMs } from "../events/event.ts";
import type { Delivery } from "../outbox/outbox.ts";
import type { TakenUp } from "../outbox/pending.ts";
import {
  addToLane,
  createLane,
  keepsPace,
  type Lane,
  type LaneRules,
  nextIn,
  type Owed,
  owedFrom,
  removeFromLane,
} from "./lane.ts";
import { findProbe } from "./probe.ts";
import { Alarms, Fifo } from "./queues.ts";

/** Of the window, at most for one lane: who has more undelivered events of one call gets on with the first ones. */
const LANE_SHARE_MAX = 1 / 4;
/** Of the window, asked for at once: the store's thread has others to serve, too. */
const PAGE_SHARE_MAX = 1 / 4;
/** Above this share of the window, sleepers make room if it is wanted … */
const ASLEEP_SHARE_MAX = 1 / 4;
/** … until they are no more than this. */
const ASLEEP_SHARE_KEPT = 1 / 8;

/** Calls that are here because they are new, though there is no room. */
export const FRESH_MAX = 8;

export interface Found {
  readonly kind: "send" | "expire";
  readonly lane: Lane;
  readonly owed: Owed;
}

export interface Shelved {
  readonly lane: Lane;
  readonly wakeAt: EpochMs;
}

export interface Bounds {
  readonly now: EpochMs;
  /** Deliveries in memory, about: a page or a lane may go beyond. */
  readonly heldMax: number;
  /** The endpoint is down and only probed. */
  readonly isDown: boolean;
  /** The longest that anything waits: times in the store may stem from a clock that was set back since. */
  readonly waitMsMax: number;
}

/** Deliveries of one lane in memory. */
export const laneMaxOf = ({ heldMax }: Bounds) => Math.max(1, Math.floor(heldMax * LANE_SHARE_MAX));

export class Window {
  readonly #lanes = new Map<string, Lane>();
  readonly #ids = new Set<number>();
  readonly #ready = new Fifo<Lane>();
  readonly #alarms = new Alarms<Lane>();
  /** The newest calls of an endpoint that is down, the newest last. */
  #fresh: Lane[] = [];
  /** Lanes of which nothing is left here, but more in the store. */
  readonly #usedUp = new Set<Lane>();
  #asleep = 0;
  /** Deliveries that are only in the store; about, as both sides change while they talk. */
  #away = 0;
  /** Up to this position everything pending is here or shelved. */
  #after = 0;
  /** Nothing is pending beyond `#after` that is not here. */
  #swept = true;
  /** Asked for a page that has not come: whether more has come up since. */
  #asked: { readonly after: number; grown: boolean } | null = null;
  /** When the first shelved lane is due; null: none is shelved. */
  #shelvedUntil: EpochMs | null = null;
  /** What was never here since the start is due at once: an outage has ended. */
  #hastened = false;

  /** Deliveries in memory. */
  get held(): number {
    return this.#ids.size;
  }

  /** Deliveries owed, here or in the store; exact when nothing is left in the store. */
  get queued(): number {
    return this.held + this.#away;
  }

  get anyShelved(): boolean {
    return this.#shelvedUntil !== null;
  }

  /** Event time of the oldest that is here. */
  get oldestAt(): EpochMs | null {
    let oldest: EpochMs | null = null;
    for (const { owed } of this.#lanes.values()) {
      for (const { delivery } of owed) oldest = Math.min(oldest ?? Infinity, delivery.event.at);
    }
    return oldest;
  }

  /** When a lane that is here wants to be looked at. */
  get nextAt(): EpochMs | null {
    return this.#alarms.nextAt;
  }

  /** When the store has something that it has not now; null if it never will, or has it already. */
  nextPageAt(now: EpochMs): EpochMs | null {
    const at = this.#shelvedUntil;
    return at !== null && at > now ? at : null;
  }

  /** The store holds so many that were never here. */
  startWith(pending: number): void {
    this.#away = pending;
    this.#lookAgainFrom(1);
  }

  /** Takes a delivery that has just been stored, or leaves it there for later. */
  offer(delivery: Delivery, bounds: Bounds): void {
    const { deliveryId, position, sequence, replay, event } = delivery;
    if (!bounds.isDown) this.#fresh.length = 0;
    if (this.#ids.has(deliveryId)) return;
    const lane = this.#lanes.get(keyOf(delivery));
    // The first event of a call has no lane that could be shelved.
    const isFirst = sequence === 1 && !replay;
    const mayBeShelved = this.#shelvedUntil !== null && !isFirst;
    const fits = lane
      ? lane.part === "whole" && lane.owed.length < laneMaxOf(bounds)
      : !mayBeShelved;
    // A replay takes its old place, which everything here that is later respects.
    const inReach = this.#swept || position <= this.#after;
    if (inReach && this.held < bounds.heldMax && fits) {
      this.#add(delivery, bounds);
      this.#after = Math.max(this.#after, position);
      return;
    }
    // Not a recording: where it goes to another receiver, no probe takes it, and it would lie here.
    if (bounds.isDown && isFirst && event.kind !== "recording" && lane === undefined) {
      this.#addFresh(delivery, bounds);
      return;
    }
    this.#away += 1;
    if (lane === undefined || !this.#swept) this.#lookAgainFrom(position);
    else if (lane.part === "whole") lane.part = "head";
  }

  /** The next page, if something is to come and there is room for it; `taken` or `notTaken` must follow. */
  ask({ heldMax, now }: Bounds): { readonly after: number; readonly limit: number } | null {
    if (this.#asked !== null || !this.#wantsMore(now) || this.held > heldMax / 2) return null;
    this.#asked = { after: this.#after, grown: false };
    return { after: this.#after, limit: Math.ceil(heldMax * PAGE_SHARE_MAX) };
  }

  taken({ woken, next, after, end, wakeAt }: TakenUp, bounds: Bounds): void {
    const asked = this.#asked;
    this.#asked = null;
    for (const { deliveries, more } of woken) {
      for (const delivery of deliveries) this.#takeUp(delivery, bounds);
      const lane = deliveries[0] && this.#lanes.get(keyOf(deliveries[0]));
      if (lane && more) lane.part = "head";
    }
    for (const delivery of next) this.#takeUp(delivery, bounds);
    // Unless `offer` has put it back meanwhile: then once more from there.
    if (asked !== null && this.#after === asked.after) this.#after = after;
    this.#swept = end && asked !== null && !asked.grown;
    this.#shelvedUntil = wakeAt;
    if (!this.#swept) return;
    this.#hastened = false;
    const whole = [...this.#lanes.values()].every(({ part }) => part === "whole");
    if (wakeAt === null && whole) this.#away = 0;
  }

  notTaken(): void {
    this.#asked = null;
  }

  /** Lanes to be put back to the store; `shelved` or `notShelved` must follow. */
  toShelve({ heldMax, now, waitMsMax }: Bounds): Shelved[] {
    const manySleep = this.held > heldMax / 2 && this.#asleep > heldMax * ASLEEP_SHARE_MAX;
    if (this.#usedUp.size === 0 && !manySleep) return [];
    const found: Shelved[] = Array.from(this.#usedUp, (lane) => ({ lane, wakeAt: now }));
    this.#usedUp.clear();
    if (manySleep && (this.#wantsMore(now) || this.held >= heldMax)) {
      const most = heldMax * ASLEEP_SHARE_KEPT;
      found.push(...this.#longestSleepers(most, now + waitMsMax));
    }
    for (const { lane } of found) lane.part = "leaving";
    return found;
  }

  shelved(lanes: readonly Shelved[]): void {
    for (const { lane, wakeAt } of lanes) {
      this.#forget(lane);
      this.#shelvedUntil = Math.min(this.#shelvedUntil ?? Infinity, wakeAt);
    }
  }

  notShelved(lanes: readonly Shelved[]): void {
    for (const { lane } of lanes) {
      // What has come up meanwhile is only in the store.
      lane.part = "head";
      if (lane.owed.length === 0) this.#usedUp.add(lane);
      this.wake(lane);
    }
  }

  /** Nothing here waits for its schedule any longer, nor does what was never here. */
  hasten(now: EpochMs, refusedToo: boolean): void {
    this.#hastened = !this.#swept;
    this.hastenHere(now, (owed) => refusedToo || !owed.refused);
  }

  /** Of what is here, those wait for their schedule no longer. */
  hastenHere(now: EpochMs, which: (owed: Owed) => boolean): void {
    for (const lane of this.#lanes.values()) {
      for (const owed of lane.owed) {
        if (!owed.busy && !keepsPace(owed) && which(owed)) owed.dueAt = Math.min(owed.dueAt, now);
      }
      this.wake(lane);
    }
  }

  /** Lanes in the store are due by now. */
  shelvedAreDue(now: EpochMs): void {
    if (this.#shelvedUntil !== null) this.#shelvedUntil = Math.min(this.#shelvedUntil, now);
  }

  wakeDue(now: EpochMs): void {
    for (let lane = this.#alarms.takeDue(now); lane !== null; lane = this.#alarms.takeDue(now)) {
      this.wake(lane);
    }
  }

  /** Has the lane looked at again. */
  wake(lane: Lane): void {
    this.#rouse(lane);
    if (lane.queued) return;
    lane.queued = true;
    this.#ready.push(lane);
  }

  /** The next that may go now, a turn for each lane. */
  next(rules: LaneRules, now: EpochMs): Found | null {
    for (let lane = this.#ready.shift(); lane !== undefined; lane = this.#ready.shift()) {
      lane.queued = false;
      const next = nextIn(lane, rules, now);
      if (next.kind === "wait") this.#sleep(lane, next.until);
      else if (next.kind !== "rest") return { kind: next.kind, lane, owed: next.owed };
    }
    return null;
  }

  /**
   * It could go, but not to where it is to go: as if an attempt had failed, with none made. It holds the others
   * of its call from when it happened: that is known again when the lane comes back from the store.
   */
  putOff({ lane, owed }: Found, now: EpochMs, until: EpochMs): void {
    owed.firstAttemptAt ??= Math.min(now, owed.delivery.event.at);
    owed.dueAt = until;
    this.wake(lane);
  }

  probe(rules: LaneRules, now: EpochMs, tells: (owed: Owed) => boolean): Found | null {
    return findProbe(this.#lanes.values(), rules, now, tells);
  }

  begin({ lane, owed }: Found): void {
    owed.busy = true;
    lane.busy += 1;
    // In ORDER none, others of the lane may go beside it.
    if (lane.owed.length > lane.busy) this.wake(lane);
  }

  /** It is settled; null `dueAt`: it is no longer owed. */
  finish({ lane, owed }: Pick<Found, "lane" | "owed">, dueAt: EpochMs | null): void {
    owed.busy = false;
    lane.busy -= 1;
    if (dueAt === null) {
      removeFromLane(lane, owed);
      this.#ids.delete(owed.delivery.deliveryId);
    } else owed.dueAt = dueAt;
    if (lane.owed.length > 0) this.wake(lane);
    else if (lane.part === "whole") {
      this.#rouse(lane);
      this.#lanes.delete(lane.key);
    } else this.#usedUp.add(lane);
  }

  /** Nothing of its call can be in the store. Only `probe` looks for it. The oldest that goes back makes room. */
  #addFresh(delivery: Delivery, bounds: Bounds): void {
    const { lane } = this.#hold(delivery, bounds);
    this.#fresh = [...this.#fresh.filter((each) => this.#goesBack(each)), lane];
    const [oldest] = this.#fresh;
    if (this.#fresh.length <= FRESH_MAX || oldest === undefined) return;
    this.#fresh.shift();
    const [first] = oldest.owed;
    this.#forget(oldest);
    // It may still be in the queue of lanes, and should hold nothing there.
    oldest.owed.length = 0;
    if (first !== undefined) this.#lookAgainFrom(first.delivery.position);
  }

  /** A page will bring all of it again. Once a page is to begin behind it, it is a lane as any other. */
  #goesBack(lane: Lane): boolean {
    const first = lane.owed[0]?.delivery.position ?? 0;
    const isIdle = this.#isHere(lane) && lane.part === "whole" && lane.busy === 0;
    return isIdle && first > Math.max(this.#after, this.#asked?.after ?? 0);
  }

  #isHere(lane: Lane): boolean {
    return this.#lanes.get(lane.key) === lane;
  }

  #forget(lane: Lane): void {
    this.#rouse(lane);
    if (this.#isHere(lane)) this.#lanes.delete(lane.key);
    for (const { delivery } of lane.owed) this.#ids.delete(delivery.deliveryId);
    this.#away += lane.owed.length;
  }

  #wantsMore(now: EpochMs): boolean {
    return !this.#swept || (this.#shelvedUntil !== null && this.#shelvedUntil <= now);
  }

  #lookAgainFrom(position: number): void {
    this.#after = Math.min(this.#after, position - 1);
    this.#swept = false;
    if (this.#asked !== null) this.#asked.grown = true;
  }

  /** From a page. What is not taken now comes with the rest of its lane. */
  #takeUp(delivery: Delivery, bounds: Bounds): void {
    if (this.#ids.has(delivery.deliveryId)) return;
    const lane = this.#lanes.get(keyOf(delivery));
    if (lane && lane.owed.length >= laneMaxOf(bounds) && lane.part === "whole") lane.part = "head";
    if (lane && lane.part !== "whole") return;
    this.#away = Math.max(0, this.#away - 1);
    const owed = this.#add(delivery, bounds);
    if (this.#hastened && !keepsPace(owed)) owed.dueAt = Math.min(owed.dueAt, bounds.now);
  }

  #add(delivery: Delivery, bounds: Bounds): Owed {
    const { lane, owed } = this.#hold(delivery, bounds);
    this.wake(lane);
    return owed;
  }

  #hold(delivery: Delivery, { now, waitMsMax }: Bounds): Pick<Found, "lane" | "owed"> {
    const owed = owedFrom(delivery);
    if (owed.firstAttemptAt !== null) owed.firstAttemptAt = Math.min(owed.firstAttemptAt, now);
    // A replay waits for its turn among many, for as long as it takes.
    if (!delivery.replay) owed.dueAt = Math.min(owed.dueAt, now + waitMsMax);
    const key = keyOf(delivery);
    const lane = this.#lanes.get(key) ?? createLane(key);
    if (lane.owed.length === 0) this.#lanes.set(key, lane);
    addToLane(lane, owed);
    this.#ids.add(delivery.deliveryId);
    return { lane, owed };
  }

  #sleep(lane: Lane, until: EpochMs): void {
    this.#alarms.set(lane, until);
    this.#asleep += lane.owed.length - lane.asleep;
    lane.asleep = lane.owed.length;
  }

  #rouse(lane: Lane): void {
    this.#alarms.cancel(lane);
    this.#asleep -= lane.asleep;
    lane.asleep = 0;
  }

  #longestSleepers(keep: number, wakeAtMax: EpochMs): Shelved[] {
    const sleepers = [...this.#lanes.values()]
      .filter(({ busy, part }) => busy === 0 && part !== "leaving")
      .flatMap((lane) => (lane.wakeAt === null ? [] : [{ lane, wakeAt: lane.wakeAt }]))
      .sort((a, b) => b.wakeAt - a.wakeAt);
    const found: Shelved[] = [];
    let asleep = this.#asleep;
    for (const { lane, wakeAt } of sleepers) {
      if (asleep <= keep) break;
      asleep -= lane.asleep;
      found.push({ lane, wakeAt: Math.min(wakeAt, wakeAtMax) });
    }
    return found;
  }
}

/** A PBX's name holds no line break. */
function keyOf({ event }: Delivery): string {
  return `${event.pbx}\n${event.callId}`;
}
