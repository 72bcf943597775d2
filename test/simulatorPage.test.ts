/** The program of docs/simulator.md, cut out of the page and run, as a reader would. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = new URL("../", import.meta.url);

it("runs to its end", async () => {
  const page = await readFile(new URL("docs/simulator.md", root), "utf8");
  const [, program = ""] = /```ts\n(.*?)```/s.exec(page) ?? [];
  const whole = `${program.replaceAll('"./src/', `"${root.href}src/`)}\nconsole.log("ended");`;
  const ran = await promisify(execFile)(
    process.execPath,
    ["--input-type=module-typescript", "-e", whole],
    { cwd: fileURLToPath(root), timeout: 60_000 },
  );
  expect(ran).toEqual({ stdout: "ended\n", stderr: "" });
});
