/**
 * Writes attempts into the store, as often as it takes: what was sent is known here until it is stored,
 * so that bookkeeping never causes a resend. Those of one turn of the event loop go with one request; if it is
 * refused, each by itself. Tells whether the store as a whole is down.
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

/** Called once; false: given up before it was stored. */
type OnSettled = (stored: boolean) => void;

export interface Settler {
  /** While true, nothing more should be sent that could not be recorded. */
  readonly storeIsDown: boolean;
  /** With the next `store`. */
  settle(settlement: Settlement, onSettled: OnSettled): void;
  /** Stores what is to be settled. */
  store(): void;
  /** Stops repeating. */
  giveUp(): void;
}

interface Unsettled {
  readonly settlement: Settlement;
  readonly onSettled: OnSettled;
}

export function createSettler({ outbox, clock, log, onHealed }: SettlerOptions): Settler {
  let storeIsDown = false;
  let givenUp = false;
  const stopWaiting = new Set<() => void>();
  let gathered: Unsettled[] = [];

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

  async function settleTogether(together: readonly Unsettled[]): Promise<void> {
    try {
      await outbox.settle(together.map(({ settlement }) => settlement));
    } catch {
      // Perhaps for one of them only.
      for (const unsettled of together) void settleAlone(unsettled);
      return;
    }
    setDown(false);
    for (const { onSettled } of together) onSettled(true);
  }

  async function settleAlone({ settlement, onSettled }: Unsettled): Promise<void> {
    for (
      let delayMs = SETTLE_RETRY_MS_MIN;
      ;
      delayMs = Math.min(delayMs * 2, SETTLE_RETRY_MS_MAX)
    ) {
      try {
        await outbox.settle([settlement]);
        setDown(false);
        return onSettled(true);
      } catch (error) {
        log.error(
          { err: error, deliveryId: settlement.deliveryId },
          "delivery.unrecorded: the store did not take an attempt; trying again, not sending again",
        );
      }
      // A store that takes other writes refuses only this one: then only its lane waits.
      setDown(await storeFails());
      if (!givenUp) await wait(delayMs);
      if (givenUp) return onSettled(false);
    }
  }

  return {
    get storeIsDown() {
      return storeIsDown;
    },
    settle(settlement, onSettled) {
      gathered.push({ settlement, onSettled });
    },
    store() {
      if (gathered.length > 0) void settleTogether(gathered);
      gathered = [];
    },
    giveUp() {
      givenUp = true;
      for (const done of [...stopWaiting]) done();
    },
  };
}
