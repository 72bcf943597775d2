/**
 * The program under test as it is (source, pipeline, tracker, profiles), wired as the service does, with a store in
 * memory. It can be killed at any moment and started anew from what was stored.
 */
import type { PbxConfig } from "../../src/config/config.ts";
import type { CallEvent } from "../../src/events/event.ts";
import type { Checkpoint, Delivery, Entry } from "../../src/outbox/outbox.ts";
import { createPipeline } from "../../src/pipeline.ts";
import type { Source } from "../../src/source/source.ts";
import { createThreecxSource } from "../../src/source/threecx/index.ts";
import type { Transport } from "../../src/source/threecx/transport.ts";
import { Calls } from "../../src/tracker/calls.ts";
import { type Ledger, violations } from "../../src/tracker/invariants.ts";
import { defaultSettings, type TrackerSettings } from "../../src/tracker/settings.ts";
import { type Call, initialState } from "../../src/tracker/state.ts";
import type { Clock, TimeBase } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { CLIENT_ID, CLIENT_SECRET } from "./office.ts";

/** As the service has it: how long a broken connection may stay unnoticed. */
const silenceMsMax = 30_000;
const isCall = ({ key }: Checkpoint) => /^\d+$/.test(key);

/** A store in memory that outlives the program. */
export class Store {
  readonly events: CallEvent[] = [];
  readonly broken: string[] = [];
  readonly #checkpoints = new Map<string, Checkpoint>();
  readonly #ledger: Ledger = new Map();

  write(entries: readonly Entry[], checkpoints: readonly Checkpoint[]): void {
    const calls = new Map<number, Call>();
    for (const checkpoint of checkpoints) {
      if (checkpoint.state === null) this.#checkpoints.delete(checkpoint.key);
      else this.#checkpoints.set(checkpoint.key, checkpoint);
      if (checkpoint.state === null || !isCall(checkpoint)) continue;
      calls.set(Number(checkpoint.key), JSON.parse(checkpoint.state) as Call);
    }
    const events = eventsOf(entries);
    this.events.push(...events);
    const step = { events, changed: [], ask: false, inquireFromAt: null };
    this.broken.push(
      ...violations(
        { ...step, state: { ...initialState, calls: Calls.of(calls.values()) } },
        this.#ledger,
      ),
    );
  }

  checkpoints(): readonly Checkpoint[] {
    return [...this.#checkpoints.values()];
  }
}

/** Those of calls. */
function eventsOf(entries: readonly Entry[]): CallEvent[] {
  return entries.map(({ event }) => event).filter((event) => event.kind !== "gap");
}

export interface WatcherOptions {
  readonly clock: Clock;
  /** The machine is never booted. */
  readonly timeBase?: TimeBase;
  readonly store: Store;
  readonly transport: Transport;
  readonly timezone: string;
  readonly activeCallsPollMs: number;
  /** Limits of the tracker other than its own. */
  readonly tracker: Partial<TrackerSettings>;
  readonly random: () => number;
  /** How long a transaction takes. */
  readonly storeMs: () => number;
  readonly onEvents: (events: readonly CallEvent[]) => void;
}

export interface Watcher {
  readonly source: Source;
  /** Ends at once; what is not stored is lost. */
  kill(): void;
}

export async function startWatcher(options: WatcherOptions): Promise<Watcher> {
  const { clock, store, transport, random } = options;
  const life = { dead: false };
  const pbx: PbxConfig = {
    name: "main",
    url: "http://127.0.0.1:5001",
    clientId: CLIENT_ID,
    clientSecret: { reveal: () => CLIENT_SECRET },
    ca: null,
    tlsVerify: true,
    timezone: options.timezone,
    reconnectMinMs: 1000,
    reconnectMaxMs: 60_000,
    activeCallsPollMs: options.activeCallsPollMs,
  };
  // The PBX is as far ahead of us as we are behind.
  const aheadMs = () => -(options.timeBase?.zeroAt ?? 0);
  const makeHttp: Transport["makeHttp"] = (http) => ({ ...transport.makeHttp(http), aheadMs });
  const source = createThreecxSource({
    pbx,
    log: silentLog,
    clock,
    random,
    transport: { ...transport, makeHttp },
  });
  const never = new Promise<never>(() => {});
  const pipeline = await createPipeline({
    tracker: { ...defaultSettings, ...options.tracker, pbx: pbx.name, timezone: pbx.timezone },
    outbox: {
      async append(entries: readonly Entry[], checkpoints: readonly Checkpoint[]) {
        const waitMs = options.storeMs();
        if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
        if (life.dead) return never;
        store.write(entries, checkpoints);
        options.onEvents(eventsOf(entries));
        const none: Delivery[] = [];
        return none;
      },
      loadCheckpoints: async () => store.checkpoints(),
    },
    clock,
    timeBase: options.timeBase ?? null,
    log: silentLog,
    route: () => ["default"],
    ask: () => source.askActiveCalls(),
    inquire: (fromAt, toAt) => source.askCallLog(fromAt, toAt),
    readAgain: () => source.readAgain(),
    owed: () => {},
  });
  let live = false;
  source.onStatus(({ state }) => {
    const at = clock.now();
    if (state === "live") source.askActiveCalls();
    else if (live) {
      const sinceAt = at - silenceMsMax;
      pipeline.take({ kind: "sightLost", at, sinceAt, cause: "connection" });
    }
    live = state === "live";
  });
  source.start((activity) => {
    if (!life.dead) pipeline.take(activity);
  });
  return {
    source,
    kill() {
      life.dead = true;
      void source.stop();
      void pipeline.stop();
    },
  };
}
