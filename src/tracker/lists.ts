/**
 * Small lists that are never changed but replaced, exactly as long as they need be: `[...list, item]` and `filter` leave
 * room for 16 items more, which is most of the list where thousands of small ones are kept. Loops, as `toSpliced` and
 * `with` take two to four times as long for a list of a few items.
 */

export function added<T>(list: readonly T[], item: T): readonly T[] {
  const { length } = list;
  const longer = new Array<T>(length + 1);
  for (let at = 0; at < length; at += 1) longer[at] = list[at] as T;
  longer[length] = item;
  return longer;
}

/** The same, without the oldest, of which there is no room for more than `max`. */
export function addedUpTo<T>(list: readonly T[], item: T, max: number): readonly T[] {
  const from = Math.max(0, list.length + 1 - max);
  const length = list.length - from;
  const longest = new Array<T>(length + 1);
  for (let at = 0; at < length; at += 1) longest[at] = list[from + at] as T;
  longest[length] = item;
  return longest;
}

/** The list itself if the item is not in it. */
export function without<T>(list: readonly T[], item: T): readonly T[] {
  return withoutAt(list, list.indexOf(item));
}

/** The list itself if the place is -1. */
export function withoutAt<T>(list: readonly T[], place: number): readonly T[] {
  if (place < 0) return list;
  const length = list.length - 1;
  const shorter = new Array<T>(length);
  for (let at = 0; at < length; at += 1) shorter[at] = list[at < place ? at : at + 1] as T;
  return shorter;
}

export function replacedAt<T>(list: readonly T[], place: number, item: T): readonly T[] {
  const copy = list.slice();
  copy[place] = item;
  return copy;
}
