/**
 * The built program under kill -9: a PBX brings events at a steady rate, a receiver answers and fails as the seed
 * says, and the program is killed and started again, at any moment, its own start included. Counted: what was
 * acknowledged (the store said that it is durable) and never taken, what overtook, what came twice, and how
 * long it took from the start to the first webhook.
 */
import { Chance, seedOf } from "../simulation/random.ts";
import { Installation, type Offhook, pbxLines } from "../support/process.ts";
import { StandIn } from "../support/standIn.ts";
import { eventsPerCall, Load } from "./load.ts";
import { StoreView } from "./storeView.ts";
import { Taker } from "./taker.ts";

export interface KillsOptions {
  readonly kills: number;
  readonly seed: number;
  readonly eventsPerS: number;
  readonly order: "bounded" | "strict";
  /** Of the receiver's answers, how many are 500. */
  readonly refusesShare: number;
  /** Called after each kill. */
  readonly onKill?: (line: string) => void;
}

export interface KillsResult {
  /** Events a second that the PBX brought, whether anybody looked or not. */
  readonly offeredPerS: number;
  readonly calls: number;
  /** The others rang and ended while no process lived. */
  readonly callsTold: number;
  readonly acknowledged: number;
  readonly stored: number;
  readonly requests: number;
  /** As the ledger says. */
  readonly faults: readonly string[];
  readonly faultCount: number;
  /** Taken, and sent again by the same process. */
  readonly repeatedBySame: readonly string[];
  /** Acknowledged or stored, and never taken. */
  readonly lost: readonly string[];
  readonly callsWithoutEnd: readonly string[];
  /** In the store at the end. */
  readonly undelivered: readonly string[];
  /** For each kill: what the receiver had taken and was not settled, and how much came again after it. */
  readonly inFlight: readonly number[];
  readonly repeated: readonly number[];
  /** From the start of the process to its first webhook. */
  readonly recoveryMs: readonly number[];
  /** "ok", or what SQLite finds wrong. */
  readonly integrity: string;
}

/** Lives for so long after its first webhook … */
const livesMs = [0, 1500] as const;
/** … but some are killed so long after they were started. */
const killedEarlyShare = 0.15;
const killedEarlyMs = [50, 900] as const;
const answersWithinMs = 10;
const stepMs = [60, 400] as const;
const quietWithinMs = 120_000;

export async function playKills(options: KillsOptions): Promise<KillsResult> {
  const pbx = await new StandIn().listen();
  const installation = await Installation.make();
  const { seed, refusesShare } = options;
  const taker = await new Taker({ seed, refusesShare, answersWithinMs }).listen();
  try {
    await installation.configure([
      ...pbxLines(pbx.url),
      `WEBHOOK_URL = ${taker.url}`,
      "WEBHOOK_CONCURRENCY = 32",
      `ORDER = ${options.order}`,
      "RETRY_SCHEDULE = 0.05,0.1,0.2,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5",
      // A receiver on a machine that stalls still answers the same attempt.
      "REQUEST_TIMEOUT_MS = 60000",
    ]);
    return await new Storm(options, pbx, installation, taker).play();
  } finally {
    await installation.remove();
    await Promise.all([taker.close(), pbx.close()]);
  }
}

class Storm {
  readonly #options: KillsOptions;
  readonly #pbx: StandIn;
  readonly #installation: Installation;
  readonly #taker: Taker;
  readonly #chance: Chance;
  readonly #store: StoreView;
  readonly #acknowledged = new Set<string>();
  readonly #inFlight: number[] = [];
  readonly #recoveryMs: number[] = [];

  constructor(options: KillsOptions, pbx: StandIn, installation: Installation, taker: Taker) {
    this.#options = options;
    this.#pbx = pbx;
    this.#installation = installation;
    this.#taker = taker;
    this.#chance = new Chance(seedOf(options.seed, "kills"));
    this.#store = new StoreView(installation);
  }

