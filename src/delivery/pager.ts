/**
 * What outlets want of the store besides settling: pages of their backlog, lanes put back, lanes made due,
 * what is known of them. Must hold: one request at a time for each outlet; what fails is asked for again
 * later, and harms no other outlet.
 */
import type { EpochMs } from "../events/event.ts";
import type { Pending } from "../outbox/pending.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import type { Outlet } from "./outlet.ts";

const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 10_000;
/** Shelved lanes made due in one transaction. */
const HASTEN_LANES = 500;

export interface PagerOptions {
  readonly outbox: Pick<Pending, "takeUp" | "shelve" | "hasten" | "saveStanding">;
  readonly clock: Clock;
  readonly log: Log;
  /** An outlet has something new, or may ask again. */
  readonly onNews: () => void;
}

export interface Pager {
  /** Asks the store for what the outlet wants most; `heldMax` bounds what it holds. */
  tend(outlet: Outlet, heldMax: number, now: EpochMs): void;
  saveStanding(outlet: Outlet): void;
  stop(): void;
}

export function createPager({ outbox, clock, log, onNews }: PagerOptions): Pager {
  const busy = new Set<Outlet>();
  const retryDelays = new Map<Outlet, number>();
  const retries = new Set<() => void>();
  let stopped = false;

  function run(outlet: Outlet, what: string, request: Promise<unknown>): void {
    busy.add(outlet);
    request.then(
      () => {
        retryDelays.delete(outlet);
        done(outlet);
      },
      (error: unknown) => {
        if (stopped) return;
        const message = { err: error, endpoint: outlet.name, what };
        log.error(message, "delivery.backlog: the store did not answer; asking again");
        retryLater(outlet);
      },
    );
  }

  function retryLater(outlet: Outlet): void {
    const delayMs = Math.min((retryDelays.get(outlet) ?? RETRY_MS_MIN / 2) * 2, RETRY_MS_MAX);
    retryDelays.set(outlet, delayMs);
    const cancel = clock.after(delayMs, () => {
      retries.delete(cancel);
      done(outlet);
    });
    retries.add(cancel);
  }

  function done(outlet: Outlet): void {
    busy.delete(outlet);
    if (!stopped) onNews();
  }

  async function shelve(outlet: Outlet, lanes: ReturnType<Outlet["toShelve"]>): Promise<void> {
    let stored = false;
    try {
      const named = lanes.map(({ lane, wakeAt }) => ({ deliveryId: lane.lastId, wakeAt }));
      await outbox.shelve(named);
      stored = true;
    } finally {
      outlet.shelved(lanes, stored);
    }
  }

  async function takeUp(outlet: Outlet, page: Page, heldMax: number): Promise<void> {
    let taken: Awaited<ReturnType<Pending["takeUp"]>> | null = null;
    try {
      const now = clock.now();
      taken = await outbox.takeUp({ endpoint: outlet.name, now, ...page });
    } finally {
      outlet.pageCame(taken, heldMax, clock.now());
    }
  }

  async function hasten(outlet: Outlet, refusedToo: boolean, now: EpochMs): Promise<void> {
    const more = await outbox.hasten(outlet.name, now, HASTEN_LANES, refusedToo);
    outlet.hastened(more, clock.now());
  }

  return {
    tend(outlet, heldMax, now) {
      if (stopped || busy.has(outlet)) return;
      const lanes = outlet.toShelve(heldMax, now);
      if (lanes.length > 0) return run(outlet, "shelve", shelve(outlet, lanes));
      const { hastening } = outlet;
      if (hastening) return run(outlet, "hasten", hasten(outlet, hastening.refusedToo, now));
      const page = outlet.askForPage(heldMax, now);
      if (page !== null) run(outlet, "takeUp", takeUp(outlet, page, heldMax));
    },
    saveStanding(outlet) {
      const standing = outlet.takeStanding(clock.now());
      if (standing === undefined) return;
      outbox.saveStanding(outlet.name, standing).catch((error: unknown) => {
        outlet.standingLost();
        if (stopped) return;
        const message = { err: error, endpoint: outlet.name };
        log.error(message, "delivery.standing: not stored; a restart would not know of it");
      });
    },
    stop() {
      stopped = true;
      for (const cancel of retries) cancel();
    },
  };
}

type Page = NonNullable<ReturnType<Outlet["askForPage"]>>;
