/**
 * Every switch of the simulated PBX: what nobody outside 3CX knows for certain, and faults.
 * Defaults believe the best supported observation. All may be changed while it runs.
 */
import { z } from "zod";
import { LIST_LAG_MS_MAX } from "./listHistory.ts";

const ms = z.number().int().min(0).max(86_400_000);
const chance = z.number().min(0).max(1);

export const settingsSchema = z.strictObject({
  // What the wire says.
  /** How a held leg looks: the engine's words, or still `Connected`. */
  holdStatus: z.enum(["connected", "hold"]).default("connected"),
  /** `party_did`: filled for every leg, only for route points, or never. */
  partyDid: z.enum(["all", "routepoint", "empty"]).default("routepoint"),
  /** `originated_by` of polled agents and ring group members. */
  polledOriginatedBy: z.enum(["holder", "router", "empty"]).default("holder"),
  /** Who the party of polled agents and ring group members is, until they answer. */
  polledParty: z.enum(["trunk", "poller", "pollerStays"]).default("trunk"),
  /** After the answer `originated_by` stays. */
  keepOriginatedBy: z.boolean().default(true),
  /** `referred_by` of a leg that rings by a blind transfer. */
  referredBy: z.enum(["present", "empty"]).default("present"),
  /** What becomes of the consulted leg when an attended transfer completes. */
  attendedTransfer: z.enum(["keepX", "keepY", "newLeg", "newCall"]).default("keepX"),
  /** What becomes of the phone that still rings when a consultation completes: rung anew, or its leg turns to the caller. */
  ringingTransfer: z.enum(["newLeg", "keepsLeg"]).default("newLeg"),
  /** Who picks up or takes back dials the code in the other side's call; first in one of its own, which goes; or stays. */
  featureCodes: z.enum(["sameCall", "ownLegFirst", "ownCall"]).default("sameCall"),
  /** Whose leg goes at a blind transfer: at once, or when the target accepts. */
  blindTransferLeaves: z.enum(["atOnce", "onAnswer"]).default("atOnce"),
  deviceLegs: z.enum(["perDn", "perDevice"]).default("perDn"),
  showQueues: z.boolean().default(true),
  showIvrs: z.boolean().default(true),
  showRingGroups: z.boolean().default(false),
  /** Prefix of `party_caller_name`: the queue's name, the inbound rule's where no queue, none. */
  namePrefix: z.enum(["queue", "queueOrRule", "none"]).default("queue"),
  /** How the list has a caller who speaks to a box: `VoiceMail of 105 Name`, at the menu, or at the owner. */
  voicemailListed: z.enum(["named", "menu", "owner"]).default("named"),
  /** Which number the list has in a caller's brackets: who calls, or the DID that was called. */
  listedCaller: z.enum(["number", "did"]).default("number"),
  /** A phone that dials shows an empty party first, then the trunk. */
  dialingFirstEmpty: z.boolean().default(false),
  /** An IVR or route point leg shows `Ringing` before `Connected`. */
  menuFlashesRinging: z.boolean().default(false),
  /** A polled agent that rejects is polled again after this long, plus up to `repollSpreadMs`. */
  repollMs: ms.default(400),
  repollSpreadMs: ms.default(0),
  /** A parked call that nobody takes back rings who parked it after this long; null = never. */
  parkTimeoutMs: ms.nullable().default(null),
  /** How often a trunk refuses an outgoing call, which then goes out over the next one. */
  trunkFailsChance: chance.default(0),
  /** Members of a conference stay in their calls, or each gets one of its own into the conference. */
  conference: z.enum(["keepsLegs", "ownCalls"]).default("keepsLegs"),
  /** In which order the legs of a call go that ends, and over how long a time. */
  legEnds: z.enum(["youngestFirst", "oldestFirst"]).default("youngestFirst"),
  legEndSpreadMs: ms.default(0),
  didRoutingMs: ms.default(13),
  /** Legs answered elsewhere go this long after the answer, plus up to 7 ms. */
  cancelMs: ms.default(3),

  // Tokens and access.
  expiresIn: z.union([z.literal(60), z.literal(3600)]).default(3600),
  tokenLifetimeMs: ms.default(3_600_000),
  /** Only one active token per API client. */
  oneToken: z.boolean().default(true),
  /** Status of a refused log-in. */
  badLogin: z.union([z.literal(401), z.literal(400)]).default(401),
  /** What `/callcontrol` answers when the box is not ticked. */
  callControlOff: z.union([z.literal(403), z.literal(401)]).default(403),
  xapi: z.enum(["on", "forbidden", "absent"]).default("on"),

  // The socket.
  sequence: z.enum(["perConnection", "perServer"]).default("perConnection"),
  duplicateUpsertChance: chance.default(0.25),
  /** A leg is shown and withdrawn before anybody can read it, then shown anew. */
  flickerChance: chance.default(0.02),
  /** Frames leave this long after the state changed. */
  frameDelayMs: ms.default(0),
  /** A GET of a participant is answered this late. */
  getDelayMs: ms.default(0),
  /** The delayed answer shows the state before or after the delay. */
  getReads: z.enum(["before", "after"]).default("after"),
  /** The list of active calls shows the calls as they were this long ago. */
  listLagMs: z.number().int().min(0).max(LIST_LAG_MS_MAX).default(0),

  /** Phones that can be controlled are: answered, and made to dial by themselves. */
  directControl: z.boolean().default(true),

  // The people: null = nobody does anything by itself.
  phonesAnswerAfterMs: ms.nullable().default(null),
  outsideAnswersAfterMs: ms.nullable().default(null),
  /** Who clicked to call lifts the own phone after this long. */
  ownPhoneLiftMs: ms.default(300),
  /** An outgoing call that nobody answers fails after this long. */
  dialTimeoutMs: ms.default(60_000),
  /** An ordered call-back begins this long after the caller left. */
  callbackMs: ms.default(5000),
  /** The call log has a call this long after it ended. */
  callLogDelayMs: ms.default(0),
  /** Joined calls have one `MainCallHistoryId`, that of the first; or each has its own. */
  joinedCalls: z.enum(["oneMain", "apart"]).default("oneMain"),

  // Recordings.
  /** A recorded leg leaves so many files: each pause ends one. */
  recordingParts: z.number().int().min(1).max(9).default(1),
  /** Files are listed once their leg, or their whole call, is over … */
  recordingListed: z.enum(["callEnd", "legEnd"]).default("callEnd"),
  /** … and this much later. */
  recordingDelayMs: ms.default(0),
  /** The call log names each call's recordings. */
  recordingInLog: z.boolean().default(true),
  /** Only an owner may list recordings. */
  recordingList: z.enum(["open", "forbidden"]).default("open"),
  /** What was said is written down this long after the recording was listed; null = never. */
  transcriptDelayMs: ms.nullable().default(null),
  /** So many downloads of each recording are answered with 500 first. */
  downloadFails: z.number().int().min(0).max(1000).default(0),
  /** … and then so many break off in the middle. */
  downloadBreaks: z.number().int().min(0).max(1000).default(0),
  /** How fast a download comes; null = at once. */
  downloadBytesPerS: z.number().int().min(1).max(1_000_000_000).nullable().default(null),

  // Clients that act.
  /** `transferto`/`routeto` answer when settled, or at once with 202. */
  actionAnswers: z.enum(["settled", "accepted"]).default("settled"),
});

export type Settings = z.infer<typeof settingsSchema>;
export type SettingsPatch = Partial<z.input<typeof settingsSchema>>;

export function defaultSettings(patch: SettingsPatch = {}): Settings {
  return settingsSchema.parse(patch);
}
