/** What differs between two configurations, by name and without any value. */
import { revealed } from "../util/revealed.ts";
import type { Config } from "./config.ts";

export interface ConfigDiff {
  /** E.g. `pbx.main`, `endpoint.crm`, `users`, `logLevel`; empty if nothing changed. */
  readonly changed: readonly string[];
  /** Those of them that take effect only after a restart. */
  readonly restart: readonly string[];
}

/** Held open by the running process. */
const RESTART = new Set(["listen", "dataDir", "bucket", "trustedProxies"]);

export function diffConfig(before: Config, after: Config): ConfigDiff {
  const old = partsOf(before);
  const now = partsOf(after);
  const names = new Set([...old.keys(), ...now.keys()]);
  const changed = [...names].filter((name) => old.get(name) !== now.get(name));
  return { changed, restart: changed.filter((name) => RESTART.has(name)) };
}

/** Each part with all that it holds, as text to compare; secrets are in it, so it stays in here. */
function partsOf(config: Config): Map<string, string> {
  const { pbxs, endpoints, userEndpoints, ...others } = config;
  const parts = new Map<string, string>();
  for (const pbx of pbxs) parts.set(`pbx.${pbx.name}`, revealed(pbx));
  for (const endpoint of endpoints) parts.set(`endpoint.${endpoint.name}`, revealed(endpoint));
  parts.set("users", revealed([...userEndpoints].toSorted()));
  for (const [name, value] of Object.entries(others)) parts.set(name, revealed(value));
  return parts;
}
