/** A source that watches a WirePbx, with short intervals, and the waiting for facts that its tests do. */
import { afterEach } from "vitest";
import type { PbxConfig } from "../../src/config/config.ts";
import type { Source, SourceStatus } from "../../src/source/source.ts";
import { createThreecxSource, type Limits } from "../../src/source/threecx/index.ts";
import type { Activity, ActivityKind } from "../../src/tracker/activity.ts";
import { type Clock, steadyClock } from "../../src/util/clock.ts";
import type { Log } from "../../src/util/log.ts";
import { WirePbx, type WirePbxOptions } from "./wirePbx.ts";

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

/** No answer of a puppet PBX comes late by itself: what a test does not shorten outlasts a machine that stalls. */
const patience: Partial<Limits> = {
  connectTimeoutMs: 60_000,
  requestTimeoutMs: 60_000,
  entityTimeoutMs: 60_000,
  handshakeTimeoutMs: 60_000,
  pongTimeoutMs: 60_000,
  holdMsMax: 60_000,
  entityLateMs: 60_000,
  watchdogMs: 600_000,
  firstDirectoryWaitMs: 60_000,
};

export interface WatchOptions {
  readonly pbx?: Partial<PbxConfig>;
  readonly limits?: Partial<Limits>;
  readonly env?: Record<string, string>;
  readonly clock?: Clock;
}

export function watchPbx(url: string, more: WatchOptions = {}): Watched {
  const lines: string[] = [];
  const looks = new Set<() => void>();
  const changed = () => {
    for (const look of looks) look();
  };
  const write = (fields: object, line: string) => {
    lines.push(`${line} ${JSON.stringify(fields)}`);
    changed();
  };
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const source = createThreecxSource({
    pbx: pbxConfig(url, more.pbx),
    log,
    clock: more.clock ?? steadyClock(),
    limits: { snapshotGapMs: 0, ...patience, ...more.limits },
    proxyEnv: more.env ?? {},
  });
  const activities: Activity[] = [];
  const statuses: SourceStatus[] = [];
  source.onStatus((status) => {
    statuses.push(status);
    changed();
  });
  source.start((activity) => {
    activities.push(activity);
    changed();
  });
  // What is told is looked at as it is told, before more can come; what the PBX sees, now and then.
  const until = (fact: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!fact()) return;
        clearInterval(timer);
        looks.delete(look);
        resolve();
      };
      const timer = setInterval(look, 2);
      looks.add(look);
      look();
    });
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

/** PBXs and sources that end with their test; sources first. */
export function pbxRig() {
  let cleanUps: (() => Promise<void>)[] = [];
  const cleanUpFirst = (cleanUp: () => Promise<void>) => cleanUps.unshift(cleanUp);
  async function cleanUp() {
    for (const each of cleanUps) await each();
    cleanUps = [];
  }
  afterEach(cleanUp);
  return {
    cleanUpFirst,
    cleanUp,
    async pbx(options?: WirePbxOptions): Promise<WirePbx> {
      const made = await new WirePbx(options).listen();
      cleanUps.push(() => made.close());
      return made;
    },
    watch(url: string, more: Parameters<typeof watchPbx>[1] = {}): Watched {
      const watched = watchPbx(url, more);
      cleanUpFirst(() => watched.source.stop());
      return watched;
    },
  };
}

/** Lets the test decide when a path is answered; as it is then, unless it says with what. */
export function gate(server: WirePbx, isHeld: (path: string) => boolean, body?: unknown) {
  const reply = body === undefined ? undefined : { status: 200, body };
  const held: (() => void)[] = [];
  server.intercept = (path) =>
    isHeld(path) ? new Promise((resolve) => held.push(() => resolve(reply))) : undefined;
  return {
    held,
    open: () => {
      server.intercept = () => undefined;
      for (const go of held.splice(0)) go();
    },
  };
}
