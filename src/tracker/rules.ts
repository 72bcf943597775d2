/**
 * The rules of one call, level-triggered: each turn compares what is true of the legs with what has been told,
 * and tells the difference. So duplicates, reordered or missing frames, snapshots and restarts need no rules of
 * their own. Order of the rules matters and is SPEC.md's "turn". Source of each: docs/contract.md §2-§3.
 */
import { formatCallId } from "../events/callId.ts";
import type { CallEvent, CallFacts, EpochMs, UserKind } from "../events/event.ts";
import { publicNumber } from "../events/number.ts";
import type { ActiveCall, DnKind, Leg, Party } from "./activity.ts";
import type { Call, Level, Talk, TrackedLeg, TrackerSettings } from "./state.ts";

type Draft = { -readonly [K in keyof Call]: Call[K] };

/** One call while an activity is worked into it. */
export interface Turn {
  readonly call: Draft;
  readonly at: EpochMs;
  readonly settings: TrackerSettings;
  readonly events: CallEvent[];
  /** The list of active calls is wanted. */
  ask: boolean;
}

/** Numbers as long as this are nobody's extension. */
const outsideDigitsMin = 7;

export function beginTurn(call: Call, at: EpochMs, settings: TrackerSettings): Turn {
  return { call: { ...call }, at, settings, events: [], ask: false };
}

/** The leg stands towards the outside party. */
export function isExternal(leg: Leg): boolean {
  if (leg.dnKind === "trunk") return false;
  if (leg.party.kind === "trunk") return true;
  // A number of which the PBX has not said (yet) where it leads.
  const digits = leg.party.number.replace(/\D/g, "").length;
  return leg.party.kind === "unknown" && digits >= outsideDigitsMin;
}

function externalLegs(call: Call): TrackedLeg[] {
  return Object.values(call.legs).filter((tracked) => isExternal(tracked.leg));
}

/** How a DN is offered a call; null = reaching it is not told (voicemail, fax, parking, conference …). */
function offerKind(kind: DnKind): UserKind | null {
  switch (kind) {
    case "extension":
    case "queue":
    case "ivr":
    case "ringgroup":
      return kind;
    case "routepoint":
    case "other":
    case "unknown":
      return "other";
    default:
      return null;
  }
}

/** A user who talks to the outside party. Queues, IVRs and the like are "connected" without an answer. */
function isTalking(tracked: TrackedLeg): boolean {
  return tracked.leg.dnKind === "extension" && tracked.leg.status === "connected";
}

/** The owner of an outgoing call may be an application's route point. */
function isAnswer(call: Call, tracked: TrackedLeg): boolean {
  if (isTalking(tracked)) return true;
  const outgoing = call.external?.direction === "outgoing";
  return outgoing && tracked.leg.status === "connected" && tracked.leg.legNumber === 1;
}

/** What the outside party stands before, besides the open conversation: the sign of a hand-over. */
function isFresh(tracked: TrackedLeg, talk: Talk): boolean {
  const { leg } = tracked;
  if (leg.dn === talk.user && leg.status !== "ringing") return false;
  if (tracked.order <= talk.legCount) return leg.dn !== talk.user && isTalking(tracked);
  // A loser of the same polling whose frame came late is no transfer.
  const polledWith = talk.via !== "" && leg.originatedBy?.dn === talk.via;
  return isTalking(tracked) || !(polledWith && leg.referredBy === null);
}

function userTalks(call: Call, talk: Talk): boolean {
  return externalLegs(call).some((t) => t.leg.dn === talk.user && isAnswer(call, t));
}

/** Legs that carry the call on. */
function standing(call: Call): TrackedLeg[] {
  const { talk } = call;
  const legs = externalLegs(call);
  if (talk === null) return legs;
  return legs.filter((t) => (t.leg.dn === talk.user && isAnswer(call, t)) || isFresh(t, talk));
}

/** Works out everything that is due. To be run after each change of the call. */
export function settleTurn(turn: Turn): void {
  const { call } = turn;
  if (call.overAt !== null) return;
  recognise(turn);
  if (call.external === null || awaitsNumber(turn)) return;
  dropOffers(call);
  tellDeparture(turn);
  tellDialing(turn);
  tellOffers(turn);
  tellAnswer(turn);
  forgetFailedAttempt(call);
  judgeVisibility(turn);
}

/** Fixes the outside party and the direction at the first leg that shows them. */
function recognise({ call }: Turn): void {
  for (const { leg } of externalLegs(call)) {
    const { number, name } = leg.party;
    if (call.external === null) {
      call.external = { direction: directionOf(leg), number, name };
    } else if (call.external.number === "" && number !== "") {
      call.external = { ...call.external, number, name };
    }
    call.did ??= leg.did;
  }
}

