/**
 * What is not known of the PBX for certain, and what an installation may be set to: the values that are played, each
 * with a sentence why it matters to who receives webhooks. Every switch of the simulator is here, or among those that
 * are not played, with the reason.
 */
import type { Settings } from "../../src/simulator/settings.ts";
import type { World } from "./play.ts";

export interface Variant {
  readonly name: string;
  readonly world: World;
  readonly why: string;
  /** The setting, shown before, that this one is compared with; default: the usual one. */
  readonly besides?: string;
}

export interface Unknown {
  readonly keys: readonly (keyof Settings)[];
  readonly title: string;
  readonly variants: readonly Variant[];
}

export const usualWorld: World = { switches: {}, activeCallsPollMs: 1_000 };

function variant(switches: World["switches"], why: string, besides?: string): Variant {
  const name = Object.entries(switches)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
  const compared = besides === undefined ? {} : { besides };
  return { name, world: { ...usualWorld, switches }, why, ...compared };
}

export const unknowns: readonly Unknown[] = [
  {
    keys: ["xapi"],
    title: "The list of active calls cannot be read",
    variants: [
      variant(
        { xapi: "forbidden" },
        "The API client has no Configuration API access, or too low a role. Nothing tells DID rules, what is not " +
          "monitored, or that a call without a visible leg goes on: its end is told 2 s after its last leg.",
      ),
      variant({ xapi: "absent" }, "As above, on a licence without the Configuration API."),
      {
        name: "ACTIVE_CALLS_POLL_MS = 0",
        world: { switches: {}, activeCallsPollMs: 0 },
        why: "The list is never read, though it could be; DID rules and call-back orders still are known.",
      },
    ],
  },
  {
    keys: ["showQueues", "showIvrs", "showRingGroups"],
    title: "Which places are monitored",
    variants: [
      variant(
        { showQueues: false },
        "Queues are not among the monitored DNs: they are told by what their agents' legs and the list say.",
      ),
      variant(
        { showIvrs: false },
        "Menus are not among the monitored DNs: told by the list alone.",
      ),
      variant(
        { showQueues: false, showIvrs: false, xapi: "forbidden" },
        "Neither is monitored and the list cannot be read: only the phones' legs tell.",
        "xapi=forbidden",
      ),
      variant({ showRingGroups: true }, "This build lets ring groups be monitored, too."),
    ],
  },
  {
    keys: ["partyDid", "namePrefix"],
    title: "Who tells the DID",
    variants: [
      variant(
        { partyDid: "all" },
        "Every leg carries the DID: `did` is known from the first webhook on.",
      ),
      variant({ partyDid: "empty" }, "No leg carries the DID, not even a route point's."),
      variant(
        { namePrefix: "queueOrRule" },
        "The rule's name stands before the caller's name and is read there.",
      ),
      variant({ namePrefix: "none" }, "Nothing stands before the caller's name."),
    ],
  },
  {
    keys: ["polledOriginatedBy", "polledParty", "keepOriginatedBy"],
    title: "Who made a leg",
    variants: [
      variant(
        { polledOriginatedBy: "router" },
        "A polled phone does not name the queue or ring group that polls it, but the router.",
      ),
      variant({ polledOriginatedBy: "empty" }, "A polled phone names nobody."),
      variant(
        { polledOriginatedBy: "empty", showQueues: false, xapi: "forbidden" },
        "Nobody names the queue, it is not monitored, and the list cannot be read: it cannot be known.",
        "xapi=forbidden",
      ),
      variant(
        { polledParty: "poller" },
        "The other side of a polled phone is the queue or ring group that polls it, with the caller's number, until it answers.",
      ),
      variant(
        { polledParty: "pollerStays" },
        "The same for as long as it talks to the outside, too. A number that XAPI does not know, or a long one, is the outside party's.",
      ),
      variant(
        { polledParty: "pollerStays", showQueues: false, xapi: "forbidden" },
        "And the queue is not monitored, and the list cannot be read: the other side names the queue.",
        "xapi=forbidden",
      ),
      variant({ keepOriginatedBy: false }, "After the answer a leg no longer says who made it."),
    ],
  },
  {
    keys: [
      "referredBy",
      "attendedTransfer",
      "ringingTransfer",
      "blindTransferLeaves",
      "featureCodes",
    ],
    title: "Transfers",
    variants: [
      variant(
        { referredBy: "empty" },
        "A leg that rings by a blind transfer does not say who sent it.",
      ),
      variant(
        { attendedTransfer: "keepY" },
        "When a consultation is joined, the call number of the consultation survives instead of the caller's.",
      ),
      variant({ attendedTransfer: "newLeg" }, "The consulted leg is replaced by a new one."),
      variant(
        { attendedTransfer: "newCall" },
        "The consulted leg is replaced by a new one, in a call with a number that neither had.",
      ),
      variant(
        { ringingTransfer: "keepsLeg" },
        "When a consultation is completed while the phone rings, that phone's leg turns to the caller and keeps its number.",
      ),
      variant(
        { blindTransferLeaves: "onAnswer" },
        "Who hands over stays until the other has answered. The number counts up when the other begins to ring.",
      ),
      variant(
        { featureCodes: "ownLegFirst" },
        "Who picks up, or takes a parked call back, dials the code in a call of its own first.",
      ),
      variant(
        { featureCodes: "ownCall" },
        "The number of that call survives instead of the caller's.",
      ),
    ],
  },
  {
    keys: ["deviceLegs", "holdStatus", "dialingFirstEmpty", "menuFlashesRinging"],
    title: "How a leg looks",
    variants: [
      variant({ deviceLegs: "perDevice" }, "Each device of a phone has a leg of its own."),
      variant({ holdStatus: "hold" }, "Held conversations show `Hold` and `Held`."),
      variant({ dialingFirstEmpty: true }, "A phone that dials shows nobody at first."),
      variant({ menuFlashesRinging: true }, "Menus show `Ringing` for a moment."),
    ],
  },
  {
    keys: ["listedCaller"],
    title: "The number in the list of active calls",
    variants: [
      variant(
        { listedCaller: "did" },
        "The list has the DID that was called in the brackets of who calls. It is not told as the caller's number.",
      ),
      variant(
        { showIvrs: false, listedCaller: "did" },
        "And a caller in a menu shows in the list alone: who it is, is told once a leg shows.",
        "showIvrs=false",
      ),
    ],
  },
  {
    keys: ["voicemailListed"],
    title: "Voicemail",
    variants: [
      variant(
        { voicemailListed: "menu" },
        "The list has a caller who speaks to a voicemail box at the menu, 666, not at `VoiceMail of` its owner.",
      ),
      variant(
        { voicemailListed: "owner" },
        "The list has a caller who speaks to a voicemail box at the box's owner. A monitored owner without a leg has not answered; of one who is not monitored it cannot be told from an answer.",
      ),
    ],
  },
  {
    keys: ["conference", "legEnds", "legEndSpreadMs"],
    title: "Conferences, and how a call ends",
    variants: [
      variant(
        { conference: "ownCalls" },
        "Each member of a conference gets a call of its own into it: who began it is not seen in the caller's call.",
      ),
      variant({ legEnds: "oldestFirst" }, "When a call ends, its oldest legs go first."),
      variant({ legEndSpreadMs: 10 }, "When a call ends, its legs go within 10 ms."),
    ],
  },
  {
    keys: ["repollMs", "repollSpreadMs", "didRoutingMs", "cancelMs"],
    title: "How fast the PBX is",
    variants: [
      variant(
        { repollMs: 50 },
        "A rejecting agent is polled again at once: a phone rings once more.",
      ),
      variant({ repollMs: 5_000 }, "A rejecting agent is polled again after 5 s."),
      variant({ repollSpreadMs: 3_000 }, "Agents are polled again at different times."),
      variant({ didRoutingMs: 2_000 }, "Routing by DID takes 2 s."),
      variant(
        { cancelMs: 1_000 },
        "Phones that lost the call ring on for a second after the answer.",
      ),
    ],
  },
  {
    keys: ["sequence", "duplicateUpsertChance", "flickerChance", "frameDelayMs"],
    title: "What the socket does",
    variants: [
      variant({ sequence: "perServer" }, "Frames are numbered for all clients together."),
      variant({ duplicateUpsertChance: 1 }, "Every frame comes twice."),
      variant({ flickerChance: 1 }, "Every leg is shown, withdrawn and shown anew at once."),
      variant({ frameDelayMs: 500 }, "Frames come half a second late."),
    ],
  },
  {
    keys: ["getDelayMs", "getReads"],
    title: "How fast questions are answered",
    variants: [
      variant({ getDelayMs: 300 }, "A leg is told 300 ms late, as it is then."),
      variant(
        { getDelayMs: 300, getReads: "before" },
        "A leg is told 300 ms late, as it was when asked.",
      ),
    ],
  },
  {
    keys: ["listLagMs"],
    title: "How late the list of active calls is",
    variants: [
      variant(
        { listLagMs: 300 },
        "The list shows the calls as they were 300 ms ago, the lag that is reckoned with.",
      ),
      variant({ listLagMs: 1_000 }, "The list shows the calls as they were a second ago."),
      variant(
        { listLagMs: 1_000, showQueues: false, showIvrs: false },
        "And neither queues nor menus are among the monitored DNs: the list alone tells of menus.",
        "showIvrs=false",
      ),
    ],
  },
  {
    keys: ["expiresIn", "tokenLifetimeMs"],
    title: "Tokens",
    variants: [
      variant({ expiresIn: 60 }, "Builds before 20.0.9 tell the lifetime of a token in minutes."),
      variant(
        { tokenLifetimeMs: 60_000 },
        "A token lives for a minute only, whatever the PBX says.",
      ),
    ],
  },
  {
    keys: ["ownPhoneLiftMs", "callbackMs", "callLogDelayMs"],
    title: "Click-to-call and call-backs",
    variants: [
      variant({ ownPhoneLiftMs: 5_000 }, "Who clicked to call lets the own phone ring for 5 s."),
      variant({ callbackMs: 30_000 }, "The queue calls back half a minute later."),
      variant(
        { callLogDelayMs: 60_000 },
        "The call log, which tells an order, is written a minute late.",
      ),
    ],
  },
];

