/** The verdict on a seed: what each chain was due, held against what the receiver got. */
import type { Directory } from "../../src/simulator/directory.ts";
import type { Census } from "./census.ts";
import { compare, type Difference, type Expectation, type Got } from "./compare.ts";
import { departureUnseen, handedOverLast, takenUnread, unseenGoings } from "./departure.ts";
import type { DnChanges } from "./dnChanges.ts";
import type { Due, Visibility } from "./due.ts";
import {
  blinding,
  dnChanged,
  entitiesOf,
  exemptionOf,
  goneTogether,
  hiddenStretches,
} from "./exemptions.ts";
import { endsOutside, lapsing } from "./falsehoods.ts";
import { clockOffMsMax, type FaultNote, type FaultPlan } from "./faults.ts";
import type { Chain, Fact, Journal } from "./journal.ts";
import { lateMsMax } from "./lateness.ts";
import { Telling } from "./oracle.ts";
import { type FaultName, hasList, type Setting } from "./setting.ts";
import { Sight } from "./sight.ts";
import type { SimWire } from "./simWire.ts";
import { sorted } from "./sorting.ts";
import {
  attemptFollowMs,
  leaveWithMs,
  listLagMs,
  logReachMs,
  rememberedMs,
} from "./statedTimes.ts";
import { directoryAgainMs, visibilityOf } from "./visibility.ts";
import { boxUnseen, ownBox, unseenBoxes } from "./voicemail.ts";
import type { Store } from "./watcher.ts";
import { dueWithoutList, type Looks, takenBackUnread } from "./withoutList.ts";

export interface ChainVerdict {
  readonly chain: Chain;
  readonly due: readonly Due[];
  readonly got: readonly Got[];
  readonly exempt: string | null;
  /** Exempt, and all the same told as if it were not. */
  readonly isAsDue: boolean;
  /** How many of the due webhooks are exempt. */
  readonly exemptDue: number;
  readonly expectation: Expectation;
  readonly differences: readonly Difference[];
}

export interface Outcome {
  readonly seed: number;
  readonly setting: Setting;
  readonly calls: number;
  readonly webhooks: number;
  readonly verdicts: readonly ChainVerdict[];
  /** Webhooks of calls that never were. */
  readonly invented: readonly Got[];
  readonly brokenInvariants: readonly string[];
  readonly notes: readonly FaultNote[];
  readonly faultCounts: ReadonlyMap<FaultName, number>;
  /** How often what was played. */
  readonly played: ReadonlyMap<string, number>;
  readonly trail: readonly string[];
}

export interface Scene {
  readonly census: Census;
  readonly journal: Journal;
  readonly store: Store;
  readonly plan: FaultPlan;
  readonly wire: SimWire;
  readonly changes: DnChanges;
  /** As it was at the start. */
  readonly office: Directory;
}

