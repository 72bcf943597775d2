/**
 * Opt-in `ringstop`: for each phone that was told as ringing, that it stopped, and why as far as it shows
 * (docs/contract.md §8). The PBX gives no reasons: who answers tells, and who is gone; a phone that stops while
 * the call goes on unanswered has timed out or rejected, which cannot be told apart.
 */
import type { RingStopReason } from "../events/event.ts";
import { type Turn, tell } from "./turn.ts";

/** Tells of phones that stopped, once the reason shows or is not to be had. After offers and answer. */
export function tellRingStops(turn: Turn): void {
  const { call, at, settings } = turn;
  for (const [user, ring] of Object.entries(call.rings)) {
    if (call.talk?.user === user) {
      stop(turn, user, "answered");
    } else if (ring.stoppedAt === null && call.offers[user] === undefined) {
      call.rings = { ...call.rings, [user]: { ...ring, stoppedAt: at } };
    }
    const stoppedAt = call.rings[user]?.stoppedAt ?? null;
    if (stoppedAt === null) continue;
    const answeredAt = call.talk?.answeredAt ?? Number.NEGATIVE_INFINITY;
    if (answeredAt >= stoppedAt - settings.ringStopMs) stop(turn, user, "elsewhere");
    else if (at >= stoppedAt + settings.ringStopMs) stop(turn, user, "unknown");
  }
}

/** The link ends: whatever still counts as ringing for it, or for an older one, has stopped. */
export function endRings(turn: Turn, link: number, over: boolean): void {
  const { call, settings } = turn;
  const goneAt = call.hidden?.sinceAt ?? turn.at;
  for (const [user, ring] of Object.entries(call.rings)) {
    if (ring.link > link) continue;
    const atEnd = goneAt - (ring.stoppedAt ?? goneAt) <= settings.ringStopMs;
    const unanswered = over && call.talk === null;
    stop(turn, user, unanswered ? (atEnd ? "caller" : "unknown") : "elsewhere");
  }
}

function stop(turn: Turn, user: string, reason: RingStopReason): void {
  const { call } = turn;
  const { [user]: ring, ...rest } = call.rings;
  if (ring === undefined) return;
  call.rings = rest;
  tell(turn, { kind: "ringstop", reason }, ring.link, { dn: user, kind: "extension" }, turn.at);
}
