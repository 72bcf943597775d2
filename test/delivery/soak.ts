/**
 * Plays many schedules of the dispatcher and prints what broke a promise:
 * `npm run soak:delivery -- --schedules 1000 [--from 1] [--many 200]`. One schedule in `--many` has a
 * thousand calls. Exit code 1 if anything was lost, overtook another or went beyond a limit.
 */
import { commandLine } from "../support/commandLine.ts";
import { playSchedule } from "./player.ts";

const progressEveryMs = 10_000;
const shownMax = 5;

const { numberOf } = commandLine(import.meta.url, {
  schedules: "1000",
  from: "1",
  many: "200",
});

const from = numberOf("from");
const until = from + numberOf("schedules");
const many = numberOf("many");
const failing: number[] = [];
const total = { deliveries: 0, requests: 0, faults: 0, heldMost: 0 };
const beganAt = performance.now();
let toldAt = beganAt;
for (let seed = from; seed < until; seed += 1) {
  const { deliveries, requests, faults, heldMost } = await playSchedule(seed, many);
  total.deliveries += deliveries;
  total.requests += requests;
  total.faults += faults.length;
  total.heldMost = Math.max(total.heldMost, heldMost);
  if (faults.length > 0) {
    failing.push(seed);
    if (failing.length <= shownMax) {
      console.log([`seed ${seed}:`, ...faults.slice(0, 5)].join("\n  "));
    }
  }
  if (performance.now() - toldAt > progressEveryMs) {
    toldAt = performance.now();
    console.log(`seed ${seed}: ${line()}`);
  }
}
console.log(`${until - from} schedules: ${line()}`);
if (failing.length > 0) {
  console.log(`failing seeds: ${failing.slice(0, 50).join(" ")}`);
  process.exitCode = 1;
}

function line(): string {
  const seconds = ((performance.now() - beganAt) / 1000).toFixed(0);
  const { deliveries, requests, faults, heldMost } = total;
  return `${deliveries} deliveries, ${requests} requests, ${faults} faults, at most ${heldMost} in memory; ${seconds} s`;
}
