import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPEN_AFTER_DELIVERIES } from "./breaker.ts";
import { Gate } from "./gate.ts";

const NOW = 1_800_000_000_000;
const RULES = { concurrency: 4, ratePerS: 0, rateBurst: 1 };

/** Down since NOW, learnt at NOW + 2000. */
function closedGate(): Gate {
  const gate = new Gate();
  for (let deliveryId = 0; deliveryId < OPEN_AFTER_DELIVERIES; deliveryId += 1) {
    const trouble = { deliveryId, firstStepMs: 1000, cause: "endpoint" } as const;
    gate.seeTrouble(trouble, NOW + deliveryId * 500, 0.5);
  }
  return gate;
}

describe("the gate", () => {
  test("lets as many in as the concurrency allows", () => {
    const gate = new Gate();
    for (let count = 0; count < 4; count += 1) {
      expect(gate.look(RULES, NOW).kind).toBe("pass");
      gate.enter();
    }
    expect(gate.look(RULES, NOW)).toEqual({ kind: "wait", until: null });
    gate.leave();
    expect(gate.look(RULES, NOW).kind).toBe("pass");
  });

  test("lets one probe in at a time while the endpoint is down", () => {
    const gate = closedGate();
    expect(gate.look(RULES, NOW + 2000)).toEqual({ kind: "wait", until: NOW + 3000 });
    expect(gate.look(RULES, NOW + 3000).kind).toBe("probe");
    gate.enter();
    expect(gate.look(RULES, NOW + 3000)).toEqual({ kind: "wait", until: null });
  });

  test("grows after an outage with each answer, and shrinks with each trouble", () => {
    const gate = closedGate();
    const most = () => {
      let count = 0;
      for (; gate.look(RULES, NOW + 9000).kind === "pass"; count += 1) gate.enter();
      for (let left = count; left > 0; left -= 1) gate.leave();
      return count;
    };
    expect(gate.seeLife(RULES, NOW + 3000)).toBe(true);
    expect(most()).toBe(1);
    expect(gate.seeLife(RULES, NOW + 3000)).toBe(false);
    gate.seeLife(RULES, NOW + 3000);
    expect(most()).toBe(3);
    gate.seeTrouble({ deliveryId: 1, firstStepMs: 1, cause: "endpoint" }, NOW + 3000, 0.5);
    expect(most()).toBe(1);
    for (let count = 0; count < 4; count += 1) gate.seeLife(RULES, NOW + 3000);
    expect(most()).toBe(4);
    gate.seeTrouble({ deliveryId: 1, firstStepMs: 1, cause: "endpoint" }, NOW + 3000, 0.5);
    expect(most()).toBe(4);
  });

  test("keeps to the rate over any stretch, burst apart, and wastes none of it", () => {
    const patience = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 60 });
    const rate = fc.constantFrom(0.1, 0.5, 1, 3, 7.7, 100);
    fc.assert(
      fc.property(patience, rate, fc.integer({ min: 1, max: 5 }), (waits, ratePerS, rateBurst) => {
        const rules = { concurrency: 1000, ratePerS, rateBurst };
        const gate = new Gate();
        const sent: number[] = [];
        let now = NOW;
        for (const wait of waits) {
          const look = gate.look(rules, now);
          if (look.kind === "pass") {
            gate.enter();
            sent.push(now);
          } else if (look.kind === "wait" && look.until !== null) {
            // It says when the next may go: not a moment later.
            expect(gate.look(rules, look.until).kind).toBe("pass");
            gate.enter();
            now = look.until;
            sent.push(now);
          }
          now += wait;
        }
        for (const [first, from] of sent.entries()) {
          for (const [last, to] of sent.entries()) {
            if (last < first) continue;
            const most = rateBurst + ((to - from) / 1000) * ratePerS;
            expect(last - first + 1).toBeLessThanOrEqual(most + 1e-3);
          }
        }
      }),
    );
  });

  test("what is known against an endpoint is forgotten when it is cleared", () => {
    const gate = closedGate();
    gate.pause({ since: NOW, reason: "gone" });
    gate.rest(NOW + 99_000, NOW);
    expect(gate.look(RULES, NOW + 5000)).toEqual({ kind: "wait", until: null });
    expect(gate.clear()).toBe(true);
    expect(gate.look(RULES, NOW + 5000).kind).toBe("pass");
    expect(gate.clear()).toBe(false);
  });
});
