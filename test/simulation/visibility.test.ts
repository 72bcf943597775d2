/** What the oracle holds to be known of a blind stretch when the call log is written late. */
import { expect, it } from "vitest";
import type { Directory } from "../../src/simulator/directory.ts";
import type { DnChanges } from "./dnChanges.ts";
import type { FaultNote } from "./faults.ts";
import type { FaultName, Setting } from "./setting.ts";
import { Sight } from "./sight.ts";
import { visibilityOf } from "./visibility.ts";

const overAt = 3_000;
const blindFromAt = 1_000;
const briefMs = 10;

it.each<[string, FaultName, number, number]>([
  ["the log, asked for the last time, has it: is told", "socketDrops", 19_000, 0],
  [
    "the log is written after that: nothing tells",
    "socketDrops",
    20_000,
    overAt - blindFromAt + briefMs,
  ],
  ["the PBX restarted: nothing tells", "pbxRestarts", 0, overAt - blindFromAt + briefMs],
])("how a call went on in a blind stretch, where %s", (...row) => {
  const [, fault, callLogDelayMs, unloggedMs] = row;
  const dropped: FaultNote = {
    fault: "socketDrops",
    fromAt: blindFromAt,
    toAt: 5_000,
    entity: null,
  };
  const notes = [dropped, { ...dropped, fault, fromAt: overAt }];
  const setting = { switches: { callLogDelayMs } } as Setting;
  const office = { queues: [] } as unknown as Directory;
  const sight = new Sight(notes, briefMs, 0);
  const visibility = visibilityOf(setting, office, {} as DnChanges, [], notes, sight);
  expect(visibility.unloggedMs(overAt)).toBe(unloggedMs);
});
