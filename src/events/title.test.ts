import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ended, missed } from "../../test/support/callEvents.ts";
import { formatTalk } from "./duration.ts";
import type { EndedEvent } from "./event.ts";
import { titleOf } from "./title.ts";

const prague = { did: "PragueDID", callerid: "420774852629" } as const;
const queue = { ...prague, user: "804", userKind: "queue" } as const;

describe("titleOf", () => {
  it.each<[string, EndedEvent]>([
    ["PragueDID:Answered call from 420774852629 (0:07)", ended({ ...prague, talkMs: 7_999 })],
    ["Answered call from 420774852629 (75:03)", ended({ talkMs: 4_503_000 })],
    ["Answered call from 420774852629 (0:00)", ended({ talkMs: null })],
    ["PragueDID:Missed call by User 102 from 420774852629", missed(prague)],
    ["Missed call by User 102 from anonymous", missed({ callerid: "anonymous" })],
    ["PragueDID:Missed call by queue 804 from 420774852629", missed(queue)],
    [
      "PragueDID:Missed call by queue 804 from 420774852629 (callback requested)",
      missed({ ...queue, callbackRequested: true }),
    ],
    [
      "Missed call by User 102 from 420774852629",
      missed({ userKind: "extension", callbackRequested: true }),
    ],
    ["Missed call by IVR 800 from 420774852629", missed({ user: "800", userKind: "ivr" })],
    [
      "PragueDID:Missed call by ring group 820 from 420774852629",
      missed({ ...prague, user: "820", userKind: "ringgroup" }),
    ],
    ["Missed call by 950 from 420774852629", missed({ user: "950", userKind: "other" })],
    ["Successful call to 420774852629 (0:11)", ended({ direction: "outgoing", talkMs: 11_000 })],
    ["Unanswered call to 420774852629", missed({ direction: "outgoing" })],
  ])("%s", (title, event) => {
    expect(titleOf(event)).toBe(title);
  });
});

describe("formatTalk", () => {
  it("counts whole seconds, rounded down, minutes running on", () => {
    fc.assert(
      fc.property(fc.nat({ max: 400 * 3_600_000 }), fc.constantFrom(1, 2), (talkMs, digits) => {
        const text = formatTalk(talkMs, digits);
        const [minutes = "", seconds = ""] = text.split(":");
        expect(seconds).toMatch(/^[0-5][0-9]$/);
        expect(minutes.length).toBeGreaterThanOrEqual(digits);
        expect(Number(minutes) * 60 + Number(seconds)).toBe(Math.floor(talkMs / 1000));
      }),
    );
  });

  it.each([
    [59_999, 1, "0:59"],
    [60_000, 1, "1:00"],
    [6_000, 2, "00:06"],
    [6_003_000, 2, "100:03"],
    [null, 2, "00:00"],
    [-5, 1, "0:00"],
  ])("%s ms with %s minute digits is %s", (talkMs, digits, expected) => {
    expect(formatTalk(talkMs, digits)).toBe(expected);
  });
});
