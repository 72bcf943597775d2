/** Joins under another call number that nothing ties to the consultation before: what nobody could know of them. */
import type { Leg } from "../../src/simulator/model.ts";
import type { Shown } from "./course.ts";
import type { Visibility } from "./due.ts";
import type { Exemption } from "./exemptions.ts";
import type { Chain, Fact } from "./journal.ts";
import type { Setting } from "./setting.ts";
import { joinMsMax, rememberedMs } from "./statedTimes.ts";

/**
 * The call goes on under another number, at a voicemail box: nothing ties the two together. Nor, where the number is new,
 * at who is not monitored if who hands over is not either, and the list's row of their consultation is also that of a leg
 * which tells of one of the two alone, as somebody listened, or has the box's owner there, and its menu then. Nor where no
 * list is read until the consultation is forgotten, nor is it seen until then that who hands over has left; nor if it began
 * when nothing could be seen, or no answer be read, before the join, or all of it was dark.
 */
export function joinedUnseen(
  { facts }: Chain,
  visibility: Visibility,
  { switches }: Setting,
): Exemption[] {
  const { sees, seen, briefMs, listMs, listedBy, blinded } = visibility;
  const mode = switches.attendedTransfer;
  const readAt = (at: number, by: number) => (blinded(at, by) ? seen(by, null).at : by);
  const isUnread = (at: number) =>
    listMs !== null && readAt(at, listedBy(at)) > at + Math.max(listMs, joinMsMax);
  const isOwners = switches.voicemailListed === "owner";
  return facts.flatMap((fact) => {
    if (fact.what !== "attended" || (mode !== "keepY" && mode !== "newCall")) return [];
    const { at, dn, heard, spokeFromAt, spoken } = fact;
    const unseen = facts.some(
      (one) => one.what === "shown" && one.at === at && !sees(one.dn, one.at),
    );
    const isLost = isUnread(at) || (!sees(dn, at) && (heard || isOwners));
    const isMissed = (leg: Leg | null) => seen(spokeFromAt, leg).at + briefMs >= at;
    // Faults may have hid it at the legs of both.
    const isUnheard = isMissed(null) || (spoken.length > 0 && spoken.every(isMissed));
    const isHid = unseen && (mode === "keepY" || isLost);
    const isLate = facts.some(
      (one) =>
        one.what === "gone" &&
        one.dn === dn &&
        one.at === at &&
        seen(at, one.leg).at + briefMs >= at + joinMsMax,
    );
    const isNew = mode === "newCall" && (isLate || isUnheard || isDark(fact, visibility));
    return isHid || isNew ? [{ rule: "joinedUnseen", fromAt: at }] : [];
  });
}

/**
 * Who picked the call up, or took it back, dialled the code in a call of their own, under whose number it goes on: and is
 * not monitored, or the phone that rang is not; or nobody saw that it was dialled, or rang; or the caller withholds the
 * number, or has it in common with another whose call is there, so that nothing tells which of them has come.
 */
export function takenUnseen(
  { number, outside, facts }: Chain,
  chains: readonly Chain[],
  { sees, seen, briefMs, listMs }: Visibility,
): Exemption | null {
  const unseen = takings({ facts, number }).find(({ at, leg }) => {
    const isShown = (one: Leg) => sees(one.dn, at) && seen(one.startedAt, one).at + briefMs < at;
    // Where it rang until then.
    const rang = facts.flatMap((fact) =>
      fact.what === "gone" && fact.at === at && fact.kind === "extension" ? fact.leg : [],
    );
    // That it was parked, nobody knows who reads no list.
    const isParked = facts.some(
      (fact) => fact.what === "gone" && fact.at === at && fact.kind === "parking",
    );
    // At the own number of who sent it there, and talks on: nobody is told as rung.
    const isOwn = rang.some((one) =>
      rang.some(
        ({ dn, answeredAt }) =>
          dn === one.dn && (answeredAt === null) !== (one.answeredAt === null),
      ),
    );
    const isLike = (one: Chain) =>
      one.number !== number &&
      one.outside === outside &&
      one.startedAt <= at &&
      (one.overAt ?? at) >= at - rememberedMs;
    if (isOwn || (listMs === null && isParked)) return true;
    return ![leg, ...rang].every(isShown) || outside === "" || chains.some(isLike);
  });
  return unseen === undefined ? null : { rule: "takenUnseen", fromAt: unseen.at };
}

/** Who picked it up, or took it back, by a code dialled in a call of their own. */
export function takings({ facts, number }: Pick<Chain, "facts" | "number">): Shown[] {
  const isTaking = (fact: Fact): fact is Shown =>
    fact.what === "shown" &&
    fact.status === "connected" &&
    fact.leg.legid === 1 &&
    fact.leg.call.id !== number &&
    fact.leg.startedAt < fact.at;
  return facts.filter(isTaking);
}

/** Neither a leg nor a list showed the one who spoke to the other by then; or the PBX said, long before, that there was no such leg. */
function isDark(
  { at, spoken }: Fact & { readonly what: "attended" },
  { sees, seen, briefMs, listMs, listedBy }: Visibility,
): boolean {
  const calledAt = Math.max(...spoken.map(({ startedAt }) => startedAt));
  const isListed = listMs !== null && listedBy(calledAt) < at;
  const isDenied = (leg: Leg) => {
    const last = seen(at - joinMsMax, leg);
    return last.fault === "missingGets" && last.at >= at;
  };
  // Where who was called first has sent it on, that of who calls tells with the answer whom it speaks to.
  const isSentOn = (leg: Leg) =>
    leg.startedAt < calledAt &&
    leg.call.allLegs.some((one) => one.startedAt < calledAt && !spoken.includes(one));
  const shownAt = (leg: Leg) => (isSentOn(leg) ? (leg.answeredAt ?? at) : calledAt);
  const isShown = (leg: Leg) =>
    sees(leg.dn, at) && seen(shownAt(leg), leg).at + briefMs < at && !isDenied(leg);
  return !isListed && !spoken.some(isShown);
}
