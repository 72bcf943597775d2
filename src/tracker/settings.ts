/** The times and limits that the rules go by (SPEC.md gives each with its source). */
export interface TrackerSettings {
  /** Name of the PBX, for event ids. */
  readonly pbx: string;
  /** The PBX's IANA zone, for call ids. */
  readonly timezone: string;
  /** Without the list of active calls: how long after the last leg a call is over. */
  readonly graceMs: number;
  /** The same for a call that was in the list last: one failure of the list ends no parked call. */
  readonly listedGraceMs: number;
  /** A list that was asked and does not answer is given up after this. */
  readonly answerMsMax: number;
  /** Pauses between looks at the list while a call without legs is still in it; the third look comes after `listLagMs`. */
  readonly lookAgainMs: readonly number[];
  /** A list that names a place where the call was before lags, unless it does so for this long. */
  readonly listInsistsMs: number;
  /** How far the list may lag behind the legs. */
  readonly listLagMs: number;
  /** How far at most, where nothing but waiting tells: whether it names a call yet, or still has one where it was. */
  readonly listLateMs: number;
  /** How long the first event of a call waits for an empty number to be filled. */
  readonly numberHoldMs: number;
  /** A list that leaves a living call out so often is no witness of its end. */
  readonly omissionsMax: number;
  /** Pauses between looks at the call log, which is written up to a minute after a call's end. */
  readonly logAgainMs: readonly number[];
  /** The end of a call that was missed where callbacks are offered waits so long for an order; 0 = not at all. */
  readonly callbackHoldMs: number;
  /** Looks at the call log meanwhile. */
  readonly callbackLooks: number;
  /** An attempt to hand over that nothing offers any more has failed after this; routing leaves such holes. */
  readonly attemptFollowMs: number;
  /** Who hands over without waiting for an answer is gone within this time. */
  readonly leaveWithMs: number;
  /** Without the list: how long a departure waits to see whether what still rings goes, too. */
  readonly leaveHoldMs: number;
  /** A phone that rings when a queue or ring group gives the call away, rings on for this time. */
  readonly levelFollowMs: number;
  /** And a phone that rang before, as the frame that ends it may be late or lost. */
  readonly levelRingsOnMs: number;
  /** How long after a phone stopped ringing the reason may show. */
  readonly ringStopMs: number;
  /** A phone that rang for the time of its queue or ring group within this was given up by it. */
  readonly ringTimeSlackMs: number;
  /** Somebody wants the opt-in events. */
  readonly extras: boolean;
  /** How long an ended call is remembered. */
  readonly overKeptMs: number;
  /** Calls that are followed at once, and legs of one; what comes beyond is followed from when there is room. */
  readonly callsMax: number;
  readonly legsMax: number;
  /** A chain of so many links is a loop: its open link ends, and the rest of it is not told. */
  readonly linksMax: number;
}

export const defaultSettings: Omit<TrackerSettings, "pbx" | "timezone"> = {
  graceMs: 2_000,
  listedGraceMs: 60_000,
  answerMsMax: 10_000,
  lookAgainMs: [50, 100, 150, 400, 850],
  listInsistsMs: 5_000,
  listLagMs: 300,
  listLateMs: 1_000,
  numberHoldMs: 200,
  omissionsMax: 2,
  logAgainMs: [2_000, 15_000, 45_000],
  callbackHoldMs: 3_000,
  callbackLooks: 4,
  attemptFollowMs: 1_000,
  leaveWithMs: 100,
  leaveHoldMs: 1_000,
  levelFollowMs: 300,
  levelRingsOnMs: 3_000,
  ringStopMs: 500,
  ringTimeSlackMs: 1_000,
  extras: false,
  overKeptMs: 60_000,
  callsMax: 20_000,
  legsMax: 1_000,
  linksMax: 10_000,
};
