/** One sample of every event, for `send-test`: a call that a receiver can recognise as invented. */
import { formatCallId } from "../events/callId.ts";
import type { CallEvent, CallFacts, EpochMs } from "../events/event.ts";

const callNumber = 1;

/** Every event that a call can send, in an order in which two calls could have sent them. */
export function sampleEvents(pbx: string, timezone: string, at: EpochMs): CallEvent[] {
  const callId = formatCallId(at, timezone, callNumber);
  const facts = (kind: string, link: number, more: Partial<CallFacts>): CallFacts => ({
    eventId: `test_${callId}-${link}_${kind}`,
    pbx,
    callId,
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
  const missed = { ...end, finish: "Missed", talkMs: null } as const;
  const ok = { ...end, finish: "Ok", talkMs: 7_000 } as const;
  const notDef = { transferType: "NotDef" } as const;
  return [
    { ...facts("ringing-queue", 0, queue), kind: "ringing" },
    { ...facts("ringing", 0, {}), kind: "ringing" },
    { ...facts("answered", 1, {}), kind: "answered", ...notDef },
    { ...facts("ended", 1, {}), kind: "ended", ...ok },
    { ...facts("missed", 0, queue), kind: "ended", ...missed },
    { ...facts("dialing", 0, out), ...out, kind: "dialing" },
    { ...facts("answered-out", 1, out), kind: "answered", ...notDef },
    { ...facts("ended-out", 1, out), kind: "ended", ...ok },
    { ...facts("unanswered", 0, out), kind: "ended", ...missed },
  ];
}
