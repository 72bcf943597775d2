/**
 * A queue: answers at once, then polls its agents until one answers, the caller goes, or the master
 * time-out is over. Who rejects is polled again later as a new leg; busy agents are passed over.
 */
import type { Extension, Queue } from "./directory.ts";
import type { Exchange } from "./exchange.ts";
import type { DnRef, Leg, LegEnd } from "./model.ts";
import { placeAt, type Route, ringPhones, stageOffer, unanswered } from "./routing.ts";
import { Stage } from "./stage.ts";

/** How soon a queue looks again for a free agent when there was none. */
const AGENT_WATCH_MS = 1000;

/** `holder`: the queue's leg if it is there already (a queue that dialled out). */
export function enterQueue(exchange: Exchange, route: Route, queue: Queue, holder?: Leg): void {
  const here: DnRef = { dn: queue.number, kind: "queue" };
  const stage = new Stage(exchange, here);
  const leg =
    holder ??
    exchange.addLeg(route.call, {
      dn: queue.number,
      kind: "queue",
      status: "connected",
      party: exchange.partyOf(route.anchor),
      originatedBy: route.originatedBy,
      onBehalfOf: route.onBehalfOf,
    });
  placeAt(exchange, route, leg);
  if (!holder) exchange.show(leg);
  exchange.bridge(route.anchor, leg);
  stage.holder = leg;
  stage.enter(route.call);
  route.settled?.({ ok: true, leg });
  const { settled: _, recallTo: __, timeoutMs: ___, ...rest } = route;
  const polling: Route = {
    ...rest,
    originatedBy: here,
    prefix: exchange.settings.namePrefix === "none" ? "" : `${queue.name}:`,
  };
  new Polling(exchange, polling, queue, stage).start(() =>
    unanswered(exchange, { ...rest, referredBy: null }, here, queue.onNoAnswer, "noAnswer"),
  );
}

/**
 * The call-back that a caller ordered: later, in a new call, the agents are polled on behalf of the
 * queue; who answers is joined with the customer, whom the PBX then dials.
 */
export function startCallback(
  exchange: Exchange,
  queue: Queue,
  customer: { readonly number: string; readonly name: string },
): void {
  exchange.clock.after(exchange.settings.callbackMs, () => {
    const here: DnRef = { dn: queue.number, kind: "queue" };
    const trunk = exchange.directory.trunks[0];
    if (!trunk) return;
    const me = exchange.partyOfDn(here.dn, here.kind);
    const call = exchange.newCall("outgoing", me, { ...customer, dn: trunk.number, kind: "trunk" });
    exchange.skipLeg(call);
    const anchor = exchange.addLeg(call, {
      dn: trunk.number,
      kind: "trunk",
      status: "dialing",
      party: me,
      outside: customer,
    });
    exchange.show(anchor);
    const stage = new Stage(exchange, here);
    const prefix = exchange.settings.namePrefix === "none" ? "" : `${queue.name}:`;
    const marks = { originatedBy: here, referredBy: null, onBehalfOf: here, prefix };
    stage.enter(call);
    new Polling(exchange, { call, anchor, ...marks }, queue, stage).start(() =>
      exchange.endCall(call, "noAnswer"),
    );
  });
}

class Polling {
  readonly #exchange: Exchange;
  readonly #route: Route;
  readonly #queue: Queue;
  readonly #stage: Stage;
  readonly #resting = new Set<string>();
  readonly #offer;
  #next = 0;
  #cancelRound = () => {};

  constructor(exchange: Exchange, route: Route, queue: Queue, stage: Stage) {
    this.#exchange = exchange;
    this.#route = route;
    this.#queue = queue;
    this.#stage = stage;
    if (queue.strategy === "HuntRandomStart") {
      this.#next = Math.floor(exchange.random() * queue.agents.length);
    }
    this.#offer = stageOffer(exchange, route, stage, (leg, why) => this.#refused(leg, why));
  }

  start(giveUp: () => void): void {
    this.#stage.after(this.#queue.masterTimeoutMs, giveUp);
    this.#poll();
  }

  #poll(): void {
    if (this.#stage.over) return;
    this.#cancelRound();
    const all = this.#queue.strategy === "RingAll";
    if (!all && this.#stage.offered.size > 0) return;
    const agents = all ? this.#free() : this.#free().slice(0, 1);
    if (!all && agents[0]) this.#turnTo(agents[0].number);
    for (const agent of agents) {
      ringPhones(this.#exchange, this.#route, this.#offer, agent);
    }
    const nobody = this.#stage.offered.size === 0;
    const waitMs = nobody ? AGENT_WATCH_MS : this.#queue.ringTimeoutMs;
    this.#cancelRound = this.#stage.after(waitMs, () => this.#roundOver());
  }

  #roundOver(): void {
    const unanswered = new Set<string>();
    for (const leg of [...this.#stage.offered]) {
      unanswered.add(leg.dn);
      this.#exchange.remove(leg, "noAnswer");
    }
    const all = this.#queue.strategy === "RingAll";
    if (all) for (const agent of unanswered) this.#rest(agent);
    if (!all || unanswered.size === 0) this.#poll();
  }

  #refused(leg: Leg, _why: LegEnd): void {
    for (const twin of [...this.#stage.offered]) {
      if (twin.dn === leg.dn) this.#exchange.remove(twin, "rejected");
    }
    this.#rest(leg.dn);
    if (this.#queue.strategy !== "RingAll") this.#poll();
  }

  /** Passed over for a moment, then polled anew. */
  #rest(agent: string): void {
    const { repollMs, repollSpreadMs } = this.#exchange.settings;
    this.#resting.add(agent);
    const restMs = repollMs + Math.floor(this.#exchange.random() * repollSpreadMs);
    this.#stage.after(restMs, () => {
      this.#resting.delete(agent);
      this.#poll();
    });
  }

  /** Agents that may be polled now, whose turn it is first. */
  #free(): Extension[] {
    const { agents } = this.#queue;
    const at = this.#turn() % Math.max(1, agents.length);
    return [...agents.slice(at), ...agents.slice(0, at)]
      .map((number) => this.#exchange.directory.extensions.find((row) => row.number === number))
      .filter((row): row is Extension => row !== undefined && row.devices.length > 0)
      .filter((row) => !this.#resting.has(row.number))
      .filter((row) => this.#exchange.legsOf(row.number).length === 0);
  }

  /** NextAgent goes on where the queue's last call stopped; the others begin with each call. */
  #turn(): number {
    if (this.#queue.strategy === "NextAgent") {
      return this.#exchange.nextAgent.get(this.#queue.number) ?? 0;
    }
    return this.#next;
  }

  #turnTo(agent: string): void {
    this.#next = this.#queue.agents.indexOf(agent) + 1;
    this.#exchange.nextAgent.set(this.#queue.number, this.#next);
  }
}
