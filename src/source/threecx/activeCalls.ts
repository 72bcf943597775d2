/**
 * The PBX's own list of active calls (XAPI). Read steadily, and when asked: at once, unless so many
 * ask that the PBX would do little else. Every question gets an answer that was asked for after it,
 * or word that there is none.
 */
import type { ActiveCalls, ActiveCallsUnavailable } from "../../tracker/activity.ts";
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";
import type { Limits } from "./limits.ts";
import { type Knowledge, normaliseActiveCall } from "./normalise.ts";
import { readMovingSet } from "./odata.ts";
import { parseActiveCall } from "./parse.ts";
import type { Rest } from "./rest.ts";

/** Of the time, the readings that are asked for take one part in so many, as long as their gap allows. */
const restShare = 10;

export type ActiveCallsActivity = ActiveCalls | ActiveCallsUnavailable;

export interface ActiveCallsOptions {
  readonly rest: Rest;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
  readonly knowledge: Knowledge;
  /** 0 = never read. */
  readonly pollMs: number;
  readonly emit: (activity: ActiveCallsActivity) => void;
  readonly onNotUnderstood: (fields: object, line: string) => void;
}

export class ActiveCallsReader {
  readonly #options: ActiveCallsOptions;
  /** `forbidden`: the PBX said that this client may not; tried again, each time after twice as long. */
  #access: "open" | "forbidden" = "open";
  #probeMs: number;
  #live = false;
  #busy = false;
  /** Somebody waits for a reading that has not begun yet. */
  #asked = false;
  /** How long the last reading took. */
  #tookMs = 0;
  /** Ahead of now by what the readings that were asked for have used up. */
  #spentUntil: number = Number.NEGATIVE_INFINITY;
  #cancelTimer = () => {};

  constructor(options: ActiveCallsOptions) {
    this.#options = options;
    this.#probeMs = options.limits.forbiddenProbeMsMin;
  }

  /** From now on the list is read steadily. */
  resume(): void {
    if (this.#live || this.#options.pollMs === 0) return;
    this.#live = true;
    // A PBX that has just started may have answered for a part that was not there yet.
    this.#probeMs = this.#options.limits.forbiddenProbeMsMin;
    this.#schedule(this.#access === "open" ? 0 : this.#probeMs);
  }

  pause(): void {
    this.#live = false;
    this.#cancelTimer();
    if (!this.#busy) this.#disappoint();
  }

  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    if (!this.#live || this.#access === "forbidden") this.#disappoint();
    else if (!this.#busy) this.#runWhenDue();
  }

  /** One reading, outside of the steady ones. */
  async read(): Promise<ActiveCallsActivity> {
    const { rest, clock, limits, log, knowledge, pollMs } = this.#options;
    if (pollMs === 0) return this.#unavailable();
    const askedAt = clock.now();
    const answer = await readMovingSet(rest, limits, "ActiveCalls");
    switch (answer.kind) {
      case "rows":
        if (this.#access === "forbidden") log.info({}, "The list of active calls is open again.");
        this.#access = "open";
        this.#probeMs = limits.forbiddenProbeMsMin;
        break;
      case "denied":
      case "missing":
        if (this.#access === "open") {
          log.warn(
            {},
            "The PBX does not show its list of active calls; ends of calls are inferred.",
          );
        }
        this.#access = "forbidden";
        return this.#unavailable();
      case "notUnderstood":
        this.#options.onNotUnderstood({ set: "ActiveCalls" }, answer.reason);
        return this.#unavailable();
      default:
        return this.#unavailable();
    }
    // The pages of a long list overlap.
    const calls = new Map<number, ActiveCalls["calls"][number]>();
    for (const row of answer.rows) {
      const wire = parseActiveCall(row);
      const call = wire && normaliseActiveCall(wire, knowledge, askedAt);
      if (call) calls.set(call.callNumber, call);
      else
        this.#options.onNotUnderstood({ set: "ActiveCalls" }, "A row of the list has no call id.");
    }
    return { kind: "activeCalls", at: clock.now(), askedAt, calls: [...calls.values()] };
  }

  #unavailable(): ActiveCallsUnavailable {
    return { kind: "activeCallsUnavailable", at: this.#options.clock.now() };
  }

  /**
   * Word to who asked, that there will be no answer. Never from inside the question: who asks may
   * be in the middle of something.
   */
  #disappoint(): void {
    if (!this.#asked) return;
    this.#asked = false;
    queueMicrotask(() => this.#options.emit(this.#unavailable()));
  }

  /** What was asked for: at once, but under load one reading answers for several calls. */
  #runWhenDue(): void {
    const { clock, limits } = this.#options;
    const now = clock.now();
    const aheadMs = (limits.activeCallsBurst - 1) * limits.activeCallsGapMs;
    const waitMs = Math.max(this.#spentUntil - now - aheadMs, 0);
    // A PBX that answers at once is not burdened by it.
    const costMs = Math.min(limits.activeCallsGapMs, this.#tookMs * restShare);
    this.#spentUntil = Math.max(this.#spentUntil, now) + costMs;
    if (waitMs === 0) void this.#run();
    else this.#schedule(waitMs);
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      if (!this.#busy) void this.#run();
    });
  }

  async #run(): Promise<void> {
    const { clock, emit, pollMs, limits } = this.#options;
    this.#busy = true;
    this.#asked = false;
    this.#cancelTimer();
    const beganAt = clock.now();
    emit(await this.read());
    this.#tookMs = clock.now() - beganAt;
    this.#busy = false;
    if (this.#live && this.#access === "open") {
      if (this.#asked) this.#runWhenDue();
      // From start to start, but a slow PBX is left some time to itself.
      else this.#schedule(Math.max(pollMs - (clock.now() - beganAt), pollMs / 4));
      return;
    }
    this.#disappoint();
    if (!this.#live) return;
    this.#schedule(this.#probeMs);
    this.#probeMs = Math.min(this.#probeMs * 2, limits.forbiddenProbeMsMax);
  }
}
