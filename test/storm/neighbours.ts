/**
 * Ten endpoints, one of them sick: what its neighbours feel. Several programs live side by side and are fed the same
 * calls, each with ten receivers of its own; in one all ten are well, in the others the tenth is dead or drips. So
 * whatever else the machine does, it does to all of them, and their figures can be held against each other. A call
 * takes its next step when one of the nine has heard of this one, so that all that was sent is owed to each.
 */
import { Installation, type Offhook, pbxLines } from "../support/process.ts";
import { StandIn } from "../support/standIn.ts";
import { quantile } from "./figures.ts";
import { Load, type Step } from "./load.ts";
import { type Health, Neighbour } from "./neighbour.ts";
import { StoreView } from "./storeView.ts";

export interface NeighboursOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly eventsPerS: number;
  /** How the tenth is, program by program. */
  readonly arms: readonly Health[];
}

export interface ArmResult {
  readonly health: Health;
  readonly events: number;
  /** From the PBX's frame to the request reaching one of the nine. */
  readonly tookMs: readonly number[];
  /** That the tenth got; of those that it is owed, the steps of the schedule that were used up. */
  readonly requestsOfTenth: number;
  readonly owedToTenth: number;
  readonly spentOnTenth: number;
}

const neighbours = 9;
const stepMs = [300, 1200] as const;
/** While programs start, compile and open their connections. */
const warmUpEvents = 60;
/** So that no two programs are asked for the same at the same moment. */
const apartMs = 3;

const eventOf: Readonly<Record<Step, string>> = {
  rings: "ringing",
  isAnswered: "hangupincoming",
  ends: "incoming",
};

const nameOf = (index: number) => `e${index + 1}`;
const tenth = nameOf(neighbours);

export async function playNeighbours(options: NeighboursOptions): Promise<ArmResult[]> {
  const arms = await Promise.all(options.arms.map((health) => Arm.open(health, options)));
  try {
    for (const arm of arms) await arm.ready();
    for (const arm of arms) {
      arm.load.start();
      await pause(apartMs);
    }
    await pause(options.seconds * 1000);
    await Promise.all(arms.map((arm) => arm.load.stop()));
    return await Promise.all(arms.map((arm) => arm.result()));
  } finally {
    await Promise.all(arms.map((arm) => arm.close()));
  }
}

class Arm {
  readonly load: Load;
  readonly #health: Health;
  readonly #pbx: StandIn;
  readonly #installation: Installation;
  readonly #receivers: readonly Neighbour[];
  /** What each of the nine is owed, by `keyOf`, and who has it: a delivery may come again. */
  readonly #due = new Map<string, { readonly sentAt: number; readonly reached: Set<number> }>();
  readonly #tookMs: number[] = [];
  #offhook: Offhook | null = null;

  private constructor(
    health: Health,
    { seed, eventsPerS }: NeighboursOptions,
    pbx: StandIn,
    installation: Installation,
  ) {
    this.#health = health;
    this.#pbx = pbx;
    this.#installation = installation;
    const arrived = (neighbour: number, key: string, at: number) => {
      const due = this.#due.get(key);
      if (!due) throw new Error(`${key} came before its time.`);
      if (due.reached.has(neighbour)) return;
      due.reached.add(neighbour);
      this.#tookMs.push(at - due.sentAt);
      pbx.facts.changed();
    };
    const well = Array.from(
      { length: neighbours },
      (_, index) =>
        new Neighbour("well", (callid, event, at) => arrived(index, keyOf(callid, event), at)),
    );
    this.#receivers = [...well, new Neighbour(health)];
    this.load = new Load(pbx, {
      seed,
      eventsPerS,
      stepMs,
      onStep: (callid, step) => {
        const due = { sentAt: performance.now(), reached: new Set<number>() };
        this.#due.set(keyOf(callid, eventOf[step]), due);
      },
      isTold: (callid, step) => this.#reachedBy(keyOf(callid, eventOf[step])) > 0,
    });
  }

  static async open(health: Health, options: NeighboursOptions): Promise<Arm> {
    const pbx = await new StandIn().listen();
    const arm = new Arm(health, options, pbx, await Installation.make());
    await Promise.all(arm.#receivers.map((receiver) => receiver.listen()));
    return arm;
  }

  async ready(): Promise<void> {
    const polls = "ACTIVE_CALLS_POLL_MS";
    await this.#installation.configure([
      ...pbxLines(this.#pbx.url).filter((line) => !line.startsWith(polls)),
      `${polls} = 1000`,
      ...this.#receivers.flatMap(({ url }, index) => [
        `[endpoint.${nameOf(index)}]`,
        `URL = ${url}`,
      ]),
    ]);
    this.#offhook = await this.#installation.start().ready();
  }

  async result(): Promise<ArmResult> {
    const all = neighbours * this.#due.size;
    const arrived = () => this.#tookMs.length === all;
    await this.#pbx.facts.until(arrived, `${all} webhooks`, () => `Missing: ${this.#missing()}.`);
    await this.#offhook?.stop();
    const store = new StoreView(this.#installation);
    const ofTenth = `FROM deliveries WHERE endpoint = '${tenth}' AND state = 'pending'`;
    const [owed, spent] = ["count(*)", "coalesce(sum(spent), 0)"].map((sum) =>
      Number(store.values(`SELECT ${sum} AS value ${ofTenth}`)[0]),
    );
    return {
      health: this.#health,
      events: this.#due.size,
      tookMs: this.#tookMs.slice(neighbours * warmUpEvents),
      requestsOfTenth: this.#receivers.at(-1)?.requests ?? 0,
      owedToTenth: owed ?? Number.NaN,
      spentOnTenth: spent ?? Number.NaN,
    };
  }

  #reachedBy(key: string): number {
    return this.#due.get(key)?.reached.size ?? 0;
  }

  #missing(): string {
    const missing = [...this.#due.keys()].filter((key) => this.#reachedBy(key) < neighbours);
    return missing.map((key) => `${key} (${this.#reachedBy(key)} have it)`).join(", ");
  }

  async close(): Promise<void> {
    await this.#installation.remove();
    await Promise.all(this.#receivers.map((receiver) => receiver.close()));
    await this.#pbx.close();
  }
}

/** p99 of the nine beside a sick tenth, for each of that beside a healthy one. */
export function p99Ratios(results: readonly ArmResult[]): ReadonlyMap<Health, number> {
  const p99 = ({ tookMs }: ArmResult) => quantile(tookMs, 0.99);
  const well = results.find(({ health }) => health === "well");
  const sick = results.filter(({ health }) => health !== "well");
  return new Map(sick.map((arm) => [arm.health, p99(arm) / (well ? p99(well) : Number.NaN)]));
}

const keyOf = (callid: number, event: string) => `${event} of call ${callid}`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
