/**
 * Kills the built program again and again under load and prints what broke a promise (`npm run build` first):
 * `npm run storm -- [--kills 200] [--seed 1] [--events-per-s 500] [--order bounded|strict] [--refuses 0.02]`.
 * Exit code 1 if anything was lost, overtook another or came again without having been in flight.
 */
import { commandLine } from "../support/commandLine.ts";
import { describeMachine, quantiles } from "./figures.ts";
import { playKills, wrongWith } from "./kills.ts";

const { values, numberOf, refuse } = commandLine(import.meta.url, {
  kills: "200",
  seed: String(Date.now() % 1_000_000),
  "events-per-s": "500",
  order: "bounded",
  refuses: "0.02",
});

const positive = { least: 0.001, whole: false };
const isStrict = values.order === "strict";
if (!isStrict && values.order !== "bounded") {
  refuse(`Expected --order to be bounded or strict, got "${values.order}".`);
}
const progressEvery = 20;
let kills = 0;
console.log(`${describeMachine()}\n${JSON.stringify(values)}`);
const result = await playKills({
  kills: numberOf("kills"),
  seed: numberOf("seed", { least: 0 }),
  eventsPerS: numberOf("events-per-s", positive),
  order: isStrict ? "strict" : "bounded",
  refusesShare: numberOf("refuses", { least: 0, most: 1, whole: false }),
  onKill(line) {
    kills += 1;
    if (kills % progressEvery === 0) console.log(line);
  },
});
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const { inFlight, repeated, recoveryMs, ...rest } = result;
console.log(
  [
    `${inFlight.length} kills; the PBX brought ${rest.offeredPerS.toFixed(0)} events/s: ` +
      `${rest.calls} calls, ${rest.callsTold} of them told`,
    `${rest.acknowledged} events acknowledged, ${rest.stored} stored, ${rest.requests} requests`,
    `lost ${rest.lost.length}, undelivered ${rest.undelivered.length}, ` +
      `calls without an end ${rest.callsWithoutEnd.length}, broken order ${rest.faultCount}`,
    `in flight at a kill: ${sum(inFlight)} in all, at most ${Math.max(...inFlight)}; ` +
      `came again: ${sum(repeated)} in all, at most ${Math.max(...repeated)}`,
    `from start to first webhook: ${quantiles(recoveryMs, "ms")}`,
    `integrity_check: ${rest.integrity}`,
  ].join("\n"),
);
const wrong = wrongWith(result);
if (wrong.length > 0) {
  console.log(["wrong:", ...wrong].join("\n  "));
  process.exitCode = 1;
}
