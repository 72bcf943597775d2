/** What `offhook check` finds of recordings: can they be listed where they are, can they be kept where we put them? */

import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { RecordingSource } from "../recordings/find/recordingSource.ts";
import { steadyClock } from "../util/clock.ts";
import { messageOf } from "../util/messageOf.ts";
import type { ProxyEnv } from "../util/proxy.ts";
import { folderFor, openFiles } from "../watchRecordings.ts";
import type { Finding } from "./finding.ts";

const LOOK_BACK_MS = 86_400_000;

/** Whether any endpoint of this PBX is told of recordings. */
export function wantsRecordings(config: Config, pbx: string): boolean {
  return config.endpoints.some(
    (endpoint) =>
      endpoint.pbx === pbx &&
      (endpoint.recordingUrl !== null ||
        endpoint.extraEvents.some((kind) => kind === "norecording" || kind === "ai")),
  );
}

export async function checkListing(
  config: Config,
  pbx: string,
  overApi: RecordingSource,
): Promise<Finding> {
  const what = `pbx ${pbx} recordings`;
  const folder = folderFor(pbx, config);
  const now = Date.now();
  const listing = await (folder ?? overApi).list(now - LOOK_BACK_MS, now, []);
  if (listing.kind !== "listed") return { mark: "FAIL", what, says: listing.reason };
  const { dir } = config.recordings;
  const where = folder === null ? "can be listed" : `are read from ${dir}`;
  const count = folder === null ? `, ${listing.found.length} of the last 24 hours` : "";
  return { mark: "ok", what, says: `${where}${count}` };
}

/** Puts a file where recordings are kept, and takes it away. */
export async function checkKeeping(config: Config, proxyEnv: ProxyEnv): Promise<Finding> {
  const { bucket } = config;
  const what = "recordings kept in";
  if (bucket === null) return { mark: "ok", what, says: join(config.dataDir, "recordings") };
  const where = `bucket ${bucket.bucket} at ${bucket.endpoint}`;
  const folder = await mkdtemp(join(tmpdir(), "offhook-check-"));
  const files = await openFiles(config, steadyClock(), proxyEnv);
  try {
    const [key, file] = [`1970/01/01/check-${randomUUID()}.mp3`, join(folder, "check")];
    await writeFile(file, "Offhook was here to see whether it may.");
    await files.put(key, file);
    await files.remove(key);
    return { mark: "ok", what, says: `${where}: can be written to` };
  } catch (error) {
    const reason = messageOf(error);
    return { mark: "FAIL", what, says: `${where}: ${reason}` };
  } finally {
    await files.close();
    await rm(folder, { recursive: true });
  }
}
