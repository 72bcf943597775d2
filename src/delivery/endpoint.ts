/** Which endpoints an event is owed to (docs/contract.md §5). Pure. */
import type { EndpointConfig, EndpointFilter } from "../config/config.ts";
import type { CallEvent } from "../events/event.ts";
import { profileSends } from "../events/render.ts";
import { assertNever } from "../util/assertNever.ts";

/** Names of the endpoints, in the order of the configuration. */
export function endpointsFor(
  event: CallEvent,
  endpoints: readonly EndpointConfig[],
  userEndpoints: ReadonlyMap<string, string>,
): string[] {
  const ofPbx = endpoints.filter((endpoint) => endpoint.pbx === event.pbx);
  const listed = userEndpoints.get(event.user);
  // A list that names an endpoint this PBX does not have sends its users nowhere else.
  const sentTo = ofPbx.some(({ name }) => name === listed) ? listed : undefined;
  return ofPbx
    .filter(({ url, profile }) => url !== null && profileSends(profile, event))
    .filter((endpoint) => receives(endpoint, sentTo) && passes(event, endpoint.filter))
    .filter(({ extraEvents }) => !isExtra(event.kind) || extraEvents.includes(event.kind))
    .map(({ name }) => name);
}

/** Opt-in events go only to who asked for them, so that a classic receiver sees nothing new. */
function isExtra(kind: CallEvent["kind"]): kind is "ringstop" | "callsummary" {
  return kind === "ringstop" || kind === "callsummary";
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

function passes(event: CallEvent, { events, users, direction }: EndpointFilter): boolean {
  return (
    (events === null || events.includes(classicName(event))) &&
    (users === null || users.includes(event.user)) &&
    (direction === null || direction === event.direction)
  );
}

/** Filters name events as the classic profile does. */
function classicName({ kind, direction }: CallEvent): string {
  switch (kind) {
    case "ringing":
    case "dialing":
    case "ringstop":
    case "callsummary":
      return kind;
    case "answered":
      return `hangup${direction}`;
    case "ended":
      return direction;
    default:
      return assertNever(kind);
  }
}
