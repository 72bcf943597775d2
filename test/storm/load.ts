/**
 * A PBX with calls coming in at a steady rate, whoever looks: each rings at one phone, is answered and ends, which
 * makes three events. It goes on while nobody is connected, as a real one does.
 */
import { Chance, seedOf } from "../simulation/random.ts";
import type { StandIn } from "../support/standIn.ts";
import { type ActiveCallRow, type Participant, participant } from "../support/standInWire.ts";

export const eventsPerCall = 3;
const phones = ["101", "102", "103"];
const tickMs = 10;

/** What a call does, in this order. */
export type Step = "rings" | "isAnswered" | "ends";

export interface LoadOptions {
  readonly seed: number;
  readonly eventsPerS: number;
  /** Between two steps of a call. */
  readonly stepMs: readonly [least: number, most: number];
  /** Called before the frame leaves. */
  readonly onStep?: (callid: number, step: Step) => void;
  /**
   * Without it a call goes on whoever looks, and what it hurries past a stalled program (a leg that went before it
   * could be read) nobody can tell. With it the call takes its next step only when this one was told.
   */
  readonly isTold?: (callid: number, step: Step) => boolean;
}

export class Load {
  /** Calls that have rung, and those of them that are over. */
  begun = 0;
  over = 0;
  readonly #pbx: StandIn;
  readonly #options: LoadOptions;
  readonly #chance: Chance;
  /** Steps that their call waits for, to be told. */
  readonly #untold = new Set<string>();
  #startedAt = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(pbx: StandIn, options: LoadOptions) {
    this.#pbx = pbx;
    this.#options = options;
    this.#chance = new Chance(seedOf(options.seed, "load"));
  }

  start(): void {
    const from = this.begun;
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => {
      const elapsedS = (performance.now() - this.#startedAt) / 1000;
      const due = from + (elapsedS * this.#options.eventsPerS) / eventsPerCall;
      while (this.begun < due) this.#ring();
    }, tickMs);
  }

  /** No call rings any more; resolves when the last is over. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#pbx.facts.until(
      () => this.over === this.begun,
      "every call to be over",
      () => {
        const untold = this.#untold.size === 0 ? "all" : `all but ${[...this.#untold].join(", ")}`;
        return `Over: ${this.over} of ${this.begun}; told of what was waited for: ${untold}.`;
      },
    );
  }

  #ring(): void {
    this.begun += 1;
    const callid = this.begun;
    const phone = this.#chance.pick(phones);
    const number = `420777${String(callid).padStart(6, "0")}`;
    const leg = participant(phone, this.#pbx.nextLegId(), {
      status: "Ringing",
      callid,
      legid: 3,
      party_caller_id: number,
      party_dn: "10008",
      party_dn_type: "Wexternalline",
      party_did: "381213220030",
      originated_by_dn: "ROUTER",
      originated_by_type: "Wroutepoint",
    });
    const { onStep } = this.#options;
    onStep?.(callid, "rings");
    this.#list(leg, number, "Routing");
    this.#pbx.upsert(leg);
    this.#after(callid, "rings", () => {
      const answered: Participant = { ...leg, status: "Connected" };
      onStep?.(callid, "isAnswered");
      this.#list(leg, number, "Talking");
      this.#pbx.upsert(answered);
      this.#after(callid, "isAnswered", () => {
        onStep?.(callid, "ends");
        this.#pbx.setActiveCalls(this.#pbx.activeCalls().filter(({ Id }) => Id !== callid));
        this.#pbx.remove(phone, leg.id);
        this.over += 1;
        this.#pbx.facts.changed();
      });
    });
  }

  #list({ callid, dn }: Participant, number: string, Status: ActiveCallRow["Status"]): void {
    const now = new Date().toISOString();
    const others = this.#pbx.activeCalls().filter(({ Id }) => Id !== callid);
    const Caller = `10008 Second line (${number})`;
    const times = { LastChangeStatus: now, EstablishedAt: now, ServerNow: now };
    this.#pbx.setActiveCalls([...others, { Id: callid, Caller, Callee: dn, Status, ...times }]);
  }

  #after(callid: number, step: Step, act: () => void): void {
    const pauseMs = this.#chance.between(...this.#options.stepMs);
    const { isTold } = this.#options;
    if (!isTold) {
      setTimeout(act, pauseMs);
      return;
    }
    setTimeout(() => {
      const what = `${step} of call ${callid}`;
      this.#untold.add(what);
      const goOn = () => {
        this.#untold.delete(what);
        act();
      };
      // Whoever waits in vain stays where it is: `stop` tells of it.
      this.#pbx.facts.until(() => isTold(callid, step), what).then(goOn, () => {});
    }, pauseMs);
  }
}
