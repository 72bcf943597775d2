/**
 * A turn: one call while an activity is worked into it, and how it tells. Every event is made here.
 */
import { formatCallId } from "../events/callId.ts";
import type { CallEvent, CallFacts, EpochMs } from "../events/event.ts";
import { publicNumber } from "../events/number.ts";
import { added } from "./lists.ts";
import type { ListedCall } from "./recognise.ts";
import type { TrackerSettings } from "./settings.ts";
import type { Call, Level, TrackerState } from "./state.ts";

export type Draft = { -readonly [K in keyof Call]: Call[K] };

/** One call while an activity is worked into it. */
export interface Turn {
  readonly call: Draft;
  /** The call as the step found it; undefined if it is new. */
  readonly before: Call | undefined;
  readonly at: EpochMs;
  readonly settings: TrackerSettings;
  events: readonly CallEvent[];
  /** What the last list had of the call before any leg of it showed; null if nothing, or if the call is not new. */
  readonly listed: ListedCall | null;
  /** Since when the list has had the conversation whose outside party it makes known; null if it makes none known. */
  sinceAt: EpochMs | null;
  /** What the step found of the PBX, and of our sight, that is not of one call. */
  readonly known: Pick<TrackerState, "callbackQueues" | "ringMs" | "watched" | "gap">;
  /** The list of active calls is wanted. */
  ask: boolean;
  /** The call log is wanted. */
  inquire: boolean;
  /** How the call went on while we were blind stays unknown. */
  lacking: boolean;
}

const nothing: readonly CallEvent[] = [];

export function beginTurn(
  call: Call,
  before: Call | undefined,
  listed: ListedCall | null,
  at: EpochMs,
  settings: TrackerSettings,
  known: Turn["known"],
): Turn {
  return {
    call: { ...call },
    before,
    at,
    settings,
    events: nothing,
    listed,
    sinceAt: null,
    known,
    ask: false,
    inquire: false,
    lacking: false,
  };
}

type Told = {
  [Kind in CallEvent["kind"]]: Omit<Extract<CallEvent, { kind: Kind }>, keyof CallFacts>;
}[CallEvent["kind"]];

/** What of a chain is kept for each event and the summary, however long it is: the first of them. */
const usersMax = 100;
const queuesMax = 100;

/** Keeps what later rules and the summary need to know of what was told. */
function reckon(call: Draft, told: Told, { dn, kind }: Level, at: EpochMs): void {
  const { tally } = call;
  if (told.kind === "ringing" && kind === "extension") {
    if (tally.ringFromAt === null) call.tally = { ...tally, ringFromAt: at };
  } else if (told.kind === "dialing") {
    call.tally = { ...tally, ringFromAt: at };
  } else if (told.kind === "answered") {
    call.toldUntilAt = at;
    const users = tally.users.length < usersMax ? added(tally.users, dn) : tally.users;
    const answeredAt = tally.answeredAt ?? at;
    call.tally = { ...tally, answeredAt, users, lastUser: dn, abandonedAt: "" };
  } else if (told.kind === "ended") {
    call.toldUntilAt = at;
    const talkMs = tally.talkMs + (told.talkMs ?? 0);
    call.tally = { ...tally, talkMs, abandonedAt: told.finish === "Missed" ? dn : "" };
  }
}

/** Makes the event. The first one freezes the call's id. */
export function tell(turn: Turn, told: Told, link: number, level: Level, at: EpochMs): void {
  const { call, settings } = turn;
  if (call.external === null) return;
  const extra = told.kind === "ringstop" || told.kind === "callsummary";
  if (extra && !settings.extras) return;
  if (call.id === null) {
    const startedAt = call.establishedAt ?? call.listedAt ?? call.firstSeenAt;
    const callId = formatCallId(startedAt, settings.timezone, call.callNumber);
    call.id = { callId, startedAt };
  }
  call.eventCount += 1;
  const { callId, startedAt } = call.id;
  const { direction, number, name } = call.external;
  const incoming = direction === "incoming";
  if (level.kind === "queue" && !call.queues.includes(level.dn)) {
    call.queues = [...call.queues, level.dn].slice(0, queuesMax);
  }
  reckon(call, told, level, at);
  const event: CallFacts & Told = {
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
    queues: call.queues,
    ...told,
  };
  turn.events = added(turn.events, event as CallEvent);
}
