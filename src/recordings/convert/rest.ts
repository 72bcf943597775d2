/**
 * Rests of a thread that gives way. Being nice counts among the threads of one group alone (a service's control
 * group, a session): on a busy machine what this thread uses is taken from its group, and the threads that send
 * webhooks wait for it. So when it has to wait for the processor itself, it rests for a while. Pure.
 */

export interface Watched {
  /** Any clock that only rises. */
  readonly nowMs: () => number;
  /** Processor time of this thread. */
  readonly usedMs: () => number;
  readonly pause: (ms: number) => void;
}

/** Less than this share of the work, and it is the scheduler's ordinary doing. */
const WAITED_SHARE_MIN = 0.25;
/** Of what was waited. */
const PAUSE_TIMES = 2;
export const PAUSE_MS_MIN = 10;
export const PAUSE_MS_MAX = 100;

/** To be called between two pieces of work of some milliseconds. */
export function restBetween({ nowMs, usedMs, pause }: Watched): () => void {
  let [at, used] = [nowMs(), usedMs()];
  return () => {
    const workedMs = usedMs() - used;
    const waitedMs = nowMs() - at - workedMs;
    if (waitedMs > workedMs * WAITED_SHARE_MIN) {
      pause(Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, PAUSE_TIMES * waitedMs)));
    }
    [at, used] = [nowMs(), usedMs()];
  };
}
