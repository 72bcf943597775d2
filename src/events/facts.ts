/**
 * What a template may say of an event: every fact that we know of it, by name, as text. Must hold: each name
 * has a text for each event, "" where the event does not have the fact; nothing but these names is reachable.
 */
import { chid, linkId } from "./callId.ts";
import { formatTalk } from "./duration.ts";
import type { CallEvent, OffhookEvent } from "./event.ts";
import { userTypeOf } from "./profiles/profile.ts";
import { renderFields } from "./render.ts";

/** In the order of docs/webhooks.md; `number` = digits or "", so that it may stand as a number in JSON. */
export const FACTS = new Map<string, "text" | "number">([
  ["event", "text"],
  ["callerid", "text"],
  ["user", "text"],
  ["usertype", "text"],
  ["did", "text"],
  ["trtype", "text"],
  ["finishtype", "text"],
  ["transfer", "text"],
  ["title", "text"],
  ["id", "text"],
  ["eventid", "text"],
  ["pbx", "text"],
  ["time", "text"],
  ["start", "text"],
  ["direction", "text"],
  ["userkind", "text"],
  ["didnumber", "text"],
  ["displayname", "text"],
  ["callid", "text"],
  ["callnumber", "number"],
  ["link", "number"],
  ["chid", "text"],
  ["talkseconds", "number"],
  ["duration", "text"],
  ["breakside", "text"],
  ["callback", "text"],
  ["reason", "text"],
  ["links", "number"],
  ["users", "text"],
  ["ringseconds", "number"],
  ["waitseconds", "number"],
  ["abandonedat", "text"],
  ["end", "text"],
  ["summary", "text"],
  ["transcription", "text"],
  ["sentiment_score", "text"],
  ["from", "text"],
  ["to", "text"],
]);

export type Facts = ReadonlyMap<string, string>;

/** Names and texts of the profile `classic`, and what it does not say. */
export function factsOf(event: OffhookEvent): Facts {
  const facts = new Map<string, string>([
    ["eventid", event.eventId],
    ["pbx", event.pbx],
    ["time", new Date(event.at).toISOString()],
    ["callid", event.callId],
    ...(event.kind === "gap" ? [] : callFacts(event)),
    ...(event.kind === "ended" ? endFacts(event) : []),
  ]);
  for (const [name, value] of renderFields(event, { profile: "classic", method: "POST" })) {
    facts.set(name, String(value));
  }
  return facts;
}

function callFacts(event: CallEvent): [string, string][] {
  return [
    ["id", linkId(event.callId, event.link)],
    ["callerid", event.callerid],
    ["user", event.user],
    ["usertype", userTypeOf[event.userKind]],
    ["userkind", event.userKind],
    ["did", event.did],
    ["didnumber", event.didNumber],
    ["displayname", event.displayName],
    ["direction", event.direction],
    ["callnumber", String(event.callNumber)],
    ["link", String(event.link)],
    ["chid", chid(event.callStartedAt, event.callNumber)],
    ["start", new Date(event.callStartedAt).toISOString()],
  ];
}

function endFacts(event: Extract<CallEvent, { kind: "ended" }>): [string, string][] {
  return [
    ["talkseconds", String(Math.floor((event.talkMs ?? 0) / 1000))],
    ["duration", formatTalk(event.talkMs)],
    ["breakside", event.breakSide],
    ["callback", event.callbackRequested ? "True" : "False"],
  ];
}
