/** Handing a call over: blind, as an attempt (transferto, routeto), attended, diverted. */
import type { Destination, DnKind } from "./directory.ts";
import type { Exchange } from "./exchange.ts";
import { UserMistake } from "./mistake.ts";
import type { Call, DnRef, Leg } from "./model.ts";
import { moveTo, type Route, type RouteOutcome, ringPhones, routeTo } from "./routing.ts";

export function refOf(leg: Leg): DnRef {
  return { dn: leg.dn, kind: leg.kind };
}

/** The side that stays when `leg` hands the call over. */
export function otherSide(leg: Leg): Leg {
  const { peer } = leg;
  if (!peer || peer.end || leg.end || leg.call.endedAt !== null) {
    throw new UserMistake(
      `Expected ${leg.dn} to be in a conversation, its leg ${leg.id} is ${leg.status}. ` +
        "Answer first.",
    );
  }
  return peer;
}

/** `takes`: legs that ring there already. */
export function blindTransfer(
  exchange: Exchange,
  leg: Leg,
  to: Destination,
  takes: Set<Leg> = new Set(),
): void {
  if (exchange.settings.blindTransferLeaves === "onAnswer") {
    attempt(exchange, leg, to, { referredBy: refOf(leg), originatedBy: null, takes }, () => {});
    return;
  }
  const anchor = otherSide(leg);
  exchange.setState(leg.call, "Transferring");
  anchor.peer = null;
  unhold(exchange, anchor);
  const route: Route = {
    call: leg.call,
    anchor,
    originatedBy: null,
    referredBy: refOf(leg),
    onBehalfOf: null,
    prefix: "",
    recallTo: leg.dn,
    takes,
  };
  routeTo(exchange, route, to);
  exchange.remove(leg, "transferred");
}

/** The leg stays until the destination accepts; on failure the conversation goes on. */
export function attempt(
  exchange: Exchange,
  leg: Leg,
  to: Destination,
  marks: Pick<Route, "referredBy" | "originatedBy" | "takes">,
  told: (outcome: RouteOutcome) => void,
  timeoutMs?: number,
): void {
  const anchor = otherSide(leg);
  const { call } = leg;
  call.transferrer = leg;
  exchange.setState(call, "Transferring");
  const route: Route = {
    call,
    anchor,
    ...marks,
    onBehalfOf: null,
    prefix: "",
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    settled(outcome) {
      if (call.transferrer === leg) call.transferrer = null;
      if (outcome.ok) {
        exchange.remove(leg, "transferred");
      } else if (leg.end) {
        exchange.endCall(call, outcome.why);
      } else {
        exchange.place(call, anchor, exchange.partyOf(leg), "Talking");
      }
      told(outcome);
    },
  };
  routeTo(exchange, route, to);
}

/** A ringing leg sends the call elsewhere. */
export function divert(exchange: Exchange, leg: Leg, to: Destination): void {
  const { offer, call } = leg;
  if (!offer) throw new UserMistake(`Expected leg ${leg.id} to be ringing, it is ${leg.status}.`);
  const step = call.step;
  const route: Route = {
    call,
    anchor: offer.anchor,
    originatedBy: leg.originatedBy,
    referredBy: null,
    onBehalfOf: refOf(leg),
    prefix: "",
  };
  const polled = step !== null && step.place.dn !== leg.dn;
  const target = exchange.directory.extensions.find(
    (row) => to.to === "dn" && row.number === to.number,
  );
  if (polled && target) {
    ringPhones(exchange, route, offer, target);
    exchange.remove(leg, "replaced");
  } else {
    routeTo(exchange, route, to);
  }
}

/** Adds a parallel destination to a ringing leg: first to accept wins. */
export function ringAlso(exchange: Exchange, leg: Leg, number: string): boolean {
  const { offer } = leg;
  const target = exchange.directory.extensions.find((row) => row.number === number);
  if (!offer || !target) return false;
  const route: Route = {
    call: leg.call,
    anchor: offer.anchor,
    originatedBy: refOf(leg),
    referredBy: null,
    onBehalfOf: null,
    prefix: "",
  };
  ringPhones(exchange, route, offer, target);
  return true;
}

/** Moves a leg into another call: same id, that call's number, a new leg number. */
export function adopt(leg: Leg, call: Call): void {
  moveTo(call, leg);
  call.lastLegid += 1;
  leg.legid = call.lastLegid;
}

