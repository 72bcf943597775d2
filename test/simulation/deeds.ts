/** What people do in the situations beyond the ordinary day. */
import type { Leg } from "../../src/simulator/model.ts";
import type { Pbx } from "../../src/simulator/pbx.ts";
import { BRIDGE, PAGING } from "./furniture.ts";
import { type Hands, idle } from "./handOver.ts";
import type { Chance } from "./random.ts";

/** How a caller's number may be written; `digits` are those of the ordinary way, with country. */
export function written(digits: string, chance: Chance): string {
  return chance.pick([
    `+${digits}`,
    digits,
    `00${digits}`,
    digits.slice(3),
    "1188",
    `${digits}001`,
  ]);
}

/** Who waits in a queue that offers call-backs may order one and leave. */
export function playWaiting(pbx: Pbx, { call, dn }: Leg): void {
  const isThere = call.step?.place.dn === dn && call.direction === "incoming";
  const queue = pbx.directory.queues.find(({ number }) => number === dn);
  if (isThere && queue?.callback && call.caller.number !== "") pbx.orderCallback(call.id);
}

/** The application's turn, a while after a call reached it: keys, then on to somebody, or nothing. */
export function playApplication(pbx: Pbx, leg: Leg, chance: Chance): void {
  if (chance.happens(0.5)) pbx.press(leg.call.id, chance.pick(["1", "2", "#"]));
  const { extensions, queues } = pbx.directory;
  const deed = chance.weighed({ waits: 1, sends: 3, drops: 1 });
  if (deed === "waits") return;
  const target = (chance.happens(0.7) ? chance.pick(extensions) : chance.pick(queues)).number;
  const action = deed === "drops" ? "drop" : "transferto";
  void pbx.act(leg, { action, destination: deed === "drops" ? "" : target });
}

/** What may happen beside a conversation: others hear it, or it goes on at another phone of the user. */
export function besides({ pbx, situations, later }: Hands, leg: Leg, chance: Chance): void {
  const { call } = leg;
  const talks = () => !leg.end && leg.status === "connected" && leg.peer !== null;
  if (situations.has("ownPhones") && chance.happens(0.4)) {
    later(chance.between(300, 9_000), call, () => {
      if (talks()) pbx.changeDevice(leg.dn);
    });
  }
  if (situations.has("listening") && leg.barges === null && chance.happens(0.3)) {
    later(chance.between(300, 9_000), call, () => {
      const free = idle(pbx);
      if (!talks() || free.length === 0) return;
      pbx.bargeIn(chance.pick(free), leg.dn, chance.pick(["talk", "listen"] as const));
    });
  }
}

/** What else is dialled inside: everybody's phones, one that answers by itself, another PBX. */
export function dialledInside({ situations }: Hands, target: string, chance: Chance): string {
  if (situations.has("listening") && chance.happens(0.4)) return PAGING;
  if (situations.has("trunks") && chance.happens(0.4))
    return `${BRIDGE.prefix}${chance.between(10, 98)}`;
  return target;
}
