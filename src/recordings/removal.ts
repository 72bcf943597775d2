/**
 * Takes recordings away: on request, when they are old, when there are too many. Must hold: a file is gone,
 * and seen to be gone, before it is noted as removed; a crash between the two repeats a step.
 */
import type { EndedEvent, EpochMs } from "../events/event.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { pathOf } from "./fetching.ts";
import type { RecordingFiles } from "./files/files.ts";
import type { Ledger, RecordedFile, RecordedLink } from "./ledger.ts";
import { nameOf } from "./links.ts";
import type { Recorder } from "./recorder.ts";

export interface RemovalOptions {
  readonly files: RecordingFiles;
  readonly ledger: Ledger;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RetentionSettings {
  /** Recordings, after they were stored; 0 = for ever. */
  readonly keepDays: number;
  /** Of 10^6 bytes; 0 = no limit. */
  readonly keepMb: number;
  /** Links without a recording, after they ended; 0 = for ever. */
  readonly forgetDays: number;
}

export interface Removal {
  /** Removes what there is of a link, and sees to it that nothing comes later; how many files. */
  remove(link: RecordedLink, reason: string): Promise<number>;
  /** One pass of retention. */
  retain(settings: RetentionSettings, isStopped: () => boolean): Promise<void>;
}

const DAY_MS = 86_400_000;
const STEP_LINKS = 50;

export function removalOf(options: RemovalOptions): Removal {
  const { files, ledger, recorder, clock, log } = options;

  async function removeFile(
    { ended }: RecordedLink,
    file: RecordedFile,
    reason: string,
  ): Promise<RecordedFile> {
    // Put, but not noted before a crash: then it lies where it would be.
    const paths = file.path === "" ? unnotedPaths(ended, file.n) : [file.path];
    for (const path of file.state === "removed" ? [] : paths) {
      await files.remove(path);
      const left = await files.stat(path);
      if (left !== null) {
        throw new Error(`Expected the recording ${path} to be gone, but it is still there.`);
      }
    }
    return { ...file, state: "removed", reason };
  }

  async function remove(link: RecordedLink, reason: string): Promise<number> {
    let removed = 0;
    await recorder.apart(link, async (now) => {
      const after: RecordedFile[] = [];
      for (const file of now.files) {
        if (file.path !== "" && file.state !== "removed") removed += 1;
        after.push(await removeFile(now, file, reason));
      }
      const isUnderWay = now.state === "seeking" || now.state === "fetching";
      const state = isUnderWay ? "none" : now.state;
      await ledger.save({ ...now, state, dueAt: null, reason, files: after }, []);
      log.info({ id: nameOf(now), files: removed, reason }, "recording.removed");
    });
    return removed;
  }

  /** The longest kept first, until so many bytes are gone. */
  async function removeBefore(
    at: EpochMs,
    bytes: number,
    reason: string,
    isStopped: () => boolean,
  ): Promise<void> {
    let [left, removed] = [bytes, 1];
    while (removed > 0) {
      removed = 0;
      for (const link of await ledger.storedBefore(at, STEP_LINKS)) {
        if (left <= 0 || isStopped()) return;
        removed += await remove(link, reason);
        left -= bytesOf(link);
      }
    }
  }

  return {
    remove,
    async retain({ keepDays, keepMb, forgetDays }, isStopped) {
      const now = clock.now();
      if (keepDays > 0) {
        const reason = `Kept for ${keepDays} days (RECORDINGS_KEEP_DAYS).`;
        await removeBefore(now - keepDays * DAY_MS, Number.POSITIVE_INFINITY, reason, isStopped);
      }
      if (keepMb > 0) {
        const reason = `Removed to stay within ${keepMb} MB (RECORDINGS_KEEP_MB).`;
        const excess = (await ledger.storedBytes()) - keepMb * 1e6;
        await removeBefore(now, excess, reason, isStopped);
      }
      if (forgetDays === 0) return;
      const endedBefore = now - forgetDays * DAY_MS;
      while (!isStopped() && (await ledger.forget(endedBefore, STEP_LINKS)) === STEP_LINKS);
    },
  };
}

function unnotedPaths(ended: EndedEvent, n: number): string[] {
  return [pathOf(ended, n, "mp3"), pathOf(ended, n, "original")];
}

function bytesOf({ files }: RecordedLink): number {
  const kept = files.filter(({ path, state }) => path !== "" && state !== "removed");
  return kept.reduce((sum, { bytes }) => sum + bytes, 0);
}
