/** A bounded number of seeds of the simulation; `npm run soak` plays many. A failure prints its seed and a short scene. */
import { describe, expect, it } from "vitest";
import { failureText } from "./failure.ts";
import { type FaultName, faultNames } from "./setting.ts";
import { shrink } from "./shrink.ts";
import { situationNames } from "./situations.ts";
import { summaryOf, Tally } from "./tally.ts";
import { outcomeFaults } from "./verdict.ts";
import { playSeed, type SeedOptions } from "./world.ts";

const calls = 40;

async function play(from: number, seeds: number, options: SeedOptions): Promise<Tally> {
  const tally = new Tally();
  for (let seed = from; seed < from + seeds; seed += 1) {
    const outcome = await playSeed(seed, options);
    tally.add(summaryOf(outcome));
    if (outcomeFaults(outcome) > 0) throw new Error(failureText(await shrink(seed, options)));
  }
  return tally;
}

const scene = (faults: readonly FaultName[], transfers: boolean): SeedOptions => ({
  calls,
  faults,
  swarm: true,
  transfers,
  situations: [],
  only: null,
  trail: false,
});

describe("every webhook is the one that was due", () => {
  it("for calls without faults", async () => {
    const tally = await play(1, 12, scene([], false));
    expect(tally.wrong).toBe(0);
    expect(tally.webhooks).toBeGreaterThan(1_000);
  });

  it("for calls that are handed over", async () => {
    const tally = await play(2001, 12, scene([], true));
    expect(tally.wrong).toBe(0);
    expect(tally.webhooks).toBeGreaterThan(1_000);
  });

  it("for situations beyond the ordinary day", async () => {
    const tally = await play(4001, 24, { ...scene([], true), situations: situationNames });
    expect(tally.wrong).toBe(0);
    expect(tally.webhooks).toBeGreaterThan(1_000);
  });

  it("for faults on the wire", async () => {
    const wire = faultNames.filter((name) => !["pbxRestarts", "clockSteps"].includes(name));
    const tally = await play(3001, 14, scene(wire, true));
    expect(tally.wrong).toBe(0);
    expect([...tally.struck.keys()].length).toBeGreaterThan(8);
  });
});

describe("the simulation", () => {
  it("plays a seed the same way twice", async () => {
    const options = scene(faultNames, true);
    const text = async () => {
      const { verdicts } = await playSeed(7, options);
      return JSON.stringify(verdicts.map(({ got, due, differences }) => [got, due, differences]));
    };
    const first = await text();
    // Called from the event loop, where Node's ticks go before promises, and from a promise.
    const fromLoop = new Promise((resolve) => setImmediate(() => void text().then(resolve)));
    expect(await fromLoop).toBe(first);
    expect(await text()).toBe(first);
  });

  it("notices a webhook that is left out, or that claims what was not", async () => {
    const { verdicts } = await playSeed(1, scene([], false));
    const { compare } = await import("./compare.ts");
    const verdict = verdicts.find(({ due, got }) => due.length > 2 && got.length === due.length);
    if (verdict === undefined) throw new Error("Expected a call with more than two webhooks.");
    const { got, expectation: all } = verdict;
    expect(compare(all, got)).toEqual([]);
    expect(compare(all, got.slice(0, -1)).map(({ fault }) => fault)).toEqual(["missing"]);
    expect(compare(all, got.slice(1)).map(({ fault }) => fault)).toContain("missing");
    const lying = got.map((each) => ({ ...each, fields: { ...each.fields, user: "999" } }));
    expect(compare(all, lying).map(({ fault }) => fault)).toContain("extra");
    const reversed = got.toReversed();
    expect(compare(all, reversed).map(({ fault }) => fault)).toContain("misordered");
  });
});
