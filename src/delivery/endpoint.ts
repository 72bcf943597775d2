/** Which endpoints an event is owed to (docs/contract.md §5). Pure. */
import type { EndpointConfig, EndpointFilter } from "../config/config.ts";
import type { CallEvent, OffhookEvent } from "../events/event.ts";
import { profileSends } from "../events/render.ts";
import { assertNever } from "../util/assertNever.ts";
import { compilePattern, type Pattern } from "../util/pattern.ts";

/** Names of the endpoints, in the order of the configuration. */
export function endpointsFor(
  event: OffhookEvent,
  endpoints: readonly EndpointConfig[],
  userEndpoints: ReadonlyMap<string, string>,
): string[] {
  const ofPbx = endpoints.filter((endpoint) => endpoint.pbx === event.pbx);
  return ofPbx
    .filter((endpoint) => takes(endpoint, event))
    .filter((endpoint) => event.kind === "gap" || concerns(endpoint, event, ofPbx, userEndpoints))
    .map(({ name }) => name);
}

/** Whether the endpoint has asked for such events and has a URL for them. */
export function takes(endpoint: EndpointConfig, event: OffhookEvent): boolean {
  const { url, recordingUrl, profile, extraEvents } = endpoint;
  switch (event.kind) {
    case "recording":
      return recordingUrl !== null;
    case "ringing":
    case "dialing":
    case "answered":
    case "ended":
      return url !== null && profileSends(profile, event);
    case "ringstop":
    case "callsummary":
    case "norecording":
    case "ai":
    case "gap":
      // Opt-in events go only to who asked for them, so that a classic receiver sees nothing new.
      return url !== null && extraEvents.includes(event.kind);
    default:
      return assertNever(event);
  }
}

/** Whether the call's user and direction are the endpoint's concern. */
function concerns(
  endpoint: EndpointConfig,
  event: CallEvent,
  ofPbx: readonly EndpointConfig[],
  userEndpoints: ReadonlyMap<string, string>,
): boolean {
  const listed = userEndpoints.get(event.user);
  // A list that names an endpoint this PBX does not have sends its users nowhere else.
  const sentTo = ofPbx.some(({ name }) => name === listed) ? listed : undefined;
  return receives(endpoint, sentTo) && passes(event, endpoint.filter);
}

function receives({ receives: which, name }: EndpointConfig, sentTo: string | undefined): boolean {
  switch (which) {
    case "all":
      return true;
    case "listed":
      return sentTo === name;
    case "unlisted":
      return sentTo === undefined || sentTo === name;
    default:
      return assertNever(which);
  }
}

/** Every filter that is set must let it through. */
function passes(event: CallEvent, filter: EndpointFilter): boolean {
  const { events, users, direction, queues, dids, missedOnly, callerid } = filter;
  return (
    (events === null || events.includes(classicName(event))) &&
    (users === null || users.includes(event.user)) &&
    (direction === null || direction === event.direction) &&
    (queues === null || queuesOf(event).some((queue) => queues.includes(queue))) &&
    (dids === null || isCallTo(event, dids)) &&
    (!missedOnly || isMissed(event)) &&
    (callerid === null || patternOf(callerid).foundIn(event.callerid))
  );
}

/** The queues that the call has come by; an event of an older version knows the one that it is told of. */
function queuesOf({ queues, user, userKind }: CallEvent): readonly string[] {
  return queues ?? (userKind === "queue" ? [user] : []);
}

/** By the rule's name, in any case of letters, or by number, with or without a "+". */
function isCallTo({ did, didNumber }: CallEvent, dids: readonly string[]): boolean {
  const names = [did.toLowerCase(), didNumber.replace(/^\+/, "")].filter((name) => name !== "");
  return dids.some((wanted) => names.includes(wanted.toLowerCase().replace(/^\+/, "")));
}

function isMissed(event: CallEvent): boolean {
  return (event.kind === "ended" || event.kind === "callsummary") && event.finish === "Missed";
}

/** Patterns of the configuration in force, and of a few that were; the oldest is let go. */
const patterns = new Map<string, Pattern>();
const PATTERNS_MAX = 500;

function patternOf(source: string): Pattern {
  const known = patterns.get(source) ?? compilePattern(source);
  patterns.delete(source);
  patterns.set(source, known);
  const [oldest] = patterns.keys();
  if (patterns.size > PATTERNS_MAX && oldest !== undefined) patterns.delete(oldest);
  return known;
}

/** Filters name events as the classic profile does. */
function classicName({ kind, direction }: CallEvent): string {
  switch (kind) {
    case "ringing":
    case "dialing":
    case "ringstop":
    case "callsummary":
    case "recording":
    case "norecording":
    case "ai":
      return kind;
    case "answered":
      return `hangup${direction}`;
    case "ended":
      return direction;
    default:
      return assertNever(kind);
  }
}
