import fc from "fast-check";
import { expect, test } from "vitest";
import { pack, unpack } from "./packing.ts";
import type { Request } from "./wire.ts";

const text = fc.string({ unit: "binary", maxLength: 8 });
const time = fc.oneof(fc.double(), fc.constant(Number.NaN));
const event = fc.record(
  {
    ...{ eventId: text, pbx: text, callId: text, at: time, body: text },
    ...{ endpoints: fc.array(text, { maxLength: 3 }), seekAt: fc.nat() },
  },
  { requiredKeys: ["eventId", "pbx", "callId", "at", "body", "endpoints"] },
);
const checkpoint = fc.record({ pbx: text, key: text, state: fc.option(text) });
const attempt = fc.record({
  ...{ number: fc.nat(), startedAt: time, durationMs: time, status: fc.option(fc.nat()) },
  ...{ outcome: text, responseHead: text },
});
const fate = fc.oneof(
  fc.constant({ state: "delivered" as const }),
  fc.record({ state: fc.constant("pending" as const), spent: fc.nat(), dueAt: time }),
  fc.record({ state: fc.constantFrom("dead" as const, "expired" as const), reason: text }),
);
const settlement = fc.record(
  { deliveryId: fc.nat(), attempt: fc.option(attempt), fate, standing: fc.option(text) },
  { requiredKeys: ["deliveryId", "attempt", "fate"] },
);
const few = { maxLength: 3 };
const request: fc.Arbitrary<Request> = fc.oneof(
  fc.record({
    operation: fc.constant("append" as const),
    events: fc.array(event, few),
    checkpoints: fc.array(checkpoint, few),
  }),
  fc.record({
    operation: fc.constant("settle" as const),
    settlements: fc.array(settlement, few),
  }),
  fc.record({ operation: fc.constant("getMeta" as const), name: text }),
);

test("what is unpacked on the other side is what was packed", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
      expect(unpack(structuredClone(pack(requests)))).toEqual(requests);
    }),
    { numRuns: 2000 },
  );
});

test("events and deliveries that went well cross as flat lists", () => {
  const requests: Request[] = [
    { operation: "append", events: [], checkpoints: [{ pbx: "main", key: "1", state: null }] },
    {
      operation: "settle",
      settlements: [
        {
          deliveryId: 1,
          attempt: {
            ...{ number: 1, startedAt: 5, durationMs: 7, status: 204 },
            ...{ outcome: "accepted", responseHead: "" },
          },
          fate: { state: "delivered" },
        },
      ],
    },
  ];
  expect(pack(requests).others).toEqual([]);
});