  async play(): Promise<KillsResult> {
    const { kills, seed, eventsPerS, onKill } = this.#options;
    const load = new Load(this.#pbx, { seed, eventsPerS, stepMs });
    const startedAt = performance.now();
    load.start();
    for (let kill = 1; kill <= kills; kill += 1) {
      await this.#liveAndDie();
      const { requests, faultCount } = this.#taker.ledger;
      onKill?.(`kill ${kill}: ${requests} requests, ${faultCount} faults`);
    }
    const offeredPerS = (load.begun * eventsPerCall * 1000) / (performance.now() - startedAt);
    const last = await this.#start().ready();
    await load.stop();
    await this.#untilQuiet();
    await last.stop();
    this.#readLog(last);
    return this.#result(load, offeredPerS);
  }

  #start(): Offhook {
    this.#taker.ledger.process += 1;
    return this.#installation.start();
  }

  async #liveAndDie(): Promise<void> {
    const { ledger, facts } = this.#taker;
    const { requests } = ledger;
    const startedAt = performance.now();
    const offhook = this.#start();
    if (this.#chance.happens(killedEarlyShare)) {
      await pause(this.#chance.between(...killedEarlyMs));
    } else {
      const printed = () => offhook.output.slice(-2000);
      await facts.until(() => ledger.requests > requests, "a webhook", printed);
      this.#recoveryMs.push(performance.now() - startedAt);
      await pause(this.#chance.between(...livesMs));
    }
    await offhook.crash();
    await this.#taker.isAlone();
    this.#readLog(offhook);
    this.#inFlight.push(this.#store.pending().filter((id) => ledger.isTaken(id)).length);
  }

  /** What the log says is stored is durable. */
  #readLog(offhook: Offhook): void {
    for (const line of offhook.lines('"msg":"event.stored"')) {
      const [, id] = /"eventId":"([^"]+)"/.exec(line) ?? [];
      if (id !== undefined) this.#acknowledged.add(id);
    }
    offhook.output = "";
  }

  /** Nothing is owed, and every call that was told of has its end. */
  async #untilQuiet(): Promise<void> {
    const { ledger } = this.#taker;
    const deadline = performance.now() + quietWithinMs;
    while (performance.now() < deadline) {
      if (ledger.open.size === 0 && this.#store.pending().length === 0) return;
      await pause(100);
    }
  }

  #result(load: Load, offeredPerS: number): KillsResult {
    const { ledger } = this.#taker;
    const stored = this.#store.events();
    const all = new Set([...stored, ...this.#acknowledged]);
    const repeated = this.#inFlight.map((_, kill) => ledger.repeated.get(kill + 2) ?? 0);
    return {
      offeredPerS,
      calls: load.begun,
      callsTold: ledger.calls,
      acknowledged: this.#acknowledged.size,
      stored: stored.length,
      requests: ledger.requests,
      faults: ledger.faults,
      faultCount: ledger.faultCount,
      repeatedBySame: ledger.repeatedBySame,
      lost: [...all].filter((id) => !ledger.isTaken(id)),
      callsWithoutEnd: [...ledger.open],
      undelivered: this.#store.undelivered(),
      inFlight: this.#inFlight,
      repeated,
      recoveryMs: this.#recoveryMs,
      integrity: this.#store.integrity(),
    };
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Every broken promise in a sentence; empty if all were kept. */
export function wrongWith(result: KillsResult): string[] {
  const named = (what: string, which: readonly string[]) =>
    which.length === 0 ? [] : [`${which.length} ${what}: ${which.slice(0, 5).join(", ")}`];
  const unexplained = result.repeated.flatMap((count, kill) => {
    const inFlight = result.inFlight[kill] ?? 0;
    return count > inFlight ? [`after kill ${kill + 1} ${count} came again of ${inFlight}`] : [];
  });
  return [
    ...result.faults,
    ...unexplained,
    ...named("sent again without a kill", result.repeatedBySame),
    ...named("lost", result.lost),
    ...named("undelivered", result.undelivered),
    ...named("calls without an end", result.callsWithoutEnd),
    ...named("damages of the store", result.integrity === "ok" ? [] : [result.integrity]),
  ];
}
