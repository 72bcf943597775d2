/** Departures, and what nobody could tell of one or of who had the call next, as the list failed meanwhile. */
import type { Leg } from "../../src/simulator/model.ts";
import type { Shown } from "./course.ts";
import type { DnChange } from "./dnChanges.ts";
import type { Due, Visibility } from "./due.ts";
import type { Exemption } from "./exemptions.ts";
import type { FaultNote } from "./faults.ts";
import type { Chain, Fact } from "./journal.ts";
import { insistsMs } from "./parking.ts";
import type { Seen } from "./sight.ts";
import {
  lateLookMs,
  lateLooks,
  leaveHoldMs,
  leaveWithMs,
  listLagMs,
  listLateMs,
  listTimeMs,
} from "./statedTimes.ts";
import { isUnread, isUntold } from "./unread.ts";
import { staysMs } from "./withoutList.ts";

const slackMs = 200;

export interface Departed {
  readonly dn: string;
  readonly at: number;
  /** When it must have been seen that the user left. */
  readonly left: Seen;
  /** And then that the caller had not. */
  readonly stayed: Seen;
}

export function departedAt(
  at: number,
  leg: Leg,
  visibility: Pick<Visibility, "seen" | "listMs">,
  /** When it must have been seen that another phone of theirs was laid down before. */
  laidDown: Seen | undefined,
): Departed {
  const gone = visibility.seen(at, leg);
  const left = laidDown !== undefined && laidDown.at > gone.at ? laidDown : gone;
  const { at: stayedAt, fault } = visibility.seen(left.at + staysMs(visibility), null);
  return { dn: leg.dn, at, left, stayed: { at: stayedAt, fault: fault ?? left.fault } };
}

/**
 * Who handed the call over left, and the list failed when it was asked between that and the end: the caller followed
 * soon, or went before the list could be read at all, as it failed, or we were blind, or both. That the list had named the
 * call before tells that it may go on, not that it did.
 */
export function departureUnseen(
  { overAt }: Chain,
  due: readonly Due[],
  { listedBy, seen }: Pick<Visibility, "listedBy" | "seen">,
  notes: readonly FaultNote[],
): Exemption | null {
  if (overAt === null) return null;
  const failsFrom = (at: number) =>
    notes.some(
      ({ fault, fromAt }) => fault === "xapiFails" && fromAt >= at && fromAt <= overAt + slackMs,
    );
  // Or when it was asked as we saw again, after the end: the log failed, too.
  const isBlindOver = notes.some((note) => isUntold(note, overAt, notes));
  // From when it was seen that the user had left.
  const isBrief = ({ at, latest }: Due) =>
    overAt !== at &&
    (overAt - latest <= leaveHoldMs + slackMs || overAt < seen(listedBy(latest), null).at);
  const left = due.find(
    (one) => one.transfer === "True" && isBrief(one) && (isBlindOver || failsFrom(one.at)),
  );
  return left === undefined ? null : { rule: "xapiFails", fromAt: left.at };
}

/**
 * Who hands over leaves while the next phone rings, and the caller goes so soon after that the list may lag behind; or
 * to where only the list shows it, and is gone before it can be read: did both go at once?
 */
export function goneTogether(
  { facts, overAt }: Chain,
  due: readonly Due[],
  visibility: Pick<Visibility, "briefMs" | "listMs" | "lateListMs" | "unloggedMs" | "sees">,
): Exemption | null {
  const { briefMs, listMs, lateListMs, unloggedMs, sees } = visibility;
  // The own phone, which rang before, is told as ringing then.
  const isOwn = (one: Due, each: Due) => each.user === one.user && each.at === one.at;
  const rang = (one: Due) =>
    due.find(
      (each) =>
        each.kind === "ringing" &&
        each.link === one.link + 1 &&
        (each.at < one.at || isOwn(one, each)),
    );
  // Outside, too, somebody was rung before: a list that lags says so still.
  const dialled = (one: Due) =>
    facts.some(
      (fact) =>
        fact.what === "shown" &&
        fact.kind === "trunk" &&
        fact.status === "dialing" &&
        fact.at < one.at &&
        (fact.leg.end?.at ?? one.at) >= one.at,
    );
  const lagMs = listLagMs + briefMs;
  // Back where it was before: a list that lags may say so of then.
  const againMs = ({ at }: Due) => {
    const isPlace = (fact: Fact): fact is Shown =>
      fact.what === "shown" && fact.kind === "parking" && fact.at === at;
    const place = facts.find(isPlace);
    return place === undefined ? 0 : insistsMs({ facts }, place, visibility);
  };
  const blurMs = (one: Due) => {
    // The looks begin when it is seen who has left.
    const seenMs = one.latest - one.at;
    // Who is not monitored leaves between two looks at the list.
    if (!sees(one.user, one.at)) return seenMs + lagMs + (listMs ?? 0);
    // On its way to where only the list shows it, it may be so of before (SPEC.md, R15f).
    // Each look is put off by the ways of those before; of ways `briefMs` has those of two.
    const waysMs = (lateLooks / 2) * briefMs;
    if (dialled(one) || rang(one)?.unseen)
      return seenMs + listLateMs + lateLookMs + waysMs + lateListMs;
    return rang(one) ? lagMs : briefMs + lateListMs;
  };
  // A list that lags is looked at again after pauses that double; none comes while we are blind.
  const blindMs = overAt === null ? 0 : unloggedMs(overAt);
  const unlookedMs = blindMs > 0 ? 2 * lateListMs + briefMs : 0;
  const lost = due.find(
    (one) =>
      one.transfer === "True" &&
      overAt !== null &&
      overAt - blindMs - one.at < Math.max(blurMs(one), againMs(one), unlookedMs),
  );
  return lost === undefined ? null : { rule: "goneTogether", fromAt: lost.at };
}

