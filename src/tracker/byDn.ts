/**
 * What a call knows by DN: a handful of entries in the order of their coming. A list and not an object with the DNs as
 * keys, as "101" as a key costs an engine a table of 101 places.
 */
import { added, replacedAt, withoutAt } from "./lists.ts";

export type ByDn<T> = readonly (readonly [dn: string, value: T])[];

export const noDn: ByDn<never> = [];

export function get<T>(entries: ByDn<T>, dn: string): T | undefined {
  for (const entry of entries) if (entry[0] === dn) return entry[1];
  return undefined;
}

/** More than any call has legs; of the DNs that a call has come by in a loop, the oldest is let go. */
const dnsMax = 2_000;

export function put<T>(entries: ByDn<T>, dn: string, value: T): ByDn<T> {
  const at = indexOf(entries, dn);
  if (at >= 0) return replacedAt(entries, at, [dn, value]);
  return added(entries.length < dnsMax ? entries : entries.slice(1), [dn, value]);
}

export function drop<T>(entries: ByDn<T>, dn: string): ByDn<T> {
  return withoutAt(entries, indexOf(entries, dn));
}

/** Both are there, this one for longer. */
export function isOlder(entries: ByDn<unknown>, dn: string, than: string): boolean {
  const at = indexOf(entries, dn);
  return at >= 0 && at < indexOf(entries, than);
}

function indexOf(entries: ByDn<unknown>, dn: string): number {
  let at = 0;
  for (const entry of entries) {
    if (entry[0] === dn) return at;
    at += 1;
  }
  return -1;
}
