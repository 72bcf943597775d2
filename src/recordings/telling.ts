/**
 * The events that recordings tell, each made from its link's end event. Ids follow from that event's, so that
 * a step that is repeated after a crash tells nothing twice. Pure.
 */
import type { CallEvent, EndedEvent, EpochMs } from "../events/event.ts";
import type { Transcript } from "./find/recordingSource.ts";

/** `isWhole` false: another of the link's files could not be had, and may be told of later. */
export function recordingEvent(
  ended: EndedEvent,
  at: EpochMs,
  files: readonly string[],
  isWhole: boolean,
): CallEvent {
  const part = isWhole ? "" : `_${files.length}`;
  const eventId = `${ended.eventId}_recording${part}`;
  return { ...factsOf(ended), kind: "recording", eventId, at, files, ended };
}

export function noRecordingEvent(ended: EndedEvent, at: EpochMs, reason: string): CallEvent {
  return {
    ...factsOf(ended),
    kind: "norecording",
    eventId: `${ended.eventId}_norecording`,
    at,
    reason,
  };
}

/** All files' texts in their order. */
export function transcriptEvent(
  ended: EndedEvent,
  at: EpochMs,
  transcripts: readonly Transcript[],
): CallEvent {
  const joined = (name: "summary" | "transcription") =>
    transcripts
      .map((transcript) => transcript[name])
      .filter((text) => text !== "")
      .join("\n\n");
  return {
    ...factsOf(ended),
    kind: "ai",
    eventId: `${ended.eventId}_ai`,
    at,
    summary: joined("summary"),
    transcription: joined("transcription"),
    sentimentScore: transcripts.at(-1)?.sentimentScore ?? "",
  };
}

/** What any event of the same link says. */
function factsOf(ended: EndedEvent) {
  const { kind: _kind, eventId: _id, at: _at, finish: _finish, ...rest } = ended;
  const { transferred: _passed, talkMs: _talk, breakSide: _side, ...more } = rest;
  const { callbackRequested: _callback, ...facts } = more;
  return facts;
}
