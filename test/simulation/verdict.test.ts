/** Rules of the oracle that no mutant reaches: what faults may have made of a chain. */
import { describe, expect, it } from "vitest";
import type { FaultNote } from "./faults.ts";
import type { Chain } from "./journal.ts";
import { lapsesOf } from "./verdict.ts";

const at = 1_777_881_758_513;
const leg = { id: 412, dn: "105" };
const chain = {
  startedAt: at - 20_000,
  overAt: at + 20_000,
  facts: [{ at, what: "shown", dn: "105", leg }],
} as unknown as Chain;

describe("how often faults may have led what is told of a chain astray", () => {
  const stale = (ms: number, entity: string): FaultNote[] => [
    { fault: "staleGets", fromAt: at, toAt: at + ms, entity },
  ];
  const own = "/callcontrol/105/participants/412";

  it.each([
    ["once by a phone of its that is shown as of before for long enough", 2_600, own, 1],
    ["not by one that is so for a moment", 50, own, 0],
    ["not by a phone of another call", 2_600, "/callcontrol/105/participants/413", 0],
  ])("%s", (_, ms, entity, lapses) => {
    expect(lapsesOf(chain, [], stale(ms, entity), true, false).lapses).toBe(lapses);
  });
});
