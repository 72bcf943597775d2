import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const run = promisify(execFile);
const fuzz = (...args: string[]) => run(process.execPath, ["test/fuzz/fuzz.ts", ...args]);

describe("the command line of a long run", () => {
  it("--help tells what there is", async () => {
    const { stdout } = await fuzz("--help");
    expect(stdout).toMatch(/^Plays many cases .*npm run fuzz -- --cases 1000000/s);
    expect(stdout).not.toContain("*");
  });

  it.each([
    [["--cases", "many"], 'Expected --cases to be a whole number from 1 on, got "many".'],
    [["--cases", ""], 'Expected --cases to be a whole number from 1 on, got "".'],
    [["--from", "-1"], "Option '--from' argument is ambiguous."],
    [["--from=-1"], 'Expected --from to be a whole number from 0 on, got "-1".'],
    [["--case", "1"], "Unknown option '--case'"],
    [["--target", "moon"], "Expected --target to be one of "],
  ])("%j is refused with the usage", async (args, text) => {
    const failed = await fuzz(...args).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 2, stdout: "" });
    expect(failed).toMatchObject({ stderr: expect.stringContaining(text) });
    expect(failed).toMatchObject({ stderr: expect.stringContaining("npm run fuzz -- --cases") });
  });

  it("does what was said", async () => {
    const { stdout } = await fuzz("--cases", "7", "--target", "retry-after");
    expect(stdout).toContain("7 cases");
  });
});
