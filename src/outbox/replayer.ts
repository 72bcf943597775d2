/**
 * Replays what a filter finds, the oldest first, a page at a time. Must hold: a page is durable before it is
 * handed on; all replays together become due at no more than REPLAY_PER_S a second, so that what is live is
 * not drowned; a page that is asked for twice replays nothing twice, as the first made it pending.
 */
import type { EpochMs } from "../events/event.ts";
import type { Clock } from "../util/clock.ts";
import type { DeliveryFilter, DeliveryRow } from "./lookup.ts";
import type { Delivery, Outbox } from "./outbox.ts";

export const REPLAY_PAGE = 500;

export interface ReplayRequest {
  readonly filter: DeliveryFilter;
  /** Deliveries up to this id: what came after the question was asked is not meant. */
  readonly through: number;
  /** `next` of the page before, null for the first one. */
  readonly after: number | null;
}

export interface ReplayStep {
  readonly replayed: number;
  /** When the last of all replays becomes due. */
  readonly until: EpochMs;
  /** null: done. */
  readonly next: number | null;
}

export interface ReplayerOptions {
  readonly outbox: Pick<Outbox, "list" | "replay">;
  readonly clock: Clock;
  readonly perS: () => number;
  /** Deliveries that are pending again. */
  readonly owed: (deliveries: readonly Delivery[]) => void;
}

export interface Replayer {
  step(request: ReplayRequest): Promise<ReplayStep>;
}

export function createReplayer({ outbox, clock, perS, owed }: ReplayerOptions): Replayer {
  /** When the next one may be due: after all that were replayed before. */
  let freeAt = 0;

  return {
    async step({ filter, through, after }) {
      const page = { order: "oldest", after, limit: REPLAY_PAGE } as const;
      const { rows, next } = await outbox.list(filter, page);
      const meant = rows.filter((row) => row.deliveryId <= through && row.state !== "pending");
      const stepMs = 1000 / perS();
      freeAt = Math.max(freeAt, clock.now());
      const replays = meant.map(({ deliveryId }: DeliveryRow, index) => ({
        deliveryId,
        dueAt: Math.round(freeAt + index * stepMs),
      }));
      freeAt += replays.length * stepMs;
      const again = await outbox.replay(replays);
      owed(again);
      const done = next === null || next >= through;
      return { replayed: again.length, until: Math.round(freeAt), next: done ? null : next };
    },
  };
}
