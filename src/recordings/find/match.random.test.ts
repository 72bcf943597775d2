/**
 * Whole days of invented calls: whoever talks to whom, recorded or not, in one file or in parts, listed in any
 * order and seen from any link. A recording goes to the link that it was made of, or to nobody.
 */
import { expect, test } from "vitest";
import { Chance } from "../../../test/simulation/random.ts";
import { match, type Sought } from "./match.ts";
import type { Found, Side } from "./recordingSource.ts";

const T = Date.UTC(2026, 4, 4, 8, 0, 0);
const users = ["100", "101", "102"];
const numbers = ["420777000001", "420777000002", "777000001"];
const DAYS = 1_500;
const LINKS_A_DAY = 24;
/** A caller who hangs up and dials again needs this long to be talked to. */
const REDIAL_MS = 2_500;
/** What the PBX's times and ours differ by, either way. */
const BLUR_MS = 400;

interface Recorded {
  readonly found: Found;
  /** The link that it was made of; null: nobody's that we know. */
  readonly key: string | null;
}

/** As the PBX may write it. */
function written(chance: Chance, number: string): string {
  const ways = [number, `+${number}`, `00${number}`, number.slice(-9)];
  return number === "anonymous" ? chance.pick([number, "", "Anonymous"]) : chance.pick(ways);
}

class Day {
  readonly links: Sought[] = [];
  readonly files: Recorded[] = [];
  readonly #chance: Chance;
  /** When each user is free. */
  readonly #freeAt = new Map(users.map((user) => [user, T]));

  constructor(seed: number) {
    this.#chance = new Chance(seed);
    for (let count = 0; count < LINKS_A_DAY; count += 1) this.#talk(String(count));
  }

  #blur(at: number): number {
    return at + this.#chance.between(-BLUR_MS, BLUR_MS);
  }

  #talk(key: string): void {
    const chance = this.#chance;
    const user = chance.pick(users);
    const callerid = chance.happens(0.1) ? "anonymous" : chance.pick(numbers);
    const begun = (this.#freeAt.get(user) ?? T) + chance.between(REDIAL_MS, 20_000);
    // A consultation that becomes the link.
    const from = begun + (chance.happens(0.2) ? chance.between(0, 60_000) : 0);
    const to = from + chance.pick([0, 700, 3_000, 30_000, 600_000, 3_600_000]);
    this.#freeAt.set(user, to);
    const callNumber = this.links.length + 1;
    const callStartedAt = begun - chance.between(0, 30_000);
    const parts = this.#parts(begun, from, to);
    // Restarted in between: the answer was seen late. A part that was over by then is lost.
    const isLate = parts.length === 1 && chance.happens(0.2);
    const seenLateMs = isLate ? chance.between(0, (to - from) / 2) : 0;
    const times = { fromAt: this.#blur(from + seenLateMs), toAt: this.#blur(to) };
    const sought = { key, user, callerid, callNumber, callStartedAt, ...times };
    // Of some we never knew: unwanted, or from before our time.
    const isKnown = chance.happens(0.9);
    if (isKnown) this.links.push({ ...sought, toAt: Math.max(sought.fromAt, sought.toAt) });
    for (const [start, end] of parts) {
      this.#record(sought, start, end, isKnown);
    }
  }

  /** None, one, or what pauses leave of it. */
  #parts(begun: number, from: number, to: number): readonly (readonly [number, number])[] {
    const chance = this.#chance;
    if (chance.happens(0.15)) return [];
    if (chance.happens(0.7) || to - from < 10_000) return [[begun, to]];
    const [stop, go] = [0.3, 0.6].map((share) => from + Math.round(share * (to - from)));
    return [
      [from, stop ?? to],
      [go ?? to, to],
    ];
  }

  #record(link: Sought, start: number, end: number, isKnown: boolean): void {
    const chance = this.#chance;
    const own: Side = { dn: link.user, number: link.user, isQueue: false };
    const number = written(chance, link.callerid);
    const other: Side = { dn: "10000", number, isQueue: false };
    const [from, to] = chance.happens(0.5) ? [own, other] : [other, own];
    const startedAt = this.#blur(start);
    const endedAt = Math.max(startedAt, this.#blur(end));
    const { callNumber, callStartedAt } = link;
    const call = chance.happens(0.3) ? { number: callNumber, startedAt: callStartedAt } : null;
    const id = String(1000 + this.files.length);
    const found = { id, startedAt, endedAt, from, to, call, transcript: null };
    this.files.push({ found, key: isKnown ? link.key : null });
  }
}

/** By chance one half and the other. */
function split<T>(chance: Chance, all: readonly T[]): readonly [T[], T[]] {
  const [some, rest]: [T[], T[]] = [[], []];
  for (const each of all) (chance.happens(0.5) ? some : rest).push(each);
  return [some, rest];
}

test("a recording goes to its own link and to no other, whoever looks and whatever is listed", () => {
  const seed = Math.trunc(Math.random() * 1e9);
  let told = 0;
  for (let day = seed; day < seed + DAYS; day += 1) {
    const { links, files } = new Day(day);
    const chance = new Chance(day + 1);
    const [looking, others] = split(chance, links);
    const [listed] = split(chance, files);
    // Of those that do not look now some are known as rivals; to be in time is luck.
    const [rivals] = split(chance, others);
    const matched = match(
      looking,
      listed.map(({ found }) => found),
      rivals,
    );
    const got = [...matched].flatMap(([key, list]) => list.map(({ id }) => `${id} → ${key}`));
    const due = listed
      .filter(({ key }) => looking.some((link) => link.key === key))
      .map(({ found, key }) => `${found.id} → ${key}`);
    expect(got.sort(), `day of seed ${day}`).toEqual(due.sort());
    told += got.length;
    for (const list of matched.values()) {
      const starts = list.map(({ startedAt }) => startedAt);
      expect(starts, `order, seed ${day}`).toEqual(starts.toSorted((a, b) => a - b));
    }
  }
  expect(told).toBeGreaterThan(DAYS);
});