export function judge(
  seed: number,
  setting: Setting,
  { journal, store, plan, wire, census, changes, office }: Scene,
  got: readonly Got[],
  calls: number,
): Outcome {
  const briefMs = 4 * setting.latencyMsMax + 10;
  const sight = new Sight(plan.notes, briefMs, clockOffMsMax(setting));
  const visibility = visibilityOf(setting, office, changes, journal.chains, plan.notes, sight);
  const usertypes = usertypesOf(office);
  const { told, invented } = sorted(journal.chains, got, clockOffMsMax(setting));
  const verdicts = journal.chains.map((chain): ChainVerdict => {
    const telling = new Telling(chain, visibility);
    const looks = looksOf(chain, telling, visibility, setting);
    // One profile does not know the event.
    const isSent = ({ kind }: Due) => kind !== "dialing" || setting.manner.profile !== "k2m";
    const due = looks.due.filter(isSent);
    const changed = dnChanged(chain, changes.log, visibility);
    const boxes = unseenBoxes(chain, changes.log, visibility);
    const doubts = [
      telling.unknowable,
      looks.exemption,
      departureUnseen(chain, due, visibility, plan.notes),
      handedOverLast(chain, due, visibility),
      changed,
      takenBackUnread(due, visibility, plan.notes),
      takenUnread(chain, changes.log, visibility, plan.notes),
      boxUnseen(boxes),
      ownBox(chain, visibility),
    ];
    const exemption = exemptionOf(chain, due, doubts, visibility, setting, plan.notes);
    const exempt = exemption?.rule ?? null;
    const exemptFromAt = exemption?.fromAt ?? null;
    const mine = told.get(chain) ?? [];
    const isUnread = isNameUnread(chain, journal.chains, plan.notes);
    const dids = didsOf(chain, setting, isUnread);
    const shownBy = Math.max(...due.map(({ latest }) => latest));
    const isUntold = isNameUnread({ ...chain, overAt: shownBy }, journal.chains, plan.notes);
    const rang = new Set(due.flatMap(({ user, unseen }) => (unseen ? [] : [user])));
    const ringGroups = office.ringGroups.map(({ number }) => number);
    const asQueues = new Set(isUntold ? ringGroups.filter((number) => !rang.has(number)) : []);
    const first = chain.facts.find((fact) => {
      // Who only hears the conversation stands towards one of ours.
      if (fact.what !== "shown" || fact.leg.barges !== null) return false;
      if (!visibility.sees(fact.dn, fact.at)) return false;
      // A consultation has come in on no DID.
      if (fact.leg.call.id !== chain.number) return false;
      const goneAt = fact.leg.end?.at ?? chain.overAt ?? Number.POSITIVE_INFINITY;
      return goneAt > sight.seen(fact.at, fact.leg).at + briefMs;
    });
    const leg = first?.what === "shown" ? first.leg : chain.ownerLeg;
    const firstLegAt = first === undefined ? null : sight.seen(first.at, leg).at + briefMs;
    const clockOffMs = visibility.clockOffMs(chain.startedAt, chain.overAt ?? chain.startedAt);
    const hidden = hiddenStretches(chain, visibility);
    const isLong = ([fromAt, toAt]: readonly [number, number]) => toAt - fromAt >= rememberedMs;
    const forgotten = !hasList(setting) && (changed !== null || hidden.some(isLong));
    const truth = {
      ...lapsesOf(chain, due, plan.notes, hasList(setting), changed !== null),
      looksMs: (visibility.listMs ?? 0) + listLagMs + briefMs,
      clockOffMs,
      chain,
      due,
      usertypes,
      dids,
      rule: exempt,
      forgotten,
      unseenBoxes: boxes,
      unseenGoing: unseenGoings(chain, changes.log, visibility),
    };
    truth.lapses += hidden.length;
    // Whoever listens seems to have got the call where its user's going is not seen to be theirs, too.
    const isBarged = (fact: Fact) => fact.what === "shown" && fact.leg.barges !== null;
    if (exempt !== null) truth.lapses += chain.facts.filter(isBarged).length;
    // An attempt that looks as if it had failed, and its next phone as a new one.
    if (attempting.has(exempt ?? "")) truth.lapses += due.length;
    const entities = entitiesOf(chain);
    const isAnonymous = chain.outside === "";
    const isCallback = chain.calledBackBy !== "" || endsOutside(chain);
    const { callbackQueues } = visibility;
    const calm = {
      callbackQueues,
      setting,
      notes: plan.notes,
      entities,
      isAnonymous,
      hidden,
      legsAt: chain.facts.flatMap((fact) =>
        "leg" in fact && visibility.sees(fact.dn, fact.at) ? fact.at : [],
      ),
      isCallback,
      changes: changes.log.filter(({ at }) => at <= (chain.overAt ?? at)),
      logIns: wire.logIns,
    };
    // What nobody saw is told when the log is read.
    const isUnseen = (one: Due) => due.every((each) => each.unseen || each === one);
    const lateMs = (one: Due) => (isUnseen(one) ? null : lateMsMax(one, calm));
    const expectation = { lateMs, chain, due, dids, asQueues, firstLegAt, exemptFromAt, truth };
    const differences = compare(expectation, mine);
    const isAsDue =
      exempt !== null && compare({ ...expectation, exemptFromAt: null }, mine).length === 0;
    const exemptDue = due.filter(({ at }) => exemptFromAt !== null && at >= exemptFromAt).length;
    return { chain, due, got: mine, exempt, isAsDue, exemptDue, expectation, differences };
  });
  return {
    seed,
    setting,
    calls,
    webhooks: got.length,
    verdicts,
    invented,
    brokenInvariants: store.broken,
    faultCounts: plan.counts,
    played: census.counts,
    notes: plan.notes,
    trail: wire.trail,
  };
}

/** What each DN is called in `usertype`. */
function usertypesOf(directory: Directory): ReadonlyMap<string, string> {
  const applications = directory.clients.map(({ clientId }) => ({ number: clientId }));
  const other = [...directory.ivrs, ...directory.ringGroups, ...applications];
  return new Map([
    ...directory.extensions.map(({ number }) => [number, "ext"] as const),
    ...directory.queues.map(({ number }) => [number, "queue"] as const),
    ...other.map(({ number }) => [number, "other"] as const),
  ]);
}

/** What is due, as it looks with the witnesses that there are. */
function looksOf(chain: Chain, { due }: Telling, visibility: Visibility, setting: Setting): Looks {
  if (hasList(setting)) return { due, exemption: goneTogether(chain, due, visibility) };
  return dueWithoutList(chain, due, visibility);
}

