/**
 * Several in one conversation: a conference of the two calls of one phone, and phones that hear another's call
 * (barge-in, listening, whispering). Nobody has published what a V20 shows of either: see docs/simulator.md.
 */
import { CONFERENCE } from "./directory.ts";
import type { Exchange } from "./exchange.ts";
import { UserMistake } from "./mistake.ts";
import type { Call, DnRef, Leg } from "./model.ts";
import { otherSide } from "./transfers.ts";

const room: DnRef = { dn: CONFERENCE, kind: "conference" };

/** The phone of `first` and `second` talks to both; its hanging up ends it. */
export function confer(exchange: Exchange, first: Leg, second: Leg): void {
  const others = [otherSide(first), otherSide(second)];
  const calls = [first.call, second.call];
  const own =
    exchange.settings.conference === "keepsLegs"
      ? stayIn(exchange, [first, second], others)
      : moveIn(exchange, [first, second], others);
  const members = new Set<Call>([...calls, ...own.map((leg) => leg.call)]);
  const stop = exchange.on((event) => {
    if (event.kind === "restarted") stop();
    if (event.kind !== "callEnded" || !members.delete(event.call)) return;
    const isLeft = own.some((leg) => leg.end?.why === "hungUp");
    const isAlone = own.every((leg) => members.size === 1 && members.has(leg.call));
    const isOver = isLeft || (isAlone && exchange.settings.conference === "ownCalls");
    if (members.size > 1 && !isOver) return;
    stop();
    if (isOver) for (const call of members) exchange.endCall(call, "hungUp");
    else for (const leg of own) leaveRoom(exchange, leg);
  });
}

/** Everybody stands towards the room now, in the call of before. */
function stayIn(exchange: Exchange, own: readonly Leg[], others: readonly Leg[]): readonly Leg[] {
  const party = exchange.partyOfDn(room.dn, room.kind);
  for (const leg of [...own, ...others]) {
    leg.status = "connected";
    leg.party = party;
  }
  for (const leg of others) exchange.place(leg.call, leg, party, "Talking");
  for (const leg of [...own, ...others]) exchange.show(leg);
  return own;
}

/** Everybody gets a call of its own into the room: two go on in theirs, the phone begins a new one. */
function moveIn(exchange: Exchange, own: readonly Leg[], others: readonly Leg[]): readonly Leg[] {
  for (const leg of others) enterRoom(exchange, leg);
  const [model] = own;
  if (model === undefined) return [];
  const party = exchange.partyOfDn(room.dn, room.kind);
  const me = exchange.partyOfDn(model.dn, model.kind);
  const call = exchange.newCall("internal", me, party);
  const { dn, kind, deviceId } = model;
  const mine = exchange.addLeg(call, { dn, kind, deviceId, status: "connected", party });
  exchange.show(mine);
  enterRoom(exchange, mine);
  for (const leg of own) exchange.remove(leg, "transferred");
  return [mine];
}

function enterRoom(exchange: Exchange, leg: Leg): void {
  const { call } = leg;
  const place = exchange.addLeg(call, {
    ...room,
    status: "connected",
    party: exchange.partyOf(leg),
  });
  exchange.place(call, leg, exchange.partyOf(place), "Talking");
  exchange.show(place);
  exchange.bridge(place, leg);
}

/** Two are left, who talk as before. */
function leaveRoom(exchange: Exchange, leg: Leg): void {
  const { peer } = leg;
  if (leg.end || !peer || peer.end) return;
  leg.party = exchange.partyOf(peer);
  peer.party = exchange.partyOf(leg);
  exchange.place(leg.call, peer, exchange.partyOf(leg), "Talking");
  exchange.show(leg);
  exchange.show(peer);
}

/** `dn` hears the call of `heard`: as one who talks, too, or who only listens or whispers to that phone. */
export function bargeIn(exchange: Exchange, dn: string, heard: Leg, talks: boolean): Leg {
  const party = exchange.partyOf(talks ? otherSide(heard) : heard);
  const spec = { dn, kind: "extension", status: "connected", party } as const;
  const leg = exchange.addLeg(heard.call, spec);
  leg.barges = heard;
  exchange.show(leg);
  return leg;
}

/** The same user goes on with another phone. */
export function changeDevice(exchange: Exchange, leg: Leg, deviceId: string): Leg {
  const other = otherSide(leg);
  if (leg.call.transferrer === leg) {
    throw new UserMistake(`Expected ${leg.dn} to talk, it is handing its call over.`);
  }
  const { dn, kind, party, directControl } = leg;
  const spec = { dn, kind, party, directControl, deviceId, status: "connected" } as const;
  const next = exchange.addLeg(leg.call, spec);
  next.peer = other;
  other.peer = next;
  exchange.show(next);
  leg.peer = null;
  exchange.removeSoon(leg, "replaced");
  return next;
}
