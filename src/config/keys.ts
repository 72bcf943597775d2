/**
 * Every key that the configuration knows: the one table from which files are read, unknown keys
 * are matched and docs/configuration.md is checked (keys.test.ts). Meanings: docs/contract.md §5.
 */
import type { ExtraEvent, OrderMode } from "./config.ts";
import { accessKeys, bodyKeys, filterKeys, sectionWay, topWay } from "./endpointKeys.ts";
import {
  type AnyKey,
  callUrl,
  flag,
  header,
  inherited,
  key,
  ms,
  number,
  secretText,
  signing,
  text,
  url,
} from "./key.ts";
import { recordingKeys } from "./recordingKeys.ts";
import * as values from "./values.ts";

/** The classic names stand for the events in every profile. */
const EVENT_WORDS = new Map<string, readonly string[]>([
  ["ringing", ["ringing"]],
  ["dialing", ["dialing"]],
  ["answered", ["hangupincoming", "hangupoutgoing"]],
  ["ended", ["incoming", "outgoing"]],
  ["hangupincoming", ["hangupincoming"]],
  ["hangupoutgoing", ["hangupoutgoing"]],
  ["incoming", ["incoming"]],
  ["outgoing", ["outgoing"]],
  ["pickupincoming", ["hangupincoming"]],
  ["pickupoutgoing", ["hangupoutgoing"]],
  ["incomingcall_started", ["hangupincoming"]],
  ["outgoingcall_started", ["hangupoutgoing"]],
  ["recording", ["recording"]],
]);

const EXTRA_WORDS = new Map<string, readonly ExtraEvent[]>([
  ["ringstop", ["ringstop"]],
  ["callsummary", ["callsummary"]],
  ["norecording", ["norecording"]],
  ["ai", ["ai"]],
  ["gap", ["gap"]],
]);

const ORDERS = ["bounded", "strict", "none"] as const satisfies readonly OrderMode[];
const PROFILES = ["classic", "current", "k2m"] as const;
const LEVELS = ["debug", "info", "warn", "error"] as const;
const DEFAULT_RETRIES = "1,5,15,60,300,1800,7200,18000,36000,50400,72000,86400";

function pbxKeys(scope: "top" | "pbx") {
  const p = scope === "top" ? "PBX_" : "";
  const origin = {
    parse: values.originUrl,
    fallback: null,
    defaultText: "none: required",
    limits: "scheme, host and port alone",
    doc: `\`https://fqdn[:port]\`; \`http://\` only for loopback, or with \`${p}ALLOW_HTTP=1\``,
  };
  const zone = {
    parse: values.timeZone,
    fallback: null,
    defaultText: "the machine's zone",
    limits: "IANA name",
    doc: "The PBX's time zone, in which call ids are written",
  };
  const required = { defaultText: "none: required" };
  const clientId = text(scope, `${p}CLIENT_ID`, "Client id of the PBX's API client");
  const secretDoc = "API key of that client";
  const caDoc = "PEM file of the private CA that signed the PBX's certificate";
  return {
    url: key(scope, `${p}URL`, origin),
    clientId: { ...clientId, ...required },
    clientSecret: { ...secretText(scope, `${p}CLIENT_SECRET`, secretDoc), ...required },
    allowHttp: flag(scope, `${p}ALLOW_HTTP`, false, "`1` permits `http://` beyond loopback"),
    caFile: text(scope, `${p}CA_FILE`, caDoc),
    tlsVerify: flag(scope, `${p}TLS_VERIFY`, true, "`0` = the certificate is not verified"),
    timezone: key(scope, `${p}TIMEZONE`, zone),
  };
}

/** How often the PBX is asked; above the first section also the default of every `[pbx.NAME]`. */
const topPace = {
  reconnectMinMs: number(
    "top",
    "PBX_RECONNECT_MIN_MS",
    1000,
    ms(10, 3_600_000),
    "First delay before a lost connection to the PBX is tried again, with jitter",
  ),
  reconnectMaxMs: number(
    "top",
    "PBX_RECONNECT_MAX_MS",
    60_000,
    ms(10, 3_600_000),
    "Longest such delay; not below the first",
  ),
  activeCallsPollMs: number(
    "top",
    "ACTIVE_CALLS_POLL_MS",
    1000,
    ms(0, 3_600_000),
    "How often the list of active calls is read; `0` = never",
  ),
};

/** One of the three endpoints that the original knows: URL, recording URL, and what we add. */
function webhookKeys(suffix: "" | "_2" | "_MONITOR", who: string) {
  const aliases = suffix === "" ? ["SECRET"] : [];
  return {
    url: callUrl("top", `WEBHOOK_URL${suffix}`, `Call events ${who}`),
    recordingUrl: url("top", `WEBHOOK_POST_URL${suffix}`, `Recording webhook ${who}`),
    secret: signing("top", `WEBHOOK_SECRET${suffix}`, `Signing secrets ${who}, newest first`, {
      aliases,
    }),
    header: header(
      "top",
      `WEBHOOK_HEADER_n${suffix}`,
      `Extra request header ${who}: \`Name: value\``,
    ),
    ...accessKeys("top", "WEBHOOK_", suffix, who),
  };
}

