/** The verifier as it is published: `offhook/receiver` of the package, built, with its types. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { VECTORS } from "../receiving/vectors.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const program = `
  import { createReceiver, WebhookRefused } from "offhook/receiver";
  const cases = JSON.parse(process.argv[1]);
  const good = cases.map(({ secrets, headers, target, body, now }) => {
    const receiver = createReceiver({ secrets, now: () => now * 1000 });
    try {
      return receiver.verify({ url: target, headers, body }).id === headers["webhook-id"];
    } catch (error) {
      if (error instanceof WebhookRefused) return false;
      throw error;
    }
  });
  console.log(JSON.stringify(good));
`;

test("another package imports it and gets every vector right", async () => {
  const folder = await mkdtemp(join(tmpdir(), "offhook-published-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules", "offhook"));
  const args = ["--input-type=module", "-e", program, JSON.stringify(VECTORS)];
  const printed = execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  expect(JSON.parse(printed)).toEqual(VECTORS.map(({ good }) => good));
  expect(existsSync(join(root, "dist/receiver/index.d.ts"))).toBe(true);
});