const attempting: ReadonlySet<string> = new Set([
  "unseenAttempt",
  "ringsWhoHandsOver",
  "insideForwarded",
  "dnChanged",
  // Whether who is not monitored hands over, or only tries to, is not told by the list.
  "begunUnseen",
  "directionUnseen",
  // Who only listened seems to have picked the call up and to have lost it; what has it since seems to be of before.
  "heardBriefly",
]);

/** The last look that an end waits for comes so long after we see again (SPEC.md, R19). */
const logReadMs = 20_000;

/** How late, and how often astray, faults may have made what is told of a chain. */
export function lapsesOf(
  chain: Chain,
  due: readonly Due[],
  notes: readonly FaultNote[],
  isListed: boolean,
  isChanged: boolean,
) {
  const { startedAt, overAt } = chain;
  const endAt = overAt ?? Number.POSITIVE_INFINITY;
  const struckBy = (untilAt: number) =>
    notes.filter(({ fromAt, toAt }) => fromAt <= untilAt && toAt >= startedAt - 5_000);
  const struck = struckBy(endAt + 5_000);
  // What the list contradicts is read again at once; but whom it names elsewhere may be handing over still.
  const hands = due.some(({ transfer }) => transfer === "True");
  const readMs = notes.length === 0 && isListed && !hands ? 20_000 : 65_000;
  // What ended while we were blind is judged when the log has been read, after we see again; sight may be lost anew before that.
  // What nobody saw, the log of the next blind stretch may be the first to tell.
  const logged = due.every(({ unseen }) => unseen) ? struckBy(endAt + logReachMs) : struck;
  const blindTo = logged.filter(({ fault }) => blinding.has(fault)).map(({ toAt }) => toAt);
  const judgedAt = Math.max(endAt + 5_000, ...blindTo.map((toAt) => toAt + logReadMs));
  // Of a DN that is not on the list any more nothing shows until then, and faults put that off, too.
  const delaying = struckBy(isChanged ? Math.max(endAt + readMs, judgedAt) : judgedAt);
  // A lost frame is noted until all legs are read again.
  const lasted = delaying.map(({ fault, fromAt, toAt }) =>
    // The log, read when we see again, is read once more a minute after that.
    blinding.has(fault)
      ? Math.min(Math.max(toAt - fromAt, toAt - endAt), 1_000_000)
      : Math.min(toAt - fromAt, 100_000),
  );
  const lateMs = readMs + Math.max(0, ...lasted);
  // While an answer is so slow, a hand-over looks as if nobody had been rung any more.
  const isHeldBack = ({ fault, fromAt, toAt }: FaultNote) =>
    fault === "slowGets" && toAt - fromAt >= attemptFollowMs;
  // While a phone is shown as of before, who has gone on there seems to have sent the call to it.
  const entities = entitiesOf(chain);
  const isStale = ({ fault, fromAt, toAt, entity }: FaultNote) =>
    fault === "staleGets" && toAt - fromAt >= leaveWithMs && entities.has(entity ?? "");
  const strays = (note: FaultNote) => lapsing.has(note.fault) || isHeldBack(note) || isStale(note);
  const lapses = struck.filter(strays).length;
  return { lateMs, lapses };
}

/** We had just come up, and the names of rules could not be read at once. */
function isNameUnread(
  { startedAt, overAt }: Chain,
  chains: readonly Chain[],
  notes: readonly FaultNote[],
): boolean {
  const starts = notes.filter(({ fault }) => fault === "ownRestarts").map(({ toAt }) => toAt);
  const [first] = chains;
  return [first?.startedAt ?? 0, ...starts].some((upAt) => {
    const untilAt = upAt + directoryAgainMs;
    const lives = startedAt <= untilAt && (overAt ?? untilAt) >= upAt;
    const fails = ({ fault, fromAt }: FaultNote) =>
      fault === "xapiFails" && fromAt >= upAt - directoryAgainMs && fromAt <= untilAt;
    return lives && notes.some(fails);
  });
}

/** What `did` may say: the truth where legs carry it and names can be read, else the truth or nothing. */
function didsOf(chain: Chain, { switches }: Setting, isUnread: boolean): readonly string[] {
  const truth = chain.ruleName || chain.did;
  if (switches.partyDid === "all" && switches.xapi === "on") {
    return isUnread ? [truth, chain.did] : [truth];
  }
  return [truth, chain.did, ""];
}

export function outcomeFaults(outcome: Outcome): number {
  const differences = outcome.verdicts.reduce((sum, each) => sum + each.differences.length, 0);
  return differences + outcome.invented.length + outcome.brokenInvariants.length;
}