/** Switches that are not played here, and why. */
export const notPlayed: Partial<Record<keyof Settings, string>> = {
  parkTimeoutMs: "how long a call may be parked; the simulation plays it (reliability.md)",
  trunkFailsChance:
    "which trunk an outgoing call takes shows nowhere; the simulation plays it (reliability.md)",
  joinedCalls:
    "the log is read of what nobody saw; the simulation plays it, with faults (reliability.md)",
  oneToken: "concerns two programs with one API client: `offhook check` tells",
  badLogin: "without a log-in there is no webhook; `offhook check` tells why",
  callControlOff: "without Call Control there is no webhook; `offhook check` tells why",
  phonesAnswerAfterMs: "people who answer by themselves, for demonstrations",
  outsideAnswersAfterMs: "people who answer by themselves, for demonstrations",
  dialTimeoutMs: "an outgoing call that fails ends like one that is given up",
  recordingListed: "when recordings are announced is no matter of a call's events",
  recordingDelayMs: "recordings are announced later, each link once",
  recordingParts: "one webhook of a link names all its files",
  recordingInLog: "what the log names only helps to tell look-alikes apart",
  recordingList: "no recording is found: `offhook check` tells",
  transcriptDelayMs: "transcripts are an event of their own, for those who ask for it",
  downloadFails: "a recording is announced once it can be fetched",
  downloadBreaks: "a recording is announced once it can be fetched",
  downloadBytesPerS: "a recording is announced once it can be fetched",
  directControl: "concerns programs that control calls; this one only watches",
  actionAnswers: "concerns programs that control calls; this one only watches",
};
