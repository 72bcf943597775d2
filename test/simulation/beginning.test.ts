/** Which calls began where nobody saw it, as far as the oracle knows. */
import { expect, it } from "vitest";
import { isBegunUnseen } from "./beginning.ts";
import type { Visibility } from "./due.ts";
import type { Chain, Fact } from "./journal.ts";

const overAt = 60_000;

function shown(dn: string, kind: string, status: string, [at, endAt]: [number, number]): Fact {
  return { what: "shown", at, dn, kind, status, leg: { end: { at: endAt } } } as unknown as Fact;
}

it.each([
  ["came and went while we were blind", 20_000, true],
  ["was there still when we saw again", 4_000, false],
  ["came when we saw", 0, false],
])(
  "a call was answered by who is not monitored before anything was seen, if a menu %s",
  (...row) => {
    const [, blindToAt, isBegun] = row;
    const facts = [
      shown("810", "ivr", "connected", [1_000, 5_000]),
      shown("102", "extension", "connected", [6_000, overAt]),
      shown("105", "extension", "connected", [30_000, overAt]),
    ];
    const chain = { facts, owner: "", startedAt: 1_000, overAt } as unknown as Chain;
    const seen = (at: number) => ({ at: Math.max(at, blindToAt), fault: null });
    const isShown = (fact: Fact) => "dn" in fact && fact.dn !== "102";
    expect(isBegunUnseen(chain, isShown, { seen } as unknown as Visibility)).toBe(isBegun);
  },
);

it.each([
  [1_000, false],
  [5_000, true],
])(
  "a call began unseen, if who dialled after %i ms was taken from the list meanwhile: %s",
  (dialledAt, isBegun) => {
    const facts = [shown("119", "extension", "dialing", [dialledAt, overAt])];
    const chain = { facts, owner: "119", startedAt: 1_000, dialledAt, overAt } as unknown as Chain;
    const sees = (_dn: string, at: number) => at < 3_000;
    const visibility = { sees, seen: (at: number) => ({ at, fault: null }) };
    expect(isBegunUnseen(chain, () => true, visibility as unknown as Visibility)).toBe(isBegun);
  },
);
