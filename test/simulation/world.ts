/** Plays one seed: a PBX, its people, faults on the wire, the program that watches, and the verdict of the oracle. */
import { Pbx } from "../../src/simulator/pbx.ts";
import { defaultSettings } from "../../src/simulator/settings.ts";
import type { TrackerSettings } from "../../src/tracker/settings.ts";
import type { Clock } from "../../src/util/clock.ts";
import { Census } from "./census.ts";
import type { Got } from "./compare.ts";
import { DnChanges } from "./dnChanges.ts";
import { FaultPlan } from "./faults.ts";
import { furnished } from "./furniture.ts";
import { Journal } from "./journal.ts";
import { officeOf } from "./office.ts";
import { People } from "./people.ts";
import { Chance, seedOf } from "./random.ts";
import { type Manner, mannerOf, receive } from "./receiver.ts";
import { type FaultName, settingOf } from "./setting.ts";
import { SimClock } from "./simClock.ts";
import { SimWire } from "./simWire.ts";
import type { SituationName } from "./situations.ts";
import { Troubles } from "./troubles.ts";
import { judge, type Outcome } from "./verdict.ts";
import { visibleOf } from "./visibility.ts";
import { jumpingWall } from "./wallClock.ts";
import { Store, startWatcher } from "./watcher.ts";

export interface SeedOptions {
  readonly calls: number;
  readonly faults: readonly FaultName[];
  /** Each seed has some of the faults, not all: so each has its say, alone and with others. */
  readonly swarm: boolean;
  /** How often faults strike, as a share of the usual rates; 1 if not said. */
  readonly faultRate?: number;
  readonly transfers: boolean;
  /** Beyond the ordinary day; of several each seed has some. */
  readonly situations: readonly SituationName[];
  /** Only these of the calls, for shrinking; null = all. */
  readonly only: ReadonlySet<number> | null;
  readonly trail: boolean;
  /** Limits of the tracker other than its own: what the oracle must notice. */
  readonly tracker?: Partial<TrackerSettings>;
  /** How the receiver wants its webhooks; as each seed draws it if not said. */
  readonly manner?: Manner;
}

const timezone = "Europe/Prague";
const usualStartAt = Date.UTC(2026, 4, 4, 8, 0, 0);
/** A moment before Prague puts its clocks forward, and before it puts them back. */
const changesAt = [Date.UTC(2026, 2, 29, 0, 58, 0), Date.UTC(2026, 9, 25, 0, 58, 0)];
const faultShare = 0.3;
const settleMs = 200_000;

/** Nothing may depend on the wall clock, which jumps meanwhile. */
export async function playSeed(seed: number, options: SeedOptions): Promise<Outcome> {
  const steadied = jumpingWall(new Chance(seedOf(seed, "wall")));
  try {
    return await played(seed, options);
  } finally {
    steadied();
  }
}

async function played(seed: number, options: SeedOptions): Promise<Outcome> {
  const chance = (name: string) => new Chance(seedOf(seed, name));
  const drawn = chance("faultNames");
  const faults = options.faults.filter(() => !options.swarm || drawn.happens(faultShare));
  const situations = situationsOf(options, chance("situations"));
  const { transfers, faultRate = 1 } = options;
  const manner = options.manner ?? mannerOf(chance("manner"));
  const setting = settingOf(chance, new Set(faults), { transfers, faultRate }, situations, manner);
  const startAt = startOf(situations, chance("start"));
  const clock = new SimClock(startAt);
  const directory = furnished(officeOf(chance("office")), situations, chance("furniture"));
  const settings = defaultSettings(setting.switches);
  const pbx = new Pbx(directory, settings, clock, chance("pbx").next);
  const seen = visibleOf(directory, settings);
  const plan = new FaultPlan(clock, chance("faults"), setting, () => changes.readAll());
  const wire = new SimWire(pbx, clock, plan);
  const changes = new DnChanges(pbx, clock, chance("changes"), seen, (line) => wire.note(line));
  wire.keepTrail = options.trail;
  const journal = new Journal(pbx, clock);
  const census = new Census(pbx);
  const note = (line: string) => wire.note(line);
  const people = new People({ seed, pbx, clock, journal, transfers, situations, note });
  const store = new Store();
  const got: Got[] = [];
  const jitter = chance("jitter");
  const storing = chance("store");
  const troubles = new Troubles({
    clock,
    chance: chance("troubles"),
    plan,
    wire,
    pbx,
    setting,
    start: (aheadMs) =>
      startWatcher({
        clock: aheadOf(clock, aheadMs),
        timeBase: { bootId: "simulation", zeroAt: aheadMs },
        store,
        transport: wire.transport,
        timezone,
        activeCallsPollMs: setting.activeCallsPollMs,
        tracker: options.tracker ?? {},
        random: jitter.next,
        storeMs: () => (setting.faults.has("ownRestarts") ? storing.between(0, 4) : 0),
        onEvents: (events) => {
          for (const event of events) {
            const { fields, text, flaw } = receive(event, setting.manner);
            if (fields === null) continue;
            note(`WEBHOOK ${text}`);
            got.push({ at: clock.now(), fields });
            if (flaw !== null) store.broken.push(`${flaw} in ${text}`);
          }
        },
      }),
  });
  const when = chance("when");
  let at = startAt + 5_000;
  const begins = Array.from({ length: options.calls }, (_, index) => {
    at += when.between(0, when.happens(0.1) ? 20_000 : 1500);
    return { index, at };
  });
  const starting = troubles.begin(at + 30_000);
  await clock.runUntil(startAt + 5_000);
  await starting;
  if (situations.has("changedDns")) changes.begin(at + 30_000);
  for (const begin of begins) {
    if (options.only !== null && !options.only.has(begin.index)) continue;
    const dial = () => {
      if (clock.now() < troubles.bootedAt) clock.after(troubles.bootedAt - clock.now(), dial);
      else people.begin(begin.index);
    };
    clock.after(begin.at - clock.now(), dial);
  }
  await clock.runUntil(at + 60_000);
  for (const call of pbx.calls()) pbx.dropCall(call.id);
  plan.over = true;
  await clock.runUntil(clock.now() + settleMs);
  troubles.end();
  await clock.runUntil(clock.now() + 1);
  const scene = { journal, store, plan, wire, census, changes, office: directory };
  return judge(seed, setting, scene, got, people.calls);
}

function aheadOf(clock: Clock, aheadMs: number): Clock {
  if (aheadMs === 0) return clock;
  return {
    now: () => clock.now() + aheadMs,
    after: (delayMs, run) => clock.after(delayMs, run),
  };
}

function situationsOf({ situations }: SeedOptions, chance: Chance): ReadonlySet<SituationName> {
  return new Set(situations.filter(() => chance.happens(0.5) || situations.length === 1));
}

function startOf(situations: ReadonlySet<SituationName>, chance: Chance): number {
  return situations.has("summertime") ? chance.pick(changesAt) : usualStartAt;
}
