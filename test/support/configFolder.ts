/** A folder with a configuration in it, for one test file: written, loaded, and removed after each test. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { Config, EndpointConfig } from "../../src/config/config.ts";
import { type Loaded, loadConfig } from "../../src/config/load.ts";
import { formatProblems } from "../../src/config/report.ts";

type Env = Readonly<Record<string, string | undefined>>;

export const PBX = [
  "PBX_URL = https://pbx.example.com:5001",
  "PBX_CLIENT_ID = hooks",
  "PBX_CLIENT_SECRET = pbx-pass",
];
export const HOOK = "WEBHOOK_URL = https://crm.example.com/hook";
export const KEY_A = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
export const KEY_B = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;

export function configFolder() {
  let dir = "";
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "offhook-config-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const at = (name: string) => join(dir, name);
  const put = (name: string, text: string) => writeFile(at(name), text, { mode: 0o600 });

  async function load(lines: readonly string[], env: Env = {}): Promise<Loaded> {
    await put("TCXWebAPI.ini", lines.join("\n"));
    return loadConfig({ env, cwd: dir, systemFile: at("none.ini") });
  }

  async function loadGood(lines: readonly string[], env: Env = {}): Promise<Config> {
    const { config, problems } = await load(lines, env);
    if (config === null) throw new Error(formatProblems(problems));
    return config;
  }

  return { folder: () => dir, at, put, load, loadGood };
}

/** The problems as "severity key@line". */
export function brief({ problems }: Loaded): readonly string[] {
  return problems.map(({ severity, key, line }) => `${severity} ${key}@${line}`).toSorted();
}

export function endpointOf(config: Config, name: string): EndpointConfig {
  const found = config.endpoints.find((each) => each.name === name);
  if (found === undefined) throw new Error(`Expected an endpoint ${name}.`);
  return found;
}
