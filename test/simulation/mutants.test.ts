/**
 * The oracle notices every way to err that mutants.ts and situationMutants.ts know: in calls that it can know in full,
 * and most of them where faults strike.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { compare } from "./compare.ts";
import { type Mutant, mutants } from "./mutants.ts";
import { faultNames } from "./setting.ts";
import { situationMutants } from "./situationMutants.ts";
import { type SituationName, situationNames } from "./situations.ts";
import type { ChainVerdict } from "./verdict.ts";
import { playSeed } from "./world.ts";

interface Played {
  readonly from: number;
  readonly seeds: number;
  readonly faults: boolean;
  readonly situations: readonly SituationName[];
}

async function verdictsOf({ from, seeds, faults, situations }: Played): Promise<ChainVerdict[]> {
  const found: ChainVerdict[] = [];
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { verdicts } = await playSeed(seed, {
      calls: 60,
      faults: faults ? faultNames : [],
      swarm: true,
      transfers: true,
      situations,
      only: null,
      trail: false,
      // The one that tells most.
      manner: { profile: "classic", method: "POST" },
    });
    found.push(...verdicts.filter(({ differences }) => differences.length === 0));
  }
  return found;
}

/** Of the chains that the mutant changes: how many, and how many are noticed. */
function noticed(mutant: Mutant, verdicts: readonly ChainVerdict[]) {
  const changed = verdicts.flatMap(({ got, expectation }) => {
    const told = mutant(got);
    return JSON.stringify(told) === JSON.stringify(got) ? [] : [{ told, expectation }];
  });
  const caught = changed.filter(({ told, expectation }) => compare(expectation, told).length > 0);
  return { changed: changed.length, share: caught.length / Math.max(1, changed.length) };
}

describe.each([
  { name: "without faults", from: 70_001, seeds: 16, faults: false, least: 0.8 },
  // Rare ones change a handful of calls in eight seeds, too few for a share.
  { name: "with all faults", from: 71_001, seeds: 24, faults: true, least: 0.5 },
])("$name, the oracle notices", ({ least, ...played }) => {
  let verdicts: readonly ChainVerdict[] = [];
  beforeAll(async () => {
    verdicts = await verdictsOf({ ...played, situations: [] });
  });

  it.each(Object.entries(mutants))("%s", (_name, mutant) => {
    const { changed, share } = noticed(mutant, verdicts);
    expect(changed).toBeGreaterThan(0);
    expect(share).toBeGreaterThan(least);
  });
});

describe.each(situationNames.filter((name) => situationMutants[name]))(
  "where there is %s",
  (name) => {
    let verdicts: readonly ChainVerdict[] = [];
    beforeAll(async () => {
      verdicts = await verdictsOf({ from: 72_001, seeds: 3, faults: false, situations: [name] });
    });

    it.each(Object.entries(situationMutants[name] ?? {}))(
      "the oracle notices: %s",
      (_name, mutant) => {
        const { changed, share } = noticed(mutant, verdicts);
        expect(changed).toBeGreaterThan(0);
        expect(share).toBeGreaterThan(0.7);
      },
    );
  },
);
