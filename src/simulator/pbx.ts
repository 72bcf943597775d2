/**
 * The PBX as people and API clients use it. People act on DNs ("102 answers"), clients on legs.
 * A request that cannot be done throws `UserMistake` with a sentence; nothing is half done then.
 */
import type { Clock } from "../util/clock.ts";
import { clientAction } from "./actions.ts";
import { bargeIn, changeDevice, confer } from "./conference.ts";
import { dial, makeCall } from "./dialing.ts";
import type { Destination, Directory, Extension } from "./directory.ts";
import { Exchange } from "./exchange.ts";
import { pickUp, unpark } from "./featureCodes.ts";
import { comeIn, type IncomingCall, wakeUp } from "./incoming.ts";
import { UserMistake } from "./mistake.ts";
import type { Call, Leg, Party, PbxEvent } from "./model.ts";
import { startCallback } from "./queue.ts";
import type { Settings } from "./settings.ts";
import { accept, refuse } from "./stage.ts";
import { blindTransfer, completeTransfer, hold, resume } from "./transfers.ts";

/** One row of `ActiveCalls`, in the PBX's own words. */
export interface ActiveCallRow {
  readonly id: number;
  /** `10007 MyTrunk (420777000001)`, `101 Eva Malá`, `MakeCall`. */
  readonly caller: string;
  readonly callee: string;
  readonly status: string;
  readonly establishedAt: number;
  readonly changedAt: number;
}

/** What a makecall or an action came to; the wire's `finalstatus` and `reason`. */
export interface ActionResult {
  readonly finalstatus: "Success" | "Rejected" | "Failed";
  readonly reason: string;
  readonly reasontext: string;
  /** The leg that was made or changed, if the PBX tells. */
  readonly legId: number | null;
  /** HTTP status: 200, 202, 404, 422 or 424. */
  readonly status: number;
}

export interface ActionRequest {
  readonly action: string;
  readonly destination: string;
  readonly timeoutMs?: number;
}

export class Pbx {
  readonly #exchange: Exchange;

  constructor(directory: Directory, settings: Settings, clock: Clock, random: () => number) {
    this.#exchange = new Exchange(directory, settings, clock, random);
  }

  get directory(): Directory {
    return this.#exchange.directory;
  }

  set directory(directory: Directory) {
    this.#exchange.directory = directory;
  }

  get settings(): Settings {
    return this.#exchange.settings;
  }

  set settings(settings: Settings) {
    this.#exchange.settings = settings;
  }

  on(listener: (event: PbxEvent) => void): () => void {
    return this.#exchange.on(listener);
  }

  // What there is.

  calls(): readonly Call[] {
    return [...this.#exchange.calls.values()];
  }

  /** Ended calls, oldest first, at most `ENDED_CALLS_MAX`; legs with times and reasons. */
  endedCalls(): readonly Call[] {
    return this.#exchange.ended;
  }

  leg(id: number): Leg | undefined {
    return this.#exchange.leg(id);
  }

  legsOf(dn: string): Leg[] {
    return this.#exchange.legsOf(dn);
  }

  legs(): Leg[] {
    return this.#exchange.legs();
  }

  /** As they are, or as a list has them that lags. */
  activeCalls(lagMs = 0): ActiveCallRow[] {
    const calls = lagMs === 0 ? this.calls() : this.#exchange.listed(lagMs);
    return calls.map((call) => ({
      id: call.id,
      caller: this.#describe(this.#listedCaller(call)),
      callee: this.#describe(call.callee),
      status: call.state,
      establishedAt: call.startedAt,
      changedAt: call.changedAt,
    }));
  }

  /** Some PBXs put the number that was called in the brackets of who calls. */
  #listedCaller({ caller, rule }: Pick<Call, "caller" | "rule">): Party {
    if (this.settings.listedCaller === "number" || !rule || caller.kind !== "trunk") return caller;
    return { ...caller, number: rule.did };
  }

