/**
 * Plays one schedule: the dispatcher as it is, on simulated time, with a store in memory that survives a
 * kill, and receivers that err as the seed says. The same seed gives the same schedule.
 */
import {
  createDispatcher,
  type Dispatcher,
  type DispatcherOptions,
} from "../../src/delivery/dispatcher.ts";
import type { Outcome } from "../../src/delivery/outcome.ts";
import type { Send } from "../../src/delivery/sender.ts";
import type { EndedEvent, OffhookEvent } from "../../src/events/event.ts";
import type { Delivery } from "../../src/outbox/outbox.ts";
import { silentLog } from "../../src/util/log.ts";
import { callEvent, numberOf } from "../conformance/outboxEvents.ts";
import { OutboxModel } from "../conformance/outboxModel.ts";
import { Chance, seedOf } from "../simulation/random.ts";
import {
  LOCAL_FAULT,
  OK,
  refused,
  START,
  TestClock,
  UNREACHABLE,
} from "../support/deliveryWorld.ts";
import { drawSetting, type Receiver, type Setting, type Step } from "./setting.ts";
import { receiverOf, Watcher } from "./watcher.ts";

const NEVER = new Promise<never>(() => {});

export interface Played {
  readonly setting: Setting;
  readonly deliveries: number;
  readonly requests: number;
  readonly heldMost: number;
  readonly faults: readonly string[];
}

const STORE_FAILS_MS = 400;
const STORE_RETRY_MS = 100;
const CALM_AFTER_MS = 20_000;
/** Once all is well, whatever is left is gone within this. */
const SETTLED_WITHIN_MS = 5_000_000;

export async function playSchedule(seed: number, manyLanes = 200): Promise<Played> {
  const player = new Player(drawSetting(seed, manyLanes));
  await player.play();
  return player.played();
}

