/**
 * Plays scenes of the simulator through source, pipeline and tracker as they are, under virtual time and without any
 * fault: what the receiver gets of each, the same on every machine.
 */
import { encodeJson, renderFields } from "../../src/events/render.ts";
import { defaultDirectory } from "../../src/simulator/directory.ts";
import { Pbx } from "../../src/simulator/pbx.ts";
import { scenes } from "../../src/simulator/scenes/index.ts";
import { makeStage } from "../../src/simulator/scenes/scene.ts";
import {
  defaultSettings,
  type Settings,
  type SettingsPatch,
} from "../../src/simulator/settings.ts";
import { type Exchange, FaultPlan, type FrameTrip } from "../simulation/faults.ts";
import { Chance } from "../simulation/random.ts";
import { SimClock } from "../simulation/simClock.ts";
import { SimWire } from "../simulation/simWire.ts";
import { Store, startWatcher } from "../simulation/watcher.ts";

/** One setting of what is not known of the PBX, and of what the client may see. */
export interface World {
  readonly switches: SettingsPatch;
  /** 0 = the list of active calls is not read. */
  readonly activeCallsPollMs: number;
}

/** The fields of a webhook, in order. */
export type Told = Readonly<Record<string, string>>;

const startAt = Date.UTC(2026, 4, 4, 8, 0, 0);
/** Between two scenes: everything of the first is told, a call that nobody lists any more included. */
const restMs = 12_000;
const stepMs = 1_000;
const sceneMsMax = 600_000;
const oneWayMs = 1;

/** The wire takes what the switches say and nothing else. */
class Calm extends FaultPlan {
  readonly #settings: () => Settings;

  constructor(clock: SimClock, settings: () => Settings) {
    const setting = { switches: {}, activeCallsPollMs: 0, latencyMsMax: oneWayMs } as const;
    const manner = { profile: "classic", method: "POST" } as const;
    const rest = {
      faults: new Set<never>(),
      faultRate: 1,
      transfers: true,
      situations: new Set<never>(),
      manner,
    };
    super(clock, new Chance(1), { ...setting, ...rest }, () => {});
    this.#settings = settings;
  }

  override exchange(): Exchange {
    return { thereMs: oneWayMs, backMs: oneWayMs, fails: false, status: null };
  }

  override frame(): FrameTrip {
    return { delayMs: oneWayMs + this.#settings().frameDelayMs, overtakes: false, lost: false };
  }

  override duplicates(): boolean {
    return this.#settings().duplicateUpsertChance === 1;
  }
}

/** What the receiver gets of each scene, by the scene's name. */
export async function playAll({
  switches,
  activeCallsPollMs,
}: World): Promise<Map<string, Told[]>> {
  const clock = new SimClock(startAt);
  // What is left to chance never happens, unless a switch makes it certain.
  const settings = defaultSettings({ duplicateUpsertChance: 0, flickerChance: 0, ...switches });
  const pbx = new Pbx(defaultDirectory(), settings, clock, () => 0.5);
  const wire = new SimWire(pbx, clock, new Calm(clock, () => pbx.settings));
  const store = new Store();
  const told = new Map<string, Told[]>(scenes.map(({ name }) => [name, []]));
  let playing = "";
  const sceneOf = new Map<number, string>();
  pbx.on((event) => {
    if (event.kind !== "upsert" || sceneOf.has(event.leg.call.id)) return;
    sceneOf.set(event.leg.call.id, playing);
  });
  const starting = startWatcher({
    clock,
    store,
    transport: wire.transport,
    timezone: "Europe/Prague",
    activeCallsPollMs,
    tracker: {},
    random: () => 0.5,
    storeMs: () => 0,
    onEvents: (events) => {
      for (const event of events) {
        const scene = sceneOf.get(event.callNumber) ?? "";
        const body = encodeJson(renderFields(event, { profile: "classic", method: "POST" }));
        told.get(scene)?.push(JSON.parse(body) as Told);
      }
    },
  });
  await clock.runUntil(startAt + stepMs);
  const watcher = await starting;
  for (const scene of scenes) {
    playing = scene.name;
    const run = scene.run(makeStage(pbx, clock, 1, 1));
    await passed(run, clock, scene.name);
    for (const call of pbx.calls()) pbx.dropCall(call.id);
    await clock.runUntil(clock.now() + restMs);
  }
  watcher.kill();
  await clock.runUntil(clock.now() + stepMs);
  if (store.broken.length > 0) throw new Error(store.broken.slice(0, 3).join("\n"));
  return told;
}

/** Lets time pass until the scene is over. */
async function passed(run: Promise<void>, clock: SimClock, name: string): Promise<void> {
  let over = false;
  const done = run.finally(() => {
    over = true;
  });
  done.catch(() => {});
  const until = clock.now() + sceneMsMax;
  while (!over && clock.now() < until) await clock.runUntil(clock.now() + stepMs);
  if (!over) throw new Error(`Expected scene ${name} to end within ${sceneMsMax} ms.`);
  try {
    await done;
  } catch (error) {
    throw new Error(`Expected scene ${name} to go through, it stopped.`, { cause: error });
  }
}
