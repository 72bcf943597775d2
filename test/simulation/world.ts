/** Plays one seed: a PBX, its people, faults on the wire, the program that watches, and the verdict of the oracle. */
import type { Directory } from "../../src/simulator/directory.ts";
import { Pbx } from "../../src/simulator/pbx.ts";
import { defaultSettings, type Settings } from "../../src/simulator/settings.ts";
import type { TrackerSettings } from "../../src/tracker/state.ts";
import type { Clock } from "../../src/util/clock.ts";
import { Census } from "./census.ts";
import { compare, type Difference, type Expectation, type Got } from "./compare.ts";
import { departureUnseen } from "./departure.ts";
import type { Due, Visibility } from "./due.ts";
import { blinding, entitiesOf, exemptionOf, goneTogether, hiddenStretches } from "./exemptions.ts";
import { lapsing } from "./falsehoods.ts";
import { clockOffMsMax, type FaultNote, FaultPlan } from "./faults.ts";
import { furnished } from "./furniture.ts";
import { type Chain, Journal } from "./journal.ts";
import { callbackHoldMs, graceMs, lateMsMax } from "./lateness.ts";
import { officeOf } from "./office.ts";
import { Telling } from "./oracle.ts";
import { People } from "./people.ts";
import { Chance, seedOf } from "./random.ts";
import { type Manner, mannerOf, receive } from "./receiver.ts";
import { type FaultName, hasList, type Setting, settingOf } from "./setting.ts";
import { Sight } from "./sight.ts";
import { SimClock } from "./simClock.ts";
import { SimWire } from "./simWire.ts";
import type { SituationName } from "./situations.ts";
import { sorted } from "./sorting.ts";
import { Troubles } from "./troubles.ts";
import { Store, startWatcher } from "./watcher.ts";
import { dueWithoutList, type Looks } from "./withoutList.ts";

export interface SeedOptions {
  readonly calls: number;
  readonly faults: readonly FaultName[];
  /** Each seed has some of the faults, not all: so each has its say, alone and with others. */
  readonly swarm: boolean;
  readonly transfers: boolean;
  /** Beyond the ordinary day; of several each seed has some. */
  readonly situations: readonly SituationName[];
  /** Only these of the calls, for shrinking; null = all. */
  readonly only: ReadonlySet<number> | null;
  readonly trail: boolean;
  /** Limits of the tracker other than its own: what the oracle must notice. */
  readonly tracker?: Partial<TrackerSettings>;
  /** How the receiver wants its webhooks; as each seed draws it if not said. */
  readonly manner?: Manner;
}

