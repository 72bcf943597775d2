/** What others do to a link while the recorder is at it, and what fails beside the download. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { endedLink, foundFor, RecordingWorld } from "../../test/support/recordingWorld.ts";
import type { CallEvent } from "../events/event.ts";
import type { Listing } from "./find/recordingSource.ts";
import type { RecordedLink } from "./ledger.ts";
import { ON_REQUEST } from "./links.ts";

let world: RecordingWorld;
beforeEach(() => {
  world = new RecordingWorld();
});
afterEach(() => world.close());

const ended = endedLink(1);

function seek(): void {
  world.found = [foundFor(ended)];
  world.ledger.seek(ended);
  world.recorder.wakeAt(ended.at + 1_000);
}

function linkNow(): RecordedLink {
  const link = world.ledger.links.get(ended.eventId);
  if (link === undefined) throw new Error("Expected the link in the ledger.");
  return link;
}

const takeAway = async (now: RecordedLink): Promise<void> => {
  const files = now.files.map((file) => ({ ...file, state: "removed" as const }));
  const away = { state: "none", dueAt: null, reason: ON_REQUEST, files } as const;
  await world.ledger.save({ ...now, ...away }, []);
};

test("what is taken away while the PBX is asked for it is not fetched afterwards", async () => {
  const answer = Promise.withResolvers<Listing>();
  world.listing = () => answer.promise;
  seek();
  await world.pass(1_000);
  const isAway = world.recorder.apart(linkNow(), async (now) => {
    // As long as files take to be removed, in which all else that is due is done.
    await world.quiet();
    await takeAway(now);
  });
  answer.resolve({ kind: "listed", found: world.found });
  await isAway;
  await world.quiet();
  expect([world.told(), world.stateOf(ended), world.fetches]).toEqual([[], "none", []]);
});

test("two who want the same link have it one after the other", async () => {
  world.ledger.seek(ended, ended.at + 3_600_000);
  const order: string[] = [];
  const deed = (name: string) => async () => {
    order.push(`${name} begins`);
    await world.quiet();
    order.push(`${name} ends`);
  };
  const link = linkNow();
  await Promise.all([world.recorder.apart(link, deed("a")), world.recorder.apart(link, deed("b"))]);
  expect(order).toEqual(["a begins", "a ends", "b begins", "b ends"]);
});

test.each([0, 1])(
  "what was taken away on request, %i files, is never tried anew",
  async (count) => {
    if (count === 0) world.ledger.seek(ended, ended.at + 3_600_000);
    else {
      world.fetching = () => ({ kind: "refused", reason: "larger than 1 MB" });
      seek();
      await world.pass(1_000);
      expect(world.stateOf(ended)).toBe("failed");
      world.fetching = null;
    }
    await world.recorder.apart(linkNow(), takeAway);
    expect(await world.recorder.retry(linkNow())).toBe(false);
    await world.pass(60_000);
    expect(world.told()).toEqual([]);
  },
);

test("what cannot be cleared away is tried again after a pause, and not all the time", async () => {
  const discard = vi.spyOn(world.kept, "delete").mockImplementation(() => {
    throw new Error("the bucket is away");
  });
  world.fetching = () => ({ kind: "refused", reason: "larger than 1 MB" });
  seek();
  await world.passAll(1_000, 4_000);
  expect(world.fetches).toHaveLength(1);
  discard.mockRestore();
  await world.pass(1_000);
  expect([world.fetches.length, world.stateOf(ended)]).toEqual([2, "failed"]);
});

test("a list that cannot be read uses up no look for a transcript", async () => {
  world.wants = ({ kind }: CallEvent) => (kind === "norecording" ? [] : ["crm"]);
  seek();
  await world.pass(1_000);
  world.listing = () => ({ kind: "failed", reason: "no connection" });
  await world.pass(12 * 3_600_000);
  const transcript = { summary: "s", transcription: "t", sentimentScore: "4" };
  world.listing = null;
  world.found = [foundFor(ended, { transcript })];
  await world.pass(300_000);
  expect(world.told().at(-1)).toBe("ai");
});

test("many that are tried anew together share their requests", async () => {
  const ends = Array.from({ length: 100 }, (_, n) => endedLink(n + 1, { at: ended.at + n * 4 }));
  for (const each of ends) world.ledger.seek(each);
  world.recorder.wakeAt(ended.at + 1_000);
  await world.pass(60_000);
  const links = [...world.ledger.links.values()];
  expect(new Set(links.map(({ state }) => state))).toEqual(new Set(["none"]));
  const lists = world.lists.length;
  await Promise.all(links.map((link) => world.recorder.retry(link)));
  await world.pass(1_000);
  expect(links.map(({ key }) => world.ledger.links.get(key)?.tries)).toEqual(links.map(() => 1));
  expect(world.lists.length - lists).toBeLessThanOrEqual(3);
});

test("downloads of a slow PBX take no place of another's", async () => {
  const slow = Array.from({ length: 120 }, (_, n) => {
    return endedLink(n + 1, { pbx: "slow", eventId: `slow_${n}` });
  });
  const quick = endedLink(500, { at: ended.at + 5_000 });
  const gate = Promise.withResolvers<null>();
  world.listing = (pbx) => {
    const links = pbx === "slow" ? slow : [quick];
    return { kind: "listed", found: links.map((link) => foundFor(link)) };
  };
  world.fetching = (id) => (id === foundFor(quick).id ? null : gate.promise);
  for (const link of [...slow, quick]) world.ledger.seek(link);
  world.recorder.wakeAt(ended.at + 1_000);
  await world.passAll(1_000, 6_000);
  expect([world.told().length, world.fetches.length]).toEqual([1, 5]);
  gate.resolve(null);
});
