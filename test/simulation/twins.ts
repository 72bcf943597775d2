/** Two callers with one number: where nothing told them apart. */
import type { DnChange } from "./dnChanges.ts";
import type { Visibility } from "./due.ts";
import type { Chain } from "./journal.ts";

/** Somebody was offered the call, or talked to its outside party. */
export interface Stay {
  readonly dn: string;
  readonly fromAt: number;
  toAt: number;
  readonly talks: boolean;
}

/**
 * Of a call that was at a DN as that was taken from the list of monitored DNs, nobody sees that it leaves it. Another
 * caller with that number who comes there then is taken for this one, where no list tells: whoever has that call from
 * there (by a code that names the DN, by a consultation with its user) seems to have this one.
 */
export function twinStays(
  chain: Chain,
  chains: readonly Chain[],
  changes: readonly DnChange[],
  { listMs }: Pick<Visibility, "listMs">,
): Stay[] {
  if (listMs !== null) return [];
  const taken = changes.filter(({ dn, at, visible }) => !visible && cameTo(chain, dn, 0, at));
  const isTwin = (other: Chain) =>
    other !== chain &&
    other.outside === chain.outside &&
    taken.some(({ dn, at }) => cameTo(other, dn, at, Number.POSITIVE_INFINITY));
  return chains.filter(isTwin).flatMap(({ facts, overAt }) =>
    facts.flatMap((fact) => {
      if (fact.what !== "shown" || fact.kind !== "extension") return [];
      const toAt = fact.leg.end?.at ?? overAt ?? Number.POSITIVE_INFINITY;
      return { dn: fact.dn, fromAt: fact.at, toAt, talks: fact.status === "connected" };
    }),
  );
}

function cameTo({ facts }: Chain, dn: string, fromAt: number, toAt: number): boolean {
  return facts.some(
    (fact) => fact.what === "shown" && fact.dn === dn && fact.at >= fromAt && fact.at < toAt,
  );
}
