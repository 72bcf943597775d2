/**
 * One call at the stand-in, step by step, as the public facts describe what each DN shows. A step that
 * returns a promise ends when the client has read what the step put on the wire: a PBX shows the state of
 * now, so two changes at once would be one to whoever reads in between.
 */
import type { StandIn } from "./standIn.ts";
import {
  type ActiveCallRow,
  nameOfDn,
  noParty,
  type Participant,
  participant,
  typeOfDn,
} from "./standInWire.ts";

/** What public sources leave open about a V20, where this call takes a side. */
export interface Habits {
  /** Who is named as the maker of a polled agent's leg. */
  readonly pollsAs: "queue" | "ROUTER" | "nobody";
  /** Whether the legs of an incoming call carry its DID. */
  readonly tellsDid: boolean;
  /** Whether a leg that dials first shows without its other side. */
  readonly dialsBlank: boolean;
}

export const plainHabits: Habits = { pollsAs: "queue", tellsDid: true, dialsBlank: false };

export interface CallFacts {
  readonly callid: number;
  /** As the PBX's list tells it: ISO 8601 UTC. */
  readonly establishedAt: string;
  readonly trunk: string;
  /** The outside party. */
  readonly number: string;
  readonly name: string;
  /** DID number, "" for outgoing calls. */
  readonly did: string;
}

const router = "ROUTER";

export class StandInCall {
  readonly #pbx: StandIn;
  readonly #facts: CallFacts;
  readonly #habits: Habits;
  readonly #legs = new Map<string, Participant>();
  #lastLegNumber: number;
  /** The last DN that took the call by routing. */
  #level = router;

  constructor(pbx: StandIn, facts: CallFacts, habits: Habits = plainHabits) {
    this.#pbx = pbx;
    this.#facts = facts;
    this.#habits = habits;
    this.#lastLegNumber = facts.did === "" ? 0 : 2;
  }

  /** It is in the PBX's list before any leg that the client may see. */
  async arrives(): Promise<void> {
    this.#list("", "Routing");
    await this.#pbx.listRead();
  }

  /** A user lifts the handset: it is in the list before its leg shows. */
  async isBegunBy(dn: string): Promise<void> {
    this.#list("", "Initiating", this.#text(dn));
    await this.#pbx.listRead();
  }

