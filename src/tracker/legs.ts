/** What a leg means for its call: does it stand towards the outside party, answer, carry the call on? Pure looks. */
import type { EpochMs, UserKind } from "../events/event.ts";
import { canPoll, type DnKind, type DnRef, idOf, isLongNumber, type Leg } from "./activity.ts";
import { joinMsMax } from "./consultation.ts";
import type { Call, Talk, TrackedLeg } from "./state.ts";

/** A loser of a polling whose frame comes later than this after the answer is a new offer. */
const lateLoserMs = 2_000;

/** What the PBX tells at the same time is read within this time. */
const momentMs = 100;

/** The leg stands towards the outside party. */
export function isExternal(leg: Leg): boolean {
  if (leg.dnKind === "trunk") return false;
  const { kind, number } = leg.party;
  if (kind !== "unknown") return kind === "trunk";
  // A number of which the PBX has not said (yet) where it leads.
  return isLongNumber(number);
}

export const noLegs: readonly TrackedLeg[] = [];

/** The last answer: every rule of a turn asks for the same legs, and a list of legs is never changed. */
let asked: { legs: Call["legs"]; external: readonly TrackedLeg[] } = { legs: [], external: [] };

export function externalLegs({ legs }: Call): readonly TrackedLeg[] {
  if (legs !== asked.legs) asked = { legs, external: onlyExternal(legs) };
  return asked.external;
}

/** Mostly it is all of them, or none. */
function onlyExternal(legs: Call["legs"]): readonly TrackedLeg[] {
  let count = 0;
  for (const { external } of legs) if (external) count += 1;
  if (count === legs.length) return legs;
  return count === 0 ? noLegs : legs.filter(({ external }) => external);
}

export function legIn({ legs }: Call, legId: string): TrackedLeg | undefined {
  for (const tracked of legs) if (tracked.leg.legId === legId) return tracked;
  return undefined;
}

/** It was not there before. */
export function isNew(before: Call | undefined, { legId }: Leg): boolean {
  return before === undefined || legIn(before, legId) === undefined;
}

/** What is remembered of a leg, from how it was and how it is now. */
export function track(
  leg: Leg,
  was: TrackedLeg | null,
  how: Pick<TrackedLeg, "order" | "consulted" | "seenAt"> & {
    /** Its user has the conversation. */
    readonly talks: boolean;
    /** The call has an outside party. */
    readonly leadsOut: boolean;
  },
): TrackedLeg {
  const { order, consulted, seenAt } = how;
  const elsewhere = was !== null && was.leg.callNumber !== leg.callNumber;
  // Who is taken into a conference stands towards it, and still towards the outside party; so does another phone of theirs.
  // In a call of its own the leg talks to the conference alone: the outside party's is the one that it has left.
  const stood = !elsewhere && (was?.external ?? how.talks);
  const conferring = leg.party.kind === "conference" && stood;
  const offeredItself =
    was?.leg.callNumber === leg.callNumber ? was.offeredItself : isSelfOffer(leg);
  const inside = was?.leg.party.kind === "extension";
  // And so it stands when lifted, as long as it shows who handed over.
  const isStill = inside && was.external && was.leg.party.dn === leg.party.dn;
  const external = isExternal(leg) || conferring || (how.leadsOut && (isStill || isReferred(leg)));
  const rang = leg.status === "ringing" || was?.rang === true;
  const turned = was?.turned === true || (external && (inside || elsewhere));
  return { leg, consulted, order, seenAt, offeredItself, external, rang, turned };
}

/** It rings by a blind transfer, and shows who hands over, as the outside party is not known there yet. */
function isReferred({ status, party, referredBy }: Leg): boolean {
  return status === "ringing" && referredBy !== null && referredBy.dn === party.dn;
}

/** It spoke to an inside party before; one that only rang was not consulted yet. */
export function wasInside({ consulted, leg }: TrackedLeg): boolean {
  return consulted || (leg.party.kind === "extension" && leg.status === "connected");
}

/** What the PBX calls who has a user's own phone ring. */
const makeCall = "makecall";

