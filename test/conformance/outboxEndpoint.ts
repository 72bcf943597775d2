/** An endpoint's configuration for the tests of outbox and delivery. */
import type { EndpointConfig, Secret } from "../../src/config/config.ts";

export const secretOf = (value: string): Secret => ({ reveal: () => value });

export function endpointConfig(changes: Partial<EndpointConfig> = {}): EndpointConfig {
  return {
    name: "default",
    pbx: "main",
    receives: "all",
    url: "http://127.0.0.1:9/hook",
    recordingUrl: null,
    method: "POST",
    profile: "classic",
    recordingFullInfo: true,
    secrets: [],
    headers: [],
    filter: { events: null, users: null, direction: null },
    extraEvents: [],
    timeoutMs: 5000,
    concurrency: 4,
    retryScheduleMs: [1000, 5000, 15_000],
    order: "bounded",
    orderHoldMs: 120_000,
    ...changes,
  };
}
