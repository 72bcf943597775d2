/** Events and settlements for the tests of outbox and delivery. */
import type { CallEvent, OffhookEvent } from "../../src/events/event.ts";
import type { Fate, Settlement } from "../../src/outbox/outbox.ts";

/** The `number`th event of a call; its id tells both. */
export function callEvent(call: number, number = 1, pbx = "main"): CallEvent {
  return {
    kind: "ringing",
    eventId: `evt_${pbx}_${call}_${number}`,
    pbx,
    callId: `210701165649_${call}`,
    callNumber: call,
    callStartedAt: 1_625_150_209_000,
    link: 0,
    at: 1_625_150_209_123 + number,
    direction: "incoming",
    callerid: "420111222333",
    user: "101",
    userKind: "extension",
    did: "Zákaznická linka ☎",
    didNumber: "420800100200",
    displayName: "Novak Jan",
  };
}

export function settlement(deliveryId: number, number: number, fate: Fate): Settlement {
  return {
    deliveryId,
    attempt: {
      number,
      startedAt: 1_625_150_210_000 + number,
      durationMs: 12,
      status: fate.state === "delivered" ? 200 : 500,
      outcome: fate.state === "delivered" ? "accepted" : "refused with 500",
      responseHead: "",
    },
    fate,
  };
}

/** The call's number, 0 of what belongs to no call. */
export function numberOf(event: OffhookEvent): number {
  return event.kind === "gap" ? 0 : event.callNumber;
}
