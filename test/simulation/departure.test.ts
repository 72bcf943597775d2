/** A departure that a list which cannot be read leaves unknown: passed on, or over? */
import { expect, it } from "vitest";
import { allSeen, chainOf, gone, leg, shown } from "./chainByHand.ts";
import { departureUnseen } from "./departure.ts";
import type { FaultNote } from "./faults.ts";
import { Telling } from "./oracle.ts";

const parkedAt = 5_000;

it.each([
  ["a look failed before the end", [5_400], 5_500, "xapiFails"],
  ["what was asked failed as we saw again, after the end", [20_500], 5_500, "xapiFails"],
  ["nothing failed", [], 5_500, undefined],
  ["it failed later only", [21_100], 5_500, undefined],
  ["a look before we were blind must have told it", [20_500], 6_100, undefined],
])("who parked the call left, and it was over while we were blind: %s", (...row) => {
  const [, failed, blindAt, rule] = row;
  const user = leg("104", "extension", [0, parkedAt]);
  const place = leg("SP1", "parking", [parkedAt, 9_000]);
  const facts = [
    shown(0, user, "ringing"),
    shown(1_000, user, "connected"),
    gone(user),
    shown(parkedAt, place, "connected"),
  ];
  const chain = chainOf(facts, 9_000);
  const seen = (at: number) => ({ at: at >= blindAt && at < 20_000 ? 20_000 : at, fault: null });
  const eyes = { ...allSeen, seen, sees: (dn: string) => dn !== "104" };
  const fails = failed.map((at): FaultNote => {
    return { fault: "xapiFails", fromAt: at, toAt: at, entity: null };
  });
  const blind: FaultNote = { fault: "ownRestarts", fromAt: blindAt, toAt: 20_000, entity: null };
  const { due } = new Telling(chain, eyes);
  expect(departureUnseen(chain, due, eyes, [blind, ...fails])?.rule).toBe(rule);
});
