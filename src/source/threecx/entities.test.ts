/** Which of a leg's answers is believed. */
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../simulator/virtualClock.ts";
import { Entities, type LegAddress } from "./entities.ts";
import { defaultLimits as limits } from "./limits.ts";
import { ReleaseQueue } from "./release.ts";
import type { RestAnswer } from "./rest.ts";

const address: LegAddress = { legId: "101/5", dn: "101", id: 5 };
const there = { kind: "answer", body: { id: 5 } } as unknown as RestAnswer;
const gone = { kind: "failed", status: 404 } as unknown as RestAnswer;

/** The leg is asked for; each answer comes after so long. */
async function asked(...answers: (readonly [afterMs: number, answer: RestAnswer])[]) {
  const clock = new VirtualClock();
  const queue = new ReleaseQueue(clock, limits.holdMsMax);
  const told: (readonly [RestAnswer, number])[] = [];
  let questions = 0;
  let moment = 0;
  const get = async () => {
    const [afterMs, answer] = answers[questions++] ?? [0, gone];
    await new Promise<void>((resolve) => clock.after(afterMs, resolve));
    return answer;
  };
  await clock.run(
    new Promise<void>((resolve) => {
      const onAnswer = (_: LegAddress, answer: RestAnswer, at: number) => {
        told.push([answer, at]);
        resolve();
      };
      const next = () => ++moment;
      new Entities({ clock, limits, queue, get, moment: next, onAnswer }).upsert(address);
    }),
  );
  return { told, questions };
}

describe("an answer about a leg", () => {
  it("is told as it came, if it came soon", async () => {
    const { told, questions } = await asked([limits.entityLateMs, there], [1, gone]);
    expect(told).toEqual([[there, 1]]);
    expect(questions).toBe(1);
  });

  it("that was long under way is asked for once more: what it says may be over since", async () => {
    const { told, questions } = await asked([limits.entityLateMs + 1, there], [1, gone]);
    expect(told).toEqual([[gone, 2]]);
    expect(questions).toBe(2);
  });

  it("is believed the second time, however long that takes", async () => {
    const { told, questions } = await asked([3_000, there], [3_000, there], [1, gone]);
    expect(told).toEqual([[there, 2]]);
    expect(questions).toBe(2);
  });
});
