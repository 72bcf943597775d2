/**
 * Faults of the whole: connections that break or fall silent, restarts of the PBX and of the watching program, and a
 * clock that was set meanwhile. Each is noted as a stretch in which nothing may have been seen.
 */
import type { Pbx } from "../../src/simulator/pbx.ts";
import type { Clock } from "../../src/util/clock.ts";
import { clockStepsOf, type FaultNote, type FaultPlan } from "./faults.ts";
import type { Chance } from "./random.ts";
import type { FaultName, Setting } from "./setting.ts";
import type { SimWire } from "./simWire.ts";
import type { Watcher } from "./watcher.ts";

export interface TroubleOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly plan: FaultPlan;
  readonly wire: SimWire;
  readonly pbx: Pbx;
  readonly setting: Setting;
  /** Starts the program; its clock is so far off. */
  readonly start: (aheadMs: number) => Promise<Watcher>;
}

/** For so long after its restart the PBX takes no call. */
const bootsMs = 1_000;
/** Between two troubles of a kind. */
const pauseMs = [20_000, 400_000] as const;
const kinds: readonly FaultName[] = ["socketDrops", "pbxRestarts", "ownRestarts"];

export class Troubles {
  readonly #options: TroubleOptions;
  #watcher: Watcher | null = null;
  #aheadMs = 0;
  #open: FaultNote[] = [];
  /** The PBX takes no call before. */
  bootedAt = 0;

  constructor(options: TroubleOptions) {
    this.#options = options;
  }

  /** Starts the program, and strikes from then on until `untilAt`. */
  async begin(untilAt: number): Promise<void> {
    await this.#start();
    for (const fault of kinds) this.#plan(fault, untilAt);
  }

  end(): void {
    this.#watcher?.kill();
    this.#watcher = null;
  }

  async #start(): Promise<void> {
    const watcher = await this.#options.start(this.#aheadMs);
    this.#watcher = watcher;
    let liveSinceAt: number | null = null;
    watcher.source.onStatus((status) => {
      // Told again as the list of monitored DNs has changed: the connection may have fallen silent since.
      if (status.state !== "live" || status.sinceAt === liveSinceAt) return;
      liveSinceAt = status.sinceAt;
      for (const note of this.#open) note.toAt = this.#options.clock.now();
      this.#open = [];
    });
  }

  #plan(fault: FaultName, untilAt: number): void {
    const { clock, chance, plan } = this.#options;
    const at = clock.now() + chance.between(...pauseMs);
    if (at >= untilAt) return;
    clock.after(at - clock.now(), () => {
      // What is down already cannot fail.
      if (this.#watcher !== null && plan.strikes(fault, 1)) this.#strike(fault);
      this.#plan(fault, untilAt);
    });
  }

  #strike(fault: FaultName): void {
    const { clock, chance, plan, wire, pbx } = this.#options;
    wire.note(`TROUBLE ${fault}`);
    const note = plan.note(fault, Number.POSITIVE_INFINITY);
    this.#open.push(note);
    if (fault === "socketDrops") {
      if (chance.happens(0.5)) {
        const cut = wire.silence();
        clock.after(chance.between(100, 20_000), cut);
      } else wire.cutAll();
      if (chance.happens(0.3)) plan.downUntil = clock.now() + chance.between(500, 30_000);
    } else if (fault === "pbxRestarts") {
      plan.downUntil = clock.now() + chance.between(1_500, 40_000);
      this.bootedAt = clock.now() + bootsMs;
      pbx.restart();
    } else {
      this.end();
      if (plan.strikes("clockSteps", 0.5)) {
        this.#aheadMs = chance.pick(clockStepsOf(this.#options.setting));
        plan.note("clockSteps", 0, "");
      }
      clock.after(chance.between(300, 30_000), () => void this.#start());
    }
  }
}
