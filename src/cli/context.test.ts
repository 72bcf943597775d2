import { describe, expect, it } from "vitest";
import { readPort, table } from "./context.ts";

describe("table", () => {
  it("aligns its columns and ends no line with spaces", () => {
    expect(table([["ok", "a", "b"], ["FAIL", "long", ""], ["ok"]])).toEqual([
      "ok    a     b",
      "FAIL  long",
      "ok",
    ]);
    expect(table([])).toEqual([]);
  });

  it("wraps the last column under itself, words whole", () => {
    const says = "a sentence that goes on beyond the edge of the terminal https://a.very.long.name";
    expect(table([["warn", "pbx", says]], 42)).toEqual([
      "warn  pbx  a sentence that goes on beyond",
      "           the edge of the terminal",
      "           https://a.very.long.name",
    ]);
  });

  it("gives the last column room on the narrowest terminal", () => {
    const [first] = table([["x".repeat(20), "one two three four five six seven"]], 10);
    expect(first).toBe(`${"x".repeat(20)}  one two three four five six`);
  });
});

describe("readPort", () => {
  it.each([
    ["0", 0],
    ["65535", 65_535],
  ])("takes %s", (text, port) => {
    expect(readPort(text)).toBe(port);
  });
  it.each(["", "-1", "65536", "1.5", "0x1", "80 "])("refuses %j", (text) => {
    expect(() => readPort(text)).toThrow("Expected a port from 0 to 65535.");
  });
});
