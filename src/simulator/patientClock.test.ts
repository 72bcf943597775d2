/** Calls that wait until what they did last has been seen. */
import { afterEach, expect, it } from "vitest";
import { closeAll, connected, entity } from "../../test/support/simulatorClient.ts";
import { steadyClock } from "../util/clock.ts";
import { PatientClock } from "./patientClock.ts";

afterEach(closeAll);

/** A few turns of the loop. */
async function turns(): Promise<void> {
  for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Time that passes by the test's hand; a timer rings in the next turn. */
function handClock() {
  const hand = { nowMs: 0, isSeen: false };
  const after = (_: number, run: () => void) => {
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  };
  const clock = new PatientClock({ now: () => hand.nowMs, after }, () => hand.isSeen);
  return { hand, clock };
}

it("what is due waits until all is seen, and keeps its order", async () => {
  const { hand, clock } = handClock();
  const done: string[] = [];
  clock.after(1, () => {
    done.push("a");
    hand.isSeen = false;
  });
  clock.after(1, () => done.push("b"));
  const cancel = clock.after(1, () => done.push("cancelled"));
  clock.after(1, () => done.push("c"));
  await turns();
  expect(done).toEqual([]);
  cancel();
  hand.isSeen = true;
  await turns();
  expect(done).toEqual(["a"]);
  hand.isSeen = true;
  await turns();
  expect(done).toEqual(["a", "b", "c"]);
});

it("what nobody looks at goes on in the end", async () => {
  const { hand, clock } = handClock();
  let isDone = false;
  clock.after(1, () => {
    isDone = true;
  });
  await turns();
  expect(isDone).toBe(false);
  hand.nowMs += 10_000;
  await turns();
  expect(isDone).toBe(true);
});

it("a call goes on once its legs were read, each by itself, those of a DN, or all", async () => {
  const options = { clock: steadyClock(), waitsForClients: true };
  const { sim, api, ws } = await connected(options);
  let isOver = false;
  const played = sim.play("missed-by-extension", 0).then(() => {
    isOver = true;
  });
  await ws.count(1);
  for (const path of ["/callcontrol/101", "/callcontrol/150/participants/999"]) await api.get(path);
  await turns();
  expect(isOver).toBe(false);
  const [leg] = sim.pbx.legsOf("150");
  expect(ws.brief()).toEqual([`0 ${entity("150", leg?.id ?? 0)}`]);
  expect((await api.get(entity("150", leg?.id ?? 0))).status).toBe(200);
  await played;
  for (const path of ["/callcontrol", "/callcontrol/150", "/callcontrol/150/participants"]) {
    const before = ws.frames.length;
    const again = sim.play("missed-by-extension", 0);
    await ws.count(before + 1);
    expect(JSON.stringify(await api.get(path))).toContain("Ringing");
    await again;
  }
});
