/** Whether a list can have told that a user sent a call to their own voicemail box, before it was over. */
import { expect, it } from "vitest";
import { allSeen, chainOf, gone, leg, shown } from "./chainByHand.ts";
import { ownBox } from "./voicemail.ts";

it.each([
  ["not if it is over soon", 0, 2_010, "boxUnseen"],
  ["so after that", 0, 2_011, undefined],
  ["so, too, if it is seen a little late that they left", 290, 2_011, undefined],
  ["not until it has insisted, if that is seen later", 291, 6_301, "boxUnseen"],
  ["so after that, too", 291, 6_302, undefined],
])("who sent the call to their own box left it: %s", (_, lateMs, lastsMs, rule) => {
  const phone = leg("101", "extension", [0, 9_000]);
  const box = leg("666", "specialmenu", [9_000, 9_000 + lastsMs]);
  const chain = chainOf(
    [
      shown(0, phone, "ringing"),
      shown(1_000, phone, "connected"),
      gone(phone),
      shown(9_000, box, "connected", "101"),
    ],
    9_000 + lastsMs,
  );
  const seen = (at: number) => ({ at: at + lateMs, fault: null });
  expect(ownBox(chain, { ...allSeen, seen })?.rule).toBe(rule);
});
