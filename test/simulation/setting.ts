/** What a seed decides before anything is played: the switches of the unknowns, visibility, and which faults there are. */
import type { SettingsPatch } from "../../src/simulator/settings.ts";
import type { Chance } from "./random.ts";
import type { Manner } from "./receiver.ts";
import type { SituationName } from "./situations.ts";

export const faultNames = [
  "duplicateFrames",
  "slowGets",
  "staleGets",
  "missingGets",
  "failingGets",
  "lateFrames",
  "reorderedFrames",
  "lostFrames",
  "socketDrops",
  "xapiFails",
  "pbxRestarts",
  "ownRestarts",
  "clockSteps",
] as const;
export type FaultName = (typeof faultNames)[number];

export interface Setting {
  readonly switches: SettingsPatch;
  /** 0 = the list of active calls is not read. */
  readonly activeCallsPollMs: number;
  /** One way of a request or an answer, at most. */
  readonly latencyMsMax: number;
  readonly faults: ReadonlySet<FaultName>;
  /** How often faults strike, as a share of the usual rates: 0 to 1. */
  readonly faultRate: number;
  readonly transfers: boolean;
  readonly situations: ReadonlySet<SituationName>;
  /** How the receiver wants its webhooks. */
  readonly manner: Manner;
}

/** `drawn`: a stream of chance by its name; what is drawn newly has one of its own, so that older draws stay as they were. */
export function settingOf(
  drawn: (name: string) => Chance,
  faults: ReadonlySet<FaultName>,
  { transfers, faultRate }: Pick<Setting, "transfers" | "faultRate">,
  situations: ReadonlySet<SituationName>,
  manner: Manner,
): Setting {
  const chance = drawn("setting");
  const switches: SettingsPatch = {
    holdStatus: chance.pick(["connected", "hold"]),
    partyDid: chance.pick(["all", "routepoint", "empty"]),
    polledOriginatedBy: chance.pick(["holder", "holder", "router", "empty"]),
    keepOriginatedBy: chance.happens(0.5),
    referredBy: chance.pick(["present", "empty"]),
    attendedTransfer: chance.pick(["keepX", "keepY", "newLeg"]),
    blindTransferLeaves: chance.pick(["atOnce", "onAnswer"]),
    deviceLegs: chance.pick(["perDn", "perDevice"]),
    showQueues: chance.happens(0.7),
    showIvrs: chance.happens(0.7),
    showRingGroups: chance.happens(0.5),
    namePrefix: chance.pick(["queue", "queueOrRule", "none"]),
    dialingFirstEmpty: chance.happens(0.5),
    menuFlashesRinging: chance.happens(0.5),
    repollMs: chance.pick([400, 2000]),
    repollSpreadMs: chance.pick([0, 3000]),
    expiresIn: chance.pick([60, 3600]),
    tokenLifetimeMs: chance.pick([60_000, 3_600_000]),
    xapi: chance.weighed({ on: 4, forbidden: 1, absent: 1 }),
    ...(situations.has("callbacks")
      ? { callbackMs: chance.pick([1_500, 5_000]), callLogDelayMs: chance.pick([0, 0, 40_000]) }
      : {}),
    ...(situations.has("conferenceRooms") ? { conference: "ownCalls" as const } : {}),
    ...(situations.has("parkTimeouts") ? { parkTimeoutMs: chance.pick([3_000, 12_000]) } : {}),
    ...(situations.has("trunks") ? { trunkFailsChance: chance.pick([0, 0.5]) } : {}),
    sequence: chance.pick(["perConnection", "perServer"]),
    duplicateUpsertChance: faults.has("duplicateFrames") ? 0.3 * faultRate : 0,
    flickerChance: chance.pick([0, 0.05]),
  };
  const activeCallsPollMs = chance.happens(0.85) ? 1000 : 0;
  const latencyMsMax = chance.pick([1, 5, 20]);
  const ends: SettingsPatch = {
    legEnds: chance.pick(["youngestFirst", "oldestFirst"]),
    legEndSpreadMs: chance.pick([0, 8]),
    cancelMs: chance.pick([3, 3, 700]),
    ringingTransfer: chance.pick(["newLeg", "keepsLeg"]),
  };
  // A short number, or one of another PBX, is known for an outside one by the directory alone.
  const isTold =
    switches.xapi === "on" || !(situations.has("numberFormats") || situations.has("trunks"));
  const parties = isTold
    ? (["trunk", "trunk", "poller", "pollerStays"] as const)
    : (["trunk"] as const);
  const lateLog = drawn("callLogDelay");
  const lateList = drawn("listLagMs");
  const later: SettingsPatch = {
    polledParty: drawn("polledParty").pick(parties),
    joinedCalls: drawn("joinedCalls").pick(["oneMain", "oneMain", "apart"]),
    voicemailListed: drawn("voicemailListed").pick(["menu", "named", "owner"]),
    featureCodes: drawn("featureCodes").pick(["sameCall", "sameCall", "ownLegFirst", "ownCall"]),
    ...(drawn("newCall").happens(0.25) ? { attendedTransfer: "newCall" } : {}),
    ...(lateLog.happens(0.25) ? { callLogDelayMs: lateLog.pick([20_000, 40_000, 60_000]) } : {}),
    ...(lateList.happens(0.25) ? { listLagMs: lateList.pick([300, 1_000]) } : {}),
  };
  return {
    switches: { ...switches, ...ends, ...later },
    activeCallsPollMs,
    latencyMsMax,
    faults,
    faultRate,
    transfers,
    situations,
    manner,
  };
}

/** The setting in one line, for a failure. */
export function settingText({
  switches,
  activeCallsPollMs,
  latencyMsMax,
  faults,
  faultRate,
  situations,
  manner,
}: Setting): string {
  const parts = Object.entries(switches).map(([name, value]) => `${name}=${value}`);
  parts.push(`profile=${manner.profile}`, `method=${manner.method}`);
  const rest = [`poll=${activeCallsPollMs}`, `latency=${latencyMsMax}`];
  rest.push(`situations=${[...situations].join("+") || "none"}`);
  rest.push(`faults=${[...faults].join("+") || "none"}`, `faultRate=${faultRate}`);
  return [...parts, ...rest].join(" ");
}

/** How late at most the list of active calls, read steadily, shows what has happened. */
export const listedMs = ({ switches, activeCallsPollMs }: Setting): number =>
  activeCallsPollMs + (switches.listLagMs ?? 0);

export const hasList = ({ switches, activeCallsPollMs }: Setting): boolean =>
  switches.xapi === "on" && activeCallsPollMs > 0;