/** Click-to-call: the user's own phone rings first, from nobody, or from what it is to dial. */
function isSelfOffer({ status, party, dn, dnKind, originatedBy, legNumber }: Leg): boolean {
  // A leg that another DN made is a call from somewhere, whose party is just not filled in yet.
  if (dnKind !== "extension" || status !== "ringing" || originatedBy !== null) return false;
  // Who calls is known: nobody should depend on how a PBX numbers legs, nor on the name that an outside party goes by.
  if (party.kind === "trunk" || (party.kind === "extension" && party.dn !== dn)) return false;
  const nobody = party.kind === "unknown" || party.kind === "other" || party.kind === "specialmenu";
  // Leg 1 is that of who calls.
  if (legNumber === 1 || (nobody && legNumber === 0)) return true;
  return [party.dn, party.name].some((name) => name.toLowerCase() === makeCall);
}

/** So many legs that came last are remembered; as many may have been made whose frames were under way when sight was lost. */
export const lastLegsMax = 20;

/** How a DN is offered a call; null = reaching it is not told (voicemail, fax, parking, conference …). */
export function offerKind(kind: DnKind): UserKind | null {
  switch (kind) {
    case "extension":
    case "queue":
    case "ivr":
    case "ringgroup":
      return kind;
    case "routepoint":
    case "other":
    case "unknown":
      return "other";
    default:
      return null;
  }
}

/** A user who talks to the outside party. Queues, IVRs and the like are "connected" without an answer. */
export function answers({ dnKind, status }: Leg): boolean {
  return dnKind === "extension" && status === "connected";
}

const isTalking = ({ leg }: TrackedLeg) => answers(leg);

/** The owner of an outgoing call may be an application's route point. */
export function isAnswer(call: Call, tracked: TrackedLeg): boolean {
  if (isTalking(tracked)) return true;
  const outgoing = call.external?.direction === "outgoing";
  return outgoing && tracked.leg.status === "connected" && tracked.leg.legNumber === 1;
}

/** What the outside party stands before, besides the open conversation: the sign of a hand-over. */
export function isFresh(call: Call, tracked: TrackedLeg, talk: Talk): boolean {
  const { leg } = tracked;
  // Whose mobile talks, their own phone has rung with it.
  const isOwn = leg.dn === talk.user;
  if (isOwn && (leg.status !== "ringing" || talk.shownBy === "outside")) return false;
  if (tracked.order <= talk.legCount) {
    // Another phone of theirs that rings on when they are gone: they sent the call to their own number.
    return isOwn ? !userTalks(call, talk) : isTalking(tracked);
  }
  // Made in a consultation, its number there tells nothing of this call.
  if (tracked.turned) return true;
  if (isOlder(leg, talk) && !isTalking(tracked)) return false;
  // It is gone soon; what outlives the user is none.
  const isGoing = talk.shownBy !== "legs" || userTalks(call, talk);
  const isLate = isOfFailed(call, leg, talk) || isLateLoser(call, tracked, talk);
  return isTalking(tracked) || !(isGoing && isLate);
}

/** An attempt to hand over has failed, none is under way, and this leg was made before one that has gone since: it is of that attempt. */
function isOfFailed({ handover, lastLink, lastLegId }: Call, leg: Leg, { link }: Talk): boolean {
  const hasFailed = handover === null && lastLink > link;
  return hasFailed && idOf(leg) < idOf({ legId: lastLegId });
}

/** A loser of the polling that brought the call, whose frame came late, is no transfer. */
export function isLateLoser(call: Call, { leg, seenAt, turned }: TrackedLeg, talk: Talk): boolean {
  const soon = seenAt <= talk.answeredAt + lateLoserMs && !turned;
  // A polling that somebody before the user handed the call to names that one.
  const isHandedOver = leg.referredBy?.dn === talk.user;
  if (!soon || isHandedOver || isBackAtVia(call, talk)) return false;
  return isShownWith(call, seenAt, talk) || isPolledWith(call, leg, talk);
}

/** Nothing of the call had shown before its answer: what else there was then is read in the same moment. */
function isShownWith({ firstSeenAt, legs }: Call, seenAt: EpochMs, talk: Talk): boolean {
  const isFirst = legs.some(({ leg, rang }) => leg.dn === talk.user && !rang);
  return isFirst && talk.answeredAt === firstSeenAt && seenAt < firstSeenAt + momentMs;
}

/**
 * Who had come into the conversation beside the user by then, and not by a hand-over: to listen, or to join in. Whoever
 * picks up what is handed over comes as the user goes, or on behalf of whom it rings for.
 */
