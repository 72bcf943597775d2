/**
 * What nobody could know, by rule. Each rule has a name, says why, and looks only at the truth, the visibility and the
 * log of faults; never at what was told.
 */
import type { FaultNote } from "./faults.ts";
import type { Chain } from "./journal.ts";
import type { Due, Visibility } from "./oracle.ts";
import { hasList, type Setting } from "./setting.ts";

/** The grace after which a call without a visible leg is over, where there is no list (SPEC.md, R17), less some slack. */
const graceMs = 1_500;

/** Stretches in which no visible leg of the chain was there, from its start to its end. */
export function hiddenStretches(chain: Chain, visibility: Visibility): [number, number][] {
  const found: [number, number][] = [];
  const live = new Set<unknown>();
  let since: number | null = chain.direction === "incoming" ? chain.startedAt : null;
  const put = (at: number) => {
    if (live.size === 0) since ??= at;
    else if (since !== null) {
      if (at > since) found.push([since, at]);
      since = null;
    }
  };
  for (const fact of chain.facts) {
    if (fact.what === "shown" && visibility.sees(fact.dn)) live.add(fact.leg);
    if (fact.what === "gone") live.delete(fact.leg);
    put(fact.at);
  }
  if (since !== null && chain.overAt !== null) found.push([since, chain.overAt]);
  return found.filter(([from]) => from !== chain.overAt);
}

/** The rule by which the chain is exempt; null = all of it is due. */
export function exemptionOf(
  chain: Chain,
  _due: readonly Due[],
  visibility: Visibility,
  setting: Setting,
  notes: readonly FaultNote[],
): string | null {
  const hidden = hiddenStretches(chain, visibility);
  if (
    !hasList(setting) &&
    hidden.some(([from, to]) => to - from >= graceMs && from > chain.startedAt)
  ) {
    return "hiddenWithoutList";
  }
  for (const { fault, fromAt, toAt } of notes) {
    if (fault === "duplicateFrames") continue;
    if (fromAt <= (chain.overAt ?? fromAt) + 5000 && toAt >= chain.startedAt) return fault;
  }
  return null;
}
