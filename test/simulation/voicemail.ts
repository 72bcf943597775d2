/** Voicemail boxes that nothing tells from an answer: the list has the caller at the box's owner. */
import type { Leg } from "../../src/simulator/model.ts";
import type { Shown } from "./course.ts";
import type { DnChange } from "./dnChanges.ts";
import type { Visibility } from "./due.ts";
import { type Exemption, entityOf } from "./exemptions.ts";
import type { FaultNote } from "./faults.ts";
import type { Chain } from "./journal.ts";
import type { Seen } from "./sight.ts";
import { leaveHoldMs, listInsistsMs, listLagMs, listTimeMs } from "./statedTimes.ts";
import { blinding } from "./unread.ts";

type Eyes = Pick<Visibility, "briefMs" | "listMs" | "lateListMs" | "sees">;

const isBox = (fact: Chain["facts"][number]): fact is Shown =>
  fact.what === "shown" && fact.kind === "specialmenu" && fact.place !== "";

/**
 * Whose owner is not monitored while it has the call, as far as is known then: no leg of theirs would show either. Or whose
 * owner's leg the PBX denied as the call went on from it: the list alone had their conversation, and has it so still.
 */
export function unseenBoxes(
  chain: Chain,
  changes: readonly DnChange[],
  notes: readonly FaultNote[],
  eyes: Eyes,
): Shown[] {
  const { facts, overAt } = chain;
  if (eyes.listMs === null) return [];
  const isDenied = (leg: Leg, at: number) =>
    notes.some(
      ({ fault, entity, fromAt, toAt }) =>
        fault === "missingGets" && entity === entityOf(leg) && fromAt <= at && toAt >= at,
    );
  return facts.filter(isBox).filter(({ at, place }) => {
    // A list that lags has it so still.
    const untilAt = (overAt ?? at) + eyes.lateListMs;
    const isChanged = changes.some(
      (change) => change.dn === place && change.at <= untilAt && change.settledAt >= at,
    );
    const left = facts.some(
      (fact) =>
        fact.what === "gone" && fact.at === at && fact.dn === place && isDenied(fact.leg, at),
    );
    return left || isChanged || !eyes.sees(place, at);
  });
}

/** From there on the owner seems to talk. */
export function boxUnseen(boxes: readonly Shown[]): Exemption | null {
  const [box] = boxes;
  return box === undefined ? null : { rule: "boxUnseen", fromAt: box.at };
}

/**
 * Sent by its owner to their own box, the call is where it was, as the list has it: over so soon, it was never seen to go on,
 * and sent there as soon as it was answered, the list has changed with the answer. If it is seen later that the owner's leg
 * has gone, and we were not blind, the list must insist.
 */
export function ownBox(
  { facts, overAt }: Chain,
  { listMs, briefMs, seen }: Eyes & Pick<Visibility, "seen">,
): Exemption | null {
  if (listMs === null || overAt === null) return null;
  const ownLegs = ({ at, place }: Shown) =>
    facts.flatMap((fact) =>
      fact.what === "gone" && fact.at === at && fact.dn === place ? fact.leg : [],
    );
  const isOwn = (box: Shown) => ownLegs(box).length > 0;
  const isBrief = (box: Shown) => {
    const isLate = ({ at, fault }: Seen) =>
      at - box.at > listLagMs - briefMs && (fault === null || !blinding.has(fault));
    const late = ownLegs(box)
      .map((leg) => seen(box.at, leg))
      .find(isLate);
    const untoldMs = late === undefined ? leaveHoldMs : late.at - box.at + listInsistsMs;
    return overAt - box.at <= untoldMs + listMs + briefMs;
  };
  const isSoon = ({ at, place }: Shown) =>
    facts.some(
      (fact) =>
        fact.what === "shown" &&
        fact.dn === place &&
        fact.status === "connected" &&
        fact.at <= at &&
        at - fact.at <= listTimeMs + briefMs,
    );
  const box = facts.filter(isBox).find((one) => isOwn(one) && (isBrief(one) || isSoon(one)));
  return box === undefined ? null : { rule: "boxUnseen", fromAt: box.at };
}
