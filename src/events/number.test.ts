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
    ["private-line-7", "private-line-7"],
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
