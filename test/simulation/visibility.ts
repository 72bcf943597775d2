/** What could be seen of a seed's calls: by the list of monitored DNs, the switches, and the log of faults. */
import type { Directory } from "../../src/simulator/directory.ts";
import { defaultSettings, type Settings } from "../../src/simulator/settings.ts";
import type { DnChanges } from "./dnChanges.ts";
import type { Visibility } from "./due.ts";
import type { FaultNote } from "./faults.ts";
import type { Chain } from "./journal.ts";
import { hasList, listedMs, type Setting } from "./setting.ts";
import type { Sight } from "./sight.ts";
import { callbackHoldMs, graceMs, listLagMs, lookApartMs, talkLogMs } from "./statedTimes.ts";
import { blinding } from "./unread.ts";

/** So long after a failure the directory has been read again. */
export const directoryAgainMs = 60_000;

export function visibilityOf(
  setting: Setting,
  office: Directory,
  changes: DnChanges,
  chains: readonly Chain[],
  notes: readonly FaultNote[],
  sight: Sight,
): Visibility {
  const shows = defaultSettings(setting.switches);
  return {
    sees: (dn, at) => changes.sees(dn, at),
    briefMs: sight.briefMs,
    listMs: hasList(setting) ? listedMs(setting) : null,
    lateListMs: hasList(setting) && shows.listLagMs > 0 ? shows.listLagMs + lookApartMs : 0,
    listedBy: (at) => (hasList(setting) ? listedBy(at, setting, notes) : at),
    answerSeen: (user, at, leg) => {
      if (!hasList(setting) || changes.sees(user, at)) return sight.seen(at, leg);
      const silentAt = at + shows.cancelMs + listLagMs;
      return sight.seen(listedBy(silentAt, setting, notes), null);
    },
    namesHolder: shows.polledOriginatedBy === "holder" || shows.polledParty !== "trunk",
    namesRouter: shows.polledOriginatedBy === "router" && shows.polledParty === "trunk",
    callbackQueues: shows.xapi === "on" ? offering(office) : new Set(),
    tellsOrder: (at) => {
      const overAt = hasList(setting) ? listedBy(at, setting, notes) : at + graceMs;
      const untilAt = sight.seen(overAt, null).at + callbackHoldMs;
      return isXapiTroubled(notes, at, untilAt) ? null : tellsOrder(shows, setting);
    },
    isCalledBack: (number, at) => chains.some(callsBackSoon(number, at)),
    seen: (at, leg) => sight.seen(at, leg),
    clockOffMs: (fromAt, toAt) => sight.clockOffMs(fromAt, toAt),
    lostMs: (at) => sight.lostMs(at),
    unloggedMs: (at) => {
      const isLate = at + shows.callLogDelayMs > sight.seen(at, null).at + talkLogMs;
      return isLate ? sight.blindMs(at) : sight.lostMs(at);
    },
    blinded: (fromAt, toAt) => sight.blinded(fromAt, toAt),
    troubled: (dn, fromAt, toAt) => sight.troubled(dn, fromAt, toAt),
  };
}

/** A look that failed is made good by the next one. */
function listedBy(at: number, setting: Setting, notes: readonly FaultNote[]): number {
  let by = at + listedMs(setting);
  for (const { fault, fromAt } of notes) {
    if (fault === "xapiFails" && fromAt >= at && fromAt <= by)
      by = Math.max(by, fromAt + setting.activeCallsPollMs);
  }
  return by;
}

const offering = ({ queues }: Directory) =>
  new Set(queues.filter(({ callback }) => callback).map(({ number }) => number));

/** The directory or the log could not be read, or nobody was there to read them. */
function isXapiTroubled(notes: readonly FaultNote[], at: number, untilAt: number): boolean {
  return notes.some(
    ({ fault, fromAt, toAt }) =>
      (fault === "xapiFails" || blinding.has(fault)) &&
      fromAt <= untilAt &&
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
export function visibleOf(directory: Directory, shows: Settings): ReadonlySet<string> {
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
