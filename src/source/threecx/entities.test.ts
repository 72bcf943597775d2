/** Which of a leg's answers is believed, and of which time. */
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../simulator/virtualClock.ts";
import { Entities, type LegAddress } from "./entities.ts";
import { defaultLimits as limits } from "./limits.ts";
import { ReleaseQueue } from "./release.ts";
import type { RestAnswer } from "./rest.ts";

const address: LegAddress = { legId: "101/5", dn: "101", id: 5 };
const there = { kind: "answer", body: { id: 5 } } as unknown as RestAnswer;
const gone = { kind: "failed", status: 404 } as unknown as RestAnswer;

type Answer = readonly [afterMs: number, answer: RestAnswer];

/** The leg is asked for; each answer comes after so long. */
const asked = (...answers: readonly Answer[]) => heard([0], answers);

/** Upserts of one leg come after so long; until the first answer is told. */
async function heard(upsertsAfterMs: readonly number[], answers: readonly Answer[]) {
  const clock = new VirtualClock();
  const startAt = clock.now();
  const queue = new ReleaseQueue(clock, limits.holdMsMax);
  const told: (readonly [RestAnswer, number])[] = [];
  let questions = 0;
  let heardAfterMs = Number.NaN;
  let moment = 0;
  const get = async () => {
    const [afterMs, answer] = answers[questions++] ?? [0, gone];
    await new Promise<void>((resolve) => clock.after(afterMs, resolve));
    return answer;
  };
  await clock.run(
    new Promise<void>((resolve) => {
      const onAnswer = (_: LegAddress, answer: RestAnswer, at: number, heardAt: number) => {
        told.push([answer, at]);
        heardAfterMs = heardAt - startAt;
        resolve();
      };
      const next = () => ++moment;
      const entities = new Entities({ clock, limits, queue, get, moment: next, onAnswer });
      for (const afterMs of upsertsAfterMs) clock.after(afterMs, () => entities.upsert(address));
    }),
  );
  return { told, questions, heardAfterMs };
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

  it("is of the time of its Upsert, however long it takes", async () => {
    expect((await asked([400, there])).heardAfterMs).toBe(0);
  });

  it("is of the last Upsert before it: what that tells of may be in it", async () => {
    const { told, heardAfterMs } = await heard([0, 100, 450], [[400, there]]);
    expect([told, heardAfterMs]).toEqual([[[there, 1]], 100]);
  });
});
