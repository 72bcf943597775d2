/**
 * The store itself, synchronous: runs batches of requests, each batch one transaction.
 * Must hold: a batch's results are told only after its commit; a request that fails is undone alone
 * and harms no other of its batch; if the commit fails, every request of the batch has failed.
 */
import type { DatabaseSync } from "node:sqlite";
import { assertNever } from "../../util/assertNever.ts";
import type { Checkpoint, OutboxCounts } from "../outbox.ts";
import { prepareStatements, type Statements } from "./statements.ts";
import type { EventRow, Made, Operations, PendingRow, Request, Result, SettleRow } from "./wire.ts";

export interface Store {
  run(requests: readonly Request[]): readonly Result[];
}

export function createStore(db: DatabaseSync): Store {
  const sql = prepareStatements(db);

  /** Undone alone if it fails; rethrows only when the failure took the whole transaction along. */
  function runOne(request: Request): Result {
    sql.savepoint.run();
    try {
      const answer = perform(sql, request);
      sql.release.run();
      return { ok: true, answer };
    } catch (error) {
      // SQLITE_FULL, SQLITE_IOERR and SQLITE_NOMEM may have rolled back everything already.
      if (!db.isTransaction) throw error;
      sql.undo.run();
      sql.release.run();
      return { ok: false, message: messageOf(error) };
    }
  }

  return {
    run(requests) {
      try {
        sql.begin.run();
        const results = requests.map(runOne);
        sql.commit.run();
        return results;
      } catch (error) {
        if (db.isTransaction) sql.rollback.run();
        const message = messageOf(error);
        return requests.map(() => ({ ok: false, message }));
      }
    },
  };
}

function perform(sql: Statements, request: Request): Operations[Request["operation"]]["answer"] {
  switch (request.operation) {
    case "append": {
      const made = request.events.map((event) => appendEvent(sql, event));
      for (const checkpoint of request.checkpoints) putCheckpoint(sql, checkpoint);
      return made;
    }
    case "settle":
      for (const settlement of request.settlements) settle(sql, settlement);
      return null;
    case "loadPending":
      // The rows carry exactly the columns that LOAD_PENDING names; the tables are STRICT.
      return sql.loadPending.all(
        request.afterPosition,
        request.limit,
      ) as unknown as readonly PendingRow[];
    case "loadCheckpoints":
      return sql.loadCheckpoints.all(request.pbx) as unknown as readonly Checkpoint[];
    case "counts":
      return sql.counts.get() as unknown as OutboxCounts;
    case "getMeta": {
      const value = sql.getMeta.get(request.name)?.value;
      return typeof value === "string" ? value : null;
    }
    case "setMeta":
      sql.putMeta.run(request.name, request.value);
      return null;
    default:
      return assertNever(request);
  }
}

function appendEvent(sql: Statements, event: EventRow): readonly Made[] | null {
  const stored = sql.insertEvent.get(event.eventId, whole(event.at), event.body);
  if (stored === undefined) return null;
  const position = Number(stored.position);
  return event.endpoints.map((endpoint): Made => {
    const lane = sql.nextInLane.get(endpoint, event.pbx, event.callId);
    const sequence = Number(lane?.last_sequence);
    const delivery = sql.insertDelivery.get(position, Number(lane?.lane_id), sequence);
    return [Number(delivery?.delivery_id), sequence];
  });
}

function putCheckpoint(sql: Statements, { pbx, key, state }: Checkpoint): void {
  if (state === null) sql.deleteCheckpoint.run(pbx, key);
  else sql.putCheckpoint.run(pbx, key, state);
}

function settle(sql: Statements, { deliveryId, attempt, fate }: SettleRow): void {
  const { changes } = sql.settleDelivery.run({
    state: fate.state,
    attempts: attempt.number,
    spent: fate.state === "pending" ? fate.spent : null,
    startedAt: whole(attempt.startedAt),
    dueAt: fate.state === "pending" ? whole(fate.dueAt) : null,
    reason: fate.state === "dead" ? fate.reason : null,
    deliveryId,
  });
  if (Number(changes) !== 1) {
    throw new Error(`Expected delivery ${deliveryId} in the store, found none.`);
  }
  sql.putAttempt.run(
    deliveryId,
    attempt.number,
    whole(attempt.startedAt),
    whole(attempt.durationMs),
    attempt.status,
    attempt.outcome,
    attempt.responseHead,
  );
}

/** Times are whole milliseconds in the store, whatever clock they came from. */
function whole(ms: number): number {
  return Math.round(ms);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
