/** Places that take a call by themselves: menus, route points, voicemail, parking. */
import type { Ivr } from "./directory.ts";
import type { Exchange } from "./exchange.ts";
import type { DnRef, Leg, Party } from "./model.ts";
import { placeAt, type Route, routeTo, unanswered, voicemailMenu } from "./routing.ts";
import { Stage } from "./stage.ts";

/** A script answers this long after the call reached it (real: about 40 ms). */
const SCRIPT_ANSWER_MS = 40;

/** `holder`: the menu's leg if it is there already (a menu that dialled out). */
export function enterIvr(exchange: Exchange, route: Route, ivr: Ivr, holder?: Leg): void {
  const here: DnRef = { dn: ivr.number, kind: "ivr" };
  const stage = new Stage(exchange, here);
  const onwards: Route = {
    call: route.call,
    anchor: route.anchor,
    originatedBy: here,
    referredBy: route.referredBy,
    onBehalfOf: null,
    prefix: route.prefix,
  };
  stage.press = (key) => {
    const to = ivr.options[key];
    if (to && !stage.over) routeTo(exchange, onwards, to);
  };
  stage.holder = holder ?? placeLeg(exchange, route, here);
  stage.enter(route.call);
  takeCall(exchange, route, stage.holder);
  stage.after(ivr.timeoutMs, () => unanswered(exchange, onwards, here, ivr.onTimeout, "noAnswer"));
}

/** An application or a fax machine takes the call. From here on its leg is a party like any other. */
export function enterMachine(exchange: Exchange, route: Route, here: DnRef): void {
  const stage = new Stage(exchange, here);
  const leg = placeLeg(exchange, route, here);
  stage.enter(route.call);
  route.call.step = null;
  takeCall(exchange, route, leg);
}

/** Shows the leg of a place that answers by itself. */
function placeLeg(exchange: Exchange, route: Route, here: DnRef): Leg {
  const leg = exchange.addLeg(route.call, {
    ...here,
    status: exchange.settings.menuFlashesRinging ? "ringing" : "connected",
    party: exchange.partyOf(route.anchor),
    originatedBy: route.originatedBy,
    referredBy: route.referredBy,
    onBehalfOf: route.onBehalfOf,
    directControl: here.kind === "routepoint",
  });
  placeAt(exchange, route, leg);
  exchange.show(leg);
  return leg;
}

function takeCall(exchange: Exchange, route: Route, leg: Leg): void {
  const take = () => {
    if (leg.end) return;
    exchange.bridge(leg, route.anchor);
    route.settled?.({ ok: true, leg });
  };
  if (leg.status === "ringing") exchange.clock.after(SCRIPT_ANSWER_MS, take);
  else take();
}

/**
 * The caller talks to the voicemail menu. A calling extension sees its own leg turn to the menu,
 * first still `Dialing`, then `Connected`; its number stays the one that was called.
 */
export function enterVoicemail(exchange: Exchange, route: Route, of: string): void {
  const stage = new Stage(exchange, voicemailMenu);
  const { anchor, call } = route;
  const leg = exchange.addLeg(call, {
    ...voicemailMenu,
    status: "connected",
    party: exchange.partyOf(anchor),
    originatedBy: route.originatedBy,
    onBehalfOf: route.onBehalfOf,
  });
  const { voicemailListed } = exchange.settings;
  const owner = exchange.partyOfDn(of, "extension");
  const box: Party = {
    ...voicemailMenu,
    dn: "VoiceMail",
    number: "",
    name: `of ${of} ${owner.name}`,
  };
  if (voicemailListed === "menu") placeAt(exchange, route, leg);
  else exchange.place(call, anchor, voicemailListed === "owner" ? owner : box, "Talking");
  exchange.show(leg);
  stage.enter(call);
  call.step = null;
  if (anchor.kind === "extension") {
    const name = exchange.partyOfDn(of, "extension").name;
    anchor.party = { ...voicemailMenu, kind: "specialmenu", number: of, name };
    exchange.show(anchor);
  }
  anchor.status = "connected";
  anchor.answeredAt ??= exchange.clock.now();
  anchor.peer = leg;
  leg.peer = anchor;
  exchange.show(anchor);
  route.settled?.({ ok: true, leg });
}

/**
 * Parks the anchor at a place ("SP0"). Nothing rings; whoever takes it back ends it, or it goes back to who parked it
 * after a time.
 */
export function parkAt(exchange: Exchange, route: Route, slot: string): void {
  const here: DnRef = { dn: slot, kind: "parking" };
  const stage = new Stage(exchange, here);
  const leg = exchange.addLeg(route.call, {
    ...here,
    status: "connected",
    party: exchange.partyOf(route.anchor),
    referredBy: route.referredBy,
  });
  placeAt(exchange, route, leg);
  exchange.show(leg);
  stage.enter(route.call);
  route.call.step = null;
  exchange.bridge(leg, route.anchor);
  route.settled?.({ ok: true, leg });
  const { parkTimeoutMs } = exchange.settings;
  const parker = route.referredBy;
  if (parkTimeoutMs !== null && parker) {
    exchange.clock.after(parkTimeoutMs, () => ringBack(exchange, leg, route, parker));
  }
}

function ringBack(exchange: Exchange, place: Leg, { anchor }: Route, parker: DnRef): void {
  const { call } = place;
  if (place.end || call.endedAt !== null || place.peer !== anchor) return;
  const here: DnRef = { dn: place.dn, kind: place.kind };
  const marks = { originatedBy: here, referredBy: null, onBehalfOf: null, prefix: "" };
  exchange.setState(call, "Rerouting");
  routeTo(exchange, { call, anchor, ...marks }, { to: "dn", number: parker.dn });
  exchange.remove(place, "replaced");
}
