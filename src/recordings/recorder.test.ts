/** The recorder over virtual hours: what is found is announced once, in whatever order and weather. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endedLink, foundFor, RecordingWorld } from "../../test/support/recordingWorld.ts";
import type { CallEvent } from "../events/event.ts";

let world: RecordingWorld;
beforeEach(() => {
  world = new RecordingWorld();
});
afterEach(() => world.close());

const url = (call: number, n = 1, link = 1) =>
  `https://pbx.test/${endedLink(call).callId}-${link}-${n}.mp3`;

function seek(...links: ReturnType<typeof endedLink>[]): void {
  for (const link of links) {
    world.ledger.seek(link);
    world.recorder.wakeAt(link.at + 1_000);
  }
}

describe("a recording", () => {
  test("is found at the first look, stored, and then announced", async () => {
    const link = endedLink(1);
    world.found = [foundFor(link)];
    seek(link);
    await world.pass(1_000);
    expect(world.told()).toEqual([`recording ${url(1)}`]);
    expect([...world.kept]).toEqual([[`2027/01/15/${link.callId}-1-1.mp3`, "mp3 of wav 11"]]);
    expect(world.lists).toHaveLength(1);
    const [told] = world.ledger.events;
    expect(told).toMatchObject({
      endpoints: ["default"],
      event: { kind: "recording", eventId: "main_1_ended_recording", user: "100", ended: link },
    });
    await world.pass(86_400_000);
    expect(world.lists).toHaveLength(1);
  });

  test("is looked for in time also if a look was made early, together with another's", async () => {
    const [first, second] = [endedLink(1), endedLink(2, { at: endedLink(1).at + 400 })];
    seek(first, second);
    world.found = [foundFor(first)];
    await world.pass(1_000);
    expect(world.lists).toHaveLength(1);
    world.found = [foundFor(first), foundFor(second)];
    await world.pass(1_400);
    expect(world.lists).toHaveLength(2);
    expect(world.told()).toEqual([`recording ${url(1)}`, `recording ${url(2)}`]);
  });

  test("is looked for however soon after one another", async () => {
    const link = endedLink(1);
    world.search = [1_000, 1_100, 1_900];
    seek(link);
    await world.pass(1_500);
    world.found = [foundFor(link)];
    await world.pass(400);
    expect(world.told()).toEqual([`recording ${url(1)}`]);
  });

  test("that appears late is found at a later look", async () => {
    const link = endedLink(1);
    seek(link);
    await world.pass(9_000);
    expect(world.told()).toEqual([]);
    world.found = [foundFor(link)];
    await world.pass(2_000);
    expect(world.told()).toEqual([`recording ${url(1)}`]);
  });

  test("that never appears is given up after the schedule, and whoever asked is told", async () => {
    const silent = endedLink(1);
    seek(silent);
    await world.pass(31_000);
    expect([world.stateOf(silent), world.told()]).toEqual(["none", []]);
    world.wants = ({ kind }) => (kind === "norecording" ? ["crm"] : []);
    seek(endedLink(2));
    await world.pass(120_000);
    expect(world.ledger.events[0]?.event).toMatchObject({ kind: "norecording", reason: "none" });
  });

  test("in several files is announced once, with all of them in their order", async () => {
    const link = endedLink(1);
    const first = foundFor(link, { id: "8", endedAt: link.at - 30_000 });
    const second = foundFor(link, { id: "9", startedAt: link.at - 20_000 });
    world.found = [first];
    seek(link);
    await world.pass(1_500);
    expect(world.told()).toEqual([]);
    world.found = [second, first];
    await world.pass(1_000);
    expect(world.told()).toEqual([`recording ${url(1)},${url(1, 2)}`]);
    expect([...world.kept.values()]).toEqual(["mp3 of wav 8", "mp3 of wav 9"]);
  });

  test("of each link of a transferred call is its own", async () => {
    const a = endedLink(1, { eventId: "a", at: endedLink(1).at - 60_000 });
    const b = endedLink(1, { eventId: "b", link: 2, user: "101" });
    world.found = [foundFor(b), foundFor(a)];
    seek(a, b);
    await world.pass(1_000);
    expect(world.told().sort()).toEqual([`recording ${url(1)}`, `recording ${url(1, 1, 2)}`]);
  });

  test("that the list names twice is announced once, and is there", async () => {
    const link = endedLink(1);
    world.found = [foundFor(link), foundFor(link)];
    seek(link);
    await world.pass(1_000);
    expect(world.told()).toEqual([`recording ${url(1)}`]);
    expect(world.kept.size).toBe(1);
  });

  test("is not taken by another call of the same time that looks first", async () => {
    // Two callers who withhold their number: while one is on hold, the user talks to the other.
    const anonymous = { callerid: "anonymous" };
    const held = endedLink(1, { ...anonymous, eventId: "a", at: endedLink(1).at + 4_000 });
    const other = endedLink(2, { ...anonymous, eventId: "b", talkMs: 10_000 });
    seek(other, held);
    await world.pass(5_500);
    expect(world.told()).toEqual([]);
    // The next look of the call on hold comes before that of the other.
    world.found = [foundFor(other, { id: "2" })];
    await world.pass(1_500);
    expect(world.told()).toEqual([]);
    world.found = [foundFor(held, { id: "1" }), ...world.found];
    await world.pass(30_000);
    expect(world.told().sort()).toEqual([`recording ${url(1)}`, `recording ${url(2)}`]);
    expect(world.kept.get(`2027/01/15/${held.callId}-1-1.mp3`)).toBe("mp3 of wav 1");
    expect(world.kept.get(`2027/01/15/${other.callId}-1-1.mp3`)).toBe("mp3 of wav 2");
  });

  test("is never announced for two calls", async () => {
    const first = endedLink(1, { callerid: "420777000009", eventId: "a" });
    const second = endedLink(2, { callerid: "420777000009", eventId: "b", at: first.at + 4_000 });
    world.found = [foundFor(first, { id: "1" })];
    seek(first);
    await world.pass(1_000);
    seek(second);
    await world.pass(60_000);
    expect(world.told()).toEqual([`recording ${url(1)}`]);
    expect(world.stateOf(second)).toBe("none");
  });
});

describe("trouble", () => {
  test("a list that cannot be read uses up no look; found hours later, it is announced", async () => {
    const link = endedLink(1);
    world.listing = () => ({ kind: "failed", reason: "no connection" });
    seek(link);
    await world.pass(3 * 3_600_000);
    expect(world.stateOf(link)).toBe("seeking");
    world.listing = null;
    world.found = [foundFor(link)];
    await world.pass(300_000);
    expect(world.told()).toEqual([`recording ${url(1)}`]);
  });

  test("a PBX that does not answer holds up no other", async () => {
    const [slow, quick] = [endedLink(1, { pbx: "slow", eventId: "slow" }), endedLink(2)];
    const { promise, resolve } = Promise.withResolvers<void>();
    const answer = promise.then(() => ({ kind: "listed", found: [foundFor(slow)] }) as const);
    world.listing = (pbx) => (pbx === "slow" ? answer : null);
    world.found = [foundFor(quick)];
    seek(slow, quick);
    await world.pass(1_500);
    expect(world.told()).toEqual([`recording ${url(2)}`]);
    resolve();
    await world.pass(0);
    expect(world.told()).toEqual([`recording ${url(2)}`, `recording ${url(1)}`]);
  });

  test("a PBX is not asked again while it has not answered", async () => {
    const [first, second] = [endedLink(1), endedLink(2, { at: endedLink(1).at + 3_000 })];
    const { promise, resolve } = Promise.withResolvers<void>();
    const found = [foundFor(first), foundFor(second)];
    world.listing = () => promise.then(() => ({ kind: "listed", found }) as const);
    seek(first, second);
    await world.pass(20_000);
    expect(world.lists).toHaveLength(1);
    resolve();
    await world.pass(1_000);
    expect(world.lists).toHaveLength(2);
    expect(world.told().sort()).toEqual([`recording ${url(1)}`, `recording ${url(2)}`]);
    expect(world.fetches).toHaveLength(2);
  });

  test("calls of two PBXs with one id have files of different numbers", async () => {
    const [here, there] = [endedLink(1), endedLink(1, { pbx: "there", eventId: "there" })];
    world.listing = (pbx) => {
      const ended = pbx === "there" ? there : here;
      return { kind: "listed", found: [foundFor(ended, { id: pbx })] };
    };
    seek(here, there);
    await world.pass(1_000);
    expect(world.told().sort()).toEqual([`recording ${url(1, 1)}`, `recording ${url(1, 2)}`]);
  });

  test("a list that stays closed is given up after days", async () => {
    const link = endedLink(1);
    world.listing = () => ({ kind: "denied", reason: "no" });
    seek(link);
    await world.pass(8 * 86_400_000);
    expect(world.ledger.links.get(link.eventId)).toMatchObject({ state: "none", reason: "no" });
  });

  test("a download that fails is made again, and what is too large is not", async () => {
    const [small, large] = [endedLink(1), endedLink(2)];
    world.found = [foundFor(small), foundFor(large)];
    let failures = 3;
    world.fetching = (id) => {
      if (id === "21") return { kind: "refused", reason: "larger than 1 MB" };
      failures -= 1;
      return failures >= 0 ? { kind: "failed", reason: "reset" } : null;
    };
    seek(small, large);
    await world.pass(1_000);
    expect(world.ledger.links.get(large.eventId)).toMatchObject({
      state: "failed",
      reason: "larger than 1 MB",
    });
    await world.passAll(5_000, 15_000, 60_000);
    expect(world.told()).toEqual([`recording ${url(1)}`]);
    expect(world.fetches.filter((id) => id === "11")).toHaveLength(4);
  });

  test("a download that never works is given up, and can be asked for again", async () => {
    const link = endedLink(1);
    world.found = [foundFor(link)];
    world.fetching = () => ({ kind: "failed", reason: "reset" });
    seek(link);
    const minutes = (count: number) => count * 60_000;
    await world.passAll(1_000, 5_000, 15_000, ...[1, 5, 30, 60, 180].map(minutes));
    const failed = world.ledger.links.get(link.eventId);
    expect(failed).toMatchObject({ state: "failed", reason: "reset" });
    world.fetching = null;
    expect(failed && (await world.recorder.retry(failed))).toBe(true);
    await world.pass(1_000);
    expect(world.told()).toEqual([`recording ${url(1)}`]);
    const announced = world.ledger.links.get(link.eventId);
    expect(announced && (await world.recorder.retry(announced))).toBe(false);
  });

  test("broken audio is kept as it came, beside good ones", async () => {
    const link = endedLink(1);
    const first = foundFor(link, { id: "8", endedAt: link.at - 30_000 });
    world.found = [first, foundFor(link, { id: "9", startedAt: link.at - 20_000 })];
    world.conversion = (content) =>
      content.endsWith("8") ? { kind: "broken", reason: "no RIFF" } : { kind: "converted" };
    seek(link);
    await world.pass(1_000);
    expect(world.told()).toEqual([`recording ${url(1, 2)}`]);
    expect([...world.kept.values()]).toEqual(["wav 8", "mp3 of wav 9"]);
    expect(world.ledger.links.get(link.eventId)?.files[0]).toMatchObject({
      state: "failed",
      reason: "no RIFF",
    });
  });

  test("one broken file of several is fetched again when asked for, and all are told then", async () => {
    const link = endedLink(1);
    const first = foundFor(link, { id: "8", endedAt: link.at - 30_000 });
    world.found = [first, foundFor(link, { id: "9", startedAt: link.at - 20_000 })];
    world.conversion = (content) =>
      content.endsWith("8") ? { kind: "broken", reason: "no RIFF" } : { kind: "converted" };
    seek(link);
    await world.pass(1_000);
    const row = () => world.ledger.links.get(link.eventId);
    const retry = async () => {
      const now = row();
      const isAnew = now !== undefined && (await world.recorder.retry(now));
      await world.pass(1_000);
      return isAnew;
    };
    expect(await retry()).toBe(true);
    expect([row()?.state, world.told()]).toEqual(["announced", [`recording ${url(1, 2)}`]]);
    world.conversion = () => ({ kind: "converted" });
    expect(await retry()).toBe(true);
    expect(world.told().slice(1)).toEqual([`recording ${url(1)},${url(1, 2)}`]);
    expect([...world.kept.values()].sort()).toEqual(["mp3 of wav 8", "mp3 of wav 9"]);
    expect(world.fetches).toEqual(["8", "9", "8", "8"]);
    expect(await retry()).toBe(false);
  });

  test("a ledger that cannot be written stops nothing for good", async () => {
    const link = endedLink(1);
    world.found = [foundFor(link)];
    world.ledger.fails = true;
    seek(link);
    await world.pass(60_000);
    world.ledger.fails = false;
    await world.pass(5_000);
    expect(world.told()).toEqual([`recording ${url(1)}`]);
  });

  test("a stop in the middle of a download leaves no file, and the next start finishes it", async () => {
    const link = endedLink(1);
    world.found = [foundFor(link)];
    const gate = Promise.withResolvers<null>();
    world.fetching = () => gate.promise as never;
    seek(link);
    await world.pass(1_000);
    expect(world.fetches).toEqual(["11"]);
    const restarted = world.restart();
    gate.resolve(null);
    world.fetching = null;
    await restarted;
    await world.quiet();
    expect(world.told()).toEqual([`recording ${url(1)}`]);
    expect(world.fetches).toEqual(["11", "11"]);
  });
});

describe("many", () => {
  test("calls that end together share their requests", async () => {
    const links = Array.from({ length: 100 }, (_, n) =>
      endedLink(n + 1, { at: endedLink(1).at + n * 4, callerid: `42077700${1000 + n}` }),
    );
    world.found = links.map((link) => foundFor(link));
    seek(...links);
    await world.pass(2_000);
    expect(world.told()).toHaveLength(100);
    expect(world.lists.length).toBeLessThanOrEqual(3);
  });

  test("downloads that wait hold up no look", async () => {
    const slow = Array.from({ length: 12 }, (_, n) => endedLink(n + 1, { user: String(100 + n) }));
    world.found = slow.map((link) => foundFor(link));
    const gate = Promise.withResolvers<null>();
    world.fetching = () => gate.promise as never;
    seek(...slow);
    await world.pass(1_000);
    expect(world.fetches).toHaveLength(4);
    const late = endedLink(50, { at: world.clock.now() });
    seek(late);
    await world.pass(40_000);
    expect(world.stateOf(late)).toBe("none");
    gate.resolve(null);
    await world.quiet();
    expect(world.told()).toHaveLength(12);
  });
});

describe("a transcript", () => {
  const transcript = { summary: "s", transcription: "t", sentimentScore: "4" };

  test("is told when the PBX has it, to who asked for it", async () => {
    const link = endedLink(1);
    world.wants = ({ kind }: CallEvent) => (kind === "norecording" ? [] : ["crm"]);
    world.found = [foundFor(link)];
    seek(link);
    await world.pass(40_000);
    expect(world.told()).toEqual([`recording ${url(1)}`]);
    world.found = [foundFor(link, { transcript })];
    await world.pass(90_000);
    expect(world.ledger.events[1]?.event).toMatchObject({ kind: "ai", ...transcript, link: 1 });
    const looks = world.lists.length;
    await world.pass(86_400_000);
    expect(world.lists).toHaveLength(looks);
  });

  test("is not asked for if nobody wants it, nor for ever", async () => {
    const link = endedLink(1);
    world.found = [foundFor(link)];
    seek(link);
    await world.pass(86_400_000);
    expect(world.lists).toHaveLength(1);
    world.wants = () => ["crm"];
    const other = endedLink(2, { at: world.clock.now() });
    world.found = [foundFor(other)];
    seek(other);
    await world.passAll(1_000, 30_000, 90_000, 300_000, 900_000, 3_600_000, 10_800_000, 86_400_000);
    expect(world.lists).toHaveLength(1 + 1 + 6);
  });
});
