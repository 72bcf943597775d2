/**
 * Plays many seeds and prints what differed from the truth: `npm run soak -- --seeds 100 [--from 1] [--calls 100]
 * [--faults all|none|a,b] [--transfers on|off] [--shrink on|off]`. `all` draws some of the faults for each seed. Exit code 1 if anything differed.
 */
import { parseArgs } from "node:util";
import { type FaultName, faultNames } from "./setting.ts";
import { shrink } from "./shrink.ts";
import { Tally } from "./tally.ts";
import { failureText, outcomeFaults, playSeed, type SeedOptions } from "./world.ts";

const progressEveryMs = 10_000;
const shownMax = 5;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    calls: { type: "string", default: "100" },
    faults: { type: "string", default: "all" },
    transfers: { type: "string", default: "on" },
    shrink: { type: "string", default: "on" },
  },
});

function faultsOf(text: string): readonly FaultName[] {
  if (text === "all") return faultNames;
  if (text === "none") return [];
  return text.split(",").map((word) => {
    const found = faultNames.find((name) => name === word);
    if (found) return found;
    throw new Error(`Expected a fault of ${faultNames.join(", ")}, got "${word}".`);
  });
}

const options: SeedOptions = {
  calls: Number(values.calls),
  faults: faultsOf(values.faults),
  swarm: values.faults === "all",
  transfers: values.transfers === "on",
  only: null,
  trail: false,
};
const from = Number(values.from);
const until = from + Number(values.seeds);
const tally = new Tally();
const beganAt = performance.now();
let toldAt = beganAt;
for (let seed = from; seed < until; seed += 1) {
  const outcome = await playSeed(seed, options);
  tally.add(outcome);
  if (outcomeFaults(outcome) > 0 && tally.failing.length <= shownMax) {
    const shown =
      values.shrink === "on"
        ? await shrink(seed, options)
        : await playSeed(seed, { ...options, trail: true });
    console.log(failureText(shown));
  }
  if (performance.now() - toldAt > progressEveryMs) {
    toldAt = performance.now();
    const rate = Math.round((1000 * tally.calls) / (toldAt - beganAt));
    console.log(`seed ${seed}: ${tally.line()}; ${rate} calls/s`);
  }
}
const seconds = (performance.now() - beganAt) / 1000;
console.log(tally.table());
console.log(`${seconds.toFixed(1)} s, ${Math.round(tally.calls / seconds)} calls/s`);
if (tally.failing.length > 0) {
  console.log(`failing seeds: ${tally.failing.slice(0, 50).join(" ")}`);
  process.exitCode = 1;
}
