/** What the receiver is to get of one chain, how late and how far astray that may be, and from when on it is exempt. */
import type { Directory } from "../../src/simulator/directory.ts";
import type { Census } from "./census.ts";
import type { Expectation } from "./compare.ts";
import {
  departureUnseen,
  goneTogether,
  handedOverLast,
  takenUnread,
  unseenGoings,
} from "./departure.ts";
import type { DnChanges } from "./dnChanges.ts";
import type { Due, Visibility } from "./due.ts";
import {
  dnChanged,
  type Exemption,
  entitiesOf,
  exemptionOf,
  hiddenStretches,
  missedRings,
} from "./exemptions.ts";
import { endsOutside, lapsing, type Truth } from "./falsehoods.ts";
import { clockOffMsMax, type FaultNote, type FaultPlan } from "./faults.ts";
import { takenUnseen } from "./joinedUnseen.ts";
import { type Chain, type Fact, goneAtOf, type Journal } from "./journal.ts";
import { type Calm, lateMsMax } from "./lateness.ts";
import { Telling } from "./oracle.ts";
import { parkedUntold } from "./parking.ts";
import { faultNames, hasList, type Setting } from "./setting.ts";
import { Sight } from "./sight.ts";
import type { SimWire } from "./simWire.ts";
import {
  attemptFollowMs,
  leaveWithMs,
  listLagMs,
  logLooksMs,
  logReachMs,
  rememberedMs,
} from "./statedTimes.ts";
import { pickedUpInstead, twinStays } from "./twins.ts";
import { blinding } from "./unread.ts";
import { directoryAgainMs, visibilityOf } from "./visibility.ts";
import { boxUnseen, ownBox, unseenBoxes } from "./voicemail.ts";
import type { Store } from "./watcher.ts";
import { dueWithoutList, type Looks, takenBackUnread } from "./withoutList.ts";

/** What was played and written down. */
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

/** What all chains of a seed are judged by. */
export interface Grounds extends Scene {
  readonly setting: Setting;
  readonly sight: Sight;
  readonly visibility: Visibility;
  readonly usertypes: ReadonlyMap<string, string>;
  /** What a frame and the answer to its GET take. */
  readonly briefMs: number;
}

export function groundsOf(setting: Setting, scene: Scene): Grounds {
  const { journal, plan, changes, office } = scene;
  const briefMs = 4 * setting.latencyMsMax + 10;
  const sight = new Sight(plan.notes, briefMs, clockOffMsMax(setting));
  const visibility = visibilityOf(setting, office, changes, journal.chains, plan.notes, sight);
  return { ...scene, setting, sight, visibility, usertypes: usertypesOf(office), briefMs };
}

export interface Expected {
  readonly expectation: Expectation;
  /** The rule by which it is exempt, from some time on. */
  readonly exempt: string | null;
}

