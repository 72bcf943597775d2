/**
 * One sample of every event, of calls that a receiver can recognise as invented: for `send-test`, and to try a
 * template with before it is used.
 */
import { formatCallId } from "./callId.ts";
import type { CallEvent, CallFacts, EpochMs, OffhookEvent } from "./event.ts";

/** Four calls, answered and missed, incoming and outgoing, with every opt-in event; then a gap. */
export function sampleEvents(pbx: string, timezone: string, at: EpochMs): OffhookEvent[] {
  const facts = (callNumber: number, link: number, more: Partial<CallFacts>): CallFacts => ({
    eventId: "",
    pbx,
    callId: formatCallId(at, timezone, callNumber),
    callNumber,
    callStartedAt: at,
    link,
    at,
    direction: "incoming",
    callerid: "420777000001",
    user: "101",
    userKind: "extension",
    did: "Offhook test",
    didNumber: "420222000100",
    displayName: "Offhook test",
    ...more,
  });
  const out = { direction: "outgoing", did: "", didNumber: "", displayName: "" } as const;
  const queue = { user: "800", userKind: "queue" } as const;
  const end = { transferred: false, breakSide: "Undef", callbackRequested: false } as const;
  const missed = { ...end, kind: "ended", finish: "Missed", talkMs: null } as const;
  const ok = { ...end, kind: "ended", finish: "Ok", talkMs: 7_000 } as const;
  const answered = { kind: "answered", transferType: "NotDef" } as const;
  const stopped = { kind: "ringstop", reason: "answered" } as const;
  const summary = {
    kind: "callsummary",
    ringMs: 4_000,
    waitMs: 5_000,
    links: 1,
    users: ["101"],
    finish: "Ok",
    talkMs: 7_000,
    abandonedAt: "",
  } as const;
  const lost = { ...summary, finish: "Missed", users: [], talkMs: 0 } as const;
  const texts = { summary: "A test.", transcription: "Hello. \u2013 Hello, this is a test." };
  const events: CallEvent[] = [
    { ...facts(1, 0, queue), kind: "ringing" },
    { ...facts(1, 0, {}), kind: "ringing" },
    { ...facts(1, 0, {}), ...stopped },
    { ...facts(1, 1, {}), ...answered },
    { ...facts(1, 1, {}), ...ok },
    { ...facts(1, 1, {}), kind: "ai", ...texts, sentimentScore: "3" },
    { ...facts(1, 1, {}), ...summary },
    { ...facts(2, 0, queue), kind: "ringing" },
    { ...facts(2, 0, queue), ...missed },
    { ...facts(2, 0, queue), ...lost, abandonedAt: "800" },
    { ...facts(3, 0, out), ...out, kind: "dialing" },
    { ...facts(3, 1, out), ...answered },
    { ...facts(3, 1, out), ...ok },
    { ...facts(3, 1, out), kind: "norecording", reason: "none" },
    { ...facts(4, 0, out), ...out, kind: "dialing" },
    { ...facts(4, 0, out), ...missed },
  ];
  const gap = {
    kind: "gap",
    eventId: `test_gap_${at}`,
    pbx,
    callId: "",
    at,
    reason: "connection",
  } as const;
  return [
    ...events.map((event, index) => {
      const { callId, link, kind } = event;
      return { ...event, eventId: `test_${callId}-${link}_${kind}_${index + 1}` };
    }),
    { ...gap, fromAt: at - 60_000, toAt: at },
  ];
}
