/**
 * `npm run bench`: each bench of this folder after the other, on the built program (`npm run build` first).
 * `npm run bench -- NAME` runs one; `delivery`, which needs bench/setup.sh, and `recordings`, which takes ten minutes,
 * run only so. Figures are printed beside their targets, never asserted: they belong to the machine that is named
 * above them.
 */
import { cpus, totalmem } from "node:os";
import { backlog } from "./backlog.ts";
import { delivery } from "./delivery/delivery.ts";
import { latency } from "./latency.ts";
import { recordings } from "./recordings.ts";
import { tracker } from "./tracker.ts";

const benches = new Map<string, (args: readonly string[]) => Promise<string[]>>([
  ["backlog", backlog],
  ["delivery", delivery],
  ["latency", latency],
  ["recordings", recordings],
  ["tracker", tracker],
]);

const onlyWhenNamed = new Set(["delivery", "recordings"]);

const [wanted, ...args] = process.argv.slice(2);
const chosen = [...benches].filter(([name]) =>
  wanted === undefined ? !onlyWhenNamed.has(name) : wanted === name,
);
if (chosen.length === 0) {
  console.error(`Expected one of ${[...benches.keys()].join(", ")}, got ${wanted}.`);
  process.exitCode = 2;
}

const [cpu] = cpus();
const memoryGib = Math.round(totalmem() / 2 ** 30);
console.log(
  `Node ${process.versions.node}, ${process.platform} ${process.arch}, ` +
    `${cpus().length} × ${cpu?.model ?? "unknown processor"}, ${memoryGib} GiB`,
);
for (const [name, bench] of chosen) {
  console.log(`\n${name}`);
  for (const line of await bench(args)) console.log(`  ${line}`);
}
