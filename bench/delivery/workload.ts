/**
 * What is sent: events of calls, each call a lane of its own, and the bytes that each event is on the wire.
 * Every contender gets the same items in the same order; the body is what Offhook itself would send.
 */
import type { EndpointConfig } from "../../src/config/config.ts";
import { addresseeOf, buildRequest } from "../../src/delivery/request.ts";
import type { CallEvent } from "../../src/events/event.ts";

/** One thing to be delivered. */
export interface Item {
  /** From 0, in the order in which they are enqueued. */
  readonly n: number;
  /** Its call: what must stay in order. */
  readonly key: number;
  readonly body: string;
}

export const idOf = (n: number): string => `evt_${n}`;
export const numberOf = (id: string): number => Number(id.slice("evt_".length));

/** The calls take turns: item n belongs to call n modulo `keys`. */
export function eventOf(n: number, keys: number): CallEvent {
  const call = 1 + (n % keys);
  const turn = Math.floor(n / keys);
  return {
    kind: "ringing",
    eventId: idOf(n),
    pbx: "main",
    callId: `261121093015_${call}`,
    callNumber: call,
    callStartedAt: Date.UTC(2026, 10, 21, 8, 30, 15),
    link: 0,
    at: Date.UTC(2026, 10, 21, 8, 30, 15) + turn,
    direction: "incoming",
    callerid: `42077${1_000_000 + n}`,
    user: String(100 + (turn % 100)),
    userKind: "extension",
    did: "Customer line",
    didNumber: "420800100200",
    displayName: "Novak Jan",
  };
}

/** Items `from` up to, without, `to`. */
export function itemsOf(endpoint: EndpointConfig, keys: number, from: number, to: number): Item[] {
  const addressee = addresseeOf(endpoint, "bench");
  const shared = {
    ...{ deliveryId: 0, endpoint: endpoint.name, position: 0, sequence: 1, attempts: 0, spent: 0 },
    ...{ firstAttemptAt: null, dueAt: 0, replay: false },
  };
  return Array.from({ length: to - from }, (_, index) => {
    const n = from + index;
    const event = eventOf(n, keys);
    const { body } = buildRequest(addressee, { ...shared, event }, 1, 0);
    return { n, key: n % keys, body: body ?? "" };
  });
}
