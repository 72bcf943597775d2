/** Call-history ids, as seen in logs of several versions. */
import { describe, expect, it } from "vitest";
import { parseHistoryId } from "./historyId.ts";

describe("call-history ids", () => {
  it.each([
    ["00000000-01dc-27dd-cc8a-799100000029", "2025-09-17T14:17:28.715Z", 41],
    ["00000000-01dc-27f5-3c43-81de0000002d", "2025-09-17T17:05:14.580Z", 45],
    ["{00000000-01DC-27FA-D1EB-64B00000002E}", "2025-09-17T17:45:13.144Z", 46],
    ["00000000-01dc-27fc-0bdb-88fd0000002f", "2025-09-17T17:53:59.845Z", 47],
    ["00000C21DE5C2470_6531", "2023-09-19T13:33:54.672Z", 6531],
    ["4cc2c72490010000_26808", "2024-06-17T05:59:49.580Z", 26808],
  ])("reads %s", (text, startedAt, callNumber) => {
    expect(parseHistoryId(text)).toEqual({ startedAt: Date.parse(startedAt), callNumber });
  });

  it.each(["", "77", "00000000-0000-0000-0000-000000000000", "0000000000000000_1", "x_y"])(
    "does not read %j",
    (text) => expect(parseHistoryId(text)).toBeNull(),
  );
});