export function isBeside(tracked: TrackedLeg, talk: Talk, byAt: EpochMs, mayJoin = true): boolean {
  const { leg, rang, consulted, seenAt, order } = tracked;
  const joined = !rang && leg.onBehalfOf === null;
  // Or had the conversation before, which a fault hid until it was told as another's.
  // Who is consulted and joined comes as the user goes, and nobody is rung for it.
  const wasThere = seenAt < (consulted && mayJoin ? byAt - joinMsMax : byAt);
  const came = (joined || order <= talk.legCount) && wasThere;
  return came && leg.dn !== talk.user && isTalking(tracked);
}

/** Another phone of the user's: it rang already when they answered. */
export function isOwnRing({ leg, order }: TrackedLeg, talk: Talk): boolean {
  return leg.dn === talk.user && order <= talk.legCount;
}

/** A phone of the user's that was rung since they answered, or that has picked up what rang for somebody else. */
export function isAnew({ leg, order, rang }: TrackedLeg, { user, legCount, via }: Talk): boolean {
  // What brought the call to them rings for nobody now.
  const picksUp = leg.onBehalfOf !== null && ![user, via].includes(leg.onBehalfOf.dn);
  return leg.dn === user && order > legCount && (rang || picksUp);
}

/** Somebody else is offered the call; who came beside the user by then is not. */
export function isOffered(call: Call, talk: Talk, byAt: EpochMs): boolean {
  return externalLegs(call).some(
    (t) => t.leg.dn !== talk.user && isFresh(call, t, talk) && !isBeside(t, talk, byAt),
  );
}

/** What brought the call to its user is, or rings, this leg, too: as far as the leg says it, or what still stands of then. */
function isPolledWith(call: Call, told: Leg, talk: Talk): boolean {
  const { originatedBy } = told;
  const isRound = told.onBehalfOf?.dn === talk.via;
  if (told.dn === talk.via) return (isRound || !talk.viaShown) && !isYounger(told, talk);
  // No leg of its user shows what was made before the answer; should they hand over so soon, the list tells.
  if (talk.shownBy === "inside" && canPoll(told.dnKind)) return true;
  if (originatedBy?.dn === talk.via || isRound) return true;
  // Or, it is said, the PBX's router.
  if (originatedBy?.kind === "routepoint") return talk.via !== "" && call.handover === null;
  if (originatedBy !== null || told.dnKind !== "extension") return false;
  const wasThere = ({ leg, order }: TrackedLeg) =>
    order <= talk.legCount || isOlder(leg, talk) || isPolledWith(call, leg, talk);
  return externalLegs(call).some((t) => canPoll(t.leg.dnKind) && wasThere(t));
}

/** Made before the answer, and shown late. But if its id is above that of the leg with the highest number then, its number is one of another call. */
function isOlder(leg: Leg, { legNumberMax, legNumberMaxId }: Talk): boolean {
  const { legNumber } = leg;
  return legNumber > 0 && legNumber < legNumberMax && idOf(leg) < legNumberMaxId;
}

/** Made after all that had come by the answer; what brought the call was made before those whom it rang. */
function isYounger({ legNumber }: Leg, { legNumberMax }: Talk): boolean {
  return legNumberMax > 0 && legNumber > legNumberMax;
}

/** Of what was there by the answer; of who brings the call another number their own, as what comes then is numbered there. */
export function newestOf(
  { aliases }: Call,
  legs: Call["legs"],
  user: string,
): Pick<Talk, "legNumberMax" | "legNumberMaxId"> {
  const own = legs.filter(({ turned, leg }) => turned && leg.dn === user);
  const all = aliases.length > 0 && own.length > 0 ? own : legs;
  return newest(all, { legNumberMax: 0, legNumberMaxId: 0 });
}

/** That of these legs with the highest number, if it is above that of before. */
function newest(
  legs: Call["legs"],
  before: Pick<Talk, "legNumberMax" | "legNumberMaxId">,
): Pick<Talk, "legNumberMax" | "legNumberMaxId"> {
  let { legNumberMax, legNumberMaxId } = before;
  for (const { leg } of legs) {
    if (leg.legNumber <= legNumberMax) continue;
    legNumberMax = leg.legNumber;
    legNumberMaxId = idOf(leg);
  }
  return { legNumberMax, legNumberMaxId };
}

