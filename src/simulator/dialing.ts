/** Calls that begin inside: a phone dials, or an API client lets a DN dial (makecall). */
import type { Device, Extension } from "./directory.ts";
import { findDn } from "./directory.ts";
import { type Exchange, MAKE_CALL, NOBODY } from "./exchange.ts";
import { UserMistake } from "./mistake.ts";
import type { Call, DnRef, Leg, Offer, Party } from "./model.ts";
import type { ActionResult } from "./pbx.ts";
import { enterIvr } from "./places.ts";
import { enterQueue } from "./queue.ts";
import { type Route, routeTo, trunksTo } from "./routing.ts";
import { Stage } from "./stage.ts";

/** The PBX knows the way out this long after a phone began to dial. */
const DIAL_RULE_MS = 5;

/** The number as dialled: an inside DN, or anything else over the trunk. */
function dialledParty(exchange: Exchange, number: string): Party {
  const entry = findDn(exchange.directory, number);
  if (entry) return { dn: number, kind: entry.kind, number, name: entry.name };
  const [trunk] = trunksTo(exchange, number);
  return { dn: trunk?.number ?? "", kind: trunk ? "trunk" : null, number, name: "" };
}

function ordinary(call: Call, anchor: Leg): Route {
  return {
    call,
    anchor,
    originatedBy: null,
    referredBy: null,
    onBehalfOf: null,
    prefix: "",
  };
}

/** A person dials on a phone. Other talks of this phone are put on hold by the caller. */
export function dial(exchange: Exchange, extension: Extension, number: string): Call {
  const device = extension.devices[0];
  if (!device) {
    throw new UserMistake(
      `Expected a registered phone at ${extension.number}, it has none. Give it a device first.`,
    );
  }
  const callee = dialledParty(exchange, number);
  const me = exchange.partyOfDn(extension.number, "extension");
  const call = exchange.newCall(callee.kind === "trunk" ? "outgoing" : "internal", me, callee);
  const empty = exchange.settings.dialingFirstEmpty;
  const leg = exchange.addLeg(call, {
    dn: extension.number,
    kind: "extension",
    status: "dialing",
    party: empty ? { ...NOBODY, number } : callee,
    deviceId: device.deviceId,
    directControl: device.directControl,
  });
  exchange.show(leg);
  const go = () => {
    if (leg.end) return;
    if (empty) {
      leg.party = callee;
      exchange.show(leg);
    }
    routeTo(exchange, ordinary(call, leg), { to: "dn", number });
  };
  if (empty) exchange.clock.after(DIAL_RULE_MS, go);
  else go();
  return call;
}

const NO_LEG = { legId: null } as const;

function refused(status: number, reason: string, reasontext: string): ActionResult {
  return { finalstatus: "Failed", reason, reasontext, status, ...NO_LEG };
}

function dialling(leg: Leg): ActionResult {
  return {
    finalstatus: "Success",
    reason: "NotSpecified",
    reasontext: "Dialing",
    legId: leg.id,
    status: 200,
  };
}

/**
 * `POST …/makecall`, in its three forms: of a device, of a DN, of a route point (or queue, menu).
 */
export function makeCall(
  exchange: Exchange,
  dn: string,
  destination: string,
  deviceId?: string,
): ActionResult {
  const entry = findDn(exchange.directory, dn);
  if (!entry) return refused(422, "UnknownDestination", `No DN ${dn}`);
  if (destination === "") return refused(422, "UnknownDestination", "Destination is empty");
  switch (entry.kind) {
    case "extension": {
      const row = exchange.directory.extensions.find((extension) => extension.number === dn);
      const devices = row?.devices ?? [];
      if (deviceId !== undefined) {
        const device = devices.find((each) => each.deviceId === deviceId);
        if (!device) return refused(422, "SubjectNotFound", `No device ${deviceId}`);
        return makeCallFrom(exchange, dn, device, destination);
      }
      const [only, ...others] = devices;
      if (!only) return refused(422, "DestinationIsNotRegistered", `${dn} is not registered`);
      if (others.length === 0) return makeCallFrom(exchange, dn, only, destination);
      return ringOwnPhones(exchange, dn, devices, destination);
    }
    case "queue":
    case "ivr":
    case "routepoint":
      return makeCallByApp(exchange, { dn, kind: entry.kind }, destination);
    default:
      return refused(422, "SubjectNotFound", `${dn} cannot make calls`);
  }
}

