/** What a Remove means, against a puppet PBX: of what was asked for before it nothing is believed, of what is asked later all. */
import { describe, expect, it } from "vitest";
import { gate, pbxRig } from "../../../test/support/watchedPbx.ts";
import { participant } from "../../../test/support/wirePbx.ts";
import { steadyClock } from "../../util/clock.ts";
import { wait } from "./wait.ts";

const { pbx, watch } = pbxRig();
const clock = steadyClock();
const pause = (ms: number) => wait(clock, ms, new AbortController().signal);
const path = "/callcontrol/102/participants/9006";
const [upsert, remove] = [0, 1];
const removedLagMs = 60;

describe("a leg that was removed", () => {
  it("is there if an answer shows it that was asked for a moment after its Remove", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { removedLagMs } });
    await watched.live();
    const removedAt = clock.now();
    server.frame(remove, path);
    await watched.until(() => watched.source.counters.frames === 1);
    server.upsert(participant("102", 9006));
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(clock.now() - removedAt).toBeGreaterThan(removedLagMs - 10);
    server.upsert(participant("102", 9006, { status: "Connected" }));
    await watched.until(() => watched.of("legChanged").length === 2);
    server.remove("102", 9006);
    await watched.until(() => watched.of("legGone").length === 1);
    expect(watched.told().slice(1)).toEqual([
      "legChanged 102/9006 ringing",
      "legChanged 102/9006 connected",
      "legGone 102/9006",
    ]);
  });

  it("stays gone where the Upsert after its Remove was late, whatever the PBX shows for a moment", async () => {
    const server = await pbx();
    server.legs.set("102/9006", participant("102", 9006));
    const watched = watch(server.url, { limits: { removedLagMs } });
    await watched.live();
    server.frame(remove, path);
    server.frame(upsert, path);
    await watched.until(() => watched.source.counters.frames === 2);
    server.legs.clear();
    await watched.until(() => watched.source.counters.entityGets === 1);
    server.upsert(participant("100", 9007));
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(watched.told().slice(1)).toEqual(["legGone 102/9006", "legChanged 100/9007 ringing"]);
    expect(watched.source.counters.entityGets).toBe(2);
  });

  it("is hidden from a reading of all legs for a moment, and shown by a later one", async () => {
    const server = await pbx();
    server.legs.set("102/9006", participant("102", 9006));
    const watched = watch(server.url, { limits: { removedLagMs: 500 } });
    await watched.live();
    server.frame(remove, path);
    server.frame(upsert, "/callcontrol/100");
    await watched.until(() => watched.of("snapshot").length === 2);
    await pause(510);
    server.frame(upsert, "/callcontrol/100");
    await watched.until(() => watched.of("snapshot").length === 3);
    expect(watched.told().slice(1)).toEqual([
      "legGone 102/9006",
      "snapshot ",
      "snapshot 102/9006 ringing",
    ]);
  });

  it("goes in its turn, after the one that took its place, though a reading of all legs has neither", async () => {
    const server = await pbx();
    server.legs.set("102/9006", participant("102", 9006));
    const watched = watch(server.url);
    await watched.live();
    const slow = gate(server, (asked) => asked.startsWith("/callcontrol/100/"));
    server.upsert(participant("100", 9007));
    await watched.until(() => slow.held.length === 1);
    server.legs.delete("102/9006");
    server.frame(upsert, "/callcontrol/101");
    await watched.until(() => watched.source.counters.snapshots === 2);
    server.upsert(participant("102", 9008));
    server.frame(remove, path);
    await watched.until(() => watched.source.counters.frames === 4);
    slow.open();
    await watched.until(() => watched.of("legChanged").length === 2);
    expect(watched.told().slice(1)).toEqual([
      "legChanged 100/9007 ringing",
      "snapshot 102/9006 ringing, 100/9007 ringing",
      "legChanged 102/9008 ringing",
      "legGone 102/9006",
    ]);
  });

  it("goes with the one in its place, which is yet to be read, if a reading of all legs has that one alone", async () => {
    const server = await pbx();
    server.legs.set("102/9006", participant("102", 9006));
    const watched = watch(server.url);
    await watched.live();
    const slow = gate(server, (asked) => asked.startsWith("/callcontrol"));
    server.frame(upsert, "/callcontrol/101");
    await watched.until(() => slow.held.length === 1);
    server.legs.delete("102/9006");
    server.upsert(participant("102", 9008));
    await watched.until(() => slow.held.length === 2);
    slow.held.shift()?.();
    await watched.until(() => watched.of("snapshot").length === 2);
    server.frame(remove, path);
    await watched.until(() => watched.source.counters.frames === 3);
    slow.open();
    await watched.until(() => watched.of("legChanged").length === 1);
    expect(watched.told().slice(1)).toEqual([
      "snapshot 102/9008 ringing",
      "legChanged 102/9008 ringing",
    ]);
  });

  it("is not shown by a reading of all legs if the PBX has denied it since that was asked for", async () => {
    const server = await pbx();
    const watched = watch(server.url);
    await watched.live();
    server.legs.set("102/9006", participant("102", 9006));
    const old = server.snapshot();
    const all = gate(server, (asked) => asked === "/callcontrol", old);
    server.frame(upsert, "/callcontrol/101");
    await watched.until(() => all.held.length === 1);
    server.legs.delete("102/9006");
    server.frame(upsert, path);
    server.upsert(participant("100", 9007));
    await watched.until(() => watched.of("legChanged").length === 1);
    all.held[0]?.();
    await watched.until(() => watched.of("snapshot").length === 2);
    expect(watched.told().slice(1)).toEqual([
      "legChanged 100/9007 ringing",
      "snapshot 100/9007 ringing",
    ]);
  });

  it("is not brought back by what was asked for before, however late it is answered", async () => {
    const server = await pbx();
    const watched = watch(server.url, { limits: { removedLagMs: 1, holdMsMax: 5 } });
    await watched.live();
    const late = gate(server, (asked) => asked === path, participant("102", 9006));
    server.frame(upsert, path);
    await watched.until(() => server.count(`GET ${path}`) === 1);
    server.frame(remove, path);
    await watched.until(() => watched.source.counters.frames === 2);
    await pause(30);
    late.held[0]?.();
    // One socket's worth of round trips later the late answer has been read as well.
    for (let n = 1; n <= 3; n += 1) {
      server.upsert(participant("100", n));
      await watched.until(() => watched.of("legChanged").length >= n);
    }
    expect(watched.told().join()).not.toContain("102/9006");
  });

  it("and was there again, is told of as long as it was, though its second Remove overtakes the answer", async () => {
    const server = await pbx();
    server.legs.set("102/9006", participant("102", 9006));
    const watched = watch(server.url, { limits: { removedLagMs: 1 } });
    await watched.live();
    server.frame(remove, path);
    await watched.until(() => watched.of("legGone").length === 1);
    await pause(5);
    const slow = gate(server, (asked) => asked === path);
    server.frame(upsert, path);
    await watched.until(() => slow.held.length === 1);
    server.frame(remove, path);
    await watched.until(() => watched.source.counters.frames === 3);
    slow.open();
    await watched.until(() => watched.of("legGone").length === 2);
    expect(watched.told().slice(1)).toEqual([
      "legGone 102/9006",
      "legChanged 102/9006 ringing",
      "legGone 102/9006",
    ]);
  });
});
