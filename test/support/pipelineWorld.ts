/** The pipeline with a store, a clock and a PBX of the test's own. */
import type { Checkpoint, Entry } from "../../src/outbox/outbox.ts";
import { createPipeline } from "../../src/pipeline.ts";
import type { Activity, Leg } from "../../src/tracker/activity.ts";
import { defaultSettings, type TrackerSettings } from "../../src/tracker/settings.ts";
import type { TimeBase } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { OutboxModel } from "../conformance/outboxModel.ts";
import { START, TestClock } from "./deliveryWorld.ts";
import { leg, outside } from "./phone.ts";

/** Notes each transaction as it is asked for; `hold` makes them slow. */
export class Store extends OutboxModel {
  readonly asked: { entries: readonly Entry[]; checkpoints: readonly Checkpoint[] }[] = [];
  #gate: { opens: Promise<void>; open: () => void } | null = null;

  override async append(entries: readonly Entry[], checkpoints: readonly Checkpoint[]) {
    this.asked.push({ entries, checkpoints });
    await this.#gate?.opens;
    return super.append(entries, checkpoints);
  }

  hold(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = { opens: promise, open: resolve };
  }

  release(): void {
    this.#gate?.open();
    this.#gate = null;
  }
}

interface Circumstances {
  readonly store?: Store;
  /** Time passes by `clock`; the pipeline sees a wall clock that is ahead of it by so much. */
  readonly aheadMs?: number;
  readonly clock?: TestClock;
  readonly settings?: Partial<TrackerSettings>;
  readonly timeBase?: TimeBase | null;
}

export async function world(circumstances: Circumstances = {}) {
  const { store = new Store(), clock = new TestClock(), settings } = circumstances;
  const { aheadMs = 0, timeBase = null } = circumstances;
  const now = () => clock.now() + aheadMs;
  /** What happened, in order: asked of the store, owed to the dispatcher, asked of the PBX. */
  const owed: string[] = [];
  const asks: number[] = [];
  const readAgains: number[] = [];
  const inquiries: [number, number][] = [];
  const sought: number[] = [];
  const warnings: [object, string][] = [];
  const infos: [object, string][] = [];
  // Scenes take no time: the list names a call at once.
  const quick = { ...defaultSettings, listLateMs: 0 };
  const pipeline = await createPipeline({
    tracker: { ...quick, pbx: "main", timezone: "UTC", ...settings },
    outbox: store,
    clock: { now, after: (delayMs, run) => clock.after(delayMs, run) },
    timeBase,
    log: { ...silentLog, warn: (...row) => warnings.push(row), info: (...row) => infos.push(row) },
    route: () => ["default"],
    ask: () => asks.push(clock.now()),
    inquire: (fromAt, toAt) => inquiries.push([fromAt, toAt]),
    readAgain: () => readAgains.push(clock.now()),
    owed: (deliveries) => owed.push(...deliveries.map(({ event }) => shown(event))),
    recordings: {
      seekAt: ({ kind, at }) => (kind === "ended" ? at + 1000 : null),
      sought: (seekAt) => sought.push(seekAt),
    },
  });
  const take = (...activities: readonly Told[]) => {
    for (const activity of activities) pipeline.take({ at: now(), ...activity } as Activity);
  };
  return {
    store,
    clock,
    pipeline,
    take,
    owed,
    asks,
    readAgains,
    inquiries,
    sought,
    warnings,
    infos,
  };
}

type Told = { readonly kind: Activity["kind"] } & Readonly<Record<string, unknown>>;

const shown = (event: Entry["event"]) =>
  event.kind === "gap" ? event.kind : `${event.kind} ${event.user} of ${event.callNumber}`;
export const stored = ({ asked }: Store) =>
  asked.map(({ entries }) => entries.map((row) => shown(row.event)));
export const changed = (found: Leg): Told => ({ kind: "legChanged", leg: found });
export const gone = (legId: string): Told => ({ kind: "legGone", legId });
export const rings = (callNumber = 7, dn = "101") =>
  changed(leg(dn, callNumber, "ringing", { callNumber, party: outside() }));
export const isOver: Told = { kind: "activeCalls", askedAt: START, calls: [] };
