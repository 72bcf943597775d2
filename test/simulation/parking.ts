/** When it is known that a call is parked, which only the list tells: later, if it was there before. */
import type { Gone, Shown } from "./course.ts";
import type { Visibility } from "./due.ts";
import type { Exemption } from "./exemptions.ts";
import type { FaultNote } from "./faults.ts";
import type { Chain, Fact } from "./journal.ts";
import { listInsistsMs, listTimeMs } from "./statedTimes.ts";
import { isAllUnread, isUnread } from "./unread.ts";

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
 * Taken back before the list must have told that the call is there, by who dialled the place in a call of their own: passed
 * on, or over, and is it this one that is taken back? Or by who had just parked it: as if they had gone on at another phone.
 */
export function parkedUntold(
  { facts, number }: Pick<Chain, "facts" | "number">,
  visibility: Pick<Visibility, "briefMs" | "listMs" | "lateListMs" | "blinded" | "seen">,
  notes: readonly FaultNote[],
): Exemption | null {
  const { briefMs, listMs, lateListMs, blinded, seen } = visibility;
  if (listMs === null) return null;
  for (const place of facts) {
    if (place.what !== "shown" || place.kind !== "parking") continue;
    const { at, leg } = place;
    const backAt = leg.end?.at;
    if (backAt === undefined) continue;
    const back = facts.filter((fact) => fact.what === "shown" && fact.at === backAt) as Shown[];
    const isOwnCall = back.some((one) => one.leg.legid === 1 && one.leg.call.id !== number);
    const parked = facts.filter((fact) => fact.what === "gone" && fact.at === at) as Gone[];
    const isBack = back.some(
      ({ dn, status }) => status === "connected" && parked.some((one) => one.dn === dn),
    );
    const againMs = insistsMs({ facts }, place, visibility);
    const lateMs = isOwnCall ? Math.max(2 * lateListMs + briefMs, againMs) : againMs;
    const isBlinded = blinded(at, at + lateMs) && !blinded(at, at);
    const isUntold = backAt < (isBlinded ? seen(at + lateMs, null).at : at + lateMs);
    // A list that lags has nothing of it at first, and the looks after that fail.
    const isMissed = lateListMs > 0 && isUnread(at + lateListMs, backAt, listMs, notes);
    const isUnseen = isUntold || isMissed || isAllUnread(at, backAt, listMs, notes);
    if (isUnseen && isOwnCall) return { rule: "takenUnseen", fromAt: at };
    if (isUntold && isBack) return { rule: "takenBackSoon", fromAt: at };
  }
  return null;
}
