/** The log of a process of its own, as it is found when that has ended. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

const module = JSON.stringify(new URL("./logger.ts", import.meta.url).href);

function linesOf(program: string): Record<string, unknown>[] {
  const source = `
    const { makeLogger } = await import(${module});
    const log = makeLogger("info", process.stdout.fd);
    ${program}`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", source], {
    encoding: "utf8",
  });
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const count = 2000;
const say = `for (let n = 0; n < ${count}; n += 1) log.info({ n }, "said");`;
const all = Array.from({ length: count }, (_, n) => n);

test("each line has its level, its time and what was said", () => {
  const [line] = linesOf('log.debug({}, "not asked for"); log.warn({ n: 1 }, "said");');
  expect(line).toEqual({ level: 40, time: expect.any(String), n: 1, msg: "said" });
  expect(Math.abs(Date.parse(String(line?.time)) - Date.now())).toBeLessThan(60_000);
});

test("what was said before the process ends is written: when nothing is left to do", () => {
  expect(linesOf(say).map(({ n }) => n)).toEqual(all);
});

test("… when it is told to exit, in the middle of a turn", () => {
  expect(linesOf(`${say} process.exit(1);`).map(({ n }) => n)).toEqual(all);
});

test("… and when an error that nobody catches ends it", () => {
  const program = `await new Promise(setImmediate); ${say} throw new Error("nobody catches it");`;
  expect(linesOf(program).map(({ n }) => n)).toEqual(all);
});

test("lines of later turns come after those of earlier ones", () => {
  const program = `
    log.info({ n: 0 }, "said");
    setImmediate(() => { log.info({ n: 1 }, "said"); setTimeout(() => log.info({ n: 2 }, "said"), 1); });`;
  expect(linesOf(program).map(({ n }) => n)).toEqual([0, 1, 2]);
});
