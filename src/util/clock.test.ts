/** Time that runs on steadily, whatever is done to the wall clock. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { steadyClock, timeBaseOf } from "./clock.ts";

afterEach(() => {
  vi.useRealTimers();
});

const hourMs = 3_600_000;

describe("the clock", () => {
  it.each([
    ["forwards", hourMs],
    ["backwards", -hourMs],
  ])("runs on as before when the wall clock jumps %s", (_way, jumpMs) => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const clock = steadyClock();
    const beganAt = clock.now();
    vi.advanceTimersByTime(2_000);
    vi.setSystemTime(Date.now() + jumpMs);
    vi.advanceTimersByTime(3_000);
    expect(clock.now() - beganAt).toBe(5_000);
  });
});

describe("what times count from", () => {
  const fileOf = (text: string) => {
    const file = join(mkdtempSync(join(tmpdir(), "offhook-boot-")), "boot_id");
    writeFileSync(file, text);
    return file;
  };

  it("differs between two clocks of one boot by how far the wall clock has jumped between them", () => {
    const file = fileOf("a-boot\n");
    const before = timeBaseOf(steadyClock(), file);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + hourMs);
    const after = timeBaseOf(steadyClock(), file);
    expect([before?.bootId, after?.bootId]).toEqual(["a-boot", "a-boot"]);
    expect(Math.abs((after?.zeroAt ?? 0) - (before?.zeroAt ?? 0) - hourMs)).toBeLessThan(1_000);
  });

  it("is not known where the machine does not name its boot", () => {
    expect(timeBaseOf(steadyClock(), fileOf("\n"))).toBeNull();
    expect(timeBaseOf(steadyClock(), "/nowhere/boot_id")).toBeNull();
  });
});
