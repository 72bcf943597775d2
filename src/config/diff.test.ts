import { describe, expect, it } from "vitest";
import { NO_FILTER } from "../../test/conformance/outboxEndpoint.ts";
import type { Config, EndpointConfig } from "./config.ts";
import { diffConfig } from "./diff.ts";
import { secret } from "./secret.ts";

const endpoint = (name: string, changes: Partial<EndpointConfig> = {}): EndpointConfig => ({
  name,
  pbx: "main",
  receives: "all",
  url: "https://a.example/",
  recordingUrl: null,
  method: "POST",
  profile: "classic",
  recordingFullInfo: true,
  encoding: "json",
  template: null,
  secrets: [secret("one")],
  headers: [],
  authorization: null,
  ca: null,
  client: null,
  proxy: null,
  allowPrivate: true,
  filter: NO_FILTER,
  extraEvents: [],
  timeoutMs: 1,
  concurrency: 1,
  retryScheduleMs: [],
  order: "bounded",
  orderHoldMs: 1,
  ratePerS: 0,
  rateBurst: 1,
  expireRingingMs: 0,
  ...changes,
});

const config = (changes: Partial<Config> = {}): Config => ({
  file: "/x.ini",
  pbxs: [],
  endpoints: [endpoint("default")],
  recordings: {
    searchAtMs: [1000],
    transcriptAtMs: [],
    dir: null,
    keepDays: 0,
    keepMb: 0,
    urlKeys: null,
    urlTtlMs: 0,
    isOpen: false,
  },
  bucket: null,
  trustedProxies: [],
  userEndpoints: new Map([
    ["101", "a"],
    ["102", "b"],
  ]),
  listen: { host: "127.0.0.1", port: 1 },
  publicUrl: "http://127.0.0.1:1",
  dataDir: "/data",
  retentionDays: 90,
  retentionMb: 0,
  replayPerS: 50,
  adminToken: secret("token"),
  callbackHoldMs: 3000,
  logLevel: "info",
  ...changes,
});

describe("diffConfig", () => {
  it("finds nothing between equals, whatever the order of users", () => {
    const users = new Map([...config().userEndpoints].toReversed());
    expect(diffConfig(config(), config({ userEndpoints: users }))).toEqual({
      changed: [],
      restart: [],
    });
  });

  it("names the parts that changed, and those that need a restart", () => {
    const after = config({
      endpoints: [endpoint("default", { secrets: [secret("two")] }), endpoint("crm")],
      userEndpoints: new Map([["101", "b"]]),
      listen: { host: "127.0.0.1", port: 2 },
      dataDir: "/other",
      adminToken: secret("other"),
    });
    const { changed, restart } = diffConfig(config(), after);
    const parts = ["adminToken", "dataDir", "endpoint.crm", "endpoint.default", "listen", "users"];
    expect(changed.toSorted()).toEqual(parts);
    expect(restart.toSorted()).toEqual(["dataDir", "listen"]);
    expect(diffConfig(after, config()).changed.toSorted()).toEqual(parts);
  });
});
