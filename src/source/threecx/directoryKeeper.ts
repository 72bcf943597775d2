/**
 * Keeps the directory at hand and young: read at the start, every ten minutes, and, not too often,
 * when the PBX names a number that it does not have. What failed for a passing reason is read again soon.
 */
import type { DnKind } from "../../tracker/activity.ts";
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";
import { makeAgain } from "./again.ts";
import {
  type Directory,
  makeDirectory,
  readSets,
  type SetName,
  type Sets,
  type SetsAnswer,
  saidBy,
  setNames,
} from "./directory.ts";
import { HeardKinds } from "./heardKinds.ts";
import type { Limits } from "./limits.ts";
import { xapiReason } from "./refusal.ts";
import type { Rest } from "./rest.ts";

export interface DirectoryKeeper {
  readonly current: Directory;
  /** What a number was that is no more since a short time: calls may be there still. */
  formerKindOf(dn: string): DnKind | null;
  /** Reads if what is there is not young or failed; settles when the first reading is over, good or bad. */
  wake(): Promise<void>;
  /** The connection is gone: nothing is read until the next `wake`. */
  sleep(): void;
  /** A number was named that may be new. */
  miss(dn: string): void;
}

export interface DirectoryKeeperOptions {
  readonly rest: Rest;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
  readonly clientId: string;
  readonly onChange: () => void;
}

/** Tells the operator which sets cannot be read, when that changes. */
function reporter({ log, clientId }: DirectoryKeeperOptions) {
  let last = "";
  return (failed: SetsAnswer["failed"]): void => {
    const [one] = failed;
    const sets = failed.map(({ set }) => set).join(", ");
    if (sets === last) return;
    last = sets;
    if (!one) {
      log.info({}, "The PBX's directory can be read whole again.");
      return;
    }
    const said = `${one.set}: ${saidBy(one.answer)}`;
    const isClosed = one.answer.kind === "denied" || one.answer.kind === "missing";
    const line = isClosed
      ? xapiReason(clientId, said)
      : `The PBX's directory could not be read whole (${said}). It is read again later.`;
    log.warn({ sets }, line);
  };
}

/** The PBX does not say that they are closed or that there is none. */
function passing(failed: SetsAnswer["failed"]): readonly SetName[] {
  const isClosed = (kind: string) => kind === "denied" || kind === "missing";
  return failed.flatMap(({ set, answer }) => (isClosed(answer.kind) ? [] : [set]));
}

export function keepDirectory(options: DirectoryKeeperOptions): DirectoryKeeper {
  const { rest, clock, limits } = options;
  const report = reporter(options);
  let sets: Sets = {};
  let current = makeDirectory(sets);
  /** When all was read last. */
  let readAt: number | null = null;
  let nextAt = 0;
  let failing: SetsAnswer["failed"] = [];
  let failures = 0;
  /** The next reading is of these; null = of all. */
  let only: readonly SetName[] | null = null;
  let awake = false;
  let cancelTimer = () => {};
  let cancelMiss: (() => void) | null = null;
  /** Numbers that a whole reading did not bring: asking again would not either. */
  const missing = new Set<string>();
  const former = new HeardKinds({ clock, limits });
  /** The first reading over a connection is over, good or bad. */
  let firstRead = () => {};
  let first = new Promise<void>((resolve) => {
    firstRead = resolve;
  });

  const reading = makeAgain(async () => {
    const was = JSON.stringify(sets);
    const names = only ?? setNames;
    only = null;
    const answer = await readSets(rest, limits, sets, names, (short) => {
      if (readAt !== null || !awake || short.failed.length > 0) return;
      // The first calls of a large PBX do not wait for its users to have their DID.
      current = makeDirectory(short.sets);
      options.onChange();
    });
    if (names === setNames || readAt === null) readAt = clock.now();
    sets = answer.sets;
    failing = [...failing.filter(({ set }) => !names.includes(set)), ...answer.failed];
    const changed = JSON.stringify(sets) !== was;
    if (changed) {
      const before = current;
      current = makeDirectory(sets);
      for (const { number, kind } of before.entries) {
        if (!current.find(number)) former.hear(number, kind);
      }
    }
    if (awake) report(failing);
    firstRead();
    failures = passing(failing).length === 0 ? 0 : failures + 1;
    const againMs =
      failures === 0 ? Number.POSITIVE_INFINITY : limits.directoryAgainMs * 2 ** (failures - 1);
    nextAt = Math.min(readAt + limits.directoryRefreshMs, clock.now() + againMs);
    if (!awake) return;
    schedule();
    if (changed) {
      missing.clear();
      options.onChange();
    }
  });

  function readDue(): void {
    const isOld = readAt === null || clock.now() >= readAt + limits.directoryRefreshMs;
    only = isOld ? null : passing(failing);
    reading.ask();
  }

  function schedule(): void {
    cancelTimer();
    cancelTimer = clock.after(Math.max(0, nextAt - clock.now()), readDue);
  }

  return {
    get current() {
      return current;
    },
    formerKindOf: (dn) => former.kindOf(dn),
    wake() {
      awake = true;
      // What failed over the connection before is read over this one.
      if (failures > 0) {
        failures = 0;
        nextAt = 0;
        first = new Promise<void>((resolve) => {
          firstRead = resolve;
        });
      }
      if (clock.now() < nextAt) schedule();
      else if (!reading.busy) readDue();
      return first;
    },
    sleep() {
      awake = false;
      cancelTimer();
      cancelMiss?.();
      cancelMiss = null;
    },
    miss(dn) {
      if (!awake || readAt === null || missing.has(dn) || current.find(dn)) return;
      if (missing.size < limits.namesMax) missing.add(dn);
      if (cancelMiss) return;
      const waitMs = Math.max(0, readAt + limits.directoryGapMs - clock.now());
      cancelMiss = clock.after(waitMs, () => {
        cancelMiss = null;
        only = null;
        reading.ask();
      });
    },
  };
}
