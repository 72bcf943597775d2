/**
 * Plays many cases against what parses, guards and verifies: `npm run fuzz -- --cases 1000000 [--seed 1]
 * [--target NAME] [--from 0]`. Exit code 1 if anything did not hold; a failure is repeated by its target, seed and
 * number (`--target NAME --seed S --from N --cases 1`).
 */
import { commandLine } from "../support/commandLine.ts";
import { type Played, play, sharesOf, TARGETS } from "./play.ts";

const { values, numberOf, refuse } = commandLine(import.meta.url, {
  cases: "1000000",
  seed: "1",
  target: "",
  from: "0",
});

const seed = numberOf("seed");
const from = numberOf("from", { least: 0 });
const cases = numberOf("cases");
const chosen = TARGETS.filter(({ name }) => name === (values.target || name));
if (chosen.length === 0) {
  const names = TARGETS.map(({ name }) => name).join(", ");
  refuse(`Expected --target to be one of ${names}, got "${values.target}".`);
}

const shares = sharesOf(cases);
const results: Played[] = [];
for (const target of chosen) {
  const own = values.target === "" ? (shares.get(target) ?? 0) : cases;
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
