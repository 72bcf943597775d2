/**
 * Calls that a phone comes into by a code: one that rings elsewhere is picked up, a parked one is taken back. In whose
 * call the code is dialled, and which of the two goes on, is not known (`featureCodes`).
 */
import { type Exchange, NOBODY } from "./exchange.ts";
import { UserMistake } from "./mistake.ts";
import type { Call, Leg, Party } from "./model.ts";
import { accept } from "./stage.ts";
import { adopt, otherSide, refOf, rootOf } from "./transfers.ts";

/** What a code that is dialled in a call of its own leads to is known after this long. */
const CODE_MS = 100;

/** `dn` takes the call that rings at `ringing`: its phone is called back and answers by itself. */
export function pickUp(exchange: Exchange, dn: string, ringing: Leg): Call {
  const { offer } = ringing;
  if (!offer) throw new UserMistake(`Expected a call ringing at ${ringing.dn}, there is none.`);
  const code = { ...NOBODY, dn: "*20*", kind: "specialmenu", number: `*20*${ringing.dn}` } as const;
  return byCode(exchange, dn, code, offer.anchor, {
    isThere: () => ringing.offer === offer,
    take(own) {
      const { party, originatedBy } = ringing;
      const phone = { dn, kind: "extension", status: "ringing" } as const;
      const marks = { party, originatedBy, onBehalfOf: refOf(ringing) };
      // Who dialled has made that leg.
      const leg = own ?? exchange.addLeg(ringing.call, { ...phone, ...marks });
      leg.party = party;
      leg.offer = offer;
      offer.legs.add(leg);
      if (own === null) {
        exchange.show(leg);
        exchange.remove(ringing, "answeredElsewhere");
      }
      accept(leg);
      exchange.remove(ringing, "answeredElsewhere");
    },
  });
}

/** `dn` takes back the call parked at `place`. */
export function unpark(exchange: Exchange, dn: string, place: Leg): Call {
  const parked = otherSide(place);
  const party = { ...exchange.partyOf(place), number: place.dn };
  return byCode(exchange, dn, party, parked, {
    isThere: () => place.call.endedAt === null && !place.end && place.peer === parked,
    take(own) {
      const phone = { dn, kind: "extension", status: "dialing" } as const;
      const leg = own ?? exchange.addLeg(place.call, { ...phone, party });
      exchange.place(parked.call, parked, exchange.partyOf(leg), "Talking");
      if (own === null) exchange.show(leg);
      exchange.bridge(leg, parked);
      exchange.remove(place, "replaced");
    },
  });
}

interface Taking {
  /** What the code was dialled for is still to be had. */
  isThere(): boolean;
  /** With the leg that dialled, into whose call the other side has come; or with a new one in the call of that side. */
  take(own: Leg | null): void;
}

/** The call in which the phone dials, or is at once. */
function byCode(exchange: Exchange, dn: string, code: Party, side: Leg, taking: Taking): Call {
  const { featureCodes } = exchange.settings;
  if (featureCodes === "sameCall") {
    taking.take(null);
    return side.call;
  }
  const own = dialCode(exchange, dn, code);
  exchange.clock.after(CODE_MS, () => {
    if (own.end) return;
    if (!taking.isThere()) {
      exchange.endCall(own.call, "failed");
    } else if (featureCodes === "ownCall" && isParty(side)) {
      const left = side.call;
      moveInto(exchange, own, side);
      taking.take(own);
      exchange.show(side);
      exchange.endCall(left, "transferred");
    } else {
      taking.take(null);
      exchange.endCall(own.call, "replaced");
    }
  });
  return own.call;
}

/** Not what the PBX itself calls with: phones that click-to-call rings first, a queue that calls out. */
function isParty({ kind, offer }: Leg): boolean {
  return offer === null && (kind === "trunk" || kind === "extension");
}

function dialCode(exchange: Exchange, dn: string, party: Party): Leg {
  const call = exchange.newCall("internal", exchange.partyOfDn(dn, "extension"), party);
  exchange.setState(call, "Routing");
  const leg = exchange.addLeg(call, { dn, kind: "extension", status: "dialing", party });
  exchange.show(leg);
  return leg;
}

/** The other side goes on in the call in which the code was dialled, as who calls there. */
function moveInto(exchange: Exchange, own: Leg, side: Leg): void {
  const { call } = own;
  call.joinedTo = rootOf(side.call);
  adopt(side, call);
  call.allLegs.reverse();
  call.caller = exchange.partyOf(side);
  call.callee = exchange.partyOf(own);
  exchange.setState(call, "Talking");
}
