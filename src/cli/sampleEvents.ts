/** One sample of every event, for `send-test`: calls that a receiver can recognise as invented. */
import { formatCallId } from "../events/callId.ts";
import type { CallEvent, CallFacts, EpochMs } from "../events/event.ts";

/** Every event that there is, as four calls send them: answered and missed, incoming and outgoing. */
export function sampleEvents(pbx: string, timezone: string, at: EpochMs): CallEvent[] {
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
  const events: CallEvent[] = [
    { ...facts(1, 0, queue), kind: "ringing" },
    { ...facts(1, 0, {}), kind: "ringing" },
    { ...facts(1, 1, {}), ...answered },
    { ...facts(1, 1, {}), ...ok },
    { ...facts(2, 0, queue), kind: "ringing" },
    { ...facts(2, 0, queue), ...missed },
    { ...facts(3, 0, out), ...out, kind: "dialing" },
    { ...facts(3, 1, out), ...answered },
    { ...facts(3, 1, out), ...ok },
    { ...facts(4, 0, out), ...out, kind: "dialing" },
    { ...facts(4, 0, out), ...missed },
  ];
  return events.map((event, index) => {
    const { callId, link, kind } = event;
    return { ...event, eventId: `test_${callId}-${link}_${kind}_${index + 1}` };
  });
}
