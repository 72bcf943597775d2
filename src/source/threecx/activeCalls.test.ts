/** How often the list of active calls is read for who asks, against a puppet PBX. */
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { pbxRig } from "../../../test/support/watchedPbx.ts";

const { pbx, watch } = pbxRig();

/** Not steadily. */
const slowly = { pbx: { activeCallsPollMs: 60_000 } };

describe("the list of active calls", () => {
  /** So that a reading takes a while. */
  const takesTime = (server: Awaited<ReturnType<typeof pbx>>) => {
    server.intercept = async (path) => {
      if (path.includes("ActiveCalls")) await setTimeout(40);
      return undefined;
    };
  };

  it.each([
    ["but not for each of many questions", 300, takesTime],
    ["each time, by a PBX that answers at once", 60_000, () => {}],
  ])("is read at once when asked for, %s", async (_, activeCallsGapMs, slow) => {
    const server = await pbx();
    slow(server);
    const watched = watch(server.url, {
      ...slowly,
      limits: { activeCallsBurst: 2, activeCallsGapMs },
    });
    await watched.live();
    await watched.until(() => watched.of("activeCalls").length === 2);
    for (const length of [3, 4, 5]) {
      watched.source.askActiveCalls();
      await watched.until(() => watched.of("activeCalls").length === length);
    }
    const askedAt = watched.of("activeCalls").map((list) => list.askedAt);
    const [thirdAt = 0, , fifthAt = 0] = askedAt.slice(2);
    // Twice at once, and then no sooner than the first has been made up for.
    if (slow === takesTime) expect(fifthAt - thirdAt).toBeGreaterThanOrEqual(290);
    else expect(fifthAt - thirdAt).toBeLessThan(30_000);
    expect(server.count("GET /xapi/v1/ActiveCalls")).toBe(5);
  });

  it("that waits for its turn when the connection is lost is answered with word of that", async () => {
    const server = await pbx();
    takesTime(server);
    const watched = watch(server.url, {
      ...slowly,
      limits: { activeCallsBurst: 1, activeCallsGapMs: 60_000 },
    });
    await watched.live();
    await watched.until(() => watched.of("activeCalls").length === 2);
    watched.source.askActiveCalls();
    await watched.until(() => watched.of("activeCalls").length === 3);
    watched.source.askActiveCalls();
    watched.source.askActiveCalls();
    expect(watched.of("activeCallsUnavailable")).toEqual([]);
    for (const socket of server.sockets) socket.terminate();
    await watched.until(() => watched.of("activeCallsUnavailable").length === 1);
  });
});
