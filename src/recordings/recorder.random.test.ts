/**
 * The recorder through invented hours: two PBXs, calls that follow one another closely, lists that are slow, fail and
 * grow, downloads that fail, restarts at any moment. Each link is told once, of its own files and all of them.
 */
import { expect, test } from "vitest";
import { Chance } from "../../test/simulation/random.ts";
import { START } from "../../test/support/deliveryWorld.ts";
import { endedLink, foundFor, RecordingWorld } from "../../test/support/recordingWorld.ts";
import type { EndedEvent } from "../events/event.ts";
import type { Fetched, Found, Listing } from "./find/recordingSource.ts";

const RUNS = 8;
const LINKS = 12;
/** Within the search, so that what is there is found. */
const LISTED_MS_MAX = 8_000;
/** Of each file: it is tried again after 5 s, then after 15. */
const FAILED_TRIES_MAX = 1;

interface Recorded {
  readonly found: Found;
  readonly listedAt: number;
}

class Hours {
  readonly world = new RecordingWorld();
  readonly chance: Chance;
  /** With the files that each left, in order. */
  readonly links = new Map<EndedEvent, readonly Recorded[]>();
  readonly #tries = new Map<string, number>();

  constructor(seed: number) {
    this.chance = new Chance(seed);
    this.world.listing = (pbx) => this.#list(pbx);
    this.world.fetching = (id) => this.#fetch(id);
    let at = START;
    for (let call = 1; call <= LINKS; call += 1) {
      const talkMs = this.chance.pick([0, 900, 12_000]);
      at += this.chance.between(2_500, 9_000) + talkMs;
      // Calls of two PBXs may have one id.
      const number = this.chance.between(1, 8);
      const pbx = this.chance.pick(["main", "there"]);
      const ended = endedLink(number, {
        ...{ pbx, talkMs, at, link: call, eventId: `${pbx}_${call}` },
        callerid: this.chance.pick(["420777000001", "420777000002", "anonymous"]),
        callStartedAt: at - talkMs - 2_000,
      });
      this.links.set(ended, this.#recordingsOf(ended));
    }
  }

  #recordingsOf(ended: EndedEvent): Recorded[] {
    const { chance } = this;
    const from = ended.at - (ended.talkMs ?? 0);
    const middle = (from + ended.at) / 2;
    const whole = [{ startedAt: from, endedAt: ended.at }];
    const parts = [
      { startedAt: from, endedAt: middle - 100 },
      { startedAt: middle, endedAt: ended.at },
    ];
    const stretches = chance.pick([[], whole, whole, (ended.talkMs ?? 0) > 900 ? parts : whole]);
    return stretches.map((times, part) => ({
      found: foundFor(ended, { ...times, id: `${10 * ended.link + part}` }),
      listedAt: ended.at + chance.between(0, LISTED_MS_MAX),
    }));
  }

  async #list(pbx: string): Promise<Listing> {
    const { chance, world } = this;
    if (chance.happens(0.5)) await this.#after(chance.between(1, 4_000));
    if (chance.happens(0.15)) return { kind: "failed", reason: "no answer" };
    const now = world.clock.now();
    const found = [...this.links]
      .filter(([ended]) => ended.pbx === pbx)
      .flatMap(([, files]) => files.filter(({ listedAt }) => listedAt <= now));
    // Pages shift while the list is read.
    const named = found.flatMap(({ found }) => (chance.happens(0.1) ? [found, found] : [found]));
    return { kind: "listed", found: named };
  }

  async #fetch(id: string): Promise<Fetched | null> {
    const tries = (this.#tries.get(id) ?? 0) + 1;
    this.#tries.set(id, tries);
    if (this.chance.happens(0.3)) await this.#after(this.chance.between(1, 3_000));
    const fails = tries <= FAILED_TRIES_MAX && this.chance.happens(0.4);
    return fails ? { kind: "failed", reason: "reset" } : null;
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => void this.world.clock.after(ms, resolve));
  }

  async pass(): Promise<void> {
    const { world, chance } = this;
    const waiting = [...this.links.keys()];
    const lastAt = Math.max(...waiting.map(({ at }) => at));
    while (world.clock.now() < lastAt + 120_000) {
      await world.pass(chance.between(100, 4_000));
      while (waiting[0] !== undefined && waiting[0].at <= world.clock.now()) {
        const ended = waiting.shift();
        if (ended === undefined) break;
        world.ledger.seek(ended);
        world.recorder.wakeAt(ended.at + 1_000);
      }
      if (chance.happens(0.03)) {
        // In the middle of what has just begun.
        await world.clock.pass(chance.between(0, 1_000));
        await this.#restart();
      }
    }
  }

  /** It waits for what is under way, which takes its time. */
  async #restart(): Promise<void> {
    const { world } = this;
    const over = world.restart();
    while (world.held > 0) await world.clock.pass(100);
    await over;
  }
}

test("each link is told once, of its own files and all of them, whatever goes wrong on the way", async () => {
  const seed = Math.trunc(Math.random() * 1e9);
  for (let run = seed; run < seed + RUNS; run += 1) {
    const hours = new Hours(run);
    const { world } = hours;
    await hours.pass();
    const told = world.ledger.events.map(({ event }) => `${event.kind} ${event.eventId}`);
    const due = [...hours.links].filter(([, files]) => files.length > 0);
    const ids = due.map(([{ eventId }]) => `recording ${eventId}_recording`);
    expect(told.sort(), `seed ${run}`).toEqual(ids.sort());
    for (const [ended, files] of due) {
      const link = world.ledger.links.get(ended.eventId);
      const kept = link?.files.map(({ path }) => world.kept.get(path));
      const own = files.map(({ found }) => `mp3 of wav ${found.id}`);
      expect(kept, `${ended.eventId}, seed ${run}`).toEqual(own);
    }
    expect(world.kept.size, `nothing else is kept, seed ${run}`).toBe(
      due.flatMap(([, files]) => files).length,
    );
    await world.close();
  }
});
