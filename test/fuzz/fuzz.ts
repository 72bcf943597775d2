/**
 * Plays many cases against what parses, guards and verifies: `npm run fuzz -- --cases 1000000 [--seed 1]
 * [--target NAME] [--from 0]`. Exit code 1 if anything did not hold; a failure is repeated by its target, seed and
 * number (`--target NAME --seed S --from N --cases 1`).
 */
import { parseArgs } from "node:util";
import { type Played, play, sharesOf, TARGETS } from "./play.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    target: { type: "string" },
    from: { type: "string", default: "0" },
  },
});

const seed = Number(values.seed);
const from = Number(values.from);
const cases = Number(values.cases);
const chosen = TARGETS.filter(({ name }) => name === (values.target ?? name));
if (![seed, from, cases].every(Number.isSafeInteger) || chosen.length === 0) {
  const names = TARGETS.map(({ name }) => name).join(", ");
  console.error(`Expected whole numbers, and a target out of ${names}.`);
  process.exit(2);
}

const shares = sharesOf(cases);
const results: Played[] = [];
for (const target of chosen) {
  const own = values.target === undefined ? (shares.get(target) ?? 0) : cases;
  const played = await play(target, seed, from, own);
  results.push(played);
  const perSecond = Math.round((played.cases / played.tookMs) * 1000);
  const { name, holds } = target;
  console.log(
    `${name.padEnd(12)} ${String(played.cases).padStart(9)} cases ${String(perSecond).padStart(8)}/s ` +
      `${played.failures.length} failures  ${holds}`,
  );
  for (const { index, why, input } of played.failures) {
    console.log(
      `  ${why}\n    ${input}\n    --target ${name} --seed ${seed} --from ${index} --cases 1`,
    );
  }
}
const failed = results.reduce((sum, { failures }) => sum + failures.length, 0);
const all = results.reduce((sum, played) => sum + played.cases, 0);
console.log(`seed ${seed}: ${all} cases, ${failed} failures`);
process.exitCode = failed === 0 ? 0 : 1;
