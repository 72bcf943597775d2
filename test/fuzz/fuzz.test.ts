/** A bounded run of every target, a repeated case, and that the targets can fail. `npm run fuzz` plays more. */
import { describe, expect, test } from "vitest";
import { play, sharesOf, TARGETS } from "./play.ts";
import { check, type Target } from "./target.ts";

const CASES = 31_500;
const SEED = 20_261_121;

describe("nothing falls", () => {
  const shares = sharesOf(CASES);
  test.each(TARGETS)("$name: $holds", async (target) => {
    const { failures, cases } = await play(target, SEED, 0, shares.get(target) ?? 0);
    expect(failures).toEqual([]);
    expect(cases).toBeGreaterThan(1000);
  });
});

test("a failure is found, told with its input, and repeated by its number", async () => {
  const target: Target = {
    name: "test",
    holds: "no draw is above 0.99",
    share: 1,
    run(chance, say) {
      const drawn = chance.next();
      say(drawn);
      check(drawn <= 0.99, "above");
    },
  };
  const { failures } = await play(target, SEED, 0, 5000);
  expect(failures.length).toBeGreaterThan(5);
  const [first] = failures;
  expect((await play(target, SEED, first?.index ?? -1, 1)).failures).toEqual([first]);
});