/** Who began the call: a dialling leg, or one first seen connected that is the call's first. */
function directionOf(leg: Leg): "incoming" | "outgoing" {
  if (leg.status === "dialing" || leg.originatedBy?.dn === leg.dn) return "outgoing";
  const owner = leg.dnKind === "extension" || leg.dnKind === "routepoint";
  return owner && leg.status === "connected" && leg.legNumber === 1 ? "outgoing" : "incoming";
}

/** The PBX fills party fields a moment later: an empty number waits briefly before it counts as withheld. */
function awaitsNumber({ call, at, settings }: Turn): boolean {
  const empty = call.external?.number === "" && call.id === null && standing(call).length > 0;
  if (!empty) {
    call.numberDueAt = null;
    return false;
  }
  call.numberDueAt ??= call.firstSeenAt + settings.numberHoldMs;
  call.hidden = null;
  if (at < call.numberDueAt) return true;
  call.numberDueAt = null;
  return false;
}

/** Ends the wait for an empty number now. */
export function hurryNumber(turn: Turn): void {
  turn.call.numberDueAt = turn.at;
  settleTurn(turn);
}

function dropOffers(call: Draft): void {
  const live = new Set(externalLegs(call).map((t) => t.leg.dn));
  const kept = Object.entries(call.offers).filter(([dn, offer]) =>
    offer === "leg" ? live.has(dn) : call.level?.dn === dn,
  );
  if (kept.length < Object.keys(call.offers).length) call.offers = Object.fromEntries(kept);
}

/** The user of the open link left while the outside party stands before somebody else: passed on. */
function tellDeparture(turn: Turn): void {
  const { call } = turn;
  const { talk } = call;
  if (talk === null || userTalks(call, talk)) return;
  const next = standing(call)[0];
  if (next === undefined) return;
  passOn(turn, talk, turn.at, false);
}

/** Ends the open link because the outside party is passed on; the next link begins. */
function passOn(turn: Turn, talk: Talk, at: EpochMs, outside: boolean): void {
  const { call } = turn;
  endTalk(turn, talk, at, true);
  if (call.handover === null) {
    // Missed before it reaches anybody, it is missed by who passed it on.
    call.handover = { ...beginHandover(call), outside };
    call.level = { dn: talk.user, kind: talk.userKind };
  }
}

function beginHandover(call: Draft): NonNullable<Call["handover"]> {
  call.lastLink += 1;
  return { link: call.lastLink, transferType: "Blind", outside: false };
}

function tellDialing(turn: Turn): void {
  const { call } = turn;
  if (call.external?.direction !== "outgoing" || call.eventCount > 0) return;
  const owner = externalLegs(call)[0];
  if (owner === undefined) return;
  const user = owner.leg.dn;
  const kind = offerKind(owner.leg.dnKind) ?? "other";
  call.level = { dn: user, kind };
  if (owner.leg.status !== "connected") tell(turn, { kind: "dialing" }, 0, call.level, turn.at);
}

function tellOffers(turn: Turn): void {
  const { call } = turn;
  const passive = call.external?.direction === "outgoing" && call.talk === null;
  if (passive && call.handover === null) return;
  for (const tracked of externalLegs(call)) {
    const { leg } = tracked;
    const kind = offerKind(leg.dnKind);
    if (kind === null || (kind === "extension" && leg.status !== "ringing")) continue;
    if (call.talk !== null && (leg.dn === call.talk.user || !isFresh(tracked, call.talk))) continue;
    if (call.talk !== null) call.handover ??= beginHandover(call);
    offer(turn, leg, kind);
  }
}

function offer(turn: Turn, leg: Leg, kind: UserKind): void {
  const { call } = turn;
  const from = leg.originatedBy;
  if (from?.kind === "ivr" && call.reached[from.dn] === undefined) {
    reach(turn, { dn: from.dn, kind: "ivr" }, "inferred");
  }
  const holder = kind === "extension" ? holderOf(call, leg) : null;
  if (holder !== null) reach(turn, holder, "inferred");
  if (kind !== "extension") {
    reach(turn, { dn: leg.dn, kind }, "leg");
  } else if (call.offers[leg.dn] === undefined) {
    if (holder === null) call.level = { dn: leg.dn, kind };
    call.offers = { ...call.offers, [leg.dn]: "leg" };
    tell(turn, { kind: "ringing" }, currentLink(call), { dn: leg.dn, kind }, turn.at);
  }
}

/** The call is at a queue, IVR, ring group or the like. Told once for each stay. */
function reach(turn: Turn, level: Level, how: "leg" | "inferred"): void {
  const { call } = turn;
  const known = call.offers[level.dn];
  if (how === "leg" && call.reached[level.dn] !== "leg") {
    call.reached = { ...call.reached, [level.dn]: "leg" };
  } else if (call.reached[level.dn] === undefined) {
    call.reached = { ...call.reached, [level.dn]: how };
  }
  if (known === undefined || (known === "inferred" && how === "leg")) {
    call.offers = { ...call.offers, [level.dn]: how };
  }
  if (known !== undefined) return;
  // A route point is no place where a call is missed, unless it came no further.
  if (level.kind !== "other" || call.level === null) call.level = level;
  tell(turn, { kind: "ringing" }, currentLink(call), level, turn.at);
}

