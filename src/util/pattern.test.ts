import { describe, expect, it } from "vitest";
import { compilePattern, PATTERN_CHARS_MAX, SUBJECT_CHARS_MAX } from "./pattern.ts";

const found = (source: string, text: string) => compilePattern(source).foundIn(text);

describe("compilePattern", () => {
  it("finds what a regular expression finds, anywhere unless it says where", () => {
    expect(found("^(420|421)", "420777000001")).toBe(true);
    expect(found("^(420|421)", "49420")).toBe(false);
    expect(found("777", "420777000001")).toBe(true);
    expect(found("^anonymous$", "anonymous")).toBe(true);
    expect(found("(?i)^ANON", "anonymous")).toBe(true);
    expect(found("^\\d{9,}$", "420777000001")).toBe(true);
  });

  it.each([
    ["^(a+)+$", "a".repeat(SUBJECT_CHARS_MAX - 1)],
    ["^(\\d|\\d\\d|\\d?)*x$", "1".repeat(SUBJECT_CHARS_MAX - 1)],
    ["(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x", "1".repeat(SUBJECT_CHARS_MAX - 1)],
    [`(${"a?".repeat(60)})${"a".repeat(60)}b`, "a".repeat(SUBJECT_CHARS_MAX - 1)],
  ])("%s, over which a backtracking engine hangs, ends", (source, text) => {
    expect(found(source, `${text}y`)).toBe(false);
  });

  it.each([
    "[",
    "(a",
    "(?=a)",
    "(a)\\1",
    "((a{100}){100}){100}",
    "(".repeat(PATTERN_CHARS_MAX / 2) + "*".repeat(PATTERN_CHARS_MAX / 2),
    "x".repeat(PATTERN_CHARS_MAX + 1),
  ])("refuses %s with a reason", (source) => {
    expect(() => compilePattern(source)).toThrow(/./);
  });

  it("looks at no more of a text than its limit", () => {
    expect(found("x$", `${"a".repeat(SUBJECT_CHARS_MAX)}x`)).toBe(false);
  });
});
