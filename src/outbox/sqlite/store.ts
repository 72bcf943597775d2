/**
 * The store itself, synchronous: runs batches of requests, each batch one transaction.
 * Must hold: a batch's results are told only after its commit; a request that fails is undone alone
 * and harms no other of its batch; if the commit fails, every request of the batch has failed.
 */

import type { DatabaseSync } from "node:sqlite";
import { assertNever } from "../../util/assertNever.ts";
import { messageOf } from "../../util/messageOf.ts";
import type { DeliveryState } from "../lookup.ts";
import type { Checkpoint, Replay } from "../outbox.ts";
import { Lanes } from "./lanes.ts";
import { createPendingStore, type PendingStore } from "./pendingStore.ts";
import { createRecordingStore, type RecordingStore } from "./recordingStore.ts";
import { compact, prune } from "./retention.ts";
import { prepareStatements, type Statements } from "./statements.ts";
import { Tallies } from "./tallies.ts";
import type { EventRow, Made, Operations, PendingRow, Request, Result, SettleRow } from "./wire.ts";

export interface Store {
  run(requests: readonly Request[]): readonly Result[];
}

/** What the requests are carried out with. */
interface Parts {
  readonly sql: Statements;
  readonly lanes: Lanes;
  readonly tallies: Tallies;
  readonly pending: PendingStore;
  readonly recordings: RecordingStore;
  /** Endpoints of deliveries that were made here of late and are pending still: most need no look-up. */
  readonly fresh: Map<number, string>;
}

/** Most are settled soon; beyond, all are looked up anew. */
const FRESH_MAX = 10_000;

export function createStore(db: DatabaseSync): Store {
  const parts: Parts = {
    sql: prepareStatements(db),
    lanes: new Lanes(db),
    tallies: new Tallies(db),
    pending: createPendingStore(db),
    recordings: createRecordingStore(db),
    fresh: new Map(),
  };
  const { sql, lanes, tallies, fresh } = parts;

  function forget(): void {
    lanes.forget();
    tallies.forget();
    fresh.clear();
  }

  /** Throws if any of them fails; then none has been carried out. */
  function runTogether(requests: readonly Request[]): readonly Result[] {
    sql.begin.run();
    const results = requests.map((request) => answered(perform(parts, request)));
    tallies.write();
    sql.commit.run();
    return results;
  }

  function runApart(requests: readonly Request[]): readonly Result[] {
    sql.begin.run();
    const results = requests.map(runOne);
    sql.commit.run();
    return results;
  }

  /** Undone alone if it fails; rethrows only when the failure took the whole transaction along. */
  function runOne(request: Request): Result {
    sql.savepoint.run();
    try {
      const answer = perform(parts, request);
      tallies.write();
      sql.release.run();
      return answered(answer);
    } catch (error) {
      forget();
      // SQLITE_FULL, SQLITE_IOERR and SQLITE_NOMEM may have rolled back everything already.
      if (!db.isTransaction) throw error;
      sql.undo.run();
      sql.release.run();
      return { ok: false, message: messageOf(error) };
    }
  }

  /** What `run` returns, or what it threw, with nothing carried out. */
  function attempt(run: typeof runApart, requests: readonly Request[]): Attempted {
    try {
      return { ok: true, results: run(requests) };
    } catch (error) {
      forget();
      const alive = db.isTransaction;
      if (alive) sql.rollback.run();
      return { ok: false, message: messageOf(error), alive };
    }
  }

  return {
    run(requests) {
      // A savepoint for each costs more than most requests do, and hardly ever does one fail.
      let tried = attempt(runTogether, requests);
      if (!tried.ok && tried.alive) tried = attempt(runApart, requests);
      if (tried.ok) return tried.results;
      const { message } = tried;
      return requests.map(() => ({ ok: false, message }));
    },
  };
}

type Attempted =
  | { readonly ok: true; readonly results: readonly Result[] }
  /** `alive`: it was a request that failed, not the transaction as a whole. */
  | { readonly ok: false; readonly message: string; readonly alive: boolean };

const answered = (answer: Operations[Request["operation"]]["answer"]): Result => ({
  ok: true,
  answer,
});

