/** A source that watches a WirePbx, with short intervals, and the waiting for facts that its tests do. */
import type { PbxConfig } from "../../src/config/config.ts";
import type { Source, SourceStatus } from "../../src/source/source.ts";
import { createThreecxSource, type Limits } from "../../src/source/threecx/index.ts";
import type { Activity, ActivityKind } from "../../src/tracker/activity.ts";
import { steadyClock } from "../../src/util/clock.ts";
import type { Log } from "../../src/util/log.ts";

export function pbxConfig(url: string, more: Partial<PbxConfig> = {}): PbxConfig {
  return {
    name: "main",
    url,
    clientId: "offhook",
    clientSecret: { reveal: () => "very-secret" },
    ca: null,
    tlsVerify: true,
    timezone: "Europe/Prague",
    reconnectMinMs: 10,
    reconnectMaxMs: 40,
    activeCallsPollMs: 0,
    ...more,
  };
}

export type Of<K extends ActivityKind> = Extract<Activity, { kind: K }>;

export interface Watched {
  readonly source: Source;
  readonly activities: Activity[];
  readonly statuses: SourceStatus[];
  readonly lines: string[];
  of<K extends ActivityKind>(kind: K): Of<K>[];
  /** `legChanged 101/9005 ringing`, `legGone 101/9005`, `snapshot 101/9005,…`. */
  told(): string[];
  /** Waits until it holds; the test's own time-out is the limit. */
  until(fact: () => boolean): Promise<void>;
  live(): Promise<void>;
}

function tellingOf(activity: Activity): string {
  switch (activity.kind) {
    case "legChanged":
      return `legChanged ${activity.leg.legId} ${activity.leg.status}`;
    case "legGone":
      return `legGone ${activity.legId}`;
    case "snapshot":
      return `snapshot ${activity.legs.map((leg) => `${leg.legId} ${leg.status}`).join(", ")}`;
    default:
      return activity.kind;
  }
}

export function watchPbx(
  url: string,
  more: { pbx?: Partial<PbxConfig>; limits?: Partial<Limits>; env?: Record<string, string> } = {},
): Watched {
  const lines: string[] = [];
  const write = (fields: object, line: string) => {
    lines.push(`${line} ${JSON.stringify(fields)}`);
  };
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const source = createThreecxSource({
    pbx: pbxConfig(url, more.pbx),
    log,
    clock: steadyClock(),
    limits: { snapshotGapMs: 0, ...more.limits },
    proxyEnv: more.env ?? {},
  });
  const activities: Activity[] = [];
  const statuses: SourceStatus[] = [];
  source.onStatus((status) => statuses.push(status));
  source.start((activity) => activities.push(activity));
  const until = async (fact: () => boolean) => {
    while (!fact()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  return {
    source,
    activities,
    statuses,
    lines,
    of: <K extends ActivityKind>(kind: K) =>
      activities.filter((activity): activity is Of<K> => activity.kind === kind),
    told: () => activities.map(tellingOf),
    until,
    live: () => until(() => source.status().state === "live"),
  };
}
