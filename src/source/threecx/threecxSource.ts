/**
 * The source for a 3CX V20: connects, and keeps connected until it is stopped. A PBX that cannot
 * be reached is tried with growing pauses, one that refuses us slowly.
 */
import type { PbxConfig } from "../../config/config.ts";
import type { RecordingSource } from "../../recordings/find/recordingSource.ts";
import type { Activity } from "../../tracker/activity.ts";
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";
import type { ProxyEnv } from "../../util/proxy.ts";
import type { Source, SourceCounters, SourceStatus } from "../source.ts";
import { ActiveCallsReader } from "./activeCalls.ts";
import { CallLogReader } from "./callLog.ts";
import { type Complaints, makeComplaints } from "./complaints.ts";
import { type Connection, makeConnection, zeroCounters } from "./connection.ts";
import { type DirectoryKeeper, keepDirectory } from "./directoryKeeper.ts";
import { HeardKinds } from "./heardKinds.ts";
import { VisibleDns } from "./legs.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import type { Knowledge } from "./normalise.ts";
import { recordingsOf } from "./recordings.ts";
import { Session, type SessionEnd } from "./session.ts";
import type { Transport } from "./transport.ts";
import { wait } from "./wait.ts";

export interface ThreecxSourceOptions {
  readonly pbx: PbxConfig;
  readonly log: Log;
  readonly clock: Clock;
  readonly proxyEnv?: ProxyEnv;
  /** For jitter; 0 up to 1. */
  readonly random?: () => number;
  readonly limits?: Partial<Limits>;
  /** The network, unless told otherwise. */
  readonly transport?: Transport;
}

/** More tokens than this in a minute: somebody else asks for them under our name. */
const tokensPerMinuteMax = 5;

/** Between the bounds: half of the growing pause is fixed, half is chance. */
export function backOffMs(
  failures: number,
  pbx: Pick<PbxConfig, "reconnectMinMs" | "reconnectMaxMs">,
  random: () => number,
): number {
  const { reconnectMinMs, reconnectMaxMs } = pbx;
  const grown = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(failures, 30));
  const jittered = grown * (0.5 + random() / 2);
  return Math.round(Math.min(reconnectMaxMs, Math.max(reconnectMinMs, jittered)));
}

function withFields(log: Log, fields: object): Log {
  const level = (name: keyof Log) => (more: object, line: string) =>
    log[name]({ ...fields, ...more }, line);
  return {
    debug: level("debug"),
    info: level("info"),
    warn: level("warn"),
    error: level("error"),
  };
}

class ThreecxSource implements Source {
  readonly counters: SourceCounters = zeroCounters();
  readonly recordings: RecordingSource;
  readonly #pbx: PbxConfig;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #connection: Connection;
  readonly #complaints: Complaints;
  readonly #directory: DirectoryKeeper;
  readonly #activeCalls: ActiveCallsReader;
  readonly #callLog: CallLogReader;
  readonly #visible = new VisibleDns();
  readonly #knowledge: Knowledge;
  readonly #listeners = new Set<(status: SourceStatus) => void>();
  readonly #stopping = new AbortController();
  #sink: ((activity: Activity) => void) | null = null;
  #status: SourceStatus;
  #session: Session | null = null;
  #liveSinceAt: number | null = null;
  #wasLive = false;
  #tokenTimes: number[] = [];
  /** What was told last; null = it is told again, whatever it is. */
  #callbackQueuesTold: string | null = "";
  #ringTimesTold: string | null = "";
  #life: Promise<void> = Promise.resolve();
  /** Ends the pause before the next attempt to connect. */
  #pause = new AbortController();

