/** How far the length of a conversation may be off, of which the list alone tells the end. */
import { expect, it } from "vitest";
import { allSeen, chainOf, leg, pollMs, shown } from "./chainByHand.ts";
import { Telling } from "./oracle.ts";

it.each([
  ["the list has been read after a blind stretch", 6_000, 5_000 + pollMs],
  ["we see again, if we are blinded anew before that", 5_999, 9_000],
])(
  "a conversation of who is not monitored may seem to last until %s",
  (_, blindAgainAt, knownAt) => {
    const phone = leg("101", "extension", [0, 3_000]);
    const facts = [shown(0, phone, "ringing"), shown(1_000, phone, "connected")];
    const blind = [
      [2_000, 5_000],
      [blindAgainAt + 1, 9_000],
    ] as const;
    const seen = (at: number) => {
      const toAt = blind.find(([from, to]) => at >= from && at < to)?.[1];
      return { at: toAt ?? at, fault: toAt === undefined ? null : ("socketDrops" as const) };
    };
    const { due } = new Telling(chainOf(facts, 3_000), {
      ...allSeen,
      seen,
      sees: () => false,
    });
    expect(due.at(-1)).toMatchObject({ kind: "ended", user: "101", slackMs: knownAt - 3_000 });
  },
);
