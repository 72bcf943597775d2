/**
 * The opt-in events, the same in every profile (docs/contract.md §8). All values are strings.
 */
import type {
  AiEvent,
  CallSummaryEvent,
  EndedEvent,
  Field,
  GapEvent,
  NoRecordingEvent,
  RingStopEvent,
} from "../event.ts";
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

const norecording = bothMethods<NoRecordingEvent>([
  eventName("norecording"),
  user,
  id,
  ["reason", (event) => event.reason],
]);

const ai = bothMethods<AiEvent>([
  eventName("ai"),
  id,
  ["summary", (event) => event.summary],
  ["transcription", (event) => event.transcription],
  ["sentiment_score", (event) => event.sentimentScore],
]);

/** Of no call, so in no table. */
export function gapFields({ pbx, fromAt, toAt, reason }: GapEvent): readonly Field[] {
  return [
    ["event", "gap"],
    ["pbx", pbx],
    ["from", new Date(fromAt).toISOString()],
    ["to", new Date(toAt).toISOString()],
    ["reason", reason],
  ];
}

/** Whole seconds, rounded down, as in the titles. */
function seconds(ms: number): string {
  return String(Math.floor(Math.max(0, ms) / 1000));
}

export const extras: Pick<Profile, "ringstop" | "callsummary" | "norecording" | "ai"> = {
  ringstop: { incoming: ringstop, outgoing: ringstop },
  callsummary: { incoming: callsummary, outgoing: callsummary },
  norecording: { incoming: norecording, outgoing: norecording },
  ai: { incoming: ai, outgoing: ai },
};
