import { expect, test } from "vitest";
import { OutboxError } from "../outbox.ts";
import { type PackedResults, packResults } from "./packing.ts";
import { Unanswered } from "./unanswered.ts";
import type { Request, Result } from "./wire.ts";

const probes = (count: number): Request[] =>
  Array.from({ length: count }, () => ({ operation: "probe", time: "now" }));

/** So many are asked; `told` is what each was told in the end. */
function asking(count: number) {
  const unanswered = new Unanswered();
  const told: unknown[] = Array.from({ length: count }, () => "waits");
  const asked = probes(count).map((request, index) => {
    const note = (said: unknown) => {
      told[index] = said;
    };
    return { request, resolve: note, reject: note };
  });
  unanswered.add(asked);
  return { unanswered, told };
}

const answers = (...numbers: readonly number[]): PackedResults =>
  packResults(
    probes(numbers.length),
    numbers.map((answer): Result => ({ ok: true, answer })),
  );

test("each is told its own answer, in whatever messages they come", () => {
  const { unanswered, told } = asking(4);
  unanswered.take(answers(1));
  const full: Result = { ok: false, message: "database or disk is full" };
  unanswered.take(packResults(probes(2), [full, { ok: true, answer: null }]));
  expect(told).toEqual([1, expect.any(OutboxError), null, "waits"]);
  expect(String(told[1])).toContain("The store did not take probe: database or disk is full.");
  expect(unanswered.count).toBe(1);
});

test.each([
  ["an answer too few", { ...answers(1), count: 2 }, 2],
  ["an answer too many", { ...answers(1, 2, 3), count: 2 }, 2],
  ["an answer that is lost on its way", { ...answers(1, 2), others: answers(1).others }, 2],
  ["more answers than were asked", answers(1, 2, 3, 4, 5), 4],
])("%s fails all that the message speaks of, and nothing else", (_, message, failed) => {
  const { unanswered, told } = asking(4);
  expect(() => unanswered.take(message)).toThrow(/did not answer what was asked: Expected/);
  expect(told.map((each) => each instanceof OutboxError)).toEqual(told.map((_, at) => at < failed));
  expect(told.slice(failed)).toEqual(told.slice(failed).map(() => "waits"));
  if (failed === 4) return;
  unanswered.take(answers(7, 8));
  expect(told.slice(2)).toEqual([7, 8]);
});

test("what still waits when the thread has ended is told so, once", () => {
  const { unanswered, told } = asking(2);
  unanswered.take(answers(1));
  const gone = new OutboxError("failed", "gone");
  unanswered.rejectAll(gone);
  expect(told).toEqual([1, gone]);
  expect(unanswered.count).toBe(0);
});
