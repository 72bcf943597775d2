/**
 * A turn: one call while an activity is worked into it, and how it tells. Every event is made here, and so is
 * every end of a link.
 */
import { formatCallId } from "../events/callId.ts";
import type { CallEvent, CallFacts, EpochMs } from "../events/event.ts";
import { publicNumber } from "../events/number.ts";
import { assertNever } from "../util/assertNever.ts";
import { endRings } from "./rings.ts";
import type { Call, Level, Talk, TrackerSettings } from "./state.ts";

export type Draft = { -readonly [K in keyof Call]: Call[K] };

/** One call while an activity is worked into it. */
export interface Turn {
  readonly call: Draft;
  readonly at: EpochMs;
  readonly settings: TrackerSettings;
  readonly events: CallEvent[];
  /** The list of active calls is wanted. */
  ask: boolean;
  /** The call log is wanted. */
  inquire: boolean;
}

export function beginTurn(call: Call, at: EpochMs, settings: TrackerSettings): Turn {
  return { call: { ...call }, at, settings, events: [], ask: false, inquire: false };
}

type Told = {
  [Kind in CallEvent["kind"]]: Omit<Extract<CallEvent, { kind: Kind }>, keyof CallFacts>;
}[CallEvent["kind"]];

/** Keeps what later rules and the summary need to know of what was told. */
function reckon(call: Draft, told: Told, link: number, { dn, kind }: Level, at: EpochMs): void {
  const { tally } = call;
  switch (told.kind) {
    case "ringing":
      if (kind !== "extension") return;
      call.rings = { ...call.rings, [dn]: { link, stoppedAt: null } };
      call.tally = { ...tally, ringFromAt: tally.ringFromAt ?? at };
      return;
    case "dialing":
      call.tally = { ...tally, ringFromAt: at };
      return;
    case "answered":
      call.toldUntilAt = at;
      call.tally = {
        ...tally,
        answeredAt: tally.answeredAt ?? at,
        users: [...tally.users, dn],
        abandonedAt: "",
      };
      return;
    case "ended":
      call.toldUntilAt = at;
      call.tally = {
        ...tally,
        talkMs: tally.talkMs + (told.talkMs ?? 0),
        abandonedAt: told.finish === "Missed" ? dn : "",
      };
      return;
    case "ringstop":
    case "callsummary":
      return;
    default:
      assertNever(told);
  }
}

/** Once for a chain: what there is to say of all its links. */
function tellSummary(turn: Turn, at: EpochMs): void {
  const { call } = turn;
  const { tally, level, lastLink } = call;
  if (call.eventCount === 0 || level === null) return;
  const answeredAt = tally.answeredAt ?? at;
  const told = {
    kind: "callsummary",
    finish: tally.users.length > 0 ? "Ok" : "Missed",
    links: Math.max(1, lastLink),
    users: tally.users,
    ringMs: Math.max(0, answeredAt - (tally.ringFromAt ?? answeredAt)),
    waitMs: Math.max(0, answeredAt - call.firstSeenAt),
    talkMs: tally.talkMs,
    abandonedAt: tally.abandonedAt,
  } as const;
  tell(turn, told, lastLink, level, at);
}

/** Makes the event. The first one freezes the call's id. */
export function tell(turn: Turn, told: Told, link: number, level: Level, at: EpochMs): void {
  const { call, settings } = turn;
  if (call.external === null) return;
  const extra = told.kind === "ringstop" || told.kind === "callsummary";
  if (extra && !settings.extras) return;
  if (call.id === null) {
    const startedAt = call.establishedAt ?? call.firstSeenAt;
    const callId = formatCallId(startedAt, settings.timezone, call.callNumber);
    call.id = { callId, startedAt };
  }
  call.eventCount += 1;
  const { callId, startedAt } = call.id;
  const { direction, number, name } = call.external;
  const incoming = direction === "incoming";
  const facts: CallFacts = {
    eventId: `${settings.pbx}_${callId}-${link}_${told.kind}_${call.eventCount}`,
    pbx: settings.pbx,
    callId,
    callNumber: call.callNumber,
    callStartedAt: startedAt,
    link,
    at,
    direction,
    callerid: publicNumber(number),
    user: level.dn,
    userKind: level.kind,
    did: incoming ? call.did?.ruleName || call.did?.number || "" : "",
    didNumber: incoming ? (call.did?.number ?? "") : "",
    displayName: name,
  };
  reckon(call, told, link, level, at);
  turn.events.push({ ...facts, ...told } as CallEvent);
}

const missed = {
  finish: "Missed",
  transferred: false,
  talkMs: null,
  breakSide: "Undef",
  callbackRequested: false,
} as const;

export function endTalk(turn: Turn, talk: Talk, at: EpochMs, transferred: boolean): void {
  endRings(turn, talk.link, false);
  const talkMs = Math.max(0, at - talk.answeredAt);
  const level = { dn: talk.user, kind: talk.userKind };
  tell(turn, { ...missed, kind: "ended", finish: "Ok", transferred, talkMs }, talk.link, level, at);
  turn.call.talk = null;
}

/** The call is over: its open link ends, exactly once. */
export function finish(turn: Turn, at: EpochMs): void {
  const { call } = turn;
  const { talk, handover, level } = call;
  endRings(turn, call.lastLink, true);
  if (talk !== null) {
    endTalk(turn, talk, at, false);
  } else if (level !== null && (handover === null ? call.lastLink === 0 : !handover.outside)) {
    const link = handover?.link ?? call.lastLink;
    tell(turn, { kind: "ended", ...missed }, link, level, at);
  }
  tellSummary(turn, at);
  call.overAt = turn.at;
  call.legs = {};
  call.offers = {};
  call.talk = null;
  call.handover = null;
  call.hidden = null;
  call.numberDueAt = null;
}
