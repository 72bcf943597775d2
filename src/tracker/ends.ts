/** The ends: of a link, and of the whole chain. Each is told exactly once. */
import type { EpochMs } from "../events/event.ts";
import { noDn } from "./byDn.ts";
import { endRings } from "./rings.ts";
import type { Talk } from "./state.ts";
import { type Turn, tell } from "./turn.ts";

const missed = {
  kind: "ended",
  finish: "Missed",
  transferred: false,
  talkMs: null,
  breakSide: "Undef",
  callbackRequested: false,
} as const;

export function endTalk(turn: Turn, talk: Talk, at: EpochMs, transferred: boolean): void {
  const { call } = turn;
  endRings(turn, talk.link, "elsewhere");
  // A user who left had nothing of what rang on.
  const endedAt = call.leaving?.sinceAt ?? at;
  const talkMs = Math.max(0, endedAt - (talk.spokeFromAt ?? talk.answeredAt));
  const told = { ...missed, finish: "Ok", transferred, talkMs } as const;
  tell(turn, told, talk.link, { dn: talk.user, kind: talk.userKind }, endedAt);
  call.talk = null;
  call.leaving = null;
}

/** The call is over: its open link ends, exactly once. */
export function finish(turn: Turn, at: EpochMs, callbackRequested = false): void {
  const { call } = turn;
  const { talk, handover, level } = call;
  endRings(turn, call.lastLink, talk === null ? "caller" : "elsewhere");
  if (talk !== null) {
    // Of whom no leg shows, that is only when a list named them last, while others' legs stood.
    if (talk.shownBy !== "legs") call.leaving = null;
    endTalk(turn, talk, at, false);
  } else if (level !== null && handover?.outside !== true) {
    const link = handover?.link ?? call.lastLink;
    tell(turn, { ...missed, callbackRequested }, link, level, at);
  }
  tellSummary(turn, at);
  call.overAt = turn.at;
  call.offers = noDn;
  call.talk = null;
  // What went on outside our view stays known: its link has no event.
  if (handover?.outside !== true) call.handover = null;
  call.hidden = null;
  call.numberDueAt = null;
  call.levelDueAt = null;
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