const topEndpoint = {
  post: flag("top", "POST", true, "`1` POST scheme, `0` GET scheme", {
    aliases: ["WEBHOOK_POST_ENABLED", "HTTP_REQUEST_METHOD_POST"],
  }),
  profile: key("top", "PROFILE", {
    parse: values.word(PROFILES),
    fallback: "classic",
    defaultText: "classic",
    limits: "`classic`, `current`, `k2m`",
    doc: "How an event is written as a body (contract §3, §7)",
  }),
  recordingFullInfo: flag(
    "top",
    "RECORDING_FULL_INFO",
    true,
    "`1` = `FILES` and the end event's fields, `0` = `FILES` alone",
  ),
  extraEvents: key("top", "EXTRA_EVENTS", {
    parse: values.words(EXTRA_WORDS),
    fallback: [],
    defaultText: "none",
    limits: [...EXTRA_WORDS.keys()].map((each) => `\`${each}\``).join(", "),
    doc: "Opt-in events (contract §8)",
  }),
  timeoutMs: number("top", "REQUEST_TIMEOUT_MS", 10_000, ms(10, 600_000), "Deadline of an attempt"),
  concurrency: number(
    "top",
    "WEBHOOK_CONCURRENCY",
    8,
    { min: 1, max: 256, unit: "requests" },
    "Requests in flight at once, for each endpoint",
  ),
  retrySchedule: key("top", "RETRY_SCHEDULE", {
    parse: values.retrySchedule,
    fallback: DEFAULT_RETRIES.split(",").map((each) => Number(each) * 1000),
    defaultText: DEFAULT_RETRIES,
    limits: `${values.RETRIES_MAX} delays of 0 to ${values.RETRY_DELAY_S_MAX} s, fractions allowed`,
    doc: "Seconds before the second, third … attempt, each ±20 %",
  }),
  order: key("top", "ORDER", {
    parse: values.word(ORDERS),
    fallback: "bounded",
    defaultText: "bounded",
    limits: "`bounded`, `strict`, `none`",
    doc: "Whether a later event of a call waits for an earlier one that is being retried",
  }),
  orderHoldMs: key("top", "ORDER_HOLD_S", {
    parse: values.seconds(86_400),
    fallback: 120_000,
    defaultText: "120",
    limits: "0 to 86400, fractions allowed",
    doc: "The longest such wait with `ORDER=bounded`, in seconds",
  }),
  ratePerS: key("top", "RATE_PER_S", {
    parse: values.perSecond(values.RATE_PER_S_MAX),
    fallback: 0,
    defaultText: "0",
    limits: `0 to ${values.RATE_PER_S_MAX}, fractions allowed`,
    doc: "Requests a second, for each endpoint; `0` = no limit",
  }),
  rateBurst: number(
    "top",
    "RATE_BURST",
    1,
    { min: 1, max: 10_000, unit: "requests" },
    "Requests that may go at once after a rest, where `RATE_PER_S` is set",
  ),
  expireRingingMs: key("top", "EXPIRE_RINGING_S", {
    parse: values.seconds(30 * 86_400),
    fallback: 0,
    defaultText: "0",
    limits: "0 to 2592000, fractions allowed",
    doc: "`ringing` and `dialing` that are older when their turn comes are kept as expired, not sent; `0` = always sent",
  }),
};