/** The queue or ring group that rings this extension; null if it is called directly. */
function holderOf(call: Call, leg: Leg): Level | null {
  const live = (dn: string) => externalLegs(call).some((t) => t.leg.dn === dn);
  const from = leg.originatedBy;
  if (from !== null && (from.kind === "queue" || from.kind === "ringgroup")) {
    // A queue whose leg was seen and is gone has passed the call on: not its polling any more.
    const left = call.reached[from.dn] === "leg" && !live(from.dn);
    return left ? null : { dn: from.dn, kind: from.kind };
  }
  for (const { leg: other } of externalLegs(call).reverse()) {
    const kind = other.dnKind;
    if (kind === "queue" || kind === "ringgroup") return { dn: other.dn, kind };
  }
  const { level } = call;
  const polling = level?.kind === "queue" || level?.kind === "ringgroup";
  return polling && call.offers[level.dn] === "inferred" ? level : null;
}

function currentLink(call: Call): number {
  return call.handover?.link ?? call.talk?.link ?? call.lastLink;
}

function tellAnswer(turn: Turn): void {
  const { call } = turn;
  if (call.talk !== null) return;
  const answer = externalLegs(call).find((t) => isAnswer(call, t));
  if (answer === undefined) return;
  const { handover } = call;
  const first = call.lastLink === 0 ? 1 : call.lastLink;
  const link = handover?.link ?? first;
  const attended = handover !== null && answer.consulted ? "Accomp" : null;
  const transferType = attended ?? handover?.transferType ?? "NotDef";
  const level: Level = { dn: answer.leg.dn, kind: offerKind(answer.leg.dnKind) ?? "other" };
  tell(turn, { kind: "answered", transferType }, link, level, turn.at);
  call.talk = {
    link,
    user: level.dn,
    userKind: level.kind,
    answeredAt: turn.at,
    via: holderOf(call, answer.leg)?.dn ?? "",
    legCount: call.legCount,
  };
  call.lastLink = link;
  call.handover = null;
  call.level = level;
  dropOffers(call);
}

/** The transferer took the call back before anybody answered: the attempt's number stays used. */
function forgetFailedAttempt(call: Draft): void {
  const { talk, handover } = call;
  if (talk === null || handover === null || !userTalks(call, talk)) return;
  if (externalLegs(call).some((t) => t.leg.dn !== talk.user && isFresh(t, talk))) return;
  call.handover = null;
  call.level = { dn: talk.user, kind: talk.userKind };
}

/** No leg carries the call on: only the PBX's list can tell whether it is over. */
function judgeVisibility(turn: Turn): void {
  const { call, at, settings } = turn;
  if (standing(call).length > 0) {
    call.hidden = null;
    return;
  }
  if (call.hidden !== null) return;
  if (call.omissions >= settings.omissionsMax) {
    const dueAt = at + settings.graceMs;
    call.hidden = { sinceAt: at, looks: 0, dueAt, witness: "unavailable" };
  } else {
    const dueAt = at + settings.answerMsMax;
    call.hidden = { sinceAt: at, looks: 0, dueAt, witness: "asked" };
    turn.ask = true;
  }
}

/** The list names the call. */
export function heedListed(turn: Turn, row: ActiveCall, askedAt: EpochMs): void {
  const { call, at, settings } = turn;
  call.omissions = 0;
  call.establishedAt ??= row.establishedAt;
  if (call.external === null) return;
  if (call.hidden !== null && askedAt >= call.hidden.sinceAt) {
    const { looks, sinceAt } = call.hidden;
    const pause = settings.lookAgainMs[looks];
    const dueAt = pause === undefined ? null : at + pause;
    call.hidden = { sinceAt, looks: looks + 1, dueAt, witness: "listed" };
    heedWhereabouts(turn, row, sinceAt);
  }
  if (askedAt >= call.touchedAt + settings.listLagMs) heedLevel(turn, row);
}

/** A hidden call's conversation has gone on elsewhere: parked, at a queue that is not visible, outside. */
function heedWhereabouts(turn: Turn, row: ActiveCall, sinceAt: EpochMs): void {
  const { call } = turn;
  const inside = insideParty(row);
  const outside = inside === null;
  if (call.talk !== null) {
    if (outside || (inside.dn !== "" && inside.dn !== call.talk.user)) {
      const { talk } = call;
      passOn(turn, talk, sinceAt, outside);
    }
  } else if (call.handover !== null && call.handover.outside !== outside) {
    call.handover = { ...call.handover, outside };
  }
}

