/** The links of a chain: each begins with a hand-over or an answer, under the next number; how they end is in ends.ts. */
import type { EpochMs } from "../events/event.ts";
import { drop, get, put } from "./byDn.ts";
import { endTalk } from "./ends.ts";
import { externalLegs, isAnswer, isThere, newestOf } from "./legs.ts";
import type { Call, Handover, Level, Talk, TrackedLeg } from "./state.ts";
import { type Draft, type Turn, tell } from "./turn.ts";

/** The open link gets its conversation. */
export function openTalk(
  turn: Turn,
  level: Level,
  answeredAt: EpochMs,
  how: Pick<Talk, "via" | "shownBy"> & {
    readonly consulted: boolean;
    /** Those that had come by then, if not all. */
    readonly legs?: Call["legs"];
  },
): void {
  const { call } = turn;
  const { handover } = call;
  const link = handover?.link ?? 1;
  const { via, shownBy } = how;
  const attended = handover !== null && how.consulted ? "Accomp" : null;
  const transferType = attended ?? handover?.transferType ?? "NotDef";
  tell(turn, { kind: "answered", transferType }, link, level, answeredAt);
  const { dn: user, kind: userKind } = level;
  const legs = how.legs ?? call.legs;
  const legCount = how.legs?.length ?? call.legCount;
  const viaShown = get(call.reached, via) === "leg";
  const by = { legCount, ...newestOf(call, legs, user) };
  call.talk = { link, user, userKind, answeredAt, via, viaShown, ...by, shownBy };
  call.lastLink = link;
  call.reached = put(call.reached, user, "leg");
  call.handover = null;
  call.level = level;
  dropOffers(call);
}

/** Ends the open link because the outside party is passed on; the next link begins. */
export function passOn(turn: Turn, talk: Talk, at: EpochMs, outside: boolean): void {
  const { call } = turn;
  endTalk(turn, talk, at, true);
  // Whose phone rings now rings anew; not if who was rung has it: then its end has not been seen.
  const isTaken = externalLegs(call).some((t) => t.rang && isAnswer(call, t));
  const rings = ({ leg }: TrackedLeg) => leg.dn === talk.user && leg.status === "ringing";
  if (isTaken) call.legs = call.legs.map((t) => (rings(t) ? { ...t, external: false } : t));
  call.offers = drop(call.offers, talk.user);
  if (call.handover === null) {
    // Missed before it reaches anybody, it is missed by who passed it on.
    call.handover = { ...beginHandover(turn), outside };
    call.level = { dn: talk.user, kind: talk.userKind };
  }
}

/** The next number is taken. */
export function beginHandover({ call, at }: Turn): Handover {
  call.lastLink += 1;
  const link = call.lastLink;
  const goesOn = { outside: false, offered: false } as const;
  return { link, beganAt: at, failedDueAt: null, transferType: "Blind", ...goesOn };
}

/** A leg came back to a call that was told as over by then: its chain goes on with the next link, never renumbered. */
export function resume(turn: Turn, beganAt: EpochMs): void {
  const { call } = turn;
  call.overAt = null;
  const transferType = call.lastLink === 0 ? "NotDef" : "Blind";
  call.handover = { ...beginHandover(turn), beganAt, transferType };
}

/** What rings no more, and is not the level of which no leg shows, is offered the call no longer. */
export function dropOffers(call: Draft): void {
  for (const { 0: dn, 1: offer } of call.offers) {
    const stays = offer === "leg" ? isThere(call, dn) : call.level?.dn === dn;
    if (!stays) call.offers = drop(call.offers, dn);
  }
}
