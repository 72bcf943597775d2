/**
 * What is known of an endpoint as a whole, written for the store and read again after a restart: that it is
 * paused, rests, or is down. Must hold: it counts only for the URL that it was learnt of, and what cannot be
 * read counts as nothing.
 */
import { createHash } from "node:crypto";
import type { EndpointConfig } from "../config/config.ts";
import type { EpochMs } from "../events/event.ts";
import { HEALTHY, PROBE_INTERVAL_MS_MAX } from "./breaker.ts";
import type { GateStanding } from "./gate.ts";

/** Of the endpoint, and of the URL of its recordings where that is another one. */
export interface Standings {
  readonly all: GateStanding;
  readonly recordings: GateStanding;
}

/** null: there is nothing to say. */
export function writeStanding(
  { all, recordings }: Standings,
  config: EndpointConfig | null,
  now: EpochMs,
): string | null {
  const [ofAll, ofRecordings] = [write(all, now), write(recordings, now)];
  if (config === null || (ofAll === null && ofRecordings === null)) return null;
  const apart = ofRecordings === null ? {} : { recordings: ofRecordings };
  return JSON.stringify({ of: addressOf(config), ...ofAll, ...apart });
}

function write({ paused, quietUntil, breaker }: GateStanding, now: EpochMs): object | null {
  const down = breaker.state === "open" ? { since: breaker.since, cause: breaker.cause } : null;
  const quiet = quietUntil > now ? quietUntil : 0;
  if (paused === null && quiet === 0 && down === null) return null;
  return { paused, quietUntil: quiet, down };
}

export function readStanding(
  standing: string | null,
  config: EndpointConfig | null,
): Standings | null {
  if (standing === null || config === null) return null;
  const known = parse(standing);
  if (known === null || known.of !== addressOf(config)) return null;
  return { all: read(known), recordings: read(isRecord(known.recordings) ? known.recordings : {}) };
}

function read(known: Record<string, unknown>): GateStanding {
  const paused = isRecord(known.paused) ? known.paused : null;
  const down = isRecord(known.down) ? known.down : null;
  const since = Number(down?.since);
  return {
    paused: paused && { since: Number(paused.since), reason: String(paused.reason) },
    quietUntil: Number(known.quietUntil) || 0,
    breaker: Number.isFinite(since)
      ? {
          state: "open",
          since,
          intervalMs: PROBE_INTERVAL_MS_MAX,
          probeAt: 0,
          cause: down?.cause === "local" ? "local" : "endpoint",
        }
      : HEALTHY,
  };
}

/** Tells URLs apart without storing them: they may hold secrets. */
function addressOf({ url, recordingUrl, method }: EndpointConfig): string {
  const text = JSON.stringify([url, recordingUrl, method]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