class Player {
  readonly #setting: Setting;
  readonly #clock = new TestClock();
  readonly #store = new OutboxModel();
  readonly #watcher = new Watcher(this.#store);
  readonly #chance: Chance;
  readonly #recordings: Chance;
  #dispatcher: Dispatcher;
  #endpoints: Setting["endpoints"];
  #process = 0;
  #numbers = new Map<number, number>();
  #calm = false;
  #appended: Promise<unknown> = Promise.resolve();
  #storeWorks: Promise<unknown> = Promise.resolve();
  #storeAnswers: Promise<unknown> = Promise.resolve();
  #heldMost = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#endpoints = setting.endpoints;
    this.#chance = new Chance(seedOf(setting.seed, "course"));
    this.#recordings = new Chance(seedOf(setting.seed, "recorded"));
    this.#dispatcher = this.#start();
  }

  played(): Played {
    return {
      setting: this.#setting,
      deliveries: this.#watcher.count,
      requests: this.#watcher.requests,
      heldMost: this.#heldMost,
      faults: this.#watcher.faults,
    };
  }

  async play(): Promise<void> {
    for (const step of this.#setting.steps) {
      await this.#clock.pass(step.afterMs);
      await this.#take(step);
      this.#weigh();
    }
    await this.#clock.pass(CALM_AFTER_MS);
    this.#calm = true;
    // What was under way may still pause or rest an endpoint; only then is it let go for good.
    await this.#clock.pass(2000);
    for (const { name, condition } of this.#dispatcher.status()) {
      if (condition.state !== "paused") continue;
      this.#watcher.released(name);
      this.#dispatcher.resume(name);
    }
    await this.#clock.pass(SETTLED_WITHIN_MS);
    this.#weigh();
    this.#watcher.atTheEnd(this.#endpoints);
    const { sleeping } = this.#clock;
    if (sleeping > 0) this.#watcher.say(`${sleeping} timers wait though nothing is owed`);
    for (const { name, queued, held } of this.#dispatcher.status()) {
      if (queued + held > 0) this.#watcher.say(`${name} counts ${queued} owed, ${held} in memory`);
    }
  }

  async #take({ deed, call }: Step): Promise<void> {
    switch (deed) {
      case "append":
        return this.#append(call);
      case "kill":
        return this.#kill();
      case "reload":
        return this.#reload();
      case "storeFails":
        this.#store.broken = true;
        await this.#clock.pass(this.#chance.between(1, STORE_FAILS_MS));
        this.#store.broken = false;
        return;
      case "replay":
        return this.#replay();
      case "resume":
        return this.#resumeAll();
    }
  }

  async #append(call: number): Promise<void> {
    const number = (this.#numbers.get(call) ?? 0) + 1;
    this.#numbers.set(call, number);
    const named = this.#endpoints.map(({ name }) => name);
    const endpoints = named.filter(() => this.#chance.happens(0.8));
    const event = this.#eventOf(call, number);
    const append = async () => {
      const made = await this.#store.append([{ event, endpoints }], []);
      for (const delivery of made) this.#watcher.appended(delivery);
      return made;
    };
    // Like the pipeline: what comes next waits until this is stored.
    const process = this.#process;
    this.#appended = this.#appended.then(() => this.#handOver(process, append));
    if (this.#chance.happens(0.01)) await this.#kill();
  }

  #eventOf(call: number, number: number): OffhookEvent {
    const event = { ...callEvent(call, number), at: this.#clock.now() };
    const isRecording = number > 1 && this.#recordings.happens(this.#setting.recordingShare);
    if (!isRecording) return event;
    const link = { finish: "Ok", transferred: false, talkMs: 1000 } as const;
    const ended = { ...event, ...link, kind: "ended" } as EndedEvent;
    return { ...event, kind: "recording", files: [], ended };
  }

  async #kill(): Promise<void> {
    this.#process += 1;
    void this.#dispatcher.stop(0);
    this.#watcher.killed();
    if (this.#chance.happens(0.5)) await this.#clock.pass(this.#chance.between(0, 3000));
    this.#dispatcher = this.#start();
    // As in the service: nothing is taken in before it has started.
    this.#appended = this.#dispatcher.start();
  }

  #reload(): void {
    const change = this.#chance.happens(0.5);
    if (change) {
      const concurrency = this.#chance.between(1, 8);
      this.#endpoints = this.#endpoints.map((config) => ({
        ...config,
        concurrency: Math.max(config.concurrency, concurrency),
      }));
    }
    for (const { name } of this.#endpoints) this.#watcher.released(name);
    this.#dispatcher.update(this.#endpoints);
  }

  #resumeAll(): void {
    for (const { name } of this.#endpoints) {
      this.#watcher.released(name);
      this.#dispatcher.resume(name);
    }
  }

  async #replay(): Promise<void> {
    const settled = this.#store.rows.flatMap((row) =>
      row && row.state !== "pending" ? [row] : [],
    );
    if (settled.length === 0) return;
    const chosen = settled.filter(() => this.#chance.happens(0.3));
    const replays = chosen.map(({ delivery }, index) => ({
      deliveryId: delivery.deliveryId,
      dueAt: this.#clock.now() + index * 20,
    }));
    const replay = async () => {
      const again = await this.#store.replay(replays);
      for (const delivery of again) this.#watcher.replayed(delivery);
      return again;
    };
    void this.#handOver(this.#process, replay);
  }

  /** What the store refuses is tried again. A process that was killed stores and hands over nothing more. */
  async #handOver(process: number, store: () => Promise<readonly Delivery[]>): Promise<void> {
    for (;;) {
      try {
        const made = await this.#turn(() => (process === this.#process ? store() : NEVER));
        // The dispatcher may have been told by a page before.
        for (let turns = this.#chance.between(0, 9); turns > 0; turns -= 1) await null;
        if (process === this.#process) this.#dispatcher.enqueue(made);
        return;
      } catch {
        await new Promise<void>((resolve) => this.#clock.after(STORE_RETRY_MS, resolve));
      }
    }
  }

  /** Memory is bounded: the window, and what a page and a lane may go beyond it. */
  #weigh(): void {
    const { heldOfOneMax } = this.#setting;
    for (const { name, held } of this.#dispatcher.status()) {
      this.#heldMost = Math.max(this.#heldMost, held);
      if (held > 2 * heldOfOneMax + 2) this.#watcher.say(`${name} holds ${held} in memory`);
    }
  }

  #start(): Dispatcher {
    this.#process += 1;
    const process = this.#process;
    const alive = () => process === this.#process;
    return createDispatcher({
      outbox: this.#storeOf(alive),
      endpoints: this.#endpoints,
      clock: this.#clock,
      log: silentLog,
      random: this.#chance.next,
      heldOfOneMax: this.#setting.heldOfOneMax,
      atTurnsEnd: (run) => this.#clock.atTurnsEnd(run),
      send: (...request) => this.#send(alive, ...request),
    });
  }

  /** What a process that was killed asks of the store never comes to pass. */
  #storeOf(alive: () => boolean): DispatcherOptions["outbox"] {
    const store = this.#store;
    const turn = <T>(run: () => Promise<T>) => this.#turn(() => (alive() ? run() : NEVER));
    return {
      backlog: () => turn(() => store.backlog()),
      takeUp: (request) => turn(() => store.takeUp(request)),
      shelve: (shelvings) => turn(() => store.shelve(shelvings)),
      hasten: (...request) => turn(() => store.hasten(...request)),
      saveStanding: (...request) => turn(() => store.saveStanding(...request)),
      settle: (settlements) => turn(() => store.settle(settlements)),
      probe: () => turn(() => store.probe()),
    };
  }

  /** One after another, as the store's thread works; before and after it, time may pass. */
  #turn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#setting.storeMsMax === 0) return run();
    const worked = this.#storeWorks
      .then(() => this.#passes())
      .then(() => {
        // Not awaited: what never comes must not hold up those behind it.
        const answer = run();
        answer.catch(() => {});
        return { answer };
      });
    this.#storeWorks = worked;
    // Answers come in the order of the questions.
    this.#storeAnswers = Promise.all([worked, this.#storeAnswers]).then(() => this.#passes());
    return Promise.all([worked, this.#storeAnswers]).then(([{ answer }]) => answer);
  }

  #passes(): Promise<void> {
    const ms = this.#chance.happens(0.5) ? this.#chance.between(0, this.#setting.storeMsMax) : 0;
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }

  #send(alive: () => boolean, ...[config, delivery, attempt]: Parameters<Send>): ReturnType<Send> {
    const { name } = config;
    const receiver = this.#setting.receivers.get(receiverOf(config, delivery));
    if (receiver === undefined) throw new Error(`Expected a receiver for ${name}.`);
    this.#watcher.sent(config, delivery, attempt, this.#clock.now());
    const latencyMs = this.#calm ? 1 : this.#chance.between(1, receiver.latencyMsMax);
    return new Promise((resolve) => {
      this.#clock.after(latencyMs, () => {
        if (!alive()) return;
        const outcome = this.#calm ? OK : this.#answer(receiver, delivery);
        this.#watcher.answered(config, delivery, outcome, this.#clock.now());
        resolve(outcome);
      });
    });
  }

  #answer(receiver: Receiver, delivery: Delivery): Outcome {
    const now = this.#clock.now();
    const since = now - START;
    if (receiver.outages.some(([from, to]) => since >= from && since < to)) {
      return this.#chance.pick([UNREACHABLE, refused(500), refused(502)]);
    }
    if (receiver.localFaults && this.#chance.happens(0.5)) return LOCAL_FAULT;
    const poisoned = new Chance(seedOf(this.#setting.seed, numberOf(delivery.event))).next();
    if (poisoned < receiver.poisonShare) return refused(400);
    if (!this.#chance.happens(receiver.failShare)) return OK;
    const asks = (status: number): Outcome =>
      refused(status, now + this.#chance.pick([0, 500, 5000, 10_000_000]));
    const answers = [refused(500), refused(404), refused(429), UNREACHABLE, asks(429), asks(503)];
    return this.#chance.happens(0.03) ? refused(410) : this.#chance.pick(answers);
  }
}
