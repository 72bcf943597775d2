/**
 * One sick endpoint of ten, and what the other nine feel (`npm run build` first):
 * `npm run isolation -- [--seconds 600] [--seed 1] [--events-per-s 5]`.
 * Exit code 1 if the p99 of the nine is more than 1.2 times that beside ten healthy ones.
 */
import { commandLine } from "../support/commandLine.ts";
import { describeMachine, quantiles } from "./figures.ts";
import { p99Ratios, playNeighbours } from "./neighbours.ts";

const ratioMax = 1.2;

const { values, numberOf } = commandLine(import.meta.url, {
  seconds: "600",
  seed: String(Date.now() % 1_000_000),
  "events-per-s": "5",
});

console.log(`${describeMachine()}\n${JSON.stringify(values)}`);
const results = await playNeighbours({
  seed: numberOf("seed", { least: 0 }),
  seconds: numberOf("seconds"),
  eventsPerS: numberOf("events-per-s", { least: 0.001, whole: false }),
  arms: ["well", "dead", "dripping"],
});
for (const { health, events, tookMs, requestsOfTenth, owedToTenth, spentOnTenth } of results) {
  console.log(
    `the tenth is ${health}: ${events} events, the nine got theirs after ${quantiles(tookMs, "ms")}; ` +
      `the tenth got ${requestsOfTenth} requests, is owed ${owedToTenth}, ${spentOnTenth} attempts used up`,
  );
}
for (const [health, ratio] of p99Ratios(results)) {
  console.log(`p99 beside one that is ${health}: ${ratio.toFixed(2)} × (to reach: ${ratioMax})`);
  if (!(ratio <= ratioMax)) process.exitCode = 1;
}
