import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { afterTrouble, type Breaker, HEALTHY, OPEN_AFTER_DELIVERIES } from "./breaker.ts";
import type { FailedStage, Outcome } from "./outcome.ts";
import {
  decide,
  FREE_RETRY_MS_MAX,
  FREE_RETRY_MS_MIN,
  RETRY_AFTER_MS_MAX,
  type Standing,
} from "./policy.ts";

const NOW = 1_800_000_000_000;
const SCHEDULE = { retryScheduleMs: [1000, 5000, 15_000] };

const status = fc.integer({ min: 200, max: 599 });
const stages: readonly FailedStage[] = [
  "request",
  "dns",
  "connect",
  "tls",
  "timeout",
  "reset",
  "protocol",
  "local",
];
const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    kind: fc.constant("refused" as const),
    status: fc.integer({ min: 300, max: 599 }),
    retryAfterAt: fc.option(fc.integer({ min: NOW, max: NOW + 10 * RETRY_AFTER_MS_MAX })),
    responseHead: fc.constant(""),
  }),
  fc.record({
    kind: fc.constant("failed" as const),
    stage: fc.constantFrom(...stages),
    message: fc.constant("broken"),
  }),
  status
    .filter((each) => each < 300)
    .map((each) => ({ kind: "accepted" as const, status: each, responseHead: "" })),
);
const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function standing(changes: Partial<Standing> = {}): Standing {
  return {
    spent: 0,
    attempts: 1,
    triedBeforeAt: 0,
    endpointAliveAt: null,
    endpointDown: false,
    ...changes,
  };
}

const refused = (code: number, retryAfterAt: number | null = null): Outcome => ({
  kind: "refused",
  status: code,
  retryAfterAt,
  responseHead: "",
});

describe("decide", () => {
  test("every 2xx is delivered, whatever went before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 299 }), fc.nat({ max: 20 }), (code, spent) => {
        const accepted: Outcome = { kind: "accepted", status: code, responseHead: "" };
        const verdict = decide(accepted, standing({ spent }), SCHEDULE, NOW, 0.5);
        expect(verdict).toEqual({ kind: "delivered" });
      }),
    );
  });

  test("410 pauses the endpoint and uses up nothing", () => {
    const verdict = decide(refused(410), standing({ spent: 3 }), SCHEDULE, NOW, 0.5);
    expect(verdict).toMatchObject({ kind: "pauseEndpoint", spent: 3 });
  });

  test("every step lies within 20 % of the schedule", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 }), jitter, (spent, random) => {
        const verdict = decide(refused(404), standing({ spent }), SCHEDULE, NOW, random);
        const step = SCHEDULE.retryScheduleMs[spent] ?? 0;
        if (verdict.kind !== "retry") throw new Error("expected a retry");
        expect(verdict.spent).toBe(spent + 1);
        expect(verdict.dueAt - NOW).toBeGreaterThanOrEqual(step * 0.8);
        expect(verdict.dueAt - NOW).toBeLessThanOrEqual(step * 1.2);
      }),
    );
  });

  test("Retry-After makes it later, never earlier, and only up to its cap", () => {
    const due = (askedAt: number) => {
      const verdict = decide(refused(429, askedAt), standing(), SCHEDULE, NOW, 0.5);
      return verdict.kind === "retry" ? verdict.dueAt - NOW : null;
    };
    expect(due(NOW + 60_000)).toBe(60_000);
    expect(due(NOW)).toBe(1000);
    expect(due(NOW + 100 * RETRY_AFTER_MS_MAX)).toBe(RETRY_AFTER_MS_MAX);
  });

  test("the attempt after the last step is the last one", () => {
    expect(decide(refused(404), standing({ spent: 3 }), SCHEDULE, NOW, 0.5)).toEqual({
      kind: "dead",
      reason: "all 4 attempts used up",
    });
  });

  test("without a sign of life since the attempt before nothing dies of the endpoint's trouble", () => {
    const last = standing({ spent: 3, attempts: 9, triedBeforeAt: NOW - 1000 });
    const verdict = (endpointAliveAt: number | null) =>
      decide(refused(500), { ...last, endpointAliveAt }, SCHEDULE, NOW, 0.5);
    expect(verdict(null)).toEqual({ kind: "retry", spent: 3, dueAt: NOW + 256_000 });
    expect(verdict(NOW - 2000).kind).toBe("retry");
    expect(verdict(NOW - 500).kind).toBe("dead");
  });

  test("what uses up nothing is repeated ever more seldom, up to a limit", () => {
    const local: Outcome = { kind: "failed", stage: "local", message: "no name server" };
    const waits = [1, 2, 3, 8, 9, 10, 1000].map((attempts) => {
      const verdict = decide(local, standing({ attempts, spent: 2 }), SCHEDULE, NOW, 0.5);
      return verdict.kind === "retry" && verdict.spent === 2 ? verdict.dueAt - NOW : null;
    });
    const last = FREE_RETRY_MS_MAX;
    expect(waits).toEqual([1000, 2000, 4000, 128_000, 256_000, last, last]);
  });

  test("a fault of ours and an endpoint that is down use up nothing and are not hurried", () => {
    fc.assert(
      fc.property(anyOutcome, fc.nat({ max: 4 }), jitter, (outcome, spent, random) => {
        const ours = outcome.kind === "failed" && ["local", "request"].includes(outcome.stage);
        const trouble =
          outcome.kind === "failed" || (outcome.kind === "refused" && outcome.status >= 500);
        fc.pre(ours || trouble);
        const hurried = { retryScheduleMs: [0, 0, 0] };
        const down = standing({ spent, endpointDown: !ours });
        const verdict = decide(outcome, down, hurried, NOW, random);
        if (verdict.kind !== "retry") throw new Error("expected a retry");
        expect(verdict.spent).toBe(spent);
        expect(verdict.dueAt - NOW).toBeGreaterThanOrEqual(FREE_RETRY_MS_MIN * 0.8);
      }),
    );
  });
});

describe("breaker", () => {
  const fail = (breaker: Breaker, deliveryId: number, now: number) =>
    afterTrouble(breaker, { deliveryId, firstStepMs: 1000, cause: "endpoint" }, now, 0.5);

  test("one event alone never opens it", () => {
    let breaker = HEALTHY;
    for (let minute = 0; minute < 1000; minute += 1) breaker = fail(breaker, 7, minute * 60_000);
    expect(breaker.state).toBe("closed");
  });

  test("a burst of bad luck does not open it, the same over a second does", () => {
    let breaker = HEALTHY;
    for (let id = 0; id < 100; id += 1) breaker = fail(breaker, id, NOW + id);
    expect(breaker.state).toBe("closed");
    expect(fail(breaker, 101, NOW + 1000).state).toBe("open");
  });

  test("probes go out at growing intervals up to the cap, none before its time", () => {
    let breaker: Breaker = HEALTHY;
    for (let id = 0; id < OPEN_AFTER_DELIVERIES; id += 1) {
      breaker = fail(breaker, id, NOW + id * 500);
    }
    const intervals: number[] = [];
    let now = NOW + 2000;
    while (breaker.state === "open" && intervals.length < 8) {
      expect(fail(breaker, 1, breaker.probeAt - 1)).toBe(breaker);
      intervals.push(breaker.probeAt - now);
      now = breaker.probeAt;
      breaker = fail(breaker, 1, now);
    }
    expect(intervals).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000]);
  });
});
