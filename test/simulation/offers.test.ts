/** Whether a phone that names an unseen place tells that the call has come there again. */
import { expect, it } from "vitest";
import type { Leg } from "../../src/simulator/model.ts";
import { allSeen, chainOf, gone, leg, shown } from "./chainByHand.ts";
import { Telling } from "./oracle.ts";

it.each([
  ["as the menu in between was seen", false, false],
  ["but not if a fault hid that menu's leg: it seems to have been there all the time", true, true],
])("the queue that rings a phone has the call again, %s", (_, isLost, unseen) => {
  const queue = leg("800", "queue", [0, 10_000]);
  const menu = leg("810", "ivr", [10_000, 20_000]);
  const again = leg("800", "queue", [20_000, 30_000]);
  const phone = leg("115", "extension", [23_000, 30_000], "800");
  const facts = [
    shown(0, queue, "connected"),
    shown(10_000, menu, "connected"),
    gone(queue),
    shown(20_000, again, "connected"),
    gone(menu),
    shown(23_000, phone, "ringing", "800"),
  ];
  const seen = (at: number, one: Leg | null) =>
    isLost && one === menu && at < 20_003
      ? { at: 20_003, fault: "lostFrames" as const }
      : { at, fault: null };
  const eyes = { ...allSeen, seen, sees: (dn: string) => dn !== "800" };
  const { due } = new Telling(chainOf(facts, 30_000), eyes);
  const places = due.filter(({ kind, user }) => kind === "ringing" && user === "800");
  expect(places.map((one) => one.unseen)).toEqual([true, unseen]);
});
