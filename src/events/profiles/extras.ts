/**
 * The opt-in events, the same in every profile (docs/contract.md §8). All values are strings.
 */
import type { CallSummaryEvent, EndedEvent, RingStopEvent } from "../event.ts";
import { callerid, did, eventName, id, user, usertype } from "./columns.ts";
import { bothMethods, type Column, type Profile } from "./profile.ts";

const ringstop = bothMethods<RingStopEvent>([
  eventName("ringstop"),
  callerid,
  user,
  usertype,
  ["reason", (event) => event.reason],
  did,
  id,
]);

const finishtype: Column<Pick<EndedEvent, "finish">> = ["finishtype", (event) => event.finish];

const callsummary = bothMethods<CallSummaryEvent>([
  eventName("callsummary"),
  ["direction", (event) => event.direction],
  callerid,
  did,
  finishtype,
  ["links", (event) => String(event.links)],
  ["users", (event) => event.users.join(",")],
  ["ringseconds", (event) => seconds(event.ringMs)],
  ["waitseconds", (event) => seconds(event.waitMs)],
  ["talkseconds", (event) => seconds(event.talkMs)],
  ["abandonedat", (event) => event.abandonedAt],
  ["start", (event) => new Date(event.callStartedAt).toISOString()],
  ["end", (event) => new Date(event.at).toISOString()],
  ["id", (event) => event.callId],
]);

/** Whole seconds, rounded down, as in the titles. */
function seconds(ms: number): string {
  return String(Math.floor(Math.max(0, ms) / 1000));
}

export const extras: Pick<Profile, "ringstop" | "callsummary"> = {
  ringstop: { incoming: ringstop, outgoing: ringstop },
  callsummary: { incoming: callsummary, outgoing: callsummary },
};
