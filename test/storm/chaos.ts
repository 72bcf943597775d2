/**
 * Receivers that err, for the built program (`npm run build` first):
 * `npm run chaos -- [--seconds 90] [--seed 1] [--events-per-s 15] [--shares 0.01,0.1,0.5]`.
 * Prints a line for each endpoint. Exit code 1 if anything was not delivered, overtook another, or went beyond a bound.
 */
import { commandLine } from "../support/commandLine.ts";
import { describeMachine, quantile } from "./figures.ts";
import { vices } from "./rascal.ts";
import { playRascals, scheduleS, wrongWithRascals } from "./rascals.ts";

const { values, numberOf, refuse } = commandLine(import.meta.url, {
  seconds: "90",
  seed: String(Date.now() % 1_000_000),
  "events-per-s": "15",
  shares: "0.01,0.1,0.5",
});

const shares = values.shares.split(",").map(Number);
if (!shares.every((share) => share > 0 && share <= 1))
  refuse(`Expected --shares to be over 0 and up to 1, by commas, got "${values.shares}".`);
console.log(`${describeMachine()}\n${JSON.stringify(values)}`);
const result = await playRascals({
  seed: numberOf("seed", { least: 0 }),
  eventsPerS: numberOf("events-per-s", { least: 0.001, whole: false }),
  seconds: numberOf("seconds"),
  shares,
  single: vices,
});
const heading = ["endpoint", "owed", "taken", "requests", "faults", "again", "attempts", "spent"];
const widths = [12, 7, 7, 9, 8, 6, 9, 6];
const row = (cells: readonly (string | number)[]) =>
  cells.map((cell, index) => String(cell).padStart(widths[index] ?? 10)).join(" ");
console.log(row([...heading, "p50 s", "p99 s", "max s", "answer kB"]));
for (const each of result.endpoints) {
  const { name, owed, untaken, requests, faults, repeats, attemptsMost, spentMost, delaysMs } =
    each;
  const seconds = [0.5, 0.99, 1].map((share) => (quantile(delaysMs, share) / 1000).toFixed(2));
  const kb = Math.round(each.answerBytesMost / 1024);
  const counts = [owed, owed - untaken.length, requests, faults, repeats, attemptsMost, spentMost];
  console.log(row([name, ...counts, ...seconds, kb]));
}
const { residentMb, drainedMs, responseHeadBytesMost, events } = result;
const total = result.endpoints.reduce((sum, { owed }) => sum + owed, 0);
console.log(
  [
    `${events} events, ${total} deliveries; schedule of ${scheduleS.length + 1} attempts`,
    `resident: at most ${residentMb.most.toFixed(0)} MB, at the end ${residentMb.last.toFixed(0)} MB (${residentMb.samples} samples)`,
    `drained ${(drainedMs / 1000).toFixed(0)} s after the last event`,
    `kept of an answer: at most ${responseHeadBytesMost} bytes`,
  ].join("\n"),
);
const wrong = wrongWithRascals(result);
if (wrong.length > 0) {
  console.log(["wrong:", ...wrong].join("\n  "));
  process.exitCode = 1;
}
