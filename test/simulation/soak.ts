/**
 * Plays many seeds and prints what differed from the truth: `npm run soak -- --seeds 100 [--from 1] [--calls 100]
 * [--faults all|every|none|a,b] [--fault-rate 1] [--transfers on|off] [--situations all|none|a,b] [--shrink on|off]
 * [--workers 1] [--failures-max 20]`. `all` draws some of the faults for each seed, `every` gives each all of them. Exit
 * code 1 if anything differed. Must hold: the report is the same with any number of workers, also if it ends early; how
 * it goes on is told on stderr.
 */
import { commandLine } from "../support/commandLine.ts";
import { ownPlayer, type Player, type PlayOptions, workerPlayer } from "./player.ts";
import { type FaultName, faultNames } from "./setting.ts";
import { type SituationName, situationNames } from "./situations.ts";
import { type SeedSummary, Tally } from "./tally.ts";

const progressEveryMs = 10_000;
/** So many failing seeds are looked into. */
const shownMax = 5;
const listedMax = 50;
const workersMax = 64;

const { values, numberOf, refuse } = commandLine(import.meta.url, {
  seeds: "100",
  from: "1",
  calls: "100",
  faults: "all",
  "fault-rate": "1",
  transfers: "on",
  situations: "none",
  shrink: "on",
  workers: "1",
  "failures-max": "20",
});

function isOn(name: "transfers" | "shrink"): boolean {
  if (values[name] === "on" || values[name] === "off") return values[name] === "on";
  return refuse(`Expected --${name} to be on or off, got "${values[name]}".`);
}

function faultsOf(text: string): readonly FaultName[] {
  if (text === "all" || text === "every") return faultNames;
  if (text === "none") return [];
  return text.split(",").map((word) => {
    const found = faultNames.find((name) => name === word);
    if (found) return found;
    return refuse(`Expected a fault of ${faultNames.join(", ")}, got "${word}".`);
  });
}

function faultRateOf(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= 1) return rate;
  return refuse(`Expected --fault-rate to be over 0 and up to 1, got "${text}".`);
}

function situationsOf(text: string): readonly SituationName[] {
  if (text === "all") return situationNames;
  if (text === "none") return [];
  return text.split(",").map((word) => {
    const found = situationNames.find((name) => name === word);
    if (found) return found;
    return refuse(`Expected a situation of ${situationNames.join(", ")}, got "${word}".`);
  });
}

const options: PlayOptions = {
  scene: {
    calls: numberOf("calls"),
    faults: faultsOf(values.faults),
    swarm: values.faults === "all",
    faultRate: faultRateOf(values["fault-rate"]),
    transfers: isOn("transfers"),
    situations: situationsOf(values.situations),
    only: null,
    trail: false,
  },
  shrinks: isOn("shrink"),
};
const from = numberOf("from");
const until = from + numberOf("seeds");
const failuresMax = numberOf("failures-max");
const workers = numberOf("workers", { most: workersMax });

const tally = new Tally();
const beganAt = performance.now();
let toldAt = beganAt;
/** What came before its turn: seeds are counted in their order, so that an early end is the same one, too. */
const ahead = new Map<number, SeedSummary>();
let nextSeed = from;
let nextCounted = from;

/** Asked to end by Ctrl-C: what has been played is told all the same. A second one ends at once. */
let isStopped = false;
process.once("SIGINT", () => {
  isStopped = true;
});

const isOver = () => isStopped || tally.failing.length >= failuresMax;
const rate = () => Math.round((1000 * tally.calls) / (performance.now() - beganAt));

function count(summary: SeedSummary): void {
  ahead.set(summary.seed, summary);
  for (;;) {
    const next = ahead.get(nextCounted);
    if (next === undefined || isOver()) break;
    ahead.delete(nextCounted);
    nextCounted += 1;
    tally.add(next);
    if (next.isFailing) console.error(`seed ${next.seed} differs`);
  }
  if (performance.now() - toldAt < progressEveryMs) return;
  toldAt = performance.now();
  console.error(`seed ${nextCounted - 1}: ${tally.line()}; ${rate()} calls/s`);
}

async function playOn(player: Player): Promise<void> {
  while (nextSeed < until && !isOver()) {
    const seed = nextSeed;
    nextSeed += 1;
    count(await player.play(seed));
  }
}

/** Each takes the next that nobody has taken; the texts come in the order of the seeds. */
async function explain(seeds: readonly number[], players: readonly Player[]): Promise<string[]> {
  const texts: string[] = [];
  let next = 0;
  const goOn = async (player: Player) => {
    for (let at = next; at < seeds.length; at = next) {
      next += 1;
      texts[at] = await player.explain(seeds[at] ?? 0);
    }
  };
  await Promise.all(players.map(goOn));
  return texts;
}

const players = Array.from({ length: workers }, () =>
  workers === 1 ? ownPlayer(options) : workerPlayer(options),
);
await Promise.all(players.map(playOn));
const seconds = (performance.now() - beganAt) / 1000;
for (const text of await explain(tally.failing.slice(0, shownMax), players)) console.log(text);
await Promise.all(players.map((player) => player.stop()));
console.log(tally.table());
console.error(`${seconds.toFixed(1)} s, ${Math.round(tally.calls / seconds)} calls/s`);
if (tally.failing.length > 0) {
  console.log(`failing seeds: ${tally.failing.slice(0, listedMax).join(" ")}`);
  process.exitCode = 1;
}
if (isStopped) console.log("Ended early, by Ctrl-C.");
else if (isOver()) console.log(`Ended early, after ${failuresMax} failing seeds (--failures-max).`);
