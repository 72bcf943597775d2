/**
 * Builds the HTTP request of one attempt, bytes and headers (docs/contract.md §4 and §8). Pure.
 * Must hold: what is signed is exactly what is sent.
 */
import type { EndpointConfig } from "../config/config.ts";
import type { EpochMs, OffhookEvent, ProfileName } from "../events/event.ts";
import { appendQuery, encodeJson, renderFields } from "../events/render.ts";
import type { Delivery } from "../outbox/outbox.ts";
import { parseSecret, signatureHeader, signedTarget } from "./signature.ts";

export interface HttpRequest {
  readonly method: "POST" | "GET";
  /** `https://host:port` */
  readonly origin: string;
  /** Path and query, exactly as sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** An endpoint's settings, checked and decoded once. */
export interface Addressee {
  readonly name: string;
  readonly url: string | null;
  /** Where recordings are announced. */
  readonly recordingUrl: string | null;
  readonly method: "POST" | "GET";
  readonly profile: ProfileName;
  readonly recordingFullInfo: boolean;
  readonly keys: readonly Uint8Array[];
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * `version` is Offhook's own. That a header breaks
 * no line and takes no name of ours is the configuration's to check; ours win in any case.
 */
export function addresseeOf(endpoint: EndpointConfig, version: string): Addressee {
  const headers: Record<string, string> = { "user-agent": `Offhook/${version}` };
  for (const { name, value } of endpoint.headers) {
    headers[name.toLowerCase()] = value.reveal();
  }
  return {
    name: endpoint.name,
    url: endpoint.url,
    recordingUrl: endpoint.recordingUrl,
    method: endpoint.method,
    profile: endpoint.profile,
    recordingFullInfo: endpoint.recordingFullInfo,
    keys: endpoint.secrets.map((secret) => parseSecret(secret.reveal())),
    headers,
  };
}

/**
 * `now` is the wall clock's: receivers check the timestamp against theirs. Throws a sentence if the endpoint
 * has no URL for such an event.
 */
export function buildRequest(
  to: Addressee,
  delivery: Delivery,
  attemptNumber: number,
  now: EpochMs,
): HttpRequest {
  const { event, sequence } = delivery;
  const fields = renderFields(event, to);
  const method = methodFor(event, to);
  const base = urlFor(event, to);
  const body = method === "POST" ? encodeJson(fields) : null;
  const url = new URL(body === null ? appendQuery(base, fields) : base);
  const target = targetOf(url);
  const timestampSeconds = Math.floor(now / 1000);
  const headers: Record<string, string> = {
    ...(body === null ? {} : { "content-type": "application/json" }),
    ...to.headers,
    "webhook-id": event.eventId,
    "webhook-timestamp": String(timestampSeconds),
    "offhook-sequence": String(sequence),
    "offhook-event-time": new Date(event.at).toISOString(),
    "offhook-attempt": String(attemptNumber),
  };
  if (to.keys.length > 0) {
    const payload = body ?? signedTarget(target);
    headers["webhook-signature"] = signatureHeader(
      to.keys,
      event.eventId,
      timestampSeconds,
      payload,
    );
    if (body === null) headers["webhook-signed"] = "target";
  }
  return { method, origin: url.origin, target, headers, body };
}

/** Recordings are a POST in the GET scheme too (docs/contract.md §3). */
function methodFor(event: OffhookEvent, { method }: Addressee): "POST" | "GET" {
  return event.kind === "recording" ? "POST" : method;
}

function urlFor(event: OffhookEvent, { name, url, recordingUrl }: Addressee): string {
  const [found, what] = event.kind === "recording" ? [recordingUrl, "recording URL"] : [url, "URL"];
  if (found === null) {
    throw new Error(`Expected a ${what} for endpoint ${name}, got none. Set it.`);
  }
  return found;
}

/** The URL parser leaves a backslash in a query as it is; encoded, the quoted target stays valid JSON. */
function targetOf(url: URL): string {
  return `${url.pathname}${url.search}`.replaceAll("\\", "%5C");
}
