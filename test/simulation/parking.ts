/** When it is known that a call is parked, which only the list tells: later, if it was there before. */
import type { Shown } from "./course.ts";
import type { Visibility } from "./due.ts";
import type { Exemption } from "./exemptions.ts";
import type { Chain, Fact } from "./journal.ts";
import { listInsistsMs, listTimeMs } from "./statedTimes.ts";

/** For so long a row that has it there may be of before, as its user had answered so soon before (SPEC.md, R15). */
export function insistsMs(
  { facts }: Pick<Chain, "facts">,
  place: Shown,
  { briefMs, listMs }: Pick<Visibility, "briefMs" | "listMs">,
): number {
  const before = facts.slice(0, facts.indexOf(place));
  const isAgain = before.some((fact) => fact.what === "shown" && fact.dn === place.dn);
  const isAnswer = (fact: Fact) =>
    fact.what === "shown" && fact.kind === "extension" && fact.status === "connected";
  const answer = before.findLast(isAnswer);
  const isSoon = answer !== undefined && place.at - answer.at < listTimeMs + briefMs;
  return isAgain && isSoon ? listInsistsMs + briefMs + (listMs ?? 0) : 0;
}

/**
 * Taken back, in a call of their own, by who dialled the place before the list must have told that the call is there: passed
 * on, or over, and is it this one that is taken back?
 */
export function parkedUntold(
  { facts, number }: Pick<Chain, "facts" | "number">,
  visibility: Pick<Visibility, "briefMs" | "listMs" | "lateListMs">,
): Exemption | null {
  const { briefMs, listMs, lateListMs } = visibility;
  if (listMs === null) return null;
  const isTaken = (fact: Fact, at: number) =>
    fact.what === "shown" && fact.at === at && fact.leg.legid === 1 && fact.leg.call.id !== number;
  const untold = facts.find((fact) => {
    if (fact.what !== "shown" || fact.kind !== "parking") return false;
    const backAt = fact.leg.end?.at;
    if (backAt === undefined || !facts.some((one) => isTaken(one, backAt))) return false;
    const untilMs = Math.max(2 * lateListMs + briefMs, insistsMs({ facts }, fact, visibility));
    return backAt - fact.at < untilMs;
  });
  return untold === undefined ? null : { rule: "takenUnseen", fromAt: untold.at };
}