export function expectationOf(chain: Chain, grounds: Grounds): Expected {
  const { setting, visibility, journal, plan, changes, office } = grounds;
  const telling = new Telling(chain, visibility);
  const looks = looksOf(chain, telling, visibility, setting);
  // One profile does not know the event.
  const isSent = ({ kind }: Due) => kind !== "dialing" || setting.manner.profile !== "k2m";
  const due = looks.due.filter(isSent);
  const changed = dnChanged(chain, changes.log, visibility);
  const boxes = unseenBoxes(chain, changes.log, plan.notes, visibility);
  const instead = pickedUpInstead(chain, journal.chains, visibility);
  const doubts = [
    telling.unknowable,
    looks.exemption,
    departureUnseen(chain, due, visibility, plan.notes),
    handedOverLast(chain, due, visibility),
    changed,
    takenBackUnread(due, visibility, plan.notes),
    takenUnseen(chain, journal.chains, visibility),
    instead && { rule: "takenUnseen", fromAt: instead.fromAt },
    parkedUntold(chain, visibility, plan.notes),
    takenUnread(chain, changes.log, visibility, plan.notes),
    boxUnseen(boxes),
    ownBox(chain, visibility),
  ];
  const exemption = exemptionOf(chain, due, doubts, visibility, setting, plan.notes);
  const exempt = exemption?.rule ?? null;
  const hidden = hiddenStretches(chain, visibility);
  const seeming = hasList(setting) ? seemingDids(chain, office) : [];
  const dids = [
    ...didsOf(chain, setting, isNameUnread(chain, journal.chains, plan.notes)),
    ...seeming,
  ];
  const isLong = ([fromAt, toAt]: readonly [number, number]) => toAt - fromAt >= rememberedMs;
  // Who only hears the conversation stands towards one of ours: their leg shows nothing of the outside party.
  const isHeard = (fact: Fact) => "leg" in fact && fact.leg.barges !== null;
  const facts = chain.facts.filter((fact) => !isHeard(fact));
  // A first leg that was denied, or only the listener's, may have shown it for a moment all the same.
  const unheard = { ...chain, facts, direction: "incoming" } as const;
  const unseenFor = hiddenStretches(unheard, visibility);
  const truth: Truth = {
    ...lapsesOf(chain, due, plan.notes, {
      isListed: hasList(setting),
      isChanged: changed !== null,
      hiddenFromAt: hiddenFrom(exemption),
    }),
    looksMs: (visibility.listMs ?? 0) + listLagMs + grounds.briefMs,
    clockOffMs: visibility.clockOffMs(chain.startedAt, chain.overAt ?? chain.startedAt),
    ...{ chain, due, usertypes: grounds.usertypes, dids, rule: exempt },
    seemingDids: seeming,
    forgotten: hasList(setting)
      ? 0
      : Math.max(Number(changed !== null), unseenFor.filter(isLong).length),
    isMistakenAt: (at) => visibility.listMs === null && visibility.isCalledBack(chain.outside, at),
    unseenBoxes: boxes,
    missedRings: missedRings(chain, visibility, plan.notes),
    unseenGoing: unseenGoings(chain, changes.log, visibility),
    twins: [
      ...(exempt === "dnChanged" ? twinStays(chain, journal.chains, changes.log, visibility) : []),
      ...(exempt === "takenUnseen" && instead !== null ? instead.stays : []),
    ],
  };
  const rules = new Set(exempt === null ? [] : [exempt, ...telling.doubted]);
  const lapses = truth.lapses + hidden.length + lapsesByRule(chain, due, rules);
  const calm = calmOf(chain, due, hidden, grounds);
  // What nobody saw is told when the log is read.
  const isUnseen = (one: Due) => due.every((each) => each.unseen || each === one);
  const expectation = {
    ...{ chain, due, dids },
    asQueues: asQueuesOf(chain, due, grounds),
    firstLegAt: firstLegAtOf(chain, grounds),
    exemptFromAt: exemption?.fromAt ?? null,
    lateMs: (one: Due) => (isUnseen(one) ? null : lateMsMax(one, calm)),
    truth: { ...truth, lapses },
  };
  return { expectation, exempt };
}

/** Ring groups that did not show by a leg while no directory could be read. */
function asQueuesOf(chain: Chain, due: readonly Due[], grounds: Grounds): ReadonlySet<string> {
  const shownBy = Math.max(...due.map(({ latest }) => latest));
  const { journal, plan, office } = grounds;
  if (!isNameUnread({ ...chain, overAt: shownBy }, journal.chains, plan.notes)) return new Set();
  const rang = new Set(due.flatMap(({ user, unseen }) => (unseen ? [] : [user])));
  const ringGroups = office.ringGroups.map(({ number }) => number);
  return new Set(ringGroups.filter((number) => !rang.has(number)));
}

/** When a leg that carries the outside party must have been seen; null = never. */
function firstLegAtOf(chain: Chain, { visibility, sight, briefMs }: Grounds): number | null {
  const first = chain.facts.find((fact) => {
    // Who only hears the conversation stands towards one of ours.
    if (fact.what !== "shown" || fact.leg.barges !== null) return false;
    if (!visibility.sees(fact.dn, fact.at)) return false;
    // A consultation has come in on no DID.
    if (fact.leg.call.id !== chain.number) return false;
    const goneAt = goneAtOf(fact.leg, chain);
    return goneAt > sight.seen(fact.at, fact.leg).at + briefMs;
  });
  if (first?.what !== "shown") return null;
  return sight.seen(first.at, first.leg).at + briefMs;
}

