/**
 * The tracker alone: its rate beside that of JSON.parse over the same participants, what an activity costs beside many
 * live calls, and what a live call weighs. Frames are those of the simulator's scenes (footage.ts); every fourth comes
 * twice, as the simulator's wire does it and V20s were seen to.
 *
 * What is counted: `reduce` is called once for each activity, and an activity is a participant that came or changed, one
 * that is gone, or a tick at a deadline of the tracker's. `JSON.parse` is called once for each activity that has a text,
 * which is a participant's. So that nobody need agree on what an activity is, the ratio is told without counting ticks
 * and without counting anything but participants, too; the time is always that of all of them.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Activity } from "../src/tracker/activity.ts";
import { reduce } from "../src/tracker/reduce.ts";
import { defaultSettings, type TrackerSettings } from "../src/tracker/settings.ts";
import { initialState, nextDueAt, type TrackerState } from "../src/tracker/state.ts";
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
/** The same beside live calls, one at a time. */
const playingsBesideLive = 1_000;
const dayMs = 86_400_000;

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Plays the footage again and again, some calls side by side, as time goes. */
function stream(
  footage: readonly Footage[],
  count: number,
  first: number,
  atOnce: number,
  fromAt = startAt,
): Shot[] {
  const shots: Shot[] = [];
  let at = fromAt;
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

/** As the pipeline does it: what is done with is let go. */
function next(state: TrackerState, activity: Activity): TrackerState {
  const step = reduce(state, activity, settings);
  state.calls.letGo();
  return step.state;
}

/** As the pipeline does it, in the worst case: a look at what is due after each activity, and ticks in time. */
function play(
  from: TrackerState,
  activities: readonly Activity[],
  note = (_reduced: Activity) => {},
): TrackerState {
  let state = from;
  const work = (activity: Activity) => {
    note(activity);
    state = next(state, activity);
  };
  for (const activity of activities) {
    for (let dueAt = nextDueAt(state, settings); dueAt !== null && dueAt <= activity.at; ) {
      work({ kind: "tick", at: dueAt });
      dueAt = nextDueAt(state, settings);
    }
    work(activity);
  }
  return state;
}

/** The activities with the ticks that they lead to. */
function withTicks(activities: readonly Activity[]): Activity[] {
  const all: Activity[] = [];
  play(initialState, activities, (activity) => all.push(activity));
  return all;
}

function reduceAll(activities: readonly Activity[]): void {
  let state = initialState;
  for (const activity of activities) state = next(state, activity);
}

function seconds(work: () => void): number {
  const from = performance.now();
  work();
  return (performance.now() - from) / 1_000;
}

function rateBesideParse(footage: readonly Footage[]): string[] {
  const shots = stream(footage, playings, 0, together);
  const texts = shots.flatMap(({ text }) => text ?? []);
  const activities = withTicks(shots.map(({ activity }) => activity));
  const parsing: number[] = [];
  const reducing: number[] = [];
  let parsed = 0;
  for (let round = 0; round < rounds + warmUps; round += 1) {
    const parse = seconds(() => {
      for (const text of texts) parsed += (JSON.parse(text) as { id: number }).id > 0 ? 1 : 0;
    });
    const run = seconds(() => reduceAll(activities));
    // The first rounds warm up.
    if (round < warmUps) continue;
    parsing.push(parse);
    reducing.push(run);
  }
  if (parsed !== texts.length * (rounds + warmUps)) throw new Error("Expected ids in all texts.");
  const told = (values: number) => values.toLocaleString("en");
  const rate = (count: number, times: readonly number[]) =>
    told(Math.round(count / median(times))).padStart(9);
  const faster = median(parsing.map((time, round) => time / (reducing[round] ?? Number.NaN)));
  const ratio = (count: number) => ((faster * count) / texts.length).toFixed(2);
  const ticks = activities.length - shots.length;
  return [
    `${told(playings)} calls of all ${footage.length} scenes, ${together} at a time: ` +
      `${told(texts.length)} participants, ${told(shots.length - texts.length)} removals, ${told(ticks)} ticks`,
    `JSON.parse      ${rate(texts.length, parsing)} participants/s: the text of each, once each`,
    `reduce          ${rate(activities.length, reducing)} activities/s: each participant, removal and tick is one`,
    `ratio           ${ratio(activities.length)} (median of ${rounds} rounds; target ≥ ${target.rate})`,
    `                ${ratio(shots.length)} if ticks are not counted, ${ratio(texts.length)} if only participants are; the time is that of all`,
  ];
}

/** So many calls in mid-call: each a scene that stopped where two or three legs carry it on. */
function live(footage: readonly Footage[], count: number): TrackerState {
  const openings = footage.map(openingOf).filter((film) => film !== null);
  let state = initialState;
  for (let playing = 0; playing < count; playing += 1) {
    const film = openings[playing % openings.length] ?? [];
    for (const { activity } of replay(film, playing, 100 + (playing % offices), startAt)) {
      state = next(state, { ...activity, at: startAt });
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
      (before: TrackerState, activity) => next(before, activity),
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
  const sizes = [10, 1_000, 10_000];
  const states = sizes.map((size) => live(footage, size));
  const took = sizes.map((): number[] => []);
  for (let round = 0; round < rounds + warmUps; round += 1) {
    // Each round is a day of its own, and goes on from the last, as a service does.
    const first = (round + 1) * 10_000;
    const shots = stream(footage, playingsBesideLive, first, 1, startAt + (round + 1) * dayMs);
    const activities = shots.map(({ activity }) => activity);
    sizes.forEach((_, index) => {
      const each =
        seconds(() => {
          states[index] = play(states[index] ?? initialState, activities);
        }) / activities.length;
      if (round >= warmUps) took[index]?.push(each);
    });
  }
  const costs = took.map(median);
  return [
    ...sizes.map((size, index) => {
      const cost = ((costs[index] ?? Number.NaN) * 1e6).toFixed(2);
      return `${size.toLocaleString("en").padStart(6)} live calls ${cost.padStart(9)} µs a participant or removal, with its ticks and looks at what is due`;
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
