/**
 * The oracle notices a tracker without one of its limits: each is there for something that the simulation plays. A few
 * seeds suffice, as what needs the limit comes up in most.
 */
import { expect, it } from "vitest";
import type { TrackerSettings } from "../../src/tracker/settings.ts";
import type { SituationName } from "./situations.ts";
import { outcomeFaults } from "./verdict.ts";
import { playSeed } from "./world.ts";

interface Without {
  readonly name: string;
  readonly tracker: Partial<TrackerSettings>;
  readonly situations?: readonly SituationName[];
}

const without: readonly Without[] = [
  {
    name: "places whose legs go before their phones' legs",
    tracker: { levelFollowMs: 0, levelRingsOnMs: 0 },
  },
  { name: "ended calls that are remembered", tracker: { overKeptMs: 0 } },
  { name: "lists that lag", tracker: { omissionsMax: 0 } },
  { name: "the wait for an order", tracker: { callbackHoldMs: 0 }, situations: ["callbacks"] },
];

const seeds = [40_001, 40_002, 40_003, 40_004, 40_005, 40_006];
const rest = { calls: 60, faults: [], swarm: false, transfers: true, only: null, trail: false };

it.each(without)("without $name", async ({ tracker, situations = [] }) => {
  for (const seed of seeds) {
    const options = { ...rest, situations };
    if (outcomeFaults(await playSeed(seed, { ...options, tracker })) === 0) continue;
    // With the limit nothing differs there.
    expect(outcomeFaults(await playSeed(seed, options))).toBe(0);
    return;
  }
  expect.fail(`Expected one of the seeds ${seeds.join(", ")} to differ.`);
});
