/** The verdict on a seed: what each chain was due, held against what the receiver got. */
import { compare, type Difference, type Expectation, type Got } from "./compare.ts";
import type { Due } from "./due.ts";
import { expectationOf, type Grounds, groundsOf, type Scene } from "./expectation.ts";
import { clockOffMsMax, type FaultNote } from "./faults.ts";
import type { Chain } from "./journal.ts";
import type { FaultName, Setting } from "./setting.ts";
import { sorted } from "./sorting.ts";

export interface ChainVerdict {
  readonly chain: Chain;
  readonly due: readonly Due[];
  readonly got: readonly Got[];
  readonly exempt: string | null;
  /** Exempt, and all the same told as if it were not. */
  readonly isAsDue: boolean;
  /** How many of the due webhooks are exempt. */
  readonly exemptDue: number;
  readonly expectation: Expectation;
  readonly differences: readonly Difference[];
}

export interface Outcome {
  readonly seed: number;
  readonly setting: Setting;
  readonly calls: number;
  readonly webhooks: number;
  readonly verdicts: readonly ChainVerdict[];
  /** Webhooks of calls that never were. */
  readonly invented: readonly Got[];
  readonly brokenInvariants: readonly string[];
  readonly notes: readonly FaultNote[];
  readonly faultCounts: ReadonlyMap<FaultName, number>;
  /** How often what was played. */
  readonly played: ReadonlyMap<string, number>;
  readonly trail: readonly string[];
}

export function judge(
  seed: number,
  setting: Setting,
  scene: Scene,
  got: readonly Got[],
  calls: number,
): Outcome {
  const { journal, store, plan, wire, census } = scene;
  const { told, invented } = sorted(journal.chains, got, clockOffMsMax(setting));
  const grounds = groundsOf(setting, scene);
  return {
    seed,
    setting,
    calls,
    webhooks: got.length,
    verdicts: journal.chains.map((chain) => verdictOf(chain, told.get(chain) ?? [], grounds)),
    invented,
    brokenInvariants: store.broken,
    faultCounts: plan.counts,
    played: census.counts,
    notes: plan.notes,
    trail: wire.trail,
  };
}

function verdictOf(chain: Chain, got: readonly Got[], grounds: Grounds): ChainVerdict {
  const { expectation, exempt } = expectationOf(chain, grounds);
  const { due, exemptFromAt } = expectation;
  const asIfNotExempt = { ...expectation, exemptFromAt: null };
  return {
    ...{ chain, due, got, exempt, expectation },
    isAsDue: exempt !== null && compare(asIfNotExempt, got).length === 0,
    exemptDue: due.filter(({ at }) => exemptFromAt !== null && at >= exemptFromAt).length,
    differences: compare(expectation, got),
  };
}

export function outcomeFaults(outcome: Outcome): number {
  const differences = outcome.verdicts.reduce((sum, each) => sum + each.differences.length, 0);
  return differences + outcome.invented.length + outcome.brokenInvariants.length;
}
