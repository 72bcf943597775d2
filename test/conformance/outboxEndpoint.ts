/** An endpoint's configuration for the tests of outbox and delivery. */
import type { EndpointConfig, EndpointFilter, Secret } from "../../src/config/config.ts";

/** Lets everything pass. */
export const NO_FILTER: EndpointFilter = {
  events: null,
  users: null,
  direction: null,
  queues: null,
  dids: null,
  missedOnly: false,
  callerid: null,
};

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
    encoding: "json",
    template: null,
    secrets: [],
    headers: [],
    authorization: null,
    ca: null,
    client: null,
    proxy: null,
    allowPrivate: true,
    filter: NO_FILTER,
    extraEvents: [],
    timeoutMs: 5000,
    concurrency: 4,
    retryScheduleMs: [1000, 5000, 15_000],
    order: "bounded",
    orderHoldMs: 120_000,
    ratePerS: 0,
    rateBurst: 1,
    expireRingingMs: 0,
    ...changes,
  };
}
