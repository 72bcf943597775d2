/**
 * The tracker alone: its rate beside that of JSON.parse over the same participants, what an activity costs beside many
 * live calls, and what a live call weighs. Frames are those of the simulator's scenes (footage.ts); every fourth comes
 * twice, as the simulator's wire does it and V20s were seen to.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Activity } from "../src/tracker/activity.ts";
import { reduce } from "../src/tracker/reduce.ts";
import {
  defaultSettings,
  initialState,
  nextDueAt,
  type TrackerSettings,
  type TrackerState,
} from "../src/tracker/state.ts";
import { type Footage, filmAll, replay, type Shot } from "./footage.ts";

const settings: TrackerSettings = { ...defaultSettings, pbx: "main", timezone: "Europe/Prague" };
const startAt = Date.UTC(2026, 4, 4, 8);
const offices = 500;
const rounds = 15;
const warmUps = 8;
const weighings = 5;
/** Of so many frames one comes twice. */
const repeatEach = 4;
const target = { rate: 0.8, growth: 1.5, bytes: 4096 };

/** Calls of one round, as many at a time. */
const playings = 6_000;
const together = 30;

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Plays the footage again and again, some calls side by side, as time goes. */
function stream(footage: readonly Footage[], count: number, first: number, atOnce: number): Shot[] {
  const shots: Shot[] = [];
  let at = startAt;
  for (let from = 0; from < count; from += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, count - from) }, (_, index) => {
      const playing = first + from + index;
      const film = footage[playing % footage.length] ?? [];
      return replay(film, playing, 100 + (playing % offices), at + index * 100);
    })
      .flat()
      .sort((a, b) => a.activity.at - b.activity.at);
    for (const shot of batch) {
      shots.push(shot);
      if (shot.text !== null && shots.length % repeatEach === 0) shots.push(shot);
    }
    at = (batch.at(-1)?.activity.at ?? at) + 1_000;
  }
  return shots;
}

/** As the pipeline does it: the activity, then the look at what is due, and ticks in time. Counts what was reduced. */
function play(from: TrackerState, activities: readonly Activity[]): number {
  let state = from;
  let reduced = activities.length;
  for (const activity of activities) {
    for (let dueAt = nextDueAt(state, settings); dueAt !== null && dueAt <= activity.at; ) {
      state = reduce(state, { kind: "tick", at: dueAt }, settings).state;
      reduced += 1;
      dueAt = nextDueAt(state, settings);
    }
    state = reduce(state, activity, settings).state;
  }
  return reduced;
}

function seconds(work: () => void): number {
  const from = performance.now();
  work();
  return (performance.now() - from) / 1_000;
}

function rateBesideParse(footage: readonly Footage[]): string[] {
  const shots = stream(footage, playings, 0, together);
  const texts = shots.flatMap(({ text }) => text ?? []);
  const activities = shots.map(({ activity }) => activity);
  const parsing: number[] = [];
  const reducing: number[] = [];
  let parsed = 0;
  let reduced = 0;
  for (let round = 0; round < rounds + warmUps; round += 1) {
    const parse = seconds(() => {
      for (const text of texts) parsed += (JSON.parse(text) as { id: number }).id > 0 ? 1 : 0;
    });
    const run = seconds(() => {
      reduced = play(initialState, activities);
    });
    // The first rounds warm up.
    if (round < warmUps) continue;
    parsing.push(texts.length / parse);
    reducing.push(reduced / run);
  }
  if (parsed !== texts.length * (rounds + warmUps)) throw new Error("Expected ids in all texts.");
  const ratio = median(reducing.map((rate, round) => rate / (parsing[round] ?? Number.NaN)));
  const count = (value: number) => value.toLocaleString("en");
  const perSecond = (rates: readonly number[]) => count(Math.round(median(rates))).padStart(9);
  const removals = activities.length - texts.length;
  return [
    `${count(playings)} calls of all ${footage.length} scenes, ${together} at a time: ` +
      `${count(texts.length)} participants, ${count(removals)} removals, ` +
      `${count(reduced - activities.length)} ticks`,
    `JSON.parse      ${perSecond(parsing)} participants/s`,
    `reduce          ${perSecond(reducing)} activities/s: participants, removals, ticks, with their deadlines`,
    `ratio           ${ratio.toFixed(2)} (median of ${rounds} rounds; target ≥ ${target.rate})`,
  ];
}

/** So many calls in mid-call: each a scene that stopped where two or three legs carry it on. */
function live(footage: readonly Footage[], count: number): TrackerState {
  const openings = footage.map(openingOf).filter((film) => film !== null);
  let state = initialState;
  for (let playing = 0; playing < count; playing += 1) {
    const film = openings[playing % openings.length] ?? [];
    for (const { activity } of replay(film, playing, 100 + (playing % offices), startAt)) {
      state = reduce(state, { ...activity, at: startAt }, settings).state;
    }
  }
  return state;
}

/** The longest beginning of a scene with one call of two or three legs and nothing due; null if it has none. */
function openingOf(film: Footage): Footage | null {
  for (let length = film.length; length > 0; length -= 1) {
    const opening = film.slice(0, length);
    const activities = replay(opening, 1, 100, startAt).map(({ activity }) => activity);
    const state = activities.reduce(
      (before: TrackerState, activity) => reduce(before, activity, settings).state,
      initialState,
    );
    const [call, ...others] = state.calls.values();
    if (call === undefined || others.length > 0 || nextDueAt(state, settings) !== null) continue;
    if (call.external !== null && (call.legs.length === 2 || call.legs.length === 3))
      return opening;
  }
  return null;
}

function growth(footage: readonly Footage[]): string[] {
  const activities = stream(footage, 1_000, 1_000_000, 1).map(({ activity }) => activity);
  const sizes = [10, 1_000, 10_000];
  const states = sizes.map((size) => live(footage, size));
  const took = sizes.map((): number[] => []);
  for (let round = 0; round < rounds + warmUps; round += 1) {
    states.forEach((state, index) => {
      // A state that is played again makes its tables anew: not part of the play.
      state.calls.has(0);
      const each = seconds(() => play(state, activities)) / activities.length;
      if (round >= warmUps) took[index]?.push(each);
    });
  }
  const costs = took.map(median);
  return [
    ...sizes.map((size, index) => {
      const cost = ((costs[index] ?? Number.NaN) * 1e6).toFixed(2);
      return `${size.toLocaleString("en").padStart(6)} live calls ${cost.padStart(9)} µs an activity`;
    }),
    `growth          ${(Math.max(...costs) / Math.min(...costs)).toFixed(2)} (target ≤ ${target.growth})`,
  ];
}

/** Heap of 10,000 live calls, the tables that they are found by included. */
function weight(footage: readonly Footage[]): string[] {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = () => {
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const count = 10_000;
  const states: TrackerState[] = [];
  const bytes = Array.from({ length: weighings }, () => {
    const before = used();
    states.push(live(footage, count));
    return (used() - before) / count;
  });
  const legs = states[0]?.calls.values().flatMap((call) => call.legs).length ?? 0;
  const each = Math.round(median(bytes)).toLocaleString("en");
  return [
    `${count.toLocaleString("en")} live calls of ${(legs / count).toFixed(1)} legs`,
    `heap            ${each} bytes a call (median of ${weighings}; target ≤ ${target.bytes})`,
  ];
}

export async function tracker(): Promise<string[]> {
  const footage = await filmAll();
  return [...rateBesideParse(footage), ...growth(footage), ...weight(footage)];
}
