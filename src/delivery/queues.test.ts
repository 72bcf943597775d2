import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Agenda, Alarms, type Sleeper } from "./queues.ts";

describe("an agenda", () => {
  test("gives back what was put in, by time", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 })), (times) => {
        const agenda = new Agenda<number>();
        for (const at of times) agenda.add(at, at);
        agenda.keep(({ at }) => at % 3 !== 0);
        const taken: number[] = [];
        for (let next = agenda.take(); next !== null; next = agenda.take()) taken.push(next.at);
        expect(taken).toEqual(times.filter((at) => at % 3 !== 0).sort((a, b) => a - b));
      }),
    );
  });
});

describe("alarms", () => {
  test("ring once each at the time last set, however often they were set or called off", () => {
    const act = fc.record({
      who: fc.nat({ max: 4 }),
      at: fc.option(fc.integer({ min: 1, max: 40 })),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 400 }), (acts) => {
        const alarms = new Alarms<Sleeper & { who: number }>();
        const sleepers = [0, 1, 2, 3, 4].map((who) => ({ who, wakeAt: null }));
        const wanted = new Map<number, number>();
        for (const { who, at } of acts) {
          const sleeper = sleepers[who];
          if (sleeper === undefined) continue;
          if (at === null) alarms.cancel(sleeper);
          else alarms.set(sleeper, at);
          if (at === null) wanted.delete(who);
          else wanted.set(who, at);
        }
        const inTime = [...wanted.values()].sort((a, b) => a - b);
        const rung: number[] = [];
        for (let at = alarms.nextAt; at !== null; at = alarms.nextAt) {
          expect(alarms.takeDue(at - 1)).toBeNull();
          const sleeper = alarms.takeDue(at);
          expect(sleeper && wanted.get(sleeper.who)).toBe(at);
          rung.push(at);
        }
        expect(rung).toEqual(inTime);
      }),
    );
  });
});
