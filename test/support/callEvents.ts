/**
 * Makes events for tests: complete, with invented call data, each field open to be said otherwise.
 */
import { linkId } from "../../src/events/callId.ts";
import type {
  AiEvent,
  AnsweredEvent,
  CallFacts,
  DialingEvent,
  EndedEvent,
  RecordingEvent,
  RingingEvent,
} from "../../src/events/event.ts";
import { fileOf } from "./documented/payload.ts";

type Said<Event> = Partial<Omit<Event, "kind">> & { readonly id?: string };

/** `id` (with its link) stands for call id, call number and link at once. */
function facts(said: Said<CallFacts>): Omit<CallFacts, "direction"> {
  const { id = "230115121143_9-0", ...rest } = said;
  const [callId = "", link] = id.split("-");
  return {
    eventId: "evt_1",
    pbx: "main",
    callId,
    callNumber: Number(callId.split("_")[1]),
    callStartedAt: Date.UTC(2023, 0, 15, 11, 11, 43),
    link: Number(link),
    at: Date.UTC(2023, 0, 15, 11, 11, 44),
    callerid: "420774852629",
    user: "102",
    userKind: "extension",
    did: "",
    didNumber: "",
    displayName: "",
    ...rest,
  };
}

export function ringing(said: Said<RingingEvent> = {}): RingingEvent {
  return { direction: "incoming", ...facts(said), kind: "ringing" };
}

export function dialing(said: Said<DialingEvent> = {}): DialingEvent {
  return { direction: "outgoing", ...facts(said), kind: "dialing" };
}

export function answered(said: Said<AnsweredEvent> = {}): AnsweredEvent {
  return { direction: "incoming", transferType: "NotDef", ...facts(said), kind: "answered" };
}

export function ended(said: Said<EndedEvent> = {}): EndedEvent {
  return {
    direction: "incoming",
    finish: "Ok",
    transferred: false,
    talkMs: 7_000,
    breakSide: "External",
    callbackRequested: false,
    ...facts(said),
    kind: "ended",
  };
}

/** Of the link's end; its one file lies where the articles' example has it. */
export function recorded(end: EndedEvent): RecordingEvent {
  const { talkMs: _talk, transferred: _passed, finish: _finish, ...rest } = end;
  const { breakSide: _side, callbackRequested: _callback, ...facts } = rest;
  const files = [fileOf(linkId(end.callId, end.link))];
  return { ...facts, kind: "recording", files, ended: end };
}

export function transcribed(said: Said<AiEvent> = {}): AiEvent {
  return {
    direction: "incoming",
    summary: "",
    transcription: "",
    sentimentScore: "",
    ...facts(said),
    kind: "ai",
  };
}

/** The end of a link that had no conversation. */
export function missed(said: Said<EndedEvent> = {}): EndedEvent {
  return ended({ finish: "Missed", talkMs: null, breakSide: "Undef", ...said });
}
