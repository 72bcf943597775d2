/**
 * How an event is written for a receiver: its fields by profile and method, and the two ways in which
 * fields travel, as a JSON body or in the query string (docs/contract.md §3, §4, §7).
 */

import { linkId } from "./callId.ts";
import type { Field, OffhookEvent, ProfileName, RecordingEvent } from "./event.ts";
import { classic } from "./profiles/classic.ts";
import { current } from "./profiles/current.ts";
import { gapFields } from "./profiles/extras.ts";
import { k2m } from "./profiles/k2m.ts";
import type { EventOfKind, Layout, Profile, TabledEvent, TabledKind } from "./profiles/profile.ts";

const profiles: Readonly<Record<ProfileName, Profile>> = { classic, current, k2m };

/** How an endpoint wants its events written. */
export interface Style {
  readonly profile: ProfileName;
  readonly method: "POST" | "GET";
  /** Recordings with the fields of their link's end event (`RECORDING_FULL_INFO`); true if not said. */
  readonly recordingFullInfo?: boolean;
}

/** Whether the profile knows the event at all; what it does not send is routed nowhere. */
export function profileSends(profile: ProfileName, event: OffhookEvent): boolean {
  if (event.kind === "gap" || event.kind === "recording") return true;
  return layoutOf(profile, event.kind, event) !== null;
}

/** The event's fields in the order of the profile; none if the profile does not send the event. */
export function renderFields(event: OffhookEvent, style: Style): readonly Field[] {
  if (event.kind === "gap") return gapFields(event);
  if (event.kind === "recording") return recordingFields(event, style);
  return tabledFields(event.kind, event, style);
}

/** What an endpoint got at the link's end is repeated as it got it, though the webhook is always a POST. */
function recordingFields({ files, ended }: RecordingEvent, style: Style): readonly Field[] {
  const list: Field = [style.profile === "k2m" ? "FileUrls" : "FILES", files];
  if (style.recordingFullInfo === false) return [list];
  if (style.profile !== "k2m") return [list, ...tabledFields("ended", ended, style)];
  return [
    ["Event", "recording"],
    list,
    ["Callerid", ended.callerid],
    ["User", ended.user],
    ["Id", linkId(ended.callId, ended.link)],
  ];
}

/** `kind` stands beside the event so that the compiler ties table and event together. */
function tabledFields<Kind extends TabledKind>(
  kind: Kind,
  event: EventOfKind[Kind],
  { profile, method }: Pick<Style, "profile" | "method">,
): readonly Field[] {
  const layout = layoutOf(profile, kind, event);
  if (layout === null) return [];
  return layout[method].map(([name, value]) => [name, value(event)]);
}

function layoutOf<Kind extends TabledKind>(
  profile: ProfileName,
  kind: Kind,
  event: Pick<TabledEvent, "direction">,
): Layout<EventOfKind[Kind]> | null {
  return profiles[profile][kind][event.direction];
}

/** The fields as one compact JSON object. A half of a surrogate pair becomes U+FFFD: UTF-8 has no form for it. */
export function encodeJson(fields: readonly Field[]): string {
  const object: Record<string, Field[1]> = {};
  for (const [name, value] of fields) object[name] = wellFormed(value);
  return JSON.stringify(object);
}

function wellFormed(value: Field[1]): Field[1] {
  return typeof value === "string"
    ? value.toWellFormed()
    : value.map((each) => each.toWellFormed());
}

/** The fields as a query or a form has them: percent-encoded, joined by `&`. */
export function formEncode(fields: readonly Field[]): string {
  return fields
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(String(value))}`)
    .join("&");
}

/**
 * The URL with more of a query after its own parameters, which stay first and as they are. A fragment never
 * travels in a request, so it is dropped.
 */
export function extendQuery(url: string, query: string): string {
  const base = url.replace(/#.*$/s, "");
  return query === "" ? base : `${base}${separatorAfter(base)}${query}`;
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
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
