/**
 * Small lists that are never changed but replaced, exactly as long as they need be: `[...list, item]` and `filter` leave
 * room for 16 items more, which is most of the list where thousands of small ones are kept.
 */

export function added<T>(list: readonly T[], item: T): readonly T[] {
  return list.toSpliced(list.length, 0, item);
}

/** The list itself if the item is not in it. */
export function without<T>(list: readonly T[], item: T): readonly T[] {
  const at = list.indexOf(item);
  return at < 0 ? list : list.toSpliced(at, 1);
}