function perform(parts: Parts, request: Request): Operations[Request["operation"]]["answer"] {
  const { sql, pending, recordings } = parts;
  switch (request.operation) {
    case "append": {
      const made = request.events.map((event) => appendEvent(parts, event));
      for (const checkpoint of request.checkpoints) putCheckpoint(sql, checkpoint);
      return made;
    }
    case "settle":
      for (const settlement of request.settlements) settle(parts, settlement);
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
      return request.replays.flatMap((replay) => replayOne(parts, replay));
    case "prune":
      return prune(parts, request.limits, request.after, request.eventsMax);
    case "compact":
      return compact(sql);
    case "saveLink":
      recordings.save(request.link);
      return request.events.map((event) => appendEvent(parts, event));
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
    case "probe":
      sql.putProbe.run(request.time);
      return null;
    default:
      return assertNever(request);
  }
}

function appendEvent(
  { sql, lanes, tallies, recordings, fresh }: Parts,
  { eventId, pbx, callId, at, body, endpoints, seekAt }: EventRow,
): readonly Made[] | null {
  const event = sql.insertEvent.run(eventId, whole(at), body);
  if (event.changes === 0) return null;
  tallies.eventMade();
  if (seekAt !== undefined) recordings.seek(body, seekAt);
  return endpoints.map((endpoint): Made => {
    const { laneId, sequence } = lanes.next(endpoint, pbx, callId);
    const position = event.lastInsertRowid;
    const delivery = sql.insertDelivery.run(position, laneId, endpoint, sequence);
    tallies.made(endpoint, "pending");
    const deliveryId = Number(delivery.lastInsertRowid);
    if (fresh.size >= FRESH_MAX) fresh.clear();
    fresh.set(deliveryId, endpoint);
    return [deliveryId, sequence];
  });
}

function putCheckpoint(sql: Statements, { pbx, key, state }: Checkpoint): void {
  if (state === null) sql.deleteCheckpoint.run(pbx, key);
  else sql.putCheckpoint.run(pbx, key, state);
}

function settle(
  { sql, pending, tallies, fresh }: Parts,
  { deliveryId, attempt, fate, standing }: SettleRow,
): void {
  const owedTo = fresh.get(deliveryId);
  const before = owedTo
    ? ({ endpoint: owedTo, state: "pending" } as const)
    : stateOf(sql, deliveryId);
  if (before === null) {
    throw new Error(`Expected delivery ${deliveryId} in the store, found none.`);
  }
  if (fate.state !== "pending") fresh.delete(deliveryId);
  const startedAt = attempt === null ? null : whole(attempt.startedAt);
  sql.settleDelivery.run(
    fate.state,
    attempt?.number ?? null,
    fate.state === "pending" ? fate.spent : null,
    startedAt,
    fate.state === "pending" ? whole(fate.dueAt) : null,
    "reason" in fate ? fate.reason : null,
    deliveryId,
  );
  tallies.moved(before.endpoint, before.state, fate.state);
  if (standing !== undefined) pending.saveStanding(before.endpoint, standing);
  if (attempt === null) return;
  sql.putAttempt.run(
    deliveryId,
    attempt.number,
    startedAt,
    whole(attempt.durationMs),
    attempt.status,
    attempt.outcome,
    attempt.responseHead,
  );
}

function replayOne({ sql, tallies }: Parts, { deliveryId, dueAt }: Replay): readonly PendingRow[] {
  const before = stateOf(sql, deliveryId);
  if (before === null || before.state === "pending") return [];
  sql.replayDelivery.run(whole(dueAt), deliveryId);
  tallies.moved(before.endpoint, before.state, "pending");
  return sql.owed.all(deliveryId) as unknown as readonly PendingRow[];
}

function stateOf(
  sql: Statements,
  deliveryId: number,
): { readonly endpoint: string; readonly state: DeliveryState } | null {
  const row = sql.stateOf.get(deliveryId);
  if (row === undefined) return null;
  return { endpoint: String(row.endpoint), state: row.state as DeliveryState };
}

/** Times are whole milliseconds in the store, whatever clock they came from. */
function whole(ms: number): number {
  return Math.round(ms);
}
