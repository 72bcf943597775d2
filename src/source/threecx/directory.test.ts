/** What the directory says of own DIDs, queues and ring groups. */
import { describe, expect, it } from "vitest";
import { makeDirectory } from "./directory.ts";

describe("an own DID", () => {
  it.each([
    ["+4512345678", "12345678"],
    ["+4315321234", "015321234"],
    ["+4315321234", "00431 5321234"],
    ["5550100", "15550100"],
    ["420222000150", "0222000150"],
    ["150", "150"],
  ])("%s is one dialled as %s", (own, dialled) => {
    const directory = makeDirectory({ Trunks: [{ Number: "10007", DidNumbers: [own] }] });
    expect(directory.isOwnDid(dialled)).toBe(true);
  });

  it.each([
    ["+4512345678", "87654321"],
    ["+4512345678", "345678"],
    ["+4512345678", ""],
    ["00000000", "0000000"],
    ["150", "420777000150"],
    ["main", "anonymous"],
  ])("%s is none dialled as %j", (own, dialled) => {
    const directory = makeDirectory({ Trunks: [{ Number: "10007", DidNumbers: [own] }] });
    expect(directory.isOwnDid(dialled)).toBe(false);
  });
});

describe("callbacks and phones", () => {
  it("are offered by queues with a time for it", () => {
    const queue = (number: string, afterS?: number) => ({
      Number: number,
      CallbackEnableTime: afterS,
    });
    const Queues = [queue("800", 30), queue("801", -1), queue("802", 0), queue("803"), queue("")];
    expect(makeDirectory({ Queues }).callbackQueues).toEqual(["800", "802"]);
  });

  it("are rung for by queues and ring groups for their time, where that is one", () => {
    const { ringMs } = makeDirectory({
      Queues: [
        { Number: "800", RingTimeout: 20 },
        { Number: "801", RingTimeout: 0 },
        { Number: "802", RingTimeout: "soon" },
        { Number: "", RingTimeout: 20 },
      ],
      RingGroups: [{ Number: "820", RingTime: 15 }, { Number: "821" }],
    });
    expect(ringMs).toEqual([
      ["800", 20_000],
      ["820", 15_000],
    ]);
  });
});
