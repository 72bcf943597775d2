/** A folder of the test's own with an ini for a simulator and a receiver. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Simulator } from "../../src/simulator/server.ts";

export interface IniFolder {
  readonly dir: string;
  readonly ini: string;
}

/** `lines` replace the usual ones of the same key. */
export async function iniFolder(
  { url, client, certificate }: Pick<Simulator, "url" | "client" | "certificate">,
  webhookUrl: string,
  lines: readonly string[] = [],
): Promise<IniFolder> {
  const dir = await mkdtemp(join(tmpdir(), "offhook-test-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const usual = [
    `WEBHOOK_URL = ${webhookUrl}`,
    `PBX_URL = ${url}`,
    `PBX_CLIENT_ID = ${client.clientId}`,
    `PBX_CLIENT_SECRET = ${client.clientSecret}`,
    `DATA_DIR = ${join(dir, "data")}`,
  ];
  if (certificate !== null) await writeFile(join(dir, "ca.pem"), certificate);
  const given = new Map([...usual, ...lines].map((line) => [line.split(" ")[0], line]));
  const ini = join(dir, "TCXWebAPI.ini");
  await writeFile(ini, `${[...given.values()].join("\n")}\n`);
  return { dir, ini };
}
