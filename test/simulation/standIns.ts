/** Who may be told as the one that missed a call, where the true one cannot be seen, or not for certain. */
import type { Leg } from "../../src/simulator/model.ts";
import type { Due, Visibility } from "./due.ts";
import type { Chain } from "./journal.ts";
import type { Level } from "./levels.ts";
import { graceMs, listInsistsMs, listLagMs } from "./statedTimes.ts";

/** So long after an overflow the place that it came from may be told as the one that missed it (SPEC.md). */
export const followMs = 400;

/** A hand-over that lasts no longer may not be seen: to a place that only the list names, and one of before insistently. */
export function unseenMs(
  place: Level | undefined,
  due: readonly Due[],
  { briefMs, listMs, listedBy, sees }: Pick<Visibility, "briefMs" | "listMs" | "listedBy" | "sees">,
): number {
  if (listMs === null || place?.due === undefined || sees(place.user, place.at)) return briefMs;
  const { at } = place;
  const isBack = due.some((one) => one !== place.due && one.user === place.user);
  return briefMs + (isBack ? listedBy(at + listInsistsMs) - at : listMs);
}

/** It was known that the call had come to this user before it was answered for them outside; `leftAt`: when the user before left. */
export function isKnownAt(
  level: Level,
  levels: readonly Level[],
  at: number,
  leftAt: number,
  visibility: Visibility,
): boolean {
  if (level.kind !== "extension") return false;
  const { due } = level;
  // Nobody saw that it had come there before it was answered.
  const isLate = due?.fault && due.latest + visibility.briefMs >= at;
  const isTold =
    due === undefined ? isListed(level, levels, at - leftAt, visibility) : !due.unseen && !isLate;
  // What an unseen place gave the call to looks as if the place still polled it.
  const polls = ({ kind }: Level) => kind === "queue" || kind === "ringgroup";
  // Or one that shows, to who rang for a moment: legs that end together go in any order.
  const before = levels.slice(0, levels.indexOf(level)).findLast(({ user }) => user !== level.user);
  const isBlurred = level.isBrief === true && before !== undefined && polls(before);
  const isUnseen = (one: Level) => polls(one) && !visibility.sees(one.user, at);
  return isTold && !isBlurred && !levels.some(isUnseen);
}

/** The list has named, for long enough and with no leg, a user for whom a mobile alone rings: after another phone, not in a polling. */
function isListed(
  level: Level,
  levels: readonly Level[],
  listedMs: number,
  { briefMs, listMs }: Visibility,
): boolean {
  if (level.mobile === undefined || listMs === null) return false;
  const before = levels[levels.indexOf(level) - 1];
  return before?.kind === "extension" && listedMs > listMs + listLagMs + briefMs;
}

/** Whether its title says that a call-back was ordered; null = perhaps. */
export function isOrdered({ call, outside }: Chain, at: number, visibility: Visibility) {
  // Another caller with this number is called back just then.
  const byAnother = visibility.isCalledBack(outside, at) ? null : false;
  // A wait that begins late, or another's call-back, may tell in time what is so.
  return call.callbackOrdered ? visibility.tellsOrder(at) || null : byAnother;
}

/**
 * `levels` were reached since the last conversation; `places` are the legs of queues and the like, `rings` those that ring,
 * phone by phone.
 */
export function standIns(
  levels: readonly Level[],
  places: Iterable<Leg>,
  rings: Iterable<ReadonlySet<Leg>>,
  at: number,
  due: readonly Due[],
  visibility: Visibility,
): string[] {
  const level = levels.at(-1);
  if (level === undefined) return [];
  // What an unseen place passed the call on to looks as if it still polled for the place.
  const isUnseen = ({ user, at: from, due: told, mobile }: Level) =>
    !visibility.sees(user, from) || told?.unseen === true || mobile !== undefined;
  const late = levels.some((one) => one.due !== undefined && one.due.fault !== null);
  // The leg by which the place has the call again, over from itself, was not seen yet: it has given the call away.
  const isAgain = ({ user, at: from, latest }: Due) =>
    user === level.user && from >= level.at && latest + visibility.briefMs >= at;
  const isAnew = ({ dn, startedAt }: Leg) =>
    dn === level.user && startedAt > level.at && startedAt + visibility.briefMs >= at;
  const isOver = level.kind !== "extension" && (due.some(isAgain) || [...places].some(isAnew));
  // Everybody who was told as ringing, or was reached as the list shows: one of them stands for a place that cannot be seen.
  if (isUnseen(level) || late || isOver)
    return [...new Set([...due, ...levels].map(({ user }) => user))];
  // A place that gave the call away a moment ago may still stand for it; or a moment before nothing was seen any more.
  const followedAt = level.at + followMs;
  const isBlind = visibility.blinded(level.at, followedAt);
  const shownAt = isBlind ? visibility.seen(followedAt, null).at : followedAt;
  const isFresh = at <= shownAt || level.isBrief === true;
  const unseen = levels.filter((one) => isFresh || isUnseen(one)).map(({ user }) => user);
  // A phone whose silence is seen late rings on alone, as if the place had given the call to it.
  const judgedAt = [at, at + (visibility.listMs === null ? graceMs : 0)];
  const lingers = (leg: Leg) => judgedAt.some((by) => visibility.seen(by, leg).fault !== null);
  const lingering = [...rings].flatMap((legs) => [...legs].filter(lingers).map(({ dn }) => dn));
  return [...unseen, ...lingering];
}
