/** A departure that nobody could tell from an end: the caller went soon after, and the list failed between. */
import type { Due } from "./due.ts";
import type { Exemption } from "./exemptions.ts";
import type { FaultNote } from "./faults.ts";
import type { Chain } from "./journal.ts";

const slackMs = 200;
/** So long after a departure the list must have the call for it to be passed on (SPEC.md, R31). */
const leaveHoldMs = 1_000;

/** Who handed the call over left, the caller followed soon, and the list failed when it was asked between. */
export function departureUnseen(
  { overAt }: Chain,
  due: readonly Due[],
  notes: readonly FaultNote[],
): Exemption | null {
  const failsFrom = (at: number) =>
    notes.some(
      ({ fault, fromAt }) => fault === "xapiFails" && fromAt >= at && fromAt <= (overAt ?? at),
    );
  const isBrief = ({ at }: Due) =>
    overAt !== null && overAt !== at && overAt - at <= leaveHoldMs + slackMs;
  const left = due.find((one) => one.transfer === "True" && isBrief(one) && failsFrom(one.at));
  return left === undefined ? null : { rule: "xapiFails", fromAt: left.at };
}
