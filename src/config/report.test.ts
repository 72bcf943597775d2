import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Problem } from "./config.ts";
import { countProblems, formatProblems, PROBLEMS_SHOWN_MAX } from "./report.ts";
import { secret } from "./secret.ts";

const problem = (changes: Partial<Problem>): Problem => ({
  severity: "error",
  file: "/etc/x.ini",
  line: 7,
  key: "POST",
  found: '"maybe"',
  expected: "1 or 0",
  ...changes,
});

describe("formatProblems", () => {
  it("is in columns, errors first, then by line", () => {
    const problems = [
      problem({ severity: "warning", line: 2, key: "PBOX", found: "x", expected: "y" }),
      problem({ line: 12 }),
      problem({ line: 0, key: "WEBHOOK_URL", found: "nothing", expected: "a URL" }),
    ];
    expect(formatProblems(problems)).toBe(
      [
        "error    /etc/x.ini     WEBHOOK_URL  found nothing, expected a URL",
        'error    /etc/x.ini:12  POST         found "maybe", expected 1 or 0',
        "warning  /etc/x.ini:2   PBOX         found x, expected y",
      ].join("\n"),
    );
    expect(countProblems(problems)).toBe("2 errors, 1 warning");
    expect([formatProblems([]), countProblems([])]).toEqual(["", "no problems"]);
  });

  it("shows a limited number, and nothing that moves a terminal's cursor", () => {
    const many = Array.from({ length: PROBLEMS_SHOWN_MAX + 3 }, () =>
      problem({ found: "a\u001b[2J\nb" }),
    );
    const lines = formatProblems(many).split("\n");
    expect(lines).toHaveLength(PROBLEMS_SHOWN_MAX + 1);
    expect(lines.at(-1)).toBe("… and 3 more");
    expect(lines[0]).toContain("found a\ufffd[2J\ufffdb,");
  });
});

describe("secret", () => {
  it("never prints, and reveals", () => {
    const value = secret("hunter2");
    const shown = [
      JSON.stringify({ value }),
      String(value),
      `${value}`,
      inspect({ value }, { depth: 9 }),
    ];
    expect(shown.join()).not.toContain("hunter2");
    expect(shown[0]).toBe('{"value":"***"}');
    expect(Object.values(value)).toEqual([]);
    expect(value.reveal()).toBe("hunter2");
  });
});
