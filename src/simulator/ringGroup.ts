/** A ring group: rings its members, never answers itself (its own leg is `Ringing`, if shown). */
import type { Extension, RingGroup } from "./directory.ts";
import type { Exchange } from "./exchange.ts";
import type { DnRef, LegEnd } from "./model.ts";
import { placeAt, type Route, ringPhones, stageOffer, unanswered } from "./routing.ts";
import { Stage } from "./stage.ts";

export function enterRingGroup(exchange: Exchange, route: Route, group: RingGroup): void {
  const here: DnRef = { dn: group.number, kind: "ringgroup" };
  const members = group.members
    .map((number) => exchange.directory.extensions.find((row) => row.number === number))
    .filter((row): row is Extension => row !== undefined && row.devices.length > 0);
  const stage = new Stage(exchange, here);
  const giveUp = (why: LegEnd) => {
    if (stage.over) return;
    unanswered(exchange, route, here, group.onNoAnswer, why);
    if (route.call.step === stage) route.call.step = null;
    stage.end(why);
  };
  if (group.strategy === "Paging") {
    page(exchange, route, here, members);
    return;
  }
  const rung = { ...route, originatedBy: here };
  const waiting = [...members];
  const hunt = group.strategy === "Hunt";
  let cancelRound = () => {};
  const next = (why: LegEnd): void => {
    cancelRound();
    if (stage.over) return;
    const member = waiting.shift();
    if (!member) {
      giveUp(why);
      return;
    }
    ringPhones(exchange, rung, offer, member);
    cancelRound = stage.after(group.ringTimeMs, () => {
      for (const leg of [...stage.offered]) exchange.remove(leg, "noAnswer");
      next("noAnswer");
    });
  };
  const offer = stageOffer(exchange, rung, stage, (_leg, why) => {
    if (stage.offered.size > 0) return;
    if (hunt) next(why);
    else giveUp(why);
  });
  stage.holder = exchange.addLeg(route.call, {
    dn: group.number,
    kind: "ringgroup",
    status: "ringing",
    party: exchange.partyOf(route.anchor),
    originatedBy: route.originatedBy,
    referredBy: route.referredBy,
    onBehalfOf: route.onBehalfOf,
  });
  exchange.place(route.call, route.anchor, exchange.partyOf(stage.holder), "Routing");
  exchange.show(stage.holder);
  stage.enter(route.call);
  if (hunt) {
    next("noAnswer");
    return;
  }
  for (const member of members) ringPhones(exchange, rung, offer, member);
  if (members.length === 0) {
    giveUp("failed");
    return;
  }
  stage.after(route.timeoutMs ?? group.ringTimeMs, () => giveUp("noAnswer"));
}

/** The members' phones answer by themselves and hear the caller until the caller goes. */
function page(exchange: Exchange, route: Route, here: DnRef, members: readonly Extension[]): void {
  const { call, anchor } = route;
  const party = exchange.partyOf(anchor);
  const place = exchange.addLeg(call, { ...here, status: "connected", party });
  placeAt(exchange, route, place);
  exchange.show(place);
  exchange.bridge(place, anchor);
  for (const { number } of members) {
    if (exchange.legsOf(number).length > 0) continue;
    const spec = { dn: number, kind: "extension", status: "connected", party } as const;
    const leg = exchange.addLeg(call, { ...spec, originatedBy: here });
    leg.barges = place;
    exchange.show(leg);
  }
  route.settled?.({ ok: true, leg: place });
}
