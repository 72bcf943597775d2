/** For whom a phone rings: which queue or ring group polls it, and when that has given the call up. Pure looks. */
import { canPoll, type Leg } from "./activity.ts";
import { get } from "./byDn.ts";
import { externalLegs, isThere } from "./legs.ts";
import type { Call, Level, TrackedLeg } from "./state.ts";

/** The queue or ring group that rings this extension; null if it is called directly. */
export function holderOf(call: Call, leg: Leg, turned = false): Level | null {
  const from = leg.originatedBy;
  // Who rings it on its own behalf forwards the call there; a queue may also call back so, which is no consultation.
  const forwards = from?.kind === "ringgroup" || turned;
  if (from !== null && forwards && leg.onBehalfOf?.dn === from.dn) return null;
  if (from !== null && canPoll(from.kind)) {
    // A queue whose leg was seen and is gone has passed the call on: not its polling any more.
    const left = get(call.reached, from.dn) === "leg" && !isThere(call, from.dn);
    return left ? null : { dn: from.dn, kind: from.kind };
  }
  const legs = externalLegs(call);
  for (let at = legs.length - 1; at >= 0; at -= 1) {
    const { dn, dnKind: kind } = (legs[at] as TrackedLeg).leg;
    if (canPoll(kind)) return { dn, kind };
  }
  const poller = unshownPoller(call);
  // Whom it rings, its legs name: who rings on another's behalf when those have gone, rings for themselves.
  const isElses = leg.status === "ringing" && poller !== null && hasLeft(call, poller);
  return isElses ? null : poller;
}

/** The queue or ring group that has the call, and that no leg shows. */
function unshownPoller({ level, offers }: Call): Level | null {
  return canPoll(level?.kind) && get(offers, level.dn) === "inferred" ? level : null;
}

/** It has given the call away: its own leg was seen and has gone, or all legs that named it have. */
export function hasLeft(call: Call, level: Level): boolean {
  if (hadLeg(call, level)) return !isThere(call, level.dn);
  const isNamed = get(call.reached, level.dn) === "named";
  return isNamed && !externalLegs(call).some(({ leg }) => leg.originatedBy?.dn === level.dn);
}

/** Only this user rings, for a queue or ring group that no leg shows. */
export function ringsAlone(call: Call, dn: string): boolean {
  const rings = ({ leg }: TrackedLeg) => leg.dn === dn && leg.status === "ringing";
  const legs = externalLegs(call);
  return unshownPoller(call) !== null && legs.length > 0 && legs.every(rings);
}

/** This leg is seen late: the level has rung somebody since it was made. */
export function hasRungSince(call: Call, { dn }: Level, { legNumber }: Leg): boolean {
  return externalLegs(call).some(
    ({ leg }) => leg.originatedBy?.dn === dn && leg.legNumber > legNumber,
  );
}

/** Its own leg has gone; whether that phone goes with it, as legs that end together do, shows in a moment (`followLevel`). */
export function stillPolls(call: Call, { originatedBy, onBehalfOf }: Leg): boolean {
  const { level } = call;
  const polled = level !== null && level.kind !== "extension" && hadLeg(call, level);
  return polled && originatedBy?.dn === level.dn && onBehalfOf?.dn !== level.dn;
}

/** Its leaving can be seen: a queue or ring group whose own leg was seen, or an extension. */
function hadLeg(call: Call, { dn, kind }: Level): boolean {
  return kind === "extension" || (canPoll(kind) && get(call.reached, dn) === "leg");
}

/** Another leg of that phone rings, and names the same maker: this one, of another device, tells no more. */
export function ringsBeside(call: Call, leg: Leg): boolean {
  const { originatedBy: maker } = leg;
  return externalLegs(call).some(
    ({ leg: { legId, dn, status, originatedBy } }) =>
      legId !== leg.legId &&
      dn === leg.dn &&
      status === "ringing" &&
      originatedBy?.dn === maker?.dn,
  );
}
