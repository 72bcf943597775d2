/**
 * What nobody could know, by rule. Each rule has a name, says why, and looks only at the truth, the visibility and the
 * log of faults; never at what was told.
 */
import type { Leg } from "../../src/simulator/model.ts";
import type { Shown } from "./course.ts";
import type { DnChange } from "./dnChanges.ts";
import type { Due, Visibility } from "./due.ts";
import { endsOutside } from "./falsehoods.ts";
import type { FaultNote } from "./faults.ts";
import { joinedUnseen } from "./joinedUnseen.ts";
import { type Chain, type Fact, goneAtOf } from "./journal.ts";
import type { Setting } from "./setting.ts";
import { graceMs, leaveWithMs, listedGraceMs, listLagMs } from "./statedTimes.ts";
import { blinding, failedLookMs, isUnread, isUntold } from "./unread.ts";

/** By so much a stretch may miss the grace and look as if it did not. */
const slackMs = 200;

/**
 * Stretches in which no leg of the chain could be seen, from its start to its end, if each leg is seen as late as faults
 * may have it and gone at once; `sharp`: as if each were seen at once; `lingering`: as if its going were seen late, too.
 */
export function hiddenStretches(
  chain: Chain,
  visibility: Visibility,
  how: "sharp" | "late" | "lingering" = "late",
): [number, number][] {
  const changes: { readonly at: number; readonly by: 1 | -1 }[] = [];
  const shownAt = new Map<Leg, number>();
  const close = (leg: Leg, at: number) => {
    const from = shownAt.get(leg);
    shownAt.delete(leg);
    const goneAt = how === "lingering" && at !== chain.overAt ? visibility.seen(at, leg).at : at;
    // What lasts no longer may be over before it can be read.
    const shortMs = how === "sharp" ? 0 : visibility.briefMs;
    if (from === undefined || from >= goneAt - shortMs) return;
    changes.push({ at: from, by: 1 }, { at: goneAt, by: -1 });
  };
  for (const fact of chain.facts) {
    if (fact.what === "shown" && visibility.sees(fact.dn, fact.at) && !shownAt.has(fact.leg)) {
      shownAt.set(fact.leg, how === "sharp" ? fact.at : visibility.seen(fact.at, fact.leg).at);
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

/** From `fromAt` on, what happened to the chain cannot be known in full; all before is due. */
export interface Exemption {
  readonly rule: string;
  readonly fromAt: number;
}

/** The first rule by which the chain is exempt; null = all of it is due. */
export function exemptionOf(
  chain: Chain,
  due: readonly Due[],
  doubts: readonly (Exemption | null)[],
  visibility: Visibility,
  setting: Setting,
  notes: readonly FaultNote[],
): Exemption | null {
  const found = [
    ...joinedUnseen(chain, visibility, setting),
    ...witnessFails(chain, visibility, notes),
    ...leftUnlisted(due, notes),
    ...forwardMissed(chain, visibility, notes),
    ...ringMissed(chain, visibility, notes),
    ...kindUnread(chain, visibility, notes),
    ...denied(chain, notes),
    ...directionUnseen(chain, visibility),
    ...heardUnseen(chain, visibility),
    ...conferredUnseen(chain, visibility),
    ...ownMobile(chain),
    ...doubts.filter((doubt) => doubt !== null),
  ];
  // All was due before, and nothing since: a list that fails then invents nothing, unless it was to tell that nothing is.
  const isVain = ({ rule, fromAt }: Exemption) =>
    rule === "xapiFails" && due.every(({ at }) => at < fromAt) && !endsOutside(chain);
  const telling = found.filter((each) => !isVain(each));
  return telling.reduce<Exemption | null>(
    (first, each) => (first === null || each.fromAt < first.fromAt ? each : first),
    null,
  );
}

/**
 * It had a leg at a DN that was put on the list of monitored DNs, or taken from it, before all legs were read again. Of
 * what came there after it was put on the list, frames tell; after it was taken from it, the list of active calls does.
 * Where that cannot be read, nobody sees any more that a leg had gone before, if a fault hid it until then.
 */
export function dnChanged(
  { facts, startedAt, overAt }: Chain,
  changes: readonly DnChange[],
  { sees, seen, listMs }: Pick<Visibility, "sees" | "seen" | "listMs">,
): Exemption | null {
  const touched = changes.flatMap(({ dn, at, settledAt, visible }) => {
    const untilAt = visible || listMs !== null ? at : settledAt;
    const goings = facts.flatMap((fact) => {
      if (fact.what !== "shown" || fact.dn !== dn || fact.at > untilAt) return [];
      const goneAt = goneAtOf(fact.leg, { overAt });
      const isHid = !visible && listMs === null && seen(goneAt, fact.leg).at >= at;
      return goneAt >= at || isHid ? goneAt : [];
    });
    return goings.length === 0 ? [] : Math.min(at, ...goings);
  });
  const [first] = touched;
  if (first === undefined) return null;
  // Of what nobody saw until then, it is told where it is.
  const isSeen = facts.some(
    (fact) => fact.what === "shown" && fact.at < first && sees(fact.dn, fact.at),
  );
  return { rule: "dnChanged", fromAt: isSeen ? first : startedAt };
}

/** The list has named the call by then, and is back before that is forgotten. */
function isNamedBefore({ startedAt }: Chain, at: number, { listMs, listedBy, seen }: Visibility) {
  if (listMs === null) return false;
  const first = seen(listedBy(startedAt + listLagMs), null);
  const namedAt = first.fault === null ? first.at : listedBy(first.at);
  return namedAt < at && listedBy(at) < at + listedGraceMs;
}

/** The list, asked when it is the only witness, fails again and again for as long as the grace, and has not named the call before. */
function witnessFails(
  chain: Chain,
  visibility: Visibility,
  notes: readonly FaultNote[],
): Exemption[] {
  const fails = notes.filter(({ fault }) => fault === "xapiFails");
  // A leg that seems to stand keeps the list from being asked.
  const lingering = hiddenStretches(chain, visibility, "lingering");
  const stretches = [...hiddenStretches(chain, visibility), ...lingering];
  const isIn = ({ fromAt }: FaultNote, from: number, to: number) =>
    fromAt >= from - 100 && fromAt <= to;
  const failsIn = (from: number, to: number) => fails.filter((note) => isIn(note, from, to)).length;
  const isBlind = ({ fault }: FaultNote) => blinding.has(fault);
  // The list is asked when the last leg goes, and when we see again.
  const seenAgain = notes.filter(isBlind).map(({ toAt }) => toAt);
  // That the last leg has gone shows, while the connection is dead, whenever all legs are read.
  const readFails = (from: number, to: number) => {
    const isDead = notes.some((note) => isBlind(note) && note.fromAt <= from && note.toAt >= from);
    return isDead ? fails.filter((note) => isIn(note, from, to)).map(({ fromAt }) => fromAt) : [];
  };
  return stretches.flatMap(([from, to]) =>
    // Before a call comes to anything that can be seen, nobody misses it.
    [from, ...seenAgain.filter((at) => at > from && at <= to), ...readFails(from, to)]
      .filter((at) => at > chain.startedAt && !isNamedBefore(chain, at, visibility))
      // Over before it can be asked again, or the PBX cannot be reached then.
      .filter((at) => {
        const untilAt = Math.min(to, at + graceMs + slackMs);
        const isCutOff = notes.some((note) => isBlind(note) && isIn(note, at, untilAt));
        return failsIn(at, untilAt) >= (to - at <= failedLookMs || isCutOff ? 1 : 2);
      })
      .map((fromAt) => ({ rule: "xapiFails", fromAt })),
  );
}

/** Another phone of who left seems to ring on, by a fault; and the list, asked whether the call goes on, fails until that is judged. */
function leftUnlisted(due: readonly Due[], notes: readonly FaultNote[]): Exemption[] {
  const isFailure = ({ fault, fromAt }: FaultNote, at: number) =>
    fault === "xapiFails" && fromAt >= at && fromAt <= at + graceMs;
  return due
    .filter(({ transfer }) => transfer === "True")
    .filter(({ user, at }) => {
      const seems = (one: Due) =>
        one.kind === "ringing" && one.user === user && one.at === at && one.unseen && one.fault;
      return due.some(seems) && notes.filter((note) => isFailure(note, at)).length > 1;
    })
    .map(({ at }) => ({ rule: "xapiFails", fromAt: at }));
}

/**
 * Only the list shows a conversation with a phone outside, or that the call was sent to one by nobody's phone; where its
 * looks fail, one that is over soon is not seen, nor one that we are blind for soon, to its end, after which the log cannot
 * be read either.
 */
export function forwardMissed(
  { facts, overAt }: Chain,
  { listMs }: Visibility,
  notes: readonly FaultNote[],
): Exemption[] {
  if (listMs === null) return [];
  return facts.flatMap((fact) => {
    if (fact.what !== "shown" || fact.kind !== "trunk") return [];
    if (fact.status !== "connected" && fact.place !== fact.dn) return [];
    const endAt = goneAtOf(fact.leg, { overAt });
    const blind = notes.filter((note) => isUntold(note, endAt, notes));
    const untilAt = Math.min(endAt, ...blind.map((note) => note.fromAt));
    const isMissed = isUnread(fact.at, untilAt, listMs, notes);
    return isMissed ? [{ rule: "xapiFails", fromAt: fact.at }] : [];
  });
}

/** Only the list shows that a phone rings which is not monitored; else what is sent outside from there is nobody's forward. */
function ringMissed(
  chain: Chain,
  visibility: Visibility,
  notes: readonly FaultNote[],
): Exemption[] {
  const missed = missedRings(chain, visibility, notes);
  return missed.map(({ at: fromAt, rule }) => ({ rule, fromAt }));
}

type MissedRing = Shown & { readonly rule: "xapiFails" | "forwardUnseen" };

/**
 * Before the call was sent outside from there each look at the list had failed; or it lags, and they rang for no longer than
 * that may keep a look from showing it.
 */
export function missedRings(
  { facts }: Chain,
  { listMs, lateListMs, sees }: Visibility,
  notes: readonly FaultNote[],
): readonly MissedRing[] {
  if (listMs === null) return [];
  return facts.flatMap((fact): MissedRing[] => {
    if (fact.what !== "shown" || fact.kind !== "trunk") return [];
    const { onBehalfOf } = fact.leg;
    // On whose behalf, of one that was handed over, names who did so.
    const sends = ({ dn, place, leg }: Shown) =>
      dn === onBehalfOf?.dn || (place === dn && leg.end?.at === fact.at);
    const rings = (one: Fact): one is Shown =>
      one.what === "shown" && one.status === "ringing" && sends(one);
    const ring = facts.slice(0, facts.indexOf(fact)).findLast(rings);
    if (ring === undefined || sees(ring.dn, ring.at)) return [];
    if (isUnread(ring.at, fact.at, listMs, notes)) return [{ ...ring, rule: "xapiFails" }];
    return fact.at <= ring.at + lateListMs ? [{ ...ring, rule: "forwardUnseen" }] : [];
  });
}

/** We had just come up, and what a DN is could not be read: a row that has a call at one not monitored may name a place. */
function kindUnread(
  { facts, overAt }: Chain,
  { listMs, sees }: Visibility,
  notes: readonly FaultNote[],
): Exemption[] {
  if (listMs === null) return [];
  const startMs = 1_000;
  const starts = notes.filter(({ fault }) => fault === "ownRestarts").map(({ toAt }) => toAt);
  return facts.flatMap((fact) => {
    if (fact.what !== "shown" || fact.kind !== "extension" || fact.status !== "connected")
      return [];
    if (sees(fact.dn, fact.at)) return [];
    const goneAt = goneAtOf(fact.leg, { overAt });
    const isUnknown = (upAt: number) =>
      goneAt > upAt && fact.at < upAt + startMs && isUnread(upAt - startMs, goneAt, listMs, notes);
    return starts.some(isUnknown) ? [{ rule: "xapiFails", fromAt: fact.at }] : [];
  });
}

/** The PBX says of a leg that there is none: it is gone, and comes again. */
function denied(chain: Chain, notes: readonly FaultNote[]): Exemption[] {
  const overAt = chain.overAt ?? Number.POSITIVE_INFINITY;
  const legs = entitiesOf(chain);
  return notes
    .filter(({ fault, entity }) => fault === "missingGets" && entity !== null && legs.has(entity))
    .filter(({ fromAt }) => fromAt >= chain.startedAt && fromAt <= overAt)
    .map(({ fromAt }) => ({ rule: "missingGets", fromAt }));
}

/** Who calls is the first leg; if later ones are all that we see when we see again, nothing tells who called whom. */
function directionUnseen(chain: Chain, visibility: Visibility): Exemption[] {
  const isCallback = chain.calledBackBy !== "";
  if (chain.direction !== "outgoing" && !isCallback) return [];
  // A queue that calls back: so says the phone that rings, before the PBX dials for it. The list has its user as who
  // called, which is all that there is where that phone did not show.
  const dialsAt =
    chain.facts.find((fact) => fact.what === "shown" && fact.status === "connected")?.at ??
    Number.POSITIVE_INFINITY;
  const looks = chain.facts.flatMap((fact) => {
    if (fact.what !== "shown" || !visibility.sees(fact.dn, fact.at)) return [];
    const { leg } = fact;
    const { at, fault } = visibility.seen(fact.at, leg);
    const isThere = at < goneAtOf(leg, chain);
    // Click-to-call: of several phones that ring first, the one that is lifted dials.
    const dials = leg === chain.ownerLeg && fact.status === "dialing" && fault === null;
    // Whoever picks it up comes as the list does.
    const rings = fact.status === "ringing" && fact.at <= dialsAt;
    const isFirst = visibility.listMs === null || rings;
    const isRung = fault === null ? isFirst : at <= dialsAt;
    const isOwner = isCallback ? isRung : leg.legid === 1 || dials;
    // Another fault's making good may have shown it before.
    return isThere ? [{ at: isOwner ? at : fact.at, isOwner }] : [];
  });
  const firstAt = Math.min(...looks.map(({ at }) => at));
  const isShown = looks.some(({ at, isOwner }) => at === firstAt && isOwner);
  return looks.length === 0 || isShown
    ? []
    : [{ rule: "directionUnseen", fromAt: chain.startedAt }];
}

/** Its legs stood towards a conference when they were seen first: without the list nothing names who is outside. */
function conferredUnseen(chain: Chain, { listMs, seen, sees }: Visibility): Exemption[] {
  const { facts, conferredAt, startedAt } = chain;
  if (conferredAt === null || listMs !== null) return [];
  const looks = facts.flatMap((fact) =>
    fact.what === "shown" && fact.at < conferredAt && sees(fact.dn, fact.at)
      ? [{ goneAt: fact.leg.end?.at ?? conferredAt, ...seen(fact.at, fact.leg) }]
      : [],
  );
  const isNamed = looks.some(({ at, goneAt }) => at < Math.min(goneAt, conferredAt));
  const rule = looks.find(({ fault }) => fault !== null)?.fault;
  return isNamed || !rule ? [] : [{ rule, fromAt: startedAt }];
}

/**
 * Somebody hears a conversation whose answer nobody has seen: as if that were the answer. Or one that is handed over a
 * moment later, or whose end hides theirs: as if they had picked it up.
 */
function heardUnseen(
  { facts, overAt }: Chain,
  { seen, answerSeen, sees, briefMs }: Visibility,
): Exemption[] {
  return facts.flatMap((fact) => {
    if (fact.what !== "shown" || fact.leg.barges === null) return [];
    const { barges } = fact.leg;
    const left = barges.end?.at ?? overAt;
    const isBrief = left !== null && left !== overAt && left - fact.at <= leaveWithMs + briefMs;
    if (isBrief) return [{ rule: "heardBriefly", fromAt: fact.at }];
    const goneAt = fact.leg.end?.at ?? overAt;
    const lingers = goneAt === null ? null : seen(goneAt, fact.leg).fault;
    if (goneAt !== null && lingers !== null) return [{ rule: lingers, fromAt: goneAt }];
    const isAnswer = (one: Fact) =>
      one.what === "shown" && one.leg === barges && one.status === "connected";
    const answer = facts.find(isAnswer);
    if (answer === undefined) return [];
    const known = answerSeen(barges.dn, answer.at, barges);
    const rule = known.fault ?? (sees(barges.dn, answer.at) ? null : "unseenUser");
    return rule !== null && known.at > fact.at ? [{ rule, fromAt: answer.at }] : [];
  });
}

/** Who sends the call to the own number answers it with the mobile that rings there: the contract is silent. */
function ownMobile({ facts }: Chain): Exemption[] {
  return facts.flatMap((fact) => {
    if (fact.what !== "shown" || fact.kind !== "trunk" || fact.status !== "connected") return [];
    const owner = fact.leg.onBehalfOf?.dn;
    const leaves = (one: Fact) => one.what === "gone" && one.dn === owner && one.at === fact.at;
    const talked = (one: Fact) =>
      one.what === "shown" && one.dn === owner && one.status === "connected" && one.at < fact.at;
    const isOwn = facts.some(leaves) && facts.some(talked);
    return isOwn ? [{ rule: "ringsWhoHandsOver", fromAt: fact.at }] : [];
  });
}

/** Its legs, as faults name them. */
export function entitiesOf({ facts }: Chain): ReadonlySet<string> {
  return new Set(facts.flatMap((fact) => ("leg" in fact ? [entityOf(fact.leg)] : [])));
}

export function entityOf(leg: Leg): string {
  return `/callcontrol/${leg.dn}/participants/${leg.id}`;
}
