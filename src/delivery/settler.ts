/**
 * Writes attempts into the store, as often as it takes: what was sent is known here until it is stored,
 * so that bookkeeping never causes a resend. Tells whether the store as a whole is down.
 */
import type { Outbox, Settlement } from "../outbox/outbox.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";

const SETTLE_RETRY_MS_MIN = 250;
const SETTLE_RETRY_MS_MAX = 10_000;

export interface SettlerOptions {
  readonly outbox: Pick<Outbox, "settle" | "probe">;
  readonly clock: Clock;
  readonly log: Log;
  /** The store takes writes again. */
  readonly onHealed: () => void;
}

export interface Settler {
  /** While true, nothing more should be sent that could not be recorded. */
  readonly storeIsDown: boolean;
  /** True when stored; false if given up before. */
  settle(settlement: Settlement): Promise<boolean>;
  /** Stops repeating. */
  giveUp(): void;
}

export function createSettler({ outbox, clock, log, onHealed }: SettlerOptions): Settler {
  let storeIsDown = false;
  let givenUp = false;
  const stopWaiting = new Set<() => void>();

  function setDown(down: boolean): void {
    const healed = storeIsDown && !down;
    storeIsDown = down;
    if (healed) onHealed();
  }

  function wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        stopWaiting.delete(done);
        resolve();
      };
      const cancel = clock.after(delayMs, done);
      stopWaiting.add(done);
    });
  }

  async function storeFails(): Promise<boolean> {
    return outbox.probe().then(
      () => false,
      () => true,
    );
  }

  return {
    get storeIsDown() {
      return storeIsDown;
    },
    async settle(settlement) {
      for (
        let delayMs = SETTLE_RETRY_MS_MIN;
        ;
        delayMs = Math.min(delayMs * 2, SETTLE_RETRY_MS_MAX)
      ) {
        try {
          await outbox.settle([settlement]);
          setDown(false);
          return true;
        } catch (error) {
          log.error(
            { err: error, deliveryId: settlement.deliveryId },
            "delivery.unrecorded: the store did not take an attempt; trying again, not sending again",
          );
        }
        // A store that takes other writes refuses only this one: then only its lane waits.
        setDown(await storeFails());
        if (givenUp) return false;
        await wait(delayMs);
        if (givenUp) return false;
      }
    },
    giveUp() {
      givenUp = true;
      for (const done of [...stopWaiting]) done();
    },
  };
}