/** The caller hung up so soon after a hand-over had begun, or was seen late to have, that it looks like one without waiting. */
export function handedOverLast(
  { facts, overAt }: Chain,
  due: readonly Due[],
  { briefMs, lateListMs }: Pick<Visibility, "briefMs" | "lateListMs">,
): Exemption | null {
  const end = due.find(({ at, finish }) => finish === "Ok" && at === overAt);
  // What the list alone shows there, and does still if it lags, may have come as the user left.
  const soonMs = (unseen: boolean) => (unseen && lateListMs > 0 ? listTimeMs : leaveWithMs);
  const begun = due.find(
    ({ kind, link, at, latest, fault, unseen }) =>
      kind === "ringing" &&
      end?.link === link - 1 &&
      end.at - (fault === null ? at : latest) <= soonMs(unseen) + briefMs,
  );
  // Where the mobile alone rings of who is not monitored, the list has it at that user.
  const rung = facts.find(
    (fact) =>
      end !== undefined &&
      fact.what === "shown" &&
      fact.kind === "trunk" &&
      fact.status === "dialing" &&
      fact.at < end.at &&
      end.at - fact.at <= soonMs(true) + briefMs,
  );
  const fromAt = begun?.at ?? rung?.at;
  return fromAt === undefined ? null : { rule: "briefHandOver", fromAt };
}

export interface Going {
  readonly dn: string;
  readonly at: number;
}

/**
 * Whom the call left without anybody seeing it then, as a fault hid it or they were not monitored any more: it seems to
 * ring there still, and what is answered outside since may seem to be their forward.
 */
export function unseenGoings(
  { facts, overAt }: Chain,
  changes: readonly DnChange[],
  { seen }: Pick<Visibility, "seen">,
): Going[] {
  const gone = facts.flatMap((fact) => {
    if (fact.what !== "gone") return [];
    const { dn, at, leg } = fact;
    return seen(at, leg).fault === null ? [] : [{ dn, at }];
  });
  const isLeft = ({ dn, at, settledAt, visible }: DnChange) =>
    !visible &&
    facts.some((fact) => {
      if (fact.what !== "shown" || fact.dn !== dn || fact.at > at) return false;
      const goneAt = fact.leg.end?.at ?? overAt ?? settledAt;
      return goneAt >= at && goneAt <= settledAt;
    });
  return [...gone, ...changes.filter(isLeft)];
}

/**
 * Who was taken from the list of monitored DNs got the call before all legs were read again. Until then their own legs
 * would have shown it; from then on the list of active calls does, and was not read, or failed, until the call had gone
 * on or was over.
 */
export function takenUnread(
  { facts, overAt }: Pick<Chain, "facts" | "overAt">,
  changes: readonly DnChange[],
  { listMs, listedBy, briefMs }: Pick<Visibility, "listMs" | "listedBy" | "briefMs">,
  notes: readonly FaultNote[],
): Exemption | null {
  if (listMs === null) return null;
  for (const [index, fact] of facts.entries()) {
    if (fact.what !== "shown" || fact.status !== "connected") continue;
    const next = facts.slice(index + 1).find((one) => one.what === "shown" && one.leg !== fact.leg);
    const isUnseen = ({ dn, at, settledAt, visible }: DnChange) =>
      dn === fact.dn && !visible && at <= fact.at && settledAt > fact.at;
    const readAt = changes.findLast(isUnseen)?.settledAt;
    const lastAt = next?.at ?? overAt;
    if (readAt === undefined || lastAt === null) continue;
    if (isUnread(readAt, lastAt, listMs, notes)) return { rule: "xapiFails", fromAt: fact.at };
    if (lastAt <= listedBy(readAt) + briefMs) return { rule: "takenUnlisted", fromAt: fact.at };
  }
  return null;
}
