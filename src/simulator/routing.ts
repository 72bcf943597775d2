/**
 * Where a call goes: from an anchor leg (the side that stays) to a destination, and on from there
 * when nobody answers. `settled` makes it an attempt, whose failure is told and ends nothing.
 */
import { assertNever } from "../util/assertNever.ts";
import {
  type Destination,
  type Extension,
  findDn,
  type Trunk,
  VOICEMAIL_MENU,
} from "./directory.ts";
import type { Exchange } from "./exchange.ts";
import type { Call, DnRef, Leg, LegEnd, Offer } from "./model.ts";
import { enterIvr, enterMachine, enterVoicemail, parkAt } from "./places.ts";
import { enterQueue } from "./queue.ts";
import { enterRingGroup } from "./ringGroup.ts";
import { accept, Stage } from "./stage.ts";

export type RouteOutcome =
  | { readonly ok: true; readonly leg: Leg }
  | { readonly ok: false; readonly why: LegEnd };

export interface Route {
  readonly call: Call;
  readonly anchor: Leg;
  readonly originatedBy: DnRef | null;
  readonly referredBy: DnRef | null;
  readonly onBehalfOf: DnRef | null;
  /** In front of the caller's name at the phones ("Support:"). */
  readonly prefix: string;
  /** Ring time-out in place of the destination's own. */
  readonly timeoutMs?: number;
  /** The phone that gets the call back when nobody answers. */
  readonly recallTo?: string;
  /** Legs that ring there already, in another call, and are taken over from it in place of new ones. */
  readonly takes?: Set<Leg>;
  /** Makes the route an attempt. Called at most once. */
  readonly settled?: (outcome: RouteOutcome) => void;
}

/** A trunk that has no line free refuses after this long. */
const TRUNK_REFUSES_MS = 200;
/** Forwarding follows at most this many hops, then the call ends (RoutingLoopDetected). */
const HOPS_MAX = 16;

export function routeTo(exchange: Exchange, route: Route, to: Destination, hops = 0): void {
  if (route.call.endedAt !== null) return;
  if (hops > HOPS_MAX) {
    fail(exchange, route, "failed");
    return;
  }
  switch (to.to) {
    case "dn":
      routeToDn(exchange, route, to.number, hops);
      return;
    case "voicemail":
      enterVoicemail(exchange, route, to.of);
      return;
    case "external":
      dialOut(exchange, route, to.number);
      return;
    case "end":
      fail(exchange, route, "noAnswer");
      return;
    default:
      assertNever(to);
      return;
  }
}

function routeToDn(exchange: Exchange, route: Route, number: string, hops: number): void {
  const { directory } = exchange;
  const entry = findDn(directory, number);
  if (!entry) {
    dialOut(exchange, route, number);
    return;
  }
  switch (entry.kind) {
    case "extension": {
      const row = directory.extensions.find((extension) => extension.number === number);
      if (row) ringExtension(exchange, route, row, hops);
      break;
    }
    case "queue": {
      const row = directory.queues.find((queue) => queue.number === number);
      if (row) enterQueue(exchange, route, row);
      break;
    }
    case "ivr": {
      const row = directory.ivrs.find((ivr) => ivr.number === number);
      if (row) enterIvr(exchange, route, row);
      break;
    }
    case "ringgroup": {
      const row = directory.ringGroups.find((group) => group.number === number);
      if (row) enterRingGroup(exchange, route, row);
      break;
    }
    case "routepoint":
    case "fax":
      enterMachine(exchange, route, { dn: number, kind: entry.kind });
      return;
    case "specialmenu":
      enterVoicemail(exchange, route, number);
      return;
    case "parking":
      parkAt(exchange, route, number);
      return;
    case "conference":
    case "trunk":
      fail(exchange, route, "failed");
      return;
    default:
      assertNever(entry.kind);
      return;
  }
}

/** The route came to nothing: back to who transferred, else told, else the call ends. */
export function fail(exchange: Exchange, route: Route, why: LegEnd): void {
  if (route.settled) {
    route.settled({ ok: false, why });
    return;
  }
  if (route.recallTo !== undefined) {
    const { recallTo, ...rest } = route;
    routeTo(exchange, { ...rest, referredBy: null }, { to: "dn", number: recallTo });
    return;
  }
  exchange.endCall(route.call, why);
}

