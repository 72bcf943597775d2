/**
 * The GET that each Upsert asks for. One leg's questions follow one another, and as many Upserts
 * as wait for one leg are answered by one question; different legs are asked for side by side. A GET
 * that does not answer soon is asked again beside it, so that one that hangs holds nothing up for long; both count
 * among those asked at once.
 * What comes of them leaves by the release queue, in the order of the frames.
 */
import type { EpochMs } from "../../events/event.ts";
import type { Clock } from "../../util/clock.ts";
import type { Limits } from "./limits.ts";
import type { Place, ReleaseQueue } from "./release.ts";
import { mayPass, type RestAnswer } from "./rest.ts";
import type { WireParticipant } from "./wire.ts";

export interface LegAddress {
  readonly legId: string;
  readonly dn: string;
  readonly id: number;
}

/** `notUnderstood`: also what is JSON, but not that leg. */
export type LegAnswer =
  | Exclude<RestAnswer, { kind: "ok" }>
  | { readonly kind: "ok"; readonly wire: WireParticipant };

interface Question {
  readonly address: LegAddress;
  readonly place: Place;
  /** When the last Upsert came that its answer may tell of. */
  heardAt: EpochMs;
  /** `lastAsked`: its leg was removed meanwhile; the answer still tells what it was before. */
  state: "queued" | "asked" | "lastAsked" | "cancelled";
}

interface Told {
  readonly answer: LegAnswer;
  /** The moment of the question. */
  readonly asked: number;
}

interface Asking {
  current: Question;
  next: Question | null;
}

export interface EntitiesOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly queue: ReleaseQueue;
  readonly get: (address: LegAddress) => Promise<LegAnswer>;
  /** The moment of a question, for telling the younger of two answers. */
  readonly moment: () => number;
  /** Called in frame order. `heardAt`: when the PBX spoke of it. */
  readonly onAnswer: (
    address: LegAddress,
    answer: LegAnswer,
    asked: number,
    heardAt: EpochMs,
  ) => void;
}

export class Entities {
  readonly #options: EntitiesOptions;
  readonly #asking = new Map<string, Asking>();
  readonly #queued: Question[] = [];
  #inFlight = 0;
  #closed = false;

  constructor(options: EntitiesOptions) {
    this.#options = options;
  }

  upsert(address: LegAddress): void {
    const { queue, clock } = this.#options;
    const asking = this.#asking.get(address.legId);
    const heardAt = clock.now();
    // What is asked already may be answered with what this Upsert tells of.
    for (const question of [asking?.current, asking?.next]) {
      if (question) question.heardAt = heardAt;
    }
    // A question that is not sent yet will answer this Upsert too.
    if (asking && (asking.next !== null || asking.current.state === "queued")) return;
    const question: Question = { address, place: queue.place(), heardAt, state: "queued" };
    if (asking) {
      asking.next = question;
      return;
    }
    this.#asking.set(address.legId, { current: question, next: null });
    this.#start(question);
  }

  /**
   * The leg was removed. A question that is under way keeps its place before the removal: a Remove that
   * overtakes the answer by a moment would otherwise hide that the leg was ever there.
   */
  removed(legId: string): void {
    const asking = this.#asking.get(legId);
    if (!asking) return;
    this.#asking.delete(legId);
    for (const question of [asking.current, asking.next]) {
      if (question === null) continue;
      if (question.state === "asked") {
        question.state = "lastAsked";
      } else {
        question.state = "cancelled";
        question.place.drop();
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#asking.clear();
    this.#queued.length = 0;
  }

  #start(question: Question): void {
    this.#queued.push(question);
    this.#startMore();
  }

  #startMore(): void {
    while (!this.#closed && this.#inFlight < this.#options.limits.entityGetsMax) {
      const question = this.#queued.shift();
      if (!question) return;
      if (question.state === "queued") void this.#ask(question);
    }
  }

  async #ask(question: Question): Promise<void> {
    const { address } = question;
    const isOff = () => this.#closed || question.state === "cancelled";
    question.state = "asked";
    this.#inFlight += 1;
    const { answer, asked } = await this.#getPatiently(question, isOff);
    if (!isOff()) {
      this.#tell(question, { answer, asked });
      const asking = this.#asking.get(address.legId);
      if (asking?.current === question) {
        const { next } = asking;
        if (next === null) this.#asking.delete(address.legId);
        else {
          this.#asking.set(address.legId, { current: next, next: null });
          this.#start(next);
        }
      }
    }
    this.#free();
  }

  /**
   * That a leg is missing says nothing of the moment of its Upsert: it went after all that has come until now, or with
   * its Remove, if that has come. If it was spoken of since, it is asked for once more, and that answer tells.
   */
  #tell(question: Question, { answer, asked }: Told): void {
    const { queue, onAnswer } = this.#options;
    const { address, place, heardAt, state } = question;
    const tell = () => onAnswer(address, answer, asked, heardAt);
    if (answer.kind !== "missing") {
      place.fill(tell);
      return;
    }
    place.drop();
    const isAskedAgain = (this.#asking.get(address.legId)?.next ?? null) !== null;
    if (state !== "lastAsked" && !isAskedAgain) queue.push(tell);
  }

  async #getPatiently(question: Question, isOff: () => boolean): Promise<Told> {
    const { clock, limits } = this.#options;
    const isLast = () => isOff() || question.state === "lastAsked";
    let told = await this.#getSoon(question, isLast);
    // What cannot be read comes from something between us and the PBX, or was cut short: it may pass, too.
    const mayComeRight = ({ answer }: Told) => mayPass(answer) || answer.kind === "notUnderstood";
    for (const pauseMs of limits.entityRetryMs) {
      if (!mayComeRight(told) || isLast()) break;
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
      if (isOff()) break;
      told = await this.#get(question);
    }
    return told;
  }

  /**
   * The first answer if it comes soon. What is longer under way may never come: it is asked for once more, as soon as
   * there is room, and the answer that comes first tells. But what the first GET says may be over by then if the leg was
   * spoken of since, or may be a failure: then the second tells, unless the leg is removed and it may find nothing.
   */
  async #getSoon(question: Question, isLast: () => boolean): Promise<Told> {
    const { limits } = this.#options;
    const first = this.#get(question);
    do {
      const soon = await this.#within(first, limits.entityLateMs + 1);
      if (soon !== null) return soon;
      if (isLast()) return first;
    } while (this.#inFlight >= limits.entityGetsMax);
    const second = this.#get(question);
    this.#inFlight += 1;
    void Promise.all([first, second]).then(() => this.#free());
    const isSpokenOf = () => (this.#asking.get(question.address.legId)?.next ?? null) !== null;
    const stands = ({ answer }: Told) => answer.kind === "ok" && !isSpokenOf();
    return Promise.race([second, first.then((told) => (stands(told) || isLast() ? told : second))]);
  }

  /** Null if it has not come by then. */
  async #within(told: Promise<Told>, ms: number): Promise<Told | null> {
    let cancel = () => {};
    const late = new Promise<null>((resolve) => {
      cancel = this.#options.clock.after(ms, () => resolve(null));
    });
    const soon = await Promise.race([told, late]);
    cancel();
    return soon;
  }

  #free(): void {
    this.#inFlight -= 1;
    this.#startMore();
  }

  async #get({ address }: Question): Promise<Told> {
    const { get, moment } = this.#options;
    const asked = moment();
    return { answer: await get(address), asked };
  }
}
