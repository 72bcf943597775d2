import fc from "fast-check";
import { expect, test } from "vitest";
import { pack, packResults, unpack, unpackResults } from "./packing.ts";
import type { Request, Result } from "./wire.ts";

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
  fc.record({ operation: fc.constant("probe" as const), time: text }),
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

const made = fc.array(fc.tuple(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.nat()), few);
const failed: fc.Arbitrary<Result> = fc.record({ ok: fc.constant(false as const), message: text });
const answerTo = (asked: Request): fc.Arbitrary<Result> => {
  const answer =
    asked.operation === "append"
      ? fc.array(fc.option(made), few)
      : asked.operation === "settle"
        ? fc.constant(null)
        : fc.option(fc.nat());
  return fc.oneof(
    answer.map((each) => ({ ok: true as const, answer: each })),
    failed,
  );
};

test("so are results", () => {
  const batch = fc
    .array(request, { maxLength: 8 })
    .chain((requests) => fc.tuple(fc.constant(requests), fc.tuple(...requests.map(answerTo))));
  fc.assert(
    fc.property(batch, ([requests, results]) => {
      expect(unpackResults(structuredClone(packResults(requests, results)))).toEqual(results);
    }),
    { numRuns: 2000 },
  );
});

test("new deliveries and what has nothing to answer cross as a flat list", () => {
  const requests: Request[] = [
    { operation: "append", events: [], checkpoints: [] },
    { operation: "settle", settlements: [] },
  ];
  const results: Result[] = [
    { ok: true, answer: [[[1, 1]], null] },
    { ok: true, answer: null },
  ];
  expect(packResults(requests, results).others).toEqual([]);
});

const requests: Request[] = [
  { operation: "append", events: [], checkpoints: [] },
  { operation: "probe", time: "now" },
];
const results: Result[] = [
  { ok: true, answer: [[[1, 1]], null] },
  { ok: false, message: "database is full" },
];

test.each([
  ["too few", { count: 3 }],
  ["too many", { count: 1 }],
  ["one that is not there", { others: [] }],
  ["one left over", (others: readonly unknown[]) => ({ others: [...others, ...others] })],
  ["a torn end", { cells: packResults(requests, results).cells.slice(0, 4) }],
] as const)("a message with %s is refused", (_, change) => {
  const spoilt = <T extends { others: readonly unknown[] }>(packed: T) => {
    return { ...packed, ...(typeof change === "function" ? change(packed.others) : change) } as T;
  };
  expect(() => unpackResults(spoilt(packResults(requests, results)))).toThrow(
    /message of the store/,
  );
  if ("cells" in change) return;
  expect(() => unpack(spoilt(pack(requests)))).toThrow(/message of the store/);
});
