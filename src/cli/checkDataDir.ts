/**
 * What `offhook check` finds of `DATA_DIR`: may this user write there, or make it? It makes nothing itself, as
 * whoever checks may be another user than the service's.
 */
import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Finding } from "./finding.ts";

export async function checkDataDir({ dataDir }: Config): Promise<Finding> {
  const what = "data directory";
  const fault = await faultOf(dataDir);
  if (fault === "ENOENT") return { what, ...(await unmade(dataDir)) };
  if (fault !== null) return { mark: "FAIL", what, says: refusal(dataDir, fault) };
  // A store that another user once began, root as a rule, stays that user's. What goes meanwhile is no fault.
  for (const name of (await readdir(dataDir)).filter((entry) => entry.startsWith("outbox."))) {
    const file = join(dataDir, name);
    const denied = await codeOf(access(file, constants.R_OK | constants.W_OK));
    if (denied !== null && denied !== "ENOENT")
      return { mark: "FAIL", what, says: refusal(file, denied) };
  }
  return { mark: "ok", what, says: `${dataDir}: can be written to` };
}

/** Of a directory that is not there: whether the start could make it, with those above it. */
async function unmade(dataDir: string): Promise<Pick<Finding, "mark" | "says">> {
  let above = dirname(dataDir);
  let fault = await faultOf(above);
  while (fault === "ENOENT" && above !== dirname(above)) {
    above = dirname(above);
    fault = await faultOf(above);
  }
  if (fault === null) return { mark: "ok", says: `${dataDir}: is made at the first start` };
  const says =
    `${dataDir} is not there, and this user may not make it in ${above} (${fault}). Make it for the service's ` +
    "user (install -d -m 700 -o USER), unless systemd does (StateDirectory).";
  return { mark: "warn", says };
}

const refusal = (path: string, fault: string): string =>
  `${path} cannot be written to (${fault}). Check DATA_DIR and the owner, and run this as the service's user.`;

/** Why nothing can be put into a directory, as the system's code; null if it can. */
async function faultOf(dir: string): Promise<string | null> {
  const isDirectory = stat(dir).then((found) => found.isDirectory());
  const missing = await codeOf(isDirectory);
  if (missing !== null) return missing;
  if (!(await isDirectory)) return "ENOTDIR";
  return codeOf(access(dir, constants.W_OK | constants.X_OK));
}

async function codeOf(asked: Promise<unknown>): Promise<string | null> {
  try {
    await asked;
    return null;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
