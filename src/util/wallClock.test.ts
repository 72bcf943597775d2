/** That a machine's clock which was set is told of, once, and small corrections are not. */
import { expect, it } from "vitest";
import { VirtualClock } from "../simulator/virtualClock.ts";
import type { Log } from "./log.ts";
import { watchWallClock } from "./wallClock.ts";

const passed = (clock: VirtualClock, ms: number) =>
  clock.run(new Promise<void>((resolve) => clock.after(ms, resolve)));

it("tells of a clock that was set, once for each time, and of no small correction", async () => {
  const clock = new VirtualClock(1_000_000);
  let setMs = 0;
  const said: object[] = [];
  const log: Log = { debug() {}, info() {}, warn: (fields) => void said.push(fields), error() {} };
  const end = watchWallClock({ clock, wallNow: () => clock.now() + setMs, log });
  const after = async (ms: number) => {
    setMs = ms;
    await passed(clock, 200_000);
    return said.splice(0);
  };
  expect(await after(0)).toEqual([]);
  expect(await after(9_000)).toEqual([]);
  expect(await after(3_600_000)).toEqual([{ bySeconds: 3600 }]);
  expect(await after(3_595_000)).toEqual([]);
  expect(await after(-7_200_000)).toEqual([{ bySeconds: -7200 }]);
  expect(await after(0)).toEqual([{ bySeconds: 0 }]);
  end();
  expect(await after(86_400_000)).toEqual([]);
});
