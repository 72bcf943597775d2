/**
 * What an operator's check asks a PBX: does the log-in work, which DNs does this API client see,
 * and which are there at all. Each question fails alone, with a reason in plain words.
 */
import type { RecordingSource } from "../../recordings/find/recordingSource.ts";
import type { DnKind } from "../../tracker/activity.ts";
import type { Clock } from "../../util/clock.ts";
import type { ProxyEnv } from "../../util/proxy.ts";
import { reportOf } from "./callLog.ts";
import { type ConnectionConfig, makeConnection } from "./connection.ts";
import { type DirectoryEntry, makeDirectory, readSets, saidBy } from "./directory.ts";
import { kindOfType } from "./dnKind.ts";
import { openFeed } from "./feed.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { type RowsAnswer, readMovingSet, readReport } from "./odata.ts";
import { recordingsOf } from "./recordings.ts";
import { callLogReason, type Refused, xapiReason } from "./refusal.ts";
import { readSnapshot } from "./snapshot.ts";

export type Found<T> =
  | { readonly kind: "found"; readonly value: T }
  | ({ readonly kind: "refused" } & Refused)
  /** No answer, or none that is understood. */
  | { readonly kind: "failed"; readonly reason: string };

export interface VisibleDn {
  readonly dn: string;
  readonly kind: DnKind;
}

export interface Inspection {
  logIn(): Promise<Found<null>>;
  /** What `GET /callcontrol` shows this client. */
  visibleDns(): Promise<Found<readonly VisibleDn[]>>;
  /** Whether the WebSocket opens; it is closed at once. */
  feed(): Promise<Found<null>>;
  activeCalls(): Promise<Found<null>>;
  callLog(): Promise<Found<null>>;
  /** Extensions, queues, IVRs and ring groups of the PBX, from XAPI, by number. */
  pbxDns(): Promise<Found<readonly DirectoryEntry[]>>;
  readonly recordings: RecordingSource;
  close(): Promise<void>;
}

export interface InspectOptions {
  readonly pbx: ConnectionConfig;
  readonly clock: Clock;
  readonly proxyEnv?: ProxyEnv;
  readonly limits?: Partial<Limits>;
}

const watchable: ReadonlySet<DnKind> = new Set(["extension", "queue", "ivr", "ringgroup"]);
/** Without one of these the list would leave something out. */
const neededSets: ReadonlySet<string> = new Set(["Users", "Queues", "Receptionists", "RingGroups"]);

/** So much of the call log is asked for, to see whether it may be read. */
const logProbeMs = 60_000;

/** Nothing but whether it is open; `closed` tells what follows and the way out. */
function opened(answer: RowsAnswer, closed: (said: string) => string): Found<null> {
  if (answer.kind === "rows") return { kind: "found", value: null };
  if (answer.kind === "refused") return { kind: "refused", ...answer.refused };
  if (answer.kind !== "denied" && answer.kind !== "missing") {
    return { kind: "failed", reason: saidBy(answer) };
  }
  return { kind: "refused", refusal: "other", reason: closed(saidBy(answer)) };
}

export function inspectPbx(options: InspectOptions): Inspection {
  const limits = { ...defaultLimits, ...options.limits };
  const { pbx, clock } = options;
  const connection = makeConnection({
    config: pbx,
    proxyEnv: options.proxyEnv ?? {},
    clock,
    limits,
    onTokenFetched: () => {},
  });
  return {
    async logIn() {
      const got = await connection.tokens.get();
      if (got.kind === "token") return { kind: "found", value: null };
      return got.kind === "refused" ? { kind: "refused", ...got.refused } : got;
    },
    async visibleDns() {
      const answer = await readSnapshot(connection, limits);
      if (answer.kind === "refused") return { kind: "refused", ...answer.refused };
      if (answer.kind === "failed") return { kind: "failed", reason: answer.reason };
      const value = answer.snapshot.dns.map(({ dn, type }) => ({
        dn,
        kind: kindOfType(type) ?? "unknown",
      }));
      return { kind: "found", value };
    },
    async feed() {
      const nothing = { onFrame: () => {}, onTooLarge: () => {} };
      const { signal } = new AbortController();
      const opened = await openFeed(connection, { clock, limits, ...nothing }, signal);
      if (opened.kind === "refused") return { kind: "refused", ...opened.refused };
      if (opened.kind === "failed") return opened;
      opened.socket.close();
      return { kind: "found", value: null };
    },
    async activeCalls() {
      const answer = await readMovingSet(connection.rest, limits, "ActiveCalls");
      return opened(answer, (said) => xapiReason(pbx.clientId, said));
    },
    async callLog() {
      const now = clock.now();
      const report = reportOf(now - logProbeMs, now);
      const answer = await readReport(connection.rest, limits, report, () => limits.logTimeoutMs);
      return opened(answer, (said) => callLogReason(pbx.clientId, said));
    },
    async pbxDns() {
      const { sets, failed } = await readSets(connection.rest, limits, {});
      // Peers lists every kind; without it each set must have answered.
      const hasPeers = sets.Peers !== undefined && sets.Peers.length > 0;
      const lacking = failed.find(({ set }) => neededSets.has(set));
      if (lacking && !hasPeers) {
        const { answer, set } = lacking;
        if (answer.kind === "refused") return { kind: "refused", ...answer.refused };
        const said = `${set}: ${saidBy(answer)}`;
        return answer.kind === "denied"
          ? { kind: "refused", refusal: "other", reason: xapiReason(pbx.clientId, said) }
          : { kind: "failed", reason: xapiReason(pbx.clientId, said) };
      }
      const value = makeDirectory(sets)
        .entries.filter(({ kind }) => watchable.has(kind))
        .toSorted((a, b) => a.number.localeCompare(b.number, "en", { numeric: true }));
      return { kind: "found", value };
    },
    recordings: recordingsOf({ rest: connection.rest, limits }),
    close: () => connection.http.close(),
  };
}
