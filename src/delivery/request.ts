/**
 * Builds the HTTP request of one attempt, bytes and headers (docs/contract.md §4 and §8). Pure.
 * Must hold: what is signed is exactly what is sent.
 */
import type { KeyObject } from "node:crypto";
import type { EndpointConfig } from "../config/config.ts";
import type { EpochMs, OffhookEvent, ProfileName } from "../events/event.ts";
import { factsOf } from "../events/facts.ts";
import { encodeJson, extendQuery, formEncode, renderFields } from "../events/render.ts";
import {
  hasPlaces,
  parseTemplate,
  renderTemplate,
  type Template,
  type TemplateKind,
} from "../events/template.ts";
import type { Delivery } from "../outbox/outbox.ts";
import { assertNever } from "../util/assertNever.ts";
import { isoTime } from "../util/isoTime.ts";
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

export interface WebhookRequest extends HttpRequest {
  /** What of it tells the event: the body, or what was added to the query. For who shows it to people. */
  readonly payload: string;
}

/** Where a request goes, as its two lines have it. */
type Place = Pick<HttpRequest, "origin" | "target">;

/** An endpoint's settings, checked and decoded once. */
export interface Addressee {
  readonly name: string;
  readonly url: string | Template | null;
  /** Where recordings are announced. */
  readonly recordingUrl: string | null;
  readonly method: "POST" | "GET";
  readonly profile: ProfileName;
  readonly recordingFullInfo: boolean;
  readonly encoding: EndpointConfig["encoding"];
  readonly template: Template | null;
  readonly keys: readonly KeyObject[];
  /** The fixed addresses, parsed once. */
  readonly places: Map<string, Place>;
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
  if (endpoint.authorization !== null) headers.authorization = endpoint.authorization.reveal();
  return {
    name: endpoint.name,
    url:
      endpoint.url !== null && hasPlaces(endpoint.url)
        ? templateOf(endpoint.url, "url")
        : endpoint.url,
    recordingUrl: endpoint.recordingUrl,
    method: endpoint.method,
    profile: endpoint.profile,
    recordingFullInfo: endpoint.recordingFullInfo,
    encoding: endpoint.encoding,
    template: endpoint.template === null ? null : templateOf(endpoint.template, endpoint.encoding),
    keys: endpoint.secrets.map((secret) => parseSecret(secret.reveal())),
    places: new Map(),
    headers,
  };
}

/** The configuration has looked at it; a test's may be wrong. */
function templateOf(text: string, kind: TemplateKind): Template {
  const parsed = parseTemplate(text, kind);
  if (parsed.ok) return parsed.template;
  const problems = parsed.problems.map(
    ({ found, expected }) => `found ${found}, expected ${expected}`,
  );
  throw new Error(`Expected a good template: ${problems.join("; ")}.`);
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
): WebhookRequest {
  const { event, sequence } = delivery;
  const { method, place, contentType, body, payload } = write(event, to);
  const { origin, target } = place;
  const timestampSeconds = Math.floor(now / 1000);
  const headers: Record<string, string> = {
    ...(contentType === null ? {} : { "content-type": contentType }),
    ...to.headers,
    "webhook-id": event.eventId,
    "webhook-timestamp": String(timestampSeconds),
    "offhook-sequence": String(sequence),
    "offhook-event-time": isoTime(event.at),
    "offhook-attempt": String(attemptNumber),
    ...(delivery.replay ? { "offhook-replay": "1" } : {}),
  };
  if (to.keys.length > 0) {
    // Without a body, what tells the event is the target.
    const signed = body ?? signedTarget(target);
    headers["webhook-signature"] = signatureHeader(
      to.keys,
      event.eventId,
      timestampSeconds,
      signed,
    );
    if (body === null) headers["webhook-signed"] = "target";
  }
  return { method, origin, target, headers, body, payload };
}

/** An event on its way: where to, and as what. */
interface Written {
  readonly method: "POST" | "GET";
  readonly place: Place;
  readonly contentType: string | null;
  readonly body: string | null;
  readonly payload: string;
}

/** Recordings are a POST of JSON in every scheme (docs/contract.md §3). */
function write(event: OffhookEvent, to: Addressee): Written {
  if (event.kind === "recording") {
    const body = encodeJson(renderFields(event, to));
    const place = fixedPlace(to, addressFor(to, to.recordingUrl, "recording URL"));
    return { method: "POST", place, contentType: "application/json", body, payload: body };
  }
  const { method, encoding, template } = to;
  const facts = template === null && typeof to.url !== "object" ? null : factsOf(event);
  const address = addressFor(to, to.url, "URL");
  const base = typeof address === "string" ? address : renderTemplate(address, facts ?? new Map());
  const place = () => (base === address ? fixedPlace(to, base) : placeOf(base));
  const filled = template === null ? null : renderTemplate(template, facts ?? new Map());
  switch (encoding) {
    case "json": {
      const body = filled ?? encodeJson(renderFields(event, to));
      return { method, place: place(), contentType: "application/json", body, payload: body };
    }
    case "form": {
      const contentType = "application/x-www-form-urlencoded";
      const body = filled ?? formEncode(renderFields(event, to));
      return { method, place: place(), contentType, body, payload: body };
    }
    case "query": {
      const payload = filled ?? formEncode(renderFields(event, to));
      const all = placeOf(extendQuery(base, payload));
      return { method, place: all, contentType: null, body: null, payload };
    }
    default:
      return assertNever(encoding);
  }
}

function addressFor<T>({ name }: Addressee, found: T | null, what: string): T {
  if (found === null) {
    throw new Error(`Expected a ${what} for endpoint ${name}, got none. Set it.`);
  }
  return found;
}

function fixedPlace({ places }: Addressee, address: string): Place {
  const place = places.get(address) ?? placeOf(address);
  places.set(address, place);
  return place;
}

/** The URL parser leaves a backslash in a query as it is; encoded, the quoted target stays valid JSON. */
function placeOf(address: string): Place {
  const { origin, pathname, search } = new URL(address);
  return { origin, target: `${pathname}${search}`.replaceAll("\\", "%5C") };
}