/** Nobody answered here: on to the place's own forward target, unless this was an attempt. */
export function unanswered(
  exchange: Exchange,
  route: Route,
  here: DnRef,
  forward: Destination,
  why: LegEnd,
  hops = 0,
): void {
  const attempt = route.settled !== undefined || route.recallTo !== undefined;
  if (attempt || forward.to === "end") {
    fail(exchange, route, why);
    return;
  }
  const { timeoutMs: _, ...rest } = route;
  routeTo(exchange, { ...rest, originatedBy: here, onBehalfOf: here }, forward, hops + 1);
}

/** Says where the call is; to be called before the legs that tell of it are shown. */
export function placeAt(exchange: Exchange, route: Route, leg: Leg): void {
  const waits = leg.kind === "queue" || leg.kind === "ivr";
  const state = waits ? "Routing" : "Talking";
  exchange.place(route.call, route.anchor, exchange.partyOf(leg), state);
}

/** Rings phones of these extensions as part of an offer; one leg a phone or a DN, as switched. */
export function ringPhones(
  exchange: Exchange,
  route: Route,
  offer: Offer,
  extension: Extension,
): Leg[] {
  const { settings } = exchange;
  const devices =
    settings.deviceLegs === "perDevice" ? extension.devices : extension.devices.slice(0, 1);
  const party = exchange.partyOf(route.anchor);
  const make = (deviceId: string, directControl: boolean): Leg =>
    exchange.addLeg(route.call, {
      dn: extension.number,
      kind: "extension",
      status: "ringing",
      party: { ...party, name: route.prefix + party.name },
      deviceId,
      directControl,
      originatedBy: route.originatedBy,
      referredBy: route.referredBy,
      onBehalfOf: route.onBehalfOf,
    });
  return devices.map(({ deviceId, directControl }) => {
    const taken = takeOver(route, extension.number, deviceId);
    if (taken !== null) {
      taken.party = { ...party, name: route.prefix + party.name };
      taken.offer = offer;
      offer.legs.add(taken);
      exchange.show(taken);
      return taken;
    }
    if (exchange.random() < settings.flickerChance) {
      const flicker = make(deviceId, directControl);
      exchange.show(flicker);
      exchange.remove(flicker, "failed");
    }
    const leg = make(deviceId, directControl);
    leg.offer = offer;
    offer.legs.add(leg);
    exchange.show(leg);
    if (settings.phonesAnswerAfterMs !== null) {
      exchange.clock.after(settings.phonesAnswerAfterMs, () => accept(leg));
    }
    return leg;
  });
}

/** The leg of this phone that the route takes over: it keeps its id and its number in the call. */
function takeOver({ takes, call }: Route, dn: string, deviceId: string): Leg | null {
  for (const leg of takes ?? []) {
    if (leg.dn !== dn || leg.deviceId !== deviceId) continue;
    takes?.delete(leg);
    moveTo(call, leg);
    return leg;
  }
  return null;
}

/** The leg goes on in another call, under its id. */
export function moveTo(call: Call, leg: Leg): void {
  leg.call.legs.delete(leg);
  leg.call = call;
  call.legs.add(leg);
  call.allLegs.push(leg);
}

/** An offer whose first acceptor is joined with the anchor. */
export function stageOffer(
  exchange: Exchange,
  route: Route,
  stage: Stage,
  refused: (leg: Leg, why: LegEnd) => void,
): Offer {
  return {
    anchor: route.anchor,
    legs: stage.offered,
    accepted(leg) {
      placeAt(exchange, route, leg);
      exchange.bridge(leg, route.anchor);
      stage.won(route.call, leg);
      route.settled?.({ ok: true, leg });
    },
    refused,
  };
}

