/** A webhook is held against the call that its id names, though another has had its number since. */
import { expect, it } from "vitest";
import type { Chain } from "./journal.ts";
import { sorted } from "./sorting.ts";

it.each([
  ["is that of before a restart of the PBX", "260504100006", 0],
  ["is that of after it", "260504100042", 1],
  ["is the later one, where our clock may have been off", "260504100032", 1],
])("of two calls with one number and one outside party it %s", (_name, time, expected) => {
  const t0 = Date.UTC(2026, 4, 4, 8);
  const chain = (bornAt: number, overAt: number) => {
    const one = { number: 2, outside: "420222000001", later: [], startedAt: t0 + bornAt };
    return { ...one, bornAt: t0 + bornAt, overAt: t0 + overAt } as unknown as Chain;
  };
  const chains = [chain(6_000, 20_000), chain(42_000, 52_000)];
  const fields = { id: `${time}_2-0`, callerid: "420222000001" };
  const { told } = sorted(chains, [{ at: t0 + 60_000, fields }], 60_000);
  expect([...told.keys()]).toEqual([chains[expected]]);
});

it("of two calls to one outside party, one of which was joined with the other, the other has its own number", () => {
  const t0 = Date.UTC(2026, 4, 4, 8);
  const one = { outside: "420222000001", startedAt: t0, bornAt: t0, overAt: t0 + 20_000 };
  const chains = [
    { ...one, number: 2, later: [] },
    { ...one, number: 3, later: [2] },
  ] as unknown as Chain[];
  const fields = { id: "260504100006_2-1", callerid: one.outside };
  expect([...sorted(chains, [{ at: t0 + 8_000, fields }], 0).told.keys()]).toEqual([chains[0]]);
});
