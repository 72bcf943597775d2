/** A dispatcher with a clock, a store and receivers of the test's own around it. */
import type { EndpointConfig } from "../../src/config/config.ts";
import {
  createDispatcher,
  type Dispatcher,
  HELD_OF_ONE_MAX,
} from "../../src/delivery/dispatcher.ts";
import type { Outcome } from "../../src/delivery/outcome.ts";
import { Agenda } from "../../src/delivery/queues.ts";
import type { Delivery } from "../../src/outbox/outbox.ts";
import type { Clock } from "../../src/util/clock.ts";
import { type Log, silentLog } from "../../src/util/log.ts";
import { callEvent, numberOf } from "../conformance/outboxEvents.ts";
import { OutboxModel } from "../conformance/outboxModel.ts";

export const START = 1_800_000_000_000;

/** Time that passes only when the test says so. */
export class TestClock implements Clock {
  #now = START;
  #timers = new Agenda<() => void>();
  readonly #sleeping = new Set<() => void>();
  /** Ends of turns of the event loop that are waited for. */
  #turns = 0;
  /** Timers that have rung. */
  rung = 0;

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const ring = () => run();
    this.#sleeping.add(ring);
    this.#timers.add(this.#now + Math.max(0, delayMs), ring);
    return () => this.#sleeping.delete(ring);
  }

  atTurnsEnd(run: () => void): void {
    this.#turns += 1;
    setImmediate(() => {
      this.#turns -= 1;
      run();
    });
  }

  get sleeping(): number {
    return this.#sleeping.size;
  }

  /** When the next timer rings, null if none will. */
  get nextAt(): number | null {
    while (this.#timers.first && !this.#sleeping.has(this.#timers.first.item)) this.#timers.take();
    return this.#timers.first?.at ?? null;
  }

  /** Lets time pass, instant by instant, each in a turn of the event loop as long as it brings something. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#settleDown();
    for (let at = this.nextAt; at !== null && at <= end; at = this.nextAt) {
      this.#now = Math.max(this.#now, at);
      for (; this.nextAt === at; await promisesSettled()) this.#ring();
      await this.#settleDown();
    }
    this.#now = end;
  }

  #ring(): void {
    const ring = this.#timers.take()?.item;
    if (ring === undefined || !this.#sleeping.delete(ring)) return;
    this.rung += 1;
    ring();
  }

  async #settleDown(): Promise<void> {
    do await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#turns > 0);
  }
}

/** As between two timers of one turn: from a promise's callback, this queue's turn comes when no promise can go on. */
const promisesSettled = () => new Promise<void>((resolve) => process.nextTick(resolve));

export const OK: Outcome = { kind: "accepted", status: 200, responseHead: "" };
export const refused = (status: number, retryAfterAt: number | null = null): Outcome => ({
  kind: "refused",
  status,
  retryAfterAt,
  responseHead: "",
});
export const LOCAL_FAULT: Outcome = { kind: "failed", stage: "local", message: "no name server" };
export const UNREACHABLE: Outcome = { kind: "failed", stage: "connect", message: "ECONNREFUSED" };

export interface Exchange {
  readonly endpoint: string;
  readonly eventId: string;
  readonly call: number;
  readonly sequence: number;
  readonly attempt: number;
  readonly at: number;
  readonly outcome: Outcome;
}

export type Answer = (endpoint: string, delivery: Delivery, attempt: number) => Outcome;

/** A dispatcher with everything around it, and the record of what reached the receivers. */
export class World {
  readonly clock = new TestClock();
  readonly outbox = new OutboxModel();
  readonly exchanges: Exchange[] = [];
  readonly lines: string[] = [];
  inFlight = 0;
  inFlightMost = 0;
  answer: Answer = () => OK;
  latencyMs: (endpoint: string) => number = () => 5;
  random: () => number = () => 0.5;
  dispatcher: Dispatcher;
  endpoints: readonly EndpointConfig[];
  #generation = 0;

  readonly #heldOfOneMax: number;

  constructor(endpoints: readonly EndpointConfig[], heldOfOneMax = HELD_OF_ONE_MAX) {
    this.endpoints = endpoints;
    this.#heldOfOneMax = heldOfOneMax;
    this.dispatcher = this.#create();
  }

  #create(): Dispatcher {
    const { clock, endpoints } = this;
    const generation = ++this.#generation;
    const note = (_fields: object, line: string) => this.lines.push(line);
    const log: Log = { ...silentLog, warn: note, error: note, info: note };
    return createDispatcher({
      // A process that was killed writes nothing more.
      outbox: this.#storeOf(() => generation === this.#generation),
      endpoints,
      clock,
      log,
      random: () => this.random(),
      heldOfOneMax: this.#heldOfOneMax,
      atTurnsEnd: (run) => clock.atTurnsEnd(run),
      send: (config, delivery, attempt) => this.#send(config, delivery, attempt),
    });
  }

  #storeOf(alive: () => boolean): Parameters<typeof createDispatcher>[0]["outbox"] {
    const { outbox } = this;
    const dead = new Promise<never>(() => {});
    return {
      backlog: () => outbox.backlog(),
      takeUp: (request) => (alive() ? outbox.takeUp(request) : dead),
      shelve: (shelvings) => (alive() ? outbox.shelve(shelvings) : dead),
      hasten: (...request) => (alive() ? outbox.hasten(...request) : dead),
      saveStanding: (...request) => (alive() ? outbox.saveStanding(...request) : dead),
      probe: () => outbox.probe(),
      settle: (settlements) => (alive() ? outbox.settle(settlements) : dead),
    };
  }

  #send(config: EndpointConfig, delivery: Delivery, attempt: number): Promise<Outcome> {
    const outcome = this.answer(config.name, delivery, attempt);
    this.inFlight += 1;
    this.inFlightMost = Math.max(this.inFlightMost, this.inFlight);
    const { event, sequence } = delivery;
    this.exchanges.push({
      endpoint: config.name,
      eventId: event.eventId,
      call: numberOf(event),
      sequence,
      attempt,
      at: this.clock.now(),
      outcome,
    });
    return new Promise((resolve) => {
      this.clock.after(this.latencyMs(config.name), () => {
        this.inFlight -= 1;
        resolve(outcome);
      });
    });
  }

  async append(
    call: number,
    number: number,
    endpoints = this.endpoints.map(({ name }) => name),
    at = callEvent(call, number).at,
  ) {
    const event = { ...callEvent(call, number), at };
    const made = await this.outbox.append([{ event, endpoints }], []);
    this.dispatcher.enqueue(made);
  }

  /** As after kill -9: all memory gone, what was in flight unsettled. */
  async restart(): Promise<void> {
    void this.dispatcher.stop(0);
    this.dispatcher = this.#create();
    await this.dispatcher.start();
  }

  delivered(endpoint = "default"): string[] {
    const accepted = this.exchanges.filter((each) => each.outcome.kind === "accepted");
    return accepted.filter((each) => each.endpoint === endpoint).map(({ eventId }) => eventId);
  }

  statusOf(name: string) {
    return this.dispatcher.status().find((status) => status.name === name);
  }
}