  #describe(party: Party): string {
    if (party.kind !== "trunk") return `${party.dn} ${party.name}`.trim();
    const trunk = this.directory.trunks.find((row) => row.number === party.dn);
    return `${party.dn} ${trunk?.name ?? ""} (${party.number})`;
  }

  // What people do.

  /** A call from outside comes in on a DID and is routed by its rule, a few milliseconds later. */
  incoming(call: IncomingCall): Call {
    return comeIn(this.#exchange, call);
  }

  /**
   * A phone dials. Numbers of the directory are internal, `*20*101` picks up, `*11` unparks SP1.
   */
  dial(dn: string, number: string): Call {
    const pickup = /^\*20\*(.+)$/.exec(number)?.[1];
    if (pickup !== undefined) return this.pickUp(dn, pickup);
    const slot = /^\*1(\d)$/.exec(number)?.[1];
    if (slot !== undefined) return this.unpark(dn, `SP${slot}`);
    for (const leg of this.legsOf(dn)) {
      if (leg.status === "connected" && leg.peer) hold(this.#exchange, leg);
    }
    return dial(this.#exchange, this.#extension(dn), number);
  }

  /** `callid` says which call, where several ring; else the oldest. */
  answer(dn: string, callid?: number): Leg {
    const leg = this.#ringing(dn, callid);
    for (const other of this.legsOf(dn)) {
      if (other !== leg && other.status === "connected" && other.peer) hold(this.#exchange, other);
    }
    accept(leg);
    return leg;
  }

  /** Refuses a ringing call. A queue polls again later. */
  reject(dn: string, callid?: number): void {
    refuse(this.#exchange, this.#ringing(dn, callid), "rejected");
  }

  /** `dn` hangs up what it talks or dials; a ringing leg is refused. */
  hangUp(dn: string, callid?: number): void {
    const legs = this.#legsIn(dn, callid);
    const leg =
      legs.find((each) => each.status === "connected" || each.status === "dialing") ?? legs[0];
    if (!leg) throw new UserMistake(`Expected a live call at ${dn}, it has none.`);
    this.hangUpLeg(leg);
  }

  hangUpLeg(leg: Leg): void {
    if (leg.offer) {
      refuse(this.#exchange, leg, "rejected");
      return;
    }
    if (leg.call.transferrer === leg || leg.barges) {
      this.#exchange.remove(leg, leg.barges ? "hungUp" : "transferred");
      return;
    }
    this.#exchange.endCall(leg.call, "hungUp", leg);
  }

  /** The caller presses a key; a menu follows it, an application is told. */
  press(callid: number, key: string): void {
    const call = this.#exchange.call(callid);
    if (call.step?.press) {
      call.step.press(key);
      return;
    }
    for (const leg of call.legs) {
      if (leg.kind === "routepoint") this.#exchange.raise({ kind: "dtmf", leg, digits: key });
    }
  }

  outsideAnswers(callid: number): void {
    accept(this.#dialledOut(callid));
  }

  outsideRefuses(callid: number): void {
    refuse(this.#exchange, this.#dialledOut(callid), "rejected");
  }

  outsideHangsUp(callid: number): void {
    const call = this.#exchange.call(callid);
    const leg = [...call.legs].find((each) => each.kind === "trunk");
    if (!leg) throw new UserMistake(`Expected an outside party in call ${callid}, it has none.`);
    this.hangUpLeg(leg);
  }

  hold(dn: string): void {
    hold(this.#exchange, this.#talking(dn));
  }

  resume(dn: string): void {
    const held = this.legsOf(dn).find((leg) => leg.status === "hold");
    if (!held) throw new UserMistake(`Expected a call on hold at ${dn}, it has none.`);
    resume(this.#exchange, held);
  }

  blindTransfer(dn: string, to: string, callid?: number): void {
    blindTransfer(this.#exchange, this.#talking(dn, callid), this.destination(to));
  }

  /** Joins the two calls of `dn`: the one on hold and the one it consulted in. */
  completeTransfer(dn: string): void {
    const [first, ...others] = this.#legsIn(dn, undefined);
    // Who calls themselves, or takes back the call in which they are parked, has two legs in one call.
    const second = others.find((leg) => leg.call !== first?.call);
    if (!first || !second) {
      throw new UserMistake(
        `Expected two calls at ${dn}, one held and one consulted. Let ${dn} dial somebody first.`,
      );
    }
    completeTransfer(this.#exchange, first, second);
  }

  /** Parks what `dn` talks, at the first free place unless told. Returns the place. */
  park(dn: string, slot?: string): string {
    const free = this.directory.parkings.find((each) => this.legsOf(each).length === 0);
    const place = slot ?? free;
    if (place === undefined || !this.directory.parkings.includes(place)) {
      const known = this.directory.parkings.join(", ") || "none";
      throw new UserMistake(
        `Expected a parking place, got ${slot ?? "no free one"}. Places: ${known}.`,
      );
    }
    blindTransfer(this.#exchange, this.#talking(dn), { to: "dn", number: place });
    return place;
  }

  /** The call in which `dn` dials the code, or has the other side at once. */
  unpark(dn: string, slot: string): Call {
    const [place] = this.legsOf(slot);
    if (!place) throw new UserMistake(`Expected a call parked at ${slot}, there is none.`);
    return unpark(this.#exchange, this.#extension(dn).number, place);
  }

  /** As `unpark`. */
  pickUp(dn: string, from: string, callid?: number): Call {
    const ringing = this.#ringing(from, callid);
    return pickUp(this.#exchange, this.#extension(dn).number, ringing);
  }

  /** A caller who waits in a queue orders a call-back and leaves. */
  orderCallback(callid: number): void {
    const call = this.#exchange.call(callid);
    const queue = this.directory.queues.find((row) => row.number === call.step?.place.dn);
    if (!queue?.callback) {
      throw new UserMistake(`Expected call ${callid} to wait in a queue that offers call-backs.`);
    }
    const { number, name } = call.caller;
    call.callbackOrdered = true;
    this.#exchange.endCall(call, "hungUp");
    startCallback(this.#exchange, queue, { number, name });
  }

  /** Both calls of `dn` become one conversation. */
  conference(dn: string): void {
    const [first, second] = this.#legsIn(dn, undefined);
    if (!first?.peer || !second?.peer || first.call === second.call) {
      throw new UserMistake(`Expected two conversations at ${dn}. Let ${dn} dial somebody first.`);
    }
    if ([first, second].some((leg) => leg.call.transferrer === leg)) {
      throw new UserMistake(`Expected ${dn} to talk in both its calls, it is handing one over.`);
    }
    confer(this.#exchange, first, second);
  }

  /** `dn` joins the conversation of `heard`, or only listens (or whispers) there. */
  bargeIn(dn: string, heard: string, how: "talk" | "listen" = "talk"): Leg {
    return bargeIn(
      this.#exchange,
      this.#extension(dn).number,
      this.#talking(heard),
      how === "talk",
    );
  }

  /** What `dn` talks goes on at another of its phones. */
  changeDevice(dn: string): Leg {
    const leg = this.#talking(dn);
    const next = this.#extension(dn).devices.find(({ deviceId }) => deviceId !== leg.deviceId);
    if (next) return changeDevice(this.#exchange, leg, next.deviceId);
    throw new UserMistake(`Expected ${dn} to have another phone, it has none.`);
  }

  /** The PBX wakes `dn`. */
  wakeUp(dn: string): Call {
    return wakeUp(this.#exchange, this.#extension(dn).number);
  }

  // What API clients do.

  makeCall(dn: string, destination: string, deviceId?: string): ActionResult {
    return makeCall(this.#exchange, dn, destination, deviceId);
  }

  /** `POST /callcontrol/{dn}/participants/{id}/{action}`. */
  act(leg: Leg, request: ActionRequest): Promise<ActionResult> {
    return clientAction(this.#exchange, leg, request, this.destination(request.destination));
  }

  /** Ends a call (XAPI DropCall); false = no such call. */
  dropCall(callid: number): boolean {
    const call = this.#exchange.calls.get(callid);
    if (call) this.#exchange.endCall(call, "hungUp");
    return call !== undefined;
  }

  /** The service restarts: calls vanish without a word, numbers begin anew. */
  restart(): void {
    this.#exchange.restart();
  }

  /** A dialled string as a destination; `*0n` parks, `VM101` is a voicemail box. */
  destination(number: string): Destination {
    const slot = /^\*0(\d)$/.exec(number)?.[1];
    if (slot !== undefined) return { to: "dn", number: `SP${slot}` };
    const box = /^VM(\d+)$/i.exec(number)?.[1];
    if (box !== undefined) return { to: "voicemail", of: box };
    return { to: "dn", number };
  }

  #extension(dn: string): Extension {
    const row = this.directory.extensions.find((extension) => extension.number === dn);
    if (row) return row;
    const known = this.directory.extensions.map((extension) => extension.number).join(", ");
    throw new UserMistake(`Expected an extension, got "${dn}". Extensions: ${known}.`);
  }

  #legsIn(dn: string, callid: number | undefined): Leg[] {
    const legs = this.legsOf(dn).filter((leg) => leg.call.endedAt === null && !leg.barges);
    return callid === undefined ? legs : legs.filter((leg) => leg.call.id === callid);
  }

  #ringing(dn: string, callid?: number): Leg {
    const leg = this.#legsIn(dn, callid).find((each) => each.status === "ringing" && each.offer);
    if (leg) return leg;
    const now = this.legs()
      .filter((each) => each.offer && each.status === "ringing")
      .map((each) => each.dn);
    const where = now.join(", ") || "nowhere";
    throw new UserMistake(`Expected a call ringing at ${dn}, there is none. Ringing: ${where}.`);
  }

  #talking(dn: string, callid?: number): Leg {
    const leg = this.#legsIn(dn, callid).find((each) => each.status === "connected" && each.peer);
    if (leg) return leg;
    throw new UserMistake(`Expected ${dn} to be in a conversation, it is not. Answer first.`);
  }

  #dialledOut(callid: number): Leg {
    const legs = [...this.#exchange.call(callid).legs];
    const leg = legs.find((each) => each.kind === "trunk" && each.offer);
    if (leg) return leg;
    throw new UserMistake(`Expected call ${callid} to be dialling out, it is not.`);
  }
}
