/**
 * Whatever is lost, late, doubled or broken off: in the end the sink's picture is the PBX's. The
 * state behind an answer is that of the moment of its question, and answers come in any order.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pbxRig, type Watched } from "../../../test/support/watchedPbx.ts";
import { participant, type WirePbx } from "../../../test/support/wirePbx.ts";
import { assertNever } from "../../util/assertNever.ts";

const { pbx, watch, cleanUp } = pbxRig();

const dn = fc.constantFrom("100", "101", "102", "800");
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("upsert" as const),
      dn,
      id: fc.integer({ min: 1, max: 8 }),
      status: fc.constantFrom("Ringing", "Dialing", "Connected", "Held"),
      isLost: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("remove" as const),
      pick: fc.nat(20),
      isLost: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("answer" as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("break" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pause" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Legs as somebody knows them who listened to the sink only. */
function pictureOf({ activities }: Watched): string[] {
  const legs = new Map<string, string>();
  for (const activity of activities) {
    switch (activity.kind) {
      case "snapshot":
        legs.clear();
        for (const leg of activity.legs) legs.set(leg.legId, leg.status);
        break;
      case "legChanged":
        legs.set(activity.leg.legId, activity.leg.status);
        break;
      case "legGone":
        legs.delete(activity.legId);
        break;
      default:
    }
  }
  return [...legs].map(([legId, status]) => `${legId} ${status}`).sort();
}

function truthOf(server: WirePbx): string[] {
  const status = (word: string) => (word === "Held" ? "connected" : word.toLowerCase());
  return [...server.legs.values()].map((leg) => `${leg.dn}/${leg.id} ${status(leg.status)}`).sort();
}

/** Answers about legs wait for the test, with the state of when they were asked for. */
function holdAnswers(server: WirePbx) {
  const held: (() => void)[] = [];
  server.intercept = (path) => {
    const [, at = "", id] = /^\/callcontrol\/(\w+)\/participants\/(\d+)$/.exec(path) ?? [];
    const isSnapshot = path === "/callcontrol";
    if (!id && !isSnapshot) return undefined;
    const leg = server.legs.get(`${at}/${id}`);
    const body = isSnapshot ? server.snapshot() : leg;
    const reply = body ? { status: 200, body } : { status: 404 };
    return new Promise((resolve) => held.push(() => resolve(reply)));
  };
  return held;
}

function play(server: WirePbx, one: Step, held: (() => void)[], removed: Set<string>): void {
  switch (one.kind) {
    case "upsert": {
      const key = `${one.dn}/${one.id}`;
      if (removed.has(key)) return; // the PBX does not use an id again
      const leg = participant(one.dn, one.id, { status: one.status });
      if (one.isLost) {
        server.legs.set(key, leg);
        server.sequence += 1;
      } else server.upsert(leg);
      return;
    }
    case "remove": {
      const [key, leg] = [...server.legs][one.pick] ?? [];
      if (!key || !leg) return;
      removed.add(key);
      if (one.isLost) {
        server.legs.delete(key);
        server.sequence += 1;
      } else server.remove(leg.dn, leg.id);
      return;
    }
    case "answer":
      held.splice(one.pick % Math.max(1, held.length), 1)[0]?.();
      return;
    case "break":
      for (const ws of server.sockets) ws.terminate();
      return;
    case "pause":
      return;
    default:
      assertNever(one);
  }
}

/**
 * A lost frame shows by the next one, but not before the first: so each connection begins with
 * one.
 */
async function begin(server: WirePbx): Promise<void> {
  while (server.sockets.size === 0) await turn();
  server.frame(2, "/callcontrol/100");
}

/** Half a minute and more: some hundred are needed. */
const TURNS_MAX = 30_000;
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

describe("the sink's picture", () => {
  it("comes to be the PBX's", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(30), async (steps, holdMsMax) => {
        const server = await pbx();
        const watched = watch(server.url, { limits: { holdMsMax } });
        await watched.live();
        await begin(server);
        const held = holdAnswers(server);
        const removed = new Set<string>();
        for (const one of steps) {
          play(server, one, held, removed);
          if (one.kind === "pause") await turn();
          if (one.kind === "break") {
            while (server.sockets.size > 0) await turn();
            await begin(server);
          }
        }
        server.intercept = () => undefined;
        for (const go of held.splice(0)) go();
        await watched.live();
        server.frame(2, "/callcontrol/100");
        const truth = truthOf(server).join();
        for (let n = 0; n < TURNS_MAX && pictureOf(watched).join() !== truth; n += 1) await turn();
        expect(pictureOf(watched)).toEqual(truthOf(server));
        await cleanUp();
      }),
      // Not shrunk: that would take until the test's time is over, and then nothing were told.
      { numRuns: 40, endOnFailure: true },
    );
  });
});