  constructor(options: ThreecxSourceOptions) {
    this.#pbx = options.pbx;
    this.#clock = options.clock;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#log = withFields(options.log, { pbx: options.pbx.name });
    this.#random = options.random ?? Math.random;
    this.#complaints = makeComplaints(this.#log, this.#clock, this.#limits);
    this.#status = { state: "connecting", sinceAt: this.#clock.now(), attempt: 1 };
    const shared = { clock: this.#clock, limits: this.#limits, log: this.#log };
    this.#connection = makeConnection({
      ...shared,
      config: options.pbx,
      proxyEnv: options.proxyEnv ?? {},
      onTokenFetched: () => this.#tokenFetched(),
      ...(options.transport === undefined ? {} : { transport: options.transport }),
    });
    const { rest } = this.#connection;
    this.recordings = recordingsOf({ rest, limits: this.#limits });
    this.#directory = keepDirectory({
      ...shared,
      rest,
      clientId: options.pbx.clientId,
      onChange: () => {
        this.#tellCallbackQueues();
        this.#tellRingTimes();
        this.#session?.directoryChanged();
      },
    });
    const learned = new HeardKinds(shared);
    this.#knowledge = {
      kindOf: (dn) => {
        const own = this.#visible.kindOf(dn);
        if (own !== null && own !== "other") return own;
        const listed = this.#directory.current.find(dn)?.kind ?? learned.kindOf(dn);
        return listed ?? this.#directory.formerKindOf(dn) ?? own;
      },
      learn: ({ dn, kind }) => learned.hear(dn, kind),
      listsExtensions: () => this.#directory.current.listsExtensions,
      didOf: (number, trunk) => this.#directory.current.didOf(number, trunk),
      onlyDidOf: (trunk) => this.#directory.current.onlyDidOf(trunk),
      isOwnDid: (number) => this.#directory.current.isOwnDid(number),
      readName: (text, trunk) => this.#directory.current.readName(text, trunk),
    };
    const reading = {
      ...shared,
      rest,
      knowledge: this.#knowledge,
      onNotUnderstood: (fields: object, line: string) => {
        this.counters.answersNotUnderstood += 1;
        this.#complaints.complain("answer", fields, line);
      },
    };
    this.#activeCalls = new ActiveCallsReader({
      ...reading,
      pollMs: options.pbx.activeCallsPollMs,
      emit: (activity) => {
        if (this.#session) this.#session.inOrder(activity);
        else this.#emit(activity);
      },
    });
    this.#callLog = new CallLogReader({
      isVisible: (dn) => this.#visible.has(dn),
      ...reading,
      isLive: () => this.#status.state === "live",
      signal: this.#stopping.signal,
      emit: (activity) => this.#emit(activity),
    });
  }

  start(sink: (activity: Activity) => void): void {
    if (this.#sink !== null || this.#stopping.signal.aborted) return;
    this.#sink = sink;
    this.#life = this.#live();
  }

  connectNow(): void {
    this.#pause.abort();
  }

  askActiveCalls(): void {
    this.#activeCalls.ask();
  }

  askCallLog(fromAt: number, toAt: number): void {
    this.#callLog.ask(fromAt, toAt);
  }

  readAgain(): void {
    this.#callbackQueuesTold = null;
    this.#ringTimesTold = null;
    this.#tellCallbackQueues();
    this.#tellRingTimes();
    this.#session?.readAgain();
  }

  status(): SourceStatus {
    return this.#status;
  }

  onStatus(listener: (status: SourceStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#sink = null;
      this.#stopping.abort();
      this.#pause.abort();
      this.#directory.sleep();
      this.#activeCalls.pause();
      this.#setStatus({ state: "stopped" });
    }
    await this.#connection.http.close();
    await this.#life;
  }

  #emit(activity: Activity): void {
    this.#sink?.(activity);
  }

  #setStatus(status: SourceStatus): void {
    if (this.#status.state === "stopped") return;
    this.#status = status;
    for (const listener of this.#listeners) listener(status);
  }

  #tokenFetched(): void {
    this.counters.tokensFetched += 1;
    const now = this.#clock.now();
    this.#tokenTimes = [...this.#tokenTimes.filter((at) => now - at < 60_000), now];
    if (this.#tokenTimes.length <= tokensPerMinuteMax) return;
    this.#complaints.complain(
      "tokens",
      { tokensInLastMinute: this.#tokenTimes.length },
      "The PBX keeps ending our access tokens. Does another program use the same API client? " +
        "A client has one token at a time: give each program its own client.",
    );
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      this.#setStatus({ state: "connecting", sinceAt: this.#clock.now(), attempt });
      const end = await this.#runSession();
      if (signal.aborted) return;
      const livedMs = this.#liveSinceAt === null ? 0 : this.#clock.now() - this.#liveSinceAt;
      if (this.#liveSinceAt !== null) attempt = 0;
      if (livedMs >= this.#limits.settledMs) failures = 0;
      const delayMs = this.#pauseAfter(end, failures);
      failures += 1;
      this.#pause = new AbortController();
      await wait(this.#clock, delayMs, this.#pause.signal);
    }
  }

  async #runSession(): Promise<SessionEnd> {
    this.#liveSinceAt = null;
    const session = new Session({
      connection: this.#connection,
      clock: this.#clock,
      limits: this.#limits,
      log: this.#log,
      complaints: this.#complaints,
      counters: this.counters,
      directory: this.#directory,
      activeCalls: this.#activeCalls,
      visible: this.#visible,
      knowledge: this.#knowledge,
      emit: (activity) => this.#emit(activity),
      onLive: () => this.#wentLive(),
      onVisible: () => {
        if (this.#status.state === "live") this.#tellLive(this.#status.sinceAt);
      },
      signal: this.#stopping.signal,
    });
    this.#session = session;
    const end = await session.run();
    this.#session = null;
    this.#directory.sleep();
    return end;
  }

  #wentLive(): void {
    this.#liveSinceAt = this.#clock.now();
    if (this.#wasLive) this.counters.reconnects += 1;
    this.#wasLive = true;
    this.#log.info(
      { url: this.#pbx.url, visibleDns: this.#visible.list.length },
      `The PBX is watched: ${this.#visible.list.length} DNs are visible.`,
    );
    this.#tellLive(this.#liveSinceAt);
  }

  #tellCallbackQueues(): void {
    const queues = this.#directory.current.callbackQueues;
    if (queues.join() === this.#callbackQueuesTold) return;
    this.#callbackQueuesTold = queues.join();
    this.#emit({ kind: "callbackQueues", at: this.#clock.now(), queues });
  }

  #tellRingTimes(): void {
    const { ringMs } = this.#directory.current;
    if (ringMs.join() === this.#ringTimesTold) return;
    this.#ringTimesTold = ringMs.join();
    this.#emit({ kind: "ringTimes", at: this.#clock.now(), ringMs });
  }

  #tellLive(sinceAt: number): void {
    this.#setStatus({ state: "live", sinceAt, visibleDns: this.#visible.list });
  }

  #pauseAfter(end: SessionEnd, failures: number): number {
    const grownMs = backOffMs(failures, this.#pbx, this.#random);
    if (end.kind === "refused") {
      // A PBX that took us before may only be starting; one that never did is asked slowly.
      const slowMs = this.#limits.refusedRetryMs;
      const delayMs = this.#wasLive ? Math.min(slowMs, grownMs) : slowMs;
      this.#log.error({ refusal: end.refused.refusal, retryInMs: delayMs }, end.refused.reason);
      const retryAt = this.#clock.now() + delayMs;
      this.#setStatus({ state: "refused", ...end.refused, retryAt });
      return delayMs;
    }
    this.#log.warn({ retryInMs: grownMs }, end.reason);
    const retryAt = this.#clock.now() + grownMs;
    this.#setStatus({ state: "waiting", reason: end.reason, retryAt });
    return grownMs;
  }
}

export function createThreecxSource(options: ThreecxSourceOptions): Source {
  return new ThreecxSource(options);
}