/** The phone dials itself, or is called first: shown as `Dialing` either way. */
function makeCallFrom(
  exchange: Exchange,
  dn: string,
  device: Device,
  destination: string,
): ActionResult {
  const me = exchange.partyOfDn(dn, "extension");
  const callee = dialledParty(exchange, destination);
  const direction = callee.kind === "trunk" ? "outgoing" : "internal";
  const dialsItself = device.directControl && exchange.settings.directControl;
  const call = dialsItself
    ? exchange.newCall(direction, me, callee)
    : exchange.newCall(direction, MAKE_CALL, me);
  const leg = exchange.addLeg(call, {
    dn,
    kind: "extension",
    status: "dialing",
    party: { ...NOBODY, number: destination },
    ...device,
  });
  exchange.show(leg);
  const liftMs = dialsItself ? DIAL_RULE_MS : exchange.settings.ownPhoneLiftMs;
  exchange.clock.after(liftMs, () => dialOn(exchange, leg, me, callee));
  return dialling(leg);
}

function dialOn(exchange: Exchange, leg: Leg, me: Party, callee: Party): void {
  if (leg.end) return;
  leg.party = callee;
  exchange.show(leg);
  leg.call.caller = me;
  leg.call.callee = callee;
  exchange.noteListed(leg.call);
  routeTo(exchange, ordinary(leg.call, leg), { to: "dn", number: callee.number });
}

/**
 * The old MakeCall: all phones of the DN ring, from `MakeCall`; the one that is lifted dials on.
 * The
 * initiator is not told.
 */
function ringOwnPhones(
  exchange: Exchange,
  dn: string,
  devices: readonly Device[],
  destination: string,
): ActionResult {
  const me = exchange.partyOfDn(dn, "extension");
  const callee = dialledParty(exchange, destination);
  const direction = callee.kind === "trunk" ? "outgoing" : "internal";
  const call = exchange.newCall(direction, MAKE_CALL, me);
  exchange.skipLeg(call);
  const stage = new Stage(exchange, { dn, kind: "extension" });
  const legs = devices.map((device) =>
    exchange.addLeg(call, {
      dn,
      kind: "extension",
      status: "ringing",
      party: { ...MAKE_CALL, number: destination },
      ...device,
    }),
  );
  const [first] = legs;
  if (!first) return refused(422, "DestinationIsNotRegistered", `${dn} is not registered`);
  const offer: Offer = {
    anchor: first,
    legs: stage.offered,
    accepted(leg) {
      leg.status = "dialing";
      leg.party = { ...NOBODY, number: destination };
      exchange.show(leg);
      stage.won(call, leg);
      // Another phone may have picked it up.
      dialOn(exchange, leg, exchange.partyOf(leg), callee);
    },
    refused: () => exchange.endCall(call, "rejected"),
  };
  for (const leg of legs) {
    leg.offer = offer;
    offer.legs.add(leg);
    exchange.show(leg);
  }
  stage.enter(call);
  stage.after(exchange.settings.dialTimeoutMs, () => exchange.endCall(call, "noAnswer"));
  return {
    finalstatus: "Success",
    reason: "NotSpecified",
    reasontext: "Ringing own phones",
    status: 202,
    ...NO_LEG,
  };
}

/**
 * A route point, queue or menu calls out by itself: no phone, the far end's ringing is not told.
 */
function makeCallByApp(exchange: Exchange, app: DnRef, destination: string): ActionResult {
  const callee = dialledParty(exchange, destination);
  const me = exchange.partyOfDn(app.dn, app.kind);
  const direction = callee.kind === "trunk" ? "outgoing" : "internal";
  const call = exchange.newCall(direction, me, callee);
  const leg = exchange.addLeg(call, {
    ...app,
    status: "dialing",
    party: { ...NOBODY, number: destination },
    deviceId: appDevice(app.dn),
    directControl: app.kind === "routepoint",
  });
  exchange.show(leg);
  const route: Route = {
    ...ordinary(call, leg),
    settled(outcome) {
      if (outcome.ok) serve(exchange, call, leg, outcome.leg);
      else exchange.endCall(call, outcome.why);
    },
  };
  exchange.clock.after(DIAL_RULE_MS, () => {
    if (leg.end) return;
    leg.party = callee;
    exchange.show(leg);
    routeTo(exchange, route, { to: "dn", number: destination });
  });
  return dialling(leg);
}

/** Who was called out by a queue or menu gets what a caller of it gets. */
function serve(exchange: Exchange, call: Call, app: Leg, customer: Leg): void {
  const { directory } = exchange;
  const route = ordinary(call, customer);
  const queue = directory.queues.find((row) => app.kind === "queue" && row.number === app.dn);
  if (queue) {
    enterQueue(exchange, route, queue, app);
    return;
  }
  const ivr = directory.ivrs.find((row) => app.kind === "ivr" && row.number === app.dn);
  if (ivr) enterIvr(exchange, route, ivr, app);
}

/** Contact of a DN that has no phone: the PBX's own media server. */
export function appDevice(dn: string): string {
  return `sip:${dn}@127.0.0.1:5488`;
}