export const keys = {
  main: pbxKeys("top"),
  pace: topPace,
  default: webhookKeys("", "of the first pair"),
  second: webhookKeys("_2", "of the users whom `Users.csv` lists"),
  monitor: webhookKeys("_MONITOR", "of the mirror, which gets everything"),
  way: topWay,
  recordings: recordingKeys,
  top: {
    ...topEndpoint,
    usersFile: {
      ...text("top", "USERS_FILE", "Path of `Users.csv`; if set, the file must exist"),
      defaultText: "`Users.csv` beside the ini",
    },
    listen: key("top", "LISTEN", {
      parse: values.listenAddress,
      fallback: { host: "127.0.0.1", port: 8480 },
      defaultText: "127.0.0.1:8480",
      limits: "`HOST:PORT`, `[IPv6]:PORT` or `PORT`",
      doc: "Address of our own HTTP server",
    }),
    publicUrl: key("top", "PUBLIC_URL", {
      parse: values.baseUrl,
      fallback: null,
      defaultText: "`http://` + `LISTEN`",
      limits: "`http://` or `https://`, no query",
      doc: "Base of the recording URLs that are sent",
    }),
    dataDir: {
      ...text("top", "DATA_DIR", "Folder of the embedded store and the recordings"),
      fallback: "./data",
      defaultText: "./data",
    },
    retentionDays: number(
      "top",
      "RETENTION_DAYS",
      90,
      { min: 0, max: 36_500, unit: "days" },
      "How long events and what became of them are kept; `0` = for ever. Never removed: what is pending",
    ),
    retentionMb: number(
      "top",
      "RETENTION_MB",
      0,
      { min: 0, max: 10_000_000, unit: "megabytes" },
      "Size of the store above which the oldest settled events go sooner; `0` = no limit",
    ),
    replayPerS: number(
      "top",
      "REPLAY_PER_S",
      50,
      { min: 1, max: 10_000, unit: "deliveries a second" },
      "How many replayed deliveries become due in a second, all endpoints together",
    ),
    databaseUrl: secretText(
      "top",
      "DATABASE_URL",
      "`postgres://…`: the store beyond one machine. Not in this version: setting it is an error",
    ),
    adminToken: {
      ...secretText("top", "ADMIN_TOKEN", "Opens the admin API"),
      defaultText: "made at first start, kept in `DATA_DIR`",
    },
    logLevel: key("top", "LOG_LEVEL", {
      parse: values.word(LEVELS),
      fallback: "info",
      defaultText: "info",
      limits: "`debug`, `info`, `warn`, `error`",
      doc: "The least severe log lines that are written",
    }),
    callbackHoldMs: number(
      "top",
      "CALLBACK_HOLD_MS",
      3000,
      ms(0, 60_000),
      "How long a call missed at a queue that offers callbacks waits for word of an order; `0` = not at all",
    ),
  },
  pbx: pbxKeys("pbx"),
  pbxPace: {
    reconnectMinMs: inherited("pbx", "RECONNECT_MIN_MS", topPace.reconnectMinMs),
    reconnectMaxMs: inherited("pbx", "RECONNECT_MAX_MS", topPace.reconnectMaxMs),
    activeCallsPollMs: inherited("pbx", "ACTIVE_CALLS_POLL_MS", topPace.activeCallsPollMs),
  },
  endpoint: {
    url: callUrl("endpoint", "URL", "Call events"),
    recordingUrl: url("endpoint", "RECORDING_URL", "Recording webhook"),
    secret: signing("endpoint", "SECRET", "Signing secrets, newest first"),
    header: header("endpoint", "HEADER_n", "Extra request header: `Name: value`"),
    pbx: text("endpoint", "PBX", "The PBX whose events it gets: `main` or a `[pbx.NAME]`"),
    events: key("endpoint", "EVENTS", {
      parse: values.words(EVENT_WORDS),
      fallback: null,
      defaultText: "all",
      limits: "names of any profile, or `answered`, `ended`",
      doc: "Only these events; recordings follow `RECORDING_URL`, extra events `EXTRA_EVENTS`",
    }),
    users: key("endpoint", "USERS", {
      parse: values.userList,
      fallback: null,
      defaultText: "all",
      limits: `${values.LIST_ITEMS_MAX} numbers`,
      doc: "Only events whose `user` is one of these",
    }),
    direction: key("endpoint", "DIRECTION", {
      parse: values.word(["incoming", "outgoing", "both"]),
      fallback: "both",
      defaultText: "both",
      limits: "`incoming`, `outgoing`, `both`",
      doc: "Only calls of this direction",
    }),
    ...filterKeys,
    ...sectionWay,
    ...bodyKeys,
    post: inherited("endpoint", "POST", topEndpoint.post),
    profile: inherited("endpoint", "PROFILE", topEndpoint.profile),
    recordingFullInfo: inherited("endpoint", "RECORDING_FULL_INFO", topEndpoint.recordingFullInfo),
    extraEvents: inherited("endpoint", "EXTRA_EVENTS", topEndpoint.extraEvents),
    timeoutMs: inherited("endpoint", "TIMEOUT_MS", topEndpoint.timeoutMs),
    concurrency: inherited("endpoint", "CONCURRENCY", topEndpoint.concurrency),
    retrySchedule: inherited("endpoint", "RETRY_SCHEDULE", topEndpoint.retrySchedule),
    order: inherited("endpoint", "ORDER", topEndpoint.order),
    orderHoldMs: inherited("endpoint", "ORDER_HOLD_S", topEndpoint.orderHoldMs),
    ratePerS: inherited("endpoint", "RATE_PER_S", topEndpoint.ratePerS),
    rateBurst: inherited("endpoint", "RATE_BURST", topEndpoint.rateBurst),
    expireRingingMs: inherited("endpoint", "EXPIRE_RINGING_S", topEndpoint.expireRingingMs),
  },
} as const;

export const allKeys: readonly AnyKey[] = Object.values(keys).flatMap((group) =>
  Object.values<AnyKey>(group),
);
