/**
 * The store itself, synchronous: runs batches of requests, each batch one transaction.
 * Must hold: a batch's results are told only after its commit; a request that fails is undone alone
 * and harms no other of its batch; if the commit fails, every request of the batch has failed.
 */
import type { DatabaseSync } from "node:sqlite";
import { assertNever } from "../../util/assertNever.ts";
import type { Checkpoint, Replay } from "../outbox.ts";
import { createPendingStore, type PendingStore } from "./pendingStore.ts";
import { createRecordingStore, type RecordingStore } from "./recordingStore.ts";
import { compact, prune } from "./retention.ts";
import { prepareStatements, type Statements } from "./statements.ts";
import type { EventRow, Made, Operations, PendingRow, Request, Result, SettleRow } from "./wire.ts";

export interface Store {
  run(requests: readonly Request[]): readonly Result[];
}

export function createStore(db: DatabaseSync): Store {
  const sql = prepareStatements(db);
  const pending = createPendingStore(db);
  const recordings = createRecordingStore(db);

  /** Undone alone if it fails; rethrows only when the failure took the whole transaction along. */
  function runOne(request: Request): Result {
    sql.savepoint.run();
    try {
      const answer = perform(sql, pending, recordings, request);
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

function perform(
  sql: Statements,
  pending: PendingStore,
  recordings: RecordingStore,
  request: Request,
): Operations[Request["operation"]]["answer"] {
  switch (request.operation) {
    case "append": {
      const made = request.events.map((event) => appendEvent(sql, recordings, event));
      for (const checkpoint of request.checkpoints) putCheckpoint(sql, checkpoint);
      return made;
    }
    case "settle":
      for (const settlement of request.settlements) settle(sql, pending, settlement);
      return null;
    case "backlog":
      return pending.backlog();
    case "takeUp":
      return pending.takeUp(request);
    case "shelve":
      pending.shelve(request.shelvings);
      return null;
    case "hasten": {
      const { endpoint, now, limit, refusedToo } = request;
      return pending.hasten(endpoint, now, limit, refusedToo);
    }
    case "saveStanding":
      pending.saveStanding(request.endpoint, request.standing);
      return null;
    case "loadCheckpoints":
      return sql.loadCheckpoints.all(request.pbx) as unknown as readonly Checkpoint[];
    case "replay":
      return request.replays.flatMap((replay) => replayOne(sql, replay));
    case "prune":
      return prune(sql, request.limits, request.after, request.eventsMax);
    case "compact":
      return compact(sql);
    case "saveLink":
      recordings.save(request.link);
      return request.events.map((event) => appendEvent(sql, recordings, event));
    case "dueLinks":
      return recordings.due(request.state, request.until, request.limit);
    case "linksSoughtSince":
      return recordings.soughtSince(request.pbx, request.endedFrom, request.limit);
    case "nextLinkDueAt":
      return recordings.nextDueAt(request.after);
    case "ownersOfFiles":
      return recordings.owners(request.pbx, request.sourceIds);
    case "findLinks":
      return recordings.find(request.what, request.limit);
    case "linksStoredBefore":
      return recordings.storedBefore(request.at, request.limit);
    case "storedBytes":
      return recordings.storedBytes();
    case "forgetLinks":
      return recordings.forget(request.endedBefore, request.limit);
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

function appendEvent(
  sql: Statements,
  recordings: RecordingStore,
  event: EventRow,
): readonly Made[] | null {
  const stored = sql.insertEvent.get(event.eventId, whole(event.at), event.body);
  if (stored === undefined) return null;
  if (event.seekAt !== undefined) recordings.seek(event.body, event.seekAt);
  const position = Number(stored.position);
  return event.endpoints.map((endpoint): Made => {
    const lane = sql.nextInLane.get(endpoint, event.pbx, event.callId);
    const sequence = Number(lane?.last_sequence);
    const delivery = sql.insertDelivery.get(position, Number(lane?.lane_id), endpoint, sequence);
    return [Number(delivery?.delivery_id), sequence];
  });
}

function putCheckpoint(sql: Statements, { pbx, key, state }: Checkpoint): void {
  if (state === null) sql.deleteCheckpoint.run(pbx, key);
  else sql.putCheckpoint.run(pbx, key, state);
}

function settle(
  sql: Statements,
  pending: PendingStore,
  { deliveryId, attempt, fate, standing }: SettleRow,
): void {
  const settled = sql.settleDelivery.get({
    state: fate.state,
    attempts: attempt?.number ?? null,
    spent: fate.state === "pending" ? fate.spent : null,
    startedAt: attempt === null ? null : whole(attempt.startedAt),
    dueAt: fate.state === "pending" ? whole(fate.dueAt) : null,
    reason: "reason" in fate ? fate.reason : null,
    deliveryId,
  });
  if (settled === undefined) {
    throw new Error(`Expected delivery ${deliveryId} in the store, found none.`);
  }
  if (standing !== undefined) pending.saveStanding(String(settled.endpoint), standing);
  if (attempt === null) return;
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

function replayOne(sql: Statements, { deliveryId, dueAt }: Replay): readonly PendingRow[] {
  const { changes } = sql.replayDelivery.run(whole(dueAt), deliveryId);
  if (Number(changes) === 0) return [];
  return sql.owed.all(deliveryId) as unknown as readonly PendingRow[];
}

/** Times are whole milliseconds in the store, whatever clock they came from. */
function whole(ms: number): number {
  return Math.round(ms);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
