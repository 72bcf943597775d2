/**
 * How an event is written for a receiver: its fields by profile and method, and the two ways in which
 * fields travel, as a JSON body or in the query string (docs/contract.md §3, §4, §7).
 */
import type { CallEvent, EventKind, Field, ProfileName } from "./event.ts";
import { classic } from "./profiles/classic.ts";
import { current } from "./profiles/current.ts";
import { k2m } from "./profiles/k2m.ts";
import type { EventOfKind, Layout, Profile } from "./profiles/profile.ts";

const profiles: Readonly<Record<ProfileName, Profile>> = { classic, current, k2m };

/** Whether the profile knows the event at all; what it does not send is routed nowhere. */
export function profileSends(profile: ProfileName, event: CallEvent): boolean {
  return layoutOf(profile, event.kind, event) !== null;
}

/** The event's fields in the order of the profile; none if the profile does not send the event. */
export function renderFields(
  event: CallEvent,
  profile: ProfileName,
  method: "POST" | "GET",
): readonly Field[] {
  return fieldsOf(event.kind, event, profile, method);
}

/** `kind` stands beside the event so that the compiler ties table and event together. */
function fieldsOf<Kind extends EventKind>(
  kind: Kind,
  event: EventOfKind[Kind],
  profile: ProfileName,
  method: "POST" | "GET",
): readonly Field[] {
  const layout = layoutOf(profile, kind, event);
  if (layout === null) return [];
  return layout[method].map(([name, value]) => [name, value(event)]);
}

function layoutOf<Kind extends EventKind>(
  profile: ProfileName,
  kind: Kind,
  event: EventOfKind[Kind],
): Layout<EventOfKind[Kind]> | null {
  return profiles[profile][kind][event.direction];
}

/** The fields as one compact JSON object. A half of a surrogate pair becomes U+FFFD: UTF-8 has no form for it. */
export function encodeJson(fields: readonly Field[]): string {
  return JSON.stringify(
    Object.fromEntries(fields.map(([name, value]) => [name, value.toWellFormed()])),
  );
}

/**
 * The URL with the fields after its own parameters, which stay first and as they are. A fragment never
 * travels in a request, so it is dropped.
 */
export function appendQuery(url: string, fields: readonly Field[]): string {
  const base = url.replace(/#.*$/s, "");
  const query = fields.map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`);
  return query.length === 0 ? base : `${base}${separatorAfter(base)}${query.join("&")}`;
}

function separatorAfter(base: string): string {
  if (!base.includes("?")) return "?";
  return base.endsWith("?") || base.endsWith("&") ? "" : "&";
}

/**
 * Everything but RFC 3986's unreserved characters, as UTF-8. Stricter than `encodeURIComponent`, which
 * leaves `! ' ( ) *`: the WHATWG URL parser rewrites the quote, and firewalls in front of receivers
 * dislike it. So the request-target stays what was signed, whatever parses the URL on its way.
 */
function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
