/**
 * What nobody could know, by rule. Each rule has a name, says why, and looks only at the truth, the visibility and the
 * log of faults; never at what was told.
 */
import type { Leg } from "../../src/simulator/model.ts";
import type { FaultNote } from "./faults.ts";
import type { Chain } from "./journal.ts";
import type { Telling, Visibility } from "./oracle.ts";
import { type FaultName, hasList, type Setting } from "./setting.ts";

/** The grace after which a call without a visible leg is over, where there is no list (SPEC.md, R17), less some slack. */
const graceMs = 1_500;

/** Stretches in which no leg of the chain could be seen, from its start to its end. */
export function hiddenStretches(chain: Chain, visibility: Visibility): [number, number][] {
  const changes: { readonly at: number; readonly by: 1 | -1 }[] = [];
  const shownAt = new Map<Leg, number>();
  const close = (leg: Leg, at: number) => {
    const from = shownAt.get(leg);
    shownAt.delete(leg);
    if (from === undefined || from >= at) return;
    changes.push({ at: from, by: 1 }, { at, by: -1 });
  };
  for (const fact of chain.facts) {
    if (fact.what === "shown" && visibility.sees(fact.dn) && !shownAt.has(fact.leg)) {
      shownAt.set(fact.leg, visibility.seen(fact.at, fact.leg).at);
    }
    if (fact.what === "gone") close(fact.leg, fact.at);
    if (fact.what === "over") for (const leg of shownAt.keys()) close(leg, fact.at);
  }
  changes.sort((x, y) => x.at - y.at || y.by - x.by);
  const found: [number, number][] = [];
  let live = 0;
  let since: number | null = chain.direction === "incoming" ? chain.startedAt : null;
  for (const { at, by } of changes) {
    live += by;
    if (live === 0) since ??= at;
    else if (since !== null) {
      if (at > since) found.push([since, at]);
      since = null;
    }
  }
  if (since !== null && chain.overAt !== null) found.push([since, chain.overAt]);
  return found.filter(([from]) => from !== chain.overAt);
}

/** It went on for a moment, at a place that nobody sees, and was over there. */
function endsUnseen(chain: Chain, visibility: Visibility): boolean {
  const last = hiddenStretches(chain, visibility).at(-1);
  return last !== undefined && last[1] === chain.overAt;
}

/** The rule by which the chain is exempt; null = all of it is due. */
export function exemptionOf(
  chain: Chain,
  telling: Telling,
  visibility: Visibility,
  setting: Setting,
  notes: readonly FaultNote[],
): string | null {
  const overAt = chain.overAt ?? Number.POSITIVE_INFINITY;
  const shown = chain.facts.find((fact) => fact.what === "shown" && visibility.sees(fact.dn));
  // Before a call comes to anything that can be seen, nobody misses it.
  const begun = ([from, to]: [number, number]) =>
    from > chain.startedAt || (shown !== undefined && to > shown.at + visibility.briefMs);
  const hidden = hiddenStretches(chain, visibility)
    .filter(begun)
    .filter(([from, to]) => to - from >= graceMs);
  if (!hasList(setting) && (hidden.length > 0 || endsUnseen(chain, visibility))) {
    return "hiddenWithoutList";
  }
  const joinedAt = chain.facts.find(({ what }) => what === "attended")?.at;
  const toUnseen = chain.facts.some(
    (fact) => fact.what === "shown" && fact.at === joinedAt && !visibility.sees(fact.dn),
  );
  // The call goes on under another number, at a voicemail box: nothing ties the two together.
  if (toUnseen && setting.switches.attendedTransfer === "keepY") return "joinedUnseen";
  const fails = notes.filter(({ fault }) => fault === "xapiFails");
  const unseen = hiddenStretches(chain, visibility).filter(([from]) => from > chain.startedAt);
  const failedIn = (at: number) => unseen.some(([from, to]) => at >= from - 100 && at <= to);
  if (fails.some(({ fromAt }) => failedIn(fromAt))) return "xapiFails";
  const legs = new Set(chain.facts.flatMap((fact) => ("leg" in fact ? [entityOf(fact.leg)] : [])));
  // The PBX says of a leg that there is none: it is gone, and comes again.
  const denied = notes.find(
    ({ fault, entity, fromAt }) =>
      fault === "missingGets" &&
      entity !== null &&
      legs.has(entity) &&
      fromAt >= chain.startedAt &&
      fromAt <= overAt,
  );
  if (denied !== undefined) return "missingGets";
  for (const { fault, fromAt, toAt } of notes) {
    // Times of before and after are of two clocks.
    if (fault === "clockSteps" && fromAt >= chain.startedAt && fromAt <= overAt) return fault;
    if (!blinding.has(fault)) continue;
    // A call in which nothing happened meanwhile goes on as if nothing had been.
    const within = (at: number) => at >= fromAt - lateEndMs && at <= toAt + lateEndMs;
    if (within(chain.startedAt) || chain.facts.some(({ at }) => within(at))) return fault;
    if (fromAt <= overAt && toAt >= chain.startedAt && !hasList(setting) && hidden.length > 0) {
      return fault;
    }
  }
  return telling.unknowable;
}

/** Faults that blind us to everything; what happens meanwhile, only the call log may tell. */
const blinding: ReadonlySet<FaultName> = new Set(["socketDrops", "pbxRestarts", "ownRestarts"]);
/** An end is known so much later at most; and a connection may be dead for a moment before it breaks. */
const lateEndMs = 3_000;

function entityOf(leg: Leg): string {
  return `/callcontrol/${leg.dn}/participants/${leg.id}`;
}
