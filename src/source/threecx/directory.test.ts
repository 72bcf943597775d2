/** What the directory says of queues and ring groups. */
import { describe, expect, it } from "vitest";
import { makeDirectory } from "./directory.ts";

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
