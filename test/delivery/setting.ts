/** What a schedule is like, drawn from its seed: endpoints and their rules, how receivers err, what befalls us. */
import type { EndpointConfig } from "../../src/config/config.ts";
import { endpointConfig } from "../conformance/outboxEndpoint.ts";
import { Chance, seedOf } from "../simulation/random.ts";

/** How one receiver errs. */
export interface Receiver {
  /** Of its answers, how many are failures. */
  readonly failShare: number;
  /** Calls whose events it never takes, by share. */
  readonly poisonShare: number;
  /** Stretches in which it is down, from … to, since the start. */
  readonly outages: readonly (readonly [number, number])[];
  readonly latencyMsMax: number;
  /** While true our own side fails now and then. */
  readonly localFaults: boolean;
}

export type Deed = "append" | "kill" | "reload" | "storeFails" | "replay" | "resume";

export interface Step {
  readonly afterMs: number;
  readonly deed: Deed;
  readonly call: number;
}

export interface Setting {
  readonly seed: number;
  readonly endpoints: readonly EndpointConfig[];
  /** By endpoint, and by `recordingsOf` it where those go to a URL of their own. */
  readonly receivers: ReadonlyMap<string, Receiver>;
  /** Of a call's later events, how many are recordings. */
  readonly recordingShare: number;
  readonly steps: readonly Step[];
  readonly heldOfOneMax: number;
  /** The longest that the store takes for anything. */
  readonly storeMsMax: number;
}

const MANY_LANES = 1000;
const APART = "http://127.0.0.2:9/recordings";

/** Names the receiver of an endpoint's recordings. */
export const recordingsOf = (name: string) => `${name} recordings`;

/** `manyLanes`: one schedule in so many has a thousand calls. */
export function drawSetting(seed: number, manyLanes: number): Setting {
  const chance = new Chance(seedOf(seed, "setting"));
  const crowded = seed % manyLanes === 0;
  const calls = crowded ? MANY_LANES : chance.between(1, 8);
  // At one a second a thousand calls would not be done with within any bound.
  const rates = crowded ? [50] : [1, 5, 50];
  const order = chance.pick(["bounded", "strict", "none"] as const);
  const drawn = Array.from({ length: chance.between(1, 3) }, (_, index) =>
    endpointConfig({
      name: `e${index}`,
      order: chance.happens(0.8) ? order : chance.pick(["bounded", "strict", "none"] as const),
      orderHoldMs: chance.pick([0, 500, 2000, 120_000]),
      retryScheduleMs: chance.pick([
        [100, 300, 900, 900, 900],
        [50],
        [1000, 5000, 15_000],
        [10, 10, 10],
      ]),
      concurrency: chance.pick([1, 2, 4, 16]),
      ratePerS: chance.happens(0.2) ? chance.pick(rates) : 0,
      rateBurst: chance.between(1, 3),
      expireRingingMs: chance.happens(0.25) ? chance.pick([300, 2000, 20_000]) : 0,
    }),
  );
  const receivers = new Map(drawn.map(({ name }) => [name, drawReceiver(chance)]));
  const heldOfOneMax = crowded ? chance.pick([16, 100, 1000]) : chance.pick([2, 4, 8, 16, 1000]);
  const steps = drawSteps(chance, calls, crowded);
  const storeMsMax = crowded ? 0 : chance.pick([0, 0, 10, 200]);
  // By a chance of their own: what else a seed means stays as it was.
  const recordings = new Chance(seedOf(seed, "recordings"));
  const recordingShare = recordings.pick([0, 0.2, 0.6]);
  const endpoints = drawn.map((config) => {
    if (recordings.happens(0.5)) return { ...config, recordingUrl: config.url };
    receivers.set(recordingsOf(config.name), drawReceiver(recordings));
    return { ...config, recordingUrl: APART };
  });
  return { seed, endpoints, receivers, recordingShare, steps, heldOfOneMax, storeMsMax };
}

function drawReceiver(chance: Chance): Receiver {
  const outages = Array.from({ length: chance.between(0, 2) }, () => {
    const from = chance.between(0, 12_000);
    return [from, from + chance.pick([100, 3000, 30_000, 300_000])] as const;
  });
  return {
    failShare: chance.pick([0, 0, 0.05, 0.1, 0.5, 0.9]),
    poisonShare: chance.pick([0, 0, 0, 0.2]),
    outages: chance.happens(0.5) ? outages : [],
    latencyMsMax: chance.pick([1, 20, 100, 1000]),
    localFaults: chance.happens(0.1),
  };
}

function drawSteps(chance: Chance, calls: number, crowded: boolean): Step[] {
  const count = crowded ? MANY_LANES * 3 : chance.between(1, 40);
  const paceMs = crowded ? 30 : chance.pick([0, 50, 700, 5000]);
  const deeds = chance.pick([
    { append: 1, kill: 0, reload: 0, storeFails: 0, replay: 0, resume: 0 },
    { append: 20, kill: 2, reload: 0, storeFails: 0, replay: 0, resume: 0 },
    { append: 20, kill: 1, reload: 1, storeFails: 1, replay: 1, resume: 1 },
    { append: 20, kill: 3, reload: 1, storeFails: 3, replay: 3, resume: 1 },
  ]);
  const rarer = crowded ? { ...deeds, append: deeds.append * 30 } : deeds;
  return Array.from({ length: count }, () => ({
    afterMs: chance.between(0, paceMs),
    deed: chance.weighed(rarer),
    call: chance.between(1, calls),
  }));
}
