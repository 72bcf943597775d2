/** Two callers with one number: where nothing told them apart. */
import type { DnChange } from "./dnChanges.ts";
import type { Visibility } from "./due.ts";
import { takings } from "./joinedUnseen.ts";
import { type Chain, type Fact, goneAtOf } from "./journal.ts";

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
  const wasThere = ({ dn, at, visible }: DnChange) =>
    !visible && cameTo(chain, dn).some((cameAt) => cameAt < at);
  const taken = changes.filter(wasThere);
  return chains.flatMap((other) => {
    if (other === chain || other.outside !== chain.outside) return [];
    const came = taken.flatMap(({ dn, at }) => cameTo(other, dn).filter((cameAt) => cameAt >= at));
    return came.length === 0 ? [] : staysOf(other, Math.min(...came));
  });
}

/**
 * Another caller with that number is picked up at a phone where this one rings, too, by a code that names it, and that the
 * other rang there could not be read: this one seems to be. From when on, and who has that other one.
 */
export function pickedUpInstead(
  chain: Chain,
  chains: readonly Chain[],
  { seen, briefMs }: Pick<Visibility, "seen" | "briefMs">,
): { readonly fromAt: number; readonly stays: Stay[] } | null {
  const ringsOn = (dn: string, at: number) =>
    chain.facts.some(
      (fact) =>
        fact.what === "shown" &&
        fact.dn === dn &&
        fact.status === "ringing" &&
        fact.at < at &&
        isLater(fact.leg.end?.at, at),
    );
  for (const other of chains) {
    if (other === chain || other.outside !== chain.outside || chain.outside === "") continue;
    for (const { at } of takings(other)) {
      const isUnread = (fact: Fact) =>
        fact.what === "gone" &&
        fact.at === at &&
        seen(fact.leg.startedAt, fact.leg).at + briefMs >= at &&
        ringsOn(fact.dn, at);
      if (other.facts.some(isUnread)) return { fromAt: at, stays: staysOf(other, at) };
    }
  }
  return null;
}

const isLater = (endAt: number | undefined, at: number) => endAt === undefined || endAt > at;

function staysOf({ facts, overAt }: Chain, fromAt: number): Stay[] {
  return facts.flatMap((fact) => {
    if (fact.what !== "shown" || fact.kind !== "extension" || fact.at < fromAt) return [];
    const toAt = goneAtOf(fact.leg, { overAt });
    return { dn: fact.dn, fromAt: fact.at, toAt, talks: fact.status === "connected" };
  });
}

function cameTo({ facts }: Chain, dn: string): number[] {
  return facts.flatMap((fact) => (fact.what === "shown" && fact.dn === dn ? fact.at : []));
}