/** The user's own leg shows what the list had; who was rung before that leg was made was rung with it. */
export function shownByLegs(call: Call, talk: Talk): Talk {
  const own = externalLegs(call).filter(({ leg }) => leg.dn === talk.user);
  return { ...talk, shownBy: "legs", ...newest(own, talk) };
}

/** What brought the call to its user has it again: whoever it rings now, it rings anew. */
function isBackAtVia(call: Call, { via, viaShown, legCount }: Talk): boolean {
  // Polling anew on its own behalf, it has not got the call from anybody.
  const isBack = ({ leg, order }: TrackedLeg) =>
    leg.dn === via && order > legCount && leg.onBehalfOf?.dn !== via;
  return viaShown && externalLegs(call).some(isBack);
}

export function userTalks(call: Call, talk: Talk): boolean {
  for (const tracked of externalLegs(call)) if (isUsers(call, tracked, talk)) return true;
  return false;
}

function isUsers(call: Call, tracked: TrackedLeg, { user }: Talk): boolean {
  return tracked.leg.dn === user && isAnswer(call, tracked);
}

/** A leg of this DN stands towards the outside party. */
export function isThere(call: Call, dn: string): boolean {
  for (const { leg } of externalLegs(call)) if (leg.dn === dn) return true;
  return false;
}

/** Legs that carry the call on. */
export function standing(call: Call): readonly TrackedLeg[] {
  const { talk } = call;
  const legs = externalLegs(call);
  if (talk === null) return legs;
  return legs.filter((tracked) => carries(call, tracked, talk));
}

/** Some leg carries the call on. */
export function stands(call: Call): boolean {
  const { talk } = call;
  const legs = externalLegs(call);
  if (talk === null) return legs.length > 0;
  for (const tracked of legs) if (carries(call, tracked, talk)) return true;
  return false;
}

function carries(call: Call, tracked: TrackedLeg, talk: Talk): boolean {
  return isUsers(call, tracked, talk) || isFresh(call, tracked, talk);
}

/** A queue begins a call to nobody but who has ordered to be called back; what it has dialled in another's call sends that on. */
export function dialsBack({ dnKind, status, legNumber }: Leg): boolean {
  return dnKind === "queue" && status === "dialing" && legNumber === 1;
}

/** Who began the call: a dialling leg, or one first seen connected that is the call's first. */
export function directionOf({ leg, offeredItself }: TrackedLeg): "incoming" | "outgoing" {
  if (dialsBack(leg)) return "incoming";
  if (leg.status === "dialing" || offeredItself) return "outgoing";
  // A leg that its own DN made is no sign: a phone that forwards to its own user, and a menu that leads back, have such, too.
  const owner = leg.dnKind === "extension" || leg.dnKind === "routepoint";
  return owner && leg.status === "connected" && leg.legNumber === 1 ? "outgoing" : "incoming";
}

/** It is still that of who dialled it, as far as is known. */
export function isDialled({ external, handover }: Call): boolean {
  return external?.direction === "outgoing" && handover === null;
}

/** So many last digits make a number the same, however it is written. */
const sameDigits = 9;

/** The same outside number, whatever is written before it. */
export function isSameNumber(one: string, other: string): boolean {
  return tail(one) === tail(other);
}

function tail(number: string): string {
  return number.replace(/\D/g, "").slice(-sameDigits);
}

/** Nothing has changed of a leg that is known by its id in its call. */
export function sameLeg(a: Leg, b: Leg): boolean {
  return (
    a.status === b.status &&
    a.legNumber === b.legNumber &&
    a.dnKind === b.dnKind &&
    sameRef(a.party, b.party) &&
    a.party.number === b.party.number &&
    a.party.name === b.party.name &&
    a.did?.number === b.did?.number &&
    a.did?.ruleName === b.did?.ruleName &&
    sameRef(a.originatedBy, b.originatedBy) &&
    sameRef(a.referredBy, b.referredBy) &&
    sameRef(a.onBehalfOf, b.onBehalfOf)
  );
}

function sameRef(a: DnRef | null, b: DnRef | null): boolean {
  return a?.dn === b?.dn && a?.kind === b?.kind;
}
