/**
 * Opt-in `ringstop`: for each phone that was told as ringing, that it stopped, and why as far as it shows
 * (docs/contract.md §8). The PBX gives no reasons on the wire: who answers tells, and who is gone, and how long the
 * phone rang (SPEC.md, R29).
 */
import type { EpochMs, RingStopReason } from "../events/event.ts";
import { drop, get, put } from "./byDn.ts";
import { isThere } from "./legs.ts";
import type { Ring } from "./state.ts";
import { type Turn, tell } from "./turn.ts";

/** A phone rings, about to be told. If it stopped a moment ago, that is told first. Followed only for who wants it. */
export function beginRing(turn: Turn, user: string, { link, by }: Pick<Ring, "link" | "by">): void {
  const { call, at, settings } = turn;
  const before = get(call.rings, user);
  if (before !== undefined) stop(turn, user, before, ownReason(turn, before, at));
  if (!settings.extras) return;
  call.rings = put(call.rings, user, { link, by, sinceAt: at, stoppedAt: null });
}

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
    else if (at >= stoppedAt + settings.ringStopMs)
      stop(turn, user, ring, ownReason(turn, ring, stoppedAt));
  }
}

/** Nobody answered, and the call goes on: did its queue give the phone up, or the phone the call? */
function ownReason(
  { call, known, settings }: Turn,
  ring: Ring,
  stoppedAt: EpochMs,
): RingStopReason {
  const dueMs = get(known.ringMs, ring.by);
  if (dueMs === undefined) return "unknown";
  const earlyMs = dueMs - (stoppedAt - ring.sinceAt);
  if (Math.abs(earlyMs) <= settings.ringTimeSlackMs) return "timeout";
  // A queue that gives up the caller silences its phones, too.
  return earlyMs > 0 && isThere(call, ring.by) ? "rejected" : "unknown";
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
