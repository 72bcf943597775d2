/**
 * The configuration as the rooms get it: complete, checked, with every default filled in.
 * Made by `load` from TCXWebAPI.ini, Users.csv and the environment (docs/configuration.md lists
 * every key).
 */
import type { ProfileName } from "../events/event.ts";

/** A secret never prints: JSON, string conversion and util.inspect show "***". */
export interface Secret {
  /** The value itself, for the one place that needs it. */
  reveal(): string;
}

export interface PbxConfig {
  /** "main" for the top-level `PBX_…` keys, else the section's name. */
  readonly name: string;
  /** Origin, without a trailing slash. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** PEM text of a private CA, null for the system's. */
  readonly ca: string | null;
  readonly tlsVerify: boolean;
  /** IANA name. */
  readonly timezone: string;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** 0 = the list of active calls is never read. */
  readonly activeCallsPollMs: number;
}

export type OrderMode = "bounded" | "strict" | "none";
export type ExtraEvent = "ringstop" | "callsummary" | "norecording" | "ai" | "gap";

/** Which events an endpoint gets; null = no restriction. */
export interface EndpointFilter {
  /**
   * Names as in the classic profile (`ringing`, `dialing`, `hangupincoming`, `hangupoutgoing`,
   * `incoming`, `outgoing`), whatever the endpoint's profile. `recording` and the endpoint's extra
   * events are always among them, as other keys decide on those.
   */
  readonly events: readonly string[] | null;
  readonly users: readonly string[] | null;
  readonly direction: "incoming" | "outgoing" | null;
  /** Numbers of queues: what concerns a call there. */
  readonly queues: readonly string[] | null;
  /** Names or numbers of DIDs. */
  readonly dids: readonly string[] | null;
  /** Only ends of missed calls. */
  readonly missedOnly: boolean;
  /** A pattern (util/pattern.ts) to be found in the outside number. */
  readonly callerid: string | null;
}

export interface EndpointConfig {
  /** "default", "second", "monitor", or the section's name. */
  readonly name: string;
  /** Name of the PBX whose events it gets. */
  readonly pbx: string;
  /**
   * `unlisted`: the events of users whom Users.csv sends nowhere else (the default endpoint);
   * `listed`: only those of users whom Users.csv sends here; `all`: everything that passes the
   * filter.
   */
  readonly receives: "unlisted" | "listed" | "all";
  /** May have `{{fact}}` behind its host. */
  readonly url: string | null;
  readonly recordingUrl: string | null;
  readonly method: "POST" | "GET";
  readonly profile: ProfileName;
  readonly recordingFullInfo: boolean;
  /** How call events travel; `query` has no body, whatever the method. */
  readonly encoding: "json" | "form" | "query";
  /** A template (events/template.ts) that was tried, null = the profile's fields. */
  readonly template: string | null;
  /** Signing secrets (`whsec_…`) in force, newest first; empty = unsigned. */
  readonly secrets: readonly Secret[];
  /** Extra request headers; values may be secrets. */
  readonly headers: readonly { readonly name: string; readonly value: Secret }[];
  /** The value of the header Authorization. */
  readonly authorization: Secret | null;
  /** PEM of the authorities that its certificate is checked by, null for the system's. */
  readonly ca: string | null;
  /** PEM of what we show of ourselves. */
  readonly client: { readonly cert: string; readonly key: Secret } | null;
  /** A proxy's URL; `none` = straight, whatever the environment says; null = as the environment says. */
  readonly proxy: Secret | "none" | null;
  /** Whether private and loopback addresses may be sent to. */
  readonly allowPrivate: boolean;
  readonly filter: EndpointFilter;
  readonly extraEvents: readonly ExtraEvent[];
  /** Total deadline of one attempt. */
  readonly timeoutMs: number;
  /** Requests in flight at once. */
  readonly concurrency: number;
  /** Delays before attempt 2, 3 …; each ±20 % when used. */
  readonly retryScheduleMs: readonly number[];
  readonly order: OrderMode;
  readonly orderHoldMs: number;
  /** Requests a second, fractions too; 0 = no limit. */
  readonly ratePerS: number;
  /** Requests that may go at once after a rest, where there is a rate. */
  readonly rateBurst: number;
  /** `ringing` and `dialing` that are older when their turn comes are not sent; 0 = always sent. */
  readonly expireRingingMs: number;
}

export interface RecordingsConfig {
  /** Looks for a link's recording, as times after its end. */
  readonly searchAtMs: readonly number[];
  /** Looks for transcripts, as times after a recording was stored. */
  readonly transcriptAtMs: readonly number[];
  /** The PBX's own folder; null = found and fetched over its API. */
  readonly dir: string | null;
  /** 0 = for ever. */
  readonly keepDays: number;
  /** Megabytes of 10^6 bytes; 0 = no limit. */
  readonly keepMb: number;
  /** The first signs, all open; null = one of our own. */
  readonly urlKeys: readonly Secret[] | null;
  /** 0 = addresses are valid for ever. */
  readonly urlTtlMs: number;
  /** Anyone may fetch. */
  readonly isOpen: boolean;
}

export interface BucketConfig {
  readonly bucket: string;
  /** Before every name; without slashes at its ends. */
  readonly prefix: string;
  /** Origin of the service. */
  readonly endpoint: string;
  readonly region: string;
  readonly keyId: string;
  readonly secretKey: Secret;
}

export interface Config {
  /** The file it came from. */
  readonly file: string;
  readonly pbxs: readonly PbxConfig[];
  readonly endpoints: readonly EndpointConfig[];
  /**
   * Users.csv: extension → name of the endpoint that gets its events. The extension is one of that
   * endpoint's PBX; on another PBX the same number stays unlisted.
   */
  readonly userEndpoints: ReadonlyMap<string, string>;
  readonly listen: { readonly host: string; readonly port: number };
  readonly publicUrl: string;
  readonly recordings: RecordingsConfig;
  /** Where recordings are kept; null = in `dataDir`. */
  readonly bucket: BucketConfig | null;
  /** Whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  readonly dataDir: string;
  /** 0 = kept for ever. */
  readonly retentionDays: number;
  /** Megabytes of 10^6 bytes; 0 = no limit. */
  readonly retentionMb: number;
  readonly replayPerS: number;
  /** null = made at first start, kept in `dataDir`. */
  readonly adminToken: Secret | null;
  /** How long a call missed at a queue waits for the knowledge whether a callback was ordered. */
  readonly callbackHoldMs: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
}

/** One thing wrong (or odd) in the configuration, with the way out. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly file: string;
  /** From 1; 0 when the problem is not on a line (a key is missing, an environment variable). */
  readonly line: number;
  readonly key: string;
  /** What was found; masked for secrets. */
  readonly found: string;
  readonly expected: string;
}
