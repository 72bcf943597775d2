/** Plays cases of all targets. Must hold: a case is decided by seed, target and number alone. */
import { addresses } from "./addresses.ts";
import { csv, ini, patterns, retryAfter } from "./parsers.ts";
import { recordings } from "./recordings.ts";
import { signatures } from "./signatures.ts";
import { sounds } from "./sounds.ts";
import { chanceOf, type Target } from "./target.ts";
import { templates } from "./templates.ts";

export const TARGETS: readonly Target[] = [
  addresses,
  retryAfter,
  templates,
  csv,
  ini,
  signatures,
  patterns,
  recordings,
  sounds,
];

export interface Failure {
  readonly target: string;
  readonly index: number;
  readonly why: string;
  readonly input: string;
}

export interface Played {
  readonly target: Target;
  readonly cases: number;
  readonly failures: readonly Failure[];
  readonly tookMs: number;
}

const FAILURES_MAX = 20;

export async function play(
  target: Target,
  seed: number,
  from: number,
  cases: number,
): Promise<Played> {
  await target.start?.();
  try {
    return await played(target, seed, from, cases);
  } finally {
    await target.stop?.();
  }
}

async function played(target: Target, seed: number, from: number, cases: number): Promise<Played> {
  const failures: Failure[] = [];
  const before = performance.now();
  let count = 0;
  for (let index = from; index < from + cases && failures.length < FAILURES_MAX; index += 1) {
    let input: unknown = "(nothing drawn yet)";
    count += 1;
    try {
      const running = target.run(chanceOf(seed, target.name, index), (said) => {
        input = said;
      });
      // Most are done by then, and waiting for nothing costs time too.
      if (running !== undefined) await running;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      failures.push({ target: target.name, index, why, input: JSON.stringify(input) });
    }
  }
  return { target, cases: count, failures, tookMs: performance.now() - before };
}

/** How many of all cases each target gets. */
export function sharesOf(cases: number): ReadonlyMap<Target, number> {
  const whole = TARGETS.reduce((sum, { share }) => sum + share, 0);
  return new Map(TARGETS.map((target) => [target, Math.ceil((cases * target.share) / whole)]));
}
