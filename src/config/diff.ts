/** What differs between two configurations, by name and without any value. */
import type { Config, Secret } from "./config.ts";

export interface ConfigDiff {
  /** E.g. `pbx.main`, `endpoint.crm`, `users`, `logLevel`; empty if nothing changed. */
  readonly changed: readonly string[];
  /** Those of them that take effect only after a restart. */
  readonly restart: readonly string[];
}

/** Held open by the running process. */
const RESTART = new Set(["listen", "dataDir", "databaseUrl", "bucket", "trustedProxies"]);

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
  for (const pbx of pbxs) parts.set(`pbx.${pbx.name}`, fingerprint(pbx));
  for (const endpoint of endpoints) parts.set(`endpoint.${endpoint.name}`, fingerprint(endpoint));
  parts.set("users", fingerprint([...userEndpoints].toSorted()));
  for (const [name, value] of Object.entries(others)) parts.set(name, fingerprint(value));
  return parts;
}

function fingerprint(value: unknown): string {
  // A secret's own toJSON would run before a replacer sees it, so secrets are opened first.
  return JSON.stringify(opened(value));
}

function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) return { secret: value.reveal() };
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, opened(each)]));
}

function isSecret(value: object): value is Secret {
  return "reveal" in value && typeof value.reveal === "function";
}