export interface ChainVerdict {
  readonly chain: Chain;
  readonly due: readonly Due[];
  readonly got: readonly Got[];
  readonly exempt: string | null;
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

const timezone = "Europe/Prague";
const usualStartAt = Date.UTC(2026, 4, 4, 8, 0, 0);
/** A moment before Prague puts its clocks forward, and before it puts them back. */
const changesAt = [Date.UTC(2026, 2, 29, 0, 58, 0), Date.UTC(2026, 9, 25, 0, 58, 0)];
/** So long after a failure the directory has been read again. */
const directoryAgainMs = 60_000;
const faultShare = 0.3;
const settleMs = 150_000;

export async function playSeed(seed: number, options: SeedOptions): Promise<Outcome> {
  const chance = (name: string) => new Chance(seedOf(seed, name));
  const drawn = chance("faultNames");
  const faults = options.faults.filter(() => !options.swarm || drawn.happens(faultShare));
  const situations = situationsOf(options, chance("situations"));
  const manner = options.manner ?? mannerOf(chance("manner"));
  const setting = settingOf(chance("setting"), new Set(faults), options, situations, manner);
  const startAt = startOf(situations, chance("start"));
  const clock = new SimClock(startAt);
  const directory = furnished(officeOf(chance("office")), situations, chance("furniture"));
  const settings = defaultSettings(setting.switches);
  const pbx = new Pbx(directory, settings, clock, chance("pbx").next);
  const plan = new FaultPlan(clock, chance("faults"), setting);
  const wire = new SimWire(pbx, clock, plan);
  wire.keepTrail = options.trail;
  const journal = new Journal(pbx, clock);
  const census = new Census(pbx);
  const note = (line: string) => wire.note(line);
  const { transfers } = options;
  const people = new People({ seed, pbx, clock, journal, transfers, situations, note });
  const store = new Store();
  const got: Got[] = [];
  const jitter = chance("jitter");
  const storing = chance("store");
  const troubles = new Troubles({
    clock,
    chance: chance("troubles"),
    plan,
    wire,
    pbx,
    setting,
    start: (aheadMs) =>
      startWatcher({
        clock: aheadOf(clock, aheadMs),
        timeBase: { bootId: "simulation", zeroAt: aheadMs },
        store,
        transport: wire.transport,
        timezone,
        activeCallsPollMs: setting.activeCallsPollMs,
        tracker: options.tracker ?? {},
        random: jitter.next,
        storeMs: () => (setting.faults.has("ownRestarts") ? storing.between(0, 4) : 0),
        onEvents: (events) => {
          for (const event of events) {
            const { fields, text, flaw } = receive(event, setting.manner);
            if (fields === null) continue;
            note(`WEBHOOK ${text}`);
            got.push({ at: clock.now(), fields });
            if (flaw !== null) store.broken.push(`${flaw} in ${text}`);
          }
        },
      }),
  });
  const when = chance("when");
  let at = startAt + 5_000;
  const begins = Array.from({ length: options.calls }, (_, index) => {
    at += when.between(0, when.happens(0.1) ? 20_000 : 1500);
    return { index, at };
  });
  const starting = troubles.begin(at + 30_000);
  await clock.runUntil(startAt + 5_000);
  await starting;
  for (const begin of begins) {
    if (options.only !== null && !options.only.has(begin.index)) continue;
    clock.after(begin.at - clock.now(), () => people.begin(begin.index));
  }
  await clock.runUntil(at + 60_000);
  for (const call of pbx.calls()) pbx.dropCall(call.id);
  plan.over = true;
  await clock.runUntil(clock.now() + settleMs);
  troubles.end();
  await clock.runUntil(clock.now() + 1);
  return judge(seed, setting, { journal, store, plan, wire, pbx, census }, got, people.calls);
}

function aheadOf(clock: Clock, aheadMs: number): Clock {
  if (aheadMs === 0) return clock;
  return {
    now: () => clock.now() + aheadMs,
    after: (delayMs, run) => clock.after(delayMs, run),
  };
}

function situationsOf({ situations }: SeedOptions, chance: Chance): ReadonlySet<SituationName> {
  return new Set(situations.filter(() => chance.happens(0.5) || situations.length === 1));
}

function startOf(situations: ReadonlySet<SituationName>, chance: Chance): number {
  return situations.has("summertime") ? chance.pick(changesAt) : usualStartAt;
}

interface Scene {
  readonly census: Census;
  readonly journal: Journal;
  readonly store: Store;
  readonly plan: FaultPlan;
  readonly wire: SimWire;
  readonly pbx: Pbx;
}

function judge(
  seed: number,
  setting: Setting,
  { journal, store, plan, wire, pbx, census }: Scene,
  got: readonly Got[],
  calls: number,
): Outcome {
  const shows = defaultSettings(setting.switches);
  const visible = visibleOf(pbx.directory, shows);
  const briefMs = 4 * setting.latencyMsMax + 10;
  const sight = new Sight(plan.notes, briefMs, clockOffMsMax(setting));
  const visibility: Visibility = {
    sees: (dn) => visible.has(dn),
    briefMs,
    listMs: hasList(setting) ? setting.activeCallsPollMs : null,
    namesHolder: shows.polledOriginatedBy === "holder",
    callbackQueues: shows.xapi === "on" ? offering(pbx.directory) : new Set(),
    tellsOrder: (at) => (isXapiTroubled(plan.notes, at) ? null : tellsOrder(shows, setting)),
    isCalledBack: (number, at) => journal.chains.some(callsBackSoon(number, at)),
    seen: (at, leg) => sight.seen(at, leg),
    clockOffMs: (fromAt, toAt) => sight.clockOffMs(fromAt, toAt),
    troubled: (dn, fromAt, toAt) => sight.troubled(dn, fromAt, toAt),
  };
  const usertypes = usertypesOf(pbx.directory);
  const { told, invented } = sorted(journal.chains, got, clockOffMsMax(setting));
  const verdicts = journal.chains.map((chain): ChainVerdict => {
    const telling = new Telling(chain, visibility);
    const looks = looksOf(chain, telling, visibility, setting);
    // One profile does not know the event.
    const isSent = ({ kind }: Due) => kind !== "dialing" || setting.manner.profile !== "k2m";
    const due = looks.due.filter(isSent);
    const doubts = [telling.unknowable, looks.exemption, departureUnseen(chain, due, plan.notes)];
    const exemption = exemptionOf(chain, doubts, visibility, setting, plan.notes);
    const exempt = exemption?.rule ?? null;
    const exemptFromAt = exemption?.fromAt ?? null;
    const mine = told.get(chain) ?? [];
    const dids = didsOf(chain, setting);
    const first = chain.facts.find((fact) => {
      if (fact.what !== "shown" || !visibility.sees(fact.dn)) return false;
      const goneAt = fact.leg.end?.at ?? chain.overAt ?? Number.POSITIVE_INFINITY;
      return goneAt > sight.seen(fact.at, fact.leg).at + briefMs;
    });
    const leg = first?.what === "shown" ? first.leg : chain.ownerLeg;
    const firstLegAt = first === undefined ? null : sight.seen(first.at, leg).at + briefMs;
    const clockOffMs = visibility.clockOffMs(chain.startedAt, chain.overAt ?? chain.startedAt);
    const truth = {
      ...lapsesOf(chain, plan.notes),
      clockOffMs,
      chain,
      due,
      usertypes,
      dids,
      rule: exempt,
    };
    const hidden = hiddenStretches(chain, visibility);
    truth.lapses += hidden.length;
    // An attempt that looks as if it had failed, and its next phone as a new one.
    if (attempting.has(exempt ?? "")) truth.lapses += due.length;
    const entities = entitiesOf(chain);
    const isAnonymous = chain.outside === "";
    const isCallback = chain.calledBackBy !== "";
    const { callbackQueues } = visibility;
    const calm = {
      callbackQueues,
      setting,
      notes: plan.notes,
      entities,
      isAnonymous,
      hidden,
      isCallback,
    };
    const lateMs = (one: Due) => lateMsMax(one, calm);
    const expectation = { lateMs, chain, due, dids, firstLegAt, exemptFromAt, truth };
    const differences = compare(expectation, mine);
    const exemptDue = due.filter(({ at }) => exemptFromAt !== null && at >= exemptFromAt).length;
    return { chain, due, got: mine, exempt, exemptDue, expectation, differences };
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

const offering = ({ queues }: Directory) =>
  new Set(queues.filter(({ callback }) => callback).map(({ number }) => number));

/** The directory or the log could not be read, or nobody was there to read them. */
function isXapiTroubled(notes: readonly FaultNote[], at: number): boolean {
  return notes.some(
    ({ fault, fromAt, toAt }) =>
      (fault === "xapiFails" || blinding.has(fault)) &&
      fromAt <= at + callbackHoldMs &&
      toAt >= at - directoryAgainMs,
  );
}

const callsBackSoon =
  (number: string, at: number) =>
  ({ calledBackBy, outside, startedAt, overAt }: Chain): boolean =>
    calledBackBy !== "" &&
    outside === number &&
    startedAt <= at + graceMs + 2 * callbackHoldMs &&
    (overAt ?? at) >= at;

/** The log has the order at once; or too late, unless the call-back itself comes first. */
function tellsOrder(
  { xapi, callLogDelayMs, callbackMs }: Settings,
  setting: Setting,
): boolean | null {
  if (xapi !== "on") return false;
  const waitsMs = callbackHoldMs + (hasList(setting) ? 0 : graceMs + setting.latencyMsMax);
  return callLogDelayMs === 0 ? true : callbackMs <= waitsMs ? null : false;
}

/** The monitored DNs, of the kinds that this PBX lets be seen. */
function visibleOf(directory: Directory, shows: Settings): ReadonlySet<string> {
  const hidden = [
    ...(shows.showQueues ? [] : directory.queues),
    ...(shows.showIvrs ? [] : directory.ivrs),
    ...(shows.showRingGroups ? [] : directory.ringGroups),
  ].map(({ number }) => number);
  return new Set(
    directory.clients
      .flatMap(({ clientId, monitored }) => [clientId, ...monitored])
      .filter((number) => !hidden.includes(number)),
  );
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
]);

/** How late, and how often astray, faults may have made what is told of a chain. */
function lapsesOf(chain: Chain, notes: readonly FaultNote[]) {
  const until = (chain.overAt ?? Number.POSITIVE_INFINITY) + 5_000;
  const struck = notes.filter(
    ({ fromAt, toAt }) => fromAt <= until && toAt >= chain.startedAt - 5_000,
  );
  const lasted = struck.map(({ fromAt, toAt }) => Math.min(toAt - fromAt, 100_000));
  const lateMs = 65_000 + Math.max(0, ...lasted);
  const lapses = struck.filter(({ fault }) => lapsing.has(fault)).length;
  return { lateMs, lapses };
}

/** What `did` may say: the truth where legs carry it and names can be read, else the truth or nothing. */
function didsOf(chain: Chain, { switches }: Setting): readonly string[] {
  const truth = chain.ruleName || chain.did;
  if (switches.partyDid === "all" && switches.xapi === "on") return [truth];
  return [truth, chain.did, ""];
}

export function outcomeFaults(outcome: Outcome): number {
  const differences = outcome.verdicts.reduce((sum, each) => sum + each.differences.length, 0);
  return differences + outcome.invented.length + outcome.brokenInvariants.length;
}
