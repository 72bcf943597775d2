/**
 * Keeps the directory at hand and young: read at the start, every ten minutes, and, not too often,
 * when the PBX names a number that it does not have.
 */
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";
import { makeAgain } from "./again.ts";
import {
  type Directory,
  makeDirectory,
  readSets,
  type Sets,
  type SetsAnswer,
  saidBy,
} from "./directory.ts";
import type { Limits } from "./limits.ts";
import { xapiReason } from "./refusal.ts";
import type { Rest } from "./rest.ts";

export interface DirectoryKeeper {
  readonly current: Directory;
  /** Reads if what is there is not young; settles when the first reading is over, good or bad. */
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

export function keepDirectory(options: DirectoryKeeperOptions): DirectoryKeeper {
  const { rest, clock, limits } = options;
  const report = reporter(options);
  let sets: Sets = {};
  let current = makeDirectory(sets);
  let readAt: number | null = null;
  let awake = false;
  let cancelTimer = () => {};
  let cancelMiss: (() => void) | null = null;
  /** Numbers that a whole reading did not bring: asking again would not either. */
  const missing = new Set<string>();
  let firstRead = () => {};
  const first = new Promise<void>((resolve) => {
    firstRead = resolve;
  });

  const reading = makeAgain(async () => {
    const before = JSON.stringify(sets);
    const answer = await readSets(rest, limits, sets);
    readAt = clock.now();
    sets = answer.sets;
    const changed = JSON.stringify(sets) !== before;
    if (changed) current = makeDirectory(sets);
    if (awake) report(answer.failed);
    firstRead();
    if (!awake) return;
    cancelTimer();
    cancelTimer = clock.after(limits.directoryRefreshMs, reading.ask);
    if (changed) {
      missing.clear();
      options.onChange();
    }
  });

  return {
    get current() {
      return current;
    },
    wake() {
      awake = true;
      const age = readAt === null ? null : clock.now() - readAt;
      if (age === null || age >= limits.directoryRefreshMs) {
        if (!reading.busy) reading.ask();
      } else {
        cancelTimer();
        cancelTimer = clock.after(limits.directoryRefreshMs - age, reading.ask);
      }
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
        reading.ask();
      });
    },
  };
}
