import { describe, expect, it } from "vitest";
import type { Turn } from "./turn.ts";
import { TurnTable } from "./turnTable.ts";

const turnOf = (callNumber: number) => ({ call: { callNumber } }) as Turn;

describe("the turns of a step", () => {
  it("one alone is found by its number only, and taken out again", () => {
    const table = new TurnTable();
    const one = turnOf(1);
    expect(table.get(1)).toBeUndefined();
    table.add(one);
    expect(table.get(1)).toBe(one);
    expect(table.get(2)).toBeUndefined();
    table.delete(1);
    expect(table.get(1)).toBeUndefined();
    expect(table.list()).toEqual([]);
  });

  it("several are found each by its number, and come in their order without what was taken out", () => {
    const table = new TurnTable();
    const [one, two, three] = [turnOf(1), turnOf(2), turnOf(3)];
    for (const turn of [three, one, two]) table.add(turn);
    expect(table.get(1)).toBe(one);
    table.delete(1);
    expect(table.get(1)).toBeUndefined();
    expect(table.list()).toEqual([three, two]);
  });
});