/** Its legs that ring at this extension leave the call, if they are to outlive it. */
function keepsRinging({ settings }: Exchange, call: Call, dn: string): Set<Leg> {
  const ringing = new Set<Leg>();
  if (settings.ringingTransfer === "newLeg") return ringing;
  for (const leg of call.legs) {
    if (leg.dn !== dn || leg.offer === null || leg.status !== "ringing") continue;
    leg.offer.legs.delete(leg);
    leg.offer = null;
    call.legs.delete(leg);
    ringing.add(leg);
  }
  return ringing;
}

/** Whose number is dialled to get there. */
const dialled: ReadonlySet<DnKind> = new Set(["extension", "queue", "ringgroup", "ivr"]);

/**
 * `dn` joins its two calls and leaves. `first` is the older conversation, `second` the
 * consultation.
 * While the consulted side still rings this is a blind transfer.
 */
export function completeTransfer(exchange: Exchange, first: Leg, second: Leg): void {
  const stays = otherSide(first);
  const { step } = second.call;
  if (step || second.status === "dialing") {
    // Whom the consultation has got to: another one, if it was handed over meanwhile.
    const rings = step && dialled.has(step.place.kind) ? step.place.dn : second.party.number;
    const to = { to: "dn", number: rings } as const;
    const ringing = keepsRinging(exchange, second.call, rings);
    exchange.endCall(second.call, "transferred");
    blindTransfer(exchange, first, to, ringing);
    // Where the call went on elsewhere.
    for (const leg of ringing) exchange.remove(leg, "transferred");
    return;
  }
  const consulted = otherSide(second);
  const [x, y] = [first.call, second.call];
  if (rootOf(x) !== rootOf(y)) rootOf(y).joinedTo = rootOf(x);
  exchange.remove(first, "transferred");
  exchange.remove(second, "transferred");
  const mode = exchange.settings.attendedTransfer;
  const into = mode === "newCall" ? callAfter(exchange, x) : mode === "keepY" ? y : x;
  if (mode === "newLeg" || mode === "newCall") {
    exchange.remove(consulted, "replaced");
    if (into !== x) adopt(stays, into);
    const { dn, kind, deviceId, directControl, outside } = consulted;
    const party = exchange.partyOf(stays);
    const spec = { dn, kind, deviceId, directControl, status: "connected", party } as const;
    const replacement = exchange.addLeg(into, outside ? { ...spec, outside } : spec);
    join(exchange, into, stays, replacement);
    exchange.show(replacement);
  } else {
    adopt(mode === "keepX" ? consulted : stays, into);
    join(exchange, into, stays, consulted);
    exchange.show(consulted);
  }
  exchange.show(stays);
  for (const call of [x, y]) if (call !== into) exchange.endCall(call, "transferred");
}

/** The same call under a number that is new. */
function callAfter(exchange: Exchange, before: Call): Call {
  const call = exchange.newCall(before.direction, before.caller, before.callee);
  call.rule = before.rule;
  call.joinedTo = rootOf(before);
  return call;
}

/** Of calls that were joined, the one that all are logged under. */
export function rootOf(call: Call): Call {
  return call.joinedTo === null ? call : rootOf(call.joinedTo);
}

/** Both sides talk to one another in `call`. */
function join(exchange: Exchange, call: Call, stays: Leg, other: Leg): void {
  const staysParty = exchange.partyOf(stays);
  const otherParty = exchange.partyOf(other);
  for (const [leg, peer, party] of [
    [stays, other, otherParty],
    [other, stays, staysParty],
  ] as const) {
    leg.peer = peer;
    leg.party = party;
    leg.status = "connected";
  }
  call.callersBefore.push({ untilAt: exchange.clock.now(), caller: call.caller });
  call.caller = call.direction === "outgoing" ? otherParty : staysParty;
  call.callee = call.direction === "outgoing" ? staysParty : otherParty;
  exchange.setState(call, "Talking");
}

export function hold(exchange: Exchange, leg: Leg): void {
  const peer = otherSide(leg);
  leg.status = "hold";
  peer.status = "held";
  exchange.show(leg);
  exchange.show(peer);
}

export function resume(exchange: Exchange, leg: Leg): void {
  const peer = otherSide(leg);
  unhold(exchange, leg);
  unhold(exchange, peer);
}

function unhold(exchange: Exchange, leg: Leg): void {
  if (leg.status !== "hold" && leg.status !== "held") return;
  leg.status = "connected";
  exchange.show(leg);
}
