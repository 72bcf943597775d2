/**
 * Opt-in `ringstop`: for each phone that was told as ringing, that it stopped, and why as far as it shows
 * (docs/contract.md §8). The PBX gives no reasons: who answers tells, and who is gone; a phone that stops while
 * the call goes on unanswered has timed out or rejected, which cannot be told apart.
 */
import type { RingStopReason } from "../events/event.ts";
import { drop, get, put } from "./byDn.ts";
import type { Ring } from "./state.ts";
import { type Turn, tell } from "./turn.ts";

/** Tells of phones that stopped, once the reason shows or is not to be had. After offers and answer. */
export function tellRingStops(turn: Turn): void {
  const { call, at, settings } = turn;
  const { talk } = call;
  for (const [user, ring] of call.rings) {
    if (talk?.user === user) {
      stop(turn, user, ring, "answered");
      continue;
    }
    const stoppedAt = ring.stoppedAt ?? (get(call.offers, user) === undefined ? at : null);
    if (stoppedAt === null) continue;
    if (ring.stoppedAt === null) call.rings = put(call.rings, user, { ...ring, stoppedAt });
    const answeredThen = talk !== null && talk.answeredAt >= stoppedAt - settings.ringStopMs;
    if (answeredThen) stop(turn, user, ring, "elsewhere");
    else if (at >= stoppedAt + settings.ringStopMs) stop(turn, user, ring, "unknown");
  }
}

/** The link ends: whatever still counts as ringing for it, or for an older one, has stopped with it. */
export function endRings(turn: Turn, link: number, reason: RingStopReason): void {
  for (const [user, ring] of turn.call.rings) {
    if (ring.link <= link) stop(turn, user, ring, reason);
  }
}

function stop(turn: Turn, user: string, ring: Ring, reason: RingStopReason): void {
  const { call } = turn;
  call.rings = drop(call.rings, user);
  tell(turn, { kind: "ringstop", reason }, ring.link, { dn: user, kind: "extension" }, turn.at);
}