  /** An IVR, queue or ring group takes it; queues and IVRs are connected at once. */
  async reaches(dn: string): Promise<void> {
    const from = this.#level;
    this.#level = dn;
    this.#list(this.#text(dn), "Routing");
    if (typeOfDn[dn] !== "Wringgroup") {
      this.#put(dn, { ...this.#outside(), ...this.#madeBy(from), status: "Connected" });
    }
    if (from !== router) this.leaves(from);
    await this.#pbx.read();
    // Where no leg tells of it, it takes its time, and the list does.
    if (this.#habits.pollsAs !== "queue") await this.#pbx.listRead();
  }

  /** Phones are offered the call, all in one go. */
  async rings(...dns: string[]): Promise<void> {
    const isPolled = this.#level !== router;
    const made = isPolled ? this.#polledBy() : this.#madeBy(router);
    const prefix = typeOfDn[this.#level] === "Wqueue" ? `${nameOfDn[this.#level]}:` : "";
    const { name } = this.#facts;
    for (const dn of dns) {
      const party = { ...this.#outside(), party_caller_name: `${prefix}${name}` };
      this.#put(dn, { ...party, ...made, status: "Ringing" });
    }
    if (!isPolled) this.#list(this.#text(dns[0] ?? ""), "Routing");
    await this.#pbx.read();
  }

  /** One phone is lifted; all other legs go, within milliseconds. */
  async isAnsweredBy(dn: string): Promise<void> {
    this.#list(this.#text(dn), "Talking");
    this.#put(dn, { status: "Connected" });
    for (const other of [...this.#legs.keys()]) if (other !== dn) this.leaves(other);
    await this.#pbx.read();
  }

  /** Its user sends it on, blind: the other phone rings and knows who sent it, then the own leg goes. */
  async isSentOn(from: string, to: string): Promise<void> {
    this.#list(this.#text(to), "Transferring");
    const referred_by_type = typeOfDn[from] ?? "None";
    this.#put(to, {
      ...{ ...this.#outside(), ...this.#madeBy(from), status: "Ringing" },
      ...{ referred_by_dn: from, referred_by_type },
    });
    this.leaves(from);
    await this.#pbx.read();
  }

  /** A user dials out. */
  async isDialledBy(dn: string): Promise<void> {
    this.#list(this.#outsideText(), "Routing", this.#text(dn));
    const { number } = this.#facts;
    if (this.#habits.dialsBlank) {
      this.#put(dn, { ...noParty, party_caller_id: number, status: "Dialing" });
      await this.#pbx.read();
    }
    this.#put(dn, { ...this.#outside(), status: "Dialing" });
    await this.#pbx.read();
  }

  /** The outside party picks up. */
  async isPickedUp(dn: string): Promise<void> {
    this.#list(this.#outsideText(), "Talking", this.#text(dn));
    this.#put(dn, { status: "Connected" });
    await this.#pbx.read();
  }

  /** One extension calls another: two legs that mirror each other. */
  async isInside(from: string, to: string): Promise<void> {
    this.#list(this.#text(to), "Routing", this.#text(from));
    const party = (dn: string) => ({
      party_dn: dn,
      party_dn_type: "Wextension",
      party_caller_id: dn,
      party_caller_name: nameOfDn[dn] ?? "",
    });
    this.#put(from, { ...party(to), status: "Dialing" });
    this.#put(to, { ...party(from), status: "Ringing" });
    await this.#pbx.read();
    this.#list(this.#text(to), "Talking", this.#text(from));
    this.#put(from, { status: "Connected" });
    this.#put(to, { status: "Connected" });
    await this.#pbx.read();
  }

  /** The conversation's own length, not a wait for anything. */
  async lasts(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  leaves(dn: string): void {
    const leg = this.#legs.get(dn);
    this.#legs.delete(dn);
    if (leg) this.#pbx.remove(dn, leg.id);
  }

  /** All legs go, and the call is off the list. The PBX tells no reason. */
  ends(): void {
    this.#pbx.setActiveCalls(this.#otherRows());
    for (const dn of [...this.#legs.keys()]) this.leaves(dn);
  }

  #put(dn: string, said: Partial<Participant> & Pick<Participant, "status">): void {
    const before = this.#legs.get(dn);
    const { callid } = this.#facts;
    if (!before) this.#lastLegNumber += 1;
    const leg = before
      ? { ...before, ...said }
      : participant(dn, this.#pbx.nextLegId(), { ...said, callid, legid: this.#lastLegNumber });
    this.#legs.set(dn, leg);
    this.#pbx.upsert(leg);
  }

  #outside(): Partial<Participant> {
    const { trunk, number, name, did } = this.#facts;
    return {
      party_dn: trunk,
      party_dn_type: "Wexternalline",
      party_caller_id: number,
      party_caller_name: did === "" ? "" : name,
      party_did: this.#habits.tellsDid ? did : "",
    };
  }

  #madeBy(dn: string): Partial<Participant> {
    return { originated_by_dn: dn, originated_by_type: typeOfDn[dn] ?? "Wroutepoint" };
  }

  #polledBy(): Partial<Participant> {
    switch (this.#habits.pollsAs) {
      case "queue":
        return this.#madeBy(this.#level);
      case "ROUTER":
        return this.#madeBy(router);
      case "nobody":
        return {};
    }
  }

  #text(dn: string): string {
    return dn === "" ? "" : `${dn} ${nameOfDn[dn] ?? ""}`.trim();
  }

  #outsideText(): string {
    const { trunk, number } = this.#facts;
    return `${trunk} ${nameOfDn[trunk] ?? ""} (${number})`;
  }

  #otherRows(): readonly ActiveCallRow[] {
    return this.#pbx.activeCalls().filter(({ Id }) => Id !== this.#facts.callid);
  }

  #list(callee: string, status: ActiveCallRow["Status"], caller = this.#outsideText()): void {
    const { callid, establishedAt } = this.#facts;
    const now = new Date(this.#pbx.now()).toISOString();
    this.#pbx.setActiveCalls([
      ...this.#otherRows(),
      {
        Id: callid,
        Caller: caller,
        Callee: callee,
        Status: status,
        LastChangeStatus: now,
        EstablishedAt: establishedAt,
        ServerNow: now,
      },
    ]);
  }
}