/** The list shows a queue, IVR or ring group that no visible leg shows. */
function heedLevel(turn: Turn, row: ActiveCall): void {
  const { call } = turn;
  const inside = insideParty(row);
  if (inside === null || call.talk !== null) return;
  if (call.external?.direction === "outgoing" && call.handover === null) return;
  const { dn, kind } = inside;
  if (kind !== "queue" && kind !== "ivr" && kind !== "ringgroup") return;
  // Where visible legs tell of a level, a late list has no say.
  if (call.level?.dn === dn || call.reached[dn] === "leg") return;
  reach(turn, { dn, kind }, "inferred");
  dropOffers(call);
}

/** The party of a row that is one of ours; null if both stand outside. */
function insideParty(row: ActiveCall): Party | null {
  if (row.callee.kind !== "trunk") return row.callee;
  return row.caller.kind === "trunk" ? null : row.caller;
}

/** The list, asked at `askedAt`, does not name the call. */
export function heedUnlisted(turn: Turn, askedAt: EpochMs): void {
  const { call } = turn;
  if (call.external === null) return;
  if (call.hidden === null) {
    if (askedAt >= call.touchedAt) call.omissions += 1;
  } else if (askedAt >= call.hidden.sinceAt && call.hidden.witness !== "unavailable") {
    // Seen in the list after its last leg: it went on until now.
    const wentOn = call.hidden.witness === "listed" && call.talk === null;
    finish(turn, wentOn ? turn.at : call.hidden.sinceAt);
  }
}

/** The list cannot be had: a hidden call is over after a short grace. */
export function heedNoList(turn: Turn): void {
  const { hidden } = turn.call;
  if (hidden === null || hidden.witness === "unavailable") return;
  const dueAt = hidden.sinceAt + turn.settings.graceMs;
  turn.call.hidden = { ...hidden, dueAt, witness: "unavailable" };
}

/** A call that no leg shows, found in the list alone, at a level of ours. */
export function adoptListed(turn: Turn, row: ActiveCall): void {
  const { call, at } = turn;
  const { number, name } = row.caller;
  call.external = { direction: "incoming", number, name };
  call.hidden = { sinceAt: at, looks: 0, dueAt: null, witness: "listed" };
  call.establishedAt = row.establishedAt;
  heedLevel(turn, row);
}

/** A deadline may be due. */
export function heedTime(turn: Turn): void {
  const { call, at } = turn;
  const { hidden } = call;
  if (hidden === null || hidden.dueAt === null || at < hidden.dueAt) return;
  if (hidden.witness === "listed") {
    call.hidden = { ...hidden, dueAt: null };
    turn.ask = true;
  } else {
    finish(turn, hidden.sinceAt);
  }
}

/** A leg came back to a call that was told as over: its chain goes on with the next link, never renumbered. */
export function resume(turn: Turn): void {
  const { call } = turn;
  call.overAt = null;
  const transferType = call.lastLink === 0 ? "NotDef" : "Blind";
  call.handover = { ...beginHandover(call), transferType };
}

/** The call is over: its open link ends, exactly once. */
function finish(turn: Turn, at: EpochMs): void {
  const { call } = turn;
  const { talk, handover, level } = call;
  if (talk !== null) {
    endTalk(turn, talk, at, false);
  } else if (handover?.outside !== true && level !== null) {
    const link = handover?.link ?? call.lastLink;
    tell(turn, { kind: "ended", ...missed }, link, level, at);
  }
  call.overAt = turn.at;
  call.legs = {};
  call.offers = {};
  call.talk = null;
  call.handover = null;
  call.hidden = null;
  call.numberDueAt = null;
}

const missed = {
  finish: "Missed",
  transferred: false,
  talkMs: null,
  breakSide: "Undef",
  callbackRequested: false,
} as const;

function endTalk(turn: Turn, talk: Talk, at: EpochMs, transferred: boolean): void {
  const talkMs = Math.max(0, at - talk.answeredAt);
  const level = { dn: talk.user, kind: talk.userKind };
  tell(turn, { ...missed, kind: "ended", finish: "Ok", transferred, talkMs }, talk.link, level, at);
  turn.call.talk = null;
}

type Told =
  | { readonly kind: "ringing" | "dialing" }
  | Omit<Extract<CallEvent, { kind: "answered" }>, keyof CallFacts>
  | Omit<Extract<CallEvent, { kind: "ended" }>, keyof CallFacts>;

/** Makes the event. The first one freezes the call's id. */
function tell(turn: Turn, told: Told, link: number, level: Level, at: EpochMs): void {
  const { call, settings } = turn;
  if (call.external === null) return;
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
  turn.events.push({ ...facts, ...told } as CallEvent);
}
