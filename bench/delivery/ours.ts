/**
 * Offhook's own way from an event to a settled delivery, put together as src/service.ts does it: outbox, dispatcher
 * and sender; signed, in order by call, each attempt in the store and in the log, a checkpoint of the tracker in
 * the transaction of each event.
 */
import { join } from "node:path";
import { makeLogger } from "../../src/cli/logger.ts";
import type { EndpointConfig } from "../../src/config/config.ts";
import {
  createDispatcher,
  type Dispatcher,
  type DispatcherOptions,
} from "../../src/delivery/dispatcher.ts";
import { createSender } from "../../src/delivery/sender.ts";
import type { CallEvent } from "../../src/events/event.ts";
import type { Outbox } from "../../src/outbox/outbox.ts";
import { openSqliteOutbox } from "../../src/outbox/sqlite/sqliteOutbox.ts";
import { steadyClock } from "../../src/util/clock.ts";

/** As large as the tracker's for a call with one link. */
const checkpointChars = 600;

export interface Ours {
  readonly outbox: Outbox;
  readonly dispatcher: Dispatcher;
  /** Stores an event for all endpoints; resolves when it is durable and on its way. */
  take(events: readonly CallEvent[]): Promise<void>;
  stop(graceMs: number): Promise<void>;
}

export interface OursOptions {
  readonly dataDir: string;
  readonly endpoints: readonly EndpointConfig[];
  /** Deliveries that reached their end, as the store has it. */
  readonly settled?: (count: number) => void;
}

/** The dispatcher is not started yet. */
export async function openOurs({ dataDir, endpoints, settled }: OursOptions): Promise<Ours> {
  const log = makeLogger("info", join(dataDir, "offhook.log"));
  const outbox = await openSqliteOutbox({ dataDir, log });
  const sender = createSender({ version: "bench", now: Date.now });
  const counted: DispatcherOptions["outbox"] = {
    backlog: () => outbox.backlog(),
    takeUp: (request) => outbox.takeUp(request),
    shelve: (lanes) => outbox.shelve(lanes),
    hasten: (...args) => outbox.hasten(...args),
    saveStanding: (...args) => outbox.saveStanding(...args),
    probe: () => outbox.probe(),
    settle: (settlements) =>
      outbox.settle(settlements).then(() => {
        for (const { fate } of settlements) if (fate.state !== "pending") settled?.(1);
      }),
  };
  const dispatcher = createDispatcher({
    outbox: counted,
    endpoints,
    send: sender.send,
    clock: steadyClock(),
    log,
    random: Math.random,
  });
  const names = endpoints.map(({ name }) => name);
  const state = JSON.stringify({ call: "x".repeat(checkpointChars) });
  return {
    outbox,
    dispatcher,
    async take(events) {
      const entries = events.map((event) => ({ event, endpoints: names }));
      const checkpoints = events.map(({ callNumber }) => ({
        pbx: "main",
        key: String(callNumber),
        state,
      }));
      dispatcher.enqueue(await outbox.append(entries, checkpoints));
    },
    async stop(graceMs) {
      await dispatcher.stop(graceMs);
      await sender.close();
      await outbox.close();
    },
  };
}