/** How often more the call may have looked over, or passed on, by what the exemption's rules leave open. */
function lapsesByRule(chain: Chain, due: readonly Due[], rules: ReadonlySet<string>): number {
  if (rules.size === 0) return 0;
  // Whoever listens seems to have got the call where its user's going is not seen to be theirs, too.
  const isBarged = (fact: Fact) => fact.what === "shown" && fact.leg.barges !== null;
  const barged = chain.facts.filter(isBarged).length;
  // An attempt that looks as if it had failed, and its next phone as a new one.
  return [...rules].some((rule) => attempting.has(rule)) ? barged + due.length : barged;
}

function calmOf(
  chain: Chain,
  due: readonly Due[],
  hidden: Calm["hidden"],
  { setting, visibility, plan, changes, wire }: Grounds,
): Calm {
  return {
    callbackQueues: visibility.callbackQueues,
    setting,
    notes: plan.notes,
    entities: entitiesOf(chain),
    isAnonymous: chain.outside === "",
    hidden,
    reached: due.filter(({ kind }) => kind === "ringing"),
    legsAt: chain.facts.flatMap((fact) =>
      "leg" in fact && visibility.sees(fact.dn, fact.at) ? fact.at : [],
    ),
    isCallback: chain.calledBackBy !== "" || endsOutside(chain),
    changes: changes.log.filter(({ at }) => at <= (chain.overAt ?? at)),
    logIns: wire.logIns,
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

/** An end that waits for the log is told so long after we see again: the list fails or the grace passes first, and readings take their time. */
const logReadMs = logLooksMs + 8_000;

interface Told {
  /** The list of active calls is read. */
  readonly isListed: boolean;
  /** It was at a DN as that was put on the list of monitored DNs, or taken from it. */
  readonly isChanged: boolean;
  /** Exempt from then on, as a fault hid it. */
  readonly hiddenFromAt: number;
}

/** Faults that hide a leg. */
const hiding: ReadonlySet<string> = new Set(faultNames.filter((name) => !blinding.has(name)));

function hiddenFrom(exemption: Exemption | null): number {
  const isHidden = exemption !== null && hiding.has(exemption.rule);
  return isHidden ? exemption.fromAt : Number.POSITIVE_INFINITY;
}

/** How late, and how often astray, faults may have made what is told of a chain. */
export function lapsesOf(
  chain: Chain,
  due: readonly Due[],
  notes: readonly FaultNote[],
  { isListed, isChanged, hiddenFromAt }: Told,
) {
  const { startedAt, overAt } = chain;
  const endAt = overAt ?? Number.POSITIVE_INFINITY;
  const struckBy = (untilAt: number) =>
    notes.filter(({ fromAt, toAt }) => fromAt <= untilAt && toAt >= startedAt - 5_000);
  const struck = struckBy(endAt + 5_000);
  // A leg whose going a fault hid is judged when that shows.
  const entities = entitiesOf(chain);
  const hidden = struck.filter(({ entity }) => entities.has(entity ?? ""));
  const shownAt = Math.max(endAt, ...hidden.map(({ toAt }) => toAt)) + 5_000;
  // What the list contradicts is read again at once; but whom it names elsewhere may be handing over still.
  const hands = due.some(({ transfer }) => transfer === "True");
  const readMs = notes.length === 0 && isListed && !hands ? 20_000 : logReadMs;
  // What ended while we were blind is judged when the log has been read, after we see again; sight may be lost anew before that.
  // What nobody saw, or a fault hid, the log of the next blind stretch may be the first to tell.
  const isUnseen = due.every(({ unseen, at }) => unseen || at >= hiddenFromAt);
  const logged = struckBy(isUnseen ? Math.max(endAt + logReachMs, shownAt) : shownAt);
  const blindTo = logged.filter(({ fault }) => blinding.has(fault)).map(({ toAt }) => toAt);
  const judgedAt = Math.max(shownAt, ...blindTo.map((toAt) => toAt + logReadMs));
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

/** A number of ours that calls, by the list, may be the one that was called (docs/unknowns.md). */
function seemingDids({ outside }: Chain, { inboundRules }: Directory): readonly string[] {
  const own = inboundRules.filter(({ did }) => did === outside);
  return own.map(({ ruleName, did }) => ruleName || did);
}
