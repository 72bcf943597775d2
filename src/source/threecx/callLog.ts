/**
 * The PBX's own log of ended calls (XAPI, for a client with the role System Owner). Read only when
 * asked; every question is answered, with the log or with word that it cannot be had. While one is
 * under way, those that come wait and become one. Rows of `CallHistoryView` name no call, so they
 * are no way round a log that is closed.
 */
import type { EpochMs } from "../../events/event.ts";
import type { CallLog, CallLogUnavailable, LoggedCall } from "../../tracker/activity.ts";
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";
import { type Again, makeAgain } from "./again.ts";
import type { Limits } from "./limits.ts";
import { byOurClock, loggedCalls } from "./loggedCalls.ts";
import type { Knowledge } from "./normalise.ts";
import { type RowsAnswer, readReport } from "./odata.ts";
import { mayPass, type Rest } from "./rest.ts";
import { wait } from "./wait.ts";

export interface CallLogOptions {
  readonly rest: Rest;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
  readonly knowledge: Knowledge;
  readonly isLive: () => boolean;
  /** A stop, which waits for no second reading. */
  readonly signal: AbortSignal;
  readonly emit: (activity: CallLog | CallLogUnavailable) => void;
  /** The log has every call of the PBX; of extensions that this client may not see nothing is told. */
  readonly isVisible: (dn: string) => boolean;
  readonly onNotUnderstood: (fields: object, line: string) => void;
}

interface Stretch {
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
}

function secondsOf(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/**
 * A missing parameter is answered with 404, a time that is not UTC's with 500. No `$orderby`: with
 * it, builds were seen to leave out the newest rows.
 */
export function reportOf(fromAt: EpochMs, toAt: EpochMs): string {
  const parameters = [
    `periodFrom=${secondsOf(fromAt)}`,
    `periodTo=${secondsOf(toAt + 999)}`,
    "sourceType=0",
    "sourceFilter=''",
    "destinationType=0",
    "destinationFilter=''",
    "callsType=0",
    "callTimeFilterType=0",
    "callTimeFilterFrom='0:00:0'",
    "callTimeFilterTo='0:00:0'",
    "hidePcalls=true",
  ];
  return `ReportCallLogData/Pbx.GetCallLogData(${parameters.join(",")})`;
}

export class CallLogReader {
  readonly #options: CallLogOptions;
  readonly #readings: Again;
  #wanted: Stretch | null = null;
  /** `closed`: the PBX said that this client may not. */
  #access: "open" | "closed" = "open";

  constructor(options: CallLogOptions) {
    this.#options = options;
    this.#readings = makeAgain(async () => {
      // Never from inside the question: who asks may be in the middle of something.
      await Promise.resolve();
      const stretch = this.#wanted;
      this.#wanted = null;
      if (stretch !== null) options.emit(await this.#read(stretch));
    });
  }

  ask(fromAt: EpochMs, toAt: EpochMs): void {
    const waiting = this.#wanted ?? { fromAt, toAt };
    this.#wanted = {
      fromAt: Math.min(fromAt, waiting.fromAt),
      toAt: Math.max(toAt, waiting.toAt),
    };
    this.#readings.ask();
  }

  async #read({ fromAt, toAt }: Stretch): Promise<CallLog | CallLogUnavailable> {
    const { rest, clock, limits, log, isLive, signal } = this.#options;
    if (!isLive()) return this.#unavailable();
    const earliestAt = toAt - limits.logWindowMsMax;
    if (fromAt < earliestAt) {
      const hours = Math.round((toAt - fromAt) / 3_600_000);
      log.warn(
        { hours },
        "So long a stretch of the call log is not read; what is older is left out.",
      );
    }
    const beganAt = clock.now();
    const aheadMs = rest.aheadMs();
    const report = reportOf(
      Math.max(fromAt, earliestAt) - limits.logLookBackMs + aheadMs,
      toAt + limits.logSlackMs + aheadMs,
    );
    const timeLeftMs = () => beganAt + limits.logTimeoutMs - clock.now();
    let answer = await readReport(rest, limits, report, timeLeftMs);
    for (const pauseMs of limits.logRetryMs) {
      if (!mayPass(answer) || timeLeftMs() <= pauseMs) break;
      await wait(clock, pauseMs, signal);
      if (!isLive()) return this.#unavailable();
      answer = await readReport(rest, limits, report, timeLeftMs);
    }
    if (answer.kind !== "rows") return this.#noRows(answer);
    if (this.#access === "closed") log.info({}, "The PBX's call log is open again.");
    this.#access = "open";
    const calls = this.#callsOf(answer)
      .map((call) => byOurClock(call, aheadMs))
      .filter(
        (call) =>
          call.startedAt <= toAt + limits.logSlackMs && call.endedAt >= fromAt - limits.logSlackMs,
      );
    const isCut = answer.isCut || fromAt < earliestAt;
    return { kind: "callLog", at: clock.now(), fromAt, toAt, calls, isCut };
  }

  #callsOf({ rows, isCut }: Extract<RowsAnswer, { kind: "rows" }>): readonly LoggedCall[] {
    const { knowledge, log, onNotUnderstood, isVisible } = this.#options;
    const { calls, rowsNotUnderstood, lastStartAt } = loggedCalls(rows, knowledge, isVisible);
    if (rowsNotUnderstood > 0) {
      const fields = { rows: rowsNotUnderstood };
      onNotUnderstood(fields, "Rows of the call log have no call id or no time; left out.");
    }
    if (!isCut || lastStartAt === null) return calls;
    log.warn(
      { rows: rows.length },
      "The call log is too long to be read whole; calls are missing.",
    );
    // Rows may be missing on the other side of the last one, whichever way they were ordered.
    return calls.filter((call) => call.startedAt > lastStartAt || call.endedAt < lastStartAt);
  }

  #noRows(answer: Exclude<RowsAnswer, { kind: "rows" }>): CallLogUnavailable {
    const { log, onNotUnderstood } = this.#options;
    switch (answer.kind) {
      case "denied":
      case "missing": {
        const status = answer.kind === "denied" ? answer.status : 404;
        const line =
          "The PBX does not show its call log, so what happened while there was no connection " +
          "stays unknown. Give the API client the role System Owner in Integrations → API.";
        if (this.#access === "open") log.warn({ status }, line);
        this.#access = "closed";
        break;
      }
      case "notUnderstood":
        onNotUnderstood({ report: "GetCallLogData" }, answer.reason);
        break;
      case "failed":
        log.warn({ reason: answer.reason }, "The PBX's call log could not be read.");
        break;
      case "refused":
        break;
    }
    return this.#unavailable();
  }

  #unavailable(): CallLogUnavailable {
    return { kind: "callLogUnavailable", at: this.#options.clock.now() };
  }
}