function ringExtension(exchange: Exchange, route: Route, extension: Extension, hops: number): void {
  const here: DnRef = { dn: extension.number, kind: "extension" };
  if (extension.forwardAll) {
    unanswered(exchange, route, here, extension.forwardAll, "failed", hops);
    return;
  }
  if (extension.onBusy && exchange.legsOf(here.dn).some(({ status }) => status !== "ringing")) {
    unanswered(exchange, route, here, extension.onBusy, "rejected", hops);
    return;
  }
  const onwards = (why: LegEnd) =>
    unanswered(exchange, route, here, extension.onNoAnswer, why, hops);
  const mobile = extension.ringsMobile ? extension.mobile : "";
  if (extension.devices.length === 0 && mobile === "") {
    onwards("failed");
    return;
  }
  const stage = new Stage(exchange, here);
  const giveUp = (why: LegEnd) => {
    if (stage.over) return;
    if (route.call.step === stage) route.call.step = null;
    stage.end(why);
    onwards(why);
  };
  const offer = stageOffer(exchange, route, stage, (leg, why) => {
    // A mobile that is off leaves the phone ringing.
    if (leg.kind === "extension" || stage.offered.size === 0) giveUp(why);
  });
  exchange.place(route.call, route.anchor, exchange.partyOfDn(here.dn, here.kind), "Routing");
  ringPhones(exchange, route, offer, extension);
  const [trunk] = trunksTo(exchange, mobile);
  if (mobile !== "" && trunk) {
    offerOutside(exchange, { ...route, onBehalfOf: here }, offer, trunk.number, mobile);
  }
  stage.enter(route.call);
  stage.after(route.timeoutMs ?? extension.ringTimeoutMs, () => giveUp("noAnswer"));
}

/** Trunks that take the number, in the order in which they are tried. */
export function trunksTo({ directory }: Exchange, number: string): readonly Trunk[] {
  const leads = ({ prefix }: Trunk) => prefix !== undefined && number.startsWith(prefix);
  const bridges = directory.trunks.filter(leads);
  return bridges.length > 0 ? bridges : directory.trunks.filter(({ prefix }) => !prefix);
}

function offerOutside(
  exchange: Exchange,
  route: Route,
  offer: Offer,
  trunk: string,
  number: string,
): Leg {
  const leg = exchange.addLeg(route.call, {
    dn: trunk,
    kind: "trunk",
    status: "dialing",
    party: exchange.partyOf(route.anchor),
    outside: { number, name: "" },
    onBehalfOf: route.onBehalfOf,
  });
  leg.offer = offer;
  offer.legs.add(leg);
  exchange.show(leg);
  return leg;
}

/**
 * Out over a trunk; over the next one, if it refuses. Its leg belongs to the trunk's DN: no extension shows it.
 */
function dialOut(exchange: Exchange, route: Route, number: string, tried = 0): void {
  const trunks = trunksTo(exchange, number);
  const trunk = trunks[tried];
  if (!trunk) {
    fail(exchange, route, "failed");
    return;
  }
  const { settings } = exchange;
  const stage = new Stage(exchange, { dn: trunk.number, kind: "trunk" });
  const giveUp = (why: LegEnd) => {
    if (stage.over) return;
    if (route.call.step === stage) route.call.step = null;
    stage.end(why);
    fail(exchange, route, why);
  };
  const offer = stageOffer(exchange, route, stage, (_leg, why) => giveUp(why));
  const outside = { dn: trunk.number, kind: "trunk", number, name: "" } as const;
  exchange.place(route.call, route.anchor, outside, "Routing");
  const leg = offerOutside(exchange, route, offer, trunk.number, number);
  stage.enter(route.call);
  const isLast = tried + 1 >= trunks.length;
  if (!isLast && settings.trunkFailsChance > 0 && exchange.random() < settings.trunkFailsChance) {
    stage.after(TRUNK_REFUSES_MS, () => dialOut(exchange, route, number, tried + 1));
  }
  stage.after(route.timeoutMs ?? settings.dialTimeoutMs, () => giveUp("noAnswer"));
  if (settings.outsideAnswersAfterMs !== null) {
    stage.after(settings.outsideAnswersAfterMs, () => accept(leg));
  }
}

/** The menu's number shown to who is sent to voicemail. */
export const voicemailMenu: DnRef = { dn: VOICEMAIL_MENU, kind: "specialmenu" };
