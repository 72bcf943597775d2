import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { publicNumber } from "./number.ts";

describe("publicNumber", () => {
  it.each([
    ["+420774852629", "420774852629"],
    ["420774852629", "420774852629"],
    ["++420", "+420"],
    [" +420774852629\t", "420774852629"],
    ["00420774852629", "00420774852629"],
    ["*72", "*72"],
    ["", "anonymous"],
    ["  ", "anonymous"],
    ["+", "anonymous"],
    ["Anonymous", "anonymous"],
    ["UNKNOWN", "anonymous"],
    ["withheld", "anonymous"],
    ["Private", "anonymous"],
    ["restricted", "anonymous"],
    ["Unavailable", "anonymous"],
    ["BLOCKED", "anonymous"],
    ["anonymous@anonymous.invalid", "anonymous"],
    ["sip:Anonymous@anonymous.invalid", "anonymous"],
    ["sips:restricted@10.0.0.1", "anonymous"],
    ["Unavailable@unknown.invalid", "anonymous"],
    ["c8Oqz84zk7z@Anonymous.Invalid", "anonymous"],
    ["anonymous@", "anonymous"],
    ["@pbx.example", "anonymous"],
    ["private-line-7", "private-line-7"],
    ["unknown.caller@example.com", "unknown.caller@example.com"],
    ["420774852629@anonymous.example", "420774852629@anonymous.example"],
  ])("%j is sent as %j", (given, sent) => {
    expect(publicNumber(given)).toBe(sent);
  });

  it("sends digits as they are, with or without a plus", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9*#]{1,20}$/), (digits) => {
        expect(publicNumber(digits)).toBe(digits);
        expect(publicNumber(`+${digits}`)).toBe(digits);
      }),
    );
  });
});
