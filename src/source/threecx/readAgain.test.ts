/** What is told anew, against a puppet PBX, where the sink left out what it was told. */
import { describe, expect, it } from "vitest";
import { gate, pbxRig } from "../../../test/support/watchedPbx.ts";
import { participant } from "../../../test/support/wirePbx.ts";
import { steadyClock } from "../../util/clock.ts";

const { pbx, watch } = pbxRig();
const list = "GET /xapi/v1/ActiveCalls";
const slowly = { pbx: { activeCallsPollMs: 600_000 } };

describe("a sink that left something out", () => {
  it("is told the list of active calls and then all legs, at once", async () => {
    const server = await pbx();
    server.legs.set("101/9005", participant("101", 9005));
    const watched = watch(server.url, slowly);
    await watched.live();
    await watched.until(() => watched.of("activeCalls").length === 2);
    const before = watched.activities.length;
    const snapshot = gate(server, (path) => path === "/callcontrol");
    watched.source.readAgain();
    await watched.until(() => snapshot.held.length === 1 && server.count(list) === 3);
    snapshot.open();
    await watched.until(() => watched.of("snapshot").length === 2);
    const told = watched.told().slice(before);
    expect(told.slice(-2)).toEqual(["activeCalls", "snapshot 101/9005 ringing"]);
  });

  it("is not told the list that was read beside the legs after a younger one", async () => {
    const server = await pbx();
    const clock = steadyClock();
    const watched = watch(server.url, { ...slowly, clock });
    await watched.live();
    await watched.until(() => watched.of("activeCalls").length === 2);
    const snapshot = gate(server, (path) => path === "/callcontrol");
    watched.source.readAgain();
    await watched.until(() => snapshot.held.length === 1 && server.count(list) === 3);
    const readAt = clock.now();
    await watched.until(() => clock.now() > readAt);
    watched.source.askActiveCalls();
    await watched.until(() => watched.of("activeCalls").length === 3);
    snapshot.open();
    await watched.until(() => watched.of("snapshot").length === 2);
    expect(server.count(list)).toBe(4);
    expect(watched.told().slice(-2)).toEqual(["activeCalls", "snapshot "]);
    expect(watched.of("activeCalls")).toHaveLength(3);
  });

  it("is told all legs though the list does not come", async () => {
    const server = await pbx();
    const watched = watch(server.url, { ...slowly, limits: { firstDirectoryWaitMs: 20 } });
    await watched.live();
    const unanswered = gate(server, (path) => path.includes("ActiveCalls"));
    watched.source.readAgain();
    await watched.until(() => watched.of("snapshot").length === 2);
    unanswered.open();
  });

  it.each([
    ["the same queues", [{ Number: "800", CallbackEnableTime: 30 }], [["800"], ["800"]]],
    ["that there are none", [], [[]]],
  ])("is told again what is told once only: %s", async (_, queues, told) => {
    const server = await pbx();
    server.xapi.set("Queues", queues);
    const watched = watch(server.url, slowly);
    await watched.live();
    const ringTimes = watched.of("ringTimes").length;
    watched.source.readAgain();
    expect(watched.of("callbackQueues").map((each) => each.queues)).toEqual(told);
    expect(watched.of("ringTimes")).toHaveLength(ringTimes + 1);
  });

  it("gets what the first reading brings, and nothing besides, where that is yet to come", async () => {
    const server = await pbx();
    const snapshot = gate(server, (path) => path === "/callcontrol");
    const watched = watch(server.url, slowly);
    await watched.until(() => snapshot.held.length === 1);
    watched.source.readAgain();
    snapshot.open();
    await watched.live();
    expect(server.count("GET /callcontrol")).toBe(1);
  });
});
