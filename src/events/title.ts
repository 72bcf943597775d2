/**
 * The sentence that an end event carries for people (docs/contract.md §3, Titles).
 */
import { formatTalk } from "./duration.ts";
import type { EndedEvent, UserKind } from "./event.ts";

/**
 * Who missed the call. The published titles know four kinds; anything else that a call can end at
 * (a route point, a special menu) is told by its number alone.
 */
const missedBy: Readonly<Record<UserKind, string>> = {
  extension: "User ",
  queue: "queue ",
  ivr: "IVR ",
  ringgroup: "ring group ",
  other: "",
};

const titleBy: Readonly<
  Record<EndedEvent["direction"], Record<EndedEvent["finish"], (event: EndedEvent) => string>>
> = {
  incoming: {
    Ok: (event) =>
      `${didPrefix(event)}Answered call from ${event.callerid} (${formatTalk(event.talkMs)})`,
    Missed: (event) =>
      `${didPrefix(event)}Missed call by ${missedBy[event.userKind]}${event.user}` +
      ` from ${event.callerid}${callbackSuffix(event)}`,
  },
  outgoing: {
    Ok: (event) => `Successful call to ${event.callerid} (${formatTalk(event.talkMs)})`,
    Missed: (event) => `Unanswered call to ${event.callerid}`,
  },
};

export function titleOf(event: EndedEvent): string {
  return titleBy[event.direction][event.finish](event);
}

function didPrefix(event: EndedEvent): string {
  return event.did === "" ? "" : `${event.did}:`;
}

function callbackSuffix(event: EndedEvent): string {
  return event.callbackRequested && event.userKind === "queue" ? " (callback requested)" : "";
}
