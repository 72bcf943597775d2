/** Which of a leg's answers is believed, and of which time. */
import { describe, expect, it } from "vitest";
import { participant } from "../../../test/support/wirePbx.ts";
import { VirtualClock } from "../../simulator/virtualClock.ts";
import { Entities, type LegAddress, type LegAnswer } from "./entities.ts";
import { defaultLimits as limits } from "./limits.ts";
import { ReleaseQueue } from "./release.ts";

const address: LegAddress = { legId: "101/5", dn: "101", id: 5 };
const there: LegAnswer = { kind: "ok", wire: participant("101", 5) };
const talks: LegAnswer = {
  kind: "ok",
  wire: participant("101", 5, { status: "Connected" }),
};
const gone = { kind: "failed", status: 404 } as unknown as LegAnswer;

type Answer = readonly [afterMs: number, answer: LegAnswer];

const never = 1_000_000;

/** A leg that may be asked for; each answer comes after so long. */
function rig(answers: readonly Answer[]) {
  const clock = new VirtualClock();
  const startAt = clock.now();
  const queue = new ReleaseQueue(clock, limits.holdMsMax);
  const told: (readonly [LegAnswer, number])[] = [];
  const heardAfterMs: number[] = [];
  let questions = 0;
  let moment = 0;
  const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  let open = 0;
  let openMax = 0;
  const get = async () => {
    const [afterMs, answer] = answers[questions++] ?? [0, gone];
    open += 1;
    openMax = Math.max(openMax, open);
    await wait(afterMs);
    open -= 1;
    return answer;
  };
  const onAnswer = (_: LegAddress, answer: LegAnswer, at: number, heardAt: number) => {
    told.push([answer, at]);
    heardAfterMs.push(heardAt - startAt);
  };
  const next = () => ++moment;
  const entities = new Entities({ clock, limits, queue, get, moment: next, onAnswer });
  const pass = (ms: number) => clock.run(wait(ms));
  const counts = { questions: () => questions, openMax: () => openMax };
  return { clock, entities, told, heardAfterMs, pass, ...counts };
}

const asked = (...answers: readonly Answer[]) => heard([0], answers);

/** Upserts of one leg come after so long. */
async function heard(upsertsAfterMs: readonly number[], answers: readonly Answer[]) {
  const { clock, entities, told, heardAfterMs, pass, questions } = rig(answers);
  for (const afterMs of upsertsAfterMs) clock.after(afterMs, () => entities.upsert(address));
  await pass(10_000);
  return { told, questions: questions(), heardAfterMs: heardAfterMs[0] };
}

describe("an answer about a leg", () => {
  it("is told as it came, if it came soon", async () => {
    const { told, questions } = await asked([limits.entityLateMs, there], [1, gone]);
    expect(told).toEqual([[there, 1]]);
    expect(questions).toBe(1);
  });

  it("that is long under way is asked for once more, and stands if it comes first", async () => {
    const { told, questions } = await asked([limits.entityLateMs + 100, there], [3_000, gone]);
    expect(told).toEqual([[there, 1]]);
    expect(questions).toBe(2);
  });

  it("that is long under way may be over if the leg was spoken of since: the second time tells", async () => {
    const { told, questions } = await heard(
      [0, 100],
      [
        [3_000, there],
        [3_000, talks],
        [1, gone],
      ],
    );
    expect(told).toEqual([
      [talks, 2],
      [gone, 3],
    ]);
    expect(questions).toBe(3);
  });

  it("that fails after long is believed the second time, however long that takes", async () => {
    const { told, questions } = await asked([600, gone], [3_000, there], [1, gone]);
    expect(told).toEqual([[there, 2]]);
    expect(questions).toBe(2);
  });

  it("is asked for once more only as there is room: both count among those asked at once", async () => {
    const slowMs = limits.entityLateMs + 100;
    const many = 2 * limits.entityGetsMax;
    const { entities, told, pass, questions, openMax } = rig(
      Array.from({ length: 2 * many }, () => [slowMs, there] as const),
    );
    for (let id = 1; id <= many; id++) entities.upsert({ legId: `101/${id}`, dn: "101", id });
    await pass(3 * slowMs);
    expect([told.length, questions(), openMax()]).toEqual([many, many, limits.entityGetsMax]);
  });

  it("that never comes is asked for once more as soon as there is room", async () => {
    const { entities, told, pass, openMax } = rig([
      [never, there],
      ...Array.from({ length: limits.entityGetsMax - 1 }, () => [600, there] as const),
      [1, talks],
    ]);
    for (let id = 1; id <= limits.entityGetsMax; id++)
      entities.upsert({ legId: `101/${id}`, dn: "101", id });
    await pass(990);
    expect(told).toHaveLength(limits.entityGetsMax - 1);
    await pass(20);
    expect(told.at(-1)?.[0]).toEqual(talks);
    expect(openMax()).toBe(limits.entityGetsMax);
  });

  it("that never comes holds up no later one", async () => {
    const { entities, told, pass, questions } = rig([
      [never, there],
      [1, there],
      [1, talks],
    ]);
    entities.upsert(address);
    await pass(3_000);
    expect(told).toEqual([[there, 2]]);
    entities.upsert(address);
    await pass(10);
    expect(told.slice(1)).toEqual([[talks, 3]]);
    expect(questions()).toBe(3);
  });

  it("that is the only one from before the removal tells what the leg was", async () => {
    const late = limits.entityLateMs + 100;
    const { entities, told, pass } = rig([
      [late, there],
      [late, gone],
    ]);
    entities.upsert(address);
    await pass(late - 50);
    entities.removed(address.legId);
    await pass(2 * late);
    expect(told).toEqual([[there, 1]]);
  });

  it("is not asked for again once the leg is removed", async () => {
    const { entities, told, pass, questions } = rig([[2_000, there]]);
    entities.upsert(address);
    await pass(100);
    entities.removed(address.legId);
    await pass(3_000);
    expect(told).toEqual([[there, 1]]);
    expect(questions()).toBe(1);
  });

  it("is of the time of its Upsert, however long it takes", async () => {
    expect((await asked([400, there])).heardAfterMs).toBe(0);
  });

  it("is of the last Upsert before it: what that tells of may be in it", async () => {
    const { told, heardAfterMs } = await heard([0, 100, 450], [[400, there]]);
    expect([told[0], heardAfterMs]).toEqual([[there, 1], 100]);
  });

  it("that it is missing tells nothing if it was spoken of since: the next answer does", async () => {
    const missing: LegAnswer = { kind: "missing" };
    const { told } = await heard(
      [0, 50],
      [
        [100, missing],
        [100, there],
      ],
    );
    expect(told).toEqual([[there, 2]]);
    const last = await heard(
      [0, 50],
      [
        [100, there],
        [100, missing],
      ],
    );
    expect(last.told).toEqual([
      [there, 1],
      [missing, 2],
    ]);
  });
});
